/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads lines of a hexadecimal dump back. */
#ifndef TOOLS_PCIBAR_HEXDUMP_READ_H
#define TOOLS_PCIBAR_HEXDUMP_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hexdump.h"

/*
 * What hexdump.h formats, as bytes again. The ASCII column is not read. A few lines
 * can be many bytes, because of "*": the bytes are made as they are asked for.
 */
struct hexdump_reader {
	unsigned int width;		/* of the numbers */
	uint64_t start;			/* offset of the first byte */
	uint64_t end;			/* the one after the last byte */
	unsigned long line;		/* the last one that was read, from 1 on */
	/* Private */
	const char *text;		/* what is left */
	const char *text_end;
	uint64_t at;			/* of the next byte */
	uint64_t until;			/* so far the bytes of @last repeat */
	uint8_t last[HEXDUMP_STEP];
};

/* Whether @text begins with a line that hexdump_format() could have made */
bool hexdump_is(const char *text, size_t len);

/*
 * Checks all of @text, which must stay where it is. Returns NULL, or a clause that
 * says what is wrong with the line @r->line.
 */
const char *hexdump_open(struct hexdump_reader *r, const char *text, size_t len);

/* The next @len bytes, no more than there are */
void hexdump_get(struct hexdump_reader *r, uint8_t *out, size_t len);

#endif
