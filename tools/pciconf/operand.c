// SPDX-License-Identifier: BSD-2-Clause
/* Operands of several modes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/parse.h"

#include "pciconf.h"

#define ROW	16u	/* bytes of a line of units */

int operand_number(const struct context *ctx, const char *what, const char *text, uint64_t max,
		   uint64_t *out)
{
	const char *wrong = parse_u64(text, max, out);

	return wrong ? usage_error(ctx, "%s '%s': %s", what, text, wrong) : STATUS_OK;
}

int operand_aligned(const struct context *ctx, uint64_t offset, unsigned int width)
{
	if (offset % width)
		return usage_error(ctx, "offset 0x%" PRIx64 " is not a multiple of the width, %u "
				   "bytes", offset, width);
	return STATUS_OK;
}

int operand_span(const struct context *ctx, const char *text, unsigned int width, uint64_t max,
		 uint64_t *start, uint64_t *count)
{
	const char *colon = strchr(text, ':');
	char *first = colon ? strndup(text, (size_t)(colon - text)) : strdup(text);
	uint64_t end;
	int status;

	if (!first)
		return fail(ctx, STATUS_FAILED, "out of memory");

	status = operand_number(ctx, "offset", first, max, start);
	free(first);
	end = *start;
	if (!status && colon)
		status = operand_number(ctx, "end", colon + 1, max, &end);
	if (!status)
		status = operand_aligned(ctx, *start, width);
	if (!status && end < *start)
		status = usage_error(ctx, "'%s' ends before it begins", text);
	if (!status)
		*count = (end - *start) / width + 1;

	return status;
}

/*
 * As FreeBSD has it since 2026: a blank after each unit but the last of a line, and one more in the
 * middle of a line of bytes. Earlier releases have one more after every eighth unit of any width.
 */
void put_unit(uint64_t i, unsigned int width, const char *digits)
{
	unsigned int per_line = ROW / width;
	unsigned int column = (unsigned int)(i % per_line) + 1;

	fputs(digits, stdout);
	if (width == 1 && column == per_line / 2)
		putchar(' ');
	putchar(column == per_line ? '\n' : ' ');
}

void put_units_end(uint64_t count, unsigned int width)
{
	if (count % (ROW / width))
		putchar('\n');
}
