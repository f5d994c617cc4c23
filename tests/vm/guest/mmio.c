// SPDX-License-Identifier: BSD-2-Clause
/*
 * mmio FILE read|write WIDTH OFFSET [VALUE]: one access of WIDTH bytes through a mapping of FILE,
 * a sysfs resource. It lets the harness test itself without the library.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile void *map(const char *file, off_t offset, int prot)
{
	long page = sysconf(_SC_PAGESIZE);
	off_t base = offset & ~(off_t)(page - 1);
	int fd = open(file, prot & PROT_WRITE ? O_RDWR : O_RDONLY);
	char *p;

	if (fd < 0)
		return NULL;
	p = mmap(NULL, (size_t)page, prot, MAP_SHARED, fd, base);
	return p == MAP_FAILED ? NULL : p + (offset - base);
}

static uint64_t load(volatile void *p, unsigned long width)
{
	switch (width) {
	case 1:
		return *(volatile uint8_t *)p;
	case 2:
		return *(volatile uint16_t *)p;
	case 4:
		return *(volatile uint32_t *)p;
	default:
		return *(volatile uint64_t *)p;
	}
}

static void store(volatile void *p, unsigned long width, uint64_t value)
{
	switch (width) {
	case 1:
		*(volatile uint8_t *)p = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)p = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)p = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)p = value;
	}
}

int main(int argc, char **argv)
{
	int writes = argc == 6 && !strcmp(argv[2], "write");
	volatile void *p;
	unsigned long width;

	if (!writes && (argc != 5 || strcmp(argv[2], "read"))) {
		fputs("usage: mmio FILE read|write WIDTH OFFSET [VALUE]\n", stderr);
		return 2;
	}
	width = strtoul(argv[3], NULL, 0);
	p = map(argv[1], (off_t)strtoull(argv[4], NULL, 0),
		writes ? PROT_READ | PROT_WRITE : PROT_READ);
	if (!p) {
		fprintf(stderr, "mmio: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	if (writes)
		store(p, width, strtoull(argv[5], NULL, 0));
	else
		printf("0x%0*" PRIx64 "\n", (int)(2 * width), load(p, width));

	return 0;
}
