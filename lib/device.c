// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

PCIBAR_API const char *pcibar_backend_name(uint32_t backend)
{
	for (size_t i = 0; pcibar_backends[i]; i++)
		if (pcibar_backends[i]->id == backend)
			return pcibar_backends[i]->name;
	return NULL;
}

static bool backend_exists(uint32_t id)
{
	return id == PCIBAR_BACKEND_AUTO || pcibar_backend_name(id);
}

int pcibar_open_check(const struct pcibar_open_opts **optsp)
{
	static const struct pcibar_open_opts defaults = { .size = sizeof(defaults) };
	const struct pcibar_open_opts *opts = *optsp ? *optsp : &defaults;
	int ret;

	*optsp = opts;
	ret = pcibar_check_size(opts, sizeof(*opts), sizeof(*opts));
	if (ret)
		return ret;
	if (opts->flags & ~PCIBAR_OPEN_WRITE || opts->reserved || !backend_exists(opts->backend))
		return -EINVAL;
	return 0;
}

static const char *sysfs_root(const struct pcibar_open_opts *opts)
{
	return opts->sysfs_root ? opts->sysfs_root : "/sys";
}

/* AUTO takes every back end but those that must be named, or cannot serve a tree elsewhere. */
bool pcibar_backend_allowed(const struct pcibar_backend_ops *ops,
			    const struct pcibar_open_opts *opts)
{
	if (opts->backend)
		return opts->backend == ops->id;
	return !ops->by_name_only && (!ops->absent || !strcmp(sysfs_root(opts), "/sys"));
}

static int object_absent(struct pcibar_verdict *v, const struct pcibar_backend_ops *ops,
			 const char *root)
{
	if (ops->absent)
		return pcibar_object(v, PCIBAR_REASON_NO_BACKEND, -ENODEV, ops->absent_remedy,
				     "%s", ops->absent);
	return pcibar_object(v, PCIBAR_REASON_NO_BACKEND, -ENODEV, "", "there is no PCI below %s",
			     root);
}

static int object_open(struct pcibar_verdict *v, const struct pcibar_backend_ops *ops,
		       const char *text, int error)
{
	switch (error) {
	case -ENODEV:
		return pcibar_object(v, PCIBAR_REASON_NO_DEVICE, error,
				     "see pcibar list for what there is",
				     "there is no function at %s", text);
	case -EACCES:
		return pcibar_object(v, PCIBAR_REASON_PERMISSION, error, "run it as root",
				     "no permission to look at %s through the %s back end", text,
				     ops->name);
	case -ENOTTY:
	case -EOPNOTSUPP:	/* the same, when one function of several is opened */
		return pcibar_object(v, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
				     "unload the module and load the one that came with this "
				     "library",
				     "the %s back end does not know the request", ops->name);
	default:
		return pcibar_object(v, PCIBAR_REASON_SYSTEM, error, "", "%s: %s", text,
				     strerror(-error));
	}
}

/* Every function an operation looks at, collected and sorted. */
struct address_list {
	struct pcibar_address *addr;
	size_t count, room;
};

static int collect(void *data, const struct pcibar_address *addr)
{
	struct address_list *list = data;

	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		void *new = realloc(list->addr, room * sizeof(*list->addr));

		if (!new)
			return -ENOMEM;
		list->addr = new;
		list->room = room;
	}
	list->addr[list->count++] = *addr;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return pcibar_address_compare(a, b);
}

/* The first back end that exists here lists the functions. */
static int list_functions(const struct pcibar_open_opts *opts, struct pcibar_verdict *v,
			  const struct pcibar_backend_ops **ops, struct address_list *list)
{
	int ret = -ENOENT;

	for (size_t i = 0; ret == -ENOENT && pcibar_backends[i]; i++) {
		if (!pcibar_backend_allowed(pcibar_backends[i], opts))
			continue;
		*ops = pcibar_backends[i];
		v->backend = (*ops)->id;
		ret = (*ops)->scan(sysfs_root(opts), collect, list);
	}
	if (ret == -ENOENT)
		return object_absent(v, *ops, sysfs_root(opts));
	if (ret)
		return object_open(v, *ops, "the list of functions", ret);
	if (list->count)
		qsort(list->addr, list->count, sizeof(*list->addr), compare);
	return 0;
}

int pcibar_ids_match(const struct pcibar_device *dev, const struct pcibar_selector *sel)
{
	uint32_t val;
	int ret;

	if (sel->fields & PCIBAR_SEL_VENDOR) {
		ret = dev->ops->get_id(dev->be, PCIBAR_ID_VENDOR, &val);
		if (ret || val != sel->vendor)
			return ret;
	}
	if (sel->fields & PCIBAR_SEL_DEVICE) {
		ret = dev->ops->get_id(dev->be, PCIBAR_ID_DEVICE, &val);
		if (ret || val != sel->device)
			return ret;
	}
	return 1;
}

