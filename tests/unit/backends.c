// SPDX-License-Identifier: BSD-2-Clause
/* In place of lib/backends.c: AUTO tries the fake back end, then sysfs. */
#include <stddef.h>

#include "backend-fake.h"

const struct pcibar_backend_ops *const pcibar_backends[] = {
	&fake_ops,
	&pcibar_backend_sysfs,
	NULL,
};
