// SPDX-License-Identifier: BSD-2-Clause
/* Log lines for the caller. */
#include <errno.h>
#include <stdio.h>

#include "internal.h"

#define LINE_LEN	256

void pcibar_log(const struct pcibar_log *log, int level, const char *fmt, ...)
{
	char line[LINE_LEN];
	va_list args;
	int saved = errno;

	if (!log->fn)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	log->fn(log->data, level, line);
	errno = saved;
}
