// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Configuration writes and resets, and the BARs that they may disable. */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>

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

/* Of a bridge to conventional PCI the same bit of Device Control has another meaning. */
static bool is_flr(struct pciio_func *func, const struct pci_io *io)
{
	int exp = func->pdev->pcie_cap, af = func->regs.af;

	return !is_bridge(func) &&
	       ((exp && sets(io, exp + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR)) ||
		(af && sets(io, af + PCI_AF_CTRL, PCI_AF_CTRL_FLR)));
}

static bool is_bus_reset(struct pciio_func *func, const struct pci_io *io)
{
	return is_bridge(func) && sets(io, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET);
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

/* What a write or a reset may disable besides the function itself. */
struct reach {
	bool virtual;			/* its virtual functions */
	bool below;			/* what is behind the bridge */
};

static bool is_affected(struct pciio_func *other, struct pciio_func *self, struct reach reach)
{
	bool affected;

	if (other == self || !pciio_func_enter(other))
		return false;

	affected = (reach.virtual && other->pdev->is_virtfn &&
		    pci_physfn(other->pdev) == self->pdev) ||
		   (reach.below && pciio_is_below(other->pdev, self->pdev));
	pciio_func_leave(other);
	return affected;
}

/* Closes the gates. */
static int affected_close(struct affected *affected, struct pciio_func *self, struct reach reach)
{
	struct pciio_func **all;
	unsigned int count, i;
	u32 generation;

	*affected = (struct affected){ .self = self };
	if (reach.virtual || reach.below) {
		all = pciio_func_snapshot(&count, &generation);
		if (IS_ERR(all))
			return PTR_ERR(all);

		for (i = 0; i < count; i++) {
			if (is_affected(all[i], self, reach))
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

/* Opens the gates. When something was @done, the states are read back before that. */
static void affected_open(struct affected *affected, bool done)
{
	unsigned int i;

	if (done && pciio_func_in_use(affected->self))
		pciio_func_look(affected->self);
	pciio_gate_open(affected->self);
	for (i = 0; i < affected->count; i++) {
		struct pciio_func *func = affected->others[i];

		if (done && pciio_func_in_use(func) && pciio_func_enter(func)) {
			pciio_func_look(func);
			pciio_func_leave(func);
		}
		pciio_gate_open(func);
	}
	if (affected->others)
		pciio_func_snapshot_free(affected->others, affected->count);
}

/*
 * The others have been reset without their drivers, pciio among them, being asked:
 * vectors are lost, or what they were to be for.
 */
static void affected_disturb(struct affected *affected)
{
	unsigned int i;

	for (i = 0; i < affected->count; i++) {
		struct pciio_func *func = affected->others[i];

		if (pciio_func_enter(func)) {
			pciio_intr_disturb(func);
			pciio_func_leave(func);
		}
	}
}

static u32 all_ones(const struct pci_io *io)
{
	return ~0U >> (32 - 8 * io->pi_width);
}

/* All ones may mean that the device does not respond: that is nothing to write back. */
static int read_old(struct pciio_func *func, const struct pci_io *io, u32 *old)
{
	int ret = pciio_cfg_read(func, io->pi_reg, io->pi_width, old);

	if (ret || *old != all_ones(io))
		return ret;
	return pciio_cfg_check_present(func);
}

/* What a write has done to COMMAND outlives activation; @mask is of the access. */
static void keep_command(struct pciio_func *func, const struct pci_io *io, u32 mask, u32 value)
{
	int shift = 8 * (io->pi_reg - PCI_COMMAND);

	if (overlaps(io, PCI_COMMAND, PCI_COMMAND + 2))
		pciio_func_keep(func, mask << shift, value << shift);
}

/*
 * With @old, the bits that are not in @mask keep the value that is read into it;
 * without, a write means the bits that it changes.
 */
static int write_locked(struct pciio_func *func, const struct pci_io *io, u32 mask, u32 *old)
{
	u32 data = io->pi_data, before;
	int ret = 0;

	if (old) {
		ret = read_old(func, io, old);
		data |= *old & ~mask;
	} else if (overlaps(io, PCI_COMMAND, PCI_COMMAND + 2)) {
		ret = pciio_cfg_read(func, io->pi_reg, io->pi_width, &before);
		mask = (before ^ data) & all_ones(io);
	}
	if (!ret)
		ret = pciio_cfg_write(func, io->pi_reg, io->pi_width, data);
	if (!ret)
		keep_command(func, io, mask, data);
	return ret;
}

typedef int (*locked_fn)(struct pciio_func *func, const struct pci_io *io, u32 mask, u32 *old);

/* A reset may begin at any time: then nothing has been written yet. */
static int run_locked(locked_fn fn, struct pciio_func *func, const struct pci_io *io, u32 mask,
		      u32 *old)
{
	int ret;

	do {
		ret = pciio_cfg_lock(func);
		if (ret)
			return ret;
		ret = fn(func, io, mask, old);
		pciio_cfg_unlock(func);
	} while (ret == -EAGAIN);
	return ret;
}

/* Every write is followed by a look: other registers may do the same on this device. */
static int conf_write(struct pciio_func *func, const struct pci_io *io, u32 mask, u32 *old)
{
	struct affected affected;
	struct reach reach;
	bool decisive, flr;
	int ret;

	ret = pciio_cfg_lock(func);
	if (ret)
		return ret;
	find_regs(func);
	pciio_cfg_unlock(func);

	flr = is_flr(func, io);
	decisive = is_decisive(func, io);
	if (decisive) {
		reach.virtual = is_sriov(func, io) || (flr && func->regs.sriov);
		reach.below = is_forwarding(func, io);
		ret = affected_close(&affected, func, reach);
		if (ret)
			return ret;
	}

	ret = run_locked(write_locked, func, io, mask, old);
	if (!ret && flr) {
		msleep(FLR_DELAY);
		pciio_intr_disturb(func);
	} else if (!ret && is_power(func, io)) {
		msleep(D3_DELAY);
	}
	if (!ret && (flr || is_bus_reset(func, io)))
		affected_disturb(&affected);

	if (decisive)
		affected_open(&affected, true);
	else if (pciio_func_in_use(func))
		pciio_func_look(func);
	return ret;
}

int pciio_func_write(struct pciio_func *func, const struct pci_io *io)
{
	return conf_write(func, io, 0, NULL);
}

/* Returns 1 when the bits have their value already: then nothing is to be written. */
static int compare_locked(struct pciio_func *func, const struct pci_io *io, u32 mask, u32 *old)
{
	int ret = read_old(func, io, old);

	if (ret || (*old & mask) != io->pi_data)
		return ret;

	keep_command(func, io, mask, io->pi_data);
	return 1;
}

/*
 * Changes the bits of @mask to those of io->pi_data, as one operation. Nothing is
 * written, and no mapping is disturbed, when they have that value.
 */
int pciio_func_modify(struct pciio_func *func, const struct pci_io *io, u32 mask, u32 *old)
{
	int ret;

	ret = run_locked(compare_locked, func, io, mask, old);
	if (ret)
		return ret < 0 ? ret : 0;

	return conf_write(func, io, mask, old);
}

/* A hint: they cannot be locked. */
static bool has_drivers(const struct affected *affected)
{
	unsigned int i;

	for (i = 0; i < affected->count; i++)
		if (READ_ONCE(affected->others[i]->driver) != PCIIO_DRIVER_NONE)
			return true;
	return false;
}

/* With device_lock, so that no driver comes or goes. */
static int reset_locked(struct pci_dev *pdev, bool share_driver)
{
	const struct device_driver *driver = pdev->dev.driver;
	int ret;

	if (driver && driver != &pciio_driver.driver && !share_driver)
		return -EBUSY;

	/* The kernel says that of each method that did not help, too. */
	ret = pci_reset_function_locked(pdev);
	return ret == -ENOTTY ? -ETIMEDOUT : ret;
}

/*
 * Never waits for device_lock: a process that holds it may wait for us. That of
 * the bridge keeps others from its registers while the kernel resets the bus.
 */
static int reset_device(struct pci_dev *pdev, bool share_driver)
{
	struct pci_dev *bridge = pci_upstream_bridge(pdev);
	int ret = -EAGAIN;

	if (bridge && !pci_dev_trylock(bridge))
		return -EAGAIN;

	if (pci_dev_trylock(pdev)) {
		ret = reset_locked(pdev, share_driver);
		pci_dev_unlock(pdev);
	}
	if (bridge)
		pci_dev_unlock(bridge);
	return ret;
}

/* A bridge takes what is below it along, a physical function its virtual ones. */
int pciio_func_reset(struct pciio_func *func, bool share_driver)
{
	struct reach reach = { .virtual = func->pdev->is_physfn, .below = is_bridge(func) };
	struct affected affected;
	int ret;

	if (!func->pdev->reset_methods[0])
		return -EOPNOTSUPP;

	ret = affected_close(&affected, func, reach);
	if (ret)
		return ret;

	if (has_drivers(&affected) && !share_driver)
		ret = -EBUSY;
	else
		ret = reset_device(func->pdev, share_driver);
	if (!ret)
		affected_disturb(&affected);
	/* Where nothing was done, another one may have configuration space: do not wait for it. */
	affected_open(&affected, ret != -EAGAIN && ret != -EBUSY);
	return ret;
}
