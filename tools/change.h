/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CHANGE_H
#define TOOLS_CHANGE_H

#include <stdint.h>

#include "cmd.h"
#include "parse.h"

/* A register that VALUE[:MASK] is written to */
struct change {
	uint64_t offset;
	unsigned int width;
	const struct masked *masked;
	uint64_t old;		/* only with a mask: without one nothing is read */
};

/* What the register holds after it */
static inline uint64_t change_new(const struct change *c)
{
	return (c->old & ~c->masked->mask) | (c->masked->value & c->masked->mask);
}

/*
 * "offset: old -> (value:mask) -> new", or "offset: value" without a mask: in a
 * dry run on stdout, with -v on stderr
 */
void change_show(const struct context *ctx, const struct change *c);

#endif
