// SPDX-License-Identifier: BSD-2-Clause
/* The function that a command works with, and its maps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcibar/explain.h>
#include <pcibar/guard.h>

#include "error.h"
#include "interrupt.h"
#include "session.h"
#include "text.h"

/* A script maps BARs up to this size whole; mapping 16 GiB takes a second. */
#define KEEP_WHOLE	(UINT64_C(1) << 30)
/* Of larger ones it maps aligned blocks of this size. */
#define KEEP_BLOCK	(UINT64_C(1) << 24)

struct session_map {
	struct session_map *next;
	struct pcibar_map *map;
	unsigned int bar;
	uint32_t flags;
	uint32_t attr;
};

static void log_line(void *data, int level, const char *msg)
{
	const struct context *ctx = data;

	if (level > PCIBAR_LOG_WARNING + (int)ctx->opt.verbose)
		return;
	report_prefix(ctx);
	text_put(stderr, msg);
	fputc('\n', stderr);
}

struct pcibar_selector info_selector(const struct pcibar_device_info *info)
{
	return (struct pcibar_selector){
		.size = sizeof(struct pcibar_selector),
		.fields = PCIBAR_SEL_ADDRESS,
		.domain = info->domain,
		.bus = info->bus,
		.slot = info->slot,
		.func = info->func,
	};
}

struct pcibar_open_opts session_open_opts(const struct context *ctx)
{
	return (struct pcibar_open_opts){
		.size = sizeof(struct pcibar_open_opts),
		.backend = ctx->opt.backend,
		.sysfs_root = ctx->opt.sysfs,
		.log = log_line,
		.log_data = (void *)ctx,
	};
}

/* The address of the open function, for messages and output */
static int name_device(struct context *ctx, struct pcibar_selector sel)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct session *s = ctx->session;
	int ret = 0;

	if (!(sel.fields & PCIBAR_SEL_ADDRESS)) {
		ret = pcibar_device_get_info(s->dev, &info);
		sel = info_selector(&info);
	}
	if (!ret)
		ret = pcibar_selector_format(&sel, s->address, sizeof(s->address));
	if (ret)
		return refused(ctx, PHASE_OPEN, NO_BAR, ret, NULL);

	s->label = s->address;
	return STATUS_OK;
}

int session_open(struct context *ctx, bool write)
{
	struct pcibar_open_opts opts = session_open_opts(ctx);
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct session *s = ctx->session;
	int ret;

	if (ctx->check_only)
		return STATUS_CHECKED;
	if (s->dev)
		return STATUS_OK;

	ret = pcibar_selector_parse(s->selector, &sel, &why);
	if (ret)
		return refused(ctx, PHASE_OPEN, NO_BAR, ret, &why);
	if (write || ctx->opt.activate)
		opts.flags = PCIBAR_OPEN_WRITE;
	opts.why = &why;
	ret = pcibar_device_open_selector(&sel, &opts, &s->dev);
	if (ret)
		return refused(ctx, PHASE_OPEN, NO_BAR, ret, &why);

	return name_device(ctx, sel);
}

int session_bar(struct context *ctx, unsigned int bar, const struct pcibar_bar_info **infop)
{
	struct session *s = ctx->session;
	struct pcibar_bar_info *info = &s->bars[bar];
	int ret;

	if (!s->bar_known[bar]) {
		info->size = sizeof(*info);
		ret = pcibar_bar_get_info(s->dev, bar, 0, info);
		if (ret)
			return refused(ctx, PHASE_MAP, bar, ret, NULL);
		/* The library owns the text, and the next call may change it. */
		info->holder = NULL;
		s->bar_known[bar] = true;
	}
	*infop = info;
	return STATUS_OK;
}

uint32_t session_map_flags(const struct options *opt, const struct window *window,
			   const struct pcibar_bar_info *info)
{
	bool indirect = info->kind != PCIBAR_BAR_KIND_NONE &&
			!(info->flags & (PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_UNASSIGNED));

	return (window->write ? PCIBAR_MAP_WRITE : 0) |
	       (opt->exclusive ? PCIBAR_MAP_EXCLUSIVE : 0) |
	       (opt->activate ? PCIBAR_MAP_ACTIVATE : 0) |
	       (opt->share_driver ? PCIBAR_MAP_SHARE_DRIVER : 0) |
	       (opt->share_page ? PCIBAR_MAP_SHARE_PAGE : 0) |
	       (indirect ? PCIBAR_MAP_INDIRECT : 0);
}

/* Whether @window lies in the BAR; one that does not goes to the library as it is. */
static bool inside(const struct window *window, uint64_t bar_length)
{
	return window->offset < bar_length && window->length <= bar_length - window->offset;
}

/* What to map so that later commands of a script find it mapped */
static void widen(struct window *window, uint64_t bar_length)
{
	uint64_t end = window->offset + window->length;

	if (bar_length <= KEEP_WHOLE) {
		window->offset = 0;
		window->length = 0;
		return;
	}
	if (!window->length)
		return;

	window->offset &= ~(KEEP_BLOCK - 1);
	end = (end + KEEP_BLOCK - 1) & ~(KEEP_BLOCK - 1);
	window->length = (end < bar_length ? end : bar_length) - window->offset;
}

static bool covers(const struct pcibar_map *map, const struct window *window, uint64_t bar_length)
{
	uint64_t start = pcibar_map_offset(map);
	uint64_t end = start + pcibar_map_length(map);
	uint64_t length = window->length ? window->length : bar_length - window->offset;

	return window->offset >= start && window->offset < end && length <= end - window->offset;
}

static void drop(struct session_map **link)
{
	struct session_map *entry = *link;

	*link = entry->next;
	pcibar_map_release(entry->map);
	free(entry);
}

