// SPDX-License-Identifier: BSD-2-Clause
/* Which process has a function open through VFIO, as far as /proc shows it. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "driver-change.h"
#include "process.h"
#include "sysfs.h"

#define DEVICE_FILE	"anon_inode:[vfio-device]"

/* What is looked for */
struct search {
	char group[PCIBAR_NAME_LEN];	/* the node of its IOMMU group */
	char node[PCIBAR_NAME_LEN];	/* its own, where the kernel has such nodes */
	const char *address;
	long other;			/* a process that has some function open */
};

static void find_nodes(struct search *search, int dir)
{
	DIR *folder = pcibar_sysfs_open_folder(dir, "vfio-dev");
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

static bool is_it(void *data, long pid, const char *fd, const char *target)
{
	struct search *search = data;

	if (!strcmp(target, search->group) || !strcmp(target, search->node))
		return true;
	if (strcmp(target, DEVICE_FILE))
		return false;
	search->other = pid;
	return names_function(pid, fd, search->address);
}

bool pcibar_vfio_is_mine(int dir, const char *address)
{
	struct search search = { .address = address };

	find_nodes(&search, dir);
	return pcibar_process_has(getpid(), is_it, &search);
}

bool pcibar_vfio_holder(int dir, const char *address, const char *driver, char *text, size_t size)
{
	struct search search = { .address = address };
	char name[PCIBAR_NAME_LEN];
	long sure, pid;

	if (*driver && !strstr(driver, "vfio"))
		return false;

	find_nodes(&search, dir);
	sure = pcibar_process_find(getpid(), is_it, &search);
	pid = sure || !*driver ? sure : search.other;
	if (!pid)
		return false;

	pcibar_process_name(pid, name, sizeof(name));
	snprintf(text, size, "process %ld (%s) has %s open", pid, name,
		 sure ? "it" : "a VFIO device");
	return true;
}
