/* SPDX-License-Identifier: BSD-2-Clause */
/* Colours, and whether there is a terminal. */
#ifndef TOOLS_PCIBAR_TERMINAL_H
#define TOOLS_PCIBAR_TERMINAL_H

#include <stdbool.h>

#include "common/options.h"

/* Escape sequences of ECMA-48, which all terminals in use understand */
#define TERM_BOLD	"\033[1m"
#define TERM_RED	"\033[31m"
#define TERM_GREEN	"\033[32m"
#define TERM_REVERSE	"\033[7m"
#define TERM_PLAIN	"\033[0m"
#define TERM_CLEAR_LINE	"\033[K"

/* Whether to use colour on this descriptor: --color, NO_COLOR, TERM */
bool terminal_color(const struct options *opt, int fd);

/* Whether lines on this descriptor can be drawn over */
bool terminal_redraws(int fd);

/* Lines that fit; 24 when the terminal does not say */
unsigned int terminal_lines(int fd);

#endif
