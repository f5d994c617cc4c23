// SPDX-License-Identifier: BSD-2-Clause
/*
 * All checks of a map, in one list: pcibar_bar_map() stops at the first that fails,
 * pcibar_explain() collects all.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <pcibar/enable.h>

#include "internal.h"

/* A BAR as people name it. */
static const char *bar_name(unsigned int bar)
{
	static const char *const names[] = {
		"BAR 0", "BAR 1", "BAR 2", "BAR 3", "BAR 4", "BAR 5", "the expansion ROM",
	};

	return names[bar];
}

/*
 * The checks. Each records its reasons for a refusal. A non-zero return value means
 * that the later ones would be meaningless.
 */
static int check_bar(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	struct pcibar_device *dev = req->dev;
	int ret = pcibar_device_get_resource(dev, req->bar, &req->res);

	if (ret == -ENODEV)
		return pcibar_refuse_gone(ctx);
	if (ret)
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, ret, "",
				     "the BARs cannot be read: %s", strerror(-ret));
	if (req->res.flags & PCIBAR_BAR_F_UPPER_HALF)
		return pcibar_refuse(ctx, PCIBAR_REASON_UPPER_HALF, -EINVAL,
				     "use the index before it",
				     "%s is the upper half of a 64-bit BAR", bar_name(req->bar));
	if (req->res.kind == PCIBAR_BAR_KIND_NONE)
		return pcibar_refuse(ctx, PCIBAR_REASON_NO_BAR, -EINVAL,
				     "'pcibar info' shows its BARs",
				     "the function does not have %s", bar_name(req->bar));

	return 0;
}

bool pcibar_map_request_is_inside(const struct pcibar_map_request *req)
{
	uint64_t room = req->res.length;

	return req->offset < room && req->length <= room - req->offset;
}

static int check_window(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	uint64_t room = req->res.length;

	if (!pcibar_map_request_is_inside(req))
		return pcibar_refuse(ctx, PCIBAR_REASON_RANGE, -ERANGE,
				     "stay below its length",
				     "0x%" PRIx64 "+0x%" PRIx64 " is outside %s, which has 0x%"
				     PRIx64 " bytes", req->offset, req->length,
				     bar_name(req->bar), room);
	if (!req->length)
		req->length = room - req->offset;
	return 0;
}

static int check_rights(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	if (req->flags & (PCIBAR_MAP_WRITE | PCIBAR_MAP_ACTIVATE) &&
	    !(req->dev->flags & PCIBAR_OPEN_WRITE))
		pcibar_refuse(ctx, PCIBAR_REASON_READ_ONLY, -EACCES,
			      "open it with PCIBAR_OPEN_WRITE",
			      "the device was opened read-only");
	if (req->flags & PCIBAR_MAP_WRITE && req->res.kind == PCIBAR_BAR_KIND_ROM)
		pcibar_refuse(ctx, PCIBAR_REASON_ROM, -EACCES, "map it read-only",
			      "the expansion ROM cannot be written");
	return 0;
}

static int check_kind(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	bool indirect = req->flags & PCIBAR_MAP_INDIRECT;
	bool mappable = req->res.flags & PCIBAR_BAR_F_MAPPABLE;
	bool io = req->res.kind == PCIBAR_BAR_KIND_IO;

	if (!mappable && !indirect && !(req->res.flags & PCIBAR_BAR_F_UNASSIGNED))
		pcibar_refuse(ctx, io ? PCIBAR_REASON_IO_BAR : PCIBAR_REASON_ROM, -EOPNOTSUPP,
			      "use checked calls on a map with PCIBAR_MAP_INDIRECT",
			      io ? "%s is an I/O BAR, which cannot be mapped"
				 : "%s cannot be mapped through this back end",
			      bar_name(req->bar));
	if (mappable && indirect)
		pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
			      "map it without PCIBAR_MAP_INDIRECT",
			      "a memory BAR has no indirect access through this back end");

	return 0;
}

static int check_abilities(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	const struct pcibar_backend_ops *ops = req->dev->ops;

	if (req->flags & PCIBAR_MAP_EXCLUSIVE && !(ops->caps & PCIBAR_CAP_EXCLUSIVE))
		pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
			      "share the BAR, and keep others away by other means",
			      "the %s back end cannot keep others out", ops->name);
	if (req->flags & PCIBAR_MAP_ACTIVATE && !(ops->caps & PCIBAR_CAP_ACTIVATE))
		pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
			      "turn decoding on first (pcibar enable)",
			      "the %s back end cannot activate a BAR", ops->name);
	if (req->attr == PCIBAR_ATTR_WC && !(req->res.flags & PCIBAR_BAR_F_HAS_WC))
		pcibar_refuse(ctx, PCIBAR_REASON_ATTRIBUTE, -EOPNOTSUPP,
			      "map it uncached",
			      "the %s back end has no write-combining for %s%s", ops->name,
			      bar_name(req->bar),
			      req->res.flags & PCIBAR_BAR_F_PREFETCHABLE ? "" :
			      ", which is not prefetchable");

	return 0;
}

