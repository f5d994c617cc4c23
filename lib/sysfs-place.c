// SPDX-License-Identifier: BSD-2-Clause
/* Where a function is in the machine: its NUMA node, its IOMMU group and who else is in that. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"

/* "-1" or a decimal number, and then @end */
static int parse(const char *text, const char *end, int32_t *val)
{
	char *rest;
	long n;

	errno = 0;
	n = strtol(text, &rest, 10);
	if (errno || rest == text || strcmp(rest, end) != 0 || n < -1 || n > INT32_MAX)
		return -EIO;
	*val = (int32_t)n;
	return 0;
}

int pcibar_sysfs_check_there(int dir)
{
	if (!faccessat(dir, "vendor", F_OK, 0))
		return 0;
	return errno == ENOENT ? -ENODEV : -errno;
}

int pcibar_sysfs_place(int dir, int32_t *numa_node, int32_t *iommu_group)
{
	char text[16];
	int ret;

	*numa_node = -1;
	*iommu_group = -1;
	ret = pcibar_sysfs_read(dir, "numa_node", text, sizeof(text));
	if (!ret)
		ret = parse(text, "\n", numa_node);
	else if (ret == -ENOENT)	/* a kernel without NUMA has no such file */
		ret = pcibar_sysfs_check_there(dir);
	if (ret)
		return ret;

	ret = pcibar_sysfs_read_link(dir, "iommu_group", text, sizeof(text));
	if (ret)
		return ret;
	return *text ? parse(text, "", iommu_group) : pcibar_sysfs_check_there(dir);
}

int pcibar_sysfs_group(int dir, pcibar_visit_fn visit, void *data)
{
	DIR *group = pcibar_sysfs_open_folder(dir, "iommu_group/devices");
	struct pcibar_address addr;
	struct dirent *entry;
	int ret = 0;

	if (!group)
		return errno == ENOENT ? pcibar_sysfs_check_there(dir) : -errno;
	while (!ret && (entry = readdir(group)))
		if (!pcibar_address_parse(entry->d_name, &addr))
			ret = visit(data, &addr);
	closedir(group);
	return ret;
}
