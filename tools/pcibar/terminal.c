// SPDX-License-Identifier: BSD-2-Clause
/* Colours, and whether there is a terminal. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal.h"

static volatile sig_atomic_t resized;

bool terminal_redraws(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool terminal_color(const struct options *opt, int fd)
{
	const char *no_color = getenv("NO_COLOR");

	if (opt->color != COLOR_AUTO)
		return opt->color == COLOR_ALWAYS;
	return !(no_color && *no_color) && terminal_redraws(fd);
}

struct terminal_size terminal_size(int fd)
{
	struct winsize size = { 0 };

	ioctl(fd, TIOCGWINSZ, &size);
	return (struct terminal_size){
		.lines = size.ws_row ? size.ws_row : 24,
		.columns = size.ws_col ? size.ws_col : 80,
	};
}

static void note_resize(int number)
{
	(void)number;
	resized = 1;
}

void terminal_catch_resize(void)
{
	struct sigaction action = { .sa_handler = note_resize };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGWINCH, &action, NULL);
}

bool terminal_resized(void)
{
	bool was = resized;

	resized = 0;
	return was;
}
