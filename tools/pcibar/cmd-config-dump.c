// SPDX-License-Identifier: BSD-2-Clause
/* pcibar config dump: print configuration space as lspci -xxxx does */
#include <errno.h>
#include <stdio.h>

#include <pcibar/config.h>

#include "common/error.h"
#include "common/pciids.h"
#include "common/session.h"

#include "cmd.h"
#include "describe.h"
#include "json.h"

#define CONFIG_SIZE_MAX	4096u
#define WIDTH		4u	/* of each access: what the registers of the bus have */
#define LINE		16u	/* bytes */

struct image {
	uint32_t word[CONFIG_SIZE_MAX / WIDTH];
	unsigned int length;	/* bytes that were read */
};

/* Ends where configuration space does, or what this user may read of it. */
static int read_image(struct context *ctx, struct image *image)
{
	unsigned int off;
	int ret = 0;

	for (off = 0; off < CONFIG_SIZE_MAX; off += WIDTH) {
		ret = pcibar_config_read32(ctx->session->dev, off, &image->word[off / WIDTH]);
		if (ret)
			break;
	}
	image->length = off;
	if (ret == -ERANGE && off)
		return STATUS_OK;
	if (ret == -EACCES && off) {
		report_prefix(ctx);
		fprintf(stderr, "%s: only root may read more than the first %u bytes\n",
			ctx->session->label, off);
		return STATUS_OK;
	}
	return ret ? refused(ctx, PHASE_CONFIG, NO_BAR, ret, NULL) : STATUS_OK;
}

/* lspci -F takes the first line for a function because it begins with an address. */
static void print_text(const struct context *ctx, const struct pcibar_device_info *info,
		       const struct image *image)
{
	struct pciids *ids = pciids_open(NULL);

	printf("%s ", ctx->session->address);
	describe_class(ids, info->class_code, stdout);
	fputs(": ", stdout);
	describe_names(ids, info, stdout);
	if (info->revision)
		printf(" (rev %02x)", info->revision);
	for (unsigned int off = 0; off < image->length; off++) {
		if (off % LINE == 0)
			printf("\n%02x:", off);
		printf(" %02x", image->word[off / WIDTH] >> 8 * (off % WIDTH) & 0xff);
	}
	fputs("\n\n", stdout);
	pciids_close(ids);
}

static void print_json(const struct context *ctx, const struct image *image)
{
	struct json json;

	json_begin(&json, stdout);
	json_string(&json, "selector", ctx->session->address);
	json_hex(&json, "offset", 0, 0);
	json_uint(&json, "width", WIDTH);
	json_array(&json, "values");
	for (unsigned int off = 0; off < image->length; off += WIDTH)
		json_hex(&json, NULL, image->word[off / WIDTH], 2 * WIDTH);
	json_array_end(&json);
	json_end(&json);
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct image image;
	int status, ret;

	(void)argc;
	(void)argv;
	status = session_open(ctx, false);
	if (status)
		return status;

	ret = pcibar_device_get_info(ctx->session->dev, &info);
	if (ret)
		return refused(ctx, PHASE_CONFIG, NO_BAR, ret, NULL);

	status = read_image(ctx, &image);
	if (status)
		return status;
	if (ctx->opt.json)
		print_json(ctx, &image);
	else
		print_text(ctx, &info, &image);
	return STATUS_OK;
}

const struct cmd cmd_config_dump = {
	.name = "config dump",
	.summary = "print configuration space as lspci -xxxx does",
	.operands = "",
	.notes = "All that the function has and this user may read: 'lspci -F' reads it back.\n"
		 "Configuration space wakes a suspended device.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_DEVICE, options_json),
	.run = run,
};
