/* SPDX-License-Identifier: BSD-2-Clause */
/* Which functions are in one IOMMU group: VFIO gives them away together. */
#ifndef PCIBAR_GROUP_H
#define PCIBAR_GROUP_H

#include "common/session.h"

/* @address: as text; @driver: "" without one; both are valid during the call */
typedef void (*group_fn)(void *data, const char *address, const char *driver);

/* Calls @fn for each function of the session's group but its own, by address. */
void group_list_others(struct context *ctx, group_fn fn, void *data);

#endif
