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
#define TERM_CLEAR_BELOW	"\033[J"
#define TERM_HOME	"\033[H"

/* Whether to use colour on this descriptor: --color, NO_COLOR, TERM */
bool terminal_color(const struct options *opt, int fd);

/* Whether lines on this descriptor can be drawn over */
bool terminal_redraws(int fd);

struct terminal_size {
	unsigned int lines;
	unsigned int columns;
};

/* Its size now; 24 lines of 80 columns when the terminal does not say */
struct terminal_size terminal_size(int fd);

/*
 * From now on a change of the size interrupts a system call, but is held back until one
 * lets SIGWINCH in, with a mask that had it before.
 */
void terminal_catch_resize(void);

/* Whether the size has changed since the last call */
bool terminal_resized(void);

#endif
