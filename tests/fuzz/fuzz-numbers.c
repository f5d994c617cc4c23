// SPDX-License-Identifier: BSD-2-Clause
/* The command's numbers: results keep to their limits, and a refusal leaves them alone. */
#include "fuzz.h"

#include <errno.h>
#include <stdbool.h>

#include "parse.h"

#define UNTOUCHED	UINT64_C(0x5a5a5a5a5a5a5a5a)

/* What the C library makes of a number that was accepted. */
static uint64_t reference(const char *text)
{
	static const char letters[] = "KMGk";
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned int shift = 0;
	uint64_t val;
	char *end;

	errno = 0;
	val = strtoull(text, &end, hex ? 16 : 10);
	MUST(!errno);
	if (*end) {
		MUST(strchr(letters, *end) && (!end[1] || !strcmp(end + 1, "iB")));
		shift = 10 * (unsigned int)((strchr(letters, *end) - letters) % 3 + 1);
	}
	MUST(val << shift >> shift == val);
	return val << shift;
}

static void check_u64(const char *text, uint64_t max)
{
	uint64_t val = UNTOUCHED;

	if (parse_u64(text, max, &val))
		MUST(val == UNTOUCHED);
	else
		MUST(val <= max && val == reference(text));
}

static void check_range(const char *text)
{
	struct range range = { UNTOUCHED, UNTOUCHED };

	if (parse_range(text, &range))
		MUST(range.start == UNTOUCHED && range.length == UNTOUCHED);
	else
		MUST(range.length <= UINT64_MAX - range.start);
}

static void check_masked(const char *text, unsigned int width)
{
	uint64_t max = UINT64_MAX >> (64 - 8 * width);
	struct masked masked = { UNTOUCHED, UNTOUCHED, false };

	if (parse_masked(text, width, &masked)) {
		MUST(masked.value == UNTOUCHED && masked.mask == UNTOUCHED);
	} else {
		MUST(masked.value <= max && masked.mask <= max);
		MUST(masked.has_mask == !!strchr(text, ':'));
		MUST(masked.has_mask || masked.mask == max);
		MUST(!(masked.value & ~masked.mask));
	}
}

static void check_others(const char *text)
{
	unsigned int bar = 42, width = 42;
	uint64_t ns = UNTOUCHED;

	MUST(parse_bar(text, &bar) ? bar == 42 : bar <= 6);
	MUST(parse_width(text, &width) ? width == 42
				       : width == 1 || width == 2 || width == 4 || width == 8);
	MUST(parse_duration(text, &ns) ? ns == UNTOUCHED : ns > 0 && ns <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_string(data, len);

	check_u64(text, UINT64_MAX);
	check_u64(text, UINT32_MAX);
	check_u64(text, 0);
	check_range(text);
	for (unsigned int width = 1; width <= 8; width *= 2)
		check_masked(text, width);
	check_others(text);
	free(text);
	return 0;
}
