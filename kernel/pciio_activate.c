// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Activation: decoding that is on while it is needed, and as it was afterwards. */
#include "pciio.h"

/* The bits of COMMAND that activation changes and restores. */
#define COMMAND_BITS	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
			 PCI_COMMAND_INTX_DISABLE)

static void assert_locked(struct pciio_func *func)
{
	lockdep_assert_held(&func->cfg_lock);
	lockdep_assert_held(&func->lock);
}

/*
 * Turns decoding on. pci_enable_device() does nothing when the device has been
 * enabled before, though decoding may be off again by now, so check COMMAND. A
 * VF has no bits of its own; its PF decodes for it.
 */
static int command_set(struct pciio_func *func, bool io)
{
	bool driver = func->driver != PCIIO_DRIVER_NONE;
	struct pci_dev *pdev = func->pdev;
	u16 command, wanted;
	int forgot, ret;

	assert_locked(func);
	if (!driver && !func->enabled) {
		ret = pci_enable_device(pdev);
		if (ret)
			return ret;
		func->enabled = true;
	}

	ret = pciio_command_read(func, &command);
	if (ret)
		return ret;

	forgot = driver ? 0 : atomic_xchg(&func->forgot, 0);
	wanted = command | (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY) |
		 (func->master ? PCI_COMMAND_MASTER : 0);
	if (forgot && !func->saved_with_driver)
		wanted |= func->saved & PCI_COMMAND_MASTER;
	/* A driver that is setting the device up writes COMMAND as well: one of us would lose. */
	if (driver && func->driver != PCIIO_DRIVER_BOUND && wanted != command)
		return -EBUSY;
	/* Without a handler INTx is off; it is enabled again when a driver binds. */
	if (READ_ONCE(func->intx_on))
		wanted &= ~PCI_COMMAND_INTX_DISABLE;
	else if (!driver && !READ_ONCE(func->intx))
		wanted |= PCI_COMMAND_INTX_DISABLE;
	ret = wanted == command ? 0 : pciio_cfg_write(func, PCI_COMMAND, 2, wanted);
	if (ret && forgot)
		atomic_set(&func->forgot, 1);
	return ret;
}

static int rom_set(struct pciio_func *func)
{
	int ret = pci_enable_rom(func->pdev);

	if (!ret)
		func->rom_on = true;
	return ret;
}

/* Saves COMMAND before the first user. */
static int begin(struct pciio_func *func)
{
	int ret;

	if (func->active || func->pdev->is_virtfn)
		return 0;

	ret = pciio_command_read(func, &func->saved);
	if (ret)
		return ret;

	func->saved_with_driver = func->driver != PCIIO_DRIVER_NONE;
	atomic_set(&func->forgot, 0);
	func->active = true;
	return 0;
}

/* Counts a user, with decoding on. Others may have mapped the BAR before: look afterwards. */
int pciio_func_activate(struct pciio_func *func, int index)
{
	struct pci_dev *pdev = func->pdev;
	int ret;

	assert_locked(func);
	ret = begin(func);
	if (!ret && !pdev->is_virtfn)
		ret = command_set(func, index != PCIIO_NO_BAR &&
				  pci_resource_flags(pdev, index) & IORESOURCE_IO);
	if (!ret && index == PCI_ROM_RESOURCE && !func->rom_users)
		ret = rom_set(func);
	if (ret) {
		pciio_func_settle(func);
		return ret;
	}

	func->users++;
	if (index == PCI_ROM_RESOURCE)
		func->rom_users++;
	return 0;
}

/*
 * Gives the count of pci_enable_device() back; returns whether there was one. A 0
 * that was written to the enable attribute in sysfs has taken it already.
 */
bool pciio_func_give_back(struct pciio_func *func)
{
	bool enabled = func->enabled;

	lockdep_assert_held(&func->lock);
	func->enabled = false;
	if (enabled && pci_is_enabled(func->pdev))
		pci_disable_device(func->pdev);
	return enabled;
}

/*
 * Turns bus mastering on, for interrupt messages, until @master is cleared and
 * activation settles. A VF has that bit, unlike those of decoding.
 */
