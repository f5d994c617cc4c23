// SPDX-License-Identifier: BSD-2-Clause
/*
 * map-cost CLOCK FIGURE {WAY FUNCTION SIZE RUNS}...: what it costs to map SIZE bytes of BAR 2 of
 * each FUNCTION in its WAY, RUNS times. CLOCK: "time", in nanoseconds, or "instructions". Prints
 * "WAY/FUNCTION VALUE..." a line.
 *
 *	first		map, touch one word, unmap
 *	ends		the same after one word was touched in every 2 MiB; touching is not timed
 *	sparse		the same, all timed
 *	dense		one word touched in every page of the first GiB, all timed
 *	odd		the same at an address where 2 MiB pages are impossible
 *	kib-sparse, kib-dense
 *			no cost: VmPTE in KiB after that much touching; kib-mapped: before any
 *
 * The ways take turns, so that a machine whose speed changes changes all.
 */
#define _GNU_SOURCE
#include "clock.h"
#include "vfio-device.h"

#define MAX_RUNS	1000
#define MAX_USERS	4
#define WARM		3	/* what runs less often takes seconds, and need not be warm */
#define GIB		(1UL << 30)

enum when { NEVER, ONE, SPARSE, DENSE };

static const struct figure {
	const char *name;
	enum when touch;
	bool timed;		/* touching counts */
	bool odd;
	bool pagetables;	/* their size, not cost */
} figures[] = {
	{ .name = "first", .touch = ONE, .timed = true },
	{ .name = "ends", .touch = SPARSE },
	{ .name = "sparse", .touch = SPARSE, .timed = true },
	{ .name = "dense", .touch = DENSE, .timed = true },
	{ .name = "odd", .touch = DENSE, .timed = true, .odd = true },
	{ .name = "kib-mapped", .touch = NEVER, .pagetables = true },
	{ .name = "kib-sparse", .touch = SPARSE, .pagetables = true },
	{ .name = "kib-dense", .touch = DENSE, .pagetables = true },
};

static long long (*now)(void) = nanoseconds;
static int pci;

static int open_module(const char *address, off_t *offset)
{
	*offset = 0;
	return (int)MUST(bar_open(pci, function(address), BAR(2), PCIIO_BAR_OPEN_RW, 0));
}

static int open_sysfs(const char *address, off_t *offset)
{
	char path[128];

	*offset = 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource2", address);
	return (int)MUST(open(path, O_RDWR | O_CLOEXEC));
}

static int open_vfio(const char *address, off_t *offset)
{
	return vfio_device(address, 2, offset);
}

/*
 * The BAR descriptor reserves the memory type, which sysfs does in mmap(): beside sysfs opening it
 * is part of the cost. VFIO reserves it once for all, too, so that both are held beside it.
 */
static const struct way {
	const char *name;
	int (*open)(const char *address, off_t *offset);
	bool held;
} ways[] = {
	{ "pciio", open_module, false },
	{ "pciio-held", open_module, true },
	{ "sysfs", open_sysfs, false },
	{ "vfio-held", open_vfio, true },
};

static struct user {
	const struct way *way;
	const char *address;
	size_t len;
	int fd;
	off_t offset;
	int runs, done;
	long long taken[MAX_RUNS];
} users[MAX_USERS];

static void touch_all(const volatile char *base, size_t len, enum when touch)
{
	size_t step = touch == DENSE ? PAGE : PMD_BYTES;

	if (touch < SPARSE)
		len = touch == ONE ? 1 : 0;
	else if (touch == DENSE && len > GIB)
		len = GIB;
	for (size_t off = 0; off < len; off += step)
		(void)*(const volatile unsigned int *)(base + off);
}

/* A page beyond an address that is good for 2 MiB pages; replaced by the mapping. */
static void *odd_place(size_t len)
{
	char *area = mmap(NULL, len + 2 * PMD_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(area == MAP_FAILED ? -1 : 0);
	return (void *)(((unsigned long)area + PMD_BYTES - 1) / PMD_BYTES * PMD_BYTES + PAGE);
}

static long long measure(struct user *user, const struct figure *figure)
{
	size_t len = user->len;
	void *place = figure->odd ? odd_place(len) : NULL;
	long long start = now(), untimed = 0;
	long pagetables;
	char *base;

	if (!user->way->held)
		user->fd = user->way->open(user->address, &user->offset);
	base = mmap(place, len, PROT_READ | PROT_WRITE, MAP_SHARED | (place ? MAP_FIXED : 0),
		    user->fd, user->offset);
	MUST(base == MAP_FAILED ? -1 : 0);
	untimed -= figure->timed ? 0 : now();
	touch_all(base, len, figure->touch);
	pagetables = figure->pagetables ? status_kib("VmPTE") : 0;
	untimed += figure->timed ? 0 : now();
	MUST(munmap(base, len));
	if (!user->way->held)
		close(user->fd);
	start = now() - start - untimed;
	if (place)
		MUST(munmap((char *)place - PAGE, len + PMD_BYTES));

	return figure->pagetables ? pagetables : start;
}

static void prepare(struct user *user, char **words, const struct figure *figure)
{
	const struct way *way = ways;

	while (strcmp(way->name, words[0]))
		if (++way == ways + sizeof(ways) / sizeof(*ways))
			exit(2);
	user->way = way;
	user->address = words[1];
	user->len = strtoul(words[2], NULL, 0);
	user->runs = atoi(words[3]);
	if (user->runs > MAX_RUNS)
		exit(2);
	if (way->held)
		user->fd = way->open(user->address, &user->offset);
	if (user->runs > WARM)
		measure(user, figure);
}

int main(int argc, char **argv)
{
	const struct figure *figure = figures;
	int count = (argc - 3) / 4, rounds = 0;

	if (argc < 7 || count > MAX_USERS)
		return 2;
	if (!strcmp(argv[1], "instructions")) {
		check_instructions();
		now = instructions;
	}

	while (strcmp(figure->name, argv[2]))
		if (++figure == figures + sizeof(figures) / sizeof(*figures))
			return 2;
	pci = node(O_RDWR);
	for (int i = 0; i < count; i++) {
		prepare(&users[i], argv + 3 + 4 * i, figure);
		rounds = users[i].runs > rounds ? users[i].runs : rounds;
	}

	for (int round = 1; round <= rounds; round++)
		for (struct user *user = users; user < users + count; user++)
			if (round * user->runs / rounds > user->done)
				user->taken[user->done++] = measure(user, figure);
	for (struct user *user = users; user < users + count; user++) {
		printf("%s/%s", user->way->name, user->address);
		for (int i = 0; i < user->done; i++)
			printf(" %lld", user->taken[i]);
		printf("\n");
	}
	return 0;
}
