/* SPDX-License-Identifier: BSD-2-Clause */
/* A fake VFIO behind the nodes of one group, or of a character device. Prefix vfio_. */
#ifndef FAKE_VFIO_H
#define FAKE_VFIO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fake-sysfs.h"

/*
 * While vfio.present is set, the nodes below /dev/vfio and /dev/iommu are these. The
 * descriptor of the function is a sparse file, in which regions lie where VFIO puts them.
 */
#define VFIO_FUNCTION	"0000:03:00.0"
#define VFIO_MATE	"0000:03:00.1"
#define VFIO_OFFSET(index)	((off_t)(index) << 40)
#define VFIO_CONFIG	7u
#define VFIO_AREAS	4
#define VFIO_SIGNALS	8
#define VFIO_VECTORS	8u

enum vfio_step {
	VFIO_STEP_STATUS,
	VFIO_STEP_API,
	VFIO_STEP_EXTENSION,
	VFIO_STEP_CONTAINER,
	VFIO_STEP_IOMMU,
	VFIO_STEP_DEVICE,
	VFIO_STEP_BIND,
	VFIO_STEP_REGION,
	VFIO_STEP_IRQ_INFO,
	VFIO_STEP_IRQS,
	VFIO_STEPS,
};

struct vfio {
	bool present;
	bool cdev;			/* there is a character device, and iommufd */
	bool no_group;			/* and no node of the group */
	bool not_viable;
	int open_error;			/* of the group's node and of the character device */
	int error[VFIO_STEPS];		/* errno that a step returns; 0: it works */
	atomic_uint calls[VFIO_STEPS];
	uint64_t length[VFIO_CONFIG + 1];
	uint32_t area_count;		/* 0: all of a region can be mapped; of BAR 2 */
	struct { uint64_t offset, length; } area[VFIO_AREAS];
	uint32_t not_mappable;		/* regions, as bits */
	int device;			/* the file; -1 */
	void (*opened)(void);		/* is called when the function is opened; NULL */
	int signal[VFIO_SIGNALS];	/* eventfds by the index of the interrupt; -1 */

	uint32_t irq_count[3];		/* by the index of the type, as the next */
	uint32_t irq_flags[3];		/* of struct vfio_irq_info */
	uint32_t irq_left;		/* vectors that the machine has; 0: enough */
	unsigned int irq_fails;		/* the number, from 1, of the request that does; 0: none */
	int irq_error;			/* with this errno */
	char irq_requests[512];		/* the last: lines of "type action first+count[:data]" */
	int irq_type;			/* index of the type that is on; -1 */
	uint32_t irq_ready;		/* vectors that were allocated for it */
	int vector[VFIO_VECTORS];	/* their eventfds; -1 */
	bool line;			/* the device holds its line */
	bool masked;			/* and the kernel masks it */
};

extern struct vfio vfio;

/* Below @tree: a function bound to vfio-pci in group 12, and one without a driver. */
void vfio_create(struct tree *tree);
void vfio_reset(void);
void vfio_peek(unsigned int index, uint64_t off, void *buf, size_t len);
void vfio_poke(unsigned int index, uint64_t off, const void *buf, size_t len);
/* What the kernel does to report an event */
void vfio_signal(unsigned int index);
/* What it does when the device sends a message, and when the line or its mask changes */
void vfio_message(uint32_t vector);
void vfio_line(bool held);
/* And when the function was closed */
void vfio_drop_signals(void);

/* What fake-devpci.c lets through. False: not one of VFIO's. */
bool vfio_openat(const char *path, int *fd);
bool vfio_ioctl(int fd, unsigned long request, void *arg, int *ret);

#endif