/*
 * Call @fn on each open match in address order. A function that goes away in
 * the meantime is passed over. @fn may keep a handle by taking a reference.
 */
static int for_each_match(const struct pcibar_selector *sel, const struct pcibar_open_opts *opts,
			  struct pcibar_verdict *v,
			  int (*fn)(void *data, struct pcibar_device *dev), void *data)
{
	const struct pcibar_backend_ops *ops = NULL;
	struct address_list list = { 0 };
	struct pcibar_device *dev;
	uint32_t index = 0;
	int ret;

	ret = list_functions(opts, v, &ops, &list);
	for (size_t i = 0; !ret && i < list.count; i++) {
		struct pcibar_verdict quiet = { .backend = v->backend };
		char text[PCIBAR_ADDRESS_STRLEN];

		ret = pcibar_open_address(&list.addr[i], opts, ops, &quiet, &dev);
		if (!ret) {
			ret = pcibar_ids_match(dev, sel);
			if (ret > 0) {
				ret = sel->fields & PCIBAR_SEL_INDEX && index++ != sel->index ?
				      0 : fn(data, dev);
				pcibar_device_close(dev);
				continue;
			}
			pcibar_device_close(dev);
		}
		pcibar_address_format(&list.addr[i], text);
		ret = ret && ret != -ENODEV ? object_open(v, ops, text, ret) : 0;
	}
	free(list.addr);
	return ret;
}

struct pick {
	struct pcibar_device *dev;	/* the first match, with a reference */
	unsigned int count;
	char names[96];
};

static int pick_one(void *data, struct pcibar_device *dev)
{
	struct pick *pick = data;
	char text[PCIBAR_ADDRESS_STRLEN];
	size_t len = strlen(pick->names);

	pcibar_address_format(&dev->addr, text);
	if (!pick->count++) {
		pcibar_device_get(dev);
		pick->dev = dev;
	}
	if (len + strlen(text) + 8 < sizeof(pick->names)) {
		strcat(pick->names, len ? ", " : "");
		strcat(pick->names, text);
	} else if (strcmp(pick->names + len - 3, "...")) {
		strcat(pick->names, " ...");
	}
	return 0;
}

/* None matches, or several do. */
static int object_count(struct pcibar_verdict *v, const struct pcibar_selector *sel,
			const struct pick *pick)
{
	char text[PCIBAR_SELECTOR_STRLEN];

	if (pick->count)
		return pcibar_object(v, PCIBAR_REASON_AMBIGUOUS, -ENOTUNIQ,
				     "use an address, or append #N to pick one",
				     "%u functions match: %s", pick->count, pick->names);
	pcibar_selector_format(sel, text, sizeof(text));
	return pcibar_object(v, PCIBAR_REASON_NO_DEVICE, -ENODEV,
			     "see pcibar list for what there is", "no function is %s", text);
}

/*
 * The handle whose IDs were compared is the one to return: a second open by
 * address could find another function there.
 */
int pcibar_open_match(const struct pcibar_selector *sel, const struct pcibar_open_opts *opts,
		      struct pcibar_verdict *v, struct pcibar_device **devp)
{
	struct pick pick = { 0 };
	int ret;

	ret = for_each_match(sel, opts, v, pick_one, &pick);
	if (!ret && pick.count != 1) {
		v->backend = PCIBAR_BACKEND_AUTO;
		ret = object_count(v, sel, &pick);
	}
	if (!ret)
		*devp = pick.dev;
	else if (pick.dev)
		pcibar_device_close(pick.dev);
	return ret;
}

/* Try @ops, or with NULL all back ends that @opts allows in the order of AUTO. */
int pcibar_open_address(const struct pcibar_address *addr, const struct pcibar_open_opts *opts,
			const struct pcibar_backend_ops *ops, struct pcibar_verdict *v,
			struct pcibar_device **devp)
{
	char text[PCIBAR_ADDRESS_STRLEN];
	struct pcibar_device *dev;
	int ret = -ENOENT;

	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return pcibar_object(v, PCIBAR_REASON_SYSTEM, -ENOMEM, "", "there is no memory");
	for (size_t i = 0; ret == -ENOENT && pcibar_backends[i]; i++) {
		if (ops ? ops != pcibar_backends[i]
			: !pcibar_backend_allowed(pcibar_backends[i], opts))
			continue;
		dev->ops = pcibar_backends[i];
		ret = dev->ops->open(sysfs_root(opts), addr, &dev->be);
	}
	pcibar_address_format(addr, text);
	if (ret) {
		ret = ret == -ENOENT ? object_absent(v, dev->ops, sysfs_root(opts))
				     : object_open(v, dev->ops, text, ret);
		free(dev);
		return ret;
	}
	dev->addr = *addr;
	dev->flags = opts->flags;
	dev->log = (struct pcibar_log){ opts->log, opts->log_data };
	atomic_init(&dev->refs, 1);
	pthread_mutex_init(&dev->lock, NULL);
	pcibar_log(&dev->log, PCIBAR_LOG_DEBUG, "%s: opened through %s", text, dev->ops->name);
	*devp = dev;
	return 0;
}

