/* SPDX-License-Identifier: BSD-2-Clause */
/* Units of 1, 2, 4 or 8 bytes in memory. */
#ifndef TOOLS_PCIBAR_UNITS_H
#define TOOLS_PCIBAR_UNITS_H

#include <stdint.h>

/* Units of @width bytes in a byte image: little-endian, as on the bus */

static inline uint64_t unit_get(const uint8_t *image, unsigned int width)
{
	uint64_t val = 0;

	while (width--)
		val = val << 8 | image[width];
	return val;
}

static inline void unit_put(uint8_t *image, unsigned int width, uint64_t val)
{
	for (; width--; val >>= 8)
		*image++ = (uint8_t)val;
}

#endif
