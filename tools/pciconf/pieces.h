/* SPDX-License-Identifier: BSD-2-Clause */
/* What pciconf -l shows of a function after its first line. */
#ifndef TOOLS_PCICONF_PIECES_H
#define TOOLS_PCICONF_PIECES_H

#include "common/detail.h"

/* Prints what @fn puts to @d->out, of the registers at @at, when all of them have been read. */
void piece_print(struct detail *d, detail_fn fn, unsigned int at);

/* bridge.c: -B */
void piece_bridge(struct detail *d);
/* pieces.c: -c */
void piece_capabilities(struct detail *d);
/* errors.c: -e */
void piece_errors(struct detail *d);

#endif
