// SPDX-License-Identifier: BSD-2-Clause
/* pcibar write: write registers */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/session.h"

#include "cmd.h"
#include "masked-write.h"
#include "operand.h"
#include "verb-options.h"

struct write_options {
	unsigned int width;
	bool fixed;
	bool verify;
	bool dry_run;
};

struct write_job {
	const struct write_options *opt;
	unsigned int bar;
	uint64_t start;		/* in the BAR */
	uint64_t count;
	struct masked *values;
	struct view view;
};

static int parse_values(struct context *ctx, struct write_job *job, char **argv)
{
	const char *wrong;

	for (uint64_t i = 0; i < job->count; i++) {
		wrong = parse_masked(argv[i], job->opt->width, &job->values[i]);
		if (wrong)
			return usage_error(ctx, "value '%s': %s", argv[i], wrong);
	}
	return STATUS_OK;
}

static int parse_job(struct context *ctx, struct write_job *job, char **argv)
{
	const struct write_options *opt = job->opt;
	const char *wrong = parse_u64(argv[1], UINT64_MAX - job->count * opt->width, &job->start);
	int status;

	if (opt->verify && (opt->fixed || opt->dry_run))
		return usage_error(ctx, "--verify cannot be combined with --%s",
				   opt->fixed ? "fixed" : "dry-run");
	status = operand_bar(ctx, argv[0], &job->bar);
	if (status)
		return status;
	if (wrong)
		return usage_error(ctx, "offset '%s': %s", argv[1], wrong);

	status = operand_fits(ctx, job->start, opt->width, opt->width);
	return status ? status : parse_values(ctx, job, argv + 2);
}

/* Where value @i goes, behind the place of the first */
static uint64_t place(const struct write_job *job, uint64_t i)
{
	return job->opt->fixed ? 0 : i * job->opt->width;
}

/* A value without a mask is written without a read: reading may have side effects. */
static int write_one(struct context *ctx, const struct write_job *job, uint64_t i)
{
	const struct write_options *opt = job->opt;
	uint64_t off = job->view.start + place(job, i);
	struct masked_write change = {
		.offset = job->start + place(job, i),
		.width = opt->width,
		.masked = &job->values[i],
	};
	int ret = 0;

	if (change.masked->has_mask)
		ret = pcibar_map_read(job->view.map, off, opt->width, &change.old);
	if (!ret && !opt->dry_run)
		ret = pcibar_map_write(job->view.map, off, opt->width, masked_write_new(&change));
	if (ret)
		return refused(ctx, PHASE_ACCESS, job->bar, ret, NULL);

	masked_write_show(ctx, opt->dry_run, &change);
	return STATUS_OK;
}

static int verify(struct context *ctx, const struct write_job *job)
{
	unsigned int width = job->opt->width;
	int status = STATUS_OK;
	int ret;

	for (uint64_t i = 0; !status && i < job->count; i++) {
		struct masked_write change = {
			.offset = job->start + place(job, i),
			.width = width,
			.masked = &job->values[i],
		};

		ret = pcibar_map_read(job->view.map, job->view.start + place(job, i), width,
				      &change.got);
		if (ret)
			return refused(ctx, PHASE_ACCESS, job->bar, ret, NULL);
		status = masked_write_verify(ctx, job->bar, &change);
	}
	return status;
}

static int write_all(struct context *ctx, struct write_job *job)
{
	const struct write_options *opt = job->opt;
	struct window window = {
		.bar = job->bar,
		.write = !opt->dry_run,
		.offset = job->start,
		.length = (opt->fixed ? 1 : job->count) * opt->width,
	};
	int status;

	status = session_open(ctx, window.write);
	if (!status)
		status = session_map(ctx, &window, &job->view);
	for (uint64_t i = 0; !status && i < job->count; i++)
		status = write_one(ctx, job, i);
	if (!status && opt->verify)
		status = verify(ctx, job);

	return status;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct write_job job = {
		.opt = ctx->own,
		.count = (uint64_t)argc - 2,
	};
	int status;

	job.values = calloc(job.count, sizeof(*job.values));
	if (!job.values)
		return fail(ctx, STATUS_FAILED, "out of memory");

	status = parse_job(ctx, &job, argv);
	if (!status)
		status = write_all(ctx, &job);
	free(job.values);
	return status;
}

static const struct option_def own[] = {
	OPT_WIDTH(struct write_options),
	OPT_VERIFY(struct write_options),
	OPT_DRY_RUN(struct write_options),
	OPT_FIXED(struct write_options),
	OPTION_END
};

static const struct write_options defaults = { .width = 4 };

const struct cmd cmd_write = {
	.name = "write",
	.summary = "write registers: one access of exactly the width for each value",
	.operands = "<bar> <offset> <value[:mask]>...",
	.notes = "Several values go to consecutive places. With a mask the register is read, "
		 "the\nmasked bits are changed, and it is written; without one nothing is read.\n"
		 "All operands are checked before the first access.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP),
	CMD_OWN(own, defaults),
	.min = 3,
	.max = INT32_MAX,
	.run = run,
};
