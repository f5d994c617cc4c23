// SPDX-License-Identifier: BSD-2-Clause
/*
 * vfio-cost BARE LIBRARY RUNS SIZE...: instructions to map SIZE bytes of BAR 2, touch one word
 * and unmap them, averages of BATCH: of the function BARE by mmap() of VFIO's descriptor, and of
 * LIBRARY, which is as large, by libpcibar. Both are open before. Prints "WAY-SIZE VALUE..." a
 * line.
 */
#define _GNU_SOURCE
#include <pcibar/pcibar.h>

#include "clock.h"
#include "vfio-device.h"

#define INDEX	2
#define BATCH	10	/* or a run would be with or without the allocators' slow paths */

static struct pcibar_device *library;
static off_t offset;
static int bare;

static void touch_word(const volatile void *base)
{
	(void)*(const volatile unsigned int *)base;
}

static void map_bare(size_t size)
{
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bare, offset);

	MUST(base == MAP_FAILED ? -1 : 0);
	touch_word(base);
	MUST(munmap(base, size));
}

static void map_library(size_t size)
{
	struct pcibar_map_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_MAP_WRITE, .length = size,
	};
	struct pcibar_map *map;

	MUST(pcibar_bar_map(library, INDEX, &opts, &map));
	touch_word(pcibar_map_addr(map));
	pcibar_map_release(map);
}

static const struct { const char *name; void (*run)(size_t size); } ways[] = {
	{ "bare", map_bare }, { "library", map_library },
};

static void measure(void (*run)(size_t size), const char *name, size_t size, int runs)
{
	run(size);	/* warms up */
	printf("%s-%zu", name, size);
	for (int i = 0; i < runs; i++) {
		long long start = instructions();

		for (int j = 0; j < BATCH; j++)
			run(size);
		printf(" %lld", (instructions() - start) / BATCH);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_OPEN_WRITE, .backend = PCIBAR_BACKEND_VFIO,
	};

	if (argc < 5)
		return 2;

	check_instructions();
	bare = vfio_device(argv[1], INDEX, &offset);
	MUST(pcibar_device_open(argv[2], &opts, &library));
	map_library(1);		/* opens the function, which resets it */
	for (int i = 4; i < argc; i++)
		for (size_t j = 0; j < sizeof(ways) / sizeof(*ways); j++)
			measure(ways[j].run, ways[j].name, strtoul(argv[i], NULL, 0),
				atoi(argv[3]));
	return 0;
}
