// SPDX-License-Identifier: BSD-2-Clause
/* pcibar list: list functions */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <pcibar/explain.h>

#include "common/error.h"
#include "common/output.h"
#include "common/session.h"
#include "common/system.h"
#include "common/text.h"

#include "cmd.h"
#include "describe.h"
#include "terminal.h"

/* What a function must have to be listed */
struct list_options {
	struct pcibar_selector class;	/* its class; no fields: any */
	const char *driver;		/* "none": no driver; NULL: any */
};

struct list {
	struct context *ctx;
	struct pciids *ids;
	struct json json;
	bool color;
	bool any;
	uint32_t backend;		/* through which the last function was listed */
	struct pcibar_selector last;
};

/* Without -v only the command register is read: a machine may have thousands of functions. */
static uint32_t bar_flags(const struct list *list)
{
	return list->ctx->opt.verbose ? PCIBAR_BAR_INFO_CONFIG : 0;
}

/* Of -v; less than 0 without one. */
static int32_t iommu_group(const struct list *list, struct pcibar_device *dev)
{
	struct pcibar_device_place place = { .size = sizeof(place) };

	if (!dev || !list->ctx->opt.verbose || pcibar_device_get_place(dev, &place))
		return -1;
	return place.iommu_group;
}

static void print_json(struct list *list, const char *address,
		       const struct pcibar_device_info *info, struct pcibar_device *dev)
{
	int32_t group = iommu_group(list, dev);

	json_object(&list->json, NULL);
	describe_json(&list->json, list->ids, address, info);
	if (group >= 0)
		json_uint(&list->json, "iommu_group", (uint64_t)group);
	if (dev && list->ctx->opt.verbose)
		json_bool(&list->json, "responds", !describe_silent(dev, info));
	if (dev)
		describe_bars_json(&list->json, dev, info, bar_flags(list));
	json_object_end(&list->json);
}

static void print_text(struct list *list, const char *address,
		       const struct pcibar_device_info *info, struct pcibar_device *dev)
{
	int32_t group = iommu_group(list, dev);

	printf("%s%s%s  %04x:%04x  ", list->color ? TERM_BOLD : "", address,
	       list->color ? TERM_PLAIN : "", info->vendor, info->device);
	describe_class(list->ids, info->class_code, stdout);
	fputs(": ", stdout);
	describe_names(list->ids, info, stdout);
	if (*info->driver)
		text_print(stdout, "  driver %s", info->driver);
	if (group >= 0)
		printf("  IOMMU group %" PRId32, group);
	if (list->ctx->opt.verbose && info->flags & PCIBAR_DEV_ASLEEP)
		fputs("  asleep", stdout);
	if (list->ctx->opt.verbose && dev && describe_silent(dev, info))
		fputs("  does not respond", stdout);
	putchar('\n');
	if (dev)
		describe_bars(dev, info, bar_flags(list), stdout);
}

static bool is_wanted(const struct list_options *opt, const struct pcibar_device_info *info)
{
	if ((info->class_code & opt->class.class_mask) != opt->class.class_code)
		return false;
	return !opt->driver || !strcmp(opt->driver, *info->driver ? info->driver : "none");
}

static int list_one(void *data, const struct pcibar_device_info *info)
{
	struct list *list = data;
	struct pcibar_selector sel = info_selector(info);
	struct pcibar_open_opts opts = session_open_opts(list->ctx);
	struct pcibar_device *dev = NULL;
	char address[PCIBAR_SELECTOR_STRLEN];
	int ret;

	if (!is_wanted(list->ctx->own, info))
		return 0;

	ret = pcibar_selector_format(&sel, address, sizeof(address));
	if (ret)
		return ret;

	/* A function that cannot be opened is listed without its BARs. */
	pcibar_device_open_selector(&sel, &opts, &dev);
	list->any = true;
	list->backend = info->backend;
	list->last = sel;
	if (list->ctx->opt.json)
		print_json(list, address, info, dev);
	else
		print_text(list, address, info, dev);
	pcibar_device_close(dev);

	/* Here, where no other call has set errno since: the reason must be the right one. */
	return output_flush(list->ctx, stdout);
}

/*
 * Which back end it is, and what keeps a better one away: that is the same for
 * all functions, so that the last one speaks for them, but for those of VFIO. A tree
 * elsewhere has only sysfs.
 */
