// SPDX-License-Identifier: BSD-2-Clause
/* Which process has a function open through VFIO, as far as /proc shows it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver-change.h"
#include "sysfs.h"

#define DEVICE_FILE	"anon_inode:[vfio-device]"

/* What is looked for, and the best that was found so far */
struct search {
	char group[PCIBAR_NAME_LEN];	/* the node of its IOMMU group */
	char node[PCIBAR_NAME_LEN];	/* its own, where the kernel has such nodes */
	const char *address;
	long sure;			/* the process that has the function open */
	long other;			/* one that has some function open */
};

static DIR *open_folder(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !folder)
		close(fd);
	return folder;
}

static void find_nodes(struct search *search, int dir)
{
	DIR *folder = open_folder(dir, "vfio-dev");
	char number[PCIBAR_NAME_LEN];
	struct dirent *entry;

	if (!pcibar_sysfs_read_link(dir, "iommu_group", number, sizeof(number)))
		snprintf(search->group, sizeof(search->group), "/dev/vfio/%.40s", number);
	if (!folder)
		return;
	while ((entry = readdir(folder)))
		if (*entry->d_name != '.')
			snprintf(search->node, sizeof(search->node), "/dev/vfio/devices/%.40s",
				 entry->d_name);
	closedir(folder);
}

/* Newer kernels name the function of a descriptor: "vfio-device-syspath: .../0000:00:04.0". */
static bool names_function(long pid, const char *fd, const char *address)
{
	char path[PATH_MAX], text[4096];

	snprintf(path, sizeof(path), "/proc/%ld/fdinfo/%s", pid, fd);
	return !pcibar_sysfs_read(AT_FDCWD, path, text, sizeof(text)) && strstr(text, address);
}

static void check_file(struct search *search, int dir, long pid, const char *fd)
{
	char target[PCIBAR_NAME_LEN];
	ssize_t n = readlinkat(dir, fd, target, sizeof(target) - 1);

	if (n <= 0)
		return;
	target[n] = '\0';
	if (!strcmp(target, search->group) || !strcmp(target, search->node))
		search->sure = pid;
	if (strcmp(target, DEVICE_FILE))
		return;
	search->other = pid;
	if (names_function(pid, fd, search->address))
		search->sure = pid;
}

static void check_process(struct search *search, long pid)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *files;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	files = open_folder(AT_FDCWD, path);
	if (!files)
		return;
	while (!search->sure && (entry = readdir(files)))
		check_file(search, dirfd(files), pid, entry->d_name);
	closedir(files);
}

bool pcibar_vfio_is_mine(int dir, const char *address)
{
	struct search search = { .address = address };

	find_nodes(&search, dir);
	check_process(&search, getpid());
	return search.sure;
}

bool pcibar_vfio_holder(int dir, const char *address, const char *driver, char *text, size_t size)
{
	struct search search = { .address = address };
	char path[PATH_MAX], name[PCIBAR_NAME_LEN] = "?";
	struct dirent *entry;
	DIR *processes;
	long pid;

	if (*driver && !strstr(driver, "vfio"))
		return false;
	find_nodes(&search, dir);
	processes = open_folder(AT_FDCWD, "/proc");
	if (!processes)
		return false;
	while (!search.sure && (entry = readdir(processes))) {
		pid = strtol(entry->d_name, NULL, 10);
		if (pid > 0 && pid != getpid())
			check_process(&search, pid);
	}
	closedir(processes);

	pid = search.sure || !*driver ? search.sure : search.other;
	if (!pid)
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	if (!pcibar_sysfs_read(AT_FDCWD, path, name, sizeof(name)))
		name[strcspn(name, "\n")] = '\0';
	snprintf(text, size, "process %ld (%s) has %s open", pid, name,
		 search.sure ? "it" : "a VFIO device");
	return true;
}
