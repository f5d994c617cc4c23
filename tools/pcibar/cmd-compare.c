// SPDX-License-Identifier: BSD-2-Clause
/* pcibar compare: compare a BAR with a file, or two files */
#include <inttypes.h>
#include <stdio.h>

#include "common/error.h"
#include "common/text.h"

#include "cmd.h"
#include "diff.h"
#include "image.h"
#include "json.h"
#include "operand.h"
#include "verb-options.h"

/* Neither a width nor WIDTH_ANY: none was given */
#define WIDTH_OF_FILE	16u

struct offset {
	bool given;
	uint64_t value;
};

struct compare_options {
	unsigned int width;
	enum image_format format;
	struct offset offset;
	uint64_t max;		/* 0: all */
};

/* What is compared with what, and the report of it */
struct comparison {
	const struct context *ctx;
	const char *keys[2];	/* members of JSON */
	const char *names[2];	/* their values */
	const char *labels[2];	/* in text */
	struct diff diff;
	struct json json;
};

static void list_difference(void *data, const struct difference *found)
{
	struct comparison *c = data;
	const struct compare_options *opt = c->ctx->own;
	unsigned int digits = 2 * c->diff.width;

	if (opt->max && c->diff.differing > opt->max)
		return;
	if (!c->ctx->opt.json) {
		text_print(stdout, "0x%08" PRIx64 ": 0x%0*" PRIx64 " in %s, 0x%0*" PRIx64 " in %s",
			   found->offset, (int)digits, found->values[0], c->labels[0],
			   (int)digits, found->values[1], c->labels[1]);
		putchar('\n');
		return;
	}

	json_object(&c->json, NULL);
	json_hex(&c->json, "offset", found->offset, 0);
	for (int i = 0; i < 2; i++)
		json_hex(&c->json, c->keys[i], found->values[i], digits);
	json_object_end(&c->json);
}

static void begin(struct comparison *c)
{
	c->diff.each = list_difference;
	c->diff.data = c;
	if (!c->ctx->opt.json)
		return;
	json_begin(&c->json, stdout);
	if (c->ctx->session->dev)
		json_string(&c->json, "selector", c->ctx->session->address);
	for (int i = 0; i < 2; i++)
		json_string(&c->json, c->keys[i], c->names[i]);
	json_uint(&c->json, "width", c->diff.width);
	json_array(&c->json, "differences");
}

/* What was not compared to its end is not called equal. */
static int finish(struct comparison *c, int status)
{
	const struct compare_options *opt = c->ctx->own;
	const struct diff *diff = &c->diff;

	if (c->ctx->opt.json) {
		json_array_end(&c->json);
		json_uint(&c->json, "units", diff->units);
		json_uint(&c->json, "differing", diff->differing);
		if (!status)
			json_bool(&c->json, "equal", !diff->differing);
		json_end(&c->json);
	} else if (!status && (diff->differing || c->ctx->opt.verbose)) {
		printf("%" PRIu64 " of %" PRIu64 " units of %u %s differ", diff->differing,
		       diff->units, diff->width, diff->width == 1 ? "byte" : "bytes");
		if (opt->max && opt->max < diff->differing)
			printf(", of which %" PRIu64 " are listed", opt->max);
		putchar('\n');
	}

	if (status)
		return status;
	return diff->differing ? STATUS_NO : STATUS_OK;
}

/* The width of the accesses: WIDTH_ANY is a unit of a byte. */
static unsigned int access_width(const struct context *ctx, const struct image *image)
{
	const struct compare_options *opt = ctx->own;

	if (opt->width != WIDTH_OF_FILE)
		return opt->width;
	return image->is_dump ? image->dump.width : 4;
}

/* Where in the BAR the image begins */
static uint64_t image_start(const struct context *ctx, const struct image *image)
{
	const struct compare_options *opt = ctx->own;

	if (opt->offset.given)
		return opt->offset.value;
	return image->is_dump ? image->dump.start : 0;
}

static int with_bar(struct context *ctx, unsigned int bar, struct image *image)
{
	const struct source file = { image_get, image };
	struct comparison c = {
		.ctx = ctx,
		.keys = { "bar", "file" },
		.names = { bar_name(bar), image->input.name },
		.labels = { "the BAR", "the file" },
	};
	struct window window = {
		.bar = bar, .offset = image_start(ctx, image), .length = image->size,
	};
	unsigned int width = access_width(ctx, image);
	struct view view;
	int status;

	status = operand_fits(ctx, window.offset, window.length, width);
	if (status)
		return status;

	status = session_open(ctx, false);
	if (status)
		return status;

	status = input_fits(ctx, &image->input, image->size, bar, window.offset);
	if (status)
		return status;

	status = session_map(ctx, &window, &view);
	if (status)
		return status;

	c.diff.start = window.offset;
	c.diff.size = window.length;
	c.diff.width = width == WIDTH_ANY ? 1 : width;
	begin(&c);
	return finish(&c, diff_bar(ctx, &c.diff, &view, bar, width, &file));
}

