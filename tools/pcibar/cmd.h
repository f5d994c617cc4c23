/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of pcibar. */
#ifndef TOOLS_PCIBAR_CMD_H
#define TOOLS_PCIBAR_CMD_H

#include "common/context.h"

#define CMD_SELECTOR	(1u << 0)	/* the first operand selects the function */
#define CMD_SCRIPT	(1u << 1)	/* allowed in a script, without the selector */
#define CMD_SCRIPT_ONLY	(1u << 2)	/* and nowhere else */

/* Initializers of struct cmd: a verb's common options, and its own */
#define CMD_COMMON(...)		.common = (const struct option_def *const []){ __VA_ARGS__, NULL }
#define CMD_OWN(defs, values) \
	.own = defs, .defaults = &(values), .own_size = sizeof(values)

/* Common options of every verb that opens a function, and of every one that maps a BAR */
#define CMD_DEVICE		options_access, options_verbose, options_help
#define CMD_MAP			options_map, CMD_DEVICE

/* A verb: one row of the table in pcibar.c, one file cmd-<verb>.c */
struct cmd {
	const char *name;		/* one word or two */
	const char *summary;		/* one line */
	const char *operands;		/* those after the selector */
	const char *notes;		/* what a user must know beside the options; or NULL */
	unsigned int flags;		/* CMD_* */
	/* Those of common/options.h that it has, with values in ctx->opt; the last is NULL */
	const struct option_def *const *common;
	/* Its own, with values in ctx->own, which is a copy of @defaults; or NULL */
	const struct option_def *own;
	const void *defaults;
	size_t own_size;		/* of @defaults */
	int min;			/* operands after the selector */
	int max;
	/* Operands of another form, without a device, and how many there are; or NULL and 0 */
	const char *unselected;
	int unselected_count;
	/*
	 * Takes the operands after the selector; in the other form the session has no selector.
	 * Returns an enum status. Parses all of them before session_open() or input_open(),
	 * which return STATUS_CHECKED where a script is only checked. A verb with CMD_SCRIPT
	 * that calls neither does the same.
	 */
	int (*run)(struct context *ctx, int argc, char **argv);
};

/* Every verb, in the order of the help; one of two words is before its first word alone */
#define CMD_VERBS(verb) \
	verb(list) verb(info) verb(explain) verb(read) verb(write) verb(dump) verb(load) \
	verb(compare) verb(watch) verb(expect) verb(config_read) verb(config_write) \
	verb(config_dump) verb(enable) verb(disable) verb(bind) verb(unbind) verb(irq_wait) \
	verb(irq_trigger) verb(irq) verb(script) verb(echo) verb(sleep) verb(quit) verb(exit) \
	verb(help)

#define CMD_DECLARE(name)	extern const struct cmd cmd_##name;
CMD_VERBS(CMD_DECLARE)

#define CMD_POINTER(name)	&cmd_##name,

/* What 'help' knows besides verbs */
#define CMD_TOPICS(topic) topic(options) topic(selectors) topic(registers) topic(status)

/*
 * Runs one command line that begins with a verb. @ctx->opt holds the options
 * before it; @in_script: the selector is omitted.
 */
int cmd_dispatch(struct context *ctx, bool in_script, int argc, char **argv);

#endif
