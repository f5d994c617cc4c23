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

/* As the member of the back end; @old gets the register as it was. */
static int modify(struct pcibar_device *dev, uint32_t mask, uint32_t value, uint32_t *old)
{
	int ret;

	if (dev->ops->config_modify) {
		ret = pcibar_device_result(dev, dev->ops->config_modify(dev->be, PCIBAR_COMMAND, 2,
									mask, value, old));
		if (ret > 0)
			pcibar_log(&dev->log, PCIBAR_LOG_WARNING, "the command register was "
				   "changed while another process has it locked");
		return ret > 0 ? 0 : ret;
	}
	ret = pcibar_config_read(dev, PCIBAR_COMMAND, 2, old);
	if (ret || *old == UINT16_MAX || (*old & mask) == value)
		return ret;
	return pcibar_config_write(dev, PCIBAR_COMMAND, 2, (*old & ~mask) | value);
}

/* Of a command register of all-ones, which no function that answers has. */
static int ones(struct pcibar_device *dev)
{
	return pcibar_function_is_present(dev) ? -EIO : -ENODEV;
}

/*
 * Change @mask to @value, with dev->lock held; @old gets the bits as they were.
 * When one of the bits does not stay, those that do are put back.
 */
static int change(struct pcibar_device *dev, uint32_t mask, uint32_t value, uint32_t *old)
{
	uint32_t command, seen;
	int ret;

	ret = modify(dev, mask, value, &command);
	if (ret)
		return ret;
	if (command == UINT16_MAX)
		return ones(dev);
	*old = command & ENABLE_ALL;
	if ((command & mask) == value)
		return 0;

	ret = pcibar_config_read(dev, PCIBAR_COMMAND, 2, &seen);
	if (ret)
		return ret;
	pcibar_log(&dev->log, PCIBAR_LOG_INFO, "command register 0x%04x -> 0x%04x", command, seen);
	if ((seen & mask) == value)
		return 0;
	if (seen == UINT16_MAX)
		return ones(dev);
	modify(dev, mask, command & mask, &seen);
	return -EIO;
}

PCIBAR_API int pcibar_device_get_enable(struct pcibar_device *dev, uint32_t *value)
{
	uint32_t command;
	bool decodes;
	int ret = pcibar_config_read(dev, PCIBAR_COMMAND, 2, &command);

	if (!ret && command == UINT16_MAX)
		ret = ones(dev);
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
	int ret, state;

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

	state = pcibar_lock(&dev->lock);
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
	pcibar_unlock(&dev->lock, state);
	return ret;
}

void pcibar_enable_restore(struct pcibar_device *dev)
{
	uint32_t old, held;
	int ret, state;

	state = pcibar_lock(&dev->lock);
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
	pcibar_unlock(&dev->lock, state);
}

static unsigned int *users(struct pcibar_device *dev, uint32_t bit)
{
	return bit == PCIBAR_ENABLE_IO ? &dev->io_users : &dev->mem_users;
}

/* Those who may not write to the function have no hold, and change nothing either. */
static void log_hold(struct pcibar_device *dev, int error)
{
	if (error)
		pcibar_log(&dev->log, error == -EACCES ? PCIBAR_LOG_INFO : PCIBAR_LOG_WARNING,
			   "decoding is not held on against other processes: %s",
			   strerror(-error));
}

static uint32_t hold_lock(struct pcibar_device *dev, uint32_t bit)
{
	uint32_t others = 0;

	if (dev->ops->hold_lock)
		log_hold(dev, dev->ops->hold_lock(dev->be, bit, &others));
	return others;
}

static void hold_unlock(struct pcibar_device *dev, uint32_t bit, uint32_t hold)
{
	dev->held = (dev->held & ~bit) | (hold ? bit : 0);
	if (dev->ops->hold_unlock)
		log_hold(dev, dev->ops->hold_unlock(dev->be, bit, hold));
}

/*
 * The last to end turns decoding off, whoever turned it on: the one that did may
 * have ended before, or have been killed. So its mark is taken over.
 */
static int begin(struct pcibar_device *dev, uint32_t bit)
{
	uint32_t others = hold_lock(dev, bit), hold = 0, old;
	int ret = change(dev, bit, bit, &old);

	if (!ret && (!(old & bit) || others & PCIBAR_HOLD_WAS_OFF)) {
		dev->activated |= bit;
		hold = PCIBAR_HOLD_WAS_OFF;
	} else if (!ret) {
		hold = PCIBAR_HOLD_WAS_ON;
	}
	hold_unlock(dev, bit, hold);
	return ret;
}

/* A driver that has been bound in the meantime needs decoding: leave it on then. */
static void end(struct pcibar_device *dev, uint32_t bit)
{
	uint32_t others = hold_lock(dev, bit), old;
	char driver[PCIBAR_NAME_LEN];
	int ret = 0;

	if (dev->activated & bit && !others && !dev->ops->get_driver(dev->be, driver) && !*driver)
		ret = change(dev, bit, 0, &old);
	dev->activated &= ~bit;
	hold_unlock(dev, bit, 0);
	if (ret && ret != -ENODEV)
		pcibar_log(&dev->log, PCIBAR_LOG_WARNING,
			   "decoding could not be turned off again: %s", strerror(-ret));
}

int pcibar_activate(struct pcibar_device *dev, uint32_t bit)
{
	uint32_t mask = bit;
	int ret, state;

	ret = check_virtual(dev, &mask, bit);
	if (ret)
		return ret;

	state = pcibar_lock(&dev->lock);
	if (!*users(dev, bit) && mask)
		ret = begin(dev, bit);
	if (!ret)
		(*users(dev, bit))++;
	pcibar_unlock(&dev->lock, state);
	return ret;
}

void pcibar_deactivate(struct pcibar_device *dev, uint32_t bit)
{
	int state = pcibar_lock(&dev->lock);

	if (!--*users(dev, bit) && dev->held & bit)
		end(dev, bit);
	pcibar_unlock(&dev->lock, state);
}
