// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Access to configuration space. All of it runs inside the fence. */
#include <linux/sched/signal.h>

#include "pciio.h"

/* A reset may keep configuration space to itself for a minute. */
#define CFG_TIMEOUT	(90 * HZ)

/*
 * Locks configuration access of the function: resets and other users of
 * pci_cfg_access_lock() are kept away until pciio_cfg_unlock(). Fails while one
 * of them has it.
 */
bool pciio_cfg_trylock(struct pciio_func *func)
{
	mutex_lock(&func->cfg_lock);
	if (pci_cfg_access_trylock(func->pdev))
		return true;

	mutex_unlock(&func->cfg_lock);
	return false;
}

/*
 * Waits for configuration access. pci_user_read_config_word() and
 * pci_cfg_access_lock() would not do: their wait does not end when the function
 * is removed, and removal, which waits for us, may be what the reset waits for
 * (pciehp holds its reset lock while it removes functions).
 */
int pciio_cfg_lock(struct pciio_func *func)
{
	unsigned long end = jiffies + CFG_TIMEOUT;

	while (!pciio_cfg_trylock(func)) {
		if (READ_ONCE(func->dead))
			return -ENODEV;
		if (fatal_signal_pending(current))
			return -EINTR;
		if (time_after(jiffies, end))
			return -ETIMEDOUT;
		schedule_timeout_killable(1);
	}
	return 0;
}

void pciio_cfg_unlock(struct pciio_func *func)
{
	pci_cfg_access_unlock(func->pdev);
	mutex_unlock(&func->cfg_lock);
}

int pciio_cfg_read(struct pciio_func *func, int reg, int width, u32 *val)
{
	u16 word = 0;
	u8 byte = 0;
	int ret;

	lockdep_assert_held(&func->cfg_lock);
	switch (width) {
	case 1:
		ret = pci_read_config_byte(func->pdev, reg, &byte);
		*val = byte;
		break;
	case 2:
		ret = pci_read_config_word(func->pdev, reg, &word);
		*val = word;
		break;
	default:
		ret = pci_read_config_dword(func->pdev, reg, val);
	}
	return pcibios_err_to_errno(ret);
}

int pciio_cfg_write(struct pciio_func *func, int reg, int width, u32 val)
{
	int ret;

	lockdep_assert_held(&func->cfg_lock);
	switch (width) {
	case 1:
		ret = pci_write_config_byte(func->pdev, reg, val);
		break;
	case 2:
		ret = pci_write_config_word(func->pdev, reg, val);
		break;
	default:
		ret = pci_write_config_dword(func->pdev, reg, val);
	}
	return pcibios_err_to_errno(ret);
}

int pciio_command_read(struct pciio_func *func, u16 *command)
{
	lockdep_assert_held(&func->cfg_lock);
	return pcibios_err_to_errno(pci_read_config_word(func->pdev, PCI_COMMAND, command));
}

/* The register as it is in the device, both halves of a 64-bit BAR. */
int pciio_bar_register(struct pciio_func *func, int index, u64 *val)
{
	struct pci_dev *pdev = func->pdev;
	int reg = index == PCI_ROM_RESOURCE ? pdev->rom_base_reg : PCI_BASE_ADDRESS_0 + 4 * index;
	u32 low, high = 0;
	int ret;

	ret = pciio_cfg_read(func, reg, 4, &low);
	if (ret)
		return ret;

	if (pci_resource_flags(pdev, index) & IORESOURCE_MEM_64) {
		ret = pciio_cfg_read(func, reg + 4, 4, &high);
		if (ret)
			return ret;
	}

	*val = (u64)high << 32 | low;
	return 0;
}

bool pciio_rom_enabled(struct pciio_func *func)
{
	u64 val;

	return !pciio_bar_register(func, PCI_ROM_RESOURCE, &val) && val & PCI_ROM_ADDRESS_ENABLE;
}

/* Returns 0 when the BAR is decoded: by COMMAND, and for the ROM by its own bit as well. */
int pciio_bar_decodes(struct pciio_func *func, int index)
{
	bool io = pci_resource_flags(func->pdev, index) & IORESOURCE_IO;
	u16 command;
	int ret;

	/* A VF has no such bits; its PF decodes for it. */
	if (func->pdev->is_virtfn)
		return 0;

	ret = pciio_command_read(func, &command);
	if (ret)
		return ret;
	if (!(command & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
		return -EBUSY;
	return index == PCI_ROM_RESOURCE && !pciio_rom_enabled(func) ? -EBUSY : 0;
}
