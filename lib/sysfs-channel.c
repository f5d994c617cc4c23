// SPDX-License-Identifier: BSD-2-Clause
/* Channels of the back end sysfs: I/O BARs and the expansion ROM through their files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"

struct channel {
	int fd;
	bool is_rom;
	struct pcibar_sysfs_rom rom;
};

/*
 * The kernel shows the image only, which may be shorter than the BAR, and its
 * size only by where reading ends: halve until it is found.
 */
static int rom_length(int fd, uint64_t *length)
{
	uint64_t low = 0, high = *length;
	char byte;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		ssize_t n = pread(fd, &byte, 1, (off_t)middle);

		if (n < 0)
			return -errno;
		if (n)
			low = middle + 1;
		else
			high = middle;
	}
	*length = low;
	return low ? 0 : -EIO;
}

int pcibar_sysfs_channel_open(int dir, const char *root, unsigned int bar, bool write,
			      struct pcibar_refuse_ctx *ctx, uint64_t *length, void **chanp)
{
	bool rom = bar == PCIBAR_BAR_ROM;
	struct channel *chan;
	char file[16] = "rom";
	int fd, ret;

	if (!rom)
		snprintf(file, sizeof(file), "resource%u", bar);
	if (write && pcibar_sysfs_locked_down(root))
		return pcibar_refuse_lockdown(ctx);

	fd = pcibar_sysfs_open_file(dir, root, file, write || rom, ctx);
	if (fd < 0)
		return fd;

	/* While explaining, the right to it is all that is checked. */
	if (rom && ctx->all) {
		ret = -EAGAIN;
		goto out_close;
	}

	/* "1" makes the file readable; the kernel enables the ROM decoder for each read only. */
	if (rom && (pwrite(fd, "1", 1, 0) != 1 || rom_length(fd, length))) {
		ret = pcibar_refuse(ctx, PCIBAR_REASON_ROM, -EIO,
				    "read its bytes through the module (modprobe pciio, package "
				    "pcibar-dkms)",
				    "the kernel finds no image in the expansion ROM");
		goto out_close;
	}
	chan = malloc(sizeof(*chan));
	if (!chan) {
		ret = pcibar_refuse_nomem(ctx);
		goto out_close;
	}
	chan->fd = fd;
	chan->is_rom = rom;
	pcibar_sysfs_rom_init(&chan->rom, fd, 0);
	*chanp = chan;
	return 0;

out_close:
	close(fd);
	return ret;
}

void pcibar_sysfs_channel_close(void *priv)
{
	struct channel *chan = priv;

	/* The file of the ROM stays readable, because there may be other readers. */
	close(chan->fd);
	pcibar_sysfs_rom_end(&chan->rom);
	free(chan);
}

/* The kernel moves I/O data through a variable of the host's byte order. */
static int io_read(int fd, uint64_t off, unsigned int width, uint64_t *val)
{
	union { uint8_t u8; uint16_t u16; uint32_t u32; } data;
	ssize_t n;

	if (width == 8)
		return -EOPNOTSUPP;
	n = pread(fd, &data, width, (off_t)off);
	if (n != (ssize_t)width)
		return n < 0 ? -errno : -EIO;
	*val = width == 1 ? data.u8 : width == 2 ? data.u16 : data.u32;
	return 0;
}

static int io_write(int fd, uint64_t off, unsigned int width, uint64_t val)
{
	union { uint8_t u8; uint16_t u16; uint32_t u32; } data;
	ssize_t n;

	if (width == 8)
		return -EOPNOTSUPP;
	if (width == 1)
		data.u8 = (uint8_t)val;
	else if (width == 2)
		data.u16 = (uint16_t)val;
	else
		data.u32 = (uint32_t)val;
	n = pwrite(fd, &data, width, (off_t)off);
	return n == (ssize_t)width ? 0 : n < 0 ? -errno : -EIO;
}

int pcibar_sysfs_channel_read(void *priv, uint64_t off, unsigned int width, uint64_t *val)
{
	struct channel *chan = priv;

	if (chan->is_rom)
		return pcibar_sysfs_rom_read(&chan->rom, off, width, val);
	return io_read(chan->fd, off, width, val);
}

/* Only I/O channels are ever opened for writing. */
int pcibar_sysfs_channel_write(void *priv, uint64_t off, unsigned int width, uint64_t val)
{
	struct channel *chan = priv;

	return io_write(chan->fd, off, width, val);
}
