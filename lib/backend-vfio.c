// SPDX-License-Identifier: BSD-2-Clause
/*
 * Functions that are bound to vfio-pci, or to another driver of VFIO, through VFIO.
 *
 * VFIO resets a function when it opens it, and again when it closes it. So this back end
 * opens it when something is done with it, and not before; sysfs serves what is asked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <pcibar/event.h>

#include "internal.h"
#include "sysfs.h"
#include "vfio.h"

/* Registers of power states are beyond it. */
#define HEADER_LEN	64

struct vfio {
	void *sysfs;
	char address[PCIBAR_ADDRESS_STRLEN];
	pthread_mutex_t lock;		/* covers taking the function, and epoll */
	_Atomic(struct pcibar_vfio_device *) device;	/* NULL until it is taken */
	int epoll;			/* -1 until events are requested */
};

static int vfio_scan(const char *root, pcibar_visit_fn visit, void *data)
{
	return strcmp(root, "/sys") ? -ENOENT : pcibar_backend_sysfs.scan(root, visit, data);
}

static int vfio_open(const char *root, const struct pcibar_address *addr, void **bep)
{
	char address[PCIBAR_ADDRESS_STRLEN];
	struct vfio *be;
	int ret;

	pcibar_address_format(addr, address);
	if (strcmp(root, "/sys") || !pcibar_vfio_is_bound(address))
		return -ENOENT;

	be = calloc(1, sizeof(*be));
	if (!be)
		return -ENOMEM;
	ret = pcibar_backend_sysfs.open(root, addr, &be->sysfs);
	if (ret) {
		free(be);
		return ret;
	}
	strcpy(be->address, address);
	pthread_mutex_init(&be->lock, NULL);
	be->epoll = -1;
	*bep = be;
	return 0;
}

static int vfio_refuse_absent(const char *root, const struct pcibar_address *addr,
			      struct pcibar_refuse_ctx *ctx)
{
	char address[PCIBAR_ADDRESS_STRLEN];

	if (!addr)
		return 0;
	if (strcmp(root, "/sys"))
		return pcibar_refuse(ctx, PCIBAR_REASON_NO_BACKEND, -ENODEV, "use sysfs",
				     "VFIO has no functions of %s", root);
	pcibar_address_format(addr, address);
	return pcibar_vfio_refuse_unbound(ctx, address);
}

static void vfio_close(void *priv)
{
	struct pcibar_vfio_device *device;
	struct vfio *be = priv;

	device = atomic_load(&be->device);
	if (be->epoll >= 0)
		close(be->epoll);
	if (device)
		pcibar_vfio_device_put(device);
	pcibar_backend_sysfs.close(be->sysfs);
	pthread_mutex_destroy(&be->lock);
	free(be);
}

static void *vfio_query_data(void *priv)
{
	struct vfio *be = priv;

	return be->sysfs;
}

const char *pcibar_vfio_address(void *priv)
{
	return ((struct vfio *)priv)->address;
}

struct pcibar_vfio_device *pcibar_vfio_taken(void *priv)
{
	return atomic_load(&((struct vfio *)priv)->device);
}

/* An eventfd is never read, since several handles wait for it: each signal is an edge. */
static int watch(int epoll, int fd, uint32_t type)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u32 = type };

	return fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int watch_all(int epoll, const struct pcibar_vfio_device *device)
{
	int ret = watch(epoll, device->request, PCIBAR_EVENT_GIVE_BACK);

	return ret ? ret : watch(epoll, device->error, PCIBAR_EVENT_ERROR);
}

/* VFIO goes by the address, which may be another function's since the handle was opened. */
static int check_same(const struct vfio *be)
{
	uint32_t id;

	return pcibar_sysfs_query.get_id(be->sysfs, PCIBAR_ID_VENDOR, &id);
}

static int refuse_take(struct pcibar_refuse_ctx *ctx, int error)
{
	if (error == -ENODEV)
		return pcibar_refuse_gone(ctx);
	return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "", "%s", strerror(-error));
}

/*
 * Checks before VFIO is opened, so that it does not reset another function, and again after:
 * from then on no other one can take its place.
 */
static int take(struct vfio *be, struct pcibar_refuse_ctx *ctx)
{
	struct pcibar_vfio_device *device = NULL;
	int opened, ret;

	if (atomic_load(&be->device))
		return 0;

	ret = check_same(be);
	if (ret)
		return refuse_take(ctx, ret);
	opened = pcibar_vfio_device_get(be->address, ctx, &device);
	if (opened < 0 || !device)
		return opened;

	ret = check_same(be);
	if (!ret && be->epoll >= 0)
		ret = watch_all(be->epoll, device);
	if (ret) {
		pcibar_vfio_device_put(device);
		return refuse_take(ctx, ret);
	}
	atomic_store(&be->device, device);
	return opened;
}

