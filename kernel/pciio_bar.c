// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The objects: functions and BARs in use, and the handles that use them. */
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "pciio.h"

/* Covers the list, and what the structs say that it covers. */
static DEFINE_MUTEX(pciio_lock);
static LIST_HEAD(pciio_funcs);

static struct pciio_func *func_find(struct pci_dev *pdev)
{
	struct pciio_func *func;

	list_for_each_entry(func, &pciio_funcs, link)
		if (func->pdev == pdev)
			return func;
	return NULL;
}

/* Call @fn on each bar of the function with pciio_lock held. */
void pciio_bars_visit(struct pci_dev *pdev, pciio_bar_fn fn, const void *arg)
{
	struct pciio_func *func;
	struct pciio_bar *bar;

	mutex_lock(&pciio_lock);
	func = func_find(pdev);
	if (func)
		list_for_each_entry(bar, &func->bars, link)
			fn(bar, arg);
	mutex_unlock(&pciio_lock);
}

static struct pciio_func *func_get_locked(struct pci_dev *pdev)
{
	struct pciio_func *func = func_find(pdev);

	if (func) {
		if (func->dead)
			return ERR_PTR(-ENODEV);
		func->refs++;
		return func;
	}
	func = kzalloc(sizeof(*func), GFP_KERNEL);
	if (!func)
		return ERR_PTR(-ENOMEM);
	func->refs = 1;
	func->pdev = pci_dev_get(pdev);
	mutex_init(&func->lock);
	INIT_LIST_HEAD(&func->bars);
	list_add(&func->link, &pciio_funcs);
	return func;
}

struct pciio_func *pciio_func_get(struct pci_dev *pdev)
{
	struct pciio_func *func;

	mutex_lock(&pciio_lock);
	func = func_get_locked(pdev);
	mutex_unlock(&pciio_lock);
	return func;
}

struct pciio_func *pciio_func_hold(struct pci_dev *pdev)
{
	struct pciio_func *func;

	mutex_lock(&pciio_lock);
	func = func_find(pdev);
	if (func)
		func->refs++;
	mutex_unlock(&pciio_lock);
	return func;
}

static void func_put_locked(struct pciio_func *func)
{
	if (--func->refs)
		return;
	list_del(&func->link);
	pci_dev_put(func->pdev);
	mutex_destroy(&func->lock);
	kfree(func);
}

void pciio_func_put(struct pciio_func *func)
{
	mutex_lock(&pciio_lock);
	func_put_locked(func);
	mutex_unlock(&pciio_lock);
}

static struct pciio_bar *bar_new(struct pciio_func *func, unsigned int index)
{
	struct pciio_bar *bar = kzalloc(sizeof(*bar), GFP_KERNEL);

	if (!bar)
		return ERR_PTR(-ENOMEM);
	bar->refs = 1;
	bar->func = func;
	bar->index = index;
	bar->start = pci_resource_start(func->pdev, index);
	bar->len = pci_resource_len(func->pdev, index);
	bar->private = !((bar->start | bar->len) & ~PAGE_MASK);
	mutex_init(&bar->lock);
	init_waitqueue_head(&bar->wait);
	INIT_LIST_HEAD(&bar->handles);
	bar->inode = pciio_inode_new();
	if (IS_ERR(bar->inode)) {
		struct inode *inode = bar->inode;

		kfree(bar);
		return ERR_CAST(inode);
	}
	list_add_tail(&bar->link, &func->bars);
	return bar;
}

static struct pciio_bar *bar_get(struct pci_dev *pdev, unsigned int index)
{
	struct pciio_func *func;
	struct pciio_bar *bar;

	mutex_lock(&pciio_lock);
	func = func_get_locked(pdev);
	if (IS_ERR(func)) {
		bar = ERR_CAST(func);
		goto out;
	}
	list_for_each_entry(bar, &func->bars, link)
		if (bar->index == index && !(bar->reasons & PCIIO_DEAD)) {
			bar->refs++;
			/* A bar holds one reference, however often it is used. */
			func_put_locked(func);
			goto out;
		}
	bar = bar_new(func, index);
	if (IS_ERR(bar))
		func_put_locked(func);
out:
	mutex_unlock(&pciio_lock);
	return bar;
}

static void bar_put(struct pciio_bar *bar)
{
	struct inode *inode = NULL;

	mutex_lock(&pciio_lock);
	if (!--bar->refs) {
		inode = bar->inode;
		list_del(&bar->link);
		func_put_locked(bar->func);
		mutex_destroy(&bar->lock);
		kfree(bar);
	}
	mutex_unlock(&pciio_lock);
	if (inode)
		pciio_inode_put(inode);
}

/* The part of joining that needs the bar; undone by bar_leave(). */
static int bar_join(struct pciio_bar *bar, struct pciio_handle *handle, enum pciio_attr attr)
{
	int ret = 0;

	mutex_lock(&bar->lock);
	if (bar->reasons & PCIIO_DEAD)
		ret = -ENODEV;
	else if (!list_empty(&bar->handles) && bar->attr != attr)
		ret = -EBUSY;
	else if (!bar->reserved)
		ret = pciio_attr_reserve(bar, attr);
	if (!ret && handle->flags & PCIIO_BAR_OPEN_EXCLUSIVE)
		ret = pciio_bar_claim(bar);
	if (ret) {
		if (list_empty(&bar->handles))
			pciio_attr_release(bar);
	} else {
		bar->attr = attr;
		if (handle->flags & PCIIO_BAR_OPEN_SHARE_DRIVER)
			bar->sharers++;
		list_add_tail(&handle->link, &bar->handles);
		/* With a driver, only those that share are let in; others would fault. */
		if (pciio_driver_holds(bar->func->pdev))
			bar->reasons |= PCIIO_DRIVER;
		bar->seq++;
	}
	mutex_unlock(&bar->lock);
	return ret;
}

