// SPDX-License-Identifier: BSD-2-Clause
/* What is particular to FreeBSD; see system.h. */
#include "system.h"

const struct pcibar_system pcibar_system_freebsd = {
	/* Its PCIOCBARMMAP accepts the flag for it, and does nothing. */
	.activates = false,
};
