// SPDX-License-Identifier: BSD-2-Clause
/*
 * The module's function and BAR descriptors. Information comes from sysfs, which
 * every user may read. The module does what sysfs cannot: attributes that are read
 * back, exclusive users, activation, revocation, events.
 *
 * Both reach one function and no other that takes its place. The function's
 * folder in sysfs is opened after the function descriptor: so a request that
 * succeeds shows that the folder is of the same function.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pcibar/event.h>

#include "devpci.h"
#include "internal.h"
#include "sysfs.h"

/* A mapping's descriptor: kept for its events. */
struct descriptor {
	struct descriptor *next;
	int fd;
};

struct pciio {
	struct pcibar_devpci devpci;	/* first; its descriptor is the function's */
	void *sysfs;
	pthread_mutex_t lock;		/* covers what follows */
	struct descriptor *descriptors;
	int epoll;			/* -1 until events are requested */
};

_Static_assert(offsetof(struct pciio, devpci) == 0, "devpci.c takes one for the other");

static int pciio_scan(const char *root, pcibar_visit_fn visit, void *data)
{
	static const struct pcibar_address none;
	struct pcibar_devpci devpci;
	int ret = pcibar_devpci_open(&devpci, root, &none);

	if (ret)
		return ret;
	close(devpci.fd);
	return pcibar_backend_sysfs.scan(root, visit, data);
}

/* Exchanges the descriptor of /dev/pci for one of the function. */
static int function_open(struct pcibar_devpci *devpci)
{
	struct pci_func_open req = {
		.pfo_size = sizeof(req),
		.pfo_sel = devpci->sel,
		.pfo_flags = devpci->refused ? 0 : PCIIO_FUNC_OPEN_RW,
	};
	int ret = ioctl(devpci->fd, PCIOCFUNCOPEN, &req) ? -errno : 0;

	close(devpci->fd);
	/* A read-only descriptor refuses unknown requests with EPERM. */
	if (ret)
		return ret == -EPERM ? -ENOTTY : ret;

	devpci->fd = req.pfo_fd;
	return 0;
}

static int pciio_open(const char *root, const struct pcibar_address *addr, void **bep)
{
	struct pcibar_devpci devpci;
	struct pciio *be;
	int ret;

	ret = pcibar_devpci_open(&devpci, root, addr);
	if (ret)
		return ret;

	ret = function_open(&devpci);
	if (ret)
		return ret;

	be = calloc(1, sizeof(*be));
	ret = be ? pcibar_backend_sysfs.open(root, addr, &be->sysfs) : -ENOMEM;
	if (ret) {
		close(devpci.fd);
		free(be);
		return ret;
	}

	be->devpci = devpci;
	be->devpci.sysfs_may = devpci.refused && !pcibar_backend_sysfs.config_try(be->sysfs);
	be->epoll = -1;
	pthread_mutex_init(&be->lock, NULL);
	*bep = be;
	return 0;
}

static void pciio_close(void *priv)
{
	struct pciio *be = priv;

	if (be->epoll >= 0)
		close(be->epoll);
	close(be->devpci.fd);
	pcibar_backend_sysfs.close(be->sysfs);
	pthread_mutex_destroy(&be->lock);
	free(be);
}

static void *pciio_query_data(void *priv)
{
	struct pciio *be = priv;

	return be->sysfs;
}

/* What the library turns on itself, it may do through sysfs in another process. */
static int pciio_hold_lock(void *priv, uint32_t bits, struct pcibar_holds *others)
{
	return pcibar_backend_sysfs.hold_lock(((struct pciio *)priv)->sysfs, bits, others);
}

static int pciio_hold_unlock(void *priv, uint32_t bits, const struct pcibar_holds *mine)
{
	return pcibar_backend_sysfs.hold_unlock(((struct pciio *)priv)->sysfs, bits, mine);
}

static int pciio_config_modify(void *priv, unsigned int off, unsigned int width, uint32_t mask,
			       uint32_t value, uint32_t *old)
{
	struct pciio *be = priv;
	struct pci_modify req = {
		.pmo_size = sizeof(req), .pmo_sel = be->devpci.sel, .pmo_reg = (int)off,
		.pmo_width = (int)width, .pmo_mask = mask, .pmo_value = value,
	};

	if (be->devpci.refused)
		return -EACCES;
	if (ioctl(be->devpci.fd, PCIOCMODIFY, &req))
		return -errno;

	*old = req.pmo_old;
	return 0;
}

/*
 * The module keeps away from every driver but its own. Those that hand their
 * function to user space own no BAR: there no user needs to ask to share.
 */
static bool is_handed_over(const char *driver)
{
	return driver && *driver && strcmp(driver, "pciio") && !pcibar_driver_owns_bars(driver);
}

