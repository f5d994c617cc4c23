// SPDX-License-Identifier: BSD-2-Clause
/*
 * resource-read ADDRESS BAR OFFSET: one word by way of sysfs, as programs do it that check
 * nothing: open the BAR's file, map its page, read.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	unsigned long off = argc == 4 ? strtoul(argv[3], NULL, 0) : 0;
	char path[128];
	char *page;
	int fd;

	if (argc != 4)
		return 2;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%s", argv[1], argv[2]);
	fd = open(path, O_RDWR | O_SYNC);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(off & ~4095ul));
	if (page == MAP_FAILED) {
		perror(path);
		return 1;
	}
	printf("0x%08x\n", *(volatile uint32_t *)(page + (off & 4095)));
	return 0;
}
