// SPDX-License-Identifier: BSD-2-Clause
/*
 * Vectors through VFIO, which signals an eventfd for each. The descriptor of a vector is an
 * epoll(7) of that and of the eventfd by which VFIO asks for the function.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"
#include "vfio.h"

#define SIGNAL	(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
/* In the data of an epoll, where an eventfd would be: the function is asked for. */
#define END	(-1)

_Static_assert(PCIBAR_IRQ_INTX == VFIO_PCI_INTX_IRQ_INDEX + 1 &&
	       PCIBAR_IRQ_MSI == VFIO_PCI_MSI_IRQ_INDEX + 1 &&
	       PCIBAR_IRQ_MSIX == VFIO_PCI_MSIX_IRQ_INDEX + 1, "a type is an index and 1");

/* A request for one vector; @data: what @flags say of it */
static int set_one(const struct pcibar_vfio_device *dev, uint32_t type, uint32_t vector,
		   uint32_t flags, const void *data, size_t len)
{
	struct vfio_irq_set set = {
		.flags = flags, .index = type - 1, .start = vector, .count = 1,
	};

	return pcibar_vfio_set_irq(dev->fd, &set, data, len);
}

/* What this kernel, or the driver, has of a type. Nothing, if it does not say so. */
static struct vfio_irq_info ask(const struct pcibar_vfio_device *dev, uint32_t type)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = type - 1 };

	if (ioctl(dev->fd, VFIO_DEVICE_GET_IRQ_INFO, &info) ||
	    !(info.flags & VFIO_IRQ_INFO_EVENTFD))
		info.count = 0;
	return info;
}

static bool can_grow(const struct vfio_irq_info *info)
{
	return info->index != VFIO_PCI_INTX_IRQ_INDEX && info->count &&
	       !(info->flags & VFIO_IRQ_INFO_NORESIZE);
}

/* Whether vectors can be added is known only once the function is taken. */
static int irq_get_info(void *be, struct pcibar_irq_info *info)
{
	const struct pcibar_vfio_device *dev = pcibar_vfio_taken(be);
	struct vfio_irq_info has;
	int state;

	info->flags = PCIBAR_IRQ_CAN_TRIGGER;
	/* Whether it has the line for itself, VFIO does not say. */
	if (info->type == PCIBAR_IRQ_INTX)
		info->flags |= PCIBAR_IRQ_LEVEL | PCIBAR_IRQ_CAN_MASK | PCIBAR_IRQ_SHARED_LINE;
	if (!dev)
		return 0;

	has = ask(dev, info->type);
	info->flags |= can_grow(&has) ? PCIBAR_IRQ_CAN_GROW : 0;
	state = pcibar_vfio_lock();
	if (dev->irqs.open && dev->irqs.type == info->type)
		info->open = dev->irqs.open;
	pcibar_vfio_unlock(state);
	return 0;
}

static bool irq_ends_master(void *be)
{
	return !pcibar_vfio_device_exists(pcibar_vfio_address(be));
}

/* With the lock held. What the handle knows of its own vectors was checked. */
static int check(const struct pcibar_vfio_device *dev, const struct pcibar_irq_request *req,
		 struct pcibar_refuse_ctx *ctx)
{
	const struct pcibar_vfio_irqs *irqs = &dev->irqs;
	struct vfio_irq_info has = ask(dev, req->type);
	uint32_t end = req->first + req->count;

	if (has.count < end)
		return pcibar_vfio_refuse_count(ctx, req->type, has.count);
	if (!irqs->open)
		return 0;
	if (irqs->type != req->type)
		return pcibar_refuse(ctx, PCIBAR_REASON_VECTOR_BUSY, -EBUSY, "close those",
				     "another handle of this process has vectors of another type "
				     "open");
	for (uint32_t i = req->first; i < end && i < irqs->ready; i++)
		if (irqs->vectors[i].open)
			return pcibar_refuse(ctx, PCIBAR_REASON_VECTOR_BUSY, -EBUSY,
					     "use the one that is open",
					     "another handle of this process has vector %" PRIu32
					     " open", i);
	return end > irqs->ready && !can_grow(&has) ? pcibar_vfio_refuse_growth(ctx) : 0;
}

