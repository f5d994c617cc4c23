// SPDX-License-Identifier: BSD-2-Clause
/* Which processes have a file open, as far as /proc shows it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "sysfs.h"

#define PATH_LEN	64	/* of "/proc/N/comm", and of the targets of interest */

bool pcibar_process_has(long pid, pcibar_file_fn fn, void *data)
{
	char path[PATH_LEN], target[PATH_LEN];
	struct dirent *entry;
	bool found = false;
	ssize_t n;
	DIR *files;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	files = opendir(path);
	if (!files)
		return false;

	while (!found && (entry = readdir(files))) {
		n = readlinkat(dirfd(files), entry->d_name, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		found = fn(data, pid, entry->d_name, target);
	}
	closedir(files);
	return found;
}

long pcibar_process_find(long skipped, pcibar_file_fn fn, void *data)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	long pid, found = 0;

	if (!processes)
		return 0;

	while (!found && (entry = readdir(processes))) {
		pid = strtol(entry->d_name, NULL, 10);
		if (pid > 0 && pid != skipped && pcibar_process_has(pid, fn, data))
			found = pid;
	}
	closedir(processes);
	return found;
}

void pcibar_process_name(long pid, char *name, size_t size)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	if (pcibar_sysfs_read(AT_FDCWD, path, name, size))
		snprintf(name, size, "?");
	name[strcspn(name, "\n")] = '\0';
}
