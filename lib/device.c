// SPDX-License-Identifier: BSD-2-Clause
/* An open function: its handle, and what it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "system.h"

int pcibar_open_check(const struct pcibar_open_opts **optsp)
{
	static const struct pcibar_open_opts defaults = { .size = sizeof(defaults) };
	const struct pcibar_open_opts *opts = *optsp ? *optsp : &defaults;
	int ret;

	*optsp = opts;
	ret = pcibar_check_size(opts, sizeof(*opts), sizeof(*opts));
	if (ret)
		return ret;
	if (opts->flags & ~PCIBAR_OPEN_WRITE || opts->reserved ||
	    !pcibar_backend_exists(opts->backend))
		return -EINVAL;
	return 0;
}

int pcibar_refuse_open(struct pcibar_refuse_ctx *ctx, const struct pcibar_backend_ops *ops,
		       const char *text, int error)
{
	switch (error) {
	case -ENODEV:
		return pcibar_refuse(ctx, PCIBAR_REASON_NO_DEVICE, error,
				     "'pcibar list' shows all functions",
				     "there is no function at %s", text);
	case -EACCES:
		return pcibar_refuse(ctx, PCIBAR_REASON_PERMISSION, error, "run it as root",
				     "no permission to access %s through the %s back end", text,
				     ops->name);
	case -ENOTTY:
	case -EOPNOTSUPP:	/* the same, when one function of several is opened */
		return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
				     pcibar_system()->text[PCIBAR_REASON_UNSUPPORTED].remedy,
				     "the %s back end does not support the request", ops->name);
	default:
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "", "%s: %s", text,
				     strerror(-error));
	}
}

int pcibar_open_address(const struct pcibar_address *addr, const struct pcibar_open_opts *opts,
			const struct pcibar_backend_ops *ops, struct pcibar_refuse_ctx *ctx,
			struct pcibar_device **devp)
{
	const char *root = pcibar_sysfs_root(opts);
	char text[PCIBAR_ADDRESS_STRLEN];
	struct pcibar_device *dev;
	int ret = -ENOENT;

	dev = calloc(1, sizeof(*dev) + strlen(root) + 1);
	if (!dev)
		return pcibar_refuse_nomem(ctx);

	for (size_t i = 0; ret == -ENOENT && pcibar_backends[i]; i++) {
		if (ops ? ops != pcibar_backends[i]
			: !pcibar_backend_allowed(pcibar_backends[i], opts))
			continue;
		dev->ops = pcibar_backends[i];
		ret = dev->ops->open(root, addr, &dev->be);
	}
	pcibar_address_format(addr, text);
	if (ret) {
		ret = ret == -ENOENT ? pcibar_refuse_absent(ctx, dev->ops, root, addr)
				     : pcibar_refuse_open(ctx, dev->ops, text, ret);
		free(dev);
		return ret;
	}
	dev->query = dev->ops->query;
	dev->query_data = dev->ops->query_data ? dev->ops->query_data(dev->be) : dev->be;
	dev->addr = *addr;
	strcpy(dev->root, root);
	dev->flags = opts->flags;
	dev->named = opts->backend;
	dev->log = (struct pcibar_log){ opts->log, opts->log_data };
	atomic_init(&dev->refs, 1);
	pthread_mutex_init(&dev->lock, NULL);
	pcibar_log(&dev->log, PCIBAR_LOG_DEBUG, "%s: opened through %s", text, dev->ops->name);
	*devp = dev;
	return 0;
}

/* A BAR that begins in the middle of a page follows what has the beginning. */
static bool has_own_pages(struct pcibar_device *dev, unsigned int bar,
			  const struct pcibar_resource *res)
{
	uint64_t rest = (uint64_t)sysconf(_SC_PAGESIZE) - 1;
	char name[PCIBAR_NAME_LEN];

	if (!((res->start | res->length) & rest))
		return true;
	return !(res->start & rest) &&
	       !dev->query->get_neighbour(dev->query_data, bar, res->start, res->start | rest,
					  name) && !*name;
}

/*
 * While a function is taken, the kernel moves none of its BARs and puts nothing else into the
 * pages of one that it lets map.
 */
static void fix_resource(struct pcibar_device *dev, unsigned int bar,
			 const struct pcibar_resource *res)
{
	int state = pcibar_lock(&dev->lock);

	if (!(atomic_load(&dev->fixed) & 1u << bar)) {
		dev->resource[bar] = *res;
		atomic_fetch_or(&dev->fixed, 1u << bar);
	}
	pcibar_unlock(&dev->lock, state);
}

int pcibar_device_get_resource(struct pcibar_device *dev, unsigned int bar,
			       struct pcibar_resource *res)
{
	bool taken = atomic_load(&dev->taken);
	int ret;

