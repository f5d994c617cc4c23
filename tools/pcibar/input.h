/* SPDX-License-Identifier: BSD-2-Clause */
/* A file to load, or to compare with. */
#ifndef TOOLS_PCIBAR_INPUT_H
#define TOOLS_PCIBAR_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "cmd.h"

/*
 * A file of bytes to load or to compare with, "-" being standard input. Its
 * size is known before the first byte is used: a file that does not have one is read into
 * memory first. That is a pipe, and a file of /proc or sysfs, which says that it
 * has no bytes or a page of them; a small file is not worth the difference.
 */

#define INPUT_CHUNK	(256u << 10)

struct input {
	const char *name;
	uint64_t size;
	int fd;
	bool whole;		/* all of it is in @data, else a chunk */
	uint64_t base;		/* where it begins in the file */
	uint8_t *data;
};

/* All return an enum status, and have reported the error if it is not STATUS_OK. */
int input_open(const struct context *ctx, const char *name, struct input *input);
/* Reads all of it into memory, if that is not done yet. */
int input_load(const struct context *ctx, struct input *input);
/* Refuses @size bytes of it that do not fit into the BAR at @offset; the device is open. */
int input_fits(struct context *ctx, const struct input *input, uint64_t size, unsigned int bar,
	       uint64_t offset);
/* The @len bytes at @off, at most INPUT_CHUNK; valid until the next call */
int input_get(const struct context *ctx, struct input *input, uint64_t off, size_t len,
	      const uint8_t **data);

/* After an input_open() that succeeded */
void input_close(struct input *input);

#endif
