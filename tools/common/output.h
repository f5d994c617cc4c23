/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that a command writes. */
#ifndef TOOLS_COMMON_OUTPUT_H
#define TOOLS_COMMON_OUTPUT_H

#include <stddef.h>
#include <stdio.h>

#include "context.h"

/*
 * Data goes to stdout or to the file of -o; a failed write is never lost. All
 * return an enum status, and have reported the error if it is not STATUS_OK.
 */

/* Occupies descriptors 0 to 2, so that no file that is opened becomes "stdout". */
int output_init(void);

/* The file of -o, made if it was not there; stdout if @name is NULL */
int output_open(struct context *ctx, const char *name, FILE **out);

/* Empties the file, when there is something to write */
int output_begin(const struct context *ctx, FILE *out);

int output_write(const struct context *ctx, FILE *out, const void *buf, size_t len);

/* Whether all that was printed so far could be written */
int output_check(const struct context *ctx, FILE *out);

/* Flushes. */
int output_flush(const struct context *ctx, FILE *out);

/*
 * Flushes and, unless it is stdout, closes. @status is what came of the work:
 * when that has failed already, nothing more is said.
 */
int output_close(const struct context *ctx, FILE *out, int status);

#endif