static int compare_bar(struct context *ctx, char **argv)
{
	const struct compare_options *opt = ctx->own;
	struct image image;
	unsigned int bar;
	int status;

	status = operand_bar(ctx, argv[0], &bar);
	if (status)
		return status;

	status = image_open(ctx, argv[1], opt->format, &image);
	if (status)
		return status;

	status = with_bar(ctx, bar, &image);
	image_close(&image);
	return status;
}

/* Both hold the same range: else what differs is not what has changed. */
static int check_ranges(const struct context *ctx, const struct image images[2])
{
	const struct compare_options *opt = ctx->own;
	const char *names[2] = { images[0].input.name, images[1].input.name };

	if (images[0].size != images[1].size)
		return fail(ctx, STATUS_USAGE, "%s has 0x%" PRIx64 " bytes, and %s has 0x%" PRIx64
			    "; dump the same range", names[0], images[0].size, names[1],
			    images[1].size);
	if (!opt->offset.given && images[0].is_dump && images[1].is_dump &&
	    images[0].dump.start != images[1].dump.start)
		return fail(ctx, STATUS_USAGE, "%s begins at offset 0x%" PRIx64 ", and %s at 0x%"
			    PRIx64 "; give --offset to compare them all the same", names[0],
			    images[0].dump.start, names[1], images[1].dump.start);

	return STATUS_OK;
}

static int with_file(struct context *ctx, struct image images[2])
{
	const struct source sources[2] = { { image_get, &images[0] }, { image_get, &images[1] } };
	const struct image *dump = &images[images[1].is_dump && !images[0].is_dump];
	unsigned int width = access_width(ctx, dump);
	struct comparison c = {
		.ctx = ctx,
		.keys = { "file", "other" },
		.names = { images[0].input.name, images[1].input.name },
		.labels = { images[0].input.name, images[1].input.name },
		.diff = {
			.start = image_start(ctx, dump),
			.size = dump->size,
			.width = width == WIDTH_ANY ? 1 : width,
		},
	};
	int status;

	status = check_ranges(ctx, images);
	if (!status)
		status = operand_fits(ctx, c.diff.start, c.diff.size, width);
	if (status)
		return status;

	begin(&c);
	return finish(&c, diff_run(ctx, &c.diff, sources));
}

static int compare_files(struct context *ctx, char **argv)
{
	const struct compare_options *opt = ctx->own;
	struct image images[2];
	int opened = 0;
	int status = STATUS_OK;

	while (!status && opened < 2) {
		status = image_open(ctx, argv[opened], opt->format, &images[opened]);
		if (!status)
			opened++;
	}
	if (!status)
		status = with_file(ctx, images);
	while (opened--)
		image_close(&images[opened]);
	return status;
}

static int run(struct context *ctx, int argc, char **argv)
{
	(void)argc;
	return ctx->session->selector ? compare_bar(ctx, argv) : compare_files(ctx, argv);
}

static const char *set_format(void *value, const char *arg)
{
	static const char *const words[] = { "hex", "raw", NULL };
	enum image_format *format = value;
	int found = option_find_word(words, arg);

	if (found < 0)
		return "use hex or raw";
	*format = found ? IMAGE_RAW : IMAGE_HEX;
	return NULL;
}

static const char *set_offset(void *value, const char *arg)
{
	struct offset *offset = value;

	offset->given = true;
	return option_set_u64(&offset->value, arg);
}

static const struct option_def own[] = {
	OPTION_VALUE(struct compare_options, width, "width", 'w', "1|2|4|8|any",
		     "bytes of every access (default 4, or a hex dump's)",
		     option_set_width_any),
	OPTION_VALUE(struct compare_options, offset, "offset", 0, "N",
		     "offset in the BAR where a file begins (default 0, or a dump's)", set_offset),
	OPTION_VALUE(struct compare_options, format, "format", 'f', "hex|raw",
		     "what a file is (default: hex if it begins like a hex dump)", set_format),
	OPTION_VALUE(struct compare_options, max, "max", 0, "COUNT",
		     "list no more differences than that (default all)", option_set_count),
	OPTION_END
};

static const struct compare_options defaults = { .width = WIDTH_OF_FILE };

const struct cmd cmd_compare = {
	.name = "compare",
	.summary = "compare a BAR with a file, or two files; exit 5 when they differ",
	.operands = "<bar> <file|->",
	.notes = "Lists all units that differ, and how many there are. Compares as many bytes as "
		 "the\nfile has: one that dump has written, as hex or raw, or any other bytes.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP, options_json),
	CMD_OWN(own, defaults),
	.min = 2,
	.max = 2,
	.unselected = "<file|-> <file|->",
	.unselected_count = 2,
	.run = run,
};
