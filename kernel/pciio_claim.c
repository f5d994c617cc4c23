// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Arbitration: drivers, other resources in the same page, exclusive users. */
#include <linux/ioport.h>
#include <linux/mm.h>

#include "pciio.h"

static int found_busy(struct resource *res, void *data)
{
	return 1;
}

/* Whether a driver, or anything else in the kernel, has requested a part of the range. */
bool pciio_range_busy(resource_size_t start, resource_size_t end)
{
	return start <= end &&
	       walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_MEM | IORESOURCE_BUSY, start, end,
				   NULL, found_busy) == 1;
}

struct page_range {
	const struct pci_dev *pdev;
	int index;
	resource_size_t first, last;
};

/* The windows of bridges come after the BARs; they hold what is on other buses. */
static bool has_resource_in(struct pci_dev *pdev, const void *arg)
{
	const struct page_range *range = arg;
	int i;

	for (i = 0; i < PCI_BRIDGE_RESOURCES; i++) {
		const struct resource *res = &pdev->resource[i];

		if (pdev == range->pdev && i == range->index)
			continue;
		if (resource_type(res) == IORESOURCE_MEM && res->parent && resource_size(res) &&
		    res->start <= range->last && res->end >= range->first)
			return true;
	}
	return false;
}

/*
 * For a BAR that does not fill its pages. Windows of bridges are multiples of
 * 1 MiB, so that only functions of the same bus can be there, and what is not PCI.
 */
bool pciio_page_has_others(struct pciio_bar *bar)
{
	struct page_range range = {
		.pdev = bar->func->pdev,
		.index = bar->index,
		.first = PCIIO_PAGE_BASE(bar->start),
		.last = PAGE_ALIGN(bar->start + bar->len) - 1,
	};

	return pciio_func_any_neighbour(bar->func, has_resource_in, &range) ||
	       pciio_range_busy(range.first, bar->start - 1) ||
	       pciio_range_busy(bar->start + bar->len, range.last);
}

/* Checks whether a new user may join. */
int pciio_bar_arbitrate(struct pciio_bar *bar, u32 flags)
{
	bool share = flags & PCIIO_BAR_OPEN_SHARE_DRIVER;

	lockdep_assert_held(&bar->func->lock);
	lockdep_assert_held(&bar->lock);
	if (bar->exclusive)
		return -EBUSY;
	if (flags & PCIIO_BAR_OPEN_EXCLUSIVE && !list_empty(&bar->handles))
		return -EBUSY;
	if (!share && bar->func->driver != PCIIO_DRIVER_NONE)
		return -EBUSY;
	if (pci_resource_flags(bar->func->pdev, bar->index) & IORESOURCE_IO)
		return 0;
	if (!share && pciio_range_busy(bar->start, bar->start + bar->len - 1))
		return -EBUSY;
	if (!(flags & PCIIO_BAR_OPEN_SHARE_PAGE) && pciio_page_shared(bar))
		return -EADDRINUSE;
	return 0;
}

int pciio_bar_claim(struct pciio_bar *bar)
{
	lockdep_assert_held(&bar->lock);
	bar->region = __request_region(&iomem_resource, bar->start, bar->len, PCIIO_NAME,
				       IORESOURCE_EXCLUSIVE);
	if (!bar->region)
		return -EBUSY;

	WRITE_ONCE(bar->exclusive, true);
	return 0;
}
