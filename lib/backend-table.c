// SPDX-License-Identifier: BSD-2-Clause
/*
 * The back ends, and the system, that this library is for. A file of its own, so that the unit
 * tests can link another one in its place.
 */
#include <stddef.h>

#include "backend.h"
#include "system.h"

const struct pcibar_backend_ops *const pcibar_backends[] = {
#ifdef __linux__
	/* Before the module, which leaves functions with another driver alone. */
	&pcibar_backend_vfio,
	&pcibar_backend_pciio,
	&pcibar_backend_sysfs,
#endif
	&pcibar_backend_freebsd,
	NULL,
};

const struct pcibar_system *pcibar_system(void)
{
#ifdef __linux__
	return &pcibar_system_linux;
#else
	return &pcibar_system_freebsd;
#endif
}
