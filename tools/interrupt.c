// SPDX-License-Identifier: BSD-2-Clause
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "interrupt.h"

static volatile sig_atomic_t caught;

/*
 * A signal that comes between a look at @caught and a call that waits would not
 * end the wait: from then on another one comes every second.
 */
static void on_signal(int sig)
{
	if (sig != SIGALRM)
		caught = sig;
	if (caught)
		alarm(1);
}

void interrupt_catch(bool ignored_too)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	/* No SA_RESTART: a write to a reader that does not read must end. */
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction old;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], NULL, &old))
			continue;
		if (old.sa_handler != SIG_IGN || (ignored_too && signals[i] == SIGINT))
			sigaction(signals[i], &action, NULL);
	}
	sigaction(SIGALRM, &action, NULL);
}

int interrupt_signal(void)
{
	return caught;
}

void interrupt_clear(void)
{
	caught = 0;
	alarm(0);
}

void interrupt_obey(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}
