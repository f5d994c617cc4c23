/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers, ranges and times as the user types them. */
#ifndef TOOLS_COMMON_PARSE_H
#define TOOLS_COMMON_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reading what the user typed. Every function takes the whole string, returns
 * NULL when it is well formed, else a clause that says what is wrong with it,
 * and leaves the result alone then.
 */

/* -w any: the library may use any width */
#define WIDTH_ANY	0u

struct range {
	uint64_t start;
	uint64_t length;	/* 0: only START was given */
};

struct masked {
	uint64_t value;
	uint64_t mask;		/* all ones when none was given */
	bool has_mask;
};

/* A number: decimal or 0x, then K (k, KiB), M (MiB) or G (GiB); 0 to @max. */
const char *parse_u64(const char *str, uint64_t max, uint64_t *out);

/* START or START+LENGTH, in bytes */
const char *parse_range(const char *str, struct range *out);

/* VALUE or VALUE:MASK, which fit into @width bytes; the value has no bit outside the mask. */
const char *parse_masked(const char *str, unsigned int width, struct masked *out);

/* A duration with its unit: 100us, 100ms, 0.5s, 2m; never zero */
const char *parse_duration(const char *str, uint64_t *ns);

/* 0 to 5 or rom, also as BAR0 or bar0, and ROM */
const char *parse_bar(const char *str, unsigned int *bar);

/* 1, 2, 4, 8 */
const char *parse_width(const char *str, unsigned int *width);

#endif
