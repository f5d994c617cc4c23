// SPDX-License-Identifier: BSD-2-Clause
/* The module's interrupt descriptors: one for each vector. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "devpci.h"
#include "internal.h"
#include "sysfs.h"
#include "system.h"

_Static_assert(PCIBAR_IRQ_INTX == PCIIO_INTR_INTX && PCIBAR_IRQ_MSI == PCIIO_INTR_MSI &&
	       PCIBAR_IRQ_MSIX == PCIIO_INTR_MSIX, "types are handed on as they are");

/* Without vectors it asks what there is, and has no effect. */
static int request(const struct pcibar_devpci *devpci, struct pci_intr_open *req)
{
	req->pin_size = sizeof(*req);
	req->pin_sel = devpci->sel;
	return ioctl(devpci->fd, PCIOCINTROPEN, req) ? -errno : 0;
}

static int irq_get_info(void *be, struct pcibar_irq_info *info)
{
	struct pci_intr_open req = { .pin_type = info->type };
	int ret = request(be, &req);

	/* An older module. A read-only descriptor refuses unknown requests with EPERM. */
	if (ret == -ENOTTY || ret == -EPERM)
		return 0;
	if (ret == -ENODEV)
		return ret;

	info->flags = PCIBAR_IRQ_CAN_MASK | PCIBAR_IRQ_HAS_TIME | PCIBAR_IRQ_CAN_TRIGGER |
		      (info->type == PCIBAR_IRQ_INTX ? PCIBAR_IRQ_LEVEL : 0);
	if (ret)
		return 0;

	info->flags |= (req.pin_caps & PCIIO_INTR_CAP_GROW ? PCIBAR_IRQ_CAN_GROW : 0) |
		       (req.pin_caps & PCIIO_INTR_CAP_SHARED ? PCIBAR_IRQ_SHARED_LINE : 0);
	if (req.pin_open_type == info->type)
		info->open = req.pin_open;
	return 0;
}

/* In the order of the module's checks; see pciio(4). */
static const struct refusal {
	int error;			/* the module's */
	int ret;			/* the library's */
	uint32_t code;
	const char *what;
	const char *remedy;
} refusals[] = {
	{ -EOPNOTSUPP, -EOPNOTSUPP, PCIBAR_REASON_UNSUPPORTED,
	  "the kernel does not use messages for this function",
	  "use INTx; pci=nomsi turns them off, or a quirk of the device does" },
	{ -ERANGE, -ERANGE, PCIBAR_REASON_NO_VECTOR, "the function does not have these vectors",
	  "'pcibar irq' shows what it has" },
	{ -ENOTCONN, -EBUSY, PCIBAR_REASON_NOT_BOUND,
	  "the function is not bound to pciio any more", "bind it again" },
	{ -EBUSY, -EBUSY, PCIBAR_REASON_NOT_BOUND,
	  "a driver other than pciio is bound to the function", "unbind it" },
	{ -EPROTOTYPE, -EBUSY, PCIBAR_REASON_VECTOR_BUSY,
	  "another process has vectors of another type open",
	  "end that process: the module's debugfs file pciio/interrupts shows it" },
	{ -EEXIST, -EBUSY, PCIBAR_REASON_VECTOR_BUSY, "another process has one of the vectors open",
	  "end that process: the module's debugfs file pciio/interrupts shows it" },
	{ -ENOBUFS, -EBUSY, PCIBAR_REASON_VECTOR_BUSY,
	  "this system cannot add vectors while others of the function are open",
	  "open all of them at once, or reserve them when the first is opened" },
	{ -EADDRINUSE, -EBUSY, PCIBAR_REASON_VECTOR_BUSY,
	  "another driver has the interrupt line for itself", "use MSI or MSI-X" },
	{ -EHOSTUNREACH, -ENXIO, PCIBAR_REASON_BUS_MASTER_OFF,
	  "bus mastering is off, so that the device cannot send messages",
	  "turn it on (pcibar enable --bus-master)" },
	{ -ENXIO, -ENXIO, PCIBAR_REASON_UNSUPPORTED,
	  "the interrupt line of the function is not connected", "use MSI or MSI-X" },
	{ -EACCES, -EPERM, PCIBAR_REASON_ISOLATION,
	  "interrupts are not remapped, and the MSI-X table is in a writable map of the function",
	  "unmap it, turn interrupt remapping on, or load the module with unsafe_interrupts=1" },
	{ -ENOSPC, -ENOSPC, PCIBAR_REASON_EXHAUSTED,
	  "the machine does not have so many interrupt vectors left", "open fewer" },
};

