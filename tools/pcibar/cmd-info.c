// SPDX-License-Identifier: BSD-2-Clause
/* pcibar info: show details of one function */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/capability.h"
#include "common/error.h"
#include "common/session.h"
#include "common/text.h"

#include "cmd.h"
#include "describe.h"
#include "express.h"
#include "group.h"
#include "terminal.h"

/* What a back end can do, in words: can, cannot */
static const struct ability {
	uint32_t bit;
	const char *key;
	const char *yes;
	const char *no;
} abilities[] = {
	{ PCIBAR_CAP_MAP_WC, "write_combining", "write-combining maps where a BAR has them",
	  "no write-combining maps" },
	{ PCIBAR_CAP_ATTR_PROOF, "attribute_proof", "the memory attribute of a map is read back",
	  "the memory attribute of a map is as asked for, not read back" },
	{ PCIBAR_CAP_EXCLUSIVE, "exclusive", "exclusive maps", "no exclusive maps" },
	{ PCIBAR_CAP_ACTIVATE, "activate", "decoding turned on for as long as a BAR is mapped",
	  "no decoding turned on for as long as a BAR is mapped" },
	{ PCIBAR_CAP_REVOKE, "revoke", "a map faults when the function is removed",
	  "a map outlives the removal of the function, and may then reach another one" },
	{ PCIBAR_CAP_EVENTS, "events", "the loss of a map is reported when it happens",
	  "the loss of a map is not reported" },
	{ PCIBAR_CAP_IRQ, "interrupts", "interrupts are delivered",
	  "interrupts are not delivered" },
};

#define N_ABILITIES	(sizeof(abilities) / sizeof(abilities[0]))

static void print_line(bool color, const char *name)
{
	printf("  %s%-11s%s ", color ? TERM_BOLD : "", name, color ? TERM_PLAIN : "");
}

static void print_speed(unsigned int speed, unsigned int width)
{
	if (speed)
		printf("%g GT/s ", speed / 1000.0);
	printf("x%u", width);
}

static void print_member(void *data, const char *address, const char *driver)
{
	unsigned int *count = data;

	printf("%s%s", (*count)++ ? ", " : ", with ", address);
	if (*driver)
		text_print(stdout, " (%s)", driver);
}

static void print_place(struct context *ctx, bool color)
{
	struct pcibar_device_place place = { .size = sizeof(place) };
	unsigned int count = 0;

	if (pcibar_device_get_place(ctx->session->dev, &place))
		return;
	if (place.iommu_group >= 0) {
		print_line(color, "IOMMU group");
		printf("%" PRId32, place.iommu_group);
		group_list_others(ctx, print_member, &count);
		putchar('\n');
	}
	if (place.numa_node >= 0) {
		print_line(color, "NUMA node");
		printf("%" PRId32 "\n", place.numa_node);
	}
}

static void print_link(struct pcibar_device *dev, bool color)
{
	struct express_link link;

	if (!express_link_get(dev, &link))
		return;
	print_line(color, "link");
	if (link.width)
		print_speed(link.speed, link.width);
	else
		fputs("down", stdout);
	fputs(", at most ", stdout);
	print_speed(link.max_speed, link.max_width);
	putchar('\n');
}

static void print_resizable(struct pcibar_device *dev)
{
	struct express_resizable bars[PCIBAR_BAR_COUNT];
	unsigned int count = express_resizable_get(dev, bars);
	char size[SIZE_TEXT];

	for (unsigned int i = 0; i < count; i++) {
		printf("    BAR %u can be resized: %s of", bars[i].bar,
		       describe_size(bars[i].length, size));
		for (unsigned int n = 0; n < 64; n++)
			if (bars[i].sizes >> n & 1)
				printf(" %s%s", describe_size(UINT64_C(1) << n, size),
				       bars[i].sizes >> n == 1 ? "" : ",");
		putchar('\n');
	}
}

static void print_capability(void *data, const struct capability *cap)
{
	(void)data;
	capability_print(cap);
}

/* @detail: to show capabilities with, or NULL */
static void print_text(struct context *ctx, const struct pciids *ids,
		       const struct pcibar_device_info *info, struct detail *detail)
{
	bool color = terminal_color(&ctx->opt, STDOUT_FILENO);
	bool asleep = info->flags & PCIBAR_DEV_ASLEEP;
	char name[PCIIDS_NAME];

	printf("%s  %04x:%04x\n", ctx->session->address, info->vendor, info->device);
	print_line(color, "name");
	describe_names(ids, info, stdout);
	putchar('\n');
	print_line(color, "class");
	describe_class(ids, info->class_code, stdout);
	printf(" [%06x], revision %02x\n", info->class_code, info->revision);
	if (info->subvendor) {
		pciids_subsystem(ids, info->vendor, info->device, info->subvendor,
				 info->subdevice, name);
		print_line(color, "subsystem");
		text_print(stdout, "%04x:%04x%s%s", info->subvendor, info->subdevice,
			   *name ? " " : "", name);
		putchar('\n');
	}

	print_line(color, "driver");
	text_put(stdout, *info->driver ? info->driver : "none");
	puts(*info->driver && !(info->flags & PCIBAR_DEV_DRIVER_OWNS) ?
	     ", which leaves the BARs to others" : "");
	print_line(color, "power");
	puts(asleep ? "asleep" :
	     describe_silent(ctx->session->dev, info) ?
	     "the function does not respond; 'pcibar explain' shows what may help" : "awake");
	print_place(ctx, color);
	if (!asleep)
		print_link(ctx->session->dev, color);
	print_line(color, "back end");
	puts(pcibar_backend_name(info->backend));
	for (size_t i = 0; i < N_ABILITIES; i++)
		printf("    %c %s\n", info->caps & abilities[i].bit ? '+' : '-',
		       info->caps & abilities[i].bit ? abilities[i].yes :
							  abilities[i].no);

	describe_bars(ctx->session->dev, info, PCIBAR_BAR_INFO_CONFIG, stdout);
	if (!asleep)
		print_resizable(ctx->session->dev);
	if (detail)
		capability_list(detail, print_capability, NULL);
}

