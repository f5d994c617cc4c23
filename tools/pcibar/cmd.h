/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of pcibar. */
#ifndef TOOLS_PCIBAR_CMD_H
#define TOOLS_PCIBAR_CMD_H

#include "common/context.h"

#define CMD_SELECTOR	(1u << 0)	/* the first operand selects the function */
#define CMD_SCRIPT	(1u << 1)	/* allowed in a script, without the selector */

/* A verb: one row of the table in pcibar.c, one file cmd-<verb>.c */
struct cmd {
	const char *name;		/* one word or two */
	const char *summary;		/* one line */
	const char *operands;		/* those after the selector */
	const char *notes;		/* what a user must know beside the options; or NULL */
	unsigned int flags;		/* CMD_* */
	uint32_t options;		/* enum option_bit */
	int min;			/* operands after the selector */
	int max;
	/* Takes the operands after the selector; returns an enum status. */
	int (*run)(struct context *ctx, int argc, char **argv);
};

extern const struct cmd cmd_list, cmd_info, cmd_explain, cmd_read, cmd_write, cmd_dump, cmd_load,
	cmd_compare, cmd_watch, cmd_config_read, cmd_config_write, cmd_enable, cmd_disable,
	cmd_script;

/*
 * Runs one command line that begins with a verb. @ctx->opt holds what was said
 * before it; @in_script: the selector is omitted.
 */
int cmd_dispatch(struct context *ctx, bool in_script, int argc, char **argv);

#endif
