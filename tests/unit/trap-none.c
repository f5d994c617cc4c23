// SPDX-License-Identifier: BSD-2-Clause
/* No trap: this CPU has no decoder. */
#include "trap-insn.h"

const bool trap_decodes = false;

const unsigned char *trap_at(const void *context)
{
	(void)context;
	return NULL;
}

bool trap_decode(const void *context, struct trap_insn *insn)
{
	(void)context;
	(void)insn;
	return false;
}

void trap_finish(void *context, const struct trap_insn *insn, uint64_t val)
{
	(void)context;
	(void)insn;
	(void)val;
}
