// SPDX-License-Identifier: BSD-2-Clause
/* quit and exit in a pcibar script: end it */
#include "cmd.h"

static int run(struct context *ctx, int argc, char **argv)
{
	(void)ctx;
	(void)argc;
	(void)argv;
	return STATUS_QUIT;
}

#define QUIT(name_) \
	{ \
		.name = name_, \
		.summary = "end the script", \
		.operands = "", \
		.notes = "What follows is not even checked.\n", \
		.flags = CMD_SCRIPT | CMD_SCRIPT_ONLY, \
		CMD_COMMON(options_help), \
		.run = run, \
	}

const struct cmd cmd_quit = QUIT("quit");
const struct cmd cmd_exit = QUIT("exit");
