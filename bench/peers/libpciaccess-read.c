// SPDX-License-Identifier: BSD-2-Clause
/* libpciaccess-read ADDRESS BAR OFFSET: one word; the library finds and maps. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <pciaccess.h>

int main(int argc, char **argv)
{
	unsigned long off = argc == 4 ? strtoul(argv[3], NULL, 0) : 0;
	unsigned int domain, bus, slot, func;
	struct pci_mem_region *region;
	struct pci_device *dev;
	void *page;

	if (argc != 4 || sscanf(argv[1], "%x:%x:%x.%x", &domain, &bus, &slot, &func) != 4 ||
	    pci_system_init())
		return 2;
	dev = pci_device_find_by_slot(domain, bus, slot, func);
	if (!dev || pci_device_probe(dev))
		return 1;

	region = &dev->regions[atoi(argv[2])];
	if (pci_device_map_range(dev, region->base_addr + (off & ~4095ul), 4096, 0, &page))
		return 1;

	printf("0x%08x\n", *(volatile uint32_t *)((char *)page + (off & 4095)));
	pci_device_unmap_range(dev, page, 4096);
	pci_system_cleanup();
	return 0;
}
