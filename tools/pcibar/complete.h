/* SPDX-License-Identifier: BSD-2-Clause */
/* What a shell offers to complete a command line with. */
#ifndef TOOLS_PCIBAR_COMPLETE_H
#define TOOLS_PCIBAR_COMPLETE_H

#include "common/context.h"

/*
 * Prints what may stand for the last of @words, which follow "pcibar": one candidate
 * a line, with a description after a tab. "<file>" and "<directory>" stand for names
 * that the shell finds better. Wrong command lines have no candidates.
 */
void complete(struct context *ctx, int count, char **words);

#endif