static void irq_check(void *be, const struct pcibar_irq_request *req,
		      struct pcibar_refuse_ctx *ctx)
{
	const struct pcibar_vfio_device *dev = pcibar_vfio_taken(be);
	int state;

	if (!dev)
		return;
	state = pcibar_vfio_lock();
	check(dev, req, ctx);
	pcibar_vfio_unlock(state);
}

/* Room for @ready vectors, of which those that are new are closed. */
static int make_room(struct pcibar_vfio_irqs *irqs, uint32_t ready)
{
	uint32_t old = irqs->open ? irqs->ready : 0;
	struct pcibar_vfio_vector *vectors;

	if (ready <= old)
		return 0;
	vectors = realloc(irqs->open ? irqs->vectors : NULL, ready * sizeof(*vectors));
	if (!vectors)
		return -ENOMEM;
	memset(vectors + old, 0, (ready - old) * sizeof(*vectors));
	irqs->vectors = vectors;
	return 0;
}

static int watch(int epoll, int fd, int data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = data };

	return fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void close_descriptors(const struct pcibar_vfio_vector *vector, int fd)
{
	close(fd);
	if (vector->event >= 0)
		close(vector->event);
}

/* VFIO's own signal is never read: it ends all vectors. */
static int make_descriptors(const struct pcibar_vfio_device *dev, bool own,
			    struct pcibar_vfio_vector *vector, int *fd)
{
	int ret;

	*fd = epoll_create1(EPOLL_CLOEXEC);
	if (*fd < 0)
		return -errno;

	vector->event = own ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
	ret = own && vector->event < 0 ? -errno : watch(*fd, vector->event, vector->event);
	if (!ret)
		ret = watch(*fd, dev->request, END);
	if (ret)
		close_descriptors(vector, *fd);
	return ret;
}

/*
 * One request for all of a range, and for those that are to be @ready after it, for which
 * the kernel then has vectors. 0, -errno, or how many there are when these are too few.
 */
static int attach(const struct pcibar_vfio_device *dev, const struct pcibar_irq_request *req,
		  uint32_t ready)
{
	uint32_t count = ready - req->first;
	size_t len = sizeof(struct vfio_irq_set) + count * sizeof(int);
	struct vfio_irq_set *set = malloc(len);
	int ret, fd;

	if (!set)
		return -ENOMEM;

	*set = (struct vfio_irq_set){
		.argsz = (uint32_t)len, .flags = SIGNAL, .index = req->type - 1,
		.start = req->first, .count = count,
	};
	for (uint32_t i = 0; i < count; i++) {
		fd = i >= req->count ? -1 : req->eventfds ? req->eventfds[i]
			: dev->irqs.vectors[req->first + i].event;
		memcpy(set->data + i * sizeof(fd), &fd, sizeof(fd));
	}
	ret = ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, set);
	ret = ret < 0 ? -errno : ret;
	free(set);
	return ret;
}

/* The last vector gives back what the kernel has for all, so that another type can follow. */
static void disable(const struct pcibar_vfio_device *dev, uint32_t type)
{
	struct vfio_irq_set none = {
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, .index = type - 1,
	};

	pcibar_vfio_set_irq(dev->fd, &none, NULL, 0);
}

static int set_mask(const struct pcibar_vfio_device *dev, uint32_t type, bool masked)
{
	uint32_t action = masked ? VFIO_IRQ_SET_ACTION_MASK : VFIO_IRQ_SET_ACTION_UNMASK;

	return set_one(dev, type, 0, VFIO_IRQ_SET_DATA_NONE | action, NULL, 0);
}

/*
 * Only INTx can be masked, and only once it is on. What comes in between must not be an
 * event, so that another eventfd gets it; the line, if it is held, is one when it is unmasked.
 */
static int attach_masked(const struct pcibar_vfio_device *dev, const struct pcibar_irq_request *req)
{
	int early = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), ret;
	struct pcibar_irq_request first = *req;

	if (early < 0)
		return -errno;

	first.eventfds = &early;
	ret = attach(dev, &first, 1);
	if (!ret) {
		ret = set_mask(dev, req->type, true);
		if (!ret)
			ret = attach(dev, req, 1);
		if (ret)
			disable(dev, req->type);
	}
	close(early);
	return ret;
}