/*
 * Whether @entry would prevent another map of its BAR: on x86 a page
 * has one attribute for all, and an exclusive map is the only one.
 */
static bool in_the_way(const struct session_map *entry, uint32_t flags, uint32_t attr)
{
	return entry->attr != attr ||
	       (entry->flags != flags && (entry->flags | flags) & PCIBAR_MAP_EXCLUSIVE);
}

/*
 * A map made earlier with the same rights that holds all of @window. One that
 * does not, or was lost, is released: a BAR is mapped once per right. So are
 * those that would prevent the next.
 */
static struct pcibar_map *find_map(struct session *s, const struct window *window, uint32_t flags,
				   uint32_t attr, uint64_t bar_length)
{
	struct session_map **link = &s->maps;
	struct pcibar_map *found = NULL;

	while (*link) {
		struct session_map *entry = *link;
		bool other = in_the_way(entry, flags, attr);

		if (entry->bar != window->bar || (!other && entry->flags != flags)) {
			link = &entry->next;
		} else if (!other && !pcibar_map_is_lost(entry->map) &&
			   covers(entry->map, window, bar_length)) {
			found = entry->map;
			link = &entry->next;
		} else {
			drop(link);
		}
	}
	return found;
}

static int guard(struct context *ctx)
{
	int ret;

	if (ctx->session->guarded)
		return STATUS_OK;
	ret = pcibar_guard_install();
	if (ret)
		return fail(ctx, STATUS_FAILED, "no guard against the loss of the device: %s",
			    strerror(-ret));
	ctx->session->guarded = true;
	return STATUS_OK;
}

/* 0 or -errno, with the reason in @why */
static int add_map(struct context *ctx, const struct window *window, uint32_t flags,
		   uint32_t attr, struct pcibar_refusal *why, struct pcibar_map **mapp)
{
	struct pcibar_map_opts opts = {
		.size = sizeof(opts),
		.flags = flags,
		.attr = attr,
		.offset = window->offset,
		.length = window->length,
		.why = why,
	};
	struct session_map *entry;
	int ret;

	entry = malloc(sizeof(*entry));
	if (!entry)
		return -ENOMEM;

	ret = pcibar_bar_map(ctx->session->dev, window->bar, &opts, mapp);
	if (ret) {
		free(entry);
		return ret;
	}
	*entry = (struct session_map){
		.next = ctx->session->maps,
		.map = *mapp,
		.bar = window->bar,
		.flags = flags,
		.attr = attr,
	};
	ctx->session->maps = entry;
	return 0;
}

static int find_or_add(struct context *ctx, const struct window *wanted, uint32_t attr,
		       struct pcibar_map **mapp)
{
	const struct pcibar_bar_info *info;
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct window window = *wanted;
	uint32_t flags;
	int status, ret;

	status = session_bar(ctx, wanted->bar, &info);
	if (status)
		return status;

	flags = session_map_flags(&ctx->opt, wanted, info);
	if (inside(wanted, info->length)) {
		*mapp = find_map(ctx->session, wanted, flags, attr, info->length);
		if (*mapp)
			return STATUS_OK;
		if (ctx->session->keep)
			widen(&window, info->length);
	}
	if (flags & PCIBAR_MAP_ACTIVATE)
		interrupt_catch(false);
	ret = add_map(ctx, &window, flags, attr, &why, mapp);
	return ret ? refused(ctx, PHASE_MAP, window.bar, ret, &why) : STATUS_OK;
}

/*
 * One window of a memory BAR needs no check of the BAR before: the library checks
 * as well. What is refused because the BAR has no pages goes the long way.
 */
static int map_at_once(struct context *ctx, const struct window *wanted, uint32_t attr,
		       struct pcibar_map **mapp)
{
	static const struct pcibar_bar_info memory = { .flags = PCIBAR_BAR_F_MAPPABLE };
	uint32_t flags = session_map_flags(&ctx->opt, wanted, &memory);
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	const struct pcibar_bar_info *info;
	int status, ret;

	ret = add_map(ctx, wanted, flags, attr, &why, mapp);
	if (!ret)
		return STATUS_OK;

	status = session_bar(ctx, wanted->bar, &info);
	if (status)
		return status;
	if (session_map_flags(&ctx->opt, wanted, info) == flags)
		return refused(ctx, PHASE_MAP, wanted->bar, ret, &why);

	return find_or_add(ctx, wanted, attr, mapp);
}

int session_map(struct context *ctx, const struct window *wanted, struct view *view)
{
	uint32_t attr = wanted->wc ? PCIBAR_ATTR_WC : PCIBAR_ATTR_UC;
	const struct session *s = ctx->session;
	struct pcibar_map *map = NULL;
	int status;

	status = guard(ctx);
	if (status)
		return status;
	if (!s->keep && !s->maps && wanted->length && !ctx->opt.activate)
		status = map_at_once(ctx, wanted, attr, &map);
	else
		status = find_or_add(ctx, wanted, attr, &map);
	if (status)
		return status;

	view->map = map;
	view->start = wanted->offset - pcibar_map_offset(map);
	view->length = pcibar_map_length(map) - view->start;
	if (wanted->length > view->length || view->start >= pcibar_map_length(map))
		return fail_device(ctx, STATUS_USAGE, wanted->bar,
				   "the image has only 0x%llx bytes", (unsigned long long)
				   (pcibar_map_offset(map) + pcibar_map_length(map)));
	if (wanted->length)
		view->length = wanted->length;

	return STATUS_OK;
}

void session_forget(struct session *s)
{
	while (s->maps)
		drop(&s->maps);
	memset(s->bar_known, 0, sizeof(s->bar_known));
}

void session_close(struct session *s)
{
	session_forget(s);
	session_irqs_close(s);
	pcibar_device_close(s->dev);
	s->dev = NULL;
}
