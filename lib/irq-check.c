// SPDX-License-Identifier: BSD-2-Clause
/*
 * All checks of vectors, in one list: pcibar_irq_open() stops at the first that fails,
 * pcibar_explain() collects all.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <pcibar/enable.h>

#include "internal.h"

#define IRQ_FLAGS_ALL	(PCIBAR_IRQ_OPEN_MASKED | PCIBAR_IRQ_BUS_MASTER | PCIBAR_IRQ_EVENTFD)

static const char *type_name(uint32_t type)
{
	static const char *const names[] = {
		[PCIBAR_IRQ_INTX] = "INTx", [PCIBAR_IRQ_MSI] = "MSI", [PCIBAR_IRQ_MSIX] = "MSI-X",
	};

	return names[type];
}

static int count_messages(struct pcibar_device *dev, uint32_t type, uint32_t *count)
{
	bool is_msi = type == PCIBAR_IRQ_MSI;
	unsigned int off;
	uint32_t control;
	int ret;

	ret = pcibar_config_find_capability(dev, is_msi ? PCIY_MSI : PCIY_MSIX, &off);
	if (ret)
		return ret == -ENOENT ? 0 : ret;

	off += is_msi ? PCIR_MSI_CTRL : PCIR_MSIX_CTRL;
	ret = pcibar_config_read(dev, off, 2, &control);
	if (!ret)
		*count = is_msi ? 1u << ((control & PCIM_MSICTRL_MMC_MASK) >> 1)
				: (control & PCIM_MSIXCTRL_TABLE_SIZE) + 1;
	return ret;
}

static int count_type(struct pcibar_device *dev, uint32_t type, uint32_t *count)
{
	uint32_t pin;
	int ret;

	*count = 0;
	if (type != PCIBAR_IRQ_INTX)
		return count_messages(dev, type, count);

	ret = pcibar_config_read(dev, PCIR_INTPIN, 1, &pin);
	if (!ret)
		*count = pin != 0;
	return ret;
}

int pcibar_irq_count(struct pcibar_device *dev, uint32_t *typep, uint32_t *count)
{
	int ret;

	if (*typep)
		return count_type(dev, *typep, count);

	for (uint32_t type = PCIBAR_IRQ_MSIX; type; type--) {
		*typep = type;
		ret = count_type(dev, type, count);
		if (ret || *count)
			return ret;
	}
	return 0;
}

int pcibar_irq_opts_check(const struct pcibar_irq_opts *opts)
{
	int ret = pcibar_check_size(opts, sizeof(*opts), sizeof(*opts));

	if (ret)
		return ret;
	if (opts->flags & ~IRQ_FLAGS_ALL || opts->type > PCIBAR_IRQ_MSIX || !opts->count ||
	    !(opts->flags & PCIBAR_IRQ_EVENTFD) != !opts->eventfds)
		return -EINVAL;
	return 0;
}

struct pcibar_irq_request pcibar_irq_request(const struct pcibar_irq_opts *opts)
{
	return (struct pcibar_irq_request){
		.type = opts->type, .first = opts->first, .count = opts->count,
		.reserve = opts->reserve, .flags = opts->flags, .eventfds = opts->eventfds,
	};
}

/*
 * The checks. Each records its reasons for a refusal. A non-zero return value means
 * that the later ones would be meaningless.
 */
static int check_awake(struct pcibar_device *dev, struct pcibar_irq_request *irq,
		       struct pcibar_refuse_ctx *ctx)
{
	struct pcibar_map_request req = { .dev = dev };

	(void)irq;
	/* How a function is after it was taken, an explanation cannot see. */
	return dev->ops->take && ctx->all ? 0 : pcibar_check_awake(&req, ctx);
}

static int check_vectors(struct pcibar_device *dev, struct pcibar_irq_request *req,
			 struct pcibar_refuse_ctx *ctx)
{
	uint64_t end = (uint64_t)req->first + req->count;
	bool best = !req->type;
	uint32_t count;
	int ret;

	ret = pcibar_irq_count(dev, &req->type, &count);
	if (ret == -ENODEV)
		return pcibar_refuse_gone(ctx);
	/* Who may not read the capabilities is refused for a better reason, or not at all. */
	if (ret == -EACCES && ctx->all)
		return 0;
	if (ret)
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, ret, "",
				     "the capabilities cannot be read: %s", strerror(-ret));

	if (!count)
		return pcibar_refuse(ctx, PCIBAR_REASON_NO_VECTOR, -ERANGE,
				     "'pcibar irq' shows what it has",
				     best ? "the function has no interrupts"
					  : "the function does not have %s", type_name(req->type));
	if (end > count || req->reserve > count)
		return pcibar_refuse(ctx, PCIBAR_REASON_NO_VECTOR, -ERANGE,
				     "'pcibar irq' shows what it has",
				     "the function has only %" PRIu32 " %s vector%s, counted from "
				     "0", count, type_name(req->type), count == 1 ? "" : "s");
	return 0;
}

static int check_rights(struct pcibar_device *dev, struct pcibar_irq_request *req,
			struct pcibar_refuse_ctx *ctx)
{
	(void)req;
	if (!(dev->flags & PCIBAR_OPEN_WRITE))
		pcibar_refuse_unwritable(ctx);
	return 0;
}

