/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes that a file holds, as they are or as a hex dump. */
#ifndef TOOLS_PCIBAR_IMAGE_H
#define TOOLS_PCIBAR_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd.h"
#include "hexdump-read.h"
#include "input.h"

enum image_format {
	IMAGE_AUTO = 0,		/* a hex dump if the first line is one of those */
	IMAGE_HEX,
	IMAGE_RAW,
};

/* What dump has written, as hex or raw, or any other file of bytes */
struct image {
	struct input input;
	uint64_t size;			/* in bytes of a BAR */
	bool is_dump;
	struct hexdump_reader dump;	/* of a dump: also offset and width of its numbers */
	uint8_t *buffer;
};

/* All return an enum status, and have reported the error if it is not STATUS_OK. */
int image_open(const struct context *ctx, const char *name, enum image_format format,
	       struct image *image);
/* A source of diff_run(), whose @data is the image */
int image_get(struct context *ctx, void *data, uint64_t off, size_t len, const uint8_t **bytes);

/* After an image_open() that succeeded */
void image_close(struct image *image);

#endif
