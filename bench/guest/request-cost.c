// SPDX-License-Identifier: BSD-2-Clause
/*
 * request-cost requests HOLDER LIVE RUNS FUNCTION:BAR...: instructions of each request to the first
 * BAR, and of its peer in sysfs, averages of BATCH, beside LIVE mappings of all the BARs in turn.
 * HOLDER of those: "self", or "other" for another process.
 * request-cost revoke HOLDER LIVE RUNS FUNCTION:BAR: instructions of the PCIOCWRITE that turns
 * decoding off under LIVE mappings of the BAR, each of which has been touched. HOLDER: "self".
 * Prints "FIGURE VALUE..." a line.
 */
#define _GNU_SOURCE
#include <sys/prctl.h>

#include "clock.h"
#include "pciio-check.h"

#define MAX_TARGETS	16
#define BATCH		10	/* or a run would be with or without the allocators' slow paths */
#define COMMAND		4
#define MEMORY		2	/* of COMMAND */

static struct target {
	struct pcisel sel;
	unsigned int bar;
} targets[MAX_TARGETS];

static int pci, resource, config;

static void *map_request(const struct target *target, size_t *len)
{
	struct pci_bar_mmap io = { .pbm_sel = target->sel, .pbm_reg = BAR((int)target->bar),
				   .pbm_flags = PCIIO_BAR_MMAP_RW };

	MUST(ioctl(pci, PCIOCBARMMAP, &io));
	*len = io.pbm_map_length;
	return io.pbm_map_base;
}

static void touch_word(const volatile void *base)
{
	(void)*(const volatile unsigned int *)base;
}

static void request_map(void)
{
	size_t len;
	void *base = map_request(targets, &len);

	MUST(munmap(base, len));
}

static void request_map_touched(void)
{
	size_t len;
	void *base = map_request(targets, &len);

	touch_word(base);
	MUST(munmap(base, len));
}

static void sysfs_map(void)
{
	void *base = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, resource, 0);

	MUST(base == MAP_FAILED ? -1 : 0);
	MUST(munmap(base, PAGE));
}

static void sysfs_map_touched(void)
{
	void *base = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, resource, 0);

	MUST(base == MAP_FAILED ? -1 : 0);
	touch_word(base);
	MUST(munmap(base, PAGE));
}

static void request_getbar(void)
{
	struct pci_bar_io io = { .pbi_sel = targets->sel, .pbi_reg = BAR((int)targets->bar) };

	MUST(ioctl(pci, PCIOCGETBAR, &io));
}

static void request_read(void)
{
	struct pci_io io = { .pi_sel = targets->sel, .pi_reg = 0, .pi_width = 4 };

	MUST(ioctl(pci, PCIOCREAD, &io));
}

static void sysfs_read(void)
{
	unsigned int val;

	MUST(pread(config, &val, sizeof(val), 0));
}

static void request_bario(void)
{
	struct pci_bar_ioreq io = { .pbi_sel = targets->sel, .pbi_op = PCIBARIO_READ,
				    .pbi_bar = targets->bar, .pbi_width = 4 };

	MUST(ioctl(pci, PCIOCBARIO, &io));
}

static const struct { const char *name; void (*run)(void); } figures[] = {
	{ "map", request_map },
	{ "sysfs-map", sysfs_map },
	{ "map-touched", request_map_touched },
	{ "sysfs-map-touched", sysfs_map_touched },
	{ "getbar", request_getbar },
	{ "read", request_read },
	{ "sysfs-read", sysfs_read },
	{ "bario", request_bario },
};

static void requests(int runs)
{
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		figures[i].run();	/* warms up */
		printf("%s", figures[i].name);
		for (int run = 0; run < runs; run++) {
			long long start = instructions();

			for (int j = 0; j < BATCH; j++)
				figures[i].run();
			printf(" %lld", (instructions() - start) / BATCH);
		}
		printf("\n");
	}
}

static void write_command(unsigned int val)
{
	struct pci_io io = { .pi_sel = targets->sel, .pi_reg = COMMAND, .pi_width = 2,
			     .pi_data = val };

	MUST(ioctl(pci, PCIOCWRITE, &io));
}

static void revocation(int runs, void **mappings, int live)
{
	struct pci_io io = { .pi_sel = targets->sel, .pi_reg = COMMAND, .pi_width = 2 };

	MUST(ioctl(pci, PCIOCREAD, &io));
	printf("revoke");
	for (int run = 0; run < runs; run++) {
		long long start;

		for (int i = 0; i < live; i++)
			touch_word(mappings[i]);
		start = instructions();
		write_command(io.pi_data & ~MEMORY);
		printf(" %lld", instructions() - start);
		write_command(io.pi_data);
	}
	printf("\n");
}

/* Maps and touches; the caller has the addresses as long as it lives. */
static void **hold(int live, int count)
{
	void **mappings = calloc((size_t)live, sizeof(*mappings));
	size_t len;

	for (int i = 0; i < live; i++) {
		mappings[i] = map_request(&targets[i % count], &len);
		touch_word(mappings[i]);
	}
	return mappings;
}

/* The same in a child, which ends with us. */
static void hold_elsewhere(int live, int count)
{
	int ends[2];
	char done = 0;

	MUST(pipe(ends));
	if (!MUST(fork())) {
		MUST(prctl(PR_SET_PDEATHSIG, SIGKILL));
		hold(live, count);
		MUST(write(ends[1], &done, 1));
		pause();
		exit(1);
	}
	close(ends[1]);
	if (MUST(read(ends[0], &done, 1)) != 1)
		exit(1);
}

static int open_file(const char *address, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", address, name);
	return (int)MUST(open(path, O_RDWR | O_CLOEXEC));
}

static void parse(char *word, struct target *target)
{
	char *colon = strrchr(word, ':');

	*colon = 0;
	target->sel = function(word);
	target->bar = (unsigned int)atoi(colon + 1);
}

int main(int argc, char **argv)
{
	int live, runs, count = argc - 5;
	void **mappings = NULL;
	char name[16];

	if (argc < 6 || count > MAX_TARGETS)
		return 2;

	check_instructions();
	live = atoi(argv[3]);
	runs = atoi(argv[4]);
	for (int i = 0; i < count; i++)
		parse(argv[5 + i], &targets[i]);
	pci = node(O_RDWR);
	snprintf(name, sizeof(name), "resource%u", targets->bar);
	resource = open_file(argv[5], name);
	config = open_file(argv[5], "config");
	if (strcmp(argv[2], "self"))
		hold_elsewhere(live, count);
	else
		mappings = hold(live, count);
	if (strcmp(argv[1], "revoke"))
		requests(runs);
	else
		revocation(runs, mappings, live);

	return 0;
}
