/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between a BAR and a file. */
#ifndef TOOLS_PCIBAR_DIFF_H
#define TOOLS_PCIBAR_DIFF_H

#include <stddef.h>
#include <stdint.h>

#include "common/session.h"

#include "cmd.h"

/*
 * Bytes to compare. @get gives the @len bytes at @off, at most INPUT_CHUNK; they
 * are valid until the next call, and @off continues after the call before. It
 * returns an enum status, and has reported the error if it is not STATUS_OK.
 */
struct source {
	int (*get)(struct context *ctx, void *data, uint64_t off, size_t len,
		   const uint8_t **bytes);
	void *data;
};

/* A unit that differs: its offset, and its value in either source */
struct difference {
	uint64_t offset;
	uint64_t values[2];
};

/* The comparison of two sources */
struct diff {
	uint64_t start;		/* offset of the first byte, for reports */
	uint64_t size;		/* in bytes, a multiple of @width */
	unsigned int width;	/* of a unit in bytes */
	/* Called for each unit that differs; NULL: they are only counted. */
	void (*each)(void *data, const struct difference *found);
	void *data;
	/* What diff_run() has found so far, also when it fails */
	uint64_t units;
	uint64_t differing;
	struct difference first;
};

/* Returns an enum status: STATUS_OK also when something differs. */
int diff_run(struct context *ctx, struct diff *diff, const struct source sources[2]);

/* The same of @view in BAR @bar, read with @width or WIDTH_ANY, and a file */
int diff_bar(struct context *ctx, struct diff *diff, const struct view *view, unsigned int bar,
	     unsigned int width, const struct source *file);

#endif
