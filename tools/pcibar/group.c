// SPDX-License-Identifier: BSD-2-Clause
/* Which functions are in one IOMMU group: VFIO gives them away together. */
#include <string.h>

#include "group.h"

struct search {
	struct pcibar_open_opts opts;
	const char *own;		/* address of the function that is left out */
	int32_t group;
	group_fn fn;
	void *data;
};

/* One that goes away in the meantime is in no group. */
static int32_t group_of(const struct search *search, const struct pcibar_selector *sel)
{
	struct pcibar_device_place place = { .size = sizeof(place) };
	struct pcibar_device *dev;

	if (pcibar_device_open_selector(sel, &search->opts, &dev))
		return -1;
	if (pcibar_device_get_place(dev, &place))
		place.iommu_group = -1;
	pcibar_device_close(dev);
	return place.iommu_group;
}

static int visit(void *data, const struct pcibar_device_info *info)
{
	const struct pcibar_selector sel = info_selector(info);
	char address[PCIBAR_SELECTOR_STRLEN];
	const struct search *search = data;

	if (!pcibar_selector_format(&sel, address, sizeof(address)) &&
	    strcmp(address, search->own) != 0 && group_of(search, &sel) == search->group)
		search->fn(search->data, address, info->driver);
	return 0;
}

void group_list_others(struct context *ctx, int32_t group, group_fn fn, void *data)
{
	struct search search = {
		.opts = session_open_opts(ctx), .own = ctx->session->address, .group = group,
		.fn = fn, .data = data,
	};

	/* Which back end serves the others is of no interest. */
	search.opts.backend = PCIBAR_BACKEND_AUTO;
	search.opts.log = NULL;
	pcibar_scan(NULL, &search.opts, visit, &search);
}
