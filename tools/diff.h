/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_DIFF_H
#define TOOLS_DIFF_H

#include <stddef.h>
#include <stdint.h>

#include "cmd.h"
#include "image.h"
#include "session.h"

/* How a window of a BAR differs from an image */
struct diff {
	unsigned int width;	/* of a unit in bytes */
	uint64_t units;		/* compared */
	uint64_t differing;
	uint64_t first;		/* offset in the BAR, and the values there */
	uint64_t in_bar;
	uint64_t in_file;
};

/*
 * Reads all of @view and compares it; it begins at @start in BAR @bar. Answers
 * an enum status: STATUS_OK also when something differs.
 */
int diff_run(struct context *ctx, unsigned int bar, uint64_t start, const struct view *view,
	     struct image *image, struct diff *diff);

#endif
