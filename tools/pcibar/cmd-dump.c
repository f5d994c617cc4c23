// SPDX-License-Identifier: BSD-2-Clause
/* pcibar dump: print a range of a BAR */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/output.h"
#include "common/parse.h"
#include "common/session.h"

#include "cmd.h"
#include "hexdump.h"
#include "json.h"
#include "operand.h"
#include "progress.h"
#include "units.h"
#include "verb-options.h"

/*
 * Read at once: small enough for the cache, so that formatting finds it there,
 * and what was read before a loss is written whole.
 */
#define CHUNK		(64u << 10)
/* Without a range, no more than this goes to a terminal. */
#define TERMINAL_MAX	(UINT64_C(1) << 20)
/* Values in one JSON object, in bytes */
#define JSON_STEP	16u

enum dump_format {
	FORMAT_HEX = 0,
	FORMAT_RAW,
	FORMAT_JSON,
};

static const char *const formats[] = { "hex", "raw", "json", NULL };

struct format {
	bool given;
	enum dump_format value;
};

struct dump_options {
	unsigned int width;
	struct format format;
	const char *output;
};

struct dump {
	enum dump_format format;
	unsigned int bar;
	unsigned int width;	/* of the accesses */
	unsigned int group;	/* of the output */
	uint64_t start;		/* in the BAR */
	struct view view;
	FILE *out;
	struct hexdump hex;
	uint8_t *data;
	char *text;
};

static int put_json(struct context *ctx, const struct dump *d, uint64_t off, size_t len)
{
	struct json json;

	for (size_t i = 0; i < len; i += JSON_STEP) {
		json_begin(&json, d->out);
		json_string(&json, "selector", ctx->session->address);
		json_string(&json, "bar", bar_name(d->bar));
		json_hex(&json, "offset", off + i, 0);
		json_uint(&json, "width", d->group);
		json_array(&json, "values");
		for (size_t j = i; j < len && j < i + JSON_STEP; j += d->group)
			json_hex(&json, NULL, unit_get(d->data + j, d->group), 2 * d->group);
		json_array_end(&json);
		json_end(&json);
	}
	return output_check(ctx, d->out);
}

static int put_chunk(struct context *ctx, struct dump *d, uint64_t off, size_t len)
{
	size_t room;

	switch (d->format) {
	case FORMAT_RAW:
		return output_write(ctx, d->out, d->data, len);
	case FORMAT_JSON:
		return put_json(ctx, d, off, len);
	default:
		room = hexdump_format(&d->hex, off, d->data, len, d->text);
		return output_write(ctx, d->out, d->text, room);
	}
}

static int put_end(struct context *ctx, struct dump *d, uint64_t done)
{
	if (d->format != FORMAT_HEX)
		return STATUS_OK;
	return output_write(ctx, d->out, d->text, hexdump_end(&d->hex, d->start + done, d->text));
}

/* Reads @n bytes, the next after @done ones. */
static int get_chunk(const struct dump *d, uint64_t done, size_t *n)
{
	*n = d->view.length - done < CHUNK ? (size_t)(d->view.length - done) : CHUNK;
	return pcibar_map_copy_from(d->view.map, d->view.start + done, d->data, *n, d->width,
				    d->width == WIDTH_ANY ? PCIBAR_COPY_MEMORY : 0);
}

/*
 * The output is emptied when something was read: a refusal leaves it as it was.
 * Also after a loss the end is written: what is before it is complete.
 */
static int dump_all(struct context *ctx, struct dump *d)
{
	struct progress progress = { 0 };
	uint64_t done = 0;
	size_t n;
	int lost = get_chunk(d, done, &n);
	int status = lost ? STATUS_OK : output_begin(ctx, d->out);

	if (d->out != stdout || !isatty(STDOUT_FILENO))
		progress_begin(&progress, d->view.length);
	while (!status && !lost) {
		status = interrupt_signal() ? STATUS_FAILED :
					      put_chunk(ctx, d, d->start + done, n);
		done += n;
		progress_update(&progress, done);
		if (done == d->view.length)
			break;
		if (!status)
			lost = get_chunk(d, done, &n);
	}
	if (!status && done)
		status = put_end(ctx, d, done);
	progress_end(&progress);
	if (!status && lost)
		status = refused(ctx, PHASE_ACCESS, d->bar, lost, NULL);

	return status;
}

