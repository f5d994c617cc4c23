// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-gate FUNCTION BAR OFFSET ROUNDS TARGET {REGISTER WIDTH VALUE}...: two
 * threads map the page with OFFSET and read from it as fast as they can, while the
 * values are written to configuration space of the target by PCIOCWRITE, and what
 * the function has lost by that is given back the same way. TARGET is the function
 * itself, or the bridge above it. A failure is
 *
 *	SIGBUS	while the BAR decodes and nothing is being written;
 *	data	after a write that turned decoding off, or lost the BAR's address;
 *	a state in fdinfo that disagrees with both.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "pciio-check.h"

#define COMMAND		4
#define MEMORY		2u
#define HEADER_END	0x40
#define FAULTS		20

/* What the threads may rely on. */
enum phase { WORKS, CHANGES, IS_OFF };

static _Atomic unsigned int phase;		/* a count, and the phase in the low 2 bits */
static atomic_ulong spurious, stale, works[2], refused[2];
static atomic_bool over;
static struct pcisel sel, target;
static u_int32_t header[HEADER_END / 4];
static int pci, fd;
static off_t off;

static void enter(enum phase next)
{
	atomic_store(&phase, ((atomic_load(&phase) >> 2) + 1) << 2 | next);
}

static bool map_and_touch(char *base)
{
	unsigned int val;

	MUST((long)mmap(base, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, off & -(off_t)PAGE));
	return touch(base + off % (off_t)PAGE, &val);
}

static void *storm(void *number)
{
	long me = (long)number;
	char *base = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, off & -(off_t)PAGE);

	MUST((long)base);
	while (!atomic_load(&over)) {
		unsigned int before = atomic_load(&phase);
		bool ok = map_and_touch(base);

		atomic_fetch_add(ok ? &works[me] : &refused[me], 1);
		if (before != atomic_load(&phase))
			continue;
		if (!ok && (before & 3) == WORKS)
			atomic_fetch_add(&spurious, 1);
		if (ok && (before & 3) == IS_OFF)
			atomic_fetch_add(&stale, 1);
	}
	return NULL;
}

static u_int32_t conf(struct pcisel at, int reg, int width)
{
	struct pci_io io = { .pi_sel = at, .pi_reg = reg, .pi_width = width };

	MUST(ioctl(pci, PCIOCREAD, &io));
	return io.pi_data;
}

static void set_conf(struct pcisel at, int reg, int width, u_int32_t val)
{
	struct pci_io io = { .pi_sel = at, .pi_reg = reg, .pi_width = width, .pi_data = val };

	MUST(ioctl(pci, PCIOCWRITE, &io));
}

static void restore(void)
{
	for (int reg = HEADER_END - 4; reg > COMMAND; reg -= 4)
		if (conf(sel, reg, 4) != header[reg / 4])
			set_conf(sel, reg, 4, header[reg / 4]);
	set_conf(sel, COMMAND, 2, header[COMMAND / 4] & 0xffff);
}

static bool is_live(void)
{
	char path[64], text[1024];
	ssize_t len;
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = (int)MUST(open(path, O_RDONLY | O_CLOEXEC));
	len = MUST(read(info, text, sizeof(text) - 1));
	close(info);
	text[len] = 0;
	return strstr(text, "state:\tlive");
}

static void one_round(int argc, char **argv, char *base, int bar)
{
	unsigned long enough[2];
	unsigned int val;
	bool decodes, ok;
	int i;

	CHECK(map_and_touch(base));
	enter(CHANGES);
	for (i = 0; i + 2 < argc; i += 3)
		set_conf(target, (int)strtol(argv[i], NULL, 0), atoi(argv[i + 1]),
			 (u_int32_t)strtoul(argv[i + 2], NULL, 0));
	decodes = conf(sel, COMMAND, 2) & MEMORY &&
		  conf(sel, BAR(bar), 4) == header[BAR(bar) / 4];
	enter(decodes ? WORKS : IS_OFF);

	/* The page that was there before, and a new one. */
	ok = touch(base + off % (off_t)PAGE, &val);
	EQUAL(ok, decodes);
	ok = map_and_touch(base);
	EQUAL(ok, decodes);
	EQUAL(is_live(), decodes);
	for (i = 0; i < 2; i++)
		enough[i] = works[i] + refused[i] + FAULTS;
	for (i = 0; i < 2; i++)
		while (works[i] + refused[i] < enough[i])
			sched_yield();
	enter(CHANGES);
	restore();
	enter(WORKS);
	ok = map_and_touch(base);
	EQUAL(ok, true);
	EQUAL(is_live(), true);
	for (i = 0; i < 2; i++)
		for (enough[i] = works[i] + FAULTS; works[i] < enough[i];)
			sched_yield();
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	char *base;
	int i;

	if (argc < 9)
		return 2;

	sel = function(argv[1]);
	target = function(argv[5]);
	off = strtol(argv[3], NULL, 0);
	pci = node(O_RDWR);
	catch_bus_errors();
	fd = (int)MUST(bar_open(pci, sel, BAR(atoi(argv[2])), PCIIO_BAR_OPEN_ACTIVATE, UC));
	for (i = 0; i < HEADER_END; i += 4)
		header[i / 4] = conf(sel, i, 4);
	base = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, off & -(off_t)PAGE);
	MUST((long)base);
	for (i = 0; i < 2; i++)
		MUST(-pthread_create(&threads[i], NULL, storm, (void *)(long)i));
	for (i = 0; i < atoi(argv[4]) && !failures; i++)
		one_round(argc - 6, argv + 6, base, atoi(argv[2]));
	atomic_store(&over, true);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%lu and %lu touches worked, %lu and %lu were refused\n", works[0], works[1],
	       refused[0], refused[1]);
	EQUAL(spurious, 0);
	EQUAL(stale, 0);
	return verdict();
}
