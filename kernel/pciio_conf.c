// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Configuration space, and the properties of one BAR. */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/pm_runtime.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pciio.h"

/* Of the standard header of a bridge; the registers before it do not forward anything. */
#define BRIDGE_FIRST	PCI_PRIMARY_BUS
#define BRIDGE_END	(PCI_BRIDGE_CONTROL + 2)
/* PCIe r6.0, 7.5.3: up to Link and Slot Control, which switch the link and the slot off. */
#define EXP_END		(PCI_EXP_SLTCTL + 2)
/* PCIe r6.0, 7.8.6: a pair of registers for each of up to six BARs. */
#define REBAR_END	(PCI_REBAR_CTRL + 5 * 8 + 4)

/* PCIe r6.0, 6.6.2 and 5.9: how long a function may need after a reset, and after D3hot. */
#define FLR_DELAY	100
#define D3_DELAY	10

static bool conf_valid(const struct pci_io *io)
{
	if (io->pi_width != 1 && io->pi_width != 2 && io->pi_width != 4)
		return false;
	return io->pi_reg >= 0 && !(io->pi_reg & (io->pi_width - 1));
}

static bool overlaps(const struct pci_io *io, int first, int end)
{
	return io->pi_reg < end && io->pi_reg + io->pi_width > first;
}

static bool in_cap(const struct pci_io *io, int cap, int offset, int len)
{
	return cap && overlaps(io, cap + offset, cap + offset + len);
}

/* The bits of the 16-bit register at @reg that the write sets. */
static bool sets(const struct pci_io *io, int reg, u16 bits)
{
	u64 value = (u64)io->pi_data << 8 * (io->pi_reg & 3);

	if (io->pi_width < 4)
		value &= (u64)(BIT_ULL(8 * io->pi_width) - 1) << 8 * (io->pi_reg & 3);
	return overlaps(io, reg, reg + 2) && (value >> 8 * (reg & 3)) & bits;
}

/* Where the capabilities are that can disable BARs. */
static void find_regs(struct pciio_func *func)
{
	struct pci_dev *pdev = func->pdev;
	u32 header = 0;
	u16 command;

	lockdep_assert_held(&func->cfg_lock);
	if (func->regs_known || pciio_command_read(func, &command) || command == (u16)~0)
		return;

	func->regs.af = pci_find_capability(pdev, PCI_CAP_ID_AF);
	func->regs.ea = pci_find_capability(pdev, PCI_CAP_ID_EA);
	/* Entries of up to five words; the capability ends somewhere before this. */
	if (func->regs.ea && !pciio_cfg_read(func, func->regs.ea, 4, &header))
		func->regs.ea_end = func->regs.ea + 8 + 20 * (header >> 16 & PCI_EA_NUM_ENT_MASK);
	func->regs.rebar = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_REBAR);
	func->regs.sriov = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	func->regs_known = true;
}

static bool is_bridge(const struct pciio_func *func)
{
	return func->header == PCI_HEADER_TYPE_BRIDGE || func->header == PCI_HEADER_TYPE_CARDBUS;
}

static bool is_flr(struct pciio_func *func, const struct pci_io *io)
{
	int exp = func->pdev->pcie_cap, af = func->regs.af;

	return (exp && sets(io, exp + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR)) ||
	       (af && sets(io, af + PCI_AF_CTRL, PCI_AF_CTRL_FLR));
}

/* Whether the write may take away BARs of the virtual functions. */
static bool is_sriov(struct pciio_func *func, const struct pci_io *io)
{
	return in_cap(io, func->regs.sriov, PCI_SRIOV_CTRL, PCI_SRIOV_BAR + 6 * 4 - PCI_SRIOV_CTRL);
}

static bool is_power(struct pciio_func *func, const struct pci_io *io)
{
	return in_cap(io, func->pdev->pm_cap, PCI_PM_CTRL, 2);
}

