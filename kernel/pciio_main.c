// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parameters, notifiers, debugfs; loading and unloading. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/suspend.h>

#include "pciio.h"

bool pciio_share_driver;
module_param_named(share_driver, pciio_share_driver, bool, 0644);
MODULE_PARM_DESC(share_driver, "allow PCIOCBARMMAP and PCIOCBARIO with a driver bound (off)");

bool pciio_share_page;
module_param_named(share_page, pciio_share_page, bool, 0644);
MODULE_PARM_DESC(share_page, "allow PCIOCBARMMAP of a BAR that shares a page (off)");

bool pciio_small_pages;
module_param_named(small_pages, pciio_small_pages, bool, 0644);
MODULE_PARM_DESC(small_pages, "make PCIOCBARMMAP use 4 KiB pages only (off)");

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
		else if (READ_ONCE(pdev->dev.driver) != &pciio_driver.driver)
			pciio_driver_bound(func);
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
		pciio_func_add(pdev);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
	case BUS_NOTIFY_REMOVED_DEVICE:
		pciio_func_remove(pdev);
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

/* Resume enables INTx of a function without a driver. */
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
		if (!READ_ONCE(funcs[i]->active) || !pciio_func_enter(funcs[i]))
			continue;
		pciio_work_settle(funcs[i], 0);
		pciio_func_leave(funcs[i]);
	}
	pciio_func_snapshot_free(funcs, count);
	return NOTIFY_DONE;
}

static struct notifier_block pciio_pm_nb = {
	.notifier_call = pciio_pm_notify,
};

static int maps_show(struct seq_file *m, void *unused)
{
	pciio_handles_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(maps);

static struct dentry *pciio_debugfs;

/* The notifier first: a function that comes in the meantime must not be missed. */
static int __init pciio_init(void)
{
	int ret;

	ret = pciio_driver_init();
	if (ret)
		return ret;
	ret = bus_register_notifier(&pci_bus_type, &pciio_nb);
	if (ret)
		goto out_work;
	pciio_func_add_all();

	ret = register_pm_notifier(&pciio_pm_nb);
	if (ret)
		goto out_notifier;
	ret = pci_register_driver(&pciio_driver);
	if (ret)
		goto out_pm;
	ret = pciio_ioctl_register();
	if (ret)
		goto out_driver;

	pciio_debugfs = debugfs_create_dir(PCIIO_NAME, NULL);
	debugfs_create_file("maps", 0400, pciio_debugfs, NULL, &maps_fops);
	return 0;

out_driver:
	pci_unregister_driver(&pciio_driver);
out_pm:
	unregister_pm_notifier(&pciio_pm_nb);
out_notifier:
	bus_unregister_notifier(&pci_bus_type, &pciio_nb);
	pciio_func_remove_all();
out_work:
	pciio_driver_exit();
	return ret;
}

static void __exit pciio_exit(void)
{
	debugfs_remove_recursive(pciio_debugfs);
	pciio_ioctl_unregister();
	pci_unregister_driver(&pciio_driver);
	unregister_pm_notifier(&pciio_pm_nb);
	bus_unregister_notifier(&pci_bus_type, &pciio_nb);
	pciio_func_remove_all();
	pciio_driver_exit();
}

module_init(pciio_init);
module_exit(pciio_exit);

MODULE_AUTHOR("The pcibar authors");
MODULE_DESCRIPTION("/dev/pci with FreeBSD's pciio(4) interface: map BARs into user space");
MODULE_LICENSE("Dual BSD/GPL");