static int vfio_take(void *priv, struct pcibar_refuse_ctx *ctx)
{
	struct vfio *be = priv;
	int ret, state;

	if (atomic_load(&be->device))
		return 0;

	state = pcibar_lock(&be->lock);
	ret = take(be, ctx);
	pcibar_unlock(&be->lock, state);
	return ret;
}

/* The kernel does not suspend what is open; the program can, by a capability's register. */
static bool vfio_keeps_awake(void *priv)
{
	const struct pcibar_vfio_device *device = pcibar_vfio_taken(priv);

	return device && !atomic_load(&device->capability_written);
}

/* What is kept for a map or a channel */
struct use {
	struct pcibar_vfio_device *device;	/* of the back end, which the map keeps */
	unsigned int bar;
	struct pcibar_sysfs_rom *rom;		/* of a channel to that; NULL */
};

static int use_begin(struct vfio *be, unsigned int bar, bool exclusive,
		     struct pcibar_refuse_ctx *ctx, struct use **usep)
{
	struct use *use = malloc(sizeof(*use));

	if (!use)
		return pcibar_refuse_nomem(ctx);

	*use = (struct use){ .device = atomic_load(&be->device), .bar = bar };
	if (pcibar_vfio_user_begin(use->device, bar, exclusive)) {
		free(use);
		return pcibar_refuse(ctx, PCIBAR_REASON_HELD, -EBUSY,
				     "release the other map first",
				     "this process has another map of the BAR, and one of the two "
				     "is exclusive");
	}
	*usep = use;
	return 0;
}

static void use_end(void *priv)
{
	struct use *use = priv;

	if (use->rom)
		pcibar_sysfs_rom_end(use->rom);
	free(use->rom);
	pcibar_vfio_user_end(use->device, use->bar);
	free(use);
}

static int vfio_map(void *priv, unsigned int bar, const struct pcibar_pages *pages,
		    struct pcibar_refuse_ctx *ctx, void **basep, void **tokenp)
{
	struct use *use;
	int ret = use_begin(priv, bar, pages->flags & PCIBAR_MAP_EXCLUSIVE, ctx, &use);

	if (ret)
		return ret;

	ret = pcibar_vfio_region_map(use->device, bar, pages, ctx, basep);
	if (ret)
		use_end(use);
	else
		*tokenp = use;
	return ret;
}

static void vfio_unmapped(void *priv, void *token)
{
	(void)priv;
	use_end(token);
}

static int use_rom(struct use *use, struct pcibar_refuse_ctx *ctx)
{
	use->rom = malloc(sizeof(*use->rom));
	if (!use->rom)
		return pcibar_refuse_nomem(ctx);
	pcibar_sysfs_rom_init(use->rom, use->device->fd,
			      (off_t)use->device->region[use->bar].offset);
	return 0;
}

/* The kernel reports a length of 0 where the ROM has no image. */
static int vfio_channel_open(void *priv, unsigned int bar, uint32_t flags,
			     struct pcibar_refuse_ctx *ctx, uint64_t *length, void **chanp)
{
	struct use *use;
	int ret = use_begin(priv, bar, flags & PCIBAR_MAP_EXCLUSIVE, ctx, &use);

	if (ret)
		return ret;
	if (!use->device->region[bar].length)
		ret = pcibar_refuse(ctx, PCIBAR_REASON_ROM, -EIO, "",
				    "the kernel finds no image in the expansion ROM");
	else if (bar == PCIBAR_BAR_ROM)
		ret = use_rom(use, ctx);
	if (ret) {
		use_end(use);
		return ret;
	}
	if (*length > use->device->region[bar].length)
		*length = use->device->region[bar].length;
	*chanp = use;
	return 0;
}

static int vfio_channel_read(void *chan, uint64_t off, unsigned int width, uint64_t *val)
{
	struct use *use = chan;
	uint32_t got = 0;
	int ret;

	if (use->rom)
		return pcibar_sysfs_rom_read(use->rom, off, width, val);
	if (width == 8)		/* some kernels make two accesses of it */
		return -EOPNOTSUPP;
	ret = pcibar_vfio_region_read(use->device, use->bar, off, width, &got);
	*val = got;
	return ret;
}

static int vfio_channel_write(void *chan, uint64_t off, unsigned int width, uint64_t val)
{
	struct use *use = chan;

	if (width == 8)
		return -EOPNOTSUPP;
	return pcibar_vfio_region_write(use->device, use->bar, off, width, (uint32_t)val);
}

static bool is_beyond(const struct pcibar_vfio_device *device, unsigned int off)
{
	return off >= device->region[VFIO_PCI_CONFIG_REGION_INDEX].length;
}

