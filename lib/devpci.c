// SPDX-License-Identifier: BSD-2-Clause
/* What the two back ends over /dev/pci share. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devpci.h"
#include "internal.h"
#include "system.h"

/*
 * For the elements of all VPD there can be, 32 KiB of which 4 for 3 bytes: asked
 * for the length first, the kernel would read it twice from a slow device.
 */
#define VPD_ROOM	(64u << 10)

int pcibar_devpci_open(struct pcibar_devpci *devpci, const char *root,
		       const struct pcibar_address *addr)
{
	*devpci = (struct pcibar_devpci){
		.sel = { .pc_domain = addr->domain, .pc_bus = addr->bus, .pc_dev = addr->slot,
			 .pc_func = addr->func },
	};
	if (strcmp(root, "/sys"))
		return -ENOENT;

	devpci->fd = open(PCIBAR_DEV_PCI, O_RDWR | O_CLOEXEC);
	if (devpci->fd < 0 && (errno == EACCES || errno == EPERM)) {
		devpci->refused = errno;
		devpci->fd = open(PCIBAR_DEV_PCI, O_RDONLY | O_CLOEXEC);
	}
	if (devpci->fd >= 0)
		return 0;

	/* The node may exist without its module. */
	return errno == ENXIO || errno == ENODEV ? -ENOENT : -errno;
}

/* A container may lack the node of a module that the machine has loaded. */
int pcibar_devpci_refuse_absent(const char *root, const struct pcibar_address *addr,
				struct pcibar_refuse_ctx *ctx)
{
	(void)root;
	(void)addr;
	if (access("/sys/module/pciio", F_OK) || !access(PCIBAR_DEV_PCI, F_OK))
		return 0;
	return pcibar_refuse(ctx, PCIBAR_REASON_NO_BACKEND, -ENODEV,
			     "start the container with it (--device " PCIBAR_DEV_PCI ")",
			     "the module pciio is loaded, but there is no " PCIBAR_DEV_PCI " here");
}

static int check(struct pcibar_devpci *devpci)
{
	return devpci->check ? devpci->check(devpci) : 0;
}

int pcibar_devpci_config_write(void *be, unsigned int off, unsigned int width, uint32_t val)
{
	struct pcibar_devpci *devpci = be;
	struct pci_io io = { .pi_sel = devpci->sel, .pi_reg = (int)off, .pi_width = (int)width,
			     .pi_data = val };
	int ret;

	if (devpci->refused)
		return -EACCES;

	ret = check(devpci);
	if (ret)
		return ret;
	if (!ioctl(devpci->fd, PCIOCWRITE, &io))
		return 0;

	/* Width and alignment were checked: what is left is the end of the space. */
	return errno == EINVAL ? -ERANGE : -errno;
}

int pcibar_devpci_vpd_parse(const uint8_t *vpd, size_t len, pcibar_vpd_fn fn, void *data)
{
	struct pci_vpd_element element;
	size_t at = 0;
	int ret = 0;

	while (!ret && len - at >= sizeof(element)) {
		struct pcibar_vpd_field field = { .size = sizeof(field) };

		memcpy(&element, vpd + at, sizeof(element));
		at += sizeof(element);
		if (element.pve_datalen > len - at)
			break;
		if (element.pve_flags & PVE_FLAG_IDENT)
			field.flags = PCIBAR_VPD_IDENT;
		else if (element.pve_flags & PVE_FLAG_RW)
			field.flags = PCIBAR_VPD_WRITABLE;
		memcpy(field.keyword, element.pve_keyword, sizeof(element.pve_keyword));
		field.length = element.pve_datalen;
		field.data = vpd + at;
		ret = fn(data, &field);
		at += field.length;
	}
	return ret;
}

int pcibar_devpci_vpd_list(void *be, pcibar_vpd_fn fn, void *data)
{
	struct pcibar_devpci *devpci = be;
	struct pci_list_vpd_io io = { .plvi_sel = devpci->sel, .plvi_len = VPD_ROOM };
	int ret = check(devpci);

	if (ret)
		return ret;

	ret = -ENOMEM;
	io.plvi_data = malloc(VPD_ROOM);
	if (io.plvi_data && !ioctl(devpci->fd, PCIOCLISTVPD, &io))
		ret = pcibar_devpci_vpd_parse((const uint8_t *)io.plvi_data, io.plvi_len, fn, data);
	else if (io.plvi_data)
		ret = errno == ENXIO ? -ENOENT : -errno;
	free(io.plvi_data);
	return ret;
}

struct channel {
	struct pcibar_devpci *devpci;		/* of the device, which the map keeps */
	unsigned int bar;
};

/*
 * A request that names no operation is refused for that, unless the module has
 * a better reason: it reports lockdown without an access.
 */
