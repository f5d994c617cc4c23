// SPDX-License-Identifier: BSD-2-Clause
/* Loads and stores of arm64, decoded for the trap. */
#include <string.h>
#include <ucontext.h>

#include "trap-insn.h"

#define ZERO_REGISTER	31

const bool trap_decodes = true;

const unsigned char *trap_at(const void *context)
{
	return (const unsigned char *)(uintptr_t)((const ucontext_t *)context)->uc_mcontext.pc;
}

/*
 * LDR and STR of a general register with a scaled offset (Arm ARM, C4.1, "load/store register,
 * unsigned immediate"). Forms that change the base register are not plain: a hypervisor cannot
 * emulate them. Nor are loads that extend the sign.
 */
bool trap_decode(const void *context, struct trap_insn *insn)
{
	const mcontext_t *mc = &((const ucontext_t *)context)->uc_mcontext;
	uint32_t word, opc;

	memcpy(&word, trap_at(context), sizeof(word));
	opc = word >> 22 & 3;
	if ((word & 0x3f000000) != 0x39000000 || opc > 1)
		return false;

	*insn = (struct trap_insn){
		.len = sizeof(word),
		.width = 1u << (word >> 30),
		.write = !opc,
		.extends = true,
		.reg = word & 31,
	};
	if (insn->write && insn->reg != ZERO_REGISTER)
		insn->val = mc->regs[insn->reg] & trap_mask(insn->width);

	return true;
}

void trap_finish(void *context, const struct trap_insn *insn, uint64_t val)
{
	mcontext_t *mc = &((ucontext_t *)context)->uc_mcontext;

	if (!insn->write && insn->reg != ZERO_REGISTER)
		mc->regs[insn->reg] = val;
	mc->pc += insn->len;
}
