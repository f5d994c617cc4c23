/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the back end vfio share. */
#ifndef PCIBAR_LIB_VFIO_H
#define PCIBAR_LIB_VFIO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio.h>

#include "backend.h"

/* Only the machine's own: a tree elsewhere has no nodes. */
#define PCIBAR_VFIO_SYSFS	"/sys/bus/pci/devices"
#define PCIBAR_VFIO_DEV		"/dev/vfio"

/* Room for the path of a node, or of a file of a function in sysfs */
#define PCIBAR_VFIO_PATH	128

/* The BARs and the ROM, by their indices, and configuration space */
#define PCIBAR_VFIO_REGIONS	(VFIO_PCI_CONFIG_REGION_INDEX + 1)

/* A part of a region that can be mapped */
struct pcibar_vfio_area {
	uint64_t offset, length;
};

struct pcibar_vfio_region {
	uint64_t offset;		/* in the descriptor of the device */
	uint64_t length;
	uint32_t area_count;
	struct pcibar_vfio_area *areas;
};

/*
 * What functions share while this process has one of them open: the group, without
 * which no second function of it can be opened, or /dev/iommu.
 */
struct pcibar_vfio_anchor {
	struct pcibar_vfio_anchor *next;
	char node[PCIBAR_VFIO_PATH];
	int fd;
	unsigned int refs;
};

/* A vector of a function: whether it is open, and what for */
struct pcibar_vfio_vector {
	bool open;
	bool master;			/* bus mastering is on for it */
	int event;			/* the eventfd that VFIO signals; -1: the caller's */
};

/*
 * What is open of a function, by all handles of it. While that is nothing, the kernel has
 * no vectors for it, and only @open has a meaning. The lock of the table covers it.
 */
struct pcibar_vfio_irqs {
	uint32_t open;
	uint32_t type;			/* enum pcibar_irq_type */
	uint32_t ready;			/* vectors that the kernel has, open or not */
	struct pcibar_vfio_vector *vectors;	/* as many */
	unsigned int masters;		/* vectors with @master */
	bool was_master;		/* before the first of them, or by the program since */
};

/*
 * A function that this process has open: one for all handles of it, because VFIO opens a
 * function once. Its address cannot be another function's in the meantime: removal
 * waits until the descriptor is closed.
 */
struct pcibar_vfio_device {
	struct pcibar_vfio_device *next;
	char *address;
	unsigned int refs;
	struct pcibar_vfio_anchor *anchor;
	int fd;
	int request, error;		/* eventfds; -1: the function reports none */
	struct pcibar_vfio_region region[PCIBAR_VFIO_REGIONS];
	/* Of each BAR: how many maps, and whether the one is exclusive */
	unsigned int users[PCIBAR_BAR_COUNT];
	bool exclusive[PCIBAR_BAR_COUNT];
	struct pcibar_vfio_irqs irqs;
	atomic_bool capability_written;	/* its power state may be another one */
};

/* vfio-refusal.c; each records the refusal in @ctx and returns its errno. */

/* Why open() of a node failed */
int pcibar_vfio_refuse_node(struct pcibar_refuse_ctx *ctx, const char *node, int error);
/* Another member of the group has a driver, or another process has @node. */
int pcibar_vfio_refuse_busy(struct pcibar_refuse_ctx *ctx, const char *address, const char *node);
/* Interrupts are not remapped; @module has the parameter that accepts it. */
int pcibar_vfio_refuse_interrupts(struct pcibar_refuse_ctx *ctx, const char *module);
/* An ioctl on the way to the function failed. */
int pcibar_vfio_refuse_open(struct pcibar_refuse_ctx *ctx, const char *address, int error);
/* The function is not one of VFIO's. */
int pcibar_vfio_refuse_unbound(struct pcibar_refuse_ctx *ctx, const char *address);
/* Records what opening does to the function; not a refusal. */
void pcibar_vfio_note_reset(struct pcibar_refuse_ctx *ctx, const char *address);

/* vfio-irq-refusal.c, in the same way */

/* Vectors cannot be added to those that the kernel has. */
int pcibar_vfio_refuse_growth(struct pcibar_refuse_ctx *ctx);
/* @count: that VFIO delivers, of @type */
int pcibar_vfio_refuse_count(struct pcibar_refuse_ctx *ctx, uint32_t type, uint32_t count);
/*
 * @ret: what VFIO has returned, -errno or how many vectors the kernel has for the function.
 * @adding: to those that it has
 */
