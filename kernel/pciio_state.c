// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * States of BARs. Each change updates @reasons and @seq under the lock and zaps
 * the mappings afterwards: a fault that read the device before the change sees
 * another @seq, a fault that comes after it sees the reasons.
 */
#include "pciio.h"

/*
 * Why @handle cannot use the BAR now. @bar->reasons is what events have left;
 * power, errors and the address also change without an event. Call it inside the
 * fence.
 */
unsigned int pciio_bar_reasons(struct pciio_bar *bar, const struct pciio_handle *handle)
{
	struct pci_dev *pdev = bar->func->pdev;
	unsigned int reasons = bar->reasons;

	lockdep_assert_held(&bar->lock);
	if (reasons & PCIIO_DEAD)
		return reasons;

	if (handle->flags & PCIIO_BAR_OPEN_SHARE_DRIVER)
		reasons &= ~PCIIO_DRIVER;
	if (pciio_asleep(pdev))
		reasons |= PCIIO_POWER;
	if (pci_channel_offline(pdev))
		reasons |= PCIIO_ERROR;
	if (!pciio_bar_placed(pdev, bar->index))
		reasons |= PCIIO_MOVED;
	return reasons;
}

struct change {
	unsigned int set, clear;
};

static void bar_change(struct pciio_bar *bar, const void *arg)
{
	const struct change *change = arg;
	bool zap;

	mutex_lock(&bar->lock);
	zap = pciio_bar_mark(bar, change->set, change->clear);
	mutex_unlock(&bar->lock);

	if (zap)
		pciio_bar_zap(bar);
	wake_up_all(&bar->wait);
}

void pciio_func_change(struct pciio_func *func, unsigned int set, unsigned int clear)
{
	struct change change = { set, clear };

	pciio_func_visit_bars(func, bar_change, &change);
}

static void bar_refault(struct pciio_bar *bar, const void *unused)
{
	mutex_lock(&bar->lock);
	pciio_bar_mark(bar, 0, 0);
	mutex_unlock(&bar->lock);
	pciio_bar_zap(bar);
}

/* Takes all mappings out of the page tables; the next access faults and checks again. */
void pciio_func_refault(struct pciio_func *func)
{
	pciio_func_visit_bars(func, bar_refault, NULL);
}

static void bar_kill(struct pciio_bar *bar, const void *unused)
{
	pciio_bar_kill(bar);
}

void pciio_func_kill_bars(struct pciio_func *func)
{
	pciio_func_visit_bars(func, bar_kill, NULL);
}

/* Enhanced Allocation and fixed BARs have no register that could be compared. */
static bool register_moved(struct pciio_func *func, int index)
{
	struct pci_dev *pdev = func->pdev;
	struct resource *res = &pdev->resource[index];
	bool rom = index == PCI_ROM_RESOURCE;
	struct pci_bus_region region;
	u64 val;

	if (resource_type(res) != IORESOURCE_MEM || pdev->is_virtfn ||
	    res->flags & (IORESOURCE_PCI_FIXED | IORESOURCE_PCI_EA_BEI | IORESOURCE_UNSET) ||
	    pciio_bar_register(func, index, &val))
		return false;

	/* The kernel writes the address of a ROM only when it enables the ROM. */
	if (rom && !(val & PCI_ROM_ADDRESS_ENABLE))
		return false;

	pcibios_resource_to_bus(pdev->bus, &region, res);
	return (val & (rom ? PCI_ROM_ADDRESS_MASK : ~(u64)PCIIO_BAR_TYPE)) != region.start;
}

struct window {
	u64 base, limit;
};

static bool in_window(const struct window *window, const struct pci_bus_region *region)
{
	return region->start >= window->base && region->end <= window->limit;
}

/* Whether a bridge forwards the region, by its registers. One that cannot be read does not. */
static bool bridge_forwards(struct pci_dev *bridge, const struct pci_bus_region *region)
{
	struct window memory, prefetchable;
	u32 mem, pref, base = 0, limit = 0;
	u16 command;

	if (pci_read_config_word(bridge, PCI_COMMAND, &command) || command == (u16)~0 ||
	    !(command & PCI_COMMAND_MEMORY))
		return false;
	if (bridge->hdr_type != PCI_HEADER_TYPE_BRIDGE || bridge->transparent)
		return true;

	if (pci_read_config_dword(bridge, PCI_MEMORY_BASE, &mem) ||
	    pci_read_config_dword(bridge, PCI_PREF_MEMORY_BASE, &pref))
		return false;
	if ((pref & PCI_PREF_RANGE_TYPE_MASK) == PCI_PREF_RANGE_TYPE_64 &&
	    (pci_read_config_dword(bridge, PCI_PREF_BASE_UPPER32, &base) ||
	     pci_read_config_dword(bridge, PCI_PREF_LIMIT_UPPER32, &limit)))
		return false;

	memory.base = (u64)(mem & PCI_MEMORY_RANGE_MASK & 0xffff) << 16;
	memory.limit = (mem & 0xfff00000) | 0xfffff;
	prefetchable.base = (u64)base << 32 | (u64)(pref & 0xfff0) << 16;
	prefetchable.limit = (u64)limit << 32 | (pref & 0xfff00000) | 0xfffff;
	return in_window(&memory, region) || in_window(&prefetchable, region);
}

