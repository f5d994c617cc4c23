// SPDX-License-Identifier: BSD-2-Clause
/* Which functions are in one IOMMU group: VFIO gives them away together. */
#include <string.h>

#include "group.h"

struct search {
	const char *own;		/* address of the function that is left out */
	group_fn fn;
	void *data;
};

static int visit(void *data, const struct pcibar_device_info *info)
{
	const struct pcibar_selector sel = info_selector(info);
	char address[PCIBAR_SELECTOR_STRLEN];
	const struct search *search = data;

	if (!pcibar_selector_format(&sel, address, sizeof(address)) &&
	    strcmp(address, search->own) != 0)
		search->fn(search->data, address, info->driver);
	return 0;
}

void group_list_others(struct context *ctx, group_fn fn, void *data)
{
	struct search search = { .own = ctx->session->address, .fn = fn, .data = data };

	pcibar_device_scan_group(ctx->session->dev, visit, &search);
}
