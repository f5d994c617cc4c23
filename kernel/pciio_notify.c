// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the kernel announces: functions and drivers that come and go, resume. */
#include <linux/suspend.h>

#include "pciio.h"

static void func_add(struct pci_dev *pdev)
{
	struct pciio_func *func = pciio_func_new(pdev);

	if (!func) {
		pci_warn(pdev, PCIIO_NAME ": out of memory, not in /dev/pci\n");
		return;
	}

	pciio_work_init(func);
	if (!pciio_func_insert(func)) {
		pciio_func_forget(func);
		return;
	}

	/* A driver that was bound before the function was here has not been announced. */
	if (pciio_func_enter(func)) {
		pciio_driver_found(func);
		pciio_func_leave(func);
	}
}

/* After this the device may only be put: what its accessors use may be freed. */
static void func_remove(struct pci_dev *pdev)
{
	struct pciio_func *func = pciio_func_detach(pdev);

	if (!func)
		return;

	/* First: afterwards the close of a vector finds no device to stop it. */
	pciio_driver_withdraw(func);
	pciio_func_close(func);
	pciio_func_kill_bars(func);
	pciio_func_drain(func);
	/* BARs whose first user was inside. */
	pciio_func_kill_bars(func);
	pciio_func_end(func);
	pciio_work_cancel(func);
	pciio_func_forget(func);
}

static bool still_there(struct pci_dev *pdev)
{
	struct pci_dev *found = pci_get_domain_bus_and_slot(pci_domain_nr(pdev->bus),
							    pdev->bus->number, pdev->devfn);

	pci_dev_put(found);
	return found == pdev;
}

/*
 * The functions that exist when the module is loaded, with the notifier already
 * registered. A VF may be removed without the rescan lock: one that cannot be
 * found any more may have been announced before it was in the catalogue.
 */
static void func_add_all(void)
{
	struct pci_dev *pdev = NULL;

	pci_lock_rescan_remove();
	for_each_pci_dev(pdev) {
		func_add(pdev);
		if (pdev->is_virtfn && !still_there(pdev))
			func_remove(pdev);
	}
	pci_unlock_rescan_remove();
}

/* Only when nothing of the module is open any more. */
static void func_remove_all(void)
{
	struct pciio_func *func;

	while ((func = pciio_func_detach_any())) {
		pciio_work_flush(func);
		pciio_work_cancel(func);
		pciio_func_forget(func);
	}
}

/* dev->driver is set from before BIND_DRIVER until after the driver's resources are released. */
static void notify_binding(struct pciio_func *func)
{
	const struct device_driver *driver = READ_ONCE(func->pdev->dev.driver);

	if (driver)
		pciio_func_set_name(func, driver->name);
	if (driver == &pciio_driver.driver)
		pciio_driver_settle(func);
	else
		pciio_driver_probing(func);
}

static void notify_bound(struct pciio_func *func)
{
	const struct device_driver *driver = func->pdev->dev.driver;

	/* Its probe may have begun before the module was here. */
	pciio_func_set_name(func, driver->name);
	if (driver != &pciio_driver.driver)
		pciio_driver_bound(func);
}

static void notify_driver(struct pci_dev *pdev, unsigned long event)
{
	struct pciio_func *func = pciio_func_of(pdev);

	if (!func)
		return;

	if (pciio_func_enter(func)) {
		if (event == BUS_NOTIFY_BIND_DRIVER)
			notify_binding(func);
		else if (event != BUS_NOTIFY_BOUND_DRIVER)
			pciio_driver_left(func);
		else
			notify_bound(func);
		pciio_func_leave(func);
	}
	pciio_func_put(func);
}

/*
 * The events of drivers come with device_lock held, the others without it.
 * REMOVED_DEVICE finds what was added while the module was being loaded.
 */
static int pciio_notify(struct notifier_block *nb, unsigned long event, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	switch (event) {
	case BUS_NOTIFY_ADD_DEVICE:
		func_add(pdev);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
	case BUS_NOTIFY_REMOVED_DEVICE:
		func_remove(pdev);
		break;
	case BUS_NOTIFY_BIND_DRIVER:
	case BUS_NOTIFY_BOUND_DRIVER:
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
	case BUS_NOTIFY_UNBOUND_DRIVER:
		notify_driver(pdev, event);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block pciio_nb = {
	.notifier_call = pciio_notify,
};

/* Resume enables INTx of a function without a driver; the device may have lost its state. */
static int pciio_pm_notify(struct notifier_block *nb, unsigned long event, void *unused)
{
	struct pciio_func **funcs;
	unsigned int count, i;
	u32 generation;

	if (event != PM_POST_SUSPEND && event != PM_POST_HIBERNATION)
		return NOTIFY_DONE;

	funcs = pciio_func_snapshot(&count, &generation);
	if (IS_ERR(funcs))
		return NOTIFY_DONE;
	for (i = 0; i < count; i++) {
		if (!READ_ONCE(funcs[i]->active) && !READ_ONCE(funcs[i]->intr_held))
			continue;
		if (!pciio_func_enter(funcs[i]))
			continue;
		atomic_set(&funcs[i]->forgot, 1);
		pciio_intr_disturb(funcs[i]);
		pciio_func_queue(funcs[i], &funcs[i]->settle_work, 0);
		pciio_func_leave(funcs[i]);
	}
	pciio_func_snapshot_free(funcs, count);
	return NOTIFY_DONE;
}

static struct notifier_block pciio_pm_nb = {
	.notifier_call = pciio_pm_notify,
};

/* The notifier first: a function that comes in the meantime must not be missed. */
int pciio_notify_register(void)
{
	int ret;

	ret = bus_register_notifier(&pci_bus_type, &pciio_nb);
	if (ret)
		return ret;
	func_add_all();

	ret = register_pm_notifier(&pciio_pm_nb);
	if (ret) {
		bus_unregister_notifier(&pci_bus_type, &pciio_nb);
		func_remove_all();
	}
	return ret;
}

void pciio_notify_unregister(void)
{
	unregister_pm_notifier(&pciio_pm_nb);
	bus_unregister_notifier(&pci_bus_type, &pciio_nb);
	func_remove_all();
}
