// SPDX-License-Identifier: BSD-2-Clause
/* echo in a pcibar script: print words */
#include "common/text.h"

#include "cmd.h"

struct echo_options {
	bool no_newline;
};

static int run(struct context *ctx, int argc, char **argv)
{
	const struct echo_options *opt = ctx->own;

	if (ctx->check_only)
		return STATUS_CHECKED;

	for (int i = 0; i < argc; i++) {
		if (i)
			putchar(' ');
		text_put(stdout, argv[i]);
	}
	if (!opt->no_newline)
		putchar('\n');
	return STATUS_OK;
}

static const struct option_def own[] = {
	OPTION_FLAG(struct echo_options, no_newline, "no-newline", 'n',
		    "do not end the line: what follows is printed in it"),
	OPTION_END
};

static const struct echo_options defaults;

const struct cmd cmd_echo = {
	.name = "echo",
	.summary = "print the words, as a label of what is printed next",
	.operands = "[word]...",
	.flags = CMD_SCRIPT | CMD_SCRIPT_ONLY,
	CMD_COMMON(options_help),
	CMD_OWN(own, defaults),
	.max = INT32_MAX,
	.run = run,
};
