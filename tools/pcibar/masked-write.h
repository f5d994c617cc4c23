/* SPDX-License-Identifier: BSD-2-Clause */
/* A write of some bits of a register, and its preview. */
#ifndef TOOLS_PCIBAR_MASKED_WRITE_H
#define TOOLS_PCIBAR_MASKED_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/parse.h"

#include "cmd.h"

/* A register that VALUE[:MASK] is written to */
struct masked_write {
	uint64_t offset;
	unsigned int width;
	const struct masked *masked;
	uint64_t old;		/* only with a mask: without one nothing is read */
	bool was_read_back;
	uint64_t got;		/* only if it was read back */
};

/* What the register holds after it */
static inline uint64_t masked_write_new(const struct masked_write *c)
{
	return (c->old & ~c->masked->mask) | (c->masked->value & c->masked->mask);
}

/*
 * "offset: old -> (value:mask) -> new", or "offset: value" without a mask, then
 * ", reads back got": in a dry run on stdout, with -v on stderr
 */
void masked_write_show(const struct context *ctx, bool dry_run, const struct masked_write *c);

/*
 * Compares what was read back with what was written: of a value with a mask only
 * the masked bits, the others were not to change. Returns an enum status, and has
 * reported a difference; @bar may be NO_BAR.
 */
int masked_write_verify(const struct context *ctx, unsigned int bar, const struct masked_write *c);

#endif
