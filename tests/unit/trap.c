// SPDX-License-Identifier: BSD-2-Clause
/* Counts the accesses to a window, by faults. */
#include "trap.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "must.h"
#include "trap-insn.h"
#include "unit.h"

static struct {
	char *base, *mirror;
	size_t len;
	struct sigaction old;
	struct trap_access seen[TRAP_MAX];
	size_t count;
} trap;

/* Values are numbers of the host, which is little-endian where trap_decode() is written. */
static void carry_out(const struct trap_insn *insn, uint64_t off, void *context)
{
	uint64_t val = insn->val;

	MUST(trap.count < TRAP_MAX);
	if (insn->write)
		memcpy(trap.mirror + off, &val, insn->width);
	else
		memcpy(&val, trap.mirror + off, insn->width);
	trap.seen[trap.count++] = (struct trap_access){ off, insn->width, insn->write, val };
	trap_finish(context, insn, val);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	const unsigned char *at = trap_at(context);
	const char *addr = info->si_addr;
	struct trap_insn insn;

	(void)sig;
	MUST(addr >= trap.base && addr < trap.base + trap.len);
	if (!trap_decode(context, &insn)) {
		fprintf(stderr, "an access by no plain move: %02x %02x %02x %02x %02x %02x\n",
			at[0], at[1], at[2], at[3], at[4], at[5]);
		abort();
	}
	carry_out(&insn, (uint64_t)(addr - trap.base), context);
}

const char *trap_impossible(void)
{
	if (!trap_decodes)
		return "watching accesses is written for x86-64 and arm64";
	return unit_under_valgrind() ? "valgrind shows no registers in fault handlers" : NULL;
}

void trap_begin(volatile void *base, size_t len, int fd)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	trap.base = (char *)(uintptr_t)base;
	trap.len = len;
	trap.count = 0;
	trap.mirror = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(trap.mirror != MAP_FAILED);
	MUST(!sigaction(SIGSEGV, &action, &trap.old));
	MUST(!mprotect(trap.base, len, PROT_NONE));
}

const struct trap_access *trap_seen(size_t *count)
{
	/* The handler has run where the compiler saw no call, above all with LTO. */
	atomic_signal_fence(memory_order_seq_cst);
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
