// SPDX-License-Identifier: BSD-2-Clause
#include "trap.h"

#include "unit.h"

#ifdef __x86_64__

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "must.h"

static struct {
	char *base, *mirror;
	size_t len;
	struct sigaction old;
	struct trap_access seen[TRAP_MAX];
	size_t count;
} trap;

struct insn {
	size_t len;
	unsigned int width;
	bool write;
	bool extends;		/* clears what is above @width in the register */
	bool has_imm;
	uint64_t imm;
	unsigned int reg;
};

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

/* The forms of MOV that compilers make of a volatile access; false: another instruction. */
static bool decode(const unsigned char *ip, struct insn *insn)
{
	const unsigned char *s = ip;
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
	*insn = (struct insn){
		.width = movzx ? opcode - 0xb5 : opcode & 1 ? full : 1,
		.write = imm || (!movzx && opcode < 0x8a),
		.extends = movzx || full == 4,
		.has_imm = imm,
		.reg = (*s >> 3 & 7) + (rex & 4 ? 8 : 0),
	};
	/* Without REX, 4 to 7 would be AH to BH. */
	if (insn->width == 1 && !movzx && !imm && !rex && insn->reg >= 4)
		return false;
	s += operand_len(s);
	if (imm) {
		size_t bytes = insn->width == 8 ? 4 : insn->width;

		for (size_t i = 0; i < bytes; i++)
			insn->imm |= (uint64_t)s[i] << 8 * i;
		if (insn->width == 8)
			insn->imm = (uint64_t)(int32_t)insn->imm;
		s += bytes;
	}
	insn->len = (size_t)(s - ip);
	return true;
}

static uint64_t mask(unsigned int width)
{
	return UINT64_MAX >> (64 - 8 * width);
}

static void carry_out(const struct insn *insn, uint64_t off, greg_t *regs)
{
	static const int numbers[] = {
		REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
		REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
	};
	uint64_t reg = (uint64_t)regs[numbers[insn->reg]], val = 0;

	MUST(trap.count < TRAP_MAX);
	if (insn->write) {
		val = (insn->has_imm ? insn->imm : reg) & mask(insn->width);
		memcpy(trap.mirror + off, &val, insn->width);
	} else {
		memcpy(&val, trap.mirror + off, insn->width);
		if (!insn->extends)
			reg = (reg & ~mask(insn->width)) | val;
		regs[numbers[insn->reg]] = (greg_t)(insn->extends ? val : reg);
	}
	trap.seen[trap.count++] = (struct trap_access){ off, insn->width, insn->write, val };
	regs[REG_RIP] += (greg_t)insn->len;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	const unsigned char *ip = (const unsigned char *)uc->uc_mcontext.gregs[REG_RIP];
	const char *addr = info->si_addr;
	struct insn insn;

	(void)sig;
	MUST(addr >= trap.base && addr < trap.base + trap.len);
	if (!decode(ip, &insn)) {
		fprintf(stderr, "an access by no plain move: %02x %02x %02x %02x %02x %02x\n",
			ip[0], ip[1], ip[2], ip[3], ip[4], ip[5]);
		abort();
	}
	carry_out(&insn, (uint64_t)(addr - trap.base), uc->uc_mcontext.gregs);
}

const char *trap_impossible(void)
{
	return unit_under_valgrind() ? "valgrind shows no registers in fault handlers" : NULL;
}

void trap_begin(volatile void *base, size_t len, int fd)
{
	struct sigaction ours = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	trap.base = (char *)(uintptr_t)base;
	trap.len = len;
	trap.count = 0;
	trap.mirror = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(trap.mirror != MAP_FAILED);
	MUST(!sigaction(SIGSEGV, &ours, &trap.old));
	MUST(!mprotect(trap.base, len, PROT_NONE));
}

const struct trap_access *trap_seen(size_t *count)
{
	*count = trap.count;
	return trap.seen;
}

void trap_end(void)
{
	if (!trap.base)
		return;
	MUST(!mprotect(trap.base, trap.len, PROT_READ | PROT_WRITE));
	MUST(!sigaction(SIGSEGV, &trap.old, NULL));
	MUST(!munmap(trap.mirror, trap.len));
	trap.base = NULL;
}

#else

const char *trap_impossible(void)
{
	return "watching accesses is written for x86-64";
}

void trap_begin(volatile void *base, size_t len, int fd)
{
	(void)base;
	(void)len;
	(void)fd;
}

const struct trap_access *trap_seen(size_t *count)
{
	*count = 0;
	return NULL;
}

void trap_end(void)
{
}

#endif
