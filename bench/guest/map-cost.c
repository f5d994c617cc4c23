// SPDX-License-Identifier: BSD-2-Clause
/*
 * map-cost FUNCTION FIGURE SIZE RUNS PEER-RUNS: what it costs to map SIZE bytes of BAR 2, by a
 * BAR descriptor of the module and, PEER-RUNS times, by sysfs. Prints "WAY VALUE..." a line, in
 * nanoseconds (pagetables: in KiB).
 *
 *	first		open, map, touch one word, unmap, close
 *	ends		the same after one word was touched in every 2 MiB; touching is not timed
 *	sparse		the same, all timed
 *	dense		one word touched in every page, all timed
 *	odd		the same at an address where leaves of 2 MiB are impossible
 *	pagetables	VmPTE after one word was touched in every 2 MiB
 *
 * The ways take turns, so that a machine whose speed changes changes both.
 */
#define _GNU_SOURCE
#include <time.h>

#include "pciio-check.h"

#define MAX_RUNS	1000

enum when { NEVER, ONE, SPARSE, DENSE };

static const struct figure {
	const char *name;
	enum when touch;
	bool timed;		/* touching counts */
	bool odd;
	bool pagetables;	/* their size, not time */
} figures[] = {
	{ .name = "first", .touch = ONE, .timed = true },
	{ .name = "ends", .touch = SPARSE },
	{ .name = "sparse", .touch = SPARSE, .timed = true },
	{ .name = "dense", .touch = DENSE, .timed = true },
	{ .name = "odd", .touch = DENSE, .timed = true, .odd = true },
	{ .name = "pagetables", .touch = SPARSE, .pagetables = true },
};

static const char *address;
static struct pcisel sel;
static int pci;

/* Opened each time: the descriptor is what reserves the memory type, sysfs does it in mmap(). */
static int open_module(void)
{
	return (int)MUST(bar_open(pci, sel, BAR(2), PCIIO_BAR_OPEN_RW, 0));
}

static int open_sysfs(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource2", address);
	return (int)MUST(open(path, O_RDWR | O_CLOEXEC));
}

static const struct way {
	const char *name;
	int (*open)(void);
} ways[] = {
	{ "pciio", open_module },
	{ "sysfs", open_sysfs },
};

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void touch_all(const volatile char *base, size_t len, enum when touch)
{
	size_t step = touch == DENSE ? PAGE : LEAF;

	for (size_t off = 0; off < (touch == ONE ? 1 : len); off += step)
		(void)*(const volatile unsigned int *)(base + off);
}

/* A page beyond an address that is good for leaves of 2 MiB; replaced by the mapping. */
static void *odd_place(size_t len)
{
	char *area = mmap(NULL, len + 2 * LEAF, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(area == MAP_FAILED ? -1 : 0);
	return (void *)(((unsigned long)area + LEAF - 1) / LEAF * LEAF + PAGE);
}

static long long measure(const struct way *way, const struct figure *figure, size_t len)
{
	void *place = figure->odd ? odd_place(len) : NULL;
	long pagetables = figure->pagetables ? status_kib("VmPTE") : 0;
	long long start = now(), untimed = 0;
	int fd = way->open();
	char *base = mmap(place, len, PROT_READ | PROT_WRITE, MAP_SHARED | (place ? MAP_FIXED : 0),
			  fd, 0);

	MUST(base == MAP_FAILED ? -1 : 0);
	untimed -= figure->timed ? 0 : now();
	touch_all(base, len, figure->touch);
	if (figure->pagetables)
		pagetables = status_kib("VmPTE") - pagetables;
	untimed += figure->timed ? 0 : now();
	MUST(munmap(base, len));
	close(fd);
	if (figure->pagetables)
		return pagetables;
	start = now() - start - untimed;
	if (place)
		MUST(munmap((char *)place - PAGE, len + LEAF));
	return start;
}

int main(int argc, char **argv)
{
	static long long taken[2][MAX_RUNS];
	const struct figure *figure = figures;
	int runs, peer_runs, i, j;
	size_t len;

	if (argc != 6)
		return 2;
	address = argv[1];
	sel = function(address);
	while (strcmp(figure->name, argv[2]))
		if (++figure == figures + sizeof(figures) / sizeof(*figures))
			return 2;
	len = strtoul(argv[3], NULL, 0);
	runs = atoi(argv[4]);
	peer_runs = atoi(argv[5]);
	if (runs > MAX_RUNS || peer_runs > runs)
		return 2;
	pci = node(O_RDWR);
	measure(&ways[0], figure, len);		/* warms up */
	for (i = 0, j = 0; i < runs; i++) {
		taken[0][i] = measure(&ways[0], figure, len);
		if ((i + 1) * peer_runs / runs > j)
			taken[1][j++] = measure(&ways[1], figure, len);
	}
	for (i = 0; i < 2; i++) {
		printf("%s", ways[i].name);
		for (j = 0; j < (i ? peer_runs : runs); j++)
			printf(" %lld", taken[i][j]);
		printf("\n");
	}
	return 0;
}
