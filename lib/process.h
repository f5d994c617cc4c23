/* SPDX-License-Identifier: BSD-2-Clause */
/* Which processes have a file open, as far as /proc shows it. */
#ifndef PCIBAR_LIB_PROCESS_H
#define PCIBAR_LIB_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether descriptor @fd of process @pid, a link to @target, is the file that is looked for */
typedef bool (*pcibar_file_fn)(void *data, long pid, const char *fd, const char *target);

/* Whether @pid has the file; false, too, without a right to see its descriptors */
bool pcibar_process_has(long pid, pcibar_file_fn fn, void *data);

/* The first process that has the file, except @skipped; 0: none is seen */
long pcibar_process_find(long skipped, pcibar_file_fn fn, void *data);

/* Its name, "?" if it has just ended */
void pcibar_process_name(long pid, char *name, size_t size);

#endif