PCIBAR_API int pcibar_device_open_selector(const struct pcibar_selector *sel,
					   const struct pcibar_open_opts *opts,
					   struct pcibar_device **devp)
{
	struct pcibar_address addr;
	struct pcibar_verdict v;
	int ret;

	ret = pcibar_open_check(&opts);
	if (!ret)
		ret = pcibar_selector_check(sel);
	if (!ret)
		ret = pcibar_verdict_init(&v, opts->why);
	if (ret)
		return ret;
	if (!pcibar_selector_address(sel, &addr))
		return pcibar_open_match(sel, opts, &v, devp);
	return pcibar_open_address(&addr, opts, NULL, &v, devp);
}

PCIBAR_API int pcibar_device_open(const char *selector, const struct pcibar_open_opts *opts,
				  struct pcibar_device **devp)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };
	int ret = pcibar_open_check(&opts);

	if (!ret)
		ret = pcibar_selector_parse(selector, &sel, opts->why);
	return ret ? ret : pcibar_device_open_selector(&sel, opts, devp);
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

static int fill_info(struct pcibar_device *dev, struct pcibar_device_info *info)
{
	static const enum pcibar_id ids[] = {
		PCIBAR_ID_VENDOR, PCIBAR_ID_DEVICE, PCIBAR_ID_SUBVENDOR, PCIBAR_ID_SUBDEVICE,
		PCIBAR_ID_CLASS, PCIBAR_ID_REVISION,
	};
	uint32_t val[sizeof(ids) / sizeof(*ids)];
	uint32_t size = info->size;
	uint8_t header, secondary;
	bool asleep;
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(ids) / sizeof(*ids); i++)
		ret = dev->ops->get_id(dev->be, ids[i], &val[ids[i]]);
	if (!ret)
		ret = dev->ops->get_driver(dev->be, dev->driver);
	if (!ret)
		ret = dev->ops->get_asleep(dev->be, &asleep);
	if (!ret)
		ret = dev->ops->get_header(dev->be, &header, &secondary);
	if (ret)
		return ret;
	*info = (struct pcibar_device_info){
		.size = size,
		.flags = (asleep ? PCIBAR_DEV_ASLEEP : 0) |
			 (pcibar_driver_owns_bars(dev->driver) ? PCIBAR_DEV_DRIVER_OWNS : 0),
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

	return ret ? ret : fill_info(dev, info);
}

struct scan {
	pcibar_scan_fn fn;
	void *data;
	struct pcibar_verdict *v;
};

static int scan_one(void *data, struct pcibar_device *dev)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct scan *scan = data;
	int ret = fill_info(dev, &info);

	if (ret == -ENODEV)
		return 0;
	if (ret)
		return pcibar_object(scan->v, PCIBAR_REASON_SYSTEM, ret, "", "%s", strerror(-ret));
	return scan->fn(scan->data, &info);
}

PCIBAR_API int pcibar_scan(const struct pcibar_selector *sel, const struct pcibar_open_opts *opts,
			   pcibar_scan_fn fn, void *data)
{
	static const struct pcibar_selector all = { .size = sizeof(all) };
	struct pcibar_verdict v;
	struct scan scan = { fn, data, &v };
	struct pcibar_address addr;
	struct pcibar_device *dev;
	int ret;

	if (!sel)
		sel = &all;
	ret = pcibar_open_check(&opts);
	if (!ret)
		ret = pcibar_selector_check(sel);
	if (!ret)
		ret = pcibar_verdict_init(&v, opts->why);
	if (ret)
		return ret;
	if (!pcibar_selector_address(sel, &addr))
		return for_each_match(sel, opts, &v, scan_one, &scan);
	ret = pcibar_open_address(&addr, opts, NULL, &v, &dev);
	if (!ret) {
		ret = scan_one(&scan, dev);
		pcibar_device_close(dev);
	}
	return ret;
}
