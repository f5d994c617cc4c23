/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command line, or a line of a script, may be completed with. */
#ifndef TOOLS_PCIBAR_COMPLETE_H
#define TOOLS_PCIBAR_COMPLETE_H

#include "common/context.h"
#include "line-editor.h"

/*
 * Prints what may stand for the last of @words, which follow "pcibar": one candidate
 * a line, with a description after a tab. "<file>" and "<directory>" stand for names
 * that the shell finds better. Wrong command lines have no candidates.
 */
void complete(struct context *ctx, int count, char **words);

/* A line_complete_fn; @context is the struct context of a script whose function is open. */
void complete_script(void *context, const char *text, line_offer_fn offer, void *data);

#endif
