// SPDX-License-Identifier: BSD-2-Clause
/* Signals that end a command in good order. */
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "interrupt.h"

/*
 * What another process, a terminal, a timer or a limit ends a program with. Left
 * out are SIGKILL, SIGPIPE, which main() ignores, what a fault raises, because
 * the program cannot continue after those, and real-time signals.
 */
static const int signals[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGVTALRM,
	SIGPROF, SIGIO,
#ifdef SIGPWR
	SIGPWR,
#endif
#ifdef SIGSTKFLT
	SIGSTKFLT,
#endif
};

static atomic_int caught;
static volatile sig_atomic_t alarm_ignored;

/*
 * A signal that comes between a check of @caught and a call that waits would not
 * end the wait: from then on SIGALRM comes every second. Before that it is one
 * from elsewhere, such as from an alarm(2) before exec().
 */
static void on_signal(int sig)
{
	if (sig != SIGALRM || (!caught && !alarm_ignored))
		caught = sig;
	if (caught)
		alarm(1);
}

void interrupt_catch(bool ignored_too)
{
	/* No SA_RESTART: a write to a reader that does not read must end. */
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction old;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], NULL, &old))
			continue;
		if (signals[i] == SIGALRM && old.sa_handler == SIG_IGN)
			alarm_ignored = true;
		else if (old.sa_handler == SIG_IGN && !(ignored_too && signals[i] == SIGINT))
			continue;
		sigaction(signals[i], &action, NULL);
	}
}

/* All but SIGALRM, which must not be left pending after interrupt_clear(). */
void interrupt_block(sigset_t *old)
{
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i] != SIGALRM)
			sigaddset(&block, signals[i]);
	sigprocmask(SIG_BLOCK, &block, old);
}

void interrupt_thread(pthread_t thread)
{
	caught = SIGALRM;
	pthread_kill(thread, SIGALRM);
}

int interrupt_signal(void)
{
	return caught;
}

/* In this order: an alarm in between would be taken for one from elsewhere. */
void interrupt_clear(void)
{
	alarm(0);
	caught = 0;
}

void interrupt_obey(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}
