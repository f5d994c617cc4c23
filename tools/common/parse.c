// SPDX-License-Identifier: BSD-2-Clause
/* Numbers, ranges and times as the user types them. */
#include <string.h>

#include <pcibar/bar.h>

#include "parse.h"

#define NS_PER_US	UINT64_C(1000)
#define NS_PER_MS	UINT64_C(1000000)
#define NS_PER_S	UINT64_C(1000000000)

static const char too_large[] = "the number is too large";

/* The value of a digit; 16 if it is not one. isxdigit() depends on the locale. */
static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 16;
}

/* Reads digits from *@pos on, and moves *@pos after the last one. */
static const char *scan_number(const char **pos, const char *end, uint64_t *out)
{
	const char *s = *pos;
	unsigned int base = 10;
	uint64_t val = 0;

	if (s == end)
		return "a number is missing";
	if (*s == '-')
		return "a number cannot be negative";
	if (end - s >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (end - s >= 2 && s[0] == '0' && digit(s[1]) < 10) {
		return "octal numbers are not supported: use 0x... or drop the leading zero";
	}
	if (s == end || digit(*s) >= base)
		return "not a number: use decimal or 0x...";

	for (; s < end && digit(*s) < base; s++)
		if (__builtin_mul_overflow(val, base, &val) ||
		    __builtin_add_overflow(val, digit(*s), &val))
			return too_large;
	*pos = s;
	*out = val;
	return NULL;
}

/* K, M or G, also as k, KiB, MiB and GiB; returns the shift, or -1. */
static int scan_suffix(const char *s, const char *end)
{
	static const char letters[] = "KMG";
	const char *found;

	if (end - s != 1 && (end - s != 3 || s[1] != 'i' || s[2] != 'B'))
		return -1;
	found = *s == 'k' ? letters : memchr(letters, *s, sizeof(letters) - 1);
	return found ? 10 * (int)(found - letters + 1) : -1;
}

static const char *parse_span(const char *s, const char *end, uint64_t max, uint64_t *out)
{
	const char *wrong;
	int shift = 0;
	uint64_t val;

	wrong = scan_number(&s, end, &val);
	if (wrong)
		return wrong;
	if (s < end) {
		shift = scan_suffix(s, end);
		if (shift < 0)
			return "trailing characters after the number";
	}
	if (val > UINT64_MAX >> shift || val << shift > max)
		return too_large;

	*out = val << shift;
	return NULL;
}

const char *parse_u64(const char *str, uint64_t max, uint64_t *out)
{
	return parse_span(str, str + strlen(str), max, out);
}

const char *parse_range(const char *str, struct range *out)
{
	const char *end = str + strlen(str);
	const char *plus = strchr(str, '+');
	struct range range = { 0 };
	const char *wrong;

	wrong = parse_span(str, plus ? plus : end, UINT64_MAX, &range.start);
	if (wrong)
		return wrong;
	if (plus) {
		wrong = parse_span(plus + 1, end, UINT64_MAX, &range.length);
		if (wrong)
			return wrong;
		if (!range.length)
			return "the length is zero";
		if (range.length > UINT64_MAX - range.start)
			return "the range ends beyond 64 bits";
	}
	*out = range;
	return NULL;
}

const char *parse_masked(const char *str, unsigned int width, struct masked *out)
{
	const char *end = str + strlen(str);
	const char *colon = strchr(str, ':');
	uint64_t max = UINT64_MAX >> (64 - 8 * width);
	struct masked masked = { .mask = max, .has_mask = colon };
	const char *wrong;

	wrong = parse_span(str, colon ? colon : end, UINT64_MAX, &masked.value);
	if (!wrong && colon)
		wrong = parse_span(colon + 1, end, UINT64_MAX, &masked.mask);
	if (wrong)
		return wrong;
	if (masked.value > max || masked.mask > max)
		return "it does not fit into the width: use a larger -w";
	if (masked.value & ~masked.mask)
		return "the value has bits outside the mask";

	*out = masked;
	return NULL;
}

/* The digits after a decimal point, which is at *@pos, in parts of 10^9 */
static const char *scan_fraction(const char **pos, uint64_t *out)
{
	const char *s = *pos + 1;
	uint64_t unit = NS_PER_S;

	if (digit(*s) > 9)
		return "a digit is missing after the point";
	for (; digit(*s) <= 9; s++) {
		unit /= 10;
		*out += unit * digit(*s);
	}

	*pos = s;
	return NULL;
}

const char *parse_duration(const char *str, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "us", NS_PER_US },
		{ "ms", NS_PER_MS },
		{ "s", NS_PER_S },
		{ "m", 60 * NS_PER_S },
	};
	uint64_t fraction = 0;	/* in parts of 10^9 */
	const char *wrong;
	uint64_t val;

	wrong = scan_number(&str, str + strlen(str), &val);
	if (wrong)
		return wrong;
	if (*str == '.') {
		wrong = scan_fraction(&str, &fraction);
		if (wrong)
			return wrong;
	}
	if (!*str)
		return "the unit is missing: use us, ms, s or m after the number";

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(str, units[i].name) != 0)
			continue;
		/* In two steps, because the product may not fit into 64 bits. Cut to whole ns. */
		fraction = fraction * (units[i].ns / 1000) / 1000000;
		if (!val && !fraction)
			return "the duration is zero";
		/* Headroom, so that a point in time can be added without a thought. */
		if (val > INT64_MAX / 2 / units[i].ns)
			return too_large;
		*ns = val * units[i].ns + fraction;
		return NULL;
	}
	return "not a unit of time: use us, ms, s or m after the number";
}

const char *parse_bar(const char *str, unsigned int *bar)
{
	if (!strcmp(str, "rom") || !strcmp(str, "ROM")) {
		*bar = PCIBAR_BAR_ROM;
		return NULL;
	}
	if (!strncmp(str, "BAR", 3) || !strncmp(str, "bar", 3))
		str += 3;
	if (str[0] < '0' || str[0] > '5' || str[1])
		return "not a BAR: use 0 to 5, or rom";
	*bar = (unsigned int)(str[0] - '0');
	return NULL;
}

const char *parse_width(const char *str, unsigned int *width)
{
	uint64_t val;

	if (parse_u64(str, 8, &val) || !val || val & (val - 1))
		return "not a width: use 1, 2, 4 or 8";
	*width = (unsigned int)val;
	return NULL;
}
