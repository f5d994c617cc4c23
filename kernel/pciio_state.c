// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * States of BARs. Each change updates @reasons and @seq under the lock and zaps
 * the mappings afterwards: a fault that read the device before the change sees
 * another @seq, a fault that comes after it sees the reasons.
 */
#include "pciio.h"

/*
 * Why @handle cannot use the BAR now. @bar->reasons is what events left behind;
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
	if (!pciio_bar_assigned(pdev, bar->index))
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

/*
 * Reads the state with configuration access locked. A function that does not
 * respond does not decode either.
 */
void pciio_look_take(struct pciio_func *func, struct pciio_look *look)
{
	struct pci_dev *pdev = func->pdev;
	u32 pm = 0;
	u16 command;
	int i;

	lockdep_assert_held(&func->cfg_lock);
	*look = (struct pciio_look){ .seq = ++func->look_seq };
	if (pciio_command_read(func, &command) || command == (u16)~0)
		return;
	if (pdev->pm_cap && pciio_cfg_read(func, pdev->pm_cap + PCI_PM_CTRL, 2, &pm))
		return;

	look->decoding = command & PCI_COMMAND_MEMORY || pdev->is_virtfn;
	look->rom = pdev->rom_base_reg && pciio_rom_enabled(func);
	look->asleep = pm & PCI_PM_CTRL_STATE_MASK;
	for (i = 0; i < PCIIO_BARS; i++)
		look->moved[i] = register_moved(func, i);
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

/* Configuration space was written, or may have been. */
int pciio_func_look(struct pciio_func *func)
{
	struct pciio_look look;
	int ret = pciio_cfg_lock(func);

	if (ret)
		return ret;

	pciio_look_take(func, &look);
	pciio_cfg_unlock(func);
	pciio_look_apply(func, &look);
	return 0;
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