static int refuse_back_end(struct pcibar_device *dev, struct pcibar_refuse_ctx *ctx)
{
	char address[PCIBAR_ADDRESS_STRLEN], remedy[192];

	pcibar_address_format(&dev->addr, address);
	if (dev->ops->id == PCIBAR_BACKEND_FREEBSD)
		snprintf(remedy, sizeof(remedy), "on Linux use another back end, FreeBSD has none "
			 "that does");
	else
		snprintf(remedy, sizeof(remedy), "use the back end vfio (pcibar bind %s vfio-pci), "
			 "or with the module pciio (pcibar bind %s pciio)", address, address);
	return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP, remedy,
			     "the %s back end does not deliver interrupts", dev->ops->name);
}

static int check_abilities(struct pcibar_device *dev, struct pcibar_irq_request *req,
			   struct pcibar_refuse_ctx *ctx)
{
	struct pcibar_irq_info info = { .size = sizeof(info), .type = req->type };

	if (!dev->ops->irq)
		return refuse_back_end(dev, ctx);
	if (req->flags & PCIBAR_IRQ_OPEN_MASKED && !dev->ops->irq->get_info(dev->be, &info) &&
	    !(info.flags & PCIBAR_IRQ_CAN_MASK))
		pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP, "open it unmasked",
			      "the %s back end cannot mask %s", dev->ops->name,
			      type_name(req->type));
	return 0;
}

/* A driver of its own would handle the interrupts itself. */
static int check_driver(struct pcibar_device *dev, struct pcibar_irq_request *req,
			struct pcibar_refuse_ctx *ctx)
{
	const char *wanted = dev->ops->irq->driver;
	char address[PCIBAR_ADDRESS_STRLEN], driver[PCIBAR_NAME_LEN], remedy[192];

	(void)req;
	if (!wanted || dev->query->get_driver(dev->query_data, driver) || !strcmp(driver, wanted))
		return 0;

	pcibar_address_format(&dev->addr, address);
	snprintf(remedy, sizeof(remedy), "bind it to that (pcibar bind %s %s)", address, wanted);
	pcibar_refuse(ctx, PCIBAR_REASON_NOT_BOUND, -EBUSY, remedy,
		      "interrupts are delivered to functions that are bound to %s, and this one is "
		      "%s%s", wanted, *driver ? "bound to " : "not bound", driver);
	return 0;
}

/* The first of the requested vectors that is open here; NULL: none is. */
static const struct pcibar_irq *find_open(const struct pcibar_device *dev,
					  const struct pcibar_irq_request *req)
{
	const struct pcibar_irq *irq = dev->irqs;

	while (irq && (irq->vector.type != req->type || irq->vector.index < req->first ||
		       irq->vector.index - req->first >= req->count))
		irq = irq->next;
	return irq;
}

/* Another process may have some as well, which the system knows. */
static int check_own(struct pcibar_device *dev, struct pcibar_irq_request *req,
		     struct pcibar_refuse_ctx *ctx)
{
	int state = pcibar_lock(&dev->lock);
	const struct pcibar_irq *same = find_open(dev, req);

	if (dev->irqs && dev->irqs->vector.type != req->type)
		pcibar_refuse(ctx, PCIBAR_REASON_VECTOR_BUSY, -EBUSY,
			      "close those, or open more of the same type",
			      "%s vectors are open, and a function interrupts by one type at a "
			      "time", type_name(dev->irqs->vector.type));
	else if (same)
		pcibar_refuse(ctx, PCIBAR_REASON_VECTOR_BUSY, -EBUSY, "use the one that is open",
			      "%s vector %" PRIu32 " is open already", type_name(req->type),
			      same->vector.index);
	pcibar_unlock(&dev->lock, state);
	return 0;
}

static int check_system(struct pcibar_device *dev, struct pcibar_irq_request *req,
			struct pcibar_refuse_ctx *ctx)
{
	dev->ops->irq->check(dev->be, req, ctx);
	return 0;
}

static int check_master(struct pcibar_device *dev, struct pcibar_irq_request *req,
			struct pcibar_refuse_ctx *ctx)
{
	const struct pcibar_irq_ops *ops = dev->ops->irq;
	char address[PCIBAR_ADDRESS_STRLEN], remedy[128];
	bool ends = ops->ends_master && ops->ends_master(dev->be);
	uint32_t command;

	if (req->type < PCIBAR_IRQ_MSI || req->flags & PCIBAR_IRQ_BUS_MASTER)
		return 0;
	if (!ends && (pcibar_config_read(dev, PCIR_COMMAND, 2, &command) ||
		      command & PCIBAR_BUS_MASTER))
		return 0;

	pcibar_address_format(&dev->addr, address);
	if (ops->ends_master)
		snprintf(remedy, sizeof(remedy), "turn it on as long as vectors are open "
			 "(--bus-master)");
	else
		snprintf(remedy, sizeof(remedy), "turn it on (pcibar enable --bus-master %s), or "
			 "for as long as vectors are open (--bus-master)", address);
	pcibar_refuse(ctx, PCIBAR_REASON_BUS_MASTER_OFF, -ENXIO, remedy,
		      "bus mastering is off, so that the device cannot send %s messages",
		      type_name(req->type));
	return 0;
}

int pcibar_irq_check(struct pcibar_device *dev, struct pcibar_irq_request *req,
		     struct pcibar_refuse_ctx *ctx)
{
	static int (*const checks[])(struct pcibar_device *, struct pcibar_irq_request *,
				     struct pcibar_refuse_ctx *) = {
		check_awake, check_vectors, check_rights, check_abilities, check_driver, check_own,
		check_system, check_master,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		if (checks[i](dev, req, ctx) || (ctx->error && !ctx->all))
			break;

	return ctx->error;
}