static int refuse(struct pcibar_refuse_ctx *ctx, int error)
{
	const struct pcibar_text *old = &pcibar_system()->text[PCIBAR_REASON_UNSUPPORTED];

	if (error == -ENODEV)
		return pcibar_refuse_gone(ctx);
	if (error == -EPERM)
		return pcibar_refuse_lockdown(ctx);
	if (error == -ENOTTY)
		return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP, old->remedy,
				     "the loaded module does not deliver interrupts");
	if (error == -E2BIG)
		return pcibar_refuse_text(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP, old);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (refusals[i].error == error)
			return pcibar_refuse(ctx, refusals[i].code, refusals[i].ret,
					     refusals[i].remedy, "%s", refusals[i].what);

	return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "", PCIBAR_DEV_PCI ": %s",
			     strerror(-error));
}

static void irq_check(void *be, const struct pcibar_irq_request *irq,
		      struct pcibar_refuse_ctx *ctx)
{
	struct pci_intr_open req = { .pin_type = irq->type };
	const struct pcibar_devpci *devpci = be;
	int ret;

	if (devpci->refused) {
		pcibar_devpci_refuse_rights(ctx, devpci);
		return;
	}

	/* Vectors of this process were checked before. */
	ret = request(devpci, &req);
	if (ret)
		refuse(ctx, ret);
	else if (req.pin_open && req.pin_open_type != irq->type && ctx->error != -EBUSY)
		refuse(ctx, -EPROTOTYPE);
}

/* The library never waits in read(2), which cannot be given a time. */
static int make_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

static int irq_open(void *be, const struct pcibar_irq_request *irq, struct pcibar_refuse_ctx *ctx,
		    int *fds)
{
	struct pci_intr_open req = {
		.pin_type = irq->type, .pin_first = irq->first, .pin_count = irq->count,
		.pin_reserve = irq->reserve,
		.pin_flags = (irq->flags & PCIBAR_IRQ_OPEN_MASKED ? PCIIO_INTR_OPEN_MASKED : 0) |
			     (irq->flags & PCIBAR_IRQ_BUS_MASTER ? PCIIO_INTR_OPEN_MASTER : 0) |
			     (irq->flags & PCIBAR_IRQ_EVENTFD ? PCIIO_INTR_OPEN_EVENTFD : 0),
		.pin_fds = (uintptr_t)fds,
		.pin_eventfds = (uintptr_t)irq->eventfds,
	};
	int ret = request(be, &req);

	if (ret)
		return refuse(ctx, ret);

	for (uint32_t i = 0; !ret && i < irq->count; i++)
		ret = make_nonblocking(fds[i]);
	for (uint32_t i = 0; ret && i < irq->count; i++)
		close(fds[i]);
	return ret ? refuse(ctx, ret) : 0;
}

static void irq_close(void *be, const struct pcibar_vector *vector)
{
	(void)be;
	close(vector->fd);
}

static int irq_read(void *be, const struct pcibar_vector *vector, struct pcibar_irq_event *event)
{
	struct pci_intr_event got;
	ssize_t n = read(vector->fd, &got, sizeof(got));

	(void)be;
	/* Its events are in the caller's eventfd. */
	if (n < 0)
		return errno == EOPNOTSUPP ? -EAGAIN : -errno;
	if (n != sizeof(got))
		return -EIO;

	event->flags = PCIBAR_IRQ_EVENT_TIME;
	event->count = got.pie_count;
	event->time = got.pie_time;
	return 0;
}

static int command(const struct pcibar_vector *vector, uint32_t val)
{
	ssize_t n = write(vector->fd, &val, sizeof(val));

	return n == sizeof(val) ? 0 : n < 0 ? -errno : -EIO;
}

static int irq_mask(void *be, const struct pcibar_vector *vector, bool masked)
{
	(void)be;
	return command(vector, masked ? PCIIO_INTR_MASK : PCIIO_INTR_UNMASK);
}

static int irq_trigger(void *be, const struct pcibar_vector *vector)
{
	(void)be;
	return command(vector, PCIIO_INTR_TRIGGER);
}

/* Where the descriptor is described. */
static int irq_number(void *be, const struct pcibar_vector *vector)
{
	char path[40], text[1024];
	const char *at;
	int number;

	(void)be;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", vector->fd);
	if (pcibar_sysfs_read(AT_FDCWD, path, text, sizeof(text)))
		return -EOPNOTSUPP;

	at = strstr(text, "\nirq:\t");
	return at && sscanf(at, "\nirq:\t%d", &number) == 1 && number > 0 ? number : -EOPNOTSUPP;
}

const struct pcibar_irq_ops pcibar_pciio_irq = {
	.driver = "pciio",
	.get_info = irq_get_info,
	.check = irq_check,
	.open = irq_open,
	.close = irq_close,
	.read = irq_read,
	.mask = irq_mask,
	.trigger = irq_trigger,
	.number = irq_number,
};
