// SPDX-License-Identifier: BSD-2-Clause
/* A write of some bits of a register, and its preview. */
#include <inttypes.h>
#include <stdio.h>

#include "common/error.h"

#include "masked-write.h"

void masked_write_show(const struct context *ctx, bool dry_run, const struct masked_write *c)
{
	FILE *out = dry_run ? stdout : stderr;
	int digits = 2 * (int)c->width;

	if (!dry_run && !ctx->opt.verbose)
		return;
	if (out == stderr)
		report_prefix(ctx);
	fprintf(out, "0x%08" PRIx64 ": ", c->offset);
	if (c->masked->has_mask)
		fprintf(out, "0x%0*" PRIx64 " -> (0x%0*" PRIx64 ":0x%0*" PRIx64 ") -> ", digits,
			c->old, digits, c->masked->value, digits, c->masked->mask);
	fprintf(out, "0x%0*" PRIx64, digits, masked_write_new(c));
	if (c->was_read_back)
		fprintf(out, ", reads back 0x%0*" PRIx64, digits, c->got);
	fputc('\n', out);
}

int masked_write_verify(const struct context *ctx, unsigned int bar, const struct masked_write *c)
{
	const struct masked *m = c->masked;
	int digits = 2 * (int)c->width;

	if (!((c->got ^ m->value) & m->mask))
		return STATUS_OK;
	return fail_device(ctx, STATUS_NO, bar, "0x%08" PRIx64 " reads 0x%0*" PRIx64
			   " after writing 0x%0*" PRIx64 ":0x%0*" PRIx64, c->offset, digits, c->got,
			   digits, m->value, digits, m->mask);
}
