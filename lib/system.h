/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between the systems that the library runs on. One table holds it for each, so
 * that the unit tests of one system can have the library behave as on another.
 */
#ifndef PCIBAR_LIB_SYSTEM_H
#define PCIBAR_LIB_SYSTEM_H

#include <stdbool.h>

#include <pcibar/explain.h>

/* Why something is refused, and what helps; NULL where that is the same on all systems */
struct pcibar_text {
	const char *what;
	const char *remedy;
};

/* The last reason that systems have texts for */
#define PCIBAR_SYSTEM_REASON_MAX	PCIBAR_REASON_NO_RESPONSE

struct pcibar_system {
	/* A back end may leave PCIBAR_MAP_ACTIVATE to the system. */
	bool activates;

	/* By enum pcibar_reason_code. Words in braces are for refuse_state() of state.c. */
	struct pcibar_text text[PCIBAR_SYSTEM_REASON_MAX + 1];

	/* Remedies where rights to /dev/pci are missing: for users, and for root */
	const char *become_root;
	const char *leave_container;

	/*
	 * The back end freebsd cannot ask to share a BAR with its driver, or a page. Without
	 * texts it need not.
	 */
	struct pcibar_text keeps_bar;
	struct pcibar_text keeps_page;
};

/* backend-table.c: of this system; the unit tests have a function of their own. */
const struct pcibar_system *pcibar_system(void);

extern const struct pcibar_system pcibar_system_linux;
extern const struct pcibar_system pcibar_system_freebsd;

#endif
