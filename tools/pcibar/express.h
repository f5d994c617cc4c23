/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI Express: the link of a function, and its resizable BARs. */
#ifndef TOOLS_PCIBAR_EXPRESS_H
#define TOOLS_PCIBAR_EXPRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <pcibar/bar.h>

/* Speeds are in MT/s, 0 when unknown; @width: 0 when the link is down. */
struct express_link {
	unsigned int speed;
	unsigned int width;
	unsigned int max_speed;
	unsigned int max_width;
};

/* False when the function has no link, or its registers cannot be read. */
bool express_link_get(struct pcibar_device *dev, struct express_link *link);

/* A BAR that can be resized: sizes are powers of two, bit n of @sizes is 2^n bytes. */
struct express_resizable {
	unsigned int bar;
	uint64_t length;	/* now */
	uint64_t sizes;
};

/* Returns how many of @found were filled in; 0 when the registers cannot be read. */
unsigned int express_resizable_get(struct pcibar_device *dev,
				   struct express_resizable found[PCIBAR_BAR_COUNT]);

#endif
