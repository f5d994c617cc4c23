// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The users of BARs: how they are admitted, and what they give back. */
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "pciio.h"

/* Covers the list of all handles, for the debugfs file. */
static DEFINE_MUTEX(pciio_handles_lock);
static LIST_HEAD(pciio_handles);

/*
 * Reserves the memory type for the first user. A driver that is probing, or whose
 * resources are being released, must not get write-combining from us: what it
 * will map, or has mapped, is not known.
 */
static int join_attr(struct pciio_bar *bar, enum pciio_attr attr)
{
	enum pciio_driver_state driver = bar->func->driver;

	if (!list_empty(&bar->handles) && bar->attr != attr)
		return -EBUSY;
	if (attr == PCIIO_ATTR_WC && driver != PCIIO_DRIVER_NONE && driver != PCIIO_DRIVER_BOUND)
		return -EBUSY;
	return pciio_attr_reserve(bar, attr);
}

/* Whether the holder may be able to write to the MSI-X table. */
static bool is_forger(const struct pciio_handle *handle)
{
	return handle->flags & PCIIO_BAR_OPEN_RW && !(handle->flags & PCIIO_BAR_OPEN_NO_MSIX);
}

/* The part of joining that needs the BAR; undone by bar_leave(). */
static int bar_join(struct pciio_bar *bar, struct pciio_handle *handle, enum pciio_attr attr)
{
	unsigned int set;
	int ret;

	lockdep_assert_held(&bar->func->lock);
	mutex_lock(&bar->lock);
	ret = bar->reasons & PCIIO_DEAD ? -ENODEV : join_attr(bar, attr);
	if (!ret && handle->flags & PCIIO_BAR_OPEN_EXCLUSIVE)
		ret = pciio_bar_claim(bar);

	if (ret) {
		if (list_empty(&bar->handles))
			pciio_attr_release(bar);
		mutex_unlock(&bar->lock);
		return ret;
	}

	bar->attr = attr;
	if (is_forger(handle))
		atomic_inc(&bar->func->forgers);
	if (handle->flags & PCIIO_BAR_OPEN_SHARE_DRIVER)
		bar->sharers++;
	list_add_tail(&handle->link, &bar->handles);
	/* With a driver bound only those that share are admitted; others would fault. */
	set = bar->func->driver != PCIIO_DRIVER_NONE ? PCIIO_DRIVER : 0;
	if (set & ~bar->reasons || bar->reasons & PCIIO_ATTR)
		pciio_bar_mark(bar, set, PCIIO_ATTR);
	mutex_unlock(&bar->lock);
	return 0;
}

static void bar_leave(struct pciio_bar *bar, struct pciio_handle *handle)
{
	mutex_lock(&bar->lock);
	list_del(&handle->link);
	if (is_forger(handle))
		atomic_dec(&bar->func->forgers);
	if (handle->flags & PCIIO_BAR_OPEN_SHARE_DRIVER)
		bar->sharers--;
	if (handle->flags & PCIIO_BAR_OPEN_EXCLUSIVE) {
		pciio_bar_unclaim(bar);
		WRITE_ONCE(bar->exclusive, false);
	}

	/* With a driver bound only those that share with it keep the memory type. */
	if (list_empty(&bar->handles) || (bar->reasons & PCIIO_DRIVER && !bar->sharers))
		pciio_attr_release(bar);
	mutex_unlock(&bar->lock);
}

/*
 * Finds where the MSI-X table and the pending bits are, if in a page of the BAR, be it
 * in another BAR that shares the page: who writes there reaches all memory by DMA. This
 * is read once, when the descriptor is made: later a register of the BAR might have put
 * the device into a state in which it cannot be read.
 */
static int msix_find(struct pciio_handle *handle)
{
	struct pciio_bar *bar = handle->bar;
	struct pciio_func *func = bar->func;
	static const int regs[] = { PCI_MSIX_TABLE, PCI_MSIX_PBA };
	struct pci_dev *pdev = func->pdev;
	unsigned long space = pci_resource_flags(pdev, bar->index) & IORESOURCE_MEM;
	resource_size_t base = PCIIO_PAGE_BASE(bar->start);
	int cap = pdev->msix_cap, i;
	u32 flags, val, vectors;

	if (!cap)
		return 0;
	if (pciio_cfg_read(func, cap + PCI_MSIX_FLAGS, 2, &flags) || flags == (u16)~0)
		return -EIO;

	vectors = (flags & PCI_MSIX_FLAGS_QSIZE) + 1;
	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		u64 len = i ? DIV_ROUND_UP(vectors, 64) * 8 : vectors * PCI_MSIX_ENTRY_SIZE;
		u64 start;
		int bir;

		if (pciio_cfg_read(func, cap + regs[i], 4, &val) || val == ~0U)
			return -EIO;
		bir = val & PCI_MSIX_TABLE_BIR;
		if (bir >= PCI_STD_NUM_BARS || !(pci_resource_flags(pdev, bir) & space))
			continue;
		start = pci_resource_start(pdev, bir) + (val & PCI_MSIX_TABLE_OFFSET);
		if (start + len <= base || start >= base + pciio_bar_pages(bar))
			continue;
		handle->msix[i].first = start > base ? start - base : 0;
		handle->msix[i].end = start + len - base;
	}
	return 0;
}

bool pciio_handle_has_msix(const struct pciio_handle *handle, u64 first, u64 end)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(handle->msix); i++)
		if (handle->msix[i].first < end && handle->msix[i].end > first)
			return true;
	return false;
}

