// SPDX-License-Identifier: BSD-2-Clause
#include <pcibar/vpd.h>

#include "internal.h"

PCIBAR_API int pcibar_vpd_list(struct pcibar_device *dev, pcibar_vpd_fn fn, void *data)
{
	return dev->ops->vpd_list(dev->be, fn, data);
}
