// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "internal.h"

int pcibar_abi_open(bool *write)
{
	int fd = open(PCIBAR_DEV_PCI, O_RDWR | O_CLOEXEC);

	*write = fd >= 0;
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		fd = open(PCIBAR_DEV_PCI, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int pcibar_abi_config_write(int fd, const struct pcisel *sel, unsigned int off,
			    unsigned int width, uint32_t val)
{
	struct pci_io io = { .pi_sel = *sel, .pi_reg = (int)off, .pi_width = (int)width,
			     .pi_data = val };

	if (!ioctl(fd, PCIOCWRITE, &io))
		return 0;
	/* Width and alignment were checked: what is left is the end of the space. */
	return errno == EINVAL ? -ERANGE : -errno;
}

struct channel {
	int fd;
	struct pcisel sel;
	unsigned int bar;
};

int pcibar_abi_channel_open(int fd, const struct pcisel *sel, unsigned int bar,
			    struct pcibar_verdict *v, void **chanp)
{
	struct channel *chan = malloc(sizeof(*chan));

	if (!chan)
		return pcibar_object(v, PCIBAR_REASON_SYSTEM, -ENOMEM, "", "there is no memory");
	*chan = (struct channel){ fd, *sel, bar };
	*chanp = chan;
	return 0;
}

static int bario(const struct channel *chan, int op, uint64_t off, unsigned int width,
		 uint32_t *val)
{
	struct pci_bar_ioreq req = { .pbi_sel = chan->sel, .pbi_op = op, .pbi_bar = chan->bar,
				     .pbi_offset = (u_int32_t)off, .pbi_width = width,
				     .pbi_value = *val };

	if (width == 8)
		return -EOPNOTSUPP;
	if (ioctl(chan->fd, PCIOCBARIO, &req))
		return errno == ENOENT ? -EBUSY : -errno;
	*val = req.pbi_value;
	return 0;
}

int pcibar_abi_channel_read(void *chan, uint64_t off, unsigned int width, uint64_t *val)
{
	uint32_t got = 0;
	int ret = bario(chan, PCIBARIO_READ, off, width, &got);

	*val = got;
	return ret;
}

int pcibar_abi_channel_write(void *chan, uint64_t off, unsigned int width, uint64_t val)
{
	uint32_t put = (uint32_t)val;

	return bario(chan, PCIBARIO_WRITE, off, width, &put);
}

int pcibar_abi_object_rights(struct pcibar_verdict *v)
{
	return pcibar_object(v, PCIBAR_REASON_PERMISSION, -EACCES,
			     "run it as root, with CAP_SYS_RAWIO",
			     "no permission to open " PCIBAR_DEV_PCI " for writing");
}

int pcibar_abi_object(struct pcibar_verdict *v, int error)
{
	switch (error) {
	case EPERM:
		return pcibar_object(v, PCIBAR_REASON_LOCKDOWN, -EPERM,
				     "boot without lockdown (Secure Boot turns it on)",
				     "kernel lockdown forbids access to BARs from user space");
	case EACCES:
		return pcibar_object(v, PCIBAR_REASON_PERMISSION, -EACCES, "run it as root",
				     "no permission to map the BAR");
	case ENODEV:
		return pcibar_object(v, PCIBAR_REASON_GONE, -ENODEV, "", "the function is gone");
	case EBUSY:
		/* The module's word for what the library's checks have named better. */
		if (v->error)
			return -EBUSY;
		return pcibar_object(v, PCIBAR_REASON_CLAIMED, -EBUSY,
				     "see /proc/iomem and the module's debugfs file pciio/maps for "
				     "who holds it",
				     "another user holds the BAR exclusively or with another "
				     "attribute, or the kernel keeps it for itself");
	case EADDRINUSE:
		return pcibar_object(v, PCIBAR_REASON_PAGE_SHARED, -EADDRINUSE,
				     "share the page (--share-page) if the mapping may reach that "
				     "too",
				     "something else is in the pages of the BAR");
	case EOPNOTSUPP:
		return pcibar_object(v, PCIBAR_REASON_ATTRIBUTE, -EOPNOTSUPP, "map it uncached",
				     "this machine cannot map a BAR with that attribute");
	default:
		return pcibar_object(v, PCIBAR_REASON_SYSTEM, -error, "", PCIBAR_DEV_PCI ": %s",
				     strerror(error));
	}
}
