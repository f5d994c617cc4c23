/* SPDX-License-Identifier: BSD-2-Clause */
/* The capabilities of a function, in FreeBSD's words. */
#ifndef TOOLS_COMMON_CAPABILITY_H
#define TOOLS_COMMON_CAPABILITY_H

#include <stdbool.h>

#include "detail.h"

struct capability {
	bool extended;		/* beyond the first 256 bytes of configuration space */
	unsigned int id;
	unsigned int offset;
	const char *text;	/* what it says; lines after the first are for capability_print() */
};

/* A line of pciconf -lc, or several */
void capability_print(const struct capability *cap);

/*
 * Calls @fn for each capability of @d's function in the order of the lists: first those in
 * the first 256 bytes. @d->reader.error has the reason why there are no more, if any.
 */
void capability_list(struct detail *d, void (*fn)(void *data, const struct capability *cap),
		     void *data);

#endif
