// SPDX-License-Identifier: BSD-2-Clause
/* Small files and links of sysfs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

int pcibar_sysfs_open(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		return fd;
	/* A symbolic link, and a socket: no kernel writes such a tree. */
	return errno == ELOOP || errno == ENXIO ? -EIO : -errno;
}

DIR *pcibar_sysfs_open_folder(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !folder) {
		error = errno;
		close(fd);
		errno = error;
	}
	return folder;
}

int pcibar_sysfs_read(int dirfd, const char *name, char *buf, size_t len)
{
	int fd = pcibar_sysfs_open(dirfd, name, O_RDONLY), ret = 0;
	ssize_t n;

	if (fd < 0)
		return fd;

	/* sysfs gives an attribute, a page at most, in one read: nothing follows a short one. */
	n = read(fd, buf, len);
	if (n < 0)
		ret = errno == EAGAIN ? -EIO : -errno;	/* a FIFO, or a terminal */
	else if ((size_t)n == len)
		ret = -EIO;
	else
		buf[n] = '\0';
	close(fd);
	return ret;
}

/* Take "0x" and 1 to 16 digits off the front; strtoull() would take much more. */
const char *pcibar_sysfs_take_hex(const char *s, uint64_t *val)
{
	unsigned int digits = 0;

	if (s[0] != '0' || s[1] != 'x')
		return NULL;

	*val = 0;
	for (s += 2; digits < 16; s++, digits++) {
		if (*s >= '0' && *s <= '9')
			*val = *val << 4 | (unsigned int)(*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			*val = *val << 4 | (unsigned int)(*s - 'a' + 10);
		else
			break;
	}
	return digits ? s : NULL;
}

int pcibar_sysfs_read_hex(int dirfd, const char *name, uint32_t *val)
{
	const char *end;
	char buf[32];
	uint64_t n;
	int ret = pcibar_sysfs_read(dirfd, name, buf, sizeof(buf));

	if (ret)
		return ret;

	end = pcibar_sysfs_take_hex(buf, &n);
	if (!end || strcmp(end, "\n") || n > UINT32_MAX)
		return -EIO;

	*val = (uint32_t)n;
	return 0;
}

int pcibar_sysfs_read_link(int dirfd, const char *name, char *buf, size_t len)
{
	char target[512];
	const char *base;
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);

	if (n < 0 && errno != ENOENT)
		return -errno;
	if (n == (ssize_t)sizeof(target) - 1)	/* perhaps cut short */
		return -EIO;

	target[n < 0 ? 0 : n] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (strlen(base) >= len)
		return -EIO;

	strcpy(buf, base);
	return 0;
}
