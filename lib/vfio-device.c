// SPDX-License-Identifier: BSD-2-Clause
/* The functions that this process has open through VFIO, and their events. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"
#include "vfio.h"

/*
 * Covers the two lists and everything in them that changes. It is held while a function
 * is opened or closed, and so while the kernel resets it; and over fork().
 */
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static struct pcibar_vfio_device *devices;
static bool watches_fork;

static void before_fork(void)
{
	pthread_mutex_lock(&table);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&table);
}

/* Otherwise a child could find the lock of a thread that it does not have. Takes it held. */
static bool watch_fork(void)
{
	if (!watches_fork)
		watches_fork = !pthread_atfork(before_fork, after_fork, after_fork);
	return watches_fork;
}

/* Early for the reason that guard.c has. */
__attribute__((constructor))
static void watch_fork_early(void)
{
	pthread_mutex_lock(&table);
	watch_fork();
	pthread_mutex_unlock(&table);
}

int pcibar_vfio_lock(void)
{
	return pcibar_lock(&table);
}

void pcibar_vfio_unlock(int state)
{
	pcibar_unlock(&table, state);
}

int pcibar_vfio_set_irq(int device, const struct vfio_irq_set *set, const void *data, size_t len)
{
	_Alignas(struct vfio_irq_set) char buf[sizeof(*set) + sizeof(int)];
	uint32_t argsz = (uint32_t)(sizeof(*set) + len);

	memcpy(buf, set, sizeof(*set));
	memcpy(buf + offsetof(struct vfio_irq_set, argsz), &argsz, sizeof(argsz));
	if (len)
		memcpy(buf + sizeof(*set), data, len);
	return ioctl(device, VFIO_DEVICE_SET_IRQS, buf) < 0 ? -errno : 0;
}

/* Has VFIO signal an eventfd, which is -1 if the function has no such event. */
static int arm(int device, unsigned int index, int *eventp)
{
	struct vfio_irq_set set = {
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = index, .count = 1,
	};
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (pcibar_vfio_set_irq(device, &set, &fd, sizeof(fd)))
		close(fd);
	else
		*eventp = fd;
	return 0;
}

static void close_all(struct pcibar_vfio_device *dev)
{
	pcibar_vfio_regions_free(dev);
	if (dev->request >= 0)
		close(dev->request);
	if (dev->error >= 0)
		close(dev->error);
	/* Before the anchor: the group ends with its last function. */
	close(dev->fd);
	pcibar_vfio_anchor_put(dev->anchor);
	free(dev);
}

static int set_up(const char *address, struct pcibar_vfio_anchor *anchor, int fd,
		  struct pcibar_refuse_ctx *ctx, struct pcibar_vfio_device **devp)
{
	struct pcibar_vfio_device *dev = calloc(1, sizeof(*dev) + strlen(address) + 1);
	int ret;

	if (!dev) {
		close(fd);
		pcibar_vfio_anchor_put(anchor);
		return pcibar_refuse_nomem(ctx);
	}
	dev->address = strcpy((char *)(dev + 1), address);
	dev->refs = 1;
	dev->anchor = anchor;
	dev->fd = fd;
	dev->request = dev->error = -1;

	/* Without the first an administrator who unbinds the function would wait for ever. */
	ret = arm(fd, VFIO_PCI_REQ_IRQ_INDEX, &dev->request);
	if (!ret)
		ret = arm(fd, VFIO_PCI_ERR_IRQ_INDEX, &dev->error);
	if (!ret)
		ret = pcibar_vfio_regions_read(dev);
	if (ret) {
		close_all(dev);
		return pcibar_vfio_refuse_open(ctx, address, ret);
	}

	dev->next = devices;
	devices = dev;
	*devp = dev;
	return 1;
}

static int open_device(const char *address, struct pcibar_refuse_ctx *ctx,
		       struct pcibar_vfio_device **devp)
{
	struct pcibar_vfio_anchor *anchor;
	int fd, ret;

	if (!watch_fork())
		return pcibar_refuse_nomem(ctx);
	/* The nodes vanish with the driver: that they are missing would say less. */
	if (!pcibar_vfio_is_bound(address))
		return pcibar_vfio_refuse_unbound(ctx, address);
	ret = pcibar_vfio_cdev_open(address, ctx, &anchor, &fd);
	if (ret == -ENOENT)
		ret = pcibar_vfio_group_open(address, ctx, &anchor, &fd);
	if (ret)
		return ret;
	if (!ctx->all)
		return set_up(address, anchor, fd, ctx, devp);

	pcibar_vfio_anchor_put(anchor);
	pcibar_vfio_note_reset(ctx, address);
	return 0;
}

static struct pcibar_vfio_device *find(const char *address)
{
	struct pcibar_vfio_device *dev = devices;

	while (dev && strcmp(dev->address, address))
		dev = dev->next;
	return dev;
}

int pcibar_vfio_device_get(const char *address, struct pcibar_refuse_ctx *ctx,
			   struct pcibar_vfio_device **devp)
{
	struct pcibar_vfio_device *dev;
	int state = pcibar_lock(&table), ret = 0;

	dev = find(address);
	if (!dev) {
		ret = open_device(address, ctx, devp);
	} else if (!ctx->all) {
		dev->refs++;
		*devp = dev;
	}
	pcibar_unlock(&table, state);
	return ret;
}

void pcibar_vfio_device_put(struct pcibar_vfio_device *dev)
{
	struct pcibar_vfio_device **at;
	int state = pcibar_lock(&table);

	if (!--dev->refs) {
		for (at = &devices; *at != dev; at = &(*at)->next)
			;
		*at = dev->next;
		close_all(dev);
	}
	pcibar_unlock(&table, state);
}

bool pcibar_vfio_device_exists(const char *address)
{
	int state = pcibar_lock(&table);
	bool exists = find(address);

	pcibar_unlock(&table, state);
	return exists;
}

int pcibar_vfio_user_begin(struct pcibar_vfio_device *dev, unsigned int bar, bool exclusive)
{
	int state = pcibar_lock(&table), ret = 0;

	if (dev->exclusive[bar] || (exclusive && dev->users[bar])) {
		ret = -EBUSY;
	} else {
		dev->exclusive[bar] = exclusive;
		dev->users[bar]++;
	}
	pcibar_unlock(&table, state);
	return ret;
}

void pcibar_vfio_user_end(struct pcibar_vfio_device *dev, unsigned int bar)
{
	int state = pcibar_lock(&table);

	dev->users[bar]--;
	dev->exclusive[bar] = false;
	pcibar_unlock(&table, state);
}

int pcibar_vfio_modify(struct pcibar_vfio_device *dev, unsigned int off, unsigned int width,
		       uint32_t mask, uint32_t value, uint32_t *old)
{
	int ret = pcibar_vfio_region_read(dev, VFIO_PCI_CONFIG_REGION_INDEX, off, width, old);

	if (ret || *old == UINT32_MAX >> (32 - 8 * width) || (*old & mask) == value)
		return ret;
	return pcibar_vfio_region_write(dev, VFIO_PCI_CONFIG_REGION_INDEX, off, width,
					(*old & ~mask) | value);
}