static void put_member(void *data, const char *address, const char *driver)
{
	(void)driver;
	json_string(data, NULL, address);
}

static void print_place_json(struct context *ctx, struct json *json)
{
	struct pcibar_device_place place = { .size = sizeof(place) };

	if (pcibar_device_get_place(ctx->session->dev, &place))
		return;
	if (place.iommu_group >= 0) {
		json_uint(json, "iommu_group", (uint64_t)place.iommu_group);
		json_array(json, "iommu_group_others");
		group_list_others(ctx, put_member, json);
		json_array_end(json);
	}
	if (place.numa_node >= 0)
		json_uint(json, "numa_node", (uint64_t)place.numa_node);
}

static void print_link_json(struct pcibar_device *dev, struct json *json)
{
	struct express_link link;

	if (!express_link_get(dev, &link))
		return;
	json_object(json, "link");
	json_uint(json, "speed", link.speed);
	json_uint(json, "width", link.width);
	json_uint(json, "max_speed", link.max_speed);
	json_uint(json, "max_width", link.max_width);
	json_object_end(json);
}

static void print_resizable_json(struct pcibar_device *dev, struct json *json)
{
	struct express_resizable bars[PCIBAR_BAR_COUNT];
	unsigned int count = express_resizable_get(dev, bars);

	json_array(json, "resizable");
	for (unsigned int i = 0; i < count; i++) {
		json_object(json, NULL);
		json_string(json, "bar", bar_name(bars[i].bar));
		json_uint(json, "length", bars[i].length);
		json_array(json, "lengths");
		for (unsigned int n = 0; n < 64; n++)
			if (bars[i].sizes >> n & 1)
				json_uint(json, NULL, UINT64_C(1) << n);
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Makes one line of several, for JSON: a space for each run of white space, none at the end */
static void squeeze(char *text)
{
	char *out = text;

	for (const char *s = text; *s; s++) {
		bool blank = strchr(" \t\n", *s);

		if (!blank)
			*out++ = *s;
		else if (s[1] && !strchr(" \t\n", s[1]))
			*out++ = ' ';
	}
	*out = '\0';
}

static void put_capability(void *data, const struct capability *cap)
{
	struct json *json = data;
	char *text = strdup(cap->text);

	if (text)
		squeeze(text);
	json_object(json, NULL);
	json_hex(json, "id", cap->id, cap->extended ? 4 : 2);
	json_bool(json, "extended", cap->extended);
	json_hex(json, "offset", cap->offset, 0);
	json_string(json, "text", text);
	json_object_end(json);
	free(text);
}

static void print_json(struct context *ctx, const struct pciids *ids,
		       const struct pcibar_device_info *info, struct detail *detail)
{
	struct json json;

	json_begin(&json, stdout);
	describe_json(&json, ids, ctx->session->address, info);
	json_bool(&json, "responds", !describe_silent(ctx->session->dev, info));
	print_place_json(ctx, &json);
	if (!(info->flags & PCIBAR_DEV_ASLEEP))
		print_link_json(ctx->session->dev, &json);
	json_string(&json, "backend", pcibar_backend_name(info->backend));
	json_object(&json, "capabilities");
	for (size_t i = 0; i < N_ABILITIES; i++)
		json_bool(&json, abilities[i].key, info->caps & abilities[i].bit);
	json_object_end(&json);

	describe_bars_json(&json, ctx->session->dev, info, PCIBAR_BAR_INFO_CONFIG);
	if (!(info->flags & PCIBAR_DEV_ASLEEP))
		print_resizable_json(ctx->session->dev, &json);
	if (detail) {
		json_array(&json, "pci_capabilities");
		capability_list(detail, put_capability, &json);
		json_array_end(&json);
	}
	json_end(&json);
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct detail detail = { .info = &info };
	struct detail *shown = NULL;
	struct pciids *ids;
	int status;
	int ret;

	(void)argc;
	(void)argv;
	status = session_open(ctx, false);
	if (status)
		return status;

	detail.reader.dev = ctx->session->dev;
	ret = pcibar_device_get_info(ctx->session->dev, &info);
	if (ret)
		return refused(ctx, PHASE_MAP, NO_BAR, ret, NULL);

	/* They are in configuration space, which would wake the device. */
	if (ctx->opt.verbose && !(info.flags & PCIBAR_DEV_ASLEEP))
		shown = &detail;
	ids = pciids_open(NULL);
	if (ctx->opt.json)
		print_json(ctx, ids, &info, shown);
	else
		print_text(ctx, ids, &info, shown);
	pciids_close(ids);

	return detail.reader.error ?
		refused(ctx, PHASE_CONFIG, NO_BAR, detail.reader.error, NULL) : STATUS_OK;
}

const struct cmd cmd_info = {
	.name = "info",
	.summary = "show details of one function and what its back end can do",
	.operands = "",
	.notes = "-v adds its PCI capabilities, decoded, unless it sleeps: it is not woken.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_DEVICE, options_color, options_json),
	.run = run,
};