static int bar_open(struct pciio *be, unsigned int bar, const struct pcibar_pages *pages,
		    uint32_t more)
{
	static const struct { uint32_t library, module; } flags[] = {
		{ PCIBAR_MAP_WRITE, PCIIO_BAR_OPEN_RW },
		{ PCIBAR_MAP_EXCLUSIVE, PCIIO_BAR_OPEN_EXCLUSIVE },
		{ PCIBAR_MAP_ACTIVATE, PCIIO_BAR_OPEN_ACTIVATE },
		{ PCIBAR_MAP_SHARE_DRIVER, PCIIO_BAR_OPEN_SHARE_DRIVER },
		{ PCIBAR_MAP_SHARE_PAGE, PCIIO_BAR_OPEN_SHARE_PAGE },
	};
	struct pci_bar_open req = { .pbo_size = sizeof(req), .pbo_sel = be->devpci.sel,
				    .pbo_flags = more,
				    .pbo_memattr = (u_int32_t)pcibar_devpci_attr(pages->attr) };
	uint32_t type = 0;

	if (bar == PCIBAR_BAR_ROM)
		pcibar_sysfs_query.config_read(be->sysfs, PCIR_HDRTYPE, 1, &type);
	req.pbo_reg = (int)pcibar_header_bar(type, bar);
	if (!req.pbo_reg)
		return -ENODEV;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (pages->flags & flags[i].library)
			req.pbo_flags |= flags[i].module;
	if (is_handed_over(pages->driver))
		req.pbo_flags |= PCIIO_BAR_OPEN_SHARE_DRIVER;

	return ioctl(be->devpci.fd, PCIOCBAROPEN, &req) ? -errno : req.pbo_fd;
}

