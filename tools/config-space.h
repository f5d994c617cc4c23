/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CONFIG_SPACE_H
#define TOOLS_CONFIG_SPACE_H

#include <stdint.h>

#include <pcibar/device.h>

/* One access of 1, 2 or 4 bytes; the library's answer */
int config_get(struct pcibar_device *dev, unsigned int off, unsigned int width, uint64_t *val);
int config_put(struct pcibar_device *dev, unsigned int off, unsigned int width, uint64_t val);

#endif