/*
 * Through VFIO, which keeps a copy of some registers and would otherwise have a stale one:
 * it decides by that of the command register which accesses fault.
 */
static int vfio_config_write(void *priv, unsigned int off, unsigned int width, uint32_t val)
{
	struct pcibar_vfio_device *device = pcibar_vfio_taken(priv);

	if (is_beyond(device, off))
		return -ERANGE;
	if (off >= HEADER_LEN)
		atomic_store(&device->capability_written, true);
	return pcibar_vfio_region_write(device, VFIO_PCI_CONFIG_REGION_INDEX, off, width, val);
}

static int vfio_config_read(void *priv, unsigned int off, unsigned int width, uint32_t *val)
{
	const struct pcibar_vfio_device *device = pcibar_vfio_taken(priv);

	if (!device)
		return -EACCES;
	if (is_beyond(device, off))
		return -ERANGE;
	return pcibar_vfio_region_read(device, VFIO_PCI_CONFIG_REGION_INDEX, off, width, val);
}

/*
 * The register as VFIO shows it, not as the hardware has it: the bit that masks INTx is set
 * in the hardware while an interrupt is served, and written to VFIO would mask it for good.
 */
static int vfio_config_modify(void *priv, unsigned int off, unsigned int width, uint32_t mask,
			      uint32_t value, uint32_t *old)
{
	struct pcibar_vfio_device *device = pcibar_vfio_taken(priv);
	int state = pcibar_vfio_lock();
	int ret = pcibar_vfio_modify(device, off, width, mask, value, old);

	/* What the program sets by itself is no longer the vectors' to undo. */
	if (!ret && off == PCIR_COMMAND && mask & PCIM_CMD_BUSMASTEREN)
		device->irqs.was_master = value & PCIM_CMD_BUSMASTEREN;
	pcibar_vfio_unlock(state);
	return ret;
}

static int vfio_vpd_list(void *priv, pcibar_vpd_fn fn, void *data)
{
	return pcibar_backend_sysfs.vpd_list(((struct vfio *)priv)->sysfs, fn, data);
}

static int make_epoll(struct vfio *be)
{
	const struct pcibar_vfio_device *device = atomic_load(&be->device);
	int epoll = epoll_create1(EPOLL_CLOEXEC), ret = 0;

	if (epoll < 0)
		return -errno;
	if (device)
		ret = watch_all(epoll, device);
	if (ret)
		close(epoll);
	else
		be->epoll = epoll;
	return ret;
}

static int vfio_event_fd(void *priv)
{
	struct vfio *be = priv;
	int ret, state;

	state = pcibar_lock(&be->lock);
	ret = be->epoll < 0 ? make_epoll(be) : 0;
	if (!ret)
		ret = be->epoll;
	pcibar_unlock(&be->lock, state);
	return ret;
}

static int vfio_event_next(void *priv, uint32_t *type)
{
	struct vfio *be = priv;
	struct epoll_event event;
	int epoll, n, state;

	state = pcibar_lock(&be->lock);
	epoll = be->epoll;
	pcibar_unlock(&be->lock, state);
	if (epoll < 0)
		return -EINVAL;

	n = epoll_wait(epoll, &event, 1, 0);
	if (n <= 0)
		return n ? -errno : -EAGAIN;
	*type = event.data.u32;
	return 0;
}

const struct pcibar_backend_ops pcibar_backend_vfio = {
	.id = PCIBAR_BACKEND_VFIO,
	.name = "vfio",
	.absent = "there is no function bound to vfio-pci",
	.absent_remedy = "modprobe vfio-pci, and hand it a function: pcibar bind",
	.caps = PCIBAR_CAP_EXCLUSIVE | PCIBAR_CAP_ACTIVATE | PCIBAR_CAP_REVOKE |
		PCIBAR_CAP_EVENTS | PCIBAR_CAP_IRQ,
	.some_functions = true,
	.handed_over = true,
	.own_pages = true,
	.channels_all = true,
	.scan = vfio_scan,
	.open = vfio_open,
	.close = vfio_close,
	.refuse_absent = vfio_refuse_absent,
	.query = &pcibar_sysfs_query,
	.query_data = vfio_query_data,
	.take = vfio_take,
	.keeps_awake = vfio_keeps_awake,
	.map = vfio_map,
	.unmapped = vfio_unmapped,
	.channel_open = vfio_channel_open,
	.channel_read = vfio_channel_read,
	.channel_write = vfio_channel_write,
	.channel_close = use_end,
	.config_write = vfio_config_write,
	.config_read = vfio_config_read,
	.config_modify = vfio_config_modify,
	.vpd_list = vfio_vpd_list,
	.irq = &pcibar_vfio_irq,
	.event_fd = vfio_event_fd,
	.event_next = vfio_event_next,
};
