// SPDX-License-Identifier: BSD-2-Clause
/* BARs and maps of them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pcibar/enable.h>

#include "internal.h"
#include "system.h"

/*
 * Adds what configuration space has about a BAR. If the read fails, CONFIG_SEEN
 * stays clear: the rest of the information is still useful.
 */
static void see_config(struct pcibar_device *dev, const struct pcibar_resource *res,
		       struct pcibar_bar_info *info)
{
	bool rom = info->kind == PCIBAR_BAR_KIND_ROM, io = info->kind == PCIBAR_BAR_KIND_IO;
	unsigned int reg = PCIR_BARS + 4 * info->index;
	uint32_t command, lo, hi = 0, type = 0, decoding;
	uint64_t held;
	bool decodes;

	if (rom) {
		if (pcibar_config_read(dev, PCIR_HDRTYPE, 1, &type))
			return;
		reg = pcibar_header_bar(type, info->index);
		if (!reg)
			return;
	}
	if (pcibar_config_read(dev, PCIR_COMMAND, 2, &command) ||
	    pcibar_config_read(dev, reg, 4, &lo) ||
	    (info->kind == PCIBAR_BAR_KIND_MEM64 && pcibar_config_read(dev, reg + 4, 4, &hi)))
		return;
	decoding = command & (io ? PCIBAR_DECODE_IO : PCIBAR_DECODE_MEM);
	if (rom)
		decoding &= (lo & 1) << 1;	/* its enable bit, at the place of MEM */

	/* The registers of a virtual function read as zero, and its command register is no help. */
	if ((!decoding || !lo) && !rom && pcibar_is_virtual(dev, &decodes)) {
		info->flags |= decodes ? PCIBAR_BAR_F_DECODING : 0;
		return;
	}

	info->flags |= PCIBAR_BAR_F_CONFIG_SEEN | (decoding ? PCIBAR_BAR_F_DECODING : 0);
	lo &= rom ? ~(uint32_t)0x7ff : io ? ~(uint32_t)3 : ~(uint32_t)0xf;
	info->bus_addr = (uint64_t)hi << 32 | lo;
	if (pcibar_bar_moved(dev, info->index, res, &held))
		info->flags |= PCIBAR_BAR_F_MOVED;
}

PCIBAR_API int pcibar_bar_get_info(struct pcibar_device *dev, unsigned int bar, uint32_t flags,
				   struct pcibar_bar_info *info)
{
	struct pcibar_resource res;
	char driver[PCIBAR_NAME_LEN];
	bool asleep = false;
	int ret;

	ret = pcibar_check_size(info, sizeof(*info), sizeof(*info));
	if (ret)
		return ret;
	if (bar >= PCIBAR_BAR_COUNT || flags & ~PCIBAR_BAR_INFO_CONFIG)
		return -EINVAL;

	/* Before the BARs: of a function that is gone only these are missed. */
	ret = dev->query->get_driver(dev->query_data, driver);
	if (!ret)
		ret = pcibar_device_get_resource(dev, bar, &res);
	if (ret)
		return ret;

	strcpy(dev->holder, pcibar_device_has_owner(dev, driver) ? driver : "");
	*info = (struct pcibar_bar_info){
		.size = info->size,
		.index = bar,
		.kind = res.kind,
		.flags = res.flags,
		.length = res.length,
		.cpu_addr = res.start,
		.holder = dev->holder,
	};
	if (!(flags & PCIBAR_BAR_INFO_CONFIG) || res.flags & PCIBAR_BAR_F_UPPER_HALF ||
	    dev->query->get_asleep(dev->query_data, &asleep) || asleep)
		return 0;
	if (res.kind != PCIBAR_BAR_KIND_NONE) {
		see_config(dev, &res, info);
	} else if (pcibar_bar_hidden(dev, bar)) {
		info->kind = PCIBAR_BAR_KIND_MEM64;
		info->flags |= PCIBAR_BAR_F_UNASSIGNED;
	}

	return 0;
}

/* An indirect map has a channel in place of pages. */
static int open_channel(struct pcibar_map *map, struct pcibar_map_request *req,
			struct pcibar_refuse_ctx *ctx)
{
	uint64_t end = req->res.length;
	bool to_end = req->offset + req->length == end;
	int ret = map->dev->ops->channel_open(map->dev->be, map->bar, map->flags, ctx, &end,
					      &map->channel);

	if (ret)
		return ret;
	if (to_end && req->offset < end)
		req->length = end - req->offset;
	if (req->offset + req->length > end) {
		map->dev->ops->channel_close(map->channel);
		return pcibar_refuse(ctx, PCIBAR_REASON_RANGE, -ERANGE, "stay below its length",
				     "the image in the expansion ROM has only 0x%" PRIx64 " bytes",
				     end);
	}
	return 0;
}

static void unmap_pages(struct pcibar_map *map)
{
	munmap(map->pages, map->pages_len);
	if (map->token)
		map->dev->ops->unmapped(map->dev->be, map->token);
}

