/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals that end a command in good order. */
#ifndef TOOLS_COMMON_INTERRUPT_H
#define TOOLS_COMMON_INTERRUPT_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/*
 * Ctrl-C and its like end the work first and the program after it, by the same
 * signal: decoding that was turned on for a map is put back in between. Until
 * interrupt_catch() they end the program at once.
 */

/* @ignored_too: catch SIGINT even if the parent process ignored it. */
void interrupt_catch(bool ignored_too);

/* Holds them back; @old is the mask to let them in with. */
void interrupt_block(sigset_t *old);

/* Ends what @thread does as SIGALRM would, from another thread. */
void interrupt_thread(pthread_t thread);

/* The signal that has come; 0: none */
int interrupt_signal(void);

/* Forgets it: the work that it was to end has ended. */
void interrupt_clear(void);

/* Ends the program by the signal that has come, if any. */
void interrupt_obey(void);

#endif
