// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Properties of a PCI function that need no state of the module. */
#include <linux/nospec.h>

#include "pciio.h"

/*
 * Returns the index of the BAR whose register is at @reg, or -EINVAL. VF BARs,
 * which are in the PF's extended capability, are not BARs of the PF.
 */
int pciio_bar_index(struct pci_dev *pdev, int reg)
{
	int index;

	if (pdev->rom_base_reg && reg == pdev->rom_base_reg)
		index = PCI_ROM_RESOURCE;
	else if (reg >= PCI_BASE_ADDRESS_0 && reg <= PCI_BASE_ADDRESS_5 && !(reg & 3))
		index = (reg - PCI_BASE_ADDRESS_0) / 4;
	else
		return -EINVAL;

	index = array_index_nospec(index, PCIIO_BARS);
	if (!pci_resource_len(pdev, index) ||
	    !(pci_resource_flags(pdev, index) & (IORESOURCE_MEM | IORESOURCE_IO)))
		return -EINVAL;
	return index;
}

/*
 * Whether the BAR may be used. A function that was found but not yet given to
 * drivers may still be moved.
 */
bool pciio_bar_assigned(struct pci_dev *pdev, int index)
{
	return pciio_dev_is_added(pdev) && pciio_bar_placed(pdev, index);
}

/*
 * The bridges above a function exist as long as the function does, because
 * removal starts with the functions.
 */
bool pciio_is_below(struct pci_dev *pdev, struct pci_dev *bridge)
{
	struct pci_dev *above;

	for (above = pci_upstream_bridge(pdev); above; above = pci_upstream_bridge(above))
		if (above == bridge)
			return true;
	return false;
}
