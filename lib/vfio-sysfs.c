// SPDX-License-Identifier: BSD-2-Clause
/* What sysfs shows of a function that VFIO may have. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"
#include "vfio.h"

static void path_of(const char *address, const char *file, char path[PCIBAR_VFIO_PATH])
{
	snprintf(path, PCIBAR_VFIO_PATH, PCIBAR_VFIO_SYSFS "/%s/%s", address, file);
}

int pcibar_vfio_group(const char *address, char group[PCIBAR_NAME_LEN])
{
	char path[PCIBAR_VFIO_PATH];

	path_of(address, "iommu_group", path);
	return pcibar_sysfs_read_link(AT_FDCWD, path, group, PCIBAR_NAME_LEN);
}

/* A group that VFIO has made up, because the function has no IOMMU */
bool pcibar_vfio_is_unsafe(const char *address)
{
	char path[PCIBAR_VFIO_PATH], name[PCIBAR_NAME_LEN];

	path_of(address, "iommu_group/name", path);
	return !pcibar_sysfs_read(AT_FDCWD, path, name, sizeof(name)) &&
	       !strcmp(name, "vfio-noiommu\n");
}

/* Drivers for one kind of device, beside vfio-pci, make the folder, too. */
static bool is_vfio_driver(const char *address, const char *driver)
{
	char path[PCIBAR_VFIO_PATH];

	if (!strcmp(driver, "vfio-pci"))
		return true;
	path_of(address, "vfio-dev", path);
	return *driver && !access(path, F_OK);
}

bool pcibar_vfio_is_bound(const char *address)
{
	char path[PCIBAR_VFIO_PATH], driver[PCIBAR_NAME_LEN];

	path_of(address, "driver", path);
	return !pcibar_sysfs_read_link(AT_FDCWD, path, driver, sizeof(driver)) &&
	       is_vfio_driver(address, driver) && !pcibar_vfio_is_unsafe(address);
}

int pcibar_vfio_cdev(const char *address, char cdev[PCIBAR_NAME_LEN])
{
	char path[PCIBAR_VFIO_PATH];
	struct dirent *entry;
	DIR *dir;

	*cdev = '\0';
	path_of(address, "vfio-dev", path);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (!*cdev && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "vfio", 4) && strlen(entry->d_name) < PCIBAR_NAME_LEN)
			strcpy(cdev, entry->d_name);
	closedir(dir);
	return *cdev ? 0 : -ENOENT;
}
