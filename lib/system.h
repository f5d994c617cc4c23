/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between the systems that the library runs on. One table holds it for each, so
 * that the unit tests of one system can have the library behave as on another.
 */
#ifndef PCIBAR_LIB_SYSTEM_H
#define PCIBAR_LIB_SYSTEM_H

#include <stdbool.h>

struct pcibar_system {
	/* A back end may leave PCIBAR_MAP_ACTIVATE to the system. */
	bool activates;
};

/* backend-table.c: of this system; the unit tests have a function of their own. */
const struct pcibar_system *pcibar_system(void);

extern const struct pcibar_system pcibar_system_linux;
extern const struct pcibar_system pcibar_system_freebsd;

#endif