static int begin_master(struct pcibar_vfio_device *dev)
{
	uint32_t old;
	int ret;

	if (dev->irqs.masters)
		return 0;
	ret = pcibar_vfio_modify(dev, PCIR_COMMAND, 2, PCIM_CMD_BUSMASTEREN,
				 PCIM_CMD_BUSMASTEREN, &old);
	if (!ret)
		dev->irqs.was_master = old & PCIM_CMD_BUSMASTEREN;
	return ret;
}

/* After the last vector that has it on */
static void end_master(struct pcibar_vfio_device *dev)
{
	uint32_t old;

	if (!dev->irqs.masters && !dev->irqs.was_master)
		pcibar_vfio_modify(dev, PCIR_COMMAND, 2, PCIM_CMD_BUSMASTEREN, 0, &old);
}

/* With the descriptors made. Bus mastering comes first, so that no message is lost. */
static int start(struct pcibar_vfio_device *dev, const struct pcibar_irq_request *req,
		 uint32_t ready)
{
	bool master = req->flags & PCIBAR_IRQ_BUS_MASTER;
	int ret = master ? begin_master(dev) : 0;

	if (ret)
		return ret;
	ret = req->flags & PCIBAR_IRQ_OPEN_MASKED ? attach_masked(dev, req)
						  : attach(dev, req, ready);
	if (ret && master)
		end_master(dev);
	return ret;
}

static void set_open(struct pcibar_vfio_irqs *irqs, const struct pcibar_irq_request *req,
		     uint32_t ready)
{
	bool master = req->flags & PCIBAR_IRQ_BUS_MASTER;

	for (uint32_t i = 0; i < req->count; i++) {
		irqs->vectors[req->first + i].open = true;
		irqs->vectors[req->first + i].master = master;
	}
	irqs->ready = irqs->open && irqs->ready > ready ? irqs->ready : ready;
	irqs->type = req->type;
	irqs->open += req->count;
	irqs->masters += master ? req->count : 0;
}

/*
 * The vectors of MSI share one message, which the kernel sets to zero when the first of them
 * is detached: the others would be lost, and written to address 0. So that one remains
 * attached until the last is closed, to an eventfd of which it has the only reference.
 */
static void detach(const struct pcibar_vfio_device *dev, uint32_t type, uint32_t index, bool own)
{
	bool shared = type == PCIBAR_IRQ_MSI && !index;
	int fd = -1;

	if (shared && own)
		return;
	if (shared)
		fd = eventfd(0, EFD_CLOEXEC);
	/* The caller's eventfd is signalled for too long rather than the others are lost. */
	if (shared && fd < 0)
		return;

	set_one(dev, type, index, SIGNAL, &fd, sizeof(fd));
	if (fd >= 0)
		close(fd);
}

/* With the lock held, as all that begins or ends a vector. */
static int open_vectors(struct pcibar_vfio_device *dev, const struct pcibar_irq_request *req,
			struct pcibar_refuse_ctx *ctx, int *fds)
{
	struct pcibar_vfio_irqs *irqs = &dev->irqs;
	uint32_t ready = req->first + req->count, made = 0;
	int ret;

	if (!irqs->open && req->reserve > ready)
		ready = req->reserve;
	ret = make_room(irqs, ready);
	if (ret)
		return pcibar_refuse_nomem(ctx);

	while (!ret && made < req->count) {
		ret = make_descriptors(dev, !req->eventfds, &irqs->vectors[req->first + made],
				       &fds[made]);
		made += !ret;
	}
	if (!ret)
		ret = start(dev, req, ready);
	if (!ret) {
		set_open(irqs, req, ready);
		return 0;
	}

