// SPDX-License-Identifier: BSD-2-Clause
/* Arguments of options that more than one verb has. */
#include <string.h>

#include "common/parse.h"

#include "verb-options.h"

const char *option_set_width(void *value, const char *arg)
{
	return parse_width(arg, value);
}

const char *option_set_width_any(void *value, const char *arg)
{
	unsigned int *width = value;

	if (!strcmp(arg, "any")) {
		*width = WIDTH_ANY;
		return NULL;
	}
	return parse_width(arg, width) ? "not a width: use 1, 2, 4, 8 or any" : NULL;
}

const char *option_set_u64(void *value, const char *arg)
{
	return parse_u64(arg, UINT64_MAX, value);
}

const char *option_set_count(void *value, const char *arg)
{
	uint64_t *count = value;
	const char *wrong = parse_u64(arg, UINT64_MAX, count);

	return wrong || *count ? wrong : "the count is zero";
}

const char *option_set_duration(void *value, const char *arg)
{
	return parse_duration(arg, value);
}
