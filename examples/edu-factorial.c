// SPDX-License-Identifier: BSD-2-Clause
/*
 * Computes a factorial on "edu", the teaching device of QEMU (qemu -device edu).
 *
 *	cc edu-factorial.c -o edu-factorial $(pkg-config --cflags --libs libpcibar)
 *	./edu-factorial 1234:11e8 10
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcibar/pcibar.h>

/* Registers in BAR 0, 32 bits each (QEMU, docs/specs/edu). */
#define EDU_ID			0x00	/* 0xRRrr00ed: version RR.rr */
#define EDU_FACTORIAL		0x08	/* write n, read n! */
#define EDU_STATUS		0x20
#define EDU_STATUS_COMPUTING	0x01

#define FACTORIAL_MAX		12	/* 13! does not fit into 32 bits */
#define SECONDS_MAX		1

static int complain(const char *what, int error, const struct pcibar_refusal *why)
{
	if (why->count)
		fprintf(stderr, "%s: %s; %s\n", what, why->reasons[0].what, why->reasons[0].remedy);
	else
		fprintf(stderr, "%s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

static bool is_computing(const volatile char *regs)
{
	return pcibar_read32(regs + EDU_STATUS) & EDU_STATUS_COMPUTING;
}

/* Every wait for a device ends: it may be broken, or gone and read all-ones. */
static bool wait_for(const volatile char *regs)
{
	time_t end = time(NULL) + SECONDS_MAX + 1;

	while (is_computing(regs))
		if (time(NULL) >= end)
			return false;
	return true;
}

static int compute(const struct pcibar_map *map, uint32_t n)
{
	volatile char *regs = pcibar_map_addr(map);
	uint32_t id = pcibar_read32(regs + EDU_ID);
	uint32_t result;

	if ((id & 0xffff) != 0x00ed) {
		fprintf(stderr, "this is no edu device: its ID register reads 0x%08x\n", id);
		return EXIT_FAILURE;
	}

	pcibar_write32(regs + EDU_FACTORIAL, n);
	if (!wait_for(regs)) {
		fprintf(stderr, "the device did not finish within %d s\n", SECONDS_MAX);
		return EXIT_FAILURE;
	}
	result = pcibar_read32(regs + EDU_FACTORIAL);
	if (pcibar_map_is_lost(map)) {
		fprintf(stderr, "the device has gone away\n");
		return EXIT_FAILURE;
	}
	printf("%u! = %u\n", n, result);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts open_opts = {
		.size = sizeof(open_opts),
		.flags = PCIBAR_OPEN_WRITE,
		.why = &why,
	};
	struct pcibar_map_opts map_opts = {
		.size = sizeof(map_opts),
		.flags = PCIBAR_MAP_WRITE | PCIBAR_MAP_ACTIVATE,
		.why = &why,
	};
	struct pcibar_device *dev;
	struct pcibar_map *map;
	unsigned long n;
	char *end;
	int ret;

	if (argc != 3 || (n = strtoul(argv[2], &end, 10)) > FACTORIAL_MAX || !*argv[2] || *end) {
		fprintf(stderr, "usage: edu-factorial SELECTOR N (0 to %d)\n", FACTORIAL_MAX);
		return 2;
	}
	ret = pcibar_device_open(argv[1], &open_opts, &dev);
	if (ret)
		return complain(argv[1], ret, &why);

	ret = pcibar_bar_map(dev, 0, &map_opts, &map);
	/* The map keeps what it needs of the device. */
	pcibar_device_close(dev);
	if (ret)
		return complain(argv[1], ret, &why);

	/* From here on a device that goes away reads all-ones instead of ending the program. */
	pcibar_guard_install();
	ret = compute(map, (uint32_t)n);
	pcibar_guard_remove();
	pcibar_map_release(map);
	return ret;
}
