// SPDX-License-Identifier: BSD-2-Clause
/*
 * Maps all of a BAR, reads its first and its last word, and reports what that costs.
 *
 *	cc map-whole.c -o map-whole $(pkg-config --cflags --libs libpcibar)
 *	./map-whole 1af4:1110 2
 *	./map-whole 1af4:1110 2 sysfs
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcibar/pcibar.h>

static int complain(const char *what, int error, const struct pcibar_refusal *why)
{
	if (why->count)
		fprintf(stderr, "%s: %s; %s\n", what, why->reasons[0].what, why->reasons[0].remedy);
	else
		fprintf(stderr, "%s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

static double now_ms(void)
{
	struct timespec ts;

	timespec_get(&ts, TIME_UTC);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Of this process; the line is Linux', elsewhere it is 0. */
static long page_tables_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	long kib = 0;

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmPTE: %ld", &kib) == 1)
			break;
	if (status)
		fclose(status);
	return kib;
}

static int map_whole(struct pcibar_device *dev, const char *name, unsigned int bar)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_map_opts opts = { .size = sizeof(opts), .why = &why };
	uint64_t length, first = 0, last = 0;
	double start, mapped, released;
	struct pcibar_map *map;
	long tables;
	int ret;

	tables = page_tables_kib();
	start = now_ms();
	ret = pcibar_bar_map(dev, bar, &opts, &map);
	if (ret)
		return complain(name, ret, &why);

	mapped = now_ms();
	length = pcibar_map_length(map);
	ret = pcibar_map_read(map, 0, 4, &first);
	if (!ret)
		ret = pcibar_map_read(map, length - 4, 4, &last);
	tables = page_tables_kib() - tables;
	released = now_ms();
	pcibar_map_release(map);
	released = now_ms() - released;
	if (ret)
		return complain(name, ret, &why);

	printf("%" PRIu64 " MiB: mapped in %.1f ms, unmapped in %.1f ms, page tables %ld KiB\n",
	       length >> 20, mapped - start, released, tables);
	printf("first word 0x%08" PRIx64 ", last word 0x%08" PRIx64 "\n", first, last);
	return EXIT_SUCCESS;
}

/* SYSFS is for trying this without a device: a folder with the same files. */
int main(int argc, char **argv)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = { .size = sizeof(opts), .why = &why };
	struct pcibar_device *dev;
	int ret;

	if (argc < 3 || argc > 5) {
		fprintf(stderr, "usage: %s SELECTOR BAR [pciio|sysfs [SYSFS]]\n", argv[0]);
		return 2;
	}
	if (argc > 3)
		opts.backend = strcmp(argv[3], "sysfs") ? PCIBAR_BACKEND_PCIIO
							: PCIBAR_BACKEND_SYSFS;
	if (argc > 4)
		opts.sysfs_root = argv[4];
	ret = pcibar_device_open(argv[1], &opts, &dev);
	if (ret)
		return complain(argv[1], ret, &why);

	ret = map_whole(dev, argv[1], (unsigned int)strtoul(argv[2], NULL, 0));
	pcibar_device_close(dev);
	return ret;
}
