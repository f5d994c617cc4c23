// SPDX-License-Identifier: BSD-2-Clause
/* Which back ends there are, and which of them a caller allows. */
#include <errno.h>
#include <string.h>

#include "internal.h"

PCIBAR_API const char *pcibar_backend_name(uint32_t backend)
{
	for (size_t i = 0; pcibar_backends[i]; i++)
		if (pcibar_backends[i]->id == backend)
			return pcibar_backends[i]->name;
	return NULL;
}

bool pcibar_backend_exists(uint32_t id)
{
	return id == PCIBAR_BACKEND_AUTO || pcibar_backend_name(id);
}

const char *pcibar_sysfs_root(const struct pcibar_open_opts *opts)
{
	return opts->sysfs_root ? opts->sysfs_root : "/sys";
}

/* AUTO takes every back end but those that must be named, or cannot serve a tree elsewhere. */
bool pcibar_backend_allowed(const struct pcibar_backend_ops *ops,
			    const struct pcibar_open_opts *opts)
{
	if (opts->backend)
		return opts->backend == ops->id;
	return !ops->by_name_only && (!ops->absent || !strcmp(pcibar_sysfs_root(opts), "/sys"));
}

int pcibar_refuse_absent(struct pcibar_refuse_ctx *ctx, const struct pcibar_backend_ops *ops,
			 const char *root, const struct pcibar_address *addr)
{
	int ret = ops->refuse_absent ? ops->refuse_absent(root, addr, ctx) : 0;

	if (ret)
		return ret;
	if (ops->absent)
		return pcibar_refuse(ctx, PCIBAR_REASON_NO_BACKEND, -ENODEV, ops->absent_remedy,
				     "%s", ops->absent);
	return pcibar_refuse(ctx, PCIBAR_REASON_NO_BACKEND, -ENODEV, "", "there is no PCI below %s",
			     root);
}
