/* SPDX-License-Identifier: BSD-2-Clause */
/* A line about the progress on a terminal. */
#ifndef TOOLS_PCIBAR_PROGRESS_H
#define TOOLS_PCIBAR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* One line on stderr that is drawn over, for work that takes long; only on a terminal */
struct progress {
	bool on;
	bool drawn;
	uint64_t total;		/* bytes */
	uint64_t started;	/* nanoseconds */
	uint64_t next;
};

void progress_begin(struct progress *p, uint64_t total);
void progress_update(struct progress *p, uint64_t done);
/* Removes the line, before other output; the next update draws it again. */
void progress_hide(struct progress *p);
/* Removes the line; returns how long it all took, in nanoseconds. */
uint64_t progress_end(struct progress *p);

/* Mebibytes per second */
double progress_rate(uint64_t bytes, uint64_t ns);

/* Nanoseconds of the monotonic clock */
uint64_t clock_now(void);

/* Sleeps at least so long; returns false if a signal ended it, see interrupt.h. */
bool clock_sleep(uint64_t ns);

#endif
