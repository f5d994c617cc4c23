// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Access to configuration space. All of it runs inside the fence. */
#include <linux/sched/signal.h>

#include "pciio.h"

/* A reset may keep configuration space to itself for a minute. */
#define CFG_TIMEOUT	(90 * HZ)

/*
 * Whether a reset, or another user of pci_cfg_access_lock(), keeps configuration
 * space to itself. The module never takes that lock: it is a bit beside
 * msix_enabled and others, which drivers change without a lock, and those who
 * try it, as VFIO does before it resets a device, would fail because of us.
 */
static bool cfg_blocked(struct pciio_func *func)
{
	/* Racy on purpose: who sets it does not start before the access is over. */
	return data_race((bool)func->pdev->block_cfg_access);
}

/*
 * Begins a sequence of accesses that no other thread of the module interrupts.
 * Fails while configuration access is blocked. A reset may still begin later:
 * then the accesses return -EAGAIN.
 */
bool pciio_cfg_trylock(struct pciio_func *func)
{
	mutex_lock(&func->cfg_lock);
	if (!cfg_blocked(func))
		return true;

	mutex_unlock(&func->cfg_lock);
	return false;
}

/*
 * Waits for configuration access. pci_user_read_config_word() would not do: its
 * wait does not end when the function is removed, and removal, which waits for
 * us, may be what the reset waits for (pciehp holds its reset lock while it
 * removes functions).
 */
int pciio_cfg_wait(struct pciio_func *func, unsigned long end)
{
	if (READ_ONCE(func->dead))
		return -ENODEV;
	if (fatal_signal_pending(current))
		return -EINTR;
	if (time_after(jiffies, end))
		return -ETIMEDOUT;

	schedule_timeout_killable(1);
	return 0;
}

int pciio_cfg_lock(struct pciio_func *func)
{
	unsigned long end = jiffies + CFG_TIMEOUT;
	int ret = 0;

	while (!ret && !pciio_cfg_trylock(func))
		ret = pciio_cfg_wait(func, end);
	return ret;
}

void pciio_cfg_unlock(struct pciio_func *func)
{
	mutex_unlock(&func->cfg_lock);
}

/*
 * Who blocks configuration access saves the state of the device before the
 * reset. Without preemption between the check and the access, the access is
 * over by then.
 */
static bool access_begin(struct pciio_func *func)
{
	preempt_disable();
	if (!cfg_blocked(func))
		return true;

	preempt_enable();
	return false;
}

int pciio_cfg_read(struct pciio_func *func, int reg, int width, u32 *val)
{
	u16 word = 0;
	u8 byte = 0;
	int ret;

	*val = 0;
	if (!access_begin(func))
		return -EAGAIN;

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
	preempt_enable();
	return pcibios_err_to_errno(ret);
}

/* A single read that waits; it needs no lock. */
int pciio_cfg_read_wait(struct pciio_func *func, int reg, int width, u32 *val)
{
	unsigned long end = jiffies + CFG_TIMEOUT;
	int ret, waited;

	for (;;) {
		ret = pciio_cfg_read(func, reg, width, val);
		if (ret != -EAGAIN)
			return ret;
		waited = pciio_cfg_wait(func, end);
		if (waited)
			return waited;
	}
}

int pciio_cfg_write(struct pciio_func *func, int reg, int width, u32 val)
{
	int ret;

	lockdep_assert_held(&func->cfg_lock);
	if (!access_begin(func))
		return -EAGAIN;

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
	preempt_enable();

	if (reg < PCI_COMMAND + 2 && reg + width > PCI_COMMAND) {
		if (READ_ONCE(func->intx_on))
			pci_intx(func->pdev, true);
		pciio_intx_sync(func);
	}
	return pcibios_err_to_errno(ret);
}

/* Each page fault does this. */
int pciio_command_read(struct pciio_func *func, u16 *command)
{
	int ret;

	*command = 0;
	if (!access_begin(func))
		return -EAGAIN;

	ret = pci_read_config_word(func->pdev, PCI_COMMAND, command);
	preempt_enable();
	return pcibios_err_to_errno(ret);
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

/*
 * Returns -ENODEV when the device does not respond, -EAGAIN when a reset has begun.
 * The vendor ID would not do: that of a virtual function is all ones.
 */
int pciio_cfg_check_present(struct pciio_func *func)
{
	u32 val;
	int ret = pciio_cfg_read(func, PCI_CLASS_REVISION, 4, &val);

	return ret ? ret : val == ~0U ? -ENODEV : 0;
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
