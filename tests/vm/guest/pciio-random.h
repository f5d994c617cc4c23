/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the programs that try things at random: numbers from a seed, a bound in
 * time, counts of what came of it, and allocations that fail in the kernel.
 */
#ifndef PCIIO_RANDOM_H
#define PCIIO_RANDOM_H

#include <stdatomic.h>
#include <time.h>

#include "pciio-check.h"

#define ERRNOS		134
#define HEADER		64	/* bytes of configuration space */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

static _Thread_local uint64_t seed;
static time_t end;

/* xorshift64*: the same run for the same seed. */
static inline uint64_t rnd(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dULL;
}

static inline unsigned int below(unsigned int n)
{
	return (unsigned int)(rnd() >> 32) % n;
}

/* One time in @n. */
static inline bool one_in(unsigned int n)
{
	return !below(n);
}

/* Another sequence for each process and thread: 0 would stay 0. */
static inline void reseed(uint64_t from, unsigned int who)
{
	seed = (from << 8 | who) * 2 + 1;
	for (int i = 0; i < 8; i++)
		rnd();
}

static inline time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static inline bool time_left(void)
{
	return now() < end;
}

/* A function to play with, "ro:" before those that are not written to. */
struct target {
	struct pcisel sel;
	bool writable;
	unsigned char header[HEADER];	/* as it was found */
	int regs[7];			/* of the BARs that it has */
	unsigned int count;
};

static struct target targets[8];
static unsigned int target_count;
static int rw;			/* /dev/pci */

static inline void target_learn(const char *name)
{
	struct target *target = &targets[target_count++];
	int reg;

	target->writable = strncmp(name, "ro:", 3);
	target->sel = function(name + (target->writable ? 0 : 3));
	for (reg = 0; reg < HEADER; reg++) {
		struct pci_io io = { .pi_sel = target->sel, .pi_reg = reg, .pi_width = 1 };

		MUST(ioctl(rw, PCIOCREAD, &io));
		target->header[reg] = (unsigned char)io.pi_data;
	}
	for (reg = BAR(0); reg <= ROM; reg += 4) {
		struct pci_bar_io io = { .pbi_sel = target->sel, .pbi_reg = reg };

		if (!ioctl(rw, PCIOCGETBAR, &io) && target->count < ARRAY_SIZE(target->regs))
			target->regs[target->count++] = reg;
	}
}

static inline struct target *random_target(void)
{
	return &targets[below(target_count)];
}

static inline int random_bar(const struct target *target)
{
	return target->regs[below(target->count)];
}

/* How often each kind of operation ended with each errno; shared by all processes. */
struct tally {
	atomic_uint injected;
	atomic_uint count[][ERRNOS];
};

static struct tally *tally;

static inline void tally_init(unsigned int kinds)
{
	tally = mmap(NULL, sizeof(*tally) + kinds * sizeof(*tally->count), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		exit(1);
}

/* Counts a call by its result, which it gives back. */
static inline long counted(unsigned int kind, long ret)
{
	int error = ret == -1 ? errno : 0;

	atomic_fetch_add(&tally->count[kind][error < ERRNOS ? error : 0], 1);
	return ret;
}

static inline void tally_print(const char *const *names, unsigned int kinds)
{
	unsigned int kind, error, n;

	for (kind = 0; kind < kinds; kind++) {
		printf("%s:", names[kind]);
		for (error = 0; error < ERRNOS; error++) {
			n = tally->count[kind][error];
			if (n)
				printf(" %s %u", error ? strerrorname_np((int)error) : "ok", n);
		}
		puts("");
	}
	printf("allocations failed: %u\n", tally->injected);
}

/* [-f] SECONDS SEED [ro:]FUNCTION...; says "ready" when these have been checked. */
static inline uint64_t begin(int argc, char **argv, unsigned int kinds, bool *fail)
{
	int i = 1;

	*fail = argc > 1 && !strcmp(argv[1], "-f");
	i += *fail;
	if (argc < i + 3 || argc > i + 2 + (int)ARRAY_SIZE(targets))
		exit(2);
	tally_init(kinds);
	catch_bus_errors();
	rw = node(O_RDWR);
	for (int name = i + 2; name < argc; name++)
		target_learn(argv[name]);
	puts("ready");
	fflush(stdout);
	end = now() + atoi(argv[i]);
	return strtoull(argv[i + 1], NULL, 0);
}

/*
 * Allocations that fail: the kernel counts this thread's down and lets the one
 * fail at which the number comes to 0.
 */
static _Thread_local int fail_nth = -1;
static _Thread_local bool armed;

static inline void fail_open(void)
{
	fail_nth = (int)MUST(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
}

/* In a child: the file is its parent's. */
static inline void fail_reopen(void)
{
	if (fail_nth < 0)
		return;
	close(fail_nth);
	fail_open();
}

static inline void fail_begin(void)
{
	char text[16];
	int len;

	if (fail_nth < 0 || one_in(2))
		return;
	len = snprintf(text, sizeof(text), "%u", 1 + below(one_in(4) ? 64 : 12));
	MUST(pwrite(fail_nth, text, (size_t)len, 0));
	armed = true;
}

/* Keeps errno, which is still to be counted. */
static inline void fail_end(void)
{
	int error = errno;
	char text[16] = "";

	if (!armed)
		return;
	armed = false;
	MUST(pread(fail_nth, text, sizeof(text) - 1, 0));
	if (atoi(text))
		MUST(pwrite(fail_nth, "0", 1, 0));
	else
		atomic_fetch_add(&tally->injected, 1);
	errno = error;
}

#endif
