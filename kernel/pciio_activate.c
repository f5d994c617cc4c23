// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Activation: decoding that is on while somebody needs it, and as it was afterwards. */
#include "pciio.h"

/* The bits of COMMAND that activation changes, and puts back. */
#define COMMAND_BITS	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
			 PCI_COMMAND_INTX_DISABLE)

/*
 * Turn decoding on for the first user. pci_enable_device() does nothing when
 * somebody has counted before, though decoding may be off again by now: look.
 * A VF has no bit of its own; its PF decodes for it. Takes device_lock held.
 */
static int command_set(struct pciio_func *func, bool io, bool driver)
{
	struct pci_dev *pdev = func->pdev;
	u16 command, wanted;
	int ret = 0;

	if (!driver && !func->enabled) {
		ret = pci_enable_device(pdev);
		func->enabled = !ret;
	}
	if (!ret)
		ret = pci_user_read_config_word(pdev, PCI_COMMAND, &command);
	if (ret)
		return ret;
	wanted = command | (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY);
	/* Nobody handles an interrupt now; a driver that binds gets its bit back. */
	if (!driver)
		wanted |= PCI_COMMAND_INTX_DISABLE;
	if (wanted != command)
		ret = pci_user_write_config_word(pdev, PCI_COMMAND, wanted);
	return ret;
}

/*
 * After a driver has gone, or a reset has cleared COMMAND. What was saved beside
 * a driver has its bus mastering in it: save again.
 */
void pciio_func_reactivate(struct pciio_func *func)
{
	int ret = 0;

	mutex_lock(&func->lock);
	if (func->users && !func->dead && !func->pdev->is_virtfn) {
		if (func->beside)
			ret = pci_user_read_config_word(func->pdev, PCI_COMMAND, &func->saved);
		func->beside = false;
		if (!ret)
			ret = command_set(func, false, false);
		/* A driver that reads the ROM turns it off when it is done. */
		if (!ret && func->rom_users)
			ret = pci_enable_rom(func->pdev);
	}
	mutex_unlock(&func->lock);
	if (ret)
		pci_warn(func->pdev, PCIIO_NAME ": decoding could not be turned on again\n");
}

/*
 * Give the count of pci_enable_device() back, if it is ours; whether it was. A 0
 * that somebody wrote to sysfs' enable has taken it already, whosever it was.
 */
bool pciio_func_disable(struct pciio_func *func)
{
	bool enabled = func->enabled;

	func->enabled = false;
	if (enabled && pci_is_enabled(func->pdev))
		pci_disable_device(func->pdev);
	return enabled;
}

static void command_restore(struct pciio_func *func)
{
	struct pci_dev *pdev = func->pdev;
	u16 command;

	pciio_func_disable(func);
	if (pdev->is_virtfn || pciio_driver_holds(pdev) || atomic_read(&pdev->enable_cnt))
		return;
	if (pci_user_read_config_word(pdev, PCI_COMMAND, &command))
		return;
	command = (command & ~COMMAND_BITS) | (func->saved & COMMAND_BITS);
	pci_user_write_config_word(pdev, PCI_COMMAND, command);
}

int pciio_func_activate(struct pciio_func *func, int index)
{
	struct pci_dev *pdev = func->pdev;
	bool io = pci_resource_flags(pdev, index) & IORESOURCE_IO;
	bool driver = pciio_driver_holds(pdev);
	int ret = 0;

	mutex_lock(&func->lock);
	if (!pdev->is_virtfn) {
		if (!func->users) {
			ret = pci_user_read_config_word(pdev, PCI_COMMAND, &func->saved);
			func->beside = driver;
		}
		if (!ret)
			ret = command_set(func, io, driver);
	}
	if (!ret && index == PCI_ROM_RESOURCE && !func->rom_users++) {
		ret = pci_enable_rom(pdev);
		func->rom_users -= !!ret;
	}
	if (!ret)
		func->users++;
	else if (!func->users)
		command_restore(func);
	mutex_unlock(&func->lock);
	/* Others may have mapped the function while it did not decode. */
	pciio_func_written(pdev);
	return ret;
}

/* Takes device_lock held. A function that is gone is not touched. */
void pciio_func_deactivate(struct pciio_func *func, int index)
{
	bool dead;

	mutex_lock(&func->lock);
	dead = func->dead;
	func->users--;
	if (index == PCI_ROM_RESOURCE && !--func->rom_users && !dead)
		pci_disable_rom(func->pdev);
	if (!func->users && !dead)
		command_restore(func);
	mutex_unlock(&func->lock);
	/* Others that came while it was on may lose decoding now. */
	if (!dead)
		pciio_func_written(func->pdev);
}

/* Decoding, by COMMAND and for the ROM by its own bit. */
int pciio_bar_decodes(struct pci_dev *pdev, int index)
{
	bool io = pci_resource_flags(pdev, index) & IORESOURCE_IO;
	u16 command;
	int ret;

	if (pdev->is_virtfn)
		return 0;
	ret = pci_user_read_config_word(pdev, PCI_COMMAND, &command);
	if (ret)
		return ret;
	if (!(command & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
		return -EBUSY;
	return index == PCI_ROM_RESOURCE && !pciio_rom_enabled(pdev) ? -EBUSY : 0;
}