static int map_pages(struct pcibar_map *map, const struct pcibar_map_request *req,
		     struct pcibar_refuse_ctx *ctx)
{
	struct pcibar_pages pages;
	uint64_t in_page = req->res.start & ((uint64_t)sysconf(_SC_PAGESIZE) - 1);
	int ret;

	pcibar_map_request_pages(req, &pages);
	if (pages.length > SIZE_MAX)
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, -ENOMEM, "map a smaller window",
				     "the window is larger than the address space");
	ret = map->dev->ops->map(map->dev->be, map->bar, &pages, ctx, &map->pages, &map->token);
	if (ret)
		return ret;

	map->pages_len = (size_t)pages.length;
	map->slot = pcibar_guard_add(map->pages, map->pages_len, map->flags & PCIBAR_MAP_WRITE);
	if (!map->slot) {
		unmap_pages(map);
		return pcibar_refuse_nomem(ctx);
	}
	map->addr = (volatile char *)map->pages + (in_page + req->offset - pages.offset);
	return 0;
}

/* Whether mapping turns decoding on, for as long as it lasts. */
static bool mapping_activates(const struct pcibar_device *dev, const struct pcibar_resource *res)
{
	return dev->ops->activates && pcibar_system()->activates &&
	       res->flags & PCIBAR_BAR_F_MAPPABLE;
}

/* Turns decoding on before mapping, and off again if that fails. */
static int establish(struct pcibar_map *map, struct pcibar_map_request *req,
		     struct pcibar_refuse_ctx *ctx)
{
	int ret;

	if (map->flags & PCIBAR_MAP_ACTIVATE && !mapping_activates(map->dev, &req->res)) {
		map->decode_bit = req->res.kind == PCIBAR_BAR_KIND_IO ? PCIBAR_DECODE_IO
								 : PCIBAR_DECODE_MEM;
		ret = pcibar_activate(map->dev, map->decode_bit,
				      req->driver_known ? req->driver : NULL);
		if (ret)
			return pcibar_refuse_activation(ctx, map->dev, ret);
	}
	if (map->flags & PCIBAR_MAP_INDIRECT)
		ret = open_channel(map, req, ctx);
	else
		ret = map_pages(map, req, ctx);
	if (ret && map->decode_bit)
		pcibar_deactivate(map->dev, map->decode_bit);

	return ret;
}

PCIBAR_API int pcibar_bar_map(struct pcibar_device *dev, unsigned int bar,
			      const struct pcibar_map_opts *opts, struct pcibar_map **mapp)
{
	static const struct pcibar_map_opts defaults = { .size = sizeof(defaults) };
	struct pcibar_map_request req;
	struct pcibar_refuse_ctx ctx;
	struct pcibar_map *map;
	int ret;

	if (!opts)
		opts = &defaults;
	ret = pcibar_check_size(opts, sizeof(*opts), sizeof(*opts));
	if (ret)
		return ret;

	ret = pcibar_refuse_init(&ctx, opts->why);
	if (ret)
		return ret;
	if (opts->reserved)
		return -EINVAL;

	ctx.backend = dev->ops->id;
	req = (struct pcibar_map_request){
		.dev = dev, .bar = bar, .flags = opts->flags, .attr = opts->attr,
		.offset = opts->offset, .length = opts->length,
	};
	ret = pcibar_map_check(&req, &ctx);
	if (ret)
		return ret;

	map = calloc(1, sizeof(*map));
	if (!map)
		return pcibar_refuse_nomem(&ctx);

	map->dev = dev;
	map->bar = bar;
	map->flags = opts->flags;
	map->attr = opts->attr;
	map->offset = opts->offset;
	atomic_init(&map->lost, false);
	ret = establish(map, &req, &ctx);
	if (ret) {
		free(map);
		return ret;
	}
	map->length = req.length;
	map->place = map->addr ? req.res.start + map->offset : map->offset;
	pcibar_device_get(dev);
	pcibar_log(&dev->log, PCIBAR_LOG_DEBUG, "BAR %u: 0x%" PRIx64 "+0x%" PRIx64 " mapped", bar,
		   map->offset, map->length);
	*mapp = map;
	return 0;
}

PCIBAR_API void pcibar_map_release(struct pcibar_map *map)
{
	struct pcibar_device *dev;

	if (!map)
		return;

	dev = map->dev;
	if (map->slot) {
		pcibar_guard_drop(map->slot);
		unmap_pages(map);
	}
	if (map->channel)
		dev->ops->channel_close(map->channel);
	if (map->decode_bit)
		pcibar_deactivate(dev, map->decode_bit);
	pcibar_device_put(dev);
	free(map);
}

PCIBAR_API volatile void PCIBAR_IOMEM *pcibar_map_addr(const struct pcibar_map *map)
{
	return map->addr;
}

PCIBAR_API uint64_t pcibar_map_length(const struct pcibar_map *map)
{
	return map->length;
}

PCIBAR_API uint64_t pcibar_map_offset(const struct pcibar_map *map)
{
	return map->offset;
}

PCIBAR_API uint32_t pcibar_map_attr(const struct pcibar_map *map)
{
	return map->attr;
}

PCIBAR_API bool pcibar_map_is_lost(const struct pcibar_map *map)
{
	return pcibar_map_lost(map);
}
