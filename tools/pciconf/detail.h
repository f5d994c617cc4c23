/* SPDX-License-Identifier: BSD-2-Clause */
/* What pciconf -l shows of a function after its first line. */
#ifndef TOOLS_PCICONF_DETAIL_H
#define TOOLS_PCICONF_DETAIL_H

#include <stdbool.h>
#include <stdio.h>

#include <pcibar/device.h>

#include "common/config-space.h"

/*
 * What -l shows of a function after its first line. Each piece of text is printed
 * when all that it shows has been read. With @reader.error, the piece that @out is
 * collecting will not be printed.
 */
struct detail {
	const struct pcibar_device_info *info;
	struct config_reader reader;
	unsigned int level;		/* 2: some capabilities in detail */
	FILE *out;
	char *text;			/* what @out has collected */
	size_t len;
};

typedef void (*detail_fn)(struct detail *d, unsigned int at);

/* Prints what @fn puts to @out, of the registers at @at. */
void detail_piece(struct detail *d, detail_fn fn, unsigned int at);

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

/* A second line of a capability begins below the text of the first. */
#define NEXT_LINE	"\n                 "

/* bridge.c: -B */
void detail_bridge(struct detail *d);
/* cap.c: -c */
void detail_capabilities(struct detail *d);
/* cap-ea.c, cap-express.c, cap-secure.c: the capability at @at */
void detail_allocation(struct detail *d, unsigned int at);
void detail_express(struct detail *d, unsigned int at);
void detail_secure(struct detail *d, unsigned int at);
/* ecap.c: the capabilities beyond the first 256 bytes */
void detail_extended(struct detail *d);
/* errors.c: -e */
void detail_errors(struct detail *d);

#endif
