/* SPDX-License-Identifier: BSD-2-Clause */
/* A register that should have a value. */
#ifndef TOOLS_PCIBAR_CONDITION_H
#define TOOLS_PCIBAR_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/context.h"
#include "common/parse.h"

struct condition {
	unsigned int bar;
	unsigned int width;
	uint64_t offset;
	struct masked wanted;
};

/* Whether the masked bits of @got have the value */
bool condition_holds(const struct condition *c, uint64_t got);

/*
 * Reports that they do not: where, what was read last and what was wanted.
 * @timeout_ns: how long that was waited for; 0: not at all. Returns STATUS_NO.
 */
int condition_fail(const struct context *ctx, const struct condition *c, uint64_t got,
		   uint64_t timeout_ns);

#endif