	if (atomic_load(&dev->fixed) & 1u << bar) {
		*res = dev->resource[bar];
		return 0;
	}

	ret = dev->query->get_resource(dev->query_data, bar, res);
	if (ret || res->flags & PCIBAR_BAR_F_UNASSIGNED)
		return ret;

	if (dev->ops->own_pages && res->flags & PCIBAR_BAR_F_MAPPABLE &&
	    !has_own_pages(dev, bar, res))
		res->flags &= ~PCIBAR_BAR_F_MAPPABLE;
	if (!(dev->ops->caps & PCIBAR_CAP_MAP_WC))
		res->flags &= ~PCIBAR_BAR_F_HAS_WC;
	if (dev->ops->maps_rom && res->kind == PCIBAR_BAR_KIND_ROM && !res->rom_copy)
		res->flags |= PCIBAR_BAR_F_MAPPABLE;
	if (dev->ops->wc_everywhere && res->flags & PCIBAR_BAR_F_MAPPABLE)
		res->flags |= PCIBAR_BAR_F_HAS_WC;
	if (taken && res->flags & PCIBAR_BAR_F_MAPPABLE)
		fix_resource(dev, bar, res);
	return 0;
}

void pcibar_device_get(struct pcibar_device *dev)
{
	atomic_fetch_add(&dev->refs, 1);
}

void pcibar_device_put(struct pcibar_device *dev)
{
	if (atomic_fetch_sub(&dev->refs, 1) != 1)
		return;
	dev->ops->close(dev->be);
	pthread_mutex_destroy(&dev->lock);
	free(dev);
}

PCIBAR_API void pcibar_device_close(struct pcibar_device *dev)
{
	if (!dev)
		return;
	pcibar_enable_restore(dev);
	pcibar_device_put(dev);
}

int pcibar_device_fill_info(struct pcibar_device *dev, struct pcibar_device_info *info)
{
	static const enum pcibar_id ids[] = {
		PCIBAR_ID_VENDOR, PCIBAR_ID_DEVICE, PCIBAR_ID_SUBVENDOR, PCIBAR_ID_SUBDEVICE,
		PCIBAR_ID_CLASS, PCIBAR_ID_REVISION,
	};
	uint32_t val[sizeof(ids) / sizeof(*ids)];
	uint32_t size = info->size;
	uint8_t header, secondary;
	bool asleep;
	int ret;

	ret = dev->query->get_driver(dev->query_data, dev->driver);
	if (ret)
		return ret;

	ret = dev->query->get_asleep(dev->query_data, &asleep);
	if (ret)
		return ret;

	ret = dev->query->get_header(dev->query_data, &header, &secondary);
	/* At the end, because every function has these: one that has lost the others is gone. */
	for (size_t i = 0; !ret && i < sizeof(ids) / sizeof(*ids); i++)
		ret = dev->query->get_id(dev->query_data, ids[i], &val[ids[i]]);
	if (ret)
		return ret;

	*info = (struct pcibar_device_info){
		.size = size,
		.flags = (asleep ? PCIBAR_DEV_ASLEEP : 0) |
			 (pcibar_device_has_owner(dev, dev->driver) ? PCIBAR_DEV_DRIVER_OWNS : 0),
		.domain = dev->addr.domain,
		.bus = dev->addr.bus,
		.slot = dev->addr.slot,
		.func = dev->addr.func,
		.revision = (uint8_t)val[PCIBAR_ID_REVISION],
		.vendor = (uint16_t)val[PCIBAR_ID_VENDOR],
		.device = (uint16_t)val[PCIBAR_ID_DEVICE],
		.subvendor = (uint16_t)val[PCIBAR_ID_SUBVENDOR],
		.subdevice = (uint16_t)val[PCIBAR_ID_SUBDEVICE],
		.class_code = val[PCIBAR_ID_CLASS],
		.backend = dev->ops->id,
		.caps = dev->ops->caps,
		.header = header,
		.secondary = secondary,
		.driver = dev->driver,
	};
	return 0;
}

PCIBAR_API int pcibar_device_get_info(struct pcibar_device *dev, struct pcibar_device_info *info)
{
	int ret = pcibar_check_size(info, sizeof(*info), sizeof(*info));

	return ret ? ret : pcibar_device_fill_info(dev, info);
}

PCIBAR_API int pcibar_device_get_place(struct pcibar_device *dev, struct pcibar_device_place *place)
{
	struct pcibar_device_place new = { .numa_node = -1, .iommu_group = -1 };
	int ret = pcibar_check_size(place, sizeof(new), sizeof(new));

	if (!ret && dev->query->get_place)
		ret = dev->query->get_place(dev->query_data, &new.numa_node, &new.iommu_group);
	if (ret)
		return ret;

	new.size = place->size;
	*place = new;
	return 0;
}
