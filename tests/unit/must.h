/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of the system that a test cannot do without. */
#ifndef MUST_H
#define MUST_H

#include <stdio.h>
#include <stdlib.h>

/*
 * For what the tests depend on, in any thread, where cmocka's assertions may
 * not be used. Not assert(): NDEBUG must not take it away.
 */
#define MUST(condition)								\
	do {									\
		if (!(condition)) {						\
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__,	\
				#condition);					\
			abort();						\
		}								\
	} while (0)

#endif
