// SPDX-License-Identifier: BSD-2-Clause
/* From a selector to functions: one to open, or all to list. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The functions that the system has, sorted by address */
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
static int list_functions(const struct pcibar_open_opts *opts, struct pcibar_refuse_ctx *ctx,
			  const struct pcibar_backend_ops **ops, struct address_list *list)
{
	int ret = -ENOENT;

	for (size_t i = 0; ret == -ENOENT && pcibar_backends[i]; i++) {
		if (!pcibar_backend_allowed(pcibar_backends[i], opts) ||
		    (!opts->backend && pcibar_backends[i]->some_functions))
			continue;
		*ops = pcibar_backends[i];
		ctx->backend = (*ops)->id;
		ret = (*ops)->scan(pcibar_sysfs_root(opts), collect, list);
	}
	if (ret == -ENOENT)
		return pcibar_refuse_absent(ctx, *ops, pcibar_sysfs_root(opts), NULL);
	if (ret)
		return pcibar_refuse_open(ctx, *ops, "the list of functions", ret);
	if (list->count)
		qsort(list->addr, list->count, sizeof(*list->addr), compare);

	return 0;
}

int pcibar_ids_match(const struct pcibar_device *dev, const struct pcibar_selector *sel)
{
	const struct {
		uint32_t field;
		enum pcibar_id id;
		uint32_t mask, val;
	} wanted[] = {
		{ PCIBAR_SEL_VENDOR, PCIBAR_ID_VENDOR, UINT16_MAX, sel->vendor },
		{ PCIBAR_SEL_DEVICE, PCIBAR_ID_DEVICE, UINT16_MAX, sel->device },
		{ PCIBAR_SEL_CLASS, PCIBAR_ID_CLASS, sel->class_mask, sel->class_code },
	};
	uint32_t val;
	int ret;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (!(sel->fields & wanted[i].field))
			continue;

		ret = dev->query->get_id(dev->query_data, wanted[i].id, &val);
		if (ret || (val & wanted[i].mask) != wanted[i].val)
			return ret;
	}
	return 1;
}

static bool address_matches(const struct pcibar_address *addr, const struct pcibar_selector *sel)
{
	return !(sel->fields & PCIBAR_SEL_SLOT) ||
	       (addr->slot == sel->slot && addr->func == sel->func);
}

/* The system reports @error of this function alone; others are still listed. */
static int fail_one(struct pcibar_refuse_ctx *ctx, const struct pcibar_device *dev, int error)
{
	char text[PCIBAR_ADDRESS_STRLEN];

	if (error == -ENODEV)
		return 0;
	if (error == -ENOMEM)
		return pcibar_refuse_nomem(ctx);

	pcibar_address_format(&dev->addr, text);
	pcibar_refuse_open(ctx, dev->ops, text, error);
	return 0;
}

/*
 * Call @fn on each open match in address order. A function that goes away in
 * the meantime is passed over. @fn may keep a handle by taking a reference. A
 * function whose attributes cannot be read does not hide the others: the first such
 * error is returned after them.
 */
