// SPDX-License-Identifier: BSD-2-Clause
/* The expansion ROM, by blocks. */
#include <errno.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"

void pcibar_sysfs_rom_init(struct pcibar_sysfs_rom *rom, int fd, off_t base)
{
	rom->fd = fd;
	rom->base = base;
	rom->at = UINT64_MAX;
	rom->next = 0;
	rom->length = 0;
	pthread_mutex_init(&rom->lock, NULL);
}

void pcibar_sysfs_rom_end(struct pcibar_sysfs_rom *rom)
{
	pthread_mutex_destroy(&rom->lock);
}

/*
 * Units are aligned, so that none lies in two blocks. A short block is the image's end. Reads
 * in ascending order share a block; who reads a unit again wants to know what it is now.
 */
int pcibar_sysfs_rom_read(struct pcibar_sysfs_rom *rom, uint64_t off, unsigned int width,
			  uint64_t *val)
{
	uint64_t at = off & ~(uint64_t)(PCIBAR_ROM_BLOCK - 1);
	int ret = 0, state;

	state = pcibar_lock(&rom->lock);
	if (rom->at != at || off < rom->next) {
		ssize_t n = pread(rom->fd, rom->block, PCIBAR_ROM_BLOCK, rom->base + (off_t)at);

		ret = n > 0 ? 0 : n ? -errno : -EIO;
		rom->at = n > 0 ? at : UINT64_MAX;
		rom->length = n > 0 ? (size_t)n : 0;
	}
	rom->next = off + width;
	if (!ret && rom->next - at > rom->length)
		ret = -EIO;
	if (!ret)
		*val = pcibar_sysfs_number(rom->block + (off - at), width);
	pcibar_unlock(&rom->lock, state);
	return ret;
}
