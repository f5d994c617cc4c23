// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* States: what happened to a function, and what that means for its mappings. */
#include "pciio.h"

/* Resized or moved through sysfs, of which nobody is told. */
bool pciio_bar_moved(const struct pciio_bar *bar)
{
	struct pci_dev *pdev = bar->func->pdev;

	return pci_resource_start(pdev, bar->index) != bar->start ||
	       pci_resource_len(pdev, bar->index) != bar->len;
}

/*
 * The fault's view. @reasons is what events left behind; power and errors
 * change without an event for a function that has no driver.
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
	if (pciio_bar_moved(bar))
		reasons |= PCIIO_DEAD;
	return reasons;
}

/*
 * Events. Each changes @reasons and @seq under the lock and zaps after it: a
 * fault that looked before sees the new @seq, one that looks later the reasons.
 */
static void bar_change(struct pciio_bar *bar, unsigned int set, unsigned int clear)
{
	bool zap;

	mutex_lock(&bar->lock);
	zap = set & ~bar->reasons;
	bar->reasons = (bar->reasons & ~clear) | set;
	bar->seq++;
	mutex_unlock(&bar->lock);
	if (zap)
		pciio_bar_zap(bar);
	wake_up_all(&bar->wait);
}

static void bar_set(struct pciio_bar *bar, const void *set)
{
	bar_change(bar, *(const unsigned int *)set, 0);
}

static void bar_clear(struct pciio_bar *bar, const void *clear)
{
	bar_change(bar, 0, *(const unsigned int *)clear);
}

void pciio_func_event(struct pci_dev *pdev, unsigned int set, unsigned int clear)
{
	if (set)
		pciio_bars_visit(pdev, bar_set, &set);
	if (clear)
		pciio_bars_visit(pdev, bar_clear, &clear);
}

/* Everything out of the page tables, to come back by faults. */
static void bar_refault(struct pciio_bar *bar, const void *unused)
{
	mutex_lock(&bar->lock);
	bar->seq++;
	mutex_unlock(&bar->lock);
	pciio_bar_zap(bar);
}

void pciio_func_refault(struct pci_dev *pdev)
{
	pciio_bars_visit(pdev, bar_refault, NULL);
}

/*
 * A driver is about to probe. Its own ioremap() shall not inherit our memory
 * type, unless somebody asked to share. An exclusive bar stays: the driver's
 * request_region() fails.
 */
static void bar_binding(struct pciio_bar *bar, const void *unused)
{
	if (READ_ONCE(bar->exclusive))
		return;
	bar_change(bar, PCIIO_DRIVER, 0);
	mutex_lock(&bar->lock);
	if (!bar->sharers)
		pciio_attr_release(bar);
	mutex_unlock(&bar->lock);
}

void pciio_func_binding(struct pci_dev *pdev)
{
	struct pciio_func *func = pciio_func_hold(pdev);
	u16 command;

	if (!func)
		return;
	pciio_bars_visit(pdev, bar_binding, NULL);
	mutex_lock(&func->lock);
	/* Decoding stays on; with our count the driver's own enable would do nothing. */
	if (pciio_func_disable(func) && !(func->saved & PCI_COMMAND_INTX_DISABLE) &&
	    !pci_user_read_config_word(pdev, PCI_COMMAND, &command))
		pci_user_write_config_word(pdev, PCI_COMMAND, command & ~PCI_COMMAND_INTX_DISABLE);
	mutex_unlock(&func->lock);
	pciio_func_put(func);
}

/* The driver has not asked for the region that an exclusive bar holds. */
static void bar_bound(struct pciio_bar *bar, const void *unused)
{
	if (!READ_ONCE(bar->exclusive))
		return;
	bar_change(bar, PCIIO_DRIVER, 0);
	mutex_lock(&bar->lock);
	pciio_attr_release(bar);
	mutex_unlock(&bar->lock);
}

void pciio_func_bound(struct pci_dev *pdev)
{
	pciio_bars_visit(pdev, bar_bound, NULL);
}

/* What the driver mapped for itself may live a little longer: the next fault tries again. */
static void bar_unbound(struct pciio_bar *bar, const void *unused)
{
	unsigned int set = 0;

	mutex_lock(&bar->lock);
	if (!bar->reserved && !(bar->reasons & PCIIO_DEAD) && !list_empty(&bar->handles) &&
	    pciio_attr_reserve(bar, bar->attr))
		set = PCIIO_ATTR;
	mutex_unlock(&bar->lock);
	bar_change(bar, set, PCIIO_DRIVER | (set ? 0 : PCIIO_ATTR));
}