int pciio_func_master(struct pciio_func *func)
{
	u16 command;
	int ret;

	assert_locked(func);
	func->master = true;
	ret = pciio_command_read(func, &command);
	if (ret || command & PCI_COMMAND_MASTER)
		return ret;

	ret = pciio_cfg_write(func, PCI_COMMAND, 2, command | PCI_COMMAND_MASTER);
	if (!ret)
		func->mastering = true;
	return ret;
}

static void master_settle(struct pciio_func *func)
{
	u16 command;
	int ret;

	if (!func->mastering || func->master)
		return;

	ret = pciio_command_read(func, &command);
	if (!ret)
		ret = pciio_cfg_write(func, PCI_COMMAND, 2, command & ~PCI_COMMAND_MASTER);
	if (ret == -EAGAIN)
		pciio_func_queue(func, &func->settle_work, 1);
	else
		func->mastering = false;
}

/* Restores what no user needs any more. */
void pciio_func_settle(struct pciio_func *func)
{
	struct pci_dev *pdev = func->pdev;
	u16 command;
	int ret;

	assert_locked(func);
	if (func->rom_on && !func->rom_users) {
		pci_disable_rom(pdev);
		func->rom_on = false;
	}
	master_settle(func);
	if (!func->active || func->users)
		return;

	pciio_func_give_back(func);
	ret = 0;
	if (func->driver == PCIIO_DRIVER_NONE && !pci_is_enabled(pdev)) {
		ret = pciio_command_read(func, &command);
		command = (command & ~COMMAND_BITS) | (func->saved & COMMAND_BITS);
		if (!ret)
			ret = pciio_cfg_write(func, PCI_COMMAND, 2, command);
	}

	/* A reset has begun: it will put back what is there now. */
	if (ret == -EAGAIN)
		pciio_func_queue(func, &func->settle_work, 1);
	else
		func->active = false;
}

/*
 * A program has given bits of COMMAND a value by a request: that is what they have
 * when activation ends, too.
 */
void pciio_func_keep(struct pciio_func *func, u16 mask, u16 value)
{
	lockdep_assert_held(&func->cfg_lock);
	mutex_lock(&func->lock);
	if (func->active)
		func->saved = (func->saved & ~mask) | (value & mask);
	if (mask & PCI_COMMAND_MASTER) {
		func->mastering = false;
		func->master = func->master && value & PCI_COMMAND_MASTER;
	}
	mutex_unlock(&func->lock);
}

/*
 * After a driver has gone, or a reset or a sleep has cleared COMMAND. What was saved
 * with a driver bound includes its bus mastering: save again.
 */
void pciio_func_reactivate(struct pciio_func *func)
{
	u16 command;
	int ret = 0;

	assert_locked(func);
	if (!func->users || func->driver != PCIIO_DRIVER_NONE || func->pdev->is_virtfn)
		return;

	if (func->saved_with_driver) {
		ret = pciio_command_read(func, &command);
		if (!ret) {
			func->saved = command;
			func->saved_with_driver = false;
		}
	}
	if (!ret)
		ret = command_set(func, false);
	/* A driver that reads the ROM disables it when it is done. */
	if (!ret && func->rom_users)
		ret = rom_set(func);
	if (ret == -EAGAIN)
		pciio_func_queue(func, &func->settle_work, 1);
	else if (ret)
		pci_warn(func->pdev, PCIIO_NAME ": decoding could not be turned on again\n");
}

/*
 * Drops a user. It must not wait, because it may run while a driver's remove()
 * waits for the caller: what a reset keeps it from doing is done later.
 */
void pciio_func_deactivate(struct pciio_func *func, int index)
{
	bool locked = pciio_cfg_trylock(func);
	struct pciio_look look;
	int ret;

	mutex_lock(&func->lock);
	func->users--;
	if (index == PCI_ROM_RESOURCE)
		func->rom_users--;
	if (locked)
		pciio_func_settle(func);
	mutex_unlock(&func->lock);

	if (!locked) {
		pciio_func_queue(func, &func->settle_work, 0);
		return;
	}

	/* Others that came while decoding was on may lose it now. */
	ret = pciio_look_take(func, &look);
	pciio_cfg_unlock(func);
	if (!ret)
		pciio_look_apply(func, &look);
}