static int check_driver(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	if (req->flags & PCIBAR_MAP_SHARE_DRIVER ||
	    req->dev->query->get_driver(req->dev->query_data, req->driver))
		return 0;
	req->driver_known = true;
	if (!pcibar_driver_owns_bars(req->driver))
		return 0;
	pcibar_refuse(ctx, PCIBAR_REASON_DRIVER, -EBUSY,
		      "unbind it (write the address to its unbind file in sysfs), "
		      "or share with it (--share-driver)",
		      "the kernel driver %s owns the function", req->driver);
	return 0;
}

void pcibar_map_request_pages(const struct pcibar_map_request *req, struct pcibar_pages *pages)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t head = req->res.start & (page - 1);	/* of a BAR smaller than a page */
	uint64_t first = (head + req->offset) & ~(page - 1);
	uint64_t end = (head + req->offset + req->length + page - 1) & ~(page - 1);

	pages->offset = first;
	pages->cpu_addr = req->res.start - head + first;
	pages->length = end - first;
	pages->attr = req->attr;
	pages->flags = req->flags;
	pages->wc_exists = req->res.flags & PCIBAR_BAR_F_HAS_WC;
	pages->driver = req->driver_known ? req->driver : NULL;
}

static int check_pages(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char name[PCIBAR_NAME_LEN];
	struct pcibar_pages pages;

	/* Sizes are powers of two and BARs lie at multiples of them: whole pages are its own. */
	if (req->flags & PCIBAR_MAP_SHARE_PAGE || !(req->res.flags & PCIBAR_BAR_F_MAPPABLE) ||
	    !((req->res.start | req->res.length) & (page - 1)))
		return 0;
	pcibar_map_request_pages(req, &pages);
	if (req->dev->query->get_neighbour(req->dev->query_data, req->bar, pages.cpu_addr,
					   pages.cpu_addr + pages.length - 1, name) || !*name)
		return 0;

	pcibar_refuse(ctx, PCIBAR_REASON_PAGE_SHARED, -EADDRINUSE,
		      "share the page (--share-page) if the mapping may reach that too",
		      "%s is smaller than a page, and %s is in the same page",
		      bar_name(req->bar), name);
	return 0;
}

/* Decoding as the command register, and for a ROM its own enable bit, have it. */
static void check_command(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx,
			  uint32_t command)
{
	bool io = req->res.kind == PCIBAR_BAR_KIND_IO;
	bool rom = req->res.kind == PCIBAR_BAR_KIND_ROM;
	bool on = command & (io ? PCIBAR_DECODE_IO : PCIBAR_DECODE_MEM);
	bool decodes;

	if (!on && !io && pcibar_is_virtual(req->dev, &decodes)) {
		if (!decodes)
			pcibar_refuse(ctx, PCIBAR_REASON_DECODE_OFF, -ENXIO,
				      "set VF MSE in its physical function's SR-IOV capability",
				      "memory decoding of the virtual functions is off");
		return;
	}
	if (req->flags & PCIBAR_MAP_ACTIVATE)
		return;

	if (!on)
		pcibar_refuse(ctx, PCIBAR_REASON_DECODE_OFF, -ENXIO,
			      "turn it on (pcibar enable), or for as long as it is mapped "
			      "(--activate)",
			      "%s decoding is off", io ? "I/O" : "memory");
	else if (rom)
		pcibar_refuse(ctx, PCIBAR_REASON_DECODE_OFF, -ENXIO,
			      "turn it on for as long as it is mapped (--activate)",
			      "the decoder of the expansion ROM is off");
}

static int check_decode(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	struct pcibar_device *dev = req->dev;
	bool asleep = false;
	uint32_t command;
	int ret;

	if (req->res.flags & PCIBAR_BAR_F_UNASSIGNED)
		return pcibar_refuse(ctx, PCIBAR_REASON_UNASSIGNED, -ENXIO,
				     "remove the function and rescan the bus, or look for its "
				     "\"can't assign\" in the kernel log",
				     "%s was given no address", bar_name(req->bar));
	ret = dev->query->get_asleep(dev->query_data, &asleep);
	if (!ret && asleep) {
		pcibar_refuse(ctx, PCIBAR_REASON_ASLEEP, -ENXIO,
			      "wake it: write \"on\" to its power/control file in sysfs",
			      "the device is in a low-power state and does not respond");
		return 0;
	}
	if (!ret)
		ret = pcibar_config_read(dev, PCIR_COMMAND, 2, &command);
	if (ret == -ENODEV || (!ret && command == UINT16_MAX))
		return pcibar_refuse_gone(ctx);
	if (!ret)
		check_command(req, ctx, command);

	return 0;
}

int pcibar_map_check(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	static int (*const checks[])(struct pcibar_map_request *, struct pcibar_refuse_ctx *) = {
		check_bar, check_window, check_rights, check_kind, check_abilities, check_driver,
		check_pages, check_decode,
	};

	if (req->bar >= PCIBAR_BAR_COUNT || req->flags & ~PCIBAR_MAP_FLAGS_ALL ||
	    req->attr > PCIBAR_ATTR_WC)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		if (checks[i](req, ctx) || (ctx->error && !ctx->all))
			break;

	return ctx->error;
}
