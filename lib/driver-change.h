/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files share that bind functions to drivers through sysfs. */
#ifndef PCIBAR_LIB_DRIVER_CHANGE_H
#define PCIBAR_LIB_DRIVER_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcibar/driver.h>

#include "internal.h"

/* driver_override of a function that is to have no driver: none has this name. */
#define PCIBAR_NO_DRIVER	"none"

/* What a function has; "": none. */
struct pcibar_driver_state {
	char driver[PCIBAR_NAME_LEN];
	char override[PCIBAR_NAME_LEN];		/* its attribute driver_override */
};

/* What failed */
enum pcibar_driver_step {
	PCIBAR_DRIVER_READ,		/* reading what the function has */
	PCIBAR_DRIVER_NOTHING,		/* there is nothing to restore */
	PCIBAR_DRIVER_FIND,		/* finding the new driver */
	PCIBAR_DRIVER_OVERRIDE,		/* writing driver_override */
	PCIBAR_DRIVER_UNBIND,
	PCIBAR_DRIVER_BIND,
};

struct pcibar_driver_report {
	int error;			/* 0 or -errno of @step */
	uint32_t step;			/* enum pcibar_driver_step */
	uint32_t restored;		/* after an error: whether the function has @before */
	struct pcibar_driver_state before;
	struct pcibar_driver_state after;
};

/*
 * sysfs-driver.c: a change of the driver of one function, made by a child process. The
 * kernel may block a write for as long as a program uses the function, and nothing can
 * end that: the child waits then, and its parent does not.
 */
struct pcibar_driver_change {
	const char *root;		/* of sysfs */
	int dir;			/* of the function */
	char address[PCIBAR_ADDRESS_STRLEN];
	bool restore;			/* @to is what to restore, if it has @bound now */
	struct pcibar_driver_state to;
	struct pcibar_driver_state bound;
	int child;			/* its socket, or -1 */
	struct pcibar_driver_report report;
};

/* Starts the child. */
int pcibar_driver_begin(struct pcibar_driver_change *change);
/* Waits for the report; -ETIMEDOUT: the child has not ended the change. */
int pcibar_driver_wait(struct pcibar_driver_change *change, uint32_t timeout_ms);
/* Leaves the child to itself: when the kernel lets it, it restores what was there before. */
void pcibar_driver_abandon(struct pcibar_driver_change *change);
/* Ends the child, which leaves all as it is. */
void pcibar_driver_keep(struct pcibar_driver_change *change);
/* Has the child restore what was there before; false: that failed, or takes longer. */
bool pcibar_driver_undo(struct pcibar_driver_change *change, uint32_t timeout_ms);

/* sysfs-bound.c: what is remembered of one function, in a file of @state_dir. */
struct pcibar_driver_memory {
	struct pcibar_driver_state bound;	/* the function has it since */
	struct pcibar_driver_state before;	/* and had this before */
};

/* -ENOENT: nothing is remembered. */
int pcibar_bound_read(const char *state_dir, const char *address,
		      struct pcibar_driver_memory *memory);
int pcibar_bound_write(const char *state_dir, const char *address,
		       const struct pcibar_driver_memory *memory);
void pcibar_bound_forget(const char *state_dir, const char *address);

/* sysfs-bind-refusal.c: @error of @change, which is NULL before there was one */
int pcibar_refuse_change(struct pcibar_refuse_ctx *ctx, const struct pcibar_driver_change *change,
			 const struct pcibar_bind_request *request, int error);

static inline uint32_t pcibar_bind_timeout(const struct pcibar_bind_opts *opts)
{
	return opts->timeout_ms ? opts->timeout_ms : 10000;
}

/* sysfs-holder.c: whether this process has the function, or its IOMMU group, open through VFIO */
bool pcibar_vfio_is_mine(int dir, const char *address);
/*
 * Who has the function open through VFIO; false: not found. @driver: what the function had;
 * "": not known, since it is being unbound. All drivers of VFIO have it in the name.
 */
bool pcibar_vfio_holder(int dir, const char *address, const char *driver, char *text, size_t size);

#endif
