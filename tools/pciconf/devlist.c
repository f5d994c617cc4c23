// SPDX-License-Identifier: BSD-2-Clause
/* The functions of the machine, with their drivers and units. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/parse.h"
#include "common/session.h"
#include "common/system.h"

#include "devlist.h"

/* The next one of the driver that the last function before has */
static unsigned int next_unit(const struct devlist *all, const char *driver)
{
	for (size_t i = all->count; *driver && i--;)
		if (!strcmp(all->list[i].driver, driver))
			return all->list[i].unit + 1;
	return 0;
}

static int add(void *data, const struct pcibar_device_info *info)
{
	struct devlist *all = data;
	char *driver;

	if (all->count == all->room) {
		size_t room = all->room ? 2 * all->room : 64;
		struct function *list = realloc(all->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		all->list = list;
		all->room = room;
	}
	driver = strdup(info->driver);
	if (!driver)
		return -ENOMEM;

	all->list[all->count] = (struct function){
		.info = *info, .driver = driver, .unit = next_unit(all, driver),
	};
	all->list[all->count++].info.driver = driver;
	return 0;
}

int devlist_scan(struct context *ctx, struct devlist *all)
{
	struct pcibar_open_opts opts = session_open_opts(ctx);
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	int ret;

	*all = (struct devlist){ 0 };
	ctx->session->label = ctx->opt.sysfs ? ctx->opt.sysfs : SYSTEM_LIST;
	opts.why = &why;
	ret = pcibar_scan(NULL, &opts, add, all);
	return ret ? refused_each(ctx, ret, &why) : STATUS_OK;
}

void devlist_free(struct devlist *all)
{
	for (size_t i = 0; i < all->count; i++)
		free(all->list[i].driver);
	free(all->list);
	*all = (struct devlist){ 0 };
}

/* Whether @name is the driver of @function with its unit, written without zeros in front */
static bool is_called(const struct function *function, const char *name)
{
	size_t len = strlen(function->driver);
	uint64_t unit;

	return len && !strncmp(name, function->driver, len) &&
	       strspn(name + len, "0123456789") == strlen(name + len) &&
	       !parse_u64(name + len, UINT32_MAX, &unit) && unit == function->unit;
}

/*
 * Names of drivers may end with a digit: "x11" is unit 1 of "x1" or unit 11 of
 * "x". The longest driver that has such a unit is meant.
 */
const struct function *devlist_find(const struct devlist *all, const char *name)
{
	const struct function *found = NULL;

	for (size_t i = 0; i < all->count; i++)
		if (is_called(&all->list[i], name) &&
		    (!found || strlen(all->list[i].driver) > strlen(found->driver)))
			found = &all->list[i];
	return found;
}
