/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that more than one verb has, with values of its own. */
#ifndef TOOLS_PCIBAR_VERB_OPTIONS_H
#define TOOLS_PCIBAR_VERB_OPTIONS_H

#include "common/options.h"

/*
 * A verb has a structure for the values of its own options, an array of struct
 * option_def that refers to the members, and the values without any option:
 *
 *	struct read_options { unsigned int width; bool fixed; };
 *	static const struct option_def own[] = {
 *		OPT_WIDTH(struct read_options), OPT_FIXED(struct read_options), OPTION_END
 *	};
 *	static const struct read_options defaults = { .width = 4 };
 *
 * The members have the names and types that are given here.
 */

/* unsigned int width: 1, 2, 4 or 8 */
#define OPT_WIDTH(type) \
	OPTION_VALUE(type, width, "width", 'w', "1|2|4|8", "bytes of every access (default 4)", \
		     option_set_width)

/* unsigned int width: 1, 2, 4, 8, or WIDTH_ANY */
#define OPT_WIDTH_ANY(type) \
	OPTION_VALUE(type, width, "width", 'w', "1|2|4|8|any", \
		     "bytes of every access (default 4)", option_set_width_any)

/* uint64_t count: how many units, never 0 */
#define OPT_COUNT(type) \
	OPTION_VALUE(type, count, "count", 'c', "COUNT", "how many units", option_set_count)

/* bool fixed */
#define OPT_FIXED(type) \
	OPTION_FLAG(type, fixed, "fixed", 0, "every access at the same offset (a FIFO)")

/* bool verify */
#define OPT_VERIFY(type) \
	OPTION_FLAG(type, verify, "verify", 0, "read back and compare; exit 5 on a difference")

/* bool dry_run */
#define OPT_DRY_RUN(type) \
	OPTION_FLAG(type, dry_run, "dry-run", 'n', "show what would be written, and write nothing")

/* uint64_t offset */
#define OPT_OFFSET(type) \
	OPTION_VALUE(type, offset, "offset", 0, "N", "offset in the BAR to start at (default 0)", \
		     option_set_u64)

/* bool wc */
#define OPT_WC(type) \
	OPTION_FLAG(type, wc, "wc", 0, "write-combining instead of uncached")

const char *option_set_width(void *value, const char *arg);
const char *option_set_width_any(void *value, const char *arg);
const char *option_set_count(void *value, const char *arg);
const char *option_set_u64(void *value, const char *arg);
/* A time in nanoseconds, in a uint64_t */
const char *option_set_duration(void *value, const char *arg);

#endif
