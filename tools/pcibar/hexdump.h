/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of a hexadecimal dump. */
#ifndef TOOLS_PCIBAR_HEXDUMP_H
#define TOOLS_PCIBAR_HEXDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Hex dump as text:
 *
 *   00000000  010000ed 00000000 ffffffff 00000001  |................|
 *
 * The offset in the BAR; 16 bytes as numbers of the width, in the order of
 * their offsets; the bytes as ASCII, in the order of their offsets. A run of
 * lines like the one before is a "*"; the last line is the offset of the end.
 */

#define HEXDUMP_STEP	16	/* bytes of a line */
#define HEXDUMP_LINE	112	/* the longest line, with room to spare */

struct hexdump {
	unsigned int width;
	unsigned int digits;		/* of the offset */
	bool has_last;
	bool folding;
	uint8_t last[HEXDUMP_STEP];
};

/* @end: the largest offset that will be printed; @width: 1, 2, 4 or 8 */
void hexdump_begin(struct hexdump *h, unsigned int width, uint64_t end);

/* Room that hexdump_format() needs for @len bytes */
size_t hexdump_room(size_t len);

/*
 * Formats @len bytes that begin at offset @off; returns the length of the text
 * in @out. Only the last call may have a @len that is no multiple of
 * HEXDUMP_STEP; @len is a multiple of the width.
 */
size_t hexdump_format(struct hexdump *h, uint64_t off, const uint8_t *data, size_t len, char *out);

/* The last line */
size_t hexdump_end(struct hexdump *h, uint64_t end, char *out);

#endif
