// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include <pcibar/enable.h>

#include "internal.h"

/* The same bits as in the command register, so that no translation is needed. */
#define ENABLE_ALL	(PCIBAR_ENABLE_IO | PCIBAR_ENABLE_MEM | PCIBAR_ENABLE_BUS_MASTER)

bool pcibar_is_virtual(struct pcibar_device *dev, bool *decodes)
{
	bool is_virtual = false;

	*decodes = false;
	return dev->ops->get_virtual && !dev->ops->get_virtual(dev->be, &is_virtual, decodes) &&
	       is_virtual;
}

static int write_command(struct pcibar_device *dev, uint32_t command, uint32_t *seen)
{
	int ret = pcibar_config_write(dev, PCIBAR_COMMAND, 2, command);

	return ret ? ret : pcibar_config_read(dev, PCIBAR_COMMAND, 2, seen);
}

/*
 * Change @mask to @value, with dev->lock held; @old gets the bits as they were.
 * When one of the bits does not stay, those that do are put back.
 */
static int change(struct pcibar_device *dev, uint32_t mask, uint32_t value, uint32_t *old)
{
	uint32_t command, seen;
	int ret;

	ret = pcibar_config_read(dev, PCIBAR_COMMAND, 2, &command);
	if (ret)
		return ret;
	if (command == UINT16_MAX)
		return -ENODEV;
	*old = command & ENABLE_ALL;
	if ((command & mask) == value)
		return 0;
	ret = write_command(dev, (command & ~mask) | value, &seen);
	if (ret)
		return ret;
	pcibar_log(&dev->log, PCIBAR_LOG_INFO, "command register 0x%04x -> 0x%04x", command, seen);
	if ((seen & mask) == value)
		return 0;
	if (seen == UINT16_MAX)
		return -ENODEV;
	if (seen != command)
		write_command(dev, command, &seen);
	return -EIO;
}

PCIBAR_API int pcibar_device_get_enable(struct pcibar_device *dev, uint32_t *value)
{
	uint32_t command;
	bool decodes;
	int ret = pcibar_config_read(dev, PCIBAR_COMMAND, 2, &command);

	if (!ret && command == UINT16_MAX)
		ret = -ENODEV;
	if (ret)
		return ret;

	*value = command & ENABLE_ALL;
	if (!(command & PCIBAR_ENABLE_MEM) && pcibar_is_virtual(dev, &decodes) && decodes)
		*value |= PCIBAR_ENABLE_MEM;
	return 0;
}

/* Takes out of @mask what a virtual function has without a bit of its own. */
static int check_virtual(struct pcibar_device *dev, uint32_t *mask, uint32_t value)
{
	uint32_t decoding = *mask & (PCIBAR_ENABLE_IO | PCIBAR_ENABLE_MEM);
	bool decodes;

	if (!decoding || !pcibar_is_virtual(dev, &decodes))
		return 0;
	if ((value & decoding) != (decodes ? decoding & PCIBAR_ENABLE_MEM : 0))
		return -EOPNOTSUPP;
	*mask &= ~decoding;
	return 0;
}

PCIBAR_API int pcibar_device_set_enable(struct pcibar_device *dev, uint32_t mask, uint32_t value,
					uint32_t flags)
{
	char driver[PCIBAR_NAME_LEN];
	uint32_t old, fresh;
	int ret;

	if (mask & ~ENABLE_ALL || value & ~mask ||
	    flags & ~(PCIBAR_ENABLE_RESTORE | PCIBAR_ENABLE_SHARE_DRIVER))
		return -EINVAL;
	if (!(dev->flags & PCIBAR_OPEN_WRITE))
		return -EACCES;
	ret = dev->ops->get_driver(dev->be, driver);
	if (ret)
		return ret;
	if (!(flags & PCIBAR_ENABLE_SHARE_DRIVER) && pcibar_driver_owns_bars(driver))
		return -EBUSY;
	ret = check_virtual(dev, &mask, value);
	if (ret)
		return ret;
	value &= mask;

	pthread_mutex_lock(&dev->lock);
	ret = change(dev, mask, value, &old);
	if (!ret) {
		old &= ~dev->activated;		/* as it was before ACTIVATE */
		/* What the program sets by itself is no longer ACTIVATE's to undo. */
		dev->activated &= ~mask;
		fresh = mask & ~dev->restore_mask & (old ^ value);
		if (!(flags & PCIBAR_ENABLE_RESTORE))
			fresh = 0;
		dev->restore_mask |= fresh;
		dev->restore_value |= old & fresh;
	}
	pthread_mutex_unlock(&dev->lock);
	return ret;
}

void pcibar_enable_restore(struct pcibar_device *dev)
{
	uint32_t old, held;
	int ret;

	pthread_mutex_lock(&dev->lock);
	/* Maps with ACTIVATE outlive the handle: the last of them turns their decoding off. */
	held = (dev->io_users ? PCIBAR_ENABLE_IO : 0) | (dev->mem_users ? PCIBAR_ENABLE_MEM : 0);
	held &= dev->restore_mask & ~dev->restore_value;
	dev->activated |= held;
	dev->restore_mask &= ~held;
	if (dev->restore_mask) {
		ret = change(dev, dev->restore_mask, dev->restore_value, &old);
		if (ret)
			pcibar_log(&dev->log, PCIBAR_LOG_WARNING,
				   "the command register could not be restored: %s",
				   strerror(-ret));
		dev->restore_mask = 0;
	}
	pthread_mutex_unlock(&dev->lock);
}

static unsigned int *users(struct pcibar_device *dev, uint32_t bit)
{
	return bit == PCIBAR_ENABLE_IO ? &dev->io_users : &dev->mem_users;
}

int pcibar_activate(struct pcibar_device *dev, uint32_t bit)
{
	uint32_t old, mask = bit;
	int ret;

	ret = check_virtual(dev, &mask, bit);
	if (ret)
		return ret;

	pthread_mutex_lock(&dev->lock);
	if (!*users(dev, bit) && mask) {
		ret = change(dev, bit, bit, &old);
		if (!ret && !(old & bit))
			dev->activated |= bit;
	}
	if (!ret)
		(*users(dev, bit))++;
	pthread_mutex_unlock(&dev->lock);
	return ret;
}

/* A driver that has been bound meanwhile needs decoding: leave it on then. */
void pcibar_deactivate(struct pcibar_device *dev, uint32_t bit)
{
	char driver[PCIBAR_NAME_LEN];
	uint32_t old;
	int ret = 0;

	pthread_mutex_lock(&dev->lock);
	if (!--*users(dev, bit) && dev->activated & bit) {
		dev->activated &= ~bit;
		if (!dev->ops->get_driver(dev->be, driver) && !*driver)
			ret = change(dev, bit, 0, &old);
		if (ret && ret != -ENODEV)
			pcibar_log(&dev->log, PCIBAR_LOG_WARNING,
				   "decoding could not be turned off again: %s", strerror(-ret));
	}
	pthread_mutex_unlock(&dev->lock);
}
