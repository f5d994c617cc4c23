/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares a BAR with a file. */
#ifndef TOOLS_PCIBAR_DIFF_H
#define TOOLS_PCIBAR_DIFF_H

#include <stddef.h>
#include <stdint.h>

#include "common/session.h"

#include "cmd.h"
#include "input.h"

/* How a window of a BAR differs from an input */
struct diff {
	unsigned int width;	/* of a unit in bytes */
	uint64_t units;		/* compared */
	uint64_t differing;
	uint64_t first;		/* offset in the BAR, and the values there */
	uint64_t in_bar;
	uint64_t in_file;
};

/*
 * Reads all of @view and compares it, in units of @width bytes or with WIDTH_ANY;
 * it begins at @start in BAR @bar. Returns an enum status: STATUS_OK also when
 * something differs.
 */
int diff_run(struct context *ctx, unsigned int bar, uint64_t start, unsigned int width,
	     const struct view *view, struct input *input, struct diff *diff);

#endif
