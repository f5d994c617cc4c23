/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of the C library that fail on request. */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>

/*
 * Calls of the library that can be made to fail. The linker's --wrap leads
 * them here; the test's own calls go the same way.
 */
enum inject_call {
	INJECT_ALLOC,		/* malloc, calloc, realloc: NULL */
	INJECT_MMAP,
	INJECT_OPEN,		/* open, openat */
	INJECT_PREAD,		/* error 0: moves nothing */
	INJECT_PWRITE,
	INJECT_READLINK,
	INJECT_MEMFD,
	INJECT_FDOPENDIR,
	INJECT_EPOLL_CREATE,
	INJECT_EPOLL_CTL,
	INJECT_EVENTFD,
	INJECT_CALLS,
};

void inject_reset(void);
/* Call number @nth from now, from 1, fails once with @error (positive). */
void inject(enum inject_call call, unsigned int nth, int error);
/* All calls fail until inject_reset(). */
void inject_always(enum inject_call call, int error);
/*
 * While @hook is set, it does what a write would do, to the file at @path: returns 0, an
 * errno, or -1 for an ordinary write. inject_reset() removes it.
 */
void inject_write_hook(int (*hook)(const char *path, const char *text));
/* How many there were since inject_reset(). */
unsigned int inject_calls(enum inject_call call);
/* Whether the failure asked for has happened. */
bool inject_happened(enum inject_call call);

#endif
