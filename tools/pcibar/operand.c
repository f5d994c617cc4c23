// SPDX-License-Identifier: BSD-2-Clause
/* Operands of several verbs. */
#include <inttypes.h>

#include "common/error.h"

#include "operand.h"

int operand_bar(const struct context *ctx, const char *text, unsigned int *bar)
{
	const char *wrong = parse_bar(text, bar);

	return wrong ? usage_error(ctx, "BAR '%s': %s", text, wrong) : STATUS_OK;
}

int operand_range(const struct context *ctx, const char *text, struct range *range)
{
	const char *wrong = parse_range(text, range);

	return wrong ? usage_error(ctx, "offset '%s': %s", text, wrong) : STATUS_OK;
}

int operand_fits(const struct context *ctx, uint64_t start, uint64_t length, unsigned int width)
{
	uint64_t both = start | length | 8;
	uint64_t fits = both & -both;

	if (width == WIDTH_ANY)
		return STATUS_OK;
	if (start % width)
		return usage_error(ctx, "offset 0x%" PRIx64 " is not a multiple of %u: use -w %"
				   PRIu64, start, width, fits);
	if (length % width)
		return usage_error(ctx, "0x%" PRIx64 " bytes are not a multiple of %u: use -w %"
				   PRIu64, length, width, fits);

	return STATUS_OK;
}
