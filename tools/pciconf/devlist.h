/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the machine, with their drivers and units. */
#ifndef TOOLS_PCICONF_DEVLIST_H
#define TOOLS_PCICONF_DEVLIST_H

#include <stddef.h>

#include <pcibar/device.h>

#include "common/context.h"

/* A function with what FreeBSD names it by: its driver, and which of the driver's it is */
struct function {
	struct pcibar_device_info info;
	char *driver;			/* "": none */
	unsigned int unit;		/* from 0 in the order of addresses */
};

/* All functions of the machine in the order of addresses */
struct devlist {
	struct function *list;
	size_t count;
	size_t room;
};

/*
 * Returns an enum status, and has reported the error if it is not STATUS_OK: @all has the
 * functions that could be read.
 */
int devlist_scan(struct context *ctx, struct devlist *all);
void devlist_free(struct devlist *all);

/* Finds @name, a driver with its unit; NULL if there is no such function. */
const struct function *devlist_find(const struct devlist *all, const char *name);

#endif
