// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <unistd.h>

#include "sysfs.h"

/* The kernel moves I/O data through a variable of the host's byte order. */
int pcibar_sysfs_io_read(int fd, uint64_t off, unsigned int width, uint64_t *val)
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

int pcibar_sysfs_io_write(int fd, uint64_t off, unsigned int width, uint64_t val)
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