static int watch(struct pciio *be, int fd)
{
	struct epoll_event event = { .events = EPOLLPRI | EPOLLET, .data.fd = fd };

	return epoll_ctl(be->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* The end of the function ends its BARs as well: it is reported once. */
static void watch_no_more(struct pciio *be)
{
	epoll_ctl(be->epoll, EPOLL_CTL_DEL, be->devpci.fd, NULL);
	for (struct descriptor *desc = be->descriptors; desc; desc = desc->next)
		epoll_ctl(be->epoll, EPOLL_CTL_DEL, desc->fd, NULL);
}

static int keep(struct pciio *be, int fd, void **tokenp)
{
	struct descriptor *desc = malloc(sizeof(*desc));
	int ret = 0;

	if (!desc)
		return -ENOMEM;

	desc->fd = fd;
	pthread_mutex_lock(&be->lock);
	if (be->epoll >= 0)
		ret = watch(be, fd);
	if (ret) {
		free(desc);
	} else {
		desc->next = be->descriptors;
		be->descriptors = desc;
		*tokenp = desc;
	}
	pthread_mutex_unlock(&be->lock);
	return ret;
}

static void pciio_unmapped(void *priv, void *token)
{
	struct descriptor **at, *desc = token;
	struct pciio *be = priv;

	pthread_mutex_lock(&be->lock);
	for (at = &be->descriptors; *at != desc; at = &(*at)->next)
		;
	*at = desc->next;
	/* A child of a fork() may keep the file: closing it would not end its events. */
	if (be->epoll >= 0)
		epoll_ctl(be->epoll, EPOLL_CTL_DEL, desc->fd, NULL);
	pthread_mutex_unlock(&be->lock);
	close(desc->fd);
	free(desc);
}

/* Opens a descriptor of the BAR and maps it. */
static int open_and_map(struct pciio *be, unsigned int bar, const struct pcibar_pages *pages,
			uint32_t more, void **basep)
{
	int prot = PROT_READ | (pages->flags & PCIBAR_MAP_WRITE ? PROT_WRITE : 0);
	int fd = bar_open(be, bar, pages, more), ret;

	if (fd < 0)
		return fd;

	*basep = mmap(NULL, (size_t)pages->length, prot, MAP_SHARED, fd, (off_t)pages->offset);
	if (*basep != MAP_FAILED)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static int pciio_map(void *priv, unsigned int bar, const struct pcibar_pages *pages,
		     struct pcibar_refuse_ctx *ctx, void **basep, void **tokenp)
{
	bool write = pages->flags & PCIBAR_MAP_WRITE;
	struct pciio *be = priv;
	int fd, ret;

	if (be->devpci.refused)
		return pcibar_devpci_refuse_rights(ctx, &be->devpci);
	if (ctx->all && pages->flags & PCIBAR_MAP_ACTIVATE)
		return -EAGAIN;

	/*
	 * Where interrupts are not isolated, a writable descriptor that reaches the MSI-X
	 * table and open messages exclude each other. Few windows have the table in them.
	 */
	fd = open_and_map(be, bar, pages, write ? PCIIO_BAR_OPEN_NO_MSIX : 0, basep);
	if (fd == -EPERM && write) {
		fd = open_and_map(be, bar, pages, 0, basep);
		if (fd == -EACCES)
			return pcibar_refuse(ctx, PCIBAR_REASON_ISOLATION, -EPERM,
					     "map a window without it, or load the module with "
					     "unsafe_interrupts=1",
					     "the window has the MSI-X table in it, and interrupts "
					     "are open that are not remapped");
	}
	if (fd < 0)
		return pcibar_devpci_refuse_map(ctx, fd);

	ret = keep(be, fd, tokenp);
	if (ret) {
		munmap(*basep, (size_t)pages->length);
		close(fd);
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, ret, "", "%s", strerror(-ret));
	}
	return 0;
}

static int watch_all(struct pciio *be)
{
	int ret;

	be->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (be->epoll < 0)
		return -errno;

	ret = watch(be, be->devpci.fd);
	for (struct descriptor *desc = be->descriptors; !ret && desc; desc = desc->next)
		ret = watch(be, desc->fd);
	if (ret) {
		close(be->epoll);
		be->epoll = -1;
	}
	return ret;
}

static int pciio_event_fd(void *priv)
{
	struct pciio *be = priv;
	int ret, state;

	state = pcibar_lock(&be->lock);
	ret = be->epoll < 0 ? watch_all(be) : 0;
	if (!ret)
		ret = be->epoll;
	pcibar_unlock(&be->lock, state);
	return ret;
}

/* Its descriptor hangs up last: a BAR that hangs up before may be of such a function. */
static bool is_gone(struct pciio *be)
{
	struct pci_bar_io req = {
		.pbi_sel = be->devpci.sel, .pbi_reg = PCIR_BARS,
	};

	return ioctl(be->devpci.fd, PCIOCGETBAR, &req) && errno == ENODEV;
}

/* A BAR may end before its function: when it is moved. */
static int pciio_event_next(void *priv, uint32_t *type)
{
	struct pciio *be = priv;
	struct epoll_event event;
	int n, state, ret = 0;

	state = pcibar_lock(&be->lock);
	if (be->epoll < 0) {
		pcibar_unlock(&be->lock, state);
		return -EINVAL;
	}

	n = epoll_wait(be->epoll, &event, 1, 0);
	if (n <= 0) {
		ret = n ? -errno : -EAGAIN;
	} else if (event.events & EPOLLHUP && is_gone(be)) {
		watch_no_more(be);
		*type = PCIBAR_EVENT_GONE;
	} else {
		*type = PCIBAR_EVENT_REVOKED;
	}
	pcibar_unlock(&be->lock, state);
	return ret;
}

const struct pcibar_backend_ops pcibar_backend_pciio = {
	.id = PCIBAR_BACKEND_PCIIO,
	.name = "pciio",
	.refuse_absent = pcibar_devpci_refuse_absent,
	.absent = "the module pciio is not loaded",
	.absent_remedy = "modprobe pciio (package pcibar-dkms)",
	.caps = PCIBAR_CAP_MAP_WC | PCIBAR_CAP_ATTR_PROOF | PCIBAR_CAP_EXCLUSIVE |
		PCIBAR_CAP_ACTIVATE | PCIBAR_CAP_REVOKE | PCIBAR_CAP_EVENTS | PCIBAR_CAP_IRQ,
	.activates = true,
	.maps_rom = true,
	.wc_everywhere = true,
	.scan = pciio_scan,
	.open = pciio_open,
	.close = pciio_close,
	.query = &pcibar_sysfs_query,
	.query_data = pciio_query_data,
	.map = pciio_map,
	.unmapped = pciio_unmapped,
	.channel_open = pcibar_devpci_channel_open,
	.channel_read = pcibar_devpci_channel_read,
	.channel_write = pcibar_devpci_channel_write,
	.channel_close = free,
	/* Through the module: it revokes what a cleared command bit or a moved BAR takes away. */
	.config_write = pcibar_devpci_config_write,
	/* As one operation for the module, which changes the same bits when it activates. */
	.config_modify = pciio_config_modify,
	.hold_lock = pciio_hold_lock,
	.hold_unlock = pciio_hold_unlock,
	/* And it wakes a sleeping device, which not every kernel does for sysfs' file. */
	.vpd_list = pcibar_devpci_vpd_list,
	.irq = &pcibar_pciio_irq,
	.event_fd = pciio_event_fd,
	.event_next = pciio_event_next,
};
