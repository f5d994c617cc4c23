// SPDX-License-Identifier: BSD-2-Clause
/* What is formatted as a hex dump is read back as it was; all else is refused, or within bounds. */
#include "fuzz.h"

#include "hexdump-read.h"

/* A few lines can say that a BAR has any size. */
#define ENOUGH	4096u

static void read_back(struct hexdump_reader *r, uint64_t size, uint8_t *out)
{
	for (uint64_t done = 0, n; done < size; done += n) {
		n = done % 7 + 1 < size - done ? done % 7 + 1 : size - done;
		hexdump_get(r, out + done, (size_t)n);
	}
}

/* The text is not a string: nothing may be read behind its end. */
static void check_any_text(const uint8_t *data, size_t len)
{
	char *text = malloc(len ? len : 1);
	uint8_t out[ENOUGH];
	struct hexdump_reader r;
	uint64_t size;

	MUST(text);
	if (len)
		memcpy(text, data, len);
	if (!hexdump_open(&r, text, len)) {
		MUST(hexdump_is(text, len));
		size = r.end - r.start;
		MUST(size && !(size % r.width));
		read_back(&r, size < ENOUGH ? size : ENOUGH, out);
	} else {
		MUST(r.line);
	}
	free(text);
}

static void check_round_trip(unsigned int width, uint64_t start, const uint8_t *data, size_t len)
{
	char *text = malloc(hexdump_room(len) + HEXDUMP_LINE);
	uint8_t *out = malloc(len);
	struct hexdump_reader r;
	struct hexdump h;
	size_t used;

	MUST(text && out);
	hexdump_begin(&h, width, start + len);
	used = hexdump_format(&h, start, data, len, text);
	used += hexdump_end(&h, start + len, text + used);

	MUST(!hexdump_open(&r, text, used));
	MUST(r.width == width && r.start == start && r.end == start + len);
	read_back(&r, len, out);
	MUST(!memcmp(out, data, len));
	free(text);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned int width;

	check_any_text(data, len);
	if (len < 2)
		return 0;

	width = 1u << (data[0] & 3);
	len = (len - 1) / width * width;
	if (len)
		check_round_trip(width, (uint64_t)data[0] << (data[0] >> 2), data + 1, len);
	return 0;
}
