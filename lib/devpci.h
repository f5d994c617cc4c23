/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two back ends over /dev/pci share. */
#ifndef PCIBAR_LIB_DEVPCI_H
#define PCIBAR_LIB_DEVPCI_H

/* FreeBSD's headers need what is before them here. */
#include <sys/types.h>
#include <sys/pciio.h>
#include <vm/vm.h>

#include "backend.h"

#define PCIBAR_DEV_PCI	"/dev/pci"

#ifdef VM_MEMATTR_WRITE_COMBINING
# define PCIBAR_DEVPCI_WC	VM_MEMATTR_WRITE_COMBINING
#else
# define PCIBAR_DEVPCI_WC	(-1)	/* is no attribute, and refused */
#endif

static inline int pcibar_devpci_attr(uint32_t attr)
{
	return attr == PCIBAR_ATTR_WC ? PCIBAR_DEVPCI_WC : VM_MEMATTR_DEVICE;
}

/*
 * What both back ends begin with, so that what they hand to the caller is one of
 * these too, and the members of the ops table below serve both.
 */
struct pcibar_devpci {
	int fd;				/* of /dev/pci, or of the function */
	int refused;			/* errno that left it read-only; 0: it is writable */
	bool sysfs_may;			/* then: but the back end sysfs has the rights */
	struct pcisel sel;
	/*
	 * Called before each request that names the function by its address alone,
	 * and after reads: 0 when it is still the one that was opened. NULL: @fd
	 * reaches no other.
	 */
	int (*check)(struct pcibar_devpci *devpci);
};

/* devpci.c */

/* The elements that PCIOCLISTVPD writes, as far as they are whole */
int pcibar_devpci_vpd_parse(const uint8_t *vpd, size_t len, pcibar_vpd_fn fn, void *data);

/*
 * An ordinary user gets a read-only descriptor, which is good for looking only.
 * -ENOENT: the module is not there, or @root is not this machine's sysfs.
 */
int pcibar_devpci_open(struct pcibar_devpci *devpci, const char *root,
		       const struct pcibar_address *addr);

/* Members of the ops table. A channel is for PCIOCBARIO, and freed with free(). */
int pcibar_devpci_refuse_absent(const char *root, const struct pcibar_address *addr,
				struct pcibar_refuse_ctx *ctx);
int pcibar_devpci_config_write(void *be, unsigned int off, unsigned int width, uint32_t val);
int pcibar_devpci_vpd_list(void *be, pcibar_vpd_fn fn, void *data);
int pcibar_devpci_channel_open(void *be, unsigned int bar, uint32_t flags,
			       struct pcibar_refuse_ctx *ctx, uint64_t *length, void **chanp);
int pcibar_devpci_channel_read(void *chan, uint64_t off, unsigned int width, uint64_t *val);
int pcibar_devpci_channel_write(void *chan, uint64_t off, unsigned int width, uint64_t val);

/* Record why /dev/pci refused to map, and return the library's errno. */
int pcibar_devpci_refuse_map(struct pcibar_refuse_ctx *ctx, int error);
int pcibar_devpci_refuse_rights(struct pcibar_refuse_ctx *ctx,
				const struct pcibar_devpci *devpci);

/* pciio-irq.c: for struct pcibar_devpci; its descriptor is one of a function */
extern const struct pcibar_irq_ops pcibar_pciio_irq;

#endif