static int try_channel(const struct channel *chan)
{
	struct pci_bar_ioreq req = { .pbi_sel = chan->devpci->sel, .pbi_bar = chan->bar,
				     .pbi_width = 1 };

	if (!ioctl(chan->devpci->fd, PCIOCBARIO, &req) || errno == EINVAL)
		return 0;
	return errno == ENOENT ? -EBUSY : -errno;
}

int pcibar_devpci_channel_open(void *be, unsigned int bar, uint32_t flags,
			       struct pcibar_refuse_ctx *ctx, uint64_t *length, void **chanp)
{
	struct pcibar_devpci *devpci = be;
	struct channel *chan;
	int ret;

	/* A read of an I/O port needs the same right, and I/O has its whole length. */
	(void)flags;
	(void)length;
	if (devpci->refused)
		return pcibar_devpci_refuse_rights(ctx, devpci);

	chan = malloc(sizeof(*chan));
	if (!chan)
		return pcibar_refuse_nomem(ctx);

	*chan = (struct channel){ devpci, bar };
	ret = try_channel(chan);
	if (ret) {
		free(chan);
		return pcibar_devpci_refuse_map(ctx, ret);
	}
	*chanp = chan;
	return 0;
}

static int bario(const struct channel *chan, int op, uint64_t off, unsigned int width,
		 uint32_t *val)
{
	struct pci_bar_ioreq req = {
		.pbi_sel = chan->devpci->sel, .pbi_op = op, .pbi_bar = chan->bar,
		.pbi_offset = (u_int32_t)off, .pbi_width = width, .pbi_value = *val,
	};
	int ret;

	if (width == 8)
		return -EOPNOTSUPP;

	ret = check(chan->devpci);
	if (ret)
		return ret;
	if (ioctl(chan->devpci->fd, PCIOCBARIO, &req))
		return errno == ENOENT ? -EBUSY : -errno;

	*val = req.pbi_value;
	return 0;
}

int pcibar_devpci_channel_read(void *chan, uint64_t off, unsigned int width, uint64_t *val)
{
	uint32_t got = 0;
	int ret = bario(chan, PCIBARIO_READ, off, width, &got);

	*val = got;
	return ret ? ret : check(((struct channel *)chan)->devpci);
}

int pcibar_devpci_channel_write(void *chan, uint64_t off, unsigned int width, uint64_t val)
{
	uint32_t put = (uint32_t)val;

	return bario(chan, PCIBARIO_WRITE, off, width, &put);
}

int pcibar_devpci_refuse_rights(struct pcibar_refuse_ctx *ctx, const struct pcibar_devpci *devpci)
{
	const struct pcibar_system *system = pcibar_system();
	const struct pcibar_text *denied = &system->text[PCIBAR_REASON_DENIED];
	const char *remedy = geteuid() ? system->become_root : system->leave_container;

	if (devpci->sysfs_may)
		remedy = "run it with CAP_SYS_RAWIO, or use the back end sysfs "
			 "(pcibar --backend sysfs)";
	if (devpci->refused == EPERM)
		return pcibar_refuse(ctx, PCIBAR_REASON_DENIED, -EPERM,
				     denied->remedy ? denied->remedy : remedy, "%s", denied->what);
	return pcibar_refuse(ctx, PCIBAR_REASON_PERMISSION, -EACCES, remedy,
			     "no permission to open " PCIBAR_DEV_PCI " for writing");
}

int pcibar_devpci_refuse_map(struct pcibar_refuse_ctx *ctx, int error)
{
	const struct pcibar_text *text = pcibar_system()->text;

	switch (error) {
	case -EPERM:
		return pcibar_refuse_lockdown(ctx);
	case -EACCES:
		return pcibar_refuse(ctx, PCIBAR_REASON_PERMISSION, -EACCES, "run it as root",
				     "no permission to map the BAR");
	case -ENODEV:
		return pcibar_refuse_gone(ctx);
	case -EBUSY:
		/* The module's word for what the library's checks have named better. */
		if (ctx->error)
			return -EBUSY;
		return pcibar_refuse_text(ctx, PCIBAR_REASON_CLAIMED, -EBUSY,
					  &text[PCIBAR_REASON_CLAIMED]);
	case -EADDRINUSE:
		return pcibar_refuse(ctx, PCIBAR_REASON_PAGE_SHARED, -EADDRINUSE,
				     "share the page (pcibar --share-page) if the mapping may "
				     "reach that too",
				     "the pages of the BAR hold other resources");
	case -EOPNOTSUPP:
		return pcibar_refuse(ctx, PCIBAR_REASON_ATTRIBUTE, -EOPNOTSUPP, "map it uncached",
				     "this machine cannot map a BAR with that attribute");
	case -ENOTTY:
	case -E2BIG:
		return pcibar_refuse_text(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
					  &text[PCIBAR_REASON_UNSUPPORTED]);
	default:
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "", PCIBAR_DEV_PCI ": %s",
				     strerror(-error));
	}
}