static int for_each_match(const struct pcibar_selector *sel, const struct pcibar_open_opts *opts,
			  struct pcibar_refuse_ctx *ctx,
			  int (*fn)(void *data, struct pcibar_device *dev), void *data)
{
	const struct pcibar_backend_ops *ops = NULL;
	struct address_list list = { 0 };
	struct pcibar_device *dev;
	uint32_t index = 0;
	int ret;

	ret = list_functions(opts, ctx, &ops, &list);
	for (size_t i = 0; !ret && i < list.count; i++) {
		struct pcibar_refuse_ctx quiet = { .backend = ctx->backend };
		char text[PCIBAR_ADDRESS_STRLEN];

		if (!address_matches(&list.addr[i], sel))
			continue;
		pcibar_address_format(&list.addr[i], text);
		/* As one that is opened by its address: AUTO may prefer another back end for it. */
		ret = pcibar_open_address(&list.addr[i], opts, NULL, &quiet, &dev);
		if (ret) {
			ret = ret == -ENODEV ? 0 : pcibar_refuse_open(ctx, ops, text, ret);
			continue;
		}
		ret = pcibar_ids_match(dev, sel);
		if (ret > 0)
			ret = sel->fields & PCIBAR_SEL_INDEX && index++ != sel->index ?
			      0 : fn(data, dev);
		else if (ret)
			ret = fail_one(ctx, dev, ret);
		pcibar_device_close(dev);
	}
	free(list.addr);
	return ret ? ret : ctx->error;
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
static int refuse_count(struct pcibar_refuse_ctx *ctx, const struct pcibar_selector *sel,
			const struct pick *pick)
{
	char text[PCIBAR_SELECTOR_STRLEN];

	if (pick->count)
		return pcibar_refuse(ctx, PCIBAR_REASON_AMBIGUOUS, -ENOTUNIQ,
				     "use an address, or append #N to pick one",
				     "%u functions match: %s", pick->count, pick->names);
	pcibar_selector_format(sel, text, sizeof(text));
	return pcibar_refuse(ctx, PCIBAR_REASON_NO_DEVICE, -ENODEV,
			     "'pcibar list' shows all functions", "no function matches %s", text);
}

/*
 * The handle whose IDs were compared is the one to return: a second open by
 * address could find another function there.
 */
int pcibar_open_match(const struct pcibar_selector *sel, const struct pcibar_open_opts *opts,
		      struct pcibar_refuse_ctx *ctx, struct pcibar_device **devp)
{
	struct pick pick = { 0 };
	int ret;

	ret = for_each_match(sel, opts, ctx, pick_one, &pick);
	if (!ret && pick.count != 1) {
		ctx->backend = PCIBAR_BACKEND_AUTO;
		ret = refuse_count(ctx, sel, &pick);
	}
	if (!ret)
		*devp = pick.dev;
	else if (pick.dev)
		pcibar_device_close(pick.dev);

	return ret;
}

/* What every call with a selector checks before it does anything */
static int check_arguments(const struct pcibar_selector *sel, const struct pcibar_open_opts **optsp,
			   struct pcibar_refuse_ctx *ctx)
{
	int ret = pcibar_open_check(optsp);

	if (ret)
		return ret;

	ret = pcibar_selector_check(sel);
	return ret ? ret : pcibar_refuse_init(ctx, (*optsp)->why);
}

PCIBAR_API int pcibar_device_open_selector(const struct pcibar_selector *sel,
					   const struct pcibar_open_opts *opts,
					   struct pcibar_device **devp)
{
	struct pcibar_address addr;
	struct pcibar_refuse_ctx ctx;
	int ret;

	ret = check_arguments(sel, &opts, &ctx);
	if (ret)
		return ret;
	if (!pcibar_selector_address(sel, &addr))
		return pcibar_open_match(sel, opts, &ctx, devp);

	return pcibar_open_address(&addr, opts, NULL, &ctx, devp);
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

struct scan {
	pcibar_scan_fn fn;
	void *data;
	struct pcibar_refuse_ctx *ctx;
};

static int scan_one(void *data, struct pcibar_device *dev)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct scan *scan = data;
	int ret = pcibar_device_fill_info(dev, &info);

	return ret ? fail_one(scan->ctx, dev, ret) : scan->fn(scan->data, &info);
}

PCIBAR_API int pcibar_scan(const struct pcibar_selector *sel, const struct pcibar_open_opts *opts,
			   pcibar_scan_fn fn, void *data)
{
	static const struct pcibar_selector all = { .size = sizeof(all) };
	struct pcibar_refuse_ctx ctx;
	struct scan scan = { fn, data, &ctx };
	struct pcibar_address addr;
	struct pcibar_device *dev;
	int ret;

	if (!sel)
		sel = &all;
	ret = check_arguments(sel, &opts, &ctx);
	if (ret)
		return ret;
	if (!pcibar_selector_address(sel, &addr))
		return for_each_match(sel, opts, &ctx, scan_one, &scan);

	ret = pcibar_open_address(&addr, opts, NULL, &ctx, &dev);
	if (!ret) {
		ret = scan_one(&scan, dev);
		pcibar_device_close(dev);
	}
	return ret ? ret : ctx.error;
}

PCIBAR_API int pcibar_device_scan_group(struct pcibar_device *dev, pcibar_scan_fn fn, void *data)
{
	const struct pcibar_open_opts opts = {
		.size = sizeof(opts), .sysfs_root = dev->root,
		.backend = dev->named && !dev->ops->some_functions ? dev->ops->id :
			   PCIBAR_BACKEND_AUTO,
	};
	struct pcibar_refuse_ctx ctx = { 0 };
	struct scan scan = { fn, data, &ctx };
	struct address_list list = { 0 };
	struct pcibar_device *member;
	int ret = 0;

	if (dev->query->list_group)
		ret = dev->query->list_group(dev->query_data, collect, &list);
	if (list.count)
		qsort(list.addr, list.count, sizeof(*list.addr), compare);

	for (size_t i = 0; !ret && i < list.count; i++) {
		struct pcibar_refuse_ctx quiet = { 0 };

		ret = pcibar_open_address(&list.addr[i], &opts, NULL, &quiet, &member);
		if (ret) {
			ret = ret == -ENODEV ? 0 : ret;		/* it has gone in the meantime */
			continue;
		}
		ret = scan_one(&scan, member);
		pcibar_device_close(member);
	}
	free(list.addr);
	return ret ? ret : ctx.error;
}
