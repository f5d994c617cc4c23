// SPDX-License-Identifier: BSD-2-Clause
/* The version of the library. */
#include <pcibar/version.h>

#include "internal.h"

PCIBAR_API const char *pcibar_version(void)
{
	return PCIBAR_VERSION;
}
