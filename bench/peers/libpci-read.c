// SPDX-License-Identifier: BSD-2-Clause
/* libpci-read ADDRESS BAR OFFSET: one word; libpci says whether the BAR is there. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <pci/pci.h>

int main(int argc, char **argv)
{
	unsigned long off = argc == 4 ? strtoul(argv[3], NULL, 0) : 0;
	unsigned int domain, bus, slot, func;
	struct pci_access *pci;
	struct pci_dev *dev;
	char path[128];
	char *page;
	int bar, fd;

	if (argc != 4 || sscanf(argv[1], "%x:%x:%x.%x", &domain, &bus, &slot, &func) != 4)
		return 2;

	bar = atoi(argv[2]);
	pci = pci_alloc();
	pci_init(pci);
	dev = pci_get_dev(pci, (int)domain, (int)bus, (int)slot, (int)func);
	pci_fill_info(dev, PCI_FILL_BASES | PCI_FILL_SIZES);
	if (!dev->base_addr[bar] || dev->base_addr[bar] & PCI_BASE_ADDRESS_SPACE_IO ||
	    dev->size[bar] <= off)
		return 1;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%d", argv[1], bar);
	fd = open(path, O_RDWR);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(off & ~4095ul));
	if (page == MAP_FAILED) {
		perror(path);
		return 1;
	}
	printf("0x%08x\n", *(volatile uint32_t *)(page + (off & 4095)));
	pci_free_dev(dev);
	pci_cleanup(pci);
	return 0;
}