static int dump_to(struct context *ctx, struct dump *d)
{
	const struct dump_options *opt = ctx->own;
	int status;

	status = output_open(ctx, opt->output, &d->out);
	if (status)
		return status;

	hexdump_begin(&d->hex, d->group, d->start + d->view.length);
	d->data = malloc(CHUNK);
	d->text = malloc(hexdump_room(CHUNK));
	status = d->data && d->text ? dump_all(ctx, d) : fail(ctx, STATUS_FAILED, "out of memory");
	free(d->data);
	free(d->text);
	return output_close(ctx, d->out, status);
}

static int check_terminal(struct context *ctx, const struct dump *d, uint64_t length)
{
	const struct dump_options *opt = ctx->own;

	if (opt->output || length <= TERMINAL_MAX || !isatty(STDOUT_FILENO))
		return STATUS_OK;
	return fail_device(ctx, STATUS_FAILED, d->bar,
			   "refusing to print 0x%" PRIx64 " bytes to a terminal; give a range or "
				   "-o FILE",
			   length);
}

/*
 * A line of a script says more exactly what it writes than the options of the script, which are
 * for all lines: a file of JSON in the place of bytes might be loaded into the device.
 */
static int choose_format(struct context *ctx, enum dump_format *format)
{
	const struct format *wanted = &((const struct dump_options *)ctx->own)->format;
	bool in_script = ctx->session->keep;

	*format = ctx->opt.json && !wanted->given ? FORMAT_JSON : wanted->value;
	if (!ctx->opt.json || *format == FORMAT_JSON || in_script)
		return STATUS_OK;
	return usage_error(ctx, "--json cannot be combined with --format %s", formats[*format]);
}

static int run(struct context *ctx, int argc, char **argv)
{
	const struct dump_options *opt = ctx->own;
	struct dump d = { .width = opt->width };
	const struct pcibar_bar_info *info;
	struct window window = { 0 };
	struct range range = { 0 };
	int status;

	d.group = d.width == WIDTH_ANY ? 1 : d.width;
	status = choose_format(ctx, &d.format);
	if (!status)
		status = operand_bar(ctx, argv[0], &d.bar);
	if (!status && argc > 1)
		status = operand_range(ctx, argv[1], &range);
	if (!status)
		status = operand_fits(ctx, range.start, range.length, d.width);
	if (!status)
		status = session_open(ctx, false);
	if (!status)
		status = session_bar(ctx, d.bar, &info);
	if (!status && !range.length && info->length > range.start)
		status = check_terminal(ctx, &d, info->length - range.start);
	if (status)
		return status;

	window.bar = d.bar;
	window.offset = d.start = range.start;
	window.length = range.length;
	status = session_map(ctx, &window, &d.view);
	if (!status)
		status = operand_fits(ctx, range.start, d.view.length, d.width);

	return status ? status : dump_to(ctx, &d);
}

static const char *set_format(void *value, const char *arg)
{
	int found = option_find_word(formats, arg);
	struct format *format = value;

	if (found < 0)
		return "use hex, raw or json";
	format->given = true;
	format->value = (enum dump_format)found;
	return NULL;
}

static const char *set_output(void *value, const char *arg)
{
	const char **output = value;

	*output = arg;
	return *arg ? NULL : "a file name is missing";
}

static const struct option_def own[] = {
	OPT_WIDTH_ANY(struct dump_options),
	OPTION_VALUE(struct dump_options, format, "format", 'f', "hex|raw|json",
		     "form of the output (default hex)", set_format),
	OPTION_VALUE(struct dump_options, output, "output", 'o', "FILE",
		     "write to FILE instead of standard output", set_output),
	OPTION_END
};

static const struct dump_options defaults = { .width = 4 };

const struct cmd cmd_dump = {
	.name = "dump",
	.summary = "print a range of a BAR, or all of it, as text or raw",
	.operands = "<bar> [start|start+length]",
	.notes = "hex: offset, 16 bytes as numbers of the width, the bytes as ASCII; '*' replaces "
		 "lines\nthat repeat the one before; the last line is the end.\n"
		 "raw: the bytes; json: an object a line, as with --json. In a script with --json, "
		 "a\nline's -f wins.\n"
		 "-w any is for BARs that are memory: it may read in any order, and twice.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP, options_json),
	CMD_OWN(own, defaults),
	.min = 1,
	.max = 2,
	.run = run,
};
