// SPDX-License-Identifier: BSD-2-Clause
/* A line about the progress on a terminal. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/interrupt.h"

#include "progress.h"
#include "terminal.h"

#define NS_PER_S	UINT64_C(1000000000)
/* Work that ends sooner shows nothing. */
#define FIRST_NS	UINT64_C(300000000)
#define EVERY_NS	UINT64_C(100000000)

uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

bool clock_sleep(uint64_t ns)
{
	struct timespec left = {
		.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S),
	};

	while (nanosleep(&left, &left) && !interrupt_signal())
		;
	return !interrupt_signal();
}

double progress_rate(uint64_t bytes, uint64_t ns)
{
	return (double)bytes / (1 << 20) / ((double)(ns ? ns : 1) / 1e9);
}

void progress_begin(struct progress *p, uint64_t total)
{
	*p = (struct progress){
		.on = terminal_redraws(STDERR_FILENO),
		.total = total,
		.started = clock_now(),
	};
	p->next = p->started + FIRST_NS;
}

void progress_update(struct progress *p, uint64_t done)
{
	char text[64];
	uint64_t now;

	if (!p->on)
		return;
	now = clock_now();
	if (now < p->next)
		return;

	snprintf(text, sizeof(text), "%3.0f %%  %.1f MiB/s",
		 100 * (double)done / (double)p->total, progress_rate(done, now - p->started));
	fprintf(stderr, "\r%.*s" TERM_CLEAR_LINE, (int)terminal_size(STDERR_FILENO).columns - 1,
		text);
	p->next = now + EVERY_NS;
	p->drawn = true;
}

void progress_hide(struct progress *p)
{
	if (p->drawn)
		fputs("\r" TERM_CLEAR_LINE, stderr);
	p->drawn = false;
}

uint64_t progress_end(struct progress *p)
{
	progress_hide(p);
	return clock_now() - p->started;
}
