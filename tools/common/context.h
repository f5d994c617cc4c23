/* SPDX-License-Identifier: BSD-2-Clause */
/* What every function of a command works with, and how a command ends. */
#ifndef TOOLS_COMMON_CONTEXT_H
#define TOOLS_COMMON_CONTEXT_H

#include "options.h"

struct program;
struct session;

/* Exit statuses; pcibar(1) lists them. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,	/* it failed or was refused */
	STATUS_USAGE = 2,	/* number, selector, BAR, offset, width, alignment, range */
	STATUS_NO_DEVICE = 3,	/* no such device, or several */
	STATUS_LOST = 4,	/* the device was lost, or does not respond */
	STATUS_NO = 5,		/* comparison or verification failed, or timed out */
	/* No exit statuses: */
	STATUS_CHECKED,		/* of a verb with check_only: its words are right */
	STATUS_QUIT,		/* the line ends its script */
};

/* What a verb, or a mode of pciconf, works with */
struct context {
	const struct program *program;
	const char *verb;		/* for messages; NULL before it is known */
	struct session *session;
	struct options opt;
	void *own;			/* values of the verb's own options, or NULL */
	const char *output;		/* the file that output_open() opened; NULL: none */
	const char *where;		/* "file:line: " in a script, else "" */
	bool check_only;		/* stop where the words are checked: STATUS_CHECKED */
};

#endif
