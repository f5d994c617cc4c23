// SPDX-License-Identifier: BSD-2-Clause
/* The enable bits of the command register, and who needs decoding. */
#include <errno.h>
#include <string.h>

#include <pcibar/enable.h>

#include "internal.h"

/* The same bits as in the command register, so that no translation is needed. */
#define DECODING	(PCIBAR_DECODE_IO | PCIBAR_DECODE_MEM)
#define ENABLE_ALL	(DECODING | PCIBAR_BUS_MASTER)

/* As the member of the back end; @old gets the register as it was. */
static int modify(struct pcibar_device *dev, uint32_t mask, uint32_t value, uint32_t *old)
{
	int ret;

	if (dev->ops->config_modify) {
		ret = pcibar_device_result(dev, dev->ops->config_modify(dev->be, PCIR_COMMAND, 2,
									mask, value, old));
		if (ret > 0)
			pcibar_log(&dev->log, PCIBAR_LOG_WARNING, "the command register was "
				   "changed while another process has it locked");
		return ret > 0 ? 0 : ret;
	}
	ret = pcibar_config_read(dev, PCIR_COMMAND, 2, old);
	if (ret || *old == UINT16_MAX || (*old & mask) == value)
		return ret;

	return pcibar_config_write(dev, PCIR_COMMAND, 2, (*old & ~mask) | value);
}

/* Of a command register of all-ones, which no function that responds has. */
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

	ret = pcibar_config_read(dev, PCIR_COMMAND, 2, &seen);
	if (ret)
		return ret;
	if (seen != command)
		pcibar_log(&dev->log, PCIBAR_LOG_INFO, "command register 0x%04x -> 0x%04x",
			   command, seen);
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
	int ret = pcibar_config_read(dev, PCIR_COMMAND, 2, &command);

	if (!ret && command == UINT16_MAX)
		ret = ones(dev);
	if (ret)
		return ret;

	*value = command & ENABLE_ALL;
	if (!(command & PCIBAR_DECODE_MEM) && pcibar_is_virtual(dev, &decodes) && decodes)
		*value |= PCIBAR_DECODE_MEM;

	return 0;
}

/*
 * As change(), for a function that may be a virtual one: its decoding bits are
 * hardwired to zero, but some emulators use them. So the bits are written, and
 * removed from @mask if they do not stick while decoding has the requested state
 * anyway. Whether the function is virtual is checked only for a bit that was off, or
 * does not stick: other calls pay nothing.
 */
static int change_virtual(struct pcibar_device *dev, uint32_t *mask, uint32_t value, uint32_t *old)
{
	uint32_t decoding = *mask & DECODING, wanted;
	int ret = change(dev, *mask, value, old);
	bool decodes;

	if (!decoding || (ret && ret != -EIO) || (!ret && (~*mask | *old) & PCIBAR_DECODE_MEM))
		return ret;
	if (!pcibar_is_virtual(dev, &decodes))
		return ret;

	wanted = decodes ? decoding & PCIBAR_DECODE_MEM : 0;
	if (!ret && !((value ^ wanted) & PCIBAR_DECODE_MEM))
		return 0;
	if (!ret) {
		change(dev, *mask, *old & *mask, old);
		return -EOPNOTSUPP;
	}
	if ((value & decoding) != wanted)
		return -EOPNOTSUPP;

	*mask &= ~decoding;
	return change(dev, *mask, value & *mask, old);
}

static unsigned int *users(struct pcibar_device *dev, uint32_t bit)
{
	return bit == PCIBAR_DECODE_IO ? &dev->io_users : &dev->mem_users;
}

/* What others hold, while none of them begins or ends. */
struct hold {
	struct pcibar_holds others;
	int error;
};

static struct hold hold_lock(struct pcibar_device *dev, uint32_t bits)
{
	struct hold hold = { .error = 0 };

	if (bits && dev->ops->hold_lock)
		hold.error = dev->ops->hold_lock(dev->be, bits, &hold.others);
	return hold;
}

/*
 * Publishes dev->held and dev->activated to other processes. A process that cannot
 * write to the file has no hold, which matters only if a bit was changed
 * nevertheless, as the module may allow.
 */
