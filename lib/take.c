// SPDX-License-Identifier: BSD-2-Clause
/* Taking a function, where that has an effect on it. */
#include "internal.h"

int pcibar_device_take(struct pcibar_device *dev, struct pcibar_refuse_ctx *ctx)
{
	struct pcibar_refuse_ctx quiet = { .backend = dev->ops->id };
	uint32_t id;
	int ret;

	if (!dev->ops->take)
		return 0;

	ctx = ctx ? ctx : &quiet;
	ret = dev->ops->take(dev->be, ctx);
	/* One whose driver was unbound cannot be taken, but is not gone. */
	if (ret == -ENODEV)
		pcibar_device_result(dev, dev->query->get_id(dev->query_data, PCIBAR_ID_VENDOR,
							     &id));
	if (ret >= 0 && !ctx->all)
		atomic_store(&dev->taken, true);
	if (ret <= 0)
		return ret;

	pcibar_log(&dev->log, PCIBAR_LOG_INFO, "taken through %s, which resets the function, now "
		   "and when it is closed", dev->ops->name);
	return 0;
}