/* The bridges above exist as long as the function does. */
static bool is_forwarded(struct pci_dev *pdev, int index)
{
	struct resource *res = &pdev->resource[index];
	struct pci_bus_region region;
	struct pci_dev *bridge;

	if (resource_type(res) != IORESOURCE_MEM || !pciio_bar_placed(pdev, index))
		return true;

	pcibios_resource_to_bus(pdev->bus, &region, res);
	for (bridge = pci_upstream_bridge(pdev); bridge; bridge = pci_upstream_bridge(bridge))
		if (!bridge_forwards(bridge, &region))
			return false;
	return true;
}

/*
 * Reads the state. A function that does not respond does not decode either; one
 * that a reset begins to block is -EAGAIN.
 */
int pciio_look_take(struct pciio_func *func, struct pciio_look *look)
{
	struct pci_dev *pdev = func->pdev;
	u32 pm = 0;
	u16 command;
	int ret, i;

	lockdep_assert_held(&func->cfg_lock);
	*look = (struct pciio_look){ .seq = ++func->look_seq };
	ret = pciio_command_read(func, &command);
	if (!ret && command != (u16)~0 && pdev->pm_cap)
		ret = pciio_cfg_read(func, pdev->pm_cap + PCI_PM_CTRL, 2, &pm);
	if (ret == -EAGAIN)
		return ret;
	if (ret || command == (u16)~0)
		return 0;

	look->decoding = command & PCI_COMMAND_MEMORY || pdev->is_virtfn;
	look->rom = pdev->rom_base_reg && pciio_rom_enabled(func);
	look->asleep = pm & PCI_PM_CTRL_STATE_MASK;
	for (i = 0; i < PCIIO_BARS; i++)
		if (READ_ONCE(func->bars[i]))
			look->moved[i] = register_moved(func, i) || !is_forwarded(pdev, i);

	/* What was read above may be that of the middle of a reset. */
	return pciio_command_read(func, &command) == -EAGAIN ? -EAGAIN : 0;
}

static void bar_apply_look(struct pciio_bar *bar, const void *arg)
{
	const struct pciio_look *look = arg;
	bool decoding = look->decoding && (bar->index != PCI_ROM_RESOURCE || look->rom);
	unsigned int set = (decoding ? 0 : PCIIO_DECODE) | (look->asleep ? PCIIO_POWER : 0) |
			   (look->moved[bar->index] ? PCIIO_MOVED : 0);
	bool changed = false, zap = false;

	mutex_lock(&bar->lock);
	/* An older look must not undo what a newer one has found. */
	if ((long)(look->seq - bar->look_seq) > 0) {
		bar->look_seq = look->seq;
		changed = (bar->reasons & PCIIO_READ_BACK) != set;
		if (changed)
			zap = pciio_bar_mark(bar, set, PCIIO_READ_BACK & ~set);
	}
	mutex_unlock(&bar->lock);

	if (zap)
		pciio_bar_zap(bar);
	if (changed)
		wake_up_all(&bar->wait);
}

void pciio_look_apply(struct pciio_func *func, const struct pciio_look *look)
{
	pciio_func_visit_bars(func, bar_apply_look, look);
}

/*
 * Configuration space was written, or may have been. What cannot be read counts
 * as not decoded: the next fault reads again.
 */
void pciio_func_look(struct pciio_func *func)
{
	struct pciio_look look;
	int ret;

	do {
		ret = pciio_cfg_lock(func);
		if (ret)
			break;
		ret = pciio_look_take(func, &look);
		pciio_cfg_unlock(func);
	} while (ret == -EAGAIN);

	if (ret)
		pciio_func_change(func, PCIIO_DECODE, 0);
	else
		pciio_look_apply(func, &look);
}

/*
 * A request is about to write what may disable BARs. Nothing is mapped from here
 * until the gate opens, after the state has been read back: faults wait.
 */
void pciio_gate_close(struct pciio_func *func)
{
	atomic_inc(&func->gates);
	pciio_func_refault(func);
}

void pciio_gate_open(struct pciio_func *func)
{
	if (atomic_dec_and_test(&func->gates))
		wake_up_all(&func->wait);
}

/*
 * Waits for the gate, or a moment for configuration access, which has no queue
 * to wait on. The caller holds a reference, is outside the fence and checks
 * again afterwards.
 */
void pciio_func_wait(struct pciio_func *func)
{
	if (atomic_read(&func->gates))
		wait_event_killable_timeout(func->wait, !atomic_read(&func->gates) ||
					    READ_ONCE(func->dead), HZ);
	else
		schedule_timeout_killable(1);
}
