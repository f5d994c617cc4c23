// SPDX-License-Identifier: BSD-2-Clause
/* sleep in a pcibar script: wait */
#include "common/error.h"
#include "common/parse.h"

#include "cmd.h"
#include "progress.h"

static int run(struct context *ctx, int argc, char **argv)
{
	const char *wrong;
	uint64_t ns;

	(void)argc;
	wrong = parse_duration(argv[0], &ns);
	if (wrong)
		return usage_error(ctx, "time '%s': %s", argv[0], wrong);
	if (ctx->check_only)
		return STATUS_CHECKED;
	return clock_sleep(ns) ? STATUS_OK : STATUS_FAILED;
}

const struct cmd cmd_sleep = {
	.name = "sleep",
	.summary = "wait at least so long: 100us, 10ms, 0.5s",
	.operands = "<time>",
	.flags = CMD_SCRIPT | CMD_SCRIPT_ONLY,
	CMD_COMMON(options_help),
	.min = 1,
	.max = 1,
	.run = run,
};