static void bar_leave(struct pciio_bar *bar, struct pciio_handle *handle)
{
	mutex_lock(&bar->lock);
	list_del(&handle->link);
	if (handle->flags & PCIIO_BAR_OPEN_SHARE_DRIVER)
		bar->sharers--;
	if (handle->flags & PCIIO_BAR_OPEN_EXCLUSIVE) {
		pciio_bar_unclaim(bar);
		bar->exclusive = false;
	}
	/* Beside a driver only those that share with it keep the type. */
	if (list_empty(&bar->handles) || (bar->reasons & PCIIO_DRIVER && !bar->sharers))
		pciio_attr_release(bar);
	mutex_unlock(&bar->lock);
}

/*
 * Not an address that was never assigned, or that nobody decodes towards us; nor
 * that of a function which was found and not yet given to drivers: the kernel may
 * still move it, and pci_enable_device() complains of BARs whose turn is to come.
 */
bool pciio_bar_assigned(struct pci_dev *pdev, int index)
{
	const struct resource *res = &pdev->resource[index];

	return pdev->match_driver && !(res->flags & IORESOURCE_UNSET) && res->parent;
}

/*
 * After REMOVED_DEVICE nobody would tell us any more: a function that cannot be
 * found now, with the bar already in the list, is gone or will be announced.
 */
static bool still_there(struct pci_dev *pdev)
{
	struct pci_dev *found = pci_get_domain_bus_and_slot(pci_domain_nr(pdev->bus),
							    pdev->bus->number, pdev->devfn);

	pci_dev_put(found);
	return found == pdev;
}

/* The checks of MODULE's order from "driver" on, under device_lock. */
static int handle_admit(struct pciio_handle *handle, enum pciio_attr attr)
{
	struct pciio_bar *bar = handle->bar;
	struct pci_dev *pdev = bar->func->pdev;
	bool io = pci_resource_flags(pdev, bar->index) & IORESOURCE_IO;
	int ret;

	if (!pciio_bar_assigned(pdev, bar->index))
		return -EBUSY;
	mutex_lock(&bar->lock);
	ret = pciio_bar_arbitrate(bar, handle->flags);
	mutex_unlock(&bar->lock);
	if (ret)
		return ret;
	ret = pm_runtime_resume_and_get(&pdev->dev);
	if (ret < 0)
		return -EBUSY;
	handle->powered = true;
	if (handle->flags & PCIIO_BAR_OPEN_ACTIVATE) {
		ret = pciio_func_activate(bar->func, bar->index);
		handle->active = !ret;
	} else {
		ret = pciio_bar_decodes(pdev, bar->index);
	}
	if (!ret && io)
		ret = -EIO;
	if (!ret && handle->flags & PCIIO_BAR_OPEN_NO_MSIX)
		ret = pciio_msix_find(handle);
	return ret ? ret : bar_join(bar, handle, attr);
}

static void handle_undo(struct pciio_handle *handle)
{
	struct pciio_bar *bar = handle->bar;

	if (handle->active)
		pciio_func_deactivate(bar->func, bar->index);
	if (handle->powered)
		pm_runtime_put(&bar->func->pdev->dev);
}

static void handle_free(struct pciio_handle *handle)
{
	put_pid(handle->pid);
	kfree(handle);
}

int pciio_handle_create(struct pci_dev *pdev, int index, u32 flags, enum pciio_attr attr,
			struct pciio_handle **handlep)
{
	struct pciio_handle *handle;
	int ret;

	handle = kzalloc(sizeof(*handle), GFP_KERNEL);
	if (!handle)
		return -ENOMEM;
	handle->flags = flags;
	handle->pid = get_pid(task_tgid(current));
	get_task_comm(handle->comm, current);
	device_lock(&pdev->dev);
	handle->bar = bar_get(pdev, index);
	if (IS_ERR(handle->bar)) {
		ret = PTR_ERR(handle->bar);
		goto out_unlock;
	}
	ret = still_there(pdev) ? handle_admit(handle, attr) : -ENODEV;
	if (ret)
		handle_undo(handle);
	device_unlock(&pdev->dev);
	if (ret) {
		bar_put(handle->bar);
		handle_free(handle);
		return ret;
	}
	*handlep = handle;
	return 0;

out_unlock:
	device_unlock(&pdev->dev);
	handle_free(handle);
	return ret;
}

void pciio_handle_release(struct pciio_handle *handle)
{
	struct pciio_bar *bar = handle->bar;
	struct pci_dev *pdev = bar->func->pdev;

	device_lock(&pdev->dev);
	bar_leave(bar, handle);
	handle_undo(handle);
	device_unlock(&pdev->dev);
	bar_put(bar);
	handle_free(handle);
}

void pciio_show_maps(struct seq_file *m)
{
	struct pciio_handle *handle;
	struct pciio_func *func;
	struct pciio_bar *bar;

	mutex_lock(&pciio_lock);
	list_for_each_entry(func, &pciio_funcs, link)
		list_for_each_entry(bar, &func->bars, link) {
			mutex_lock(&bar->lock);
			list_for_each_entry(handle, &bar->handles, link)
				seq_printf(m, "%s %s%u pid %d %*pE flags 0x%x %s\n",
					   pci_name(func->pdev),
					   bar->index == PCI_ROM_RESOURCE ? "ROM" : "BAR",
					   bar->index, pid_vnr(handle->pid),
					   (int)strlen(handle->comm), handle->comm, handle->flags,
					   pciio_attr_name(bar->attr));
			mutex_unlock(&bar->lock);
		}
	mutex_unlock(&pciio_lock);
}
