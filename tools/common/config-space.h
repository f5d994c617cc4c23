/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration space at a width that is known at run time. */
#ifndef TOOLS_COMMON_CONFIG_SPACE_H
#define TOOLS_COMMON_CONFIG_SPACE_H

#include <stdint.h>

#include <pcibar/device.h>

/* One access of 1, 2 or 4 bytes. Returns what the library returned. */
int config_get(struct pcibar_device *dev, unsigned int off, unsigned int width, uint64_t *val);
int config_put(struct pcibar_device *dev, unsigned int off, unsigned int width, uint64_t val);

/*
 * Registers one after the other, without a check behind each: after a read that
 * failed there is no other, all are 0, and @error has the reason.
 */
struct config_reader {
	struct pcibar_device *dev;
	int error;
};

uint32_t config_next(struct config_reader *reader, unsigned int off, unsigned int width);

#endif
