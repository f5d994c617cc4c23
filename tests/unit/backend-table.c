// SPDX-License-Identifier: BSD-2-Clause
/* In place of lib/backend-table.c: AUTO tries the fake back end, then the real ones. */
#include <stddef.h>

#include "fake-backend.h"
#include "system.h"

const struct pcibar_backend_ops *const pcibar_backends[] = {
	&fake_ops,
	&pcibar_backend_sysfs,
	&pcibar_backend_vfio,
	&pcibar_backend_pciio,
	&pcibar_backend_freebsd,
	NULL,
};

const struct pcibar_system *fake_system = &pcibar_system_linux;

const struct pcibar_system *pcibar_system(void)
{
	return fake_system;
}
