/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_IMAGE_H
#define TOOLS_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "cmd.h"

/*
 * A file of bytes to load or to compare with, "-" being standard input. Its
 * size is known before the first byte is used: what cannot tell it is read into
 * memory first. That is a pipe, and a file of /proc or sysfs, which says that it
 * has no bytes or a page of them; a small file is not worth the difference.
 */

#define IMAGE_CHUNK	(256u << 10)

struct image {
	const char *name;
	uint64_t size;
	int fd;
	bool whole;		/* all of it is in @data, else a chunk */
	uint64_t base;		/* where it begins in the file */
	uint8_t *data;
};

/* All answer an enum status and have said what is wrong when it is not STATUS_OK. */
int image_open(const struct context *ctx, const char *name, struct image *image);
/* Refuses an image that does not fit into the BAR at @offset; the device is open. */
int image_fits(struct context *ctx, const struct image *image, unsigned int bar, uint64_t offset);
/* The @len bytes at @off, at most IMAGE_CHUNK; valid until the next call */
int image_get(const struct context *ctx, struct image *image, uint64_t off, size_t len,
	      const uint8_t **data);

/* After an image_open() that succeeded */
void image_close(struct image *image);

#endif
