// SPDX-License-Identifier: BSD-2-Clause
/* A file of its own, so that the unit tests can link another table in its place. */
#include <stddef.h>

#include "backend.h"

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
