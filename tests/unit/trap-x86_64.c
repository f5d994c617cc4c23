// SPDX-License-Identifier: BSD-2-Clause
/* Loads and stores of x86-64, decoded for the trap. */
#include <ucontext.h>

#include "trap-insn.h"

const bool trap_decodes = true;

/* General registers as instructions number them. */
static const int numbers[] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

const unsigned char *trap_at(const void *context)
{
	return (const unsigned char *)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

/* Length of ModRM, SIB and displacement (AMD64 manual, volume 3, 1.4). */
static size_t operand_len(const unsigned char *modrm)
{
	unsigned int mod = modrm[0] >> 6, rm = modrm[0] & 7;
	size_t len = 1;

	if (mod != 3 && rm == 4)
		len++;
	if (mod == 1)
		len += 1;
	else if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (modrm[1] & 7) == 5))))
		len += 4;
	return len;
}

/* The immediate of @bytes at @s; 64-bit stores extend the sign of a 32-bit one. */
static uint64_t immediate(const unsigned char *s, size_t bytes, unsigned int width)
{
	uint64_t val = 0;

	for (size_t i = 0; i < bytes; i++)
		val |= (uint64_t)s[i] << 8 * i;
	return width == 8 ? (uint64_t)(int32_t)val : val;
}

/* The forms of MOV that move between memory and a general register or an immediate. */
bool trap_decode(const void *context, struct trap_insn *insn)
{
	const greg_t *regs = ((const ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *ip = trap_at(context), *s = ip;
	unsigned int rex = 0, full, opcode;
	bool narrow = *s == 0x66, imm, movzx;

	if (narrow)
		s++;
	if ((*s & 0xf0) == 0x40)
		rex = *s++;
	full = rex & 8 ? 8 : narrow ? 2 : 4;
	opcode = *s++;
	movzx = opcode == 0x0f;
	if (movzx)
		opcode = *s++;
	imm = !movzx && (opcode == 0xc6 || opcode == 0xc7);
	if (movzx ? opcode != 0xb6 && opcode != 0xb7
		  : !imm && (opcode < 0x88 || opcode > 0x8b))
		return false;

	*insn = (struct trap_insn){
		.width = movzx ? opcode - 0xb5 : opcode & 1 ? full : 1,
		.write = imm || (!movzx && opcode < 0x8a),
		.reg = (*s >> 3 & 7) + (rex & 4 ? 8 : 0),
	};
	insn->extends = movzx || insn->width == 4;

	/* Without REX, 4 to 7 would be AH to BH. */
	if (insn->width == 1 && !movzx && !imm && !rex && insn->reg >= 4)
		return false;

	s += operand_len(s);
	if (imm) {
		size_t bytes = insn->width == 8 ? 4 : insn->width;

		insn->val = immediate(s, bytes, insn->width);
		s += bytes;
	} else if (insn->write) {
		insn->val = (uint64_t)regs[numbers[insn->reg]] & trap_mask(insn->width);
	}
	insn->len = (size_t)(s - ip);
	return true;
}

void trap_finish(void *context, const struct trap_insn *insn, uint64_t val)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	greg_t *reg = &regs[numbers[insn->reg]];

	if (!insn->write && !insn->extends)
		val |= (uint64_t)*reg & ~trap_mask(insn->width);
	if (!insn->write)
		*reg = (greg_t)val;
	regs[REG_RIP] += (greg_t)insn->len;
}
