// SPDX-License-Identifier: BSD-2-Clause
/* What is particular to Linux; see system.h. */
#include "system.h"

const struct pcibar_system pcibar_system_linux = {
	.activates = true,
};
