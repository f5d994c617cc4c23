// SPDX-License-Identifier: BSD-2-Clause
/* Which drivers leave the BARs to user space. */
#include <string.h>

#include "internal.h"

/* Drivers that take no BAR for themselves: they hand the function to user space. */
static const char *const sharing_drivers[] = {
	"pciio", "vfio-pci", "pci-stub", "uio_pci_generic", "pcieport",
};

bool pcibar_driver_owns_bars(const char *driver)
{
	if (!*driver)
		return false;
	for (size_t i = 0; i < sizeof(sharing_drivers) / sizeof(*sharing_drivers); i++)
		if (!strcmp(driver, sharing_drivers[i]))
			return false;
	return true;
}

bool pcibar_device_has_owner(const struct pcibar_device *dev, const char *driver)
{
	return !dev->ops->handed_over && pcibar_driver_owns_bars(driver);
}