static void hold_unlock(struct pcibar_device *dev, uint32_t bits, struct hold *hold, bool changed)
{
	struct pcibar_holds mine = {
		.was_on = bits & dev->held & ~dev->activated,
		.was_off = bits & dev->held & dev->activated,
	};
	bool no_right;
	int ret;

	if (!bits || !dev->ops->hold_unlock)
		return;

	ret = dev->ops->hold_unlock(dev->be, bits, &mine);
	if (!hold->error)
		hold->error = ret;
	no_right = hold->error == -EACCES || hold->error == -EROFS;
	if (hold->error)
		pcibar_log(&dev->log, no_right && !changed ? PCIBAR_LOG_INFO : PCIBAR_LOG_WARNING,
			   "decoding is not protected from other processes: %s",
			   strerror(-hold->error));
}

/*
 * After @mask was set to @value. Decoding that was turned on to be restored is
 * held like that of a map with ACTIVATE, until the handle is closed.
 */
static void settle(struct pcibar_device *dev, uint32_t mask, uint32_t value, uint32_t old,
		   uint32_t flags)
{
	uint32_t fresh = mask & ~dev->restore_mask & ~dev->enabled & (old ^ value);
	uint32_t on;

	if (!(flags & PCIBAR_ENABLE_F_RESTORE))
		fresh = 0;
	on = fresh & value & DECODING;
	dev->enabled |= on;
	dev->held |= on;

	/* What the program sets by itself is no longer ACTIVATE's to undo. */
	dev->activated = (dev->activated & ~(mask & ~dev->enabled)) | on;

	fresh &= ~on;
	dev->restore_mask |= fresh;
	dev->restore_value |= old & fresh;
}

/* Decoding is not turned on while a BAR would respond at an address that is not its own. */
static int check_registers(struct pcibar_device *dev)
{
	struct pcibar_moved moved;
	uint32_t command;

	if (pcibar_config_read(dev, PCIR_COMMAND, 2, &command) || command & PCIBAR_DECODE_MEM)
		return 0;
	return pcibar_find_moved(dev, &moved) ? -ENXIO : 0;
}

PCIBAR_API int pcibar_device_set_enable(struct pcibar_device *dev, uint32_t mask, uint32_t value,
					uint32_t flags)
{
	char driver[PCIBAR_NAME_LEN];
	bool changed = false;
	uint32_t old, bits;
	struct hold hold;
	int ret, state;

	if (mask & ~ENABLE_ALL || value & ~mask ||
	    flags & ~(PCIBAR_ENABLE_F_RESTORE | PCIBAR_ENABLE_F_SHARE_DRIVER))
		return -EINVAL;
	if (!(dev->flags & PCIBAR_OPEN_WRITE))
		return -EACCES;

	ret = dev->query->get_driver(dev->query_data, driver);
	if (ret)
		return ret;
	if (!(flags & PCIBAR_ENABLE_F_SHARE_DRIVER) && pcibar_device_has_owner(dev, driver))
		return -EBUSY;
	if (value & PCIBAR_DECODE_MEM) {
		ret = check_registers(dev);
		if (ret)
			return ret;
	}

	/* Before the register is read, because that changes it. */
	ret = pcibar_device_take(dev, NULL);
	if (ret)
		return ret;

	state = pcibar_lock(&dev->lock);
	bits = mask & DECODING & (flags & PCIBAR_ENABLE_F_RESTORE ? value | dev->held : dev->held);
	hold = hold_lock(dev, bits);
	ret = change_virtual(dev, &mask, value, &old);
	if (!ret) {
		value &= mask;
		changed = (old ^ value) & mask & bits;
		/* As it was before ACTIVATE, here and elsewhere. */
		old &= ~(dev->activated | (hold.others.was_off & value));
		settle(dev, mask, value, old, flags);
	}
	hold_unlock(dev, bits, &hold, changed);
	pcibar_unlock(&dev->lock, state);
	return ret;
}

/* The driver when the first map with ACTIVATE began */
static void note_driver(struct pcibar_device *dev, const char *driver)
{
	if (dev->mem_users || dev->io_users)
		return;
	if (driver)
		strcpy(dev->served, driver);
	else if (dev->query->get_driver(dev->query_data, dev->served))
		*dev->served = '\0';
}

/*
 * The last user turns decoding off, even if another process has turned it on, which
 * may have exited or been killed since. So its mark is taken over.
 */
static int begin(struct pcibar_device *dev, uint32_t bit, const char *driver)
{
	struct hold hold = hold_lock(dev, bit);
	bool changed = false;
	uint32_t old;
	int ret;

	ret = change(dev, bit, bit, &old);
	if (!ret) {
		changed = !(old & bit);
		dev->held |= bit;
		note_driver(dev, driver);
		if (changed || hold.others.was_off & bit)
			dev->activated |= bit;
	}
	hold_unlock(dev, bit, &hold, changed);
	return ret;
}

