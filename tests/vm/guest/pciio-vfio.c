// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-vfio USER FUNCTION BAR [small]: maps 2 MiB of a BAR and gives it to the
 * IOMMU of another function, which is bound to vfio-pci. Says "ok" or the errno;
 * either way the mapping must work as before.
 */
#include <sys/ioctl.h>

#include <linux/vfio.h>

#include "pciio-check.h"

/* A container with the group of the function in it. */
static int container_of(const char *user)
{
	int container = (int)MUST(open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC)), group;
	char path[128], target[128];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", user);
	len = MUST(readlink(path, target, sizeof(target) - 1));
	target[len] = 0;
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(target, '/') + 1);
	group = (int)MUST(open(path, O_RDWR | O_CLOEXEC));
	MUST(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container));
	MUST(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	return container;
}

int main(int argc, char **argv)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = 1UL << 30,
		.size = LEAF,
	};
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap) };
	unsigned int flags = PCIIO_BAR_OPEN_RW | PCIIO_BAR_OPEN_ACTIVATE;
	int container, fd;
	char *base;

	if (argc < 4)
		return 2;
	container = container_of(argv[1]);
	if (argc > 4)
		flags |= PCIIO_BAR_OPEN_SMALL_PAGES;
	fd = (int)MUST(bar_open(node(O_RDWR), function(argv[2]), BAR(atoi(argv[3])), flags, UC));
	base = mmap(NULL, LEAF, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST((long)base);
	*(volatile unsigned int *)base = 0x5a5a;
	map.vaddr = (unsigned long)base;
	puts(ioctl(container, VFIO_IOMMU_MAP_DMA, &map) ? strerror(errno) : "ok");
	EQUAL(*(volatile unsigned int *)base, 0x5a5a);
	unmap.iova = map.iova;
	unmap.size = map.size;
	MUST(ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap));
	MUST(munmap(base, LEAF));
	return verdict();
}
