// SPDX-License-Identifier: BSD-2-Clause
/* Vectors that are open: their events, and masking them. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "internal.h"

#define NS_PER_S	INT64_C(1000000000)
/* How long a reset may remain unnoticed while the function sleeps */
#define SLEEP_NS	(NS_PER_S / 10)

static uint32_t count_own(struct pcibar_device *dev, uint32_t type)
{
	int state = pcibar_lock(&dev->lock);
	uint32_t count = 0;

	for (const struct pcibar_irq *irq = dev->irqs; irq; irq = irq->next)
		count += irq->vector.type == type;
	pcibar_unlock(&dev->lock, state);
	return count;
}

PCIBAR_API int pcibar_irq_get_info(struct pcibar_device *dev, uint32_t type,
				   struct pcibar_irq_info *info)
{
	struct pcibar_irq_info new = { .type = type };
	uint32_t own;
	int ret;

	ret = pcibar_check_size(info, sizeof(new), sizeof(new));
	if (ret)
		return ret;
	if (type > PCIBAR_IRQ_MSIX)
		return -EINVAL;

	ret = pcibar_irq_count(dev, &new.type, &new.count);
	if (!ret && dev->ops->irq)
		ret = dev->ops->irq->get_info(dev->be, &new);
	if (ret)
		return pcibar_device_result(dev, ret);

	own = count_own(dev, new.type);
	new.open = own > new.open ? own : new.open;
	new.size = info->size;
	*info = new;
	return 0;
}

static void free_all(struct pcibar_irq **irqs, uint32_t count)
{
	while (count--)
		free(irqs[count]);
}

/* Everything that can fail for lack of memory, before the back end has done anything */
static int allocate(struct pcibar_irq **irqs, uint32_t count, int **fdsp)
{
	int *fds = calloc(count, sizeof(*fds));

	if (!fds)
		return -ENOMEM;

	for (uint32_t i = 0; i < count; i++) {
		irqs[i] = calloc(1, sizeof(**irqs));
		if (!irqs[i]) {
			free_all(irqs, i);
			free(fds);
			return -ENOMEM;
		}
	}
	*fdsp = fds;
	return 0;
}

static void set_up(struct pcibar_device *dev, const struct pcibar_irq_request *req,
		   uint32_t flags, const int *fds, struct pcibar_irq **irqs)
{
	int state = pcibar_lock(&dev->lock);

	for (uint32_t i = 0; i < req->count; i++) {
		*irqs[i] = (struct pcibar_irq){
			.dev = dev,
			.next = dev->irqs,
			.vector = { .type = req->type, .index = req->first + i, .fd = fds[i] },
			.flags = flags,
			.master = req->flags & PCIBAR_IRQ_BUS_MASTER,
			.masked = req->flags & PCIBAR_IRQ_OPEN_MASKED,
		};
		pthread_mutex_init(&irqs[i]->lock, NULL);
		pcibar_device_get(dev);
		dev->irqs = irqs[i];
	}
	pcibar_unlock(&dev->lock, state);
}

static int open_vectors(struct pcibar_device *dev, struct pcibar_irq_request *req,
			struct pcibar_refuse_ctx *ctx, struct pcibar_irq **irqs)
{
	struct pcibar_irq_info info = { .size = sizeof(info) };
	int *fds, ret;

	ret = pcibar_device_take(dev, ctx);
	if (!ret)
		ret = pcibar_irq_check(dev, req, ctx);
	if (ret)
		return ret;

	ret = allocate(irqs, req->count, &fds);
	if (ret)
		return pcibar_refuse_nomem(ctx);

	info.type = req->type;
	ret = dev->ops->irq->get_info(dev->be, &info);
	ret = ret ? pcibar_refuse_gone(ctx) : dev->ops->irq->open(dev->be, req, ctx, fds);
	if (ret)
		free_all(irqs, req->count);
	else
		set_up(dev, req, info.flags, fds, irqs);
	free(fds);
	return pcibar_device_result(dev, ret);
}

PCIBAR_API int pcibar_irq_open(struct pcibar_device *dev, const struct pcibar_irq_opts *opts,
			       struct pcibar_irq **irqs)
{
	struct pcibar_irq_request req;
	struct pcibar_refuse_ctx ctx;
	int ret;

	ret = pcibar_irq_opts_check(opts);
	if (ret)
		return ret;

	ret = pcibar_refuse_init(&ctx, opts->why);
	if (ret)
		return ret;

	ctx.backend = dev->ops->id;
	req = pcibar_irq_request(opts);
	ret = open_vectors(dev, &req, &ctx, irqs);
	if (!ret)
		pcibar_log(&dev->log, PCIBAR_LOG_DEBUG, "%u interrupt vectors from %u on opened",
			   req.count, req.first);
	return ret;
}

