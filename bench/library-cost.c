// SPDX-License-Identifier: BSD-2-Clause
/*
 * library-cost ADDRESS BAR WAY ROUNDS: open a function, map a page of the BAR, read a word,
 * close all; prints the nanoseconds of CPU time each round took. Ways:
 *
 *	own		libpcibar
 *	raw		system calls, with the checks that libpcibar makes
 *	libpciaccess	from its initialization to its clean-up
 *	bare		open, mmap, read, munmap, close: no check
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <pciaccess.h>
#include <pcibar/bar.h>
#include <pcibar/device.h>

#define PAGE		4096
#define DEVICES		"/sys/bus/pci/devices/"
#define MEMORY_TYPES	"/sys/kernel/debug/x86/pat_memtype_list"
#define RES_MEM		0x200
#define RES_UNSET	0x20000000
#define COMMAND		4
#define COMMAND_MEM	2

static const char *address;
static int bar;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint32_t own(void)
{
	/* As the others: without a look whether the module is there. */
	struct pcibar_open_opts how = { .size = sizeof(how), .backend = PCIBAR_BACKEND_SYSFS };
	struct pcibar_map_opts opts = { .size = sizeof(opts), .length = PAGE };
	struct pcibar_device *dev;
	struct pcibar_map *map;
	uint32_t val;

	if (pcibar_device_open(address, &how, &dev) ||
	    pcibar_bar_map(dev, (unsigned int)bar, &opts, &map))
		die("libpcibar");
	val = *(volatile uint32_t *)pcibar_map_addr(map);
	pcibar_map_release(map);
	pcibar_device_close(dev);
	return val;
}

/* A small file of the function whole; its length, or -1. */
static ssize_t read_file(int dir, const char *name, char *buf, size_t len)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, len - 1);

	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	return n;
}

static void check_resource(int dir)
{
	char text[2048], *line = text;
	uint64_t start, end, flags;

	if (read_file(dir, "resource", text, sizeof(text)) < 0)
		die("resource");
	for (int i = 0; i < bar && line; i++)
		line = strchr(line, '\n') + 1;
	start = strtoull(line, &line, 16);
	end = strtoull(line, &line, 16);
	flags = strtoull(line, &line, 16);
	if (!(flags & RES_MEM) || flags & RES_UNSET || !start || end - start + 1 < PAGE)
		die("BAR");
}

static void check_state(int dir)
{
	char driver[256], state[16];
	uint16_t command;
	int fd;

	if (readlinkat(dir, "driver", driver, sizeof(driver)) >= 0)
		die("driver");
	if (read_file(dir, "power_state", state, sizeof(state)) < 0 ||
	    (state[0] == 'D' && state[1] != '0'))
		die("power_state");
	fd = openat(dir, "config", O_RDONLY | O_CLOEXEC);
	if (pread(fd, &command, 2, COMMAND) != 2 || !(command & COMMAND_MEM))
		die("config");
	close(fd);
}

/* A prefetchable BAR may be mapped write-combining by another program; then so is this map. */
static void check_type(int dir)
{
	char wc[16];
	int fd;

	snprintf(wc, sizeof(wc), "resource%d_wc", bar);
	if (faccessat(dir, wc, F_OK, 0))
		return;
	fd = open(MEMORY_TYPES, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)	/* not in the fake tree */
		die(MEMORY_TYPES);
}

static uint32_t map_and_read(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	uint32_t val;

	if (page == MAP_FAILED)
		die(name);
	close(fd);
	val = *(volatile uint32_t *)page;
	munmap(page, PAGE);
	return val;
}

static uint32_t raw(void)
{
	char path[128], file[16];
	uint32_t val;
	int dir;

	snprintf(path, sizeof(path), DEVICES "%s", address);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		die(path);
	check_resource(dir);
	check_state(dir);
	check_type(dir);
	snprintf(file, sizeof(file), "resource%d", bar);
	val = map_and_read(dir, file);
	close(dir);
	return val;
}

static uint32_t bare(void)
{
	char path[128];

	snprintf(path, sizeof(path), DEVICES "%s/resource%d", address, bar);
	return map_and_read(AT_FDCWD, path);
}

static uint32_t libpciaccess(void)
{
	unsigned int domain, bus, slot, func;
	struct pci_device *dev;
	uint32_t val;
	void *page;

	if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &func) != 4 || pci_system_init())
		die("pci_system_init");
	dev = pci_device_find_by_slot(domain, bus, slot, func);
	if (!dev || pci_device_probe(dev) ||
	    pci_device_map_range(dev, dev->regions[bar].base_addr, PAGE, 0, &page))
		die("libpciaccess");
	val = *(volatile uint32_t *)page;
	pci_device_unmap_range(dev, page, PAGE);
	pci_system_cleanup();
	return val;
}

static const struct way {
	const char *name;
	uint32_t (*round)(void);
} ways[] = {
	{ "own", own }, { "raw", raw }, { "libpciaccess", libpciaccess }, { "bare", bare },
};

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct way *way = ways;
	uint32_t expected;
	long long start;
	int rounds;

	if (argc != 5)
		return 2;

	address = argv[1];
	bar = atoi(argv[2]);
	while (strcmp(way->name, argv[3]))
		if (++way == ways + sizeof(ways) / sizeof(*ways))
			return 2;
	rounds = atoi(argv[4]);
	expected = bare();
	start = now();
	for (int i = 0; i < rounds; i++)
		if (way->round() != expected)
			die("another word");
	printf("%lld\n", rounds ? (now() - start) / rounds : 0);
	return 0;
}