	ret = pcibar_vfio_refuse_vectors(ctx, req->type, irqs->open && ready > irqs->ready, ret);
	while (made--)
		close_descriptors(&irqs->vectors[req->first + made], fds[made]);
	if (!irqs->open)
		free(irqs->vectors);
	/* Before it failed, the kernel has detached what remained attached there. */
	else if (req->type == PCIBAR_IRQ_MSI && !req->first)
		detach(dev, req->type, 0, false);
	return ret;
}

static int irq_open(void *be, const struct pcibar_irq_request *req, struct pcibar_refuse_ctx *ctx,
		    int *fds)
{
	struct pcibar_vfio_device *dev = pcibar_vfio_taken(be);
	int state = pcibar_vfio_lock(), ret;

	/* Another thread may have opened some since they were checked. */
	ret = check(dev, req, ctx);
	if (!ret)
		ret = open_vectors(dev, req, ctx, fds);
	pcibar_vfio_unlock(state);
	return ret;
}

static void irq_close(void *be, const struct pcibar_vector *vector)
{
	struct pcibar_vfio_device *dev = pcibar_vfio_taken(be);
	struct pcibar_vfio_irqs *irqs = &dev->irqs;
	int state = pcibar_vfio_lock();
	struct pcibar_vfio_vector *mine = &irqs->vectors[vector->index];
	bool own = mine->event >= 0;

	/* First, so that there is a descriptor left for detach(). */
	close_descriptors(mine, vector->fd);
	if (--irqs->open)
		detach(dev, vector->type, vector->index, own);
	else
		disable(dev, vector->type);

	if (mine->master) {
		irqs->masters--;
		end_master(dev);
	}
	mine->open = false;
	if (!irqs->open)
		free(irqs->vectors);
	pcibar_vfio_unlock(state);
}

/*
 * The end comes before events: the process that asked for the function waits until it is
 * closed, and a device that interrupts all the time must not delay that.
 */
static int irq_read(void *be, const struct pcibar_vector *vector, struct pcibar_irq_event *event)
{
	struct epoll_event ready[2];
	uint64_t count;
	int n = epoll_wait(vector->fd, ready, 2, 0);

	(void)be;
	if (n <= 0)
		return n ? -errno : -EAGAIN;
	if (ready[0].data.fd == END || ready[n - 1].data.fd == END)
		return -ENODEV;
	/* Another thread may have read it since. */
	if (read(ready[0].data.fd, &count, sizeof(count)) != sizeof(count))
		return -errno;

	event->count = count;
	return 0;
}

static int irq_mask(void *be, const struct pcibar_vector *vector, bool masked)
{
	return set_mask(pcibar_vfio_taken(be), vector->type, masked);
}

static int irq_trigger(void *be, const struct pcibar_vector *vector)
{
	uint8_t yes = 1;

	return set_one(pcibar_vfio_taken(be), vector->type, vector->index,
		       VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, &yes, sizeof(yes));
}

/* The name by which /proc/interrupts lists it */
static void name_of(const char *address, const struct pcibar_vector *vector, char name[48])
{
	if (vector->type == PCIBAR_IRQ_INTX)
		snprintf(name, 48, "vfio-intx(%s)", address);
	else
		snprintf(name, 48, "vfio-msi%s[%" PRIu32 "](%s)",
			 vector->type == PCIBAR_IRQ_MSIX ? "x" : "", vector->index, address);
}

/* No request of VFIO has it. */
static int irq_number(void *be, const struct pcibar_vector *vector)
{
	int fd = open("/proc/interrupts", O_RDONLY | O_CLOEXEC), number = -EOPNOTSUPP;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char name[48], *line = NULL;
	size_t len = 0;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return number;
	}
	name_of(pcibar_vfio_address(be), vector, name);
	while (number < 0 && getline(&line, &len, file) >= 0)
		if (!strstr(line, name) || sscanf(line, " %d:", &number) != 1)
			number = -EOPNOTSUPP;
	free(line);
	fclose(file);
	return number;
}

const struct pcibar_irq_ops pcibar_vfio_irq = {
	.get_info = irq_get_info,
	.ends_master = irq_ends_master,
	.check = irq_check,
	.open = irq_open,
	.close = irq_close,
	.read = irq_read,
	.mask = irq_mask,
	.trigger = irq_trigger,
	.number = irq_number,
};