static void print_backend(const struct list *list)
{
	struct pcibar_open_opts opts = session_open_opts(list->ctx);
	struct pcibar_refusal refusal = PCIBAR_REFUSAL_INIT;

	if (!list->any || !list->ctx->opt.verbose || list->ctx->opt.sysfs ||
	    pcibar_explain(&list->last, NULL, &opts, &refusal))
		return;
	report_prefix(list->ctx);
	fprintf(stderr, "through %s", pcibar_backend_name(list->backend));
	for (uint32_t i = 0; i < refusal.count; i++) {
		const struct pcibar_reason *reason = &refusal.reasons[i];

		if (reason->backend != PCIBAR_BACKEND_VFIO)
			text_print(stderr, "; %s%s%s", reason->what, *reason->remedy ? ": " : "",
				   reason->remedy);
	}
	fputc('\n', stderr);
}

static int scan(struct context *ctx, const struct pcibar_selector *sel)
{
	struct pcibar_open_opts opts = session_open_opts(ctx);
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	const struct list_options *opt = ctx->own;
	struct list list = { .ctx = ctx };
	int ret;

	list.color = terminal_color(&ctx->opt, STDOUT_FILENO);
	list.ids = pciids_open(NULL);
	opts.why = &why;
	if (ctx->opt.json) {
		json_begin(&list.json, stdout);
		json_array(&list.json, "functions");
	}
	ret = pcibar_scan(sel, &opts, list_one, &list);
	if (ctx->opt.json) {
		json_array_end(&list.json);
		json_end(&list.json);
	}
	pciids_close(list.ids);
	if (!ret)
		print_backend(&list);

	/* A positive value is the status of list_one(), which has reported the error. */
	if (ret > 0)
		return ret;
	if (ret)
		return refused_each(ctx, ret, &why);
	if (!list.any && (sel || opt->class.fields || opt->driver))
		return fail_device(ctx, STATUS_NO_DEVICE, NO_BAR,
				   "no such function; 'pcibar list' shows all");

	return STATUS_OK;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	int ret;

	ctx->session->label = argc ? argv[0] : ctx->opt.sysfs ? ctx->opt.sysfs : SYSTEM_LIST;
	if (argc) {
		ret = pcibar_selector_parse(argv[0], &sel, &why);
		if (ret)
			return refused(ctx, PHASE_OPEN, NO_BAR, ret, &why);
	}
	if (ctx->check_only)
		return STATUS_CHECKED;

	return scan(ctx, argc ? &sel : NULL);
}

/* The forms that a selector, info and JSON have, and the base class alone */
static const char *set_class(void *value, const char *arg)
{
	struct pcibar_selector *class = value;
	size_t len;
	char text[16];

	if (!strncmp(arg, "0x", 2))
		arg += 2;
	len = strlen(arg);
	if (len == 6 && !strchr(arg, ':'))
		snprintf(text, sizeof(text), "::%.4s:%s", arg, arg + 4);
	else
		snprintf(text, sizeof(text), "::%.8s%s", arg, len == 2 ? "xx" : "");
	class->size = sizeof(*class);
	if (pcibar_selector_parse(text, class, NULL) || class->fields != PCIBAR_SEL_CLASS)
		return "not a class: use 2, 4 or 6 hexadecimal digits, with x for any";
	return NULL;
}

static const char *set_driver(void *value, const char *arg)
{
	const char **driver = value;

	*driver = arg;
	return *arg ? NULL : "the name is empty: use none for functions without a driver";
}

static const struct option_def own[] = {
	OPTION_VALUE(struct list_options, class, "class", 0, "CLASS",
		     "only functions of this class: 02, 0108 or 010802", set_class),
	OPTION_VALUE(struct list_options, driver, "driver", 0, "DRIVER",
		     "only functions with this driver; none: without one", set_driver),
	OPTION_END
};

static const struct list_options defaults = { .driver = NULL };

const struct cmd cmd_list = {
	.name = "list",
	.summary = "list functions and their BARs",
	.operands = "[selector]",
	.notes = "The addresses are selectors for other verbs.\n"
		 "BARs of which the command register turns decoding off are marked. -v adds the\n"
		 "IOMMU group and what else configuration space says. It also reports, on\n"
		 "standard error, which back end is used, and why a better one is not.\n",
	.flags = CMD_SCRIPT,
	CMD_COMMON(CMD_DEVICE, options_color, options_json),
	CMD_OWN(own, defaults),
	.min = 0,
	.max = 1,
	.run = run,
};
