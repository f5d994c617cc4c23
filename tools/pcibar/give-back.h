/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a script when its function is to be unbound or removed. */
#ifndef PCIBAR_GIVE_BACK_H
#define PCIBAR_GIVE_BACK_H

#include <stdbool.h>

#include <pcibar/device.h>

/* Who unbinds or removes a function of VFIO waits until its last user has closed it. */
#define GIVE_BACK	"the function is about to be unbound or removed"

/*
 * From now on such a request ends what the calling thread does as a signal would: whatever
 * waits, a prompt included, returns. 0 or -errno.
 */
int give_back_begin(struct pcibar_device *dev);

/* Ends that, before @dev is closed. Whether there was a request, which is forgotten then. */
bool give_back_end(void);

#endif
