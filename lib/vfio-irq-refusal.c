// SPDX-License-Identifier: BSD-2-Clause
/* Why VFIO does not deliver interrupts. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "internal.h"
#include "vfio.h"

int pcibar_vfio_refuse_growth(struct pcibar_refuse_ctx *ctx)
{
	return pcibar_refuse(ctx, PCIBAR_REASON_VECTOR_BUSY, -EBUSY,
			     "open all of them at once, or reserve them when the first is opened",
			     "this kernel cannot add vectors while others are open");
}

int pcibar_vfio_refuse_count(struct pcibar_refuse_ctx *ctx, uint32_t type, uint32_t count)
{
	if (count)
		return pcibar_refuse(ctx, PCIBAR_REASON_NO_VECTOR, -ERANGE, "open fewer",
				     "VFIO delivers only %" PRIu32 " of these vectors", count);
	if (type == PCIBAR_IRQ_INTX)
		return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -ENXIO, "use MSI or MSI-X",
				     "the interrupt line of the function is not connected");
	return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP, "use another type",
			     "VFIO does not deliver messages of this type");
}

int pcibar_vfio_refuse_vectors(struct pcibar_refuse_ctx *ctx, uint32_t type, bool adding, int ret)
{
	if (ret > 0)
		return pcibar_refuse(ctx, PCIBAR_REASON_EXHAUSTED, -ENOSPC, "open fewer",
				     "the kernel has only %d of these vectors for the function",
				     ret);
	if (adding && ret == -EINVAL)
		return pcibar_vfio_refuse_growth(ctx);

	switch (ret) {
	case -ENOMEM:
		return pcibar_refuse_nomem(ctx);
	case -ENOSPC:
		return pcibar_refuse(ctx, PCIBAR_REASON_EXHAUSTED, ret, "open fewer",
				     "the machine does not have so many interrupt vectors left");
	case -EBUSY:
		return pcibar_refuse(ctx, PCIBAR_REASON_VECTOR_BUSY, ret, "use MSI or MSI-X",
				     "another driver has the interrupt line for itself");
	case -ENODEV:
		return type == PCIBAR_IRQ_INTX ? pcibar_vfio_refuse_count(ctx, type, 0)
					       : pcibar_refuse_gone(ctx);
	default:
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, ret, "",
				     "VFIO does not deliver the interrupts: %s", strerror(-ret));
	}
}
