/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts the accesses to a window, by faults. */
#ifndef TRAP_H
#define TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Watches every access to a mapping, as a device would see it: the pages are
 * made inaccessible, and each instruction that touches them is carried out by
 * the fault handler and recorded.
 */
struct trap_access {
	uint64_t off;
	unsigned int width;
	bool write;
	uint64_t val;
};

#define TRAP_MAX	512

/* NULL, or why it cannot be done here. */
const char *trap_impossible(void);
/* Watch @len bytes (whole pages) of a mapping of @fd from its beginning. */
void trap_begin(volatile void *base, size_t len, int fd);
/* What was seen since trap_begin(). */
const struct trap_access *trap_seen(size_t *count);
/* Without trap_begin() before it does nothing. */
void trap_end(void);

#endif
