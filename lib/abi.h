/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PCIBAR_LIB_ABI_H
#define PCIBAR_LIB_ABI_H

#include <machine/vm.h>
#include <sys/pciio.h>

#include "backend.h"

/* What the two back ends over /dev/pci have in common. */

#define PCIBAR_DEV_PCI	"/dev/pci"

#ifdef VM_MEMATTR_WRITE_COMBINING
# define PCIBAR_ABI_WC	VM_MEMATTR_WRITE_COMBINING
#else
# define PCIBAR_ABI_WC	(-1)	/* is no attribute, and refused */
#endif

static inline int pcibar_abi_attr(uint32_t attr)
{
	return attr == PCIBAR_ATTR_WC ? PCIBAR_ABI_WC : VM_MEMATTR_DEVICE;
}

static inline struct pcisel pcibar_abi_sel(const struct pcibar_address *addr)
{
	return (struct pcisel){ .pc_domain = addr->domain, .pc_bus = addr->bus,
				.pc_dev = addr->slot, .pc_func = addr->func };
}

/* BARs by configuration offset; the ROM's depends on the header type. */
static inline int pcibar_abi_reg(unsigned int bar, bool bridge)
{
	return bar == PCIBAR_BAR_ROM ? (bridge ? 0x38 : 0x30) : (int)(0x10 + 4 * bar);
}

/* abi.c */

/* An ordinary user gets a read-only descriptor, which is good for looking only. */
int pcibar_abi_open(bool *write);
int pcibar_abi_config_write(int fd, const struct pcisel *sel, unsigned int off,
			    unsigned int width, uint32_t val);

/* Channels over PCIOCBARIO, to be freed with free(); the members of the ops table. */
int pcibar_abi_channel_open(int fd, const struct pcisel *sel, unsigned int bar,
			    struct pcibar_verdict *v, void **chanp);
int pcibar_abi_channel_read(void *chan, uint64_t off, unsigned int width, uint64_t *val);
int pcibar_abi_channel_write(void *chan, uint64_t off, unsigned int width, uint64_t val);

/* Record why /dev/pci refused to map, and answer the library's errno. */
int pcibar_abi_object(struct pcibar_verdict *v, int error);
int pcibar_abi_object_rights(struct pcibar_verdict *v);

#endif
