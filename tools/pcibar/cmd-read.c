// SPDX-License-Identifier: BSD-2-Clause
/* pcibar read: read registers */
#include <inttypes.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/output.h"
#include "common/session.h"

#include "cmd.h"
#include "json.h"
#include "operand.h"
#include "units.h"
#include "verb-options.h"

/* Read at once; what was read before a loss is printed whole. */
#define CHUNK	4096u

#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))

struct read_options {
	unsigned int width;
	uint64_t count;		/* 0: not given */
	bool fixed;
};

/* What one operand asks for */
struct read_job {
	struct range range;
	unsigned int width;
	uint64_t count;		/* units */
	bool fixed;
};

/* All operands, which share one map */
struct reading {
	unsigned int bar;
	size_t count;
	struct read_job *jobs;
	struct window window;
	struct view view;
};

static int parse_job(struct context *ctx, const char *text, struct read_job *job)
{
	const struct read_options *opt = ctx->own;
	uint64_t bytes;
	int status;

	status = operand_range(ctx, text, &job->range);
	if (status)
		return status;
	if (job->range.length && (opt->count || opt->fixed))
		return usage_error(ctx, "'%s' has a length: it cannot be combined with --%s", text,
				   opt->fixed ? "fixed" : "count");
	job->width = opt->width;
	job->fixed = opt->fixed;
	job->count = opt->count ? opt->count : 1;
	if (!job->range.length) {
		if (__builtin_mul_overflow(job->count, (uint64_t)job->width, &bytes) ||
		    bytes > UINT64_MAX - job->range.start)
			return usage_error(ctx, "--count '%" PRIu64 "': the range ends beyond "
					   "64 bits", job->count);
		job->range.length = job->fixed ? job->width : bytes;
	}
	if (!job->fixed)
		job->count = job->range.length / job->width;

	return operand_fits(ctx, job->range.start, job->range.length, job->width);
}

static void print_units(const struct context *ctx, const struct read_job *job, uint64_t done,
			const uint8_t *data, uint64_t count, struct json *json)
{
	unsigned int digits = 2 * job->width;
	uint64_t off = job->range.start;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t val = unit_get(data + i * job->width, job->width);

		if (ctx->opt.json) {
			json_hex(json, NULL, val, digits);
			continue;
		}
		if (ctx->opt.verbose)
			printf("0x%08" PRIx64 ": ",
			       job->fixed ? off : off + (done + i) * job->width);
		printf("0x%0*" PRIx64 "\n", (int)digits, val);
	}
}

static void begin_json(const struct context *ctx, const struct read_job *job, unsigned int bar,
		       struct json *json)
{
	json_begin(json, stdout);
	json_string(json, "selector", ctx->session->address);
	json_string(json, "bar", bar_name(bar));
	json_hex(json, "offset", job->range.start, 0);
	json_uint(json, "width", job->width);
	json_array(json, "values");
}

static int read_units(struct context *ctx, const struct reading *reading,
		      const struct read_job *job, struct json *json)
{
	const struct view *view = &reading->view;
	uint64_t off = view->start + (job->range.start - reading->window.offset);
	uint8_t buf[CHUNK];
	uint64_t n;
	int ret;

	for (uint64_t done = 0; done < job->count; done += n) {
		n = job->count - done;
		if (n > CHUNK / job->width)
			n = CHUNK / job->width;
		ret = pcibar_map_copy_from(view->map, off, buf, n * job->width, job->width,
					   job->fixed ? PCIBAR_COPY_FIXED : 0);
		if (ret)
			return refused(ctx, PHASE_ACCESS, reading->bar, ret, NULL);
		print_units(ctx, job, done, buf, n, json);
		ret = output_check(ctx, stdout);
		if (ret || interrupt_signal())
			return ret ? ret : STATUS_FAILED;
		if (!job->fixed)
			off += n * job->width;
	}

	return STATUS_OK;
}

static int read_all(struct context *ctx, const struct reading *reading)
{
	struct json json;
	int status = STATUS_OK;

	for (size_t i = 0; !status && i < reading->count; i++) {
		if (ctx->opt.json)
			begin_json(ctx, &reading->jobs[i], reading->bar, &json);
		status = read_units(ctx, reading, &reading->jobs[i], &json);
		if (ctx->opt.json) {
			json_array_end(&json);
			json_end(&json);
		}
	}
	return status;
}

/*
 * The window that holds all operands. If one of several is not inside the BAR it is that
 * one alone, so that the refusal names what the user wrote.
 */
static int find_window(struct context *ctx, struct reading *reading)
{
	const struct pcibar_bar_info *info = NULL;
	uint64_t start = UINT64_MAX, end = 0;
	int status;

	if (reading->count > 1) {
		status = session_bar(ctx, reading->bar, &info);
		if (status)
			return status;
	}
	reading->window.bar = reading->bar;
	for (size_t i = 0; i < reading->count; i++) {
		const struct range *range = &reading->jobs[i].range;

		if (info && range->start + range->length > info->length) {
			start = range->start;
			end = range->start + range->length;
			break;
		}
		start = MIN(start, range->start);
		end = MAX(end, range->start + range->length);
	}

	reading->window.offset = start;
	reading->window.length = end - start;
	return STATUS_OK;
}

static int read_operands(struct context *ctx, struct reading *reading, char **argv)
{
	int status = STATUS_OK;

	for (size_t i = 0; !status && i < reading->count; i++)
		status = parse_job(ctx, argv[i], &reading->jobs[i]);
	if (!status)
		status = session_open(ctx, false);
	if (!status)
		status = find_window(ctx, reading);
	if (!status)
		status = session_map(ctx, &reading->window, &reading->view);

	return status ? status : read_all(ctx, reading);
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct reading reading = { .count = (size_t)argc - 1 };
	int status;

	status = operand_bar(ctx, argv[0], &reading.bar);
	if (status)
		return status;

	reading.jobs = calloc(reading.count, sizeof(*reading.jobs));
	if (!reading.jobs)
		return fail(ctx, STATUS_FAILED, "out of memory");

	status = read_operands(ctx, &reading, argv + 1);
	free(reading.jobs);
	return status;
}

static const struct option_def own[] = {
	OPT_WIDTH(struct read_options),
	OPT_COUNT(struct read_options),
	OPT_FIXED(struct read_options),
	OPTION_END
};

static const struct read_options defaults = { .width = 4 };

const struct cmd cmd_read = {
	.name = "read",
	.summary = "read registers: one access of exactly the width for each value",
	.operands = "<bar> <offset|start+length> ...",
	.notes = "Prints one value a line, as 0x... with all its digits; with -v the offset "
		 "before it.\nAn offset is one value, or COUNT with -c; a range is all values "
		 "in it. Several are\nread in this order, through one map; --json prints an object "
		 "for each.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP, options_json),
	CMD_OWN(own, defaults),
	.min = 2,
	.max = INT32_MAX,
	.run = run,
};
