// SPDX-License-Identifier: BSD-2-Clause
/* pcibar compare: compare a BAR with a file */
#include <inttypes.h>
#include <stdio.h>

#include "common/error.h"

#include "cmd.h"
#include "diff.h"
#include "json.h"
#include "operand.h"
#include "verb-options.h"

struct compare_options {
	unsigned int width;
	uint64_t offset;
};

static void print_json(const struct context *ctx, unsigned int bar, const struct diff *diff)
{
	unsigned int digits = 2 * diff->width;
	struct json json;

	json_begin(&json, stdout);
	json_string(&json, "selector", ctx->session->address);
	json_string(&json, "bar", bar_name(bar));
	json_bool(&json, "equal", !diff->differing);
	json_uint(&json, "width", diff->width);
	json_uint(&json, "units", diff->units);
	json_uint(&json, "differing", diff->differing);
	if (diff->differing) {
		json_object(&json, "first");
		json_hex(&json, "offset", diff->first, 0);
		json_hex(&json, "bar", diff->in_bar, digits);
		json_hex(&json, "file", diff->in_file, digits);
		json_object_end(&json);
	}
	json_end(&json);
}

static void print_text(const struct context *ctx, const struct diff *diff)
{
	int digits = 2 * (int)diff->width;

	if (diff->differing)
		printf("0x%08" PRIx64 ": 0x%0*" PRIx64 " in the BAR, 0x%0*" PRIx64 " in the file\n",
		       diff->first, digits, diff->in_bar, digits, diff->in_file);
	if (diff->differing || ctx->opt.verbose)
		printf("%" PRIu64 " of %" PRIu64 " units of %u %s differ\n", diff->differing,
		       diff->units, diff->width, diff->width == 1 ? "byte" : "bytes");
}

static int compare(struct context *ctx, unsigned int bar, struct input *input)
{
	const struct compare_options *opt = ctx->own;
	struct window window = {
		.bar = bar, .offset = opt->offset, .length = input->size,
	};
	struct diff diff;
	struct view view;
	int status;

	status = operand_fits(ctx, window.offset, window.length, opt->width);
	if (status)
		return status;

	status = session_open(ctx, false);
	if (status)
		return status;

	status = input_fits(ctx, input, bar, window.offset);
	if (status)
		return status;

	status = session_map(ctx, &window, &view);
	if (status)
		return status;

	status = diff_run(ctx, bar, window.offset, opt->width, &view, input, &diff);
	if (status)
		return status;
	if (ctx->opt.json)
		print_json(ctx, bar, &diff);
	else
		print_text(ctx, &diff);

	return diff.differing ? STATUS_NO : STATUS_OK;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct input input;
	unsigned int bar;
	int status;

	(void)argc;
	status = operand_bar(ctx, argv[0], &bar);
	if (status)
		return status;

	status = input_open(ctx, argv[1], &input);
	if (status)
		return status;

	status = compare(ctx, bar, &input);
	input_close(&input);
	return status;
}

static const struct option_def own[] = {
	OPT_WIDTH_ANY(struct compare_options),
	OPT_OFFSET(struct compare_options),
	OPTION_END
};

static const struct compare_options defaults = { .width = 4 };

const struct cmd cmd_compare = {
	.name = "compare",
	.summary = "compare a BAR with a file; exit 5 when they differ",
	.operands = "<bar> <file|->",
	.notes = "Prints the first difference and how many units differ. Compares as many bytes "
		 "as\nthe file has.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP, options_json),
	CMD_OWN(own, defaults),
	.min = 2,
	.max = 2,
	.run = run,
};
