// SPDX-License-Identifier: BSD-2-Clause
/*
 * What functions had before they were bound to other drivers. A file for each function,
 * named by its address: four lines, each a name of a driver or empty. They are gone after
 * a reboot, as what they describe is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver-change.h"
#include "sysfs.h"

#define LINES	4

static int path_of(const char *state_dir, const char *address, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", state_dir, address) < PATH_MAX ? 0 :
									       -ENAMETOOLONG;
}

int pcibar_bound_read(const char *state_dir, const char *address,
		      struct pcibar_driver_memory *memory)
{
	char *lines[LINES] = {
		memory->bound.driver, memory->bound.override,
		memory->before.driver, memory->before.override,
	};
	char path[PATH_MAX], text[LINES * PCIBAR_NAME_LEN + 1];
	const char *line = text, *end;
	int ret = path_of(state_dir, address, path);

	if (!ret)
		ret = pcibar_sysfs_read(AT_FDCWD, path, text, sizeof(text));
	if (ret)
		return ret;

	for (int i = 0; i < LINES; i++, line = end + 1) {
		end = strchr(line, '\n');
		if (!end || end - line >= PCIBAR_NAME_LEN)
			return -EIO;
		memcpy(lines[i], line, (size_t)(end - line));
		lines[i][end - line] = '\0';
	}
	return 0;
}

/* Renamed into place: a program that is killed leaves the old file or the new one. */
int pcibar_bound_write(const char *state_dir, const char *address,
		       const struct pcibar_driver_memory *memory)
{
	char path[PATH_MAX], fresh[PATH_MAX], text[LINES * PCIBAR_NAME_LEN + 1];
	int ret = path_of(state_dir, address, path), len, fd;

	if (!ret && snprintf(fresh, sizeof(fresh), "%s/.%s", state_dir, address) >= PATH_MAX)
		ret = -ENAMETOOLONG;
	if (ret)
		return ret;

	if (mkdir(state_dir, 0755) && errno != EEXIST)
		return -errno;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;

	len = snprintf(text, sizeof(text), "%s\n%s\n%s\n%s\n", memory->bound.driver,
		       memory->bound.override, memory->before.driver, memory->before.override);
	if (pwrite(fd, text, (size_t)len, 0) != len)
		ret = errno ? -errno : -EIO;
	close(fd);
	if (!ret && rename(fresh, path))
		ret = -errno;
	if (ret)
		unlink(fresh);
	return ret;
}

void pcibar_bound_forget(const char *state_dir, const char *address)
{
	char path[PATH_MAX];

	if (!path_of(state_dir, address, path))
		unlink(path);
}
