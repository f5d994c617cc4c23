// SPDX-License-Identifier: BSD-2-Clause
/*
 * All checks of a map, in one list: pcibar_bar_map() stops at the first that fails,
 * pcibar_explain() collects all.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "internal.h"
#include "system.h"

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
				     "%s is the upper half of a 64-bit BAR",
				     pcibar_bar_name(req->bar));
	if (req->res.kind != PCIBAR_BAR_KIND_NONE)
		return 0;

	ret = pcibar_check_missing(req, ctx);
	if (!ret)
		ret = pcibar_refuse(ctx, PCIBAR_REASON_NO_BAR, -EINVAL,
				    pcibar_system()->text[PCIBAR_REASON_NO_BAR].remedy,
				    "the function does not have %s", pcibar_bar_name(req->bar));
	return ret;
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
				     pcibar_bar_name(req->bar), room);
	if (!req->length)
		req->length = room - req->offset;
	return 0;
}

static int check_rights(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	if (req->flags & (PCIBAR_MAP_WRITE | PCIBAR_MAP_ACTIVATE) &&
	    !(req->dev->flags & PCIBAR_OPEN_WRITE))
		pcibar_refuse_unwritable(ctx);
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

	if (req->res.rom_copy && req->dev->ops->maps_rom)
		return pcibar_refuse(ctx, PCIBAR_REASON_ROM, -EOPNOTSUPP,
				     "read it through sysfs (pcibar --backend sysfs)",
				     "the expansion ROM is a copy in RAM, which the %s back end "
				     "cannot reach", req->dev->ops->name);
	if (!mappable && !indirect && !(req->res.flags & PCIBAR_BAR_F_UNASSIGNED))
		pcibar_refuse(ctx, io ? PCIBAR_REASON_IO_BAR :
			      req->res.kind == PCIBAR_BAR_KIND_ROM ? PCIBAR_REASON_ROM :
			      PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
			      "make an indirect map and use checked calls on it",
			      io ? "%s is an I/O BAR, which cannot be mapped"
				 : "%s cannot be mapped through this back end",
			      pcibar_bar_name(req->bar));
	if (mappable && indirect && !req->dev->ops->channels_all)
		pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
			      "map it directly",
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
			      pcibar_bar_name(req->bar),
			      req->res.flags & PCIBAR_BAR_F_PREFETCHABLE ? "" :
			      ", which is not prefetchable");

	return 0;
}

int pcibar_map_check(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	static int (*const checks[])(struct pcibar_map_request *, struct pcibar_refuse_ctx *) = {
		check_bar, check_window, check_rights, check_kind, check_abilities,
		pcibar_check_states,
	};

	bool taken;

	if (req->bar >= PCIBAR_BAR_COUNT || req->flags & ~PCIBAR_MAP_FLAGS_ALL ||
	    req->attr > PCIBAR_ATTR_WC)
		return -EINVAL;

	/* What was seen before the function was taken may have changed until then. */
	do {
		taken = atomic_load(&req->dev->taken);
		for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
			if (checks[i](req, ctx) || (ctx->error && !ctx->all))
				break;
	} while (!ctx->error && taken != atomic_load(&req->dev->taken));
	return ctx->error;
}
