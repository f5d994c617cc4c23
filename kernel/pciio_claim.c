// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Arbitration: drivers, other resources in the same page, exclusive users. */
#include <linux/ioport.h>
#include <linux/slab.h>

#include "pciio.h"

/* pci_dev.driver is also set while a driver's probe runs. Takes device_lock held. */
bool pciio_driver_holds(struct pci_dev *pdev)
{
	return pdev->dev.driver && pdev->dev.driver != &pciio_driver.driver;
}

static int found_busy(struct resource *res, void *data)
{
	return 1;
}

bool pciio_range_busy(resource_size_t start, resource_size_t end)
{
	return start <= end &&
	       walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_MEM | IORESOURCE_BUSY, start, end,
				   NULL, found_busy) == 1;
}

static bool has_resource_in(struct pci_dev *pdev, const struct pciio_bar *except,
			    resource_size_t first, resource_size_t last)
{
	int i;

	/* Windows of bridges, which come after, hold what is behind them: other buses. */
	for (i = 0; i < PCI_BRIDGE_RESOURCES; i++) {
		const struct resource *res = &pdev->resource[i];

		if (pdev == except->func->pdev && i == except->index)
			continue;
		if (resource_type(res) == IORESOURCE_MEM && res->parent && resource_size(res) &&
		    res->start <= last && res->end >= first)
			return true;
	}
	return false;
}

/*
 * Another resource in the bar's pages. Bridges' windows are multiples of 1 MiB,
 * so that only functions of the same bus can be there, and what is not PCI. Not
 * pci_walk_bus(): error recovery holds its semaphore and waits for device_lock,
 * which our callers hold.
 */
bool pciio_page_shared(struct pciio_bar *bar)
{
	resource_size_t first = PCIIO_PAGE_BASE(bar->start);
	resource_size_t last = PAGE_ALIGN(bar->start + bar->len) - 1;
	struct pci_dev *pdev = NULL;

	if (bar->private)
		return false;
	for_each_pci_dev(pdev)
		if (pdev->bus == bar->func->pdev->bus && has_resource_in(pdev, bar, first, last)) {
			pci_dev_put(pdev);
			return true;
		}
	return pciio_range_busy(first, bar->start - 1) ||
	       pciio_range_busy(bar->start + bar->len, last);
}

static void bar_taken(struct pciio_bar *bar, const void *data)
{
	int *index = (int *)data;

	if (bar->index == *index && READ_ONCE(bar->exclusive))
		*index = -1;
}

/* Whether somebody holds the BAR exclusively. */
bool pciio_bar_taken(struct pci_dev *pdev, int index)
{
	pciio_bars_visit(pdev, bar_taken, &index);
	return index < 0;
}

/* What a new user may not be beside. Takes device_lock and bar->lock held. */
int pciio_bar_arbitrate(struct pciio_bar *bar, u32 flags)
{
	bool share = flags & PCIIO_BAR_OPEN_SHARE_DRIVER;
	bool io = pci_resource_flags(bar->func->pdev, bar->index) & IORESOURCE_IO;

	if (bar->exclusive)
		return -EBUSY;
	if (flags & PCIIO_BAR_OPEN_EXCLUSIVE && !list_empty(&bar->handles))
		return -EBUSY;
	if (!share && pciio_driver_holds(bar->func->pdev))
		return -EBUSY;
	if (io)
		return 0;
	if (!share && pciio_range_busy(bar->start, bar->start + bar->len - 1))
		return -EBUSY;
	if (!(flags & PCIIO_BAR_OPEN_SHARE_PAGE) && pciio_page_shared(bar))
		return -EADDRINUSE;
	return 0;
}

int pciio_bar_claim(struct pciio_bar *bar)
{
	bar->region = __request_region(&iomem_resource, bar->start, bar->len, PCIIO_NAME,
				       IORESOURCE_EXCLUSIVE);
	if (!bar->region)
		return -EBUSY;
	bar->exclusive = true;
	return 0;
}

/*
 * By the pointer: release_region() looks for a matching range, which may be a
 * driver's by now.
 */
void pciio_bar_unclaim(struct pciio_bar *bar)
{
	if (bar->region && !release_resource(bar->region))
		kfree(bar->region);
	bar->region = NULL;
}
