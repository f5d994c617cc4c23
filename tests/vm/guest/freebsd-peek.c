// SPDX-License-Identifier: BSD-2-Clause
/*
 * freebsd-peek VENDOR DEVICE BAR OFFSET: a program as it would be written for
 * FreeBSD, with FreeBSD's headers and requests and nothing of Linux. Prints the
 * function, its class, whether it decodes memory, and a register.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/pciio.h>

#include <dev/pci/pcireg.h>
#include <machine/vm.h>
#include <vm/vm.h>

#include <err.h>
#include <fcntl.h>
#include <osreldate.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if __FreeBSD_version < 1000000
#error "no FreeBSD that is known"
#endif

static int
find(int fd, uint16_t vendor, uint16_t device, struct pci_conf *conf)
{
	struct pci_match_conf pattern;
	struct pci_conf_io io;

	memset(&pattern, 0, sizeof(pattern));
	pattern.pc_vendor = vendor;
	pattern.pc_device = device;
	pattern.flags = PCI_GETCONF_MATCH_VENDOR | PCI_GETCONF_MATCH_DEVICE;
	memset(&io, 0, sizeof(io));
	io.pat_buf_len = sizeof(pattern);
	io.num_patterns = 1;
	io.patterns = &pattern;
	io.match_buf_len = sizeof(*conf);
	io.matches = conf;
	if (ioctl(fd, PCIOCGETCONF, &io) == -1)
		err(1, "PCIOCGETCONF");
	if (io.status == PCI_GETCONF_ERROR)
		errx(1, "error in the list of devices");

	return (io.num_matches == 1);
}

static uint32_t
read_config(int fd, const struct pcisel *sel, int reg, int width)
{
	struct pci_io io;

	memset(&io, 0, sizeof(io));
	io.pi_sel = *sel;
	io.pi_reg = reg;
	io.pi_width = width;
	if (ioctl(fd, PCIOCREAD, &io) == -1)
		err(1, "PCIOCREAD");
	return (io.pi_data);
}

static uint32_t
peek(int fd, const struct pcisel *sel, int bar, size_t offset)
{
	struct pci_bar_mmap map;
	volatile uint32_t *reg;
	vm_memattr_t attr;
	uint32_t value;

	attr = VM_MEMATTR_DEVICE;
	memset(&map, 0, sizeof(map));
	map.pbm_sel = *sel;
	map.pbm_reg = PCIR_BAR(bar);
	map.pbm_memattr = attr;
	if (ioctl(fd, PCIOCBARMMAP, &map) == -1)
		err(1, "PCIOCBARMMAP");
	reg = (volatile uint32_t *)((uintptr_t)map.pbm_map_base +
	    (uintptr_t)map.pbm_bar_off + offset);
	value = *reg;
	if (munmap(map.pbm_map_base, map.pbm_map_length) == -1)
		err(1, "munmap");

	return (value);
}

int
main(int argc, char *argv[])
{
	struct pci_conf conf;
	uint32_t command;
	int fd;

	if (argc != 5)
		errx(1, "usage: freebsd-peek vendor device bar offset");
	fd = open("/dev/pci", O_RDWR, 0);
	if (fd == -1)
		err(1, "/dev/pci");

	if (!find(fd, (uint16_t)strtoul(argv[1], NULL, 0),
	    (uint16_t)strtoul(argv[2], NULL, 0), &conf))
		errx(1, "no such device");
	command = read_config(fd, &conf.pc_sel, PCIR_COMMAND, 2);
	printf("%s%lu@pci%u:%u:%u:%u class %02x%02x memory %s: 0x%08x\n",
	    conf.pd_name[0] != '\0' ? conf.pd_name : "none", (unsigned long)conf.pd_unit,
	    conf.pc_sel.pc_domain, conf.pc_sel.pc_bus, conf.pc_sel.pc_dev,
	    conf.pc_sel.pc_func, conf.pc_class, conf.pc_subclass,
	    (command & PCIM_CMD_MEMEN) != 0 ? "on" : "off",
	    peek(fd, &conf.pc_sel, atoi(argv[3]), strtoul(argv[4], NULL, 0)));
	close(fd);
	return (0);
}
