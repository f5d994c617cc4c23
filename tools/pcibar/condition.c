// SPDX-License-Identifier: BSD-2-Clause
/* A register that should have a value. */
#include <inttypes.h>
#include <stdio.h>

#include "common/error.h"

#include "condition.h"

bool condition_holds(const struct condition *c, uint64_t got)
{
	return !((got ^ c->wanted.value) & c->wanted.mask);
}

int condition_fail(const struct context *ctx, const struct condition *c, uint64_t got,
		   uint64_t timeout_ns)
{
	int digits = 2 * (int)c->width;
	char waited[48] = "", mask[24] = "";

	if (timeout_ns)
		snprintf(waited, sizeof(waited), "timed out after %g s: ",
			 (double)timeout_ns / 1e9);
	if (c->wanted.has_mask)
		snprintf(mask, sizeof(mask), ":0x%0*" PRIx64, digits, c->wanted.mask);
	return fail_device(ctx, STATUS_NO, c->bar, "%s0x%08" PRIx64 " reads 0x%0*" PRIx64
			   ", wanted 0x%0*" PRIx64 "%s", waited, c->offset, digits, got, digits,
			   c->wanted.value, mask);
}