PCIBAR_API void pcibar_irq_close(struct pcibar_irq *irq)
{
	struct pcibar_device *dev;
	struct pcibar_irq **at;
	int state;

	if (!irq)
		return;

	dev = irq->dev;
	state = pcibar_lock(&dev->lock);
	for (at = &dev->irqs; *at != irq; at = &(*at)->next)
		;
	*at = irq->next;
	pcibar_unlock(&dev->lock, state);

	dev->ops->irq->close(dev->be, &irq->vector);
	pthread_mutex_destroy(&irq->lock);
	free(irq);
	pcibar_enable_vector_closed(dev);
	pcibar_device_put(dev);
}

PCIBAR_API int pcibar_irq_fd(const struct pcibar_irq *irq)
{
	return irq->vector.fd;
}

/* A vector ends when its driver is unbound, too: whether the function is gone, it knows itself. */
static int result(const struct pcibar_irq *irq, int ret)
{
	if (ret == -ENODEV)
		pcibar_function_is_present(irq->dev);
	return ret;
}

static int take_event(const struct pcibar_irq *irq, struct pcibar_irq_event *event)
{
	struct pcibar_irq_event new = { .size = event->size };
	int ret = irq->dev->ops->irq->read(irq->dev->be, &irq->vector, &new);

	if (!ret)
		*event = new;
	return result(irq, ret);
}

PCIBAR_API int pcibar_irq_read(struct pcibar_irq *irq, struct pcibar_irq_event *event)
{
	int ret = pcibar_check_size(event, sizeof(*event), sizeof(*event));

	return ret ? ret : take_event(irq, event);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/*
 * 0: there may be something to read. @end: of CLOCK_MONOTONIC; negative: never. @seen: the
 * events of poll(2), before and afterwards. POLLPRI says that there was a reset, which a
 * read reports, or lasts as long as the function sleeps: then it is left out for a while.
 */
static int wait_until(const struct pcibar_irq *irq, int64_t end, short *seen)
{
	bool sleeps = *seen & POLLPRI;
	struct pollfd poller = {
		.fd = irq->vector.fd, .events = sleeps ? POLLIN : POLLIN | POLLPRI,
	};
	int64_t ns = end < 0 ? INT64_MAX : end - now();
	struct timespec left = { 0 };
	bool late;
	int ready;

	late = !sleeps || ns < SLEEP_NS;
	if (!late)
		ns = SLEEP_NS;
	if (ns > 0)
		left = (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
	ready = ppoll(&poller, 1, ns == INT64_MAX ? NULL : &left, NULL);
	if (ready < 0)
		return -errno;

	*seen = poller.revents;
	return ready || !late ? 0 : -ETIMEDOUT;
}

PCIBAR_API int pcibar_irq_wait(struct pcibar_irq *irq, int64_t timeout_ns,
			       struct pcibar_irq_event *event)
{
	int64_t end = -1;
	short seen = 0;
	int ret;

	ret = pcibar_check_size(event, sizeof(*event), sizeof(*event));
	if (ret)
		return ret;
	if (timeout_ns >= 0 && __builtin_add_overflow(now(), timeout_ns, &end))
		end = INT64_MAX;

	/* Another thread may take what has come, and some events may come before the end. */
	for (;;) {
		ret = take_event(irq, event);
		if (ret != -EAGAIN)
			return ret;
		if (seen & (POLLHUP | POLLERR | POLLNVAL))
			return result(irq, -ENODEV);
		ret = wait_until(irq, end, &seen);
		if (ret)
			return ret;
	}
}

static int set_mask(struct pcibar_irq *irq, bool masked)
{
	int ret, state;

	if (!(irq->flags & PCIBAR_IRQ_CAN_MASK))
		return -EOPNOTSUPP;

	state = pcibar_lock(&irq->lock);
	ret = irq->dev->ops->irq->mask(irq->dev->be, &irq->vector, masked);
	if (!ret)
		irq->masked = masked;
	pcibar_unlock(&irq->lock, state);
	return result(irq, ret);
}

PCIBAR_API int pcibar_irq_mask(struct pcibar_irq *irq)
{
	return set_mask(irq, true);
}

PCIBAR_API int pcibar_irq_unmask(struct pcibar_irq *irq)
{
	return set_mask(irq, false);
}

PCIBAR_API int pcibar_irq_done(struct pcibar_irq *irq)
{
	int ret = 0, state;

	if (!(irq->flags & PCIBAR_IRQ_LEVEL))
		return 0;

	state = pcibar_lock(&irq->lock);
	if (!irq->masked)
		ret = irq->dev->ops->irq->mask(irq->dev->be, &irq->vector, false);
	pcibar_unlock(&irq->lock, state);
	return result(irq, ret);
}

PCIBAR_API int pcibar_irq_trigger(struct pcibar_irq *irq)
{
	if (!(irq->flags & PCIBAR_IRQ_CAN_TRIGGER))
		return -EOPNOTSUPP;
	return result(irq, irq->dev->ops->irq->trigger(irq->dev->be, &irq->vector));
}

PCIBAR_API int pcibar_irq_number(const struct pcibar_irq *irq)
{
	return result(irq, irq->dev->ops->irq->number(irq->dev->be, &irq->vector));
}