static int arbitrate(struct pciio_handle *handle)
{
	struct pciio_bar *bar = handle->bar;
	int ret;

	mutex_lock(&bar->lock);
	ret = pciio_bar_arbitrate(bar, handle->flags);
	mutex_unlock(&bar->lock);
	return ret;
}

/* What must be true of the device, with it awake and its configuration space locked. */
static int admit_device(struct pciio_handle *handle)
{
	struct pciio_bar *bar = handle->bar;
	struct pciio_func *func = bar->func;
	int ret;

	if (handle->flags & PCIIO_BAR_OPEN_ACTIVATE) {
		ret = pciio_func_activate(func, bar->index);
		handle->active = !ret;
	} else {
		ret = pciio_bar_decodes(func, bar->index);
	}
	if (ret)
		return ret;

	if (pci_resource_flags(func->pdev, bar->index) & IORESOURCE_IO)
		return -EIO;
	return handle->flags & PCIIO_BAR_OPEN_NO_MSIX ? msix_find(handle) : 0;
}

static int admit_locked(struct pciio_handle *handle, enum pciio_attr attr)
{
	struct pciio_bar *bar = handle->bar;
	struct pciio_func *func = bar->func;
	struct pciio_look look;
	int ret;

	ret = pciio_cfg_lock(func);
	if (ret)
		return ret;

	mutex_lock(&func->lock);
	ret = arbitrate(handle);
	if (!ret && is_forger(handle) && func->exposed)
		ret = -EACCES;
	if (!ret)
		ret = admit_device(handle);
	if (!ret)
		ret = pciio_look_take(func, &look);
	pciio_cfg_unlock(func);
	if (!ret)
		ret = bar_join(bar, handle, attr);
	mutex_unlock(&func->lock);

	/* Activation concerns the other users, too. */
	if (!ret)
		pciio_look_apply(func, &look);
	return ret;
}

static void handle_undo(struct pciio_handle *handle)
{
	if (handle->active)
		pciio_func_deactivate(handle->bar->func, handle->bar->index);
	handle->active = false;
}

/* A function that its user may not have is not woken. */
static int handle_wake(struct pciio_handle *handle)
{
	struct pciio_func *func = handle->bar->func;
	int ret;

	if (pciio_asleep(func->pdev)) {
		mutex_lock(&func->lock);
		ret = arbitrate(handle);
		mutex_unlock(&func->lock);
		if (ret)
			return ret;
	}

	return pm_runtime_resume_and_get(&func->pdev->dev) < 0 ? -EBUSY : 0;
}

/* The checks in the documented order, from "no address" on. */
static int handle_admit(struct pciio_handle *handle, enum pciio_attr attr)
{
	int ret;

	ret = handle_wake(handle);
	if (ret)
		return ret;

	/* A reset may begin in the middle. */
	do {
		ret = admit_locked(handle, attr);
		if (ret)
			handle_undo(handle);
	} while (ret == -EAGAIN);
	if (ret)
		pm_runtime_put(&handle->bar->func->pdev->dev);
	return ret;
}

static void handle_free(struct pciio_handle *handle)
{
	put_pid(handle->pid);
	kfree(handle);
}

/* Call it inside the fence. */
int pciio_handle_create(struct pciio_func *func, int index, u32 flags, enum pciio_attr attr,
			struct pciio_handle **handlep)
{
	struct pciio_handle *handle;
	int ret;

	if (!pciio_bar_assigned(func->pdev, index))
		return -EBUSY;
	pciio_driver_settle(func);

	handle = kzalloc(sizeof(*handle), GFP_KERNEL);
	if (!handle)
		return -ENOMEM;
	handle->flags = flags;
	handle->pid = get_pid(task_tgid(current));
	get_task_comm(handle->comm, current);

	handle->bar = pciio_bar_get(func, index);
	if (IS_ERR(handle->bar)) {
		ret = PTR_ERR(handle->bar);
		handle_free(handle);
		return ret;
	}

	ret = handle_admit(handle, attr);
	if (ret) {
		pciio_bar_put(handle->bar);
		handle_free(handle);
		return ret;
	}

	mutex_lock(&pciio_handles_lock);
	list_add_tail(&handle->all, &pciio_handles);
	mutex_unlock(&pciio_handles_lock);
	*handlep = handle;
	return 0;
}

/*
 * Waits for no one who may wait for the caller. A function that is gone is not
 * touched.
 */
void pciio_handle_release(struct pciio_handle *handle)
{
	struct pciio_bar *bar = handle->bar;

	mutex_lock(&pciio_handles_lock);
	list_del(&handle->all);
	mutex_unlock(&pciio_handles_lock);

	bar_leave(bar, handle);
	if (pciio_func_enter(bar->func)) {
		handle_undo(handle);
		pm_runtime_put(&bar->func->pdev->dev);
		pciio_func_leave(bar->func);
	}
	pciio_bar_put(bar);
	handle_free(handle);
}

void pciio_handles_show(struct seq_file *m)
{
	struct pciio_handle *handle;

	mutex_lock(&pciio_handles_lock);
	list_for_each_entry(handle, &pciio_handles, all) {
		const struct pciio_bar *bar = handle->bar;

		seq_printf(m, "%s %s%u pid %d %*pE flags 0x%x %s\n", bar->func->name,
			   bar->index == PCI_ROM_RESOURCE ? "ROM" : "BAR", bar->index,
			   pid_vnr(handle->pid), (int)strlen(handle->comm), handle->comm,
			   handle->flags, pciio_attr_name(bar->attr));
	}
	mutex_unlock(&pciio_handles_lock);
}
