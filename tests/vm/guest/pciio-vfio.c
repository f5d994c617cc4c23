// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-vfio USER FUNCTION BAR [small]: maps 2 MiB of a BAR and gives it to the
 * IOMMU of another function, which is bound to vfio-pci. Says "ok" or the errno;
 * either way the mapping must work as before.
 */
#include "vfio-device.h"

int main(int argc, char **argv)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = 1UL << 30,
		.size = PMD_BYTES,
	};
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap) };
	unsigned int flags = PCIIO_BAR_OPEN_RW | PCIIO_BAR_OPEN_ACTIVATE;
	int container, group, fd;
	char *base;

	if (argc < 4)
		return 2;

	container = vfio_container(argv[1], &group);
	if (argc > 4)
		flags |= PCIIO_BAR_OPEN_SMALL_PAGES;
	fd = (int)MUST(bar_open(node(O_RDWR), function(argv[2]), BAR(atoi(argv[3])), flags, UC));
	base = mmap(NULL, PMD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST((long)base);
	*(volatile unsigned int *)base = 0x5a5a;
	map.vaddr = (unsigned long)base;
	puts(ioctl(container, VFIO_IOMMU_MAP_DMA, &map) ? strerror(errno) : "ok");
	EQUAL(*(volatile unsigned int *)base, 0x5a5a);
	unmap.iova = map.iova;
	unmap.size = map.size;
	MUST(ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap));
	MUST(munmap(base, PMD_BYTES));
	return verdict();
}