/*
 * Whether a driver may count on decoding: it owns the function, or has been bound since. One
 * that leaves the function to user space, as vfio-pci or pci-stub, does not. Through VFIO it
 * stays on, because the handles of a program do not count each other's maps.
 */
static bool serves_driver(struct pcibar_device *dev)
{
	char driver[PCIBAR_NAME_LEN];

	if (dev->ops->handed_over || dev->query->get_driver(dev->query_data, driver))
		return true;
	return *driver && (pcibar_device_has_owner(dev, driver) || strcmp(driver, dev->served));
}

/* @always: also with a driver. */
static void end(struct pcibar_device *dev, uint32_t bit, bool always)
{
	struct hold hold = hold_lock(dev, bit);
	bool others = (hold.others.was_on | hold.others.was_off) & bit;
	bool changed = false;
	uint32_t old;
	int ret = 0;

	if (dev->activated & bit && !others && (always || !serves_driver(dev))) {
		ret = change(dev, bit, 0, &old);
		changed = !ret && old & bit;
	}
	dev->activated &= ~bit;
	dev->held &= ~bit;
	hold_unlock(dev, bit, &hold, changed);
	if (ret && ret != -ENODEV)
		pcibar_log(&dev->log, PCIBAR_LOG_WARNING,
			   "decoding could not be turned off again: %s", strerror(-ret));
}

/* Maps with ACTIVATE outlive the handle: the last of them turns their decoding off. */
static void end_enabled(struct pcibar_device *dev)
{
	for (uint32_t bit = PCIBAR_DECODE_IO; bit <= PCIBAR_DECODE_MEM; bit <<= 1) {
		if (!(dev->enabled & bit))
			continue;
		dev->enabled &= ~bit;
		if (!*users(dev, bit))
			end(dev, bit, true);
	}
}

static void restore(struct pcibar_device *dev, uint32_t mask)
{
	uint32_t old;
	int ret = 0;

	if (mask)
		ret = change(dev, mask, dev->restore_value & mask, &old);
	if (ret)
		pcibar_log(&dev->log, PCIBAR_LOG_WARNING,
			   "the command register could not be restored: %s", strerror(-ret));
	dev->restore_mask &= ~mask;
}

/* Whether a vector is open that was promised bus mastering */
static bool has_master(const struct pcibar_device *dev)
{
	const struct pcibar_irq *irq = dev->irqs;

	while (irq && !irq->master)
		irq = irq->next;
	return irq;
}

void pcibar_enable_restore(struct pcibar_device *dev)
{
	int state = pcibar_lock(&dev->lock);
	uint32_t kept = has_master(dev) ? PCIBAR_BUS_MASTER & ~dev->restore_value : 0;

	end_enabled(dev);
	dev->closed = true;
	restore(dev, dev->restore_mask & ~kept);
	pcibar_unlock(&dev->lock, state);
}

/* The vector may have ended because its function has another driver now. */
void pcibar_enable_vector_closed(struct pcibar_device *dev)
{
	int state = pcibar_lock(&dev->lock);
	char driver[PCIBAR_NAME_LEN];

	if (dev->closed && dev->restore_mask && !has_master(dev) &&
	    !dev->query->get_driver(dev->query_data, driver) &&
	    !pcibar_device_has_owner(dev, driver))
		restore(dev, dev->restore_mask);
	pcibar_unlock(&dev->lock, state);
}

int pcibar_activate(struct pcibar_device *dev, uint32_t bit, const char *driver)
{
	int ret = 0, state;
	bool decodes;

	state = pcibar_lock(&dev->lock);
	if (!*users(dev, bit))
		ret = begin(dev, bit, driver);

	/* The bit is hardwired in a virtual function: nothing is held. */
	if (ret == -EIO && pcibar_is_virtual(dev, &decodes))
		ret = decodes && bit == PCIBAR_DECODE_MEM ? 0 : -EOPNOTSUPP;
	if (!ret)
		(*users(dev, bit))++;
	pcibar_unlock(&dev->lock, state);
	return ret;
}

void pcibar_deactivate(struct pcibar_device *dev, uint32_t bit)
{
	int state = pcibar_lock(&dev->lock);

	if (!--*users(dev, bit) && dev->held & ~dev->enabled & bit)
		end(dev, bit, false);
	pcibar_unlock(&dev->lock, state);
}