/* Whether the write may take away what is below the bridge. */
static bool is_forwarding(struct pciio_func *func, const struct pci_io *io)
{
	return is_bridge(func) &&
	       (overlaps(io, PCI_COMMAND, PCI_COMMAND + 2) ||
		overlaps(io, BRIDGE_FIRST, BRIDGE_END) || is_power(func, io) ||
		in_cap(io, func->pdev->pcie_cap, PCI_EXP_DEVCTL, EXP_END - PCI_EXP_DEVCTL));
}

/* Whether the write may take away BARs of the function itself. */
static bool is_decisive(struct pciio_func *func, const struct pci_io *io)
{
	int rom = func->pdev->rom_base_reg;

	return overlaps(io, PCI_COMMAND, PCI_COMMAND + 2) ||
	       overlaps(io, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_5 + 4) ||
	       (rom && overlaps(io, rom, rom + 4)) || is_power(func, io) || is_flr(func, io) ||
	       in_cap(io, func->regs.rebar, 0, REBAR_END) ||
	       (func->regs.ea && overlaps(io, func->regs.ea, func->regs.ea_end)) ||
	       is_sriov(func, io) || is_forwarding(func, io);
}

/* The functions whose BARs a write may disable; @self is inside the fence already. */
struct affected {
	struct pciio_func *self;
	struct pciio_func **others;
	unsigned int count;
};

static bool is_affected(struct pciio_func *other, struct pciio_func *self, bool sriov)
{
	bool affected;

	if (other == self || !pciio_func_enter(other))
		return false;

	affected = sriov ? other->pdev->is_virtfn && pci_physfn(other->pdev) == self->pdev :
			   pciio_is_below(other->pdev, self->pdev);
	pciio_func_leave(other);
	return affected;
}

/* Closes the gates. Virtual functions and what is below a bridge are others. */
static int affected_close(struct affected *affected, struct pciio_func *self,
			  const struct pci_io *io)
{
	bool sriov = is_sriov(self, io), forwarding = is_forwarding(self, io);
	struct pciio_func **all;
	unsigned int count, i;
	u32 generation;

	*affected = (struct affected){ .self = self };
	if (sriov || forwarding) {
		all = pciio_func_snapshot(&count, &generation);
		if (IS_ERR(all))
			return PTR_ERR(all);

		for (i = 0; i < count; i++) {
			if (is_affected(all[i], self, sriov))
				all[affected->count++] = all[i];
			else
				pciio_func_put(all[i]);
		}
		affected->others = all;
	}

	pciio_gate_close(self);
	for (i = 0; i < affected->count; i++)
		pciio_gate_close(affected->others[i]);
	return 0;
}

/* Reads the states back and opens the gates. */
static void affected_open(struct affected *affected)
{
	unsigned int i;

	pciio_gate_open(affected->self);
	for (i = 0; i < affected->count; i++) {
		struct pciio_func *func = affected->others[i];

		if (pciio_func_in_use(func) && pciio_func_enter(func)) {
			pciio_func_look(func);
			pciio_func_leave(func);
		}
		pciio_gate_open(func);
	}
	if (affected->others)
		pciio_func_snapshot_free(affected->others, affected->count);
}

/* A reset may begin at any time: then the write has not been done yet. */
static int conf_write_once(struct pciio_func *func, const struct pci_io *io)
{
	int ret;

	do {
		ret = pciio_cfg_lock(func);
		if (ret)
			return ret;
		ret = pciio_cfg_write(func, io->pi_reg, io->pi_width, io->pi_data);
		pciio_cfg_unlock(func);
	} while (ret == -EAGAIN);
	return ret;
}

/* Every write is followed by a look: other registers may do the same on this device. */
static int conf_write(struct pciio_func *func, const struct pci_io *io)
{
	struct affected affected;
	bool decisive;
	int ret;

	ret = pciio_cfg_lock(func);
	if (ret)
		return ret;
	find_regs(func);
	pciio_cfg_unlock(func);

	decisive = is_decisive(func, io);
	if (decisive) {
		ret = affected_close(&affected, func, io);
		if (ret)
			return ret;
	}

	ret = conf_write_once(func, io);
	if (!ret && is_flr(func, io))
		msleep(FLR_DELAY);
	else if (!ret && is_power(func, io))
		msleep(D3_DELAY);
	if (pciio_func_in_use(func))
		pciio_func_look(func);

	if (decisive)
		affected_open(&affected);
	return ret;
}

