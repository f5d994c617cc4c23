/* SPDX-License-Identifier: BSD-2-Clause */
/* Text about registers of configuration space. */
#ifndef TOOLS_COMMON_DETAIL_H
#define TOOLS_COMMON_DETAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <pcibar/device.h>

#include "config-space.h"

/*
 * Registers of one function in words. A piece of text is there when all that it shows has
 * been read. With @reader.error there is no more text.
 */
struct detail {
	const struct pcibar_device_info *info;
	struct config_reader reader;
	unsigned int level;		/* 2: some capabilities in detail */
	FILE *out;			/* for what makes the text */
};

typedef void (*detail_fn)(struct detail *d, unsigned int at);

/*
 * Returns what @fn prints to @d->out about the registers at @at, for the caller to free;
 * NULL with @d->reader.error.
 */
char *detail_text(struct detail *d, detail_fn fn, unsigned int at);

/* The value of a register */
static inline uint32_t reg(struct detail *d, unsigned int off, unsigned int width)
{
	return config_next(&d->reader, off, width);
}

/* Bits of a value from @low on, @count of them */
static inline uint32_t bits(uint32_t val, unsigned int low, unsigned int count)
{
	return val >> low & ((1u << count) - 1);
}

#endif
