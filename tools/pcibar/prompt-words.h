/* SPDX-License-Identifier: BSD-2-Clause */
/* What may follow the words of a line of a script. */
#ifndef TOOLS_PCIBAR_PROMPT_WORDS_H
#define TOOLS_PCIBAR_PROMPT_WORDS_H

#include "line-editor.h"

/* A line_complete_fn; @context is the struct context of a script whose function is open. */
void prompt_words(void *context, const char *text, line_offer_fn offer, void *data);

#endif