int pcibar_vfio_refuse_vectors(struct pcibar_refuse_ctx *ctx, uint32_t type, bool adding, int ret);

/* vfio-sysfs.c: what sysfs shows of a function */

/* Whether a VFIO driver is bound, and the function has an IOMMU. */
bool pcibar_vfio_is_bound(const char *address);
/* The number of its IOMMU group, as text; "" without one */
int pcibar_vfio_group(const char *address, char group[PCIBAR_NAME_LEN]);
bool pcibar_vfio_is_unsafe(const char *address);
/* The name of its character device, "" without one */
int pcibar_vfio_cdev(const char *address, char cdev[PCIBAR_NAME_LEN]);

/*
 * vfio-group.c, vfio-cdev.c: the two ways to a function's descriptor. The caller holds
 * the lock of the table. With ctx->all nothing is opened but the nodes, and @fd is -1.
 */
int pcibar_vfio_group_open(const char *address, struct pcibar_refuse_ctx *ctx,
			   struct pcibar_vfio_anchor **anchorp, int *fd);
bool pcibar_vfio_group_exists(const char *address);
/* -ENOENT: it does not exist, or not for this user; nothing is recorded then. */
int pcibar_vfio_cdev_open(const char *address, struct pcibar_refuse_ctx *ctx,
			  struct pcibar_vfio_anchor **anchorp, int *fd);

/* vfio-anchor.c: under the same lock */
struct pcibar_vfio_anchor *pcibar_vfio_anchor_find(const char *node);
/* Takes @fd, also when it fails. */
struct pcibar_vfio_anchor *pcibar_vfio_anchor_add(const char *node, int fd);
void pcibar_vfio_anchor_put(struct pcibar_vfio_anchor *anchor);

/* backend-vfio.c: of a handle */
const char *pcibar_vfio_address(void *be);
/* NULL: it has not taken the function. */
struct pcibar_vfio_device *pcibar_vfio_taken(void *be);

/* vfio-device.c */

/* The lock of the table of functions; pcibar_vfio_unlock() takes what this returned. */
int pcibar_vfio_lock(void);
void pcibar_vfio_unlock(int state);
/*
 * Opens the function, or shares what is open. 1: opened. With ctx->all only what prevents
 * that, and what it does to the function, is recorded.
 */
int pcibar_vfio_device_get(const char *address, struct pcibar_refuse_ctx *ctx,
			   struct pcibar_vfio_device **devp);
void pcibar_vfio_device_put(struct pcibar_vfio_device *dev);
/* Whether this process has it open. */
bool pcibar_vfio_device_exists(const char *address);
/* A map begins: -EBUSY if it, or another one of the BAR, is exclusive. */
int pcibar_vfio_user_begin(struct pcibar_vfio_device *dev, unsigned int bar, bool exclusive);
void pcibar_vfio_user_end(struct pcibar_vfio_device *dev, unsigned int bar);
/* As config_modify() of the back end, with the lock held. */
int pcibar_vfio_modify(struct pcibar_vfio_device *dev, unsigned int off, unsigned int width,
		       uint32_t mask, uint32_t value, uint32_t *old);
/* Of one vector, or of none (@set->count is 0): @data is what @set->flags says. */
int pcibar_vfio_set_irq(int device, const struct vfio_irq_set *set, const void *data, size_t len);

/* vfio-region.c */
int pcibar_vfio_regions_read(struct pcibar_vfio_device *dev);
void pcibar_vfio_regions_free(struct pcibar_vfio_device *dev);
/* One access of exactly this width, 1, 2 or 4 */
int pcibar_vfio_region_read(const struct pcibar_vfio_device *dev, unsigned int index, uint64_t off,
			    unsigned int width, uint32_t *val);
int pcibar_vfio_region_write(const struct pcibar_vfio_device *dev, unsigned int index,
			     uint64_t off, unsigned int width, uint32_t val);
int pcibar_vfio_region_map(const struct pcibar_vfio_device *dev, unsigned int bar,
			   const struct pcibar_pages *pages, struct pcibar_refuse_ctx *ctx,
			   void **basep);

/* vfio-irq.c */
extern const struct pcibar_irq_ops pcibar_vfio_irq;

#endif
