/* SPDX-License-Identifier: BSD-2-Clause */
/* What a function that is bound to vfio-pci is used by. */
#ifndef VFIO_DEVICE_H
#define VFIO_DEVICE_H

#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include <linux/vfio.h>

#include "pciio-check.h"

/* A container with the group of the function in it. */
static inline int vfio_container(const char *address, int *group)
{
	int container = (int)MUST(open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC));
	char path[128], target[128];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
	len = MUST(readlink(path, target, sizeof(target) - 1));
	target[len] = 0;
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(target, '/') + 1);
	*group = (int)MUST(open(path, O_RDWR | O_CLOEXEC));
	MUST(ioctl(*group, VFIO_GROUP_SET_CONTAINER, &container));
	MUST(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	return container;
}

/* The function's own descriptor, and where in it a BAR is. */
static inline int vfio_device(const char *address, unsigned int bar, off_t *offset)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = bar };
	int group, device;

	vfio_container(address, &group);
	device = (int)MUST(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address));
	MUST(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info));
	*offset = (off_t)info.offset;
	return device;
}

/* What becomes readable when the driver wants the function back. */
static inline int vfio_request_event(int device)
{
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} irq = {
		.set = { .argsz = sizeof(irq), .index = VFIO_PCI_REQ_IRQ_INDEX, .count = 1,
			 .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER },
		.fd = (int)MUST(eventfd(0, EFD_CLOEXEC)),
	};

	MUST(ioctl(device, VFIO_DEVICE_SET_IRQS, &irq));
	return irq.fd;
}

#endif
