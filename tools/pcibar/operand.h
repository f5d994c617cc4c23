/* SPDX-License-Identifier: BSD-2-Clause */
/* Operands of several verbs. */
#ifndef TOOLS_PCIBAR_OPERAND_H
#define TOOLS_PCIBAR_OPERAND_H

#include <stdint.h>

#include "common/parse.h"

#include "cmd.h"

/* Operands of several verbs. All return STATUS_OK, or report the error and return STATUS_USAGE. */

int operand_bar(const struct context *ctx, const char *text, unsigned int *bar);
int operand_range(const struct context *ctx, const char *text, struct range *range);

/*
 * Refuses, with the width to use, an offset or a length that is no multiple of
 * the width; WIDTH_ANY fits always.
 */
int operand_fits(const struct context *ctx, uint64_t start, uint64_t length, unsigned int width);

#endif
