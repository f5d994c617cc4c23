// SPDX-License-Identifier: BSD-2-Clause
/* pcibar expect: check that a register has a value, or wait until it has */
#include <inttypes.h>

#include "common/error.h"
#include "common/session.h"

#include "cmd.h"
#include "condition.h"
#include "operand.h"
#include "progress.h"
#include "verb-options.h"

/* Finer than what sleeping costs makes no difference. */
#define INTERVAL_NS	UINT64_C(100000)

struct expect_options {
	unsigned int width;
	uint64_t interval_ns;
	uint64_t timeout_ns;	/* 0: it is read once */
};

static int parse_condition(struct context *ctx, char **argv, struct condition *c)
{
	const char *wrong;
	int status;

	status = operand_bar(ctx, argv[0], &c->bar);
	if (status)
		return status;

	wrong = parse_u64(argv[1], UINT64_MAX - c->width, &c->offset);
	if (wrong)
		return usage_error(ctx, "offset '%s': %s", argv[1], wrong);
	status = operand_fits(ctx, c->offset, c->width, c->width);
	if (status)
		return status;

	wrong = parse_masked(argv[2], c->width, &c->wanted);
	return wrong ? usage_error(ctx, "value '%s': %s", argv[2], wrong) : STATUS_OK;
}

/* The last look is made when the time is over, however long the one before took. */
static int wait_for(struct context *ctx, const struct condition *c, const struct view *view)
{
	const struct expect_options *opt = ctx->own;
	uint64_t started = clock_now();
	uint64_t now, got, left;
	bool last;
	int ret;

	for (;;) {
		now = clock_now();
		last = now - started >= opt->timeout_ns;
		ret = pcibar_map_read(view->map, view->start, c->width, &got);
		if (ret)
			return refused(ctx, PHASE_ACCESS, c->bar, ret, NULL);
		if (condition_holds(c, got))
			return STATUS_OK;
		if (last)
			return condition_fail(ctx, c, got, opt->timeout_ns);

		left = opt->timeout_ns - (now - started);
		if (!clock_sleep(left < opt->interval_ns ? left : opt->interval_ns))
			return STATUS_FAILED;
	}
}

static int run(struct context *ctx, int argc, char **argv)
{
	const struct expect_options *opt = ctx->own;
	struct condition c = { .width = opt->width };
	struct window window;
	struct view view;
	int status;

	(void)argc;
	status = parse_condition(ctx, argv, &c);
	if (status)
		return status;

	status = session_open(ctx, false);
	if (status)
		return status;

	window = (struct window){ .bar = c.bar, .offset = c.offset, .length = c.width };
	status = session_map(ctx, &window, &view);
	return status ? status : wait_for(ctx, &c, &view);
}

static const struct option_def own[] = {
	OPT_WIDTH(struct expect_options),
	OPTION_VALUE(struct expect_options, timeout_ns, "timeout", 0, "TIME",
		     "wait so long for it", option_set_duration),
	OPTION_VALUE(struct expect_options, interval_ns, "interval", 'i', "TIME",
		     "time between two reads (default 100us)", option_set_duration),
	OPTION_END
};

static const struct expect_options defaults = { .width = 4, .interval_ns = INTERVAL_NS };

const struct cmd cmd_expect = {
	.name = "expect",
	.summary = "check that a register has a value; exit 5 when it has another",
	.operands = "<bar> <offset> <value[:mask]>",
	.notes = "It prints nothing when the masked bits have the value. With --timeout it reads "
		 "again\nand again until they have.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP),
	CMD_OWN(own, defaults),
	.min = 3,
	.max = 3,
	.run = run,
};
