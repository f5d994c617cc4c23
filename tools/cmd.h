/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#include "options.h"

struct program;
struct session;

/* Exit statuses; pcibar(1) lists them. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,	/* it failed or was refused */
	STATUS_USAGE = 2,	/* number, selector, BAR, offset, width, alignment, range */
	STATUS_NO_DEVICE = 3,	/* no such device, or several */
	STATUS_LOST = 4,	/* the device was lost after it was opened */
	STATUS_NO = 5,		/* the answer is no: differs, timed out */
};

/* What a verb works with */
struct context {
	const struct program *program;
	const struct cmd *cmd;		/* NULL before the verb is known */
	struct session *session;
	struct options opt;
	const char *where;		/* "file:line: " in a script, else "" */
};

#define CMD_SELECTOR	(1u << 0)	/* the first operand selects the function */
#define CMD_SCRIPT	(1u << 1)	/* may stand in a script, without the selector */

/* A verb: one row of the table in pcibar.c, one file cmd-<verb>.c */
struct cmd {
	const char *name;		/* one word or two */
	const char *summary;		/* one line */
	const char *operands;		/* those behind the selector */
	const char *notes;		/* what a user must know beside the options; or NULL */
	unsigned int flags;		/* CMD_* */
	uint32_t options;		/* enum option_bit */
	int min;			/* operands behind the selector */
	int max;
	/* The operands behind the selector; answers an enum status. */
	int (*run)(struct context *ctx, int argc, char **argv);
};

extern const struct cmd cmd_list, cmd_info, cmd_explain, cmd_read, cmd_write, cmd_dump, cmd_load,
	cmd_compare, cmd_watch, cmd_config_read, cmd_config_write, cmd_enable, cmd_disable,
	cmd_script;

/*
 * Runs one command line that begins with a verb. @ctx->opt holds what was said
 * in front of it; in a script @in_script says that the selector is left out.
 */
int cmd_dispatch(struct context *ctx, bool in_script, int argc, char **argv);

#endif
