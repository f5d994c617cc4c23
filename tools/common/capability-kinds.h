/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files about capabilities share. */
#ifndef TOOLS_COMMON_CAPABILITY_KINDS_H
#define TOOLS_COMMON_CAPABILITY_KINDS_H

#include "detail.h"

/* A second line of a capability begins below the text of the first. */
#define NEXT_LINE	"\n                 "

/* The capability at @at */
void capability_allocation(struct detail *d, unsigned int at);
void capability_express(struct detail *d, unsigned int at);
void capability_secure(struct detail *d, unsigned int at);
/* Any of those beyond the first 256 bytes */
void capability_extended(struct detail *d, unsigned int at);

#endif
