// SPDX-License-Identifier: BSD-2-Clause
/* pcibar_explain(): all reasons on all back ends. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pcibar/enable.h>

#include "internal.h"

/* Turning decoding on needs other rights than mapping. */
static void try_activation(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	const struct pcibar_backend_ops *ops = req->dev->ops;
	uint32_t bit = req->res.kind == PCIBAR_BAR_KIND_IO ? PCIBAR_DECODE_IO : PCIBAR_DECODE_MEM;
	uint32_t value = 0;
	int ret;

	if (!(req->flags & PCIBAR_MAP_ACTIVATE) || !ops->config_try ||
	    pcibar_device_get_enable(req->dev, &value) || value & bit)
		return;

	ret = ops->config_try(req->dev->be);
	if (ret)
		pcibar_refuse_activation(ctx, req->dev, ret);
}

/* Only the system knows its permissions, lockdown and claims: ask it for one page. */
static void try_it(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	const struct pcibar_backend_ops *ops = req->dev->ops;
	uint64_t length = req->res.length;
	struct pcibar_pages pages;
	void *base, *channel, *token = NULL;
	bool asleep = false;

	/* A map would take the function, which was checked; or wake it. */
	if (ops->take)
		return;
	if (req->res.flags & PCIBAR_BAR_F_UNASSIGNED || !pcibar_map_request_is_inside(req) ||
	    req->dev->query->get_asleep(req->dev->query_data, &asleep) || asleep)
		return;

	try_activation(req, ctx);
	if (req->res.flags & PCIBAR_BAR_F_MAPPABLE) {
		if (req->attr == PCIBAR_ATTR_WC && !(req->res.flags & PCIBAR_BAR_F_HAS_WC))
			return;
		pcibar_map_request_pages(req, &pages);
		pages.length = (uint64_t)sysconf(_SC_PAGESIZE);
		if (!ops->map(req->dev->be, req->bar, &pages, ctx, &base, &token)) {
			munmap(base, pages.length);
			if (token)
				ops->unmapped(req->dev->be, token);
		}
	} else if (!ops->channel_open(req->dev->be, req->bar, req->flags, ctx, &length, &channel)) {
		ops->channel_close(channel);
	}
}

static void explain_map(struct pcibar_map_request *req, const struct pcibar_intent *intent,
			struct pcibar_refuse_ctx *ctx)
{
	req->bar = intent->bar;
	req->flags = intent->map_flags;
	req->attr = intent->attr;
	req->offset = intent->offset;
	req->length = intent->length;
	pcibar_map_check(req, ctx);
	try_it(req, ctx);
}

/* Opening a vector changes the function, so that what only the system knows is left out. */
static void explain_irq(struct pcibar_device *dev, const struct pcibar_irq_opts *opts,
			struct pcibar_refuse_ctx *ctx)
{
	struct pcibar_irq_request req = pcibar_irq_request(opts);

	if (!pcibar_device_take(dev, ctx))
		pcibar_irq_check(dev, &req, ctx);
}

/* Returns 0, or -ENOMEM, without which there would be no reason to report. */
static int explain_backend(const struct pcibar_backend_ops *ops,
			   const struct pcibar_selector *sel, const struct pcibar_address *addr,
			   const struct pcibar_intent *intent,
			   const struct pcibar_open_opts *opts, struct pcibar_refuse_ctx *ctx)
{
	struct pcibar_open_opts writable = *opts;
	struct pcibar_map_request req = { 0 };
	int ret;

	/* Whether a program opens for writing is its own choice, not an obstacle. */
	writable.flags |= PCIBAR_OPEN_WRITE;
	ctx->backend = ops->id;
	ctx->error = 0;
	ctx->why->backends |= 1u << ops->id;
	ret = pcibar_open_address(addr, &writable, ops, ctx, &req.dev);
	if (!ret) {
		/* Each back end opens by address, where another function may be by now. */
		if (pcibar_ids_match(req.dev, sel) <= 0) {
			pcibar_refuse_gone(ctx);
		} else if (intent && intent->bar == PCIBAR_INTENT_DEVICE) {
			pcibar_check_response(&req, ctx);
		} else if (intent && intent->bar == PCIBAR_INTENT_IRQ) {
			explain_irq(req.dev, intent->irq, ctx);
		} else if (intent) {
			explain_map(&req, intent, ctx);
		}
		pcibar_device_close(req.dev);
	}
	if (!ctx->error)
		ctx->why->possible |= 1u << ops->id;

	return ret == -ENOMEM ? ret : 0;
}

static int intent_check(const struct pcibar_intent *intent)
{
	int ret = pcibar_check_size(intent, sizeof(*intent), sizeof(*intent));

	if (ret)
		return ret;
	if (intent->bar == PCIBAR_INTENT_IRQ) {
		if (!intent->irq || intent->map_flags || intent->attr || intent->offset ||
		    intent->length)
			return -EINVAL;
		return pcibar_irq_opts_check(intent->irq);
	}
	if (intent->irq || intent->map_flags & ~PCIBAR_MAP_FLAGS_ALL ||
	    intent->attr > PCIBAR_ATTR_WC ||
	    (intent->bar >= PCIBAR_BAR_COUNT && intent->bar != PCIBAR_INTENT_DEVICE))
		return -EINVAL;
	return 0;
}

PCIBAR_API int pcibar_explain(const struct pcibar_selector *sel, const struct pcibar_intent *intent,
			      const struct pcibar_open_opts *opts, struct pcibar_refusal *refusal)
{
	struct pcibar_address addr;
	struct pcibar_device *dev;
	struct pcibar_refuse_ctx ctx;
	int ret;

	ret = pcibar_open_check(&opts);
	if (!ret)
		ret = pcibar_selector_check(sel);
	if (!ret && intent)
		ret = intent_check(intent);
	if (ret)
		return ret;

	ret = pcibar_refuse_init(&ctx, refusal);
	if (ret)
		return ret;
	if (!pcibar_selector_address(sel, &addr)) {
		ret = pcibar_open_match(sel, opts, &ctx, &dev);
		if (ret)
			return ret == -ENOMEM ? ret : 0;
		addr = dev->addr;
		pcibar_device_close(dev);
	}
	ctx.all = true;
	for (size_t i = 0; !ret && pcibar_backends[i]; i++)
		if (pcibar_backend_allowed(pcibar_backends[i], opts))
			ret = explain_backend(pcibar_backends[i], sel, &addr, intent, opts,
					      &ctx);

	return ret;
}
