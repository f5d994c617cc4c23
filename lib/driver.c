// SPDX-License-Identifier: BSD-2-Clause
/* Which drivers leave the BARs to user space, and binding other ones. */
#include <errno.h>
#include <string.h>

#include <pcibar/driver.h>

#include "internal.h"

/* Drivers that take no BAR for themselves: they hand the function to user space. */
static const char *const sharing_drivers[] = {
	"pciio", "vfio-pci", "pci-stub", "uio_pci_generic", "pcieport",
};

bool pcibar_driver_owns_bars(const char *driver)
{
	if (!*driver)
		return false;
	for (size_t i = 0; i < sizeof(sharing_drivers) / sizeof(*sharing_drivers); i++)
		if (!strcmp(driver, sharing_drivers[i]))
			return false;
	return true;
}

bool pcibar_device_has_owner(const struct pcibar_device *dev, const char *driver)
{
	return !dev->ops->handed_over && pcibar_driver_owns_bars(driver);
}

/* Its name is a line of a file, and of a path. */
static bool is_name(const char *driver)
{
	return strlen(driver) < PCIBAR_NAME_LEN && !strpbrk(driver, "/\n") &&
	       strcmp(driver, ".") && strcmp(driver, "..");
}

static int bind_check(struct pcibar_device *dev, struct pcibar_refuse_ctx *ctx)
{
	uint8_t header, secondary;
	int ret;

	if (!(dev->flags & PCIBAR_OPEN_WRITE))
		return pcibar_refuse_unwritable(ctx);
	if (!dev->query->bind)
		return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
				     "on Linux use another back end, on FreeBSD devctl(8)",
				     "the %s back end does not bind drivers", dev->ops->name);

	ret = dev->query->get_header(dev->query_data, &header, &secondary);
	if (ret == -ENODEV)
		return pcibar_refuse_gone(ctx);
	if (ret || header)
		return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
				     "bind these",
				     "it is a bridge, whose driver the functions below it need");
	if (atomic_load(&dev->refs) > 1)
		return pcibar_refuse(ctx, PCIBAR_REASON_DRIVER, -EBUSY, "release its maps",
				     "this program has a BAR of the function mapped");
	return 0;
}

PCIBAR_API int pcibar_device_bind(struct pcibar_device *dev, const struct pcibar_bind_opts *opts)
{
	struct pcibar_bind_request request = {
		.addr = &dev->addr, .opts = opts, .log = &dev->log,
	};
	struct pcibar_refuse_ctx ctx;
	uint32_t id;
	int ret = pcibar_check_size(opts, sizeof(*opts), sizeof(*opts));

	if (ret)
		return ret;
	if (opts->flags & ~PCIBAR_BIND_GROUP || opts->reserved ||
	    (opts->driver && !is_name(opts->driver)))
		return -EINVAL;
	ret = pcibar_refuse_init(&ctx, opts->why);
	if (ret)
		return ret;

	ret = bind_check(dev, &ctx);
	if (!ret)
		ret = dev->query->bind(dev->query_data, &request, &ctx);
	/* It may be another function of the group that is gone. */
	if (ret == -ENODEV)
		pcibar_device_result(dev, dev->query->get_id(dev->query_data, PCIBAR_ID_VENDOR,
							     &id));
	return ret;
}