static int conf_read(struct pciio_func *func, struct pci_io *io)
{
	return pciio_cfg_read_wait(func, io->pi_reg, io->pi_width, &io->pi_data);
}

/* FreeBSD has no upper bound; here a register outside is EINVAL. */
static int conf_access(struct pci_io *io, bool write)
{
	struct pciio_func *func;
	int ret;

	if (!conf_valid(io))
		return -EINVAL;

	func = pciio_func_enter_sel(&io->pi_sel);
	if (!func)
		return -ENODEV;

	if (pm_runtime_resume_and_get(&func->pdev->dev) < 0) {
		pciio_func_leave(func);
		return -EIO;
	}

	if (io->pi_reg > func->pdev->cfg_size - io->pi_width)
		ret = -EINVAL;
	else
		ret = write ? conf_write(func, io) : conf_read(func, io);

	pm_runtime_put(&func->pdev->dev);
	pciio_func_leave(func);
	return ret;
}

static long conf_request(struct pci_io __user *arg, bool write)
{
	struct pci_io io;
	int ret;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;

	ret = conf_access(&io, write);
	if (ret)
		return ret;
	return copy_to_user(arg, &io, sizeof(io)) ? -EFAULT : 0;
}

long pciio_read(const struct pciio_call *call)
{
	return conf_request(call->arg, false);
}

long pciio_write(const struct pciio_call *call)
{
	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return -EPERM;
	return conf_request(call->arg, true);
}

long pciio_attached(const struct pciio_call *call)
{
	struct pciio_func *func;
	struct pci_io io;

	if (copy_from_user(&io, call->arg, sizeof(io)))
		return -EFAULT;

	func = pciio_func_enter_sel(&io.pi_sel);
	if (!func)
		return -ENODEV;
	io.pi_data = !!READ_ONCE(func->driver_name[0]);
	pciio_func_leave(func);

	return copy_to_user(call->arg, &io, sizeof(io)) ? -EFAULT : 0;
}

/* Never wakes the device: asleep, it does not respond to the BAR either. */
static int bar_enabled(struct pciio_func *func, int index)
{
	bool io = pci_resource_flags(func->pdev, index) & IORESOURCE_IO;
	u32 command, rom;

	if (func->pdev->is_virtfn)
		return 1;
	if (pciio_asleep(func->pdev) ||
	    pciio_cfg_read_wait(func, PCI_COMMAND, 2, &command) || command == (u16)~0)
		return 0;
	if (index != PCI_ROM_RESOURCE)
		return !!(command & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY));

	return !pciio_cfg_read_wait(func, func->pdev->rom_base_reg, 4, &rom) &&
	       rom & PCI_ROM_ADDRESS_ENABLE;
}

static int getbar(struct pciio_func *func, struct pci_bar_io *io)
{
	struct pci_dev *pdev = func->pdev;
	int index = pciio_bar_index(pdev, io->pbi_reg);
	struct pci_bus_region region;
	unsigned long flags;

	if (index < 0)
		return index;

	/* The type bits of the register are the low ones of the resource's flags. */
	flags = pci_resource_flags(pdev, index) & PCIIO_BAR_TYPE;
	pcibios_resource_to_bus(pdev->bus, &region, &pdev->resource[index]);
	io->pbi_base = region.start | (index == PCI_ROM_RESOURCE ? 0 : flags);
	io->pbi_length = pci_resource_len(pdev, index);
	io->pbi_enabled = bar_enabled(func, index);
	return 0;
}

long pciio_getbar(const struct pciio_call *call)
{
	struct pciio_func *func;
	struct pci_bar_io io;
	int ret;

	if (copy_from_user(&io, call->arg, sizeof(io)))
		return -EFAULT;

	func = pciio_func_enter_sel(&io.pbi_sel);
	if (!func)
		return -ENODEV;
	ret = getbar(func, &io);
	pciio_func_leave(func);
	if (ret)
		return ret;

	return copy_to_user(call->arg, &io, sizeof(io)) ? -EFAULT : 0;
}
