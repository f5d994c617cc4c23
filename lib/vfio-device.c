// SPDX-License-Identifier: BSD-2-Clause
/* The functions that this process has open through VFIO, and their events. */
#include <errno.h>
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

/* Has VFIO signal an eventfd. -1: it does not, because the function has no such event. */
static int arm(int device, unsigned int index)
{
	char buf[sizeof(struct vfio_irq_set) + sizeof(int)];
	struct vfio_irq_set set = {
		.argsz = sizeof(buf), .flags = VFIO_IRQ_SET_DATA_EVENTFD |
		VFIO_IRQ_SET_ACTION_TRIGGER, .index = index, .count = 1,
	};
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return -1;
	memcpy(buf, &set, sizeof(set));
	memcpy(buf + sizeof(set), &fd, sizeof(fd));
	if (!ioctl(device, VFIO_DEVICE_SET_IRQS, buf))
		return fd;
	close(fd);
	return -1;
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

	/* Without the first an administrator who unbinds the function would wait for ever. */
	dev->request = arm(fd, VFIO_PCI_REQ_IRQ_INDEX);
	dev->error = arm(fd, VFIO_PCI_ERR_IRQ_INDEX);
	ret = pcibar_vfio_regions_read(dev);
	if (ret) {
		close_all(dev);
		return pcibar_vfio_refuse_open(ctx, address, -ret);
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
