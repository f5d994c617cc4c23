// SPDX-License-Identifier: BSD-2-Clause
/* Lines of a hexadecimal dump. */
#include <endian.h>
#include <string.h>

#include "hexdump.h"

/*
 * Eight characters at a time in one 64-bit word: a table of digits, looked up
 * byte by byte, takes three times as long.
 */
#define BYTES(b)	(UINT64_C(0x0101010101010101) * (b))
#define HIGH_BITS	BYTES(0x80)

void hexdump_begin(struct hexdump *h, unsigned int width, uint64_t end)
{
	*h = (struct hexdump){ .width = width, .digits = 8 };
	while (h->digits < 16 && end >> 4 * h->digits)
		h->digits++;
}

size_t hexdump_room(size_t len)
{
	return (len / HEXDUMP_STEP + 1) * HEXDUMP_LINE;
}

/* The eight digits of a number */
static inline void put_hex(char *out, uint32_t num)
{
	uint64_t n = num;
	uint64_t letters;

	/* One digit in each byte */
	n = (n << 16 | n) & UINT64_C(0x0000ffff0000ffff);
	n = (n << 8 | n) & UINT64_C(0x00ff00ff00ff00ff);
	n = (n << 4 | n) & BYTES(0x0f);
	/* 1 in each byte that is 10 and more */
	letters = (n + BYTES(6)) >> 4 & BYTES(1);
	n = htobe64(n + BYTES('0') + letters * ('a' - '0' - 10));
	memcpy(out, &n, 8);
}

/* Eight bytes as they look in the ASCII column */
static inline void put_text(char *out, const uint8_t *data)
{
	uint64_t v, low, printable, mask;

	memcpy(&v, data, 8);
	low = v & ~HIGH_BITS;
	/* The high bit of each byte from ' ' to '~' */
	printable = (low + BYTES(0x80 - ' ')) & ~(low + BYTES(1)) & ~v & HIGH_BITS;
	mask = (printable >> 7) * 0xff;
	v = (v & mask) | (BYTES('.') & ~mask);
	memcpy(out, &v, 8);
}

static char *put_offset(char *out, uint64_t off, unsigned int digits)
{
	char text[16];

	put_hex(text, (uint32_t)(off >> 32));
	put_hex(text + 8, (uint32_t)off);
	memcpy(out, text + 16 - digits, digits);
	return out + digits;
}

static inline uint32_t get32(const uint8_t *data)
{
	uint32_t val;

	memcpy(&val, data, 4);
	return le32toh(val);
}

static inline char *put_space(char *out, const char *text, size_t len)
{
	memcpy(out, text, len);
	out[len] = ' ';
	return out + len + 1;
}

/* Four bytes as two numbers of 16 bits, or as four of 8 */
static inline char *put_narrow(char *out, uint32_t num, unsigned int width)
{
	uint32_t turned = width == 1 ? __builtin_bswap32(num) : num << 16 | num >> 16;
	char text[8];

	put_hex(text, turned);
	for (unsigned int i = 0; i < 8; i += 2 * width)
		out = put_space(out, text + i, 2 * width);
	return out;
}

static char *put_units(char *out, const uint8_t *data, unsigned int width)
{
	switch (width) {
	case 1:
		for (unsigned int i = 0; i < HEXDUMP_STEP; i += 4)
			out = put_narrow(out, get32(data + i), 1);
		break;
	case 2:
		for (unsigned int i = 0; i < HEXDUMP_STEP; i += 4)
			out = put_narrow(out, get32(data + i), 2);
		break;
	case 4:
		for (unsigned int i = 0; i < HEXDUMP_STEP; i += 4, out += 9) {
			put_hex(out, get32(data + i));
			out[8] = ' ';
		}
		break;
	default:
		for (unsigned int i = 0; i < HEXDUMP_STEP; i += 8, out += 17) {
			put_hex(out, get32(data + i + 4));
			put_hex(out + 8, get32(data + i));
			out[16] = ' ';
		}
	}

	return out;
}

static char *put_line(const struct hexdump *h, char *out, uint64_t off, const uint8_t *data)
{
	out = put_offset(out, off, h->digits);
	memcpy(out, "  ", 2);
	out = put_units(out + 2, data, h->width);
	memcpy(out, " |", 2);
	put_text(out + 2, data);
	put_text(out + 10, data + 8);
	memcpy(out + 18, "|\n", 2);
	return out + 20;
}

/* The last line when it is short: the ASCII column stays where it is. */
static char *put_short_line(const struct hexdump *h, char *out, uint64_t off, const uint8_t *data,
			    size_t len)
{
	size_t column = h->digits + 2 + HEXDUMP_STEP / h->width * (2 * h->width + 1);
	size_t used = h->digits + 2 + len / h->width * (2 * h->width + 1);
	uint8_t padded[HEXDUMP_STEP] = { 0 };

	memcpy(padded, data, len);
	put_line(h, out, off, padded);
	memset(out + used, ' ', column - used);
	memcpy(out + column + 2 + len, "|\n", 2);
	return out + column + 2 + len + 2;
}

size_t hexdump_format(struct hexdump *h, uint64_t off, const uint8_t *data, size_t len, char *out)
{
	const uint8_t *last = h->has_last ? h->last : NULL;
	size_t full = len - len % HEXDUMP_STEP;
	char *text = out;

	for (size_t i = 0; i < full; last = data + i, i += HEXDUMP_STEP) {
		if (!last || memcmp(data + i, last, HEXDUMP_STEP) != 0) {
			out = put_line(h, out, off + i, data + i);
			h->folding = false;
		} else if (!h->folding) {
			*out++ = '*';
			*out++ = '\n';
			h->folding = true;
		}
	}
	if (full) {
		memcpy(h->last, last, HEXDUMP_STEP);
		h->has_last = true;
	}
	if (full < len)
		out = put_short_line(h, out, off + full, data + full, len - full);

	return (size_t)(out - text);
}

size_t hexdump_end(struct hexdump *h, uint64_t end, char *out)
{
	char *tail = put_offset(out, end, h->digits);

	*tail++ = '\n';
	return (size_t)(tail - out);
}
