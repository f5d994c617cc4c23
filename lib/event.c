// SPDX-License-Identifier: BSD-2-Clause
/* Events of a device. */
#include <errno.h>

#include <pcibar/event.h>

#include "internal.h"

PCIBAR_API int pcibar_device_get_event_fd(struct pcibar_device *dev)
{
	return dev->ops->event_fd ? dev->ops->event_fd(dev->be) : -EOPNOTSUPP;
}

PCIBAR_API int pcibar_device_read_event(struct pcibar_device *dev, struct pcibar_event *event)
{
	int ret = pcibar_check_size(event, sizeof(*event), sizeof(*event));

	if (ret)
		return ret;
	if (!dev->ops->event_next)
		return -EOPNOTSUPP;
	ret = dev->ops->event_next(dev->be, &event->type);
	if (!ret && event->type == PCIBAR_EVENT_GONE)
		atomic_store(&dev->gone, true);
	return ret;
}

PCIBAR_API bool pcibar_device_is_gone(const struct pcibar_device *dev)
{
	return atomic_load(&dev->gone);
}