/* Also when a probe has failed: pdev->dev.driver is still set then. */
void pciio_func_unbound(struct pci_dev *pdev)
{
	struct pciio_func *func = pciio_func_hold(pdev);

	if (!func)
		return;
	pciio_func_reactivate(func);
	pciio_bars_visit(pdev, bar_unbound, NULL);
	pciio_func_written(pdev);
	pciio_func_put(func);
}

static void bar_dead(struct pciio_bar *bar, const void *unused)
{
	bar_change(bar, PCIIO_DEAD, 0);
	mutex_lock(&bar->lock);
	pciio_attr_release(bar);
	pciio_bar_unclaim(bar);
	mutex_unlock(&bar->lock);
}

void pciio_bar_kill(struct pciio_bar *bar)
{
	bar_dead(bar, NULL);
}

/* An error from which the function does not come back. */
void pciio_func_failed(struct pci_dev *pdev)
{
	pciio_bars_visit(pdev, bar_dead, NULL);
}

void pciio_func_removed(struct pci_dev *pdev)
{
	struct pciio_func *func = pciio_func_hold(pdev);

	if (!func)
		return;
	mutex_lock(&func->lock);
	func->dead = true;
	mutex_unlock(&func->lock);
	pciio_bars_visit(pdev, bar_dead, NULL);
	pciio_func_put(func);
}

/* What configuration space says, read before any lock that a reset may want. */
struct look {
	bool decoding, rom, asleep;
	bool moved[PCI_ROM_RESOURCE + 1];
};

/* Enhanced Allocation and fixed BARs have no register that could be compared. */
static bool register_moved(struct pci_dev *pdev, int index)
{
	struct resource *res = &pdev->resource[index];
	bool rom = index == PCI_ROM_RESOURCE;
	struct pci_bus_region region;
	u64 val;

	if (resource_type(res) != IORESOURCE_MEM || pdev->is_virtfn ||
	    res->flags & (IORESOURCE_PCI_FIXED | IORESOURCE_PCI_EA_BEI) ||
	    pciio_bar_register(pdev, index, &val))
		return false;
	/* The kernel writes the address of a ROM only when it turns the ROM on. */
	if (rom && !(val & PCI_ROM_ADDRESS_ENABLE))
		return false;
	pcibios_resource_to_bus(pdev->bus, &region, res);
	return (val & (rom ? PCI_ROM_ADDRESS_MASK : ~(u64)PCIIO_BAR_TYPE)) != region.start;
}

static bool take_look(struct pci_dev *pdev, struct look *look)
{
	u16 command, pm = 0;
	int i;

	if (pci_user_read_config_word(pdev, PCI_COMMAND, &command) || command == (u16)~0)
		return false;
	if (pdev->pm_cap && pci_user_read_config_word(pdev, pdev->pm_cap + PCI_PM_CTRL, &pm))
		return false;
	look->decoding = command & PCI_COMMAND_MEMORY || pdev->is_virtfn;
	look->rom = pdev->rom_base_reg && pciio_rom_enabled(pdev);
	look->asleep = pm & PCI_PM_CTRL_STATE_MASK;
	for (i = 0; i <= PCI_ROM_RESOURCE; i++)
		look->moved[i] = register_moved(pdev, i);
	return true;
}

static void bar_look(struct pciio_bar *bar, const void *data)
{
	const struct look *look = data;
	bool decoding = look->decoding && (bar->index != PCI_ROM_RESOURCE || look->rom);
	unsigned int set = (decoding ? 0 : PCIIO_DECODE) | (look->asleep ? PCIIO_POWER : 0) |
			   (look->moved[bar->index] ? PCIIO_MOVED : 0);

	if ((READ_ONCE(bar->reasons) & PCIIO_WRITTEN) != set)
		bar_change(bar, set, PCIIO_WRITTEN & ~set);
}

/* Covers looking and drawing the conclusion, so that the last look decides. */
static DEFINE_MUTEX(look_lock);

/* Configuration space was, or may have been, written. */
void pciio_func_written(struct pci_dev *pdev)
{
	struct look look;

	mutex_lock(&look_lock);
	if (take_look(pdev, &look))
		pciio_bars_visit(pdev, bar_look, &look);
	mutex_unlock(&look_lock);
}

/* Somebody else has put COMMAND back: what the function's users need may be missing. */
void pciio_func_resumed(struct pci_dev *pdev)
{
	struct pciio_func *func = pciio_func_hold(pdev);

	if (!func)
		return;
	pciio_func_reactivate(func);
	pciio_func_written(pdev);
	pciio_func_put(func);
}
