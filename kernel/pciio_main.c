// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parameters, the notifier, the driver for driver_override, debugfs. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/suspend.h>

#include "pciio.h"

bool pciio_share_driver;
module_param_named(share_driver, pciio_share_driver, bool, 0644);
MODULE_PARM_DESC(share_driver, "PCIOCBARMMAP and PCIOCBARIO also beside a driver (off)");

bool pciio_share_page;
module_param_named(share_page, pciio_share_page, bool, 0644);
MODULE_PARM_DESC(share_page, "PCIOCBARMMAP also when a page holds something else (off)");

bool pciio_small_pages;
module_param_named(small_pages, pciio_small_pages, bool, 0644);
MODULE_PARM_DESC(small_pages, "PCIOCBARMMAP without leaves of 2 MiB (off)");

/* Of the list of functions, for PCIOCGETCONF; 0 would look like "none yet". */
atomic_t pciio_generation = ATOMIC_INIT(1);

/*
 * The binding events come with device_lock held, the others without it. During
 * BIND_DRIVER the driver is already in dev->driver.
 */
static int pciio_notify(struct notifier_block *nb, unsigned long event, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	switch (event) {
	case BUS_NOTIFY_ADD_DEVICE:
		atomic_inc(&pciio_generation);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
	case BUS_NOTIFY_REMOVED_DEVICE:
		atomic_inc(&pciio_generation);
		pciio_func_removed(pdev);
		break;
	case BUS_NOTIFY_BIND_DRIVER:
		if (pciio_driver_holds(pdev))
			pciio_func_binding(pdev);
		break;
	case BUS_NOTIFY_BOUND_DRIVER:
		if (pciio_driver_holds(pdev))
			pciio_func_bound(pdev);
		break;
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
	case BUS_NOTIFY_UNBOUND_DRIVER:
		pciio_func_unbound(pdev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block pciio_nb = {
	.notifier_call = pciio_notify,
};

/* Whoever resumes a function without a driver lets its INTx through again. */
static void pciio_resume(struct work_struct *work)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		device_lock(&pdev->dev);
		if (!pciio_driver_holds(pdev))
			pciio_func_resumed(pdev);
		device_unlock(&pdev->dev);
	}
}

static DECLARE_WORK(pciio_resume_work, pciio_resume);

/* Not here: drivers register such notifiers with device_lock held. */
static int pciio_pm_notify(struct notifier_block *nb, unsigned long event, void *unused)
{
	if (event == PM_POST_SUSPEND || event == PM_POST_HIBERNATION)
		schedule_work(&pciio_resume_work);
	return NOTIFY_DONE;
}

static struct notifier_block pciio_pm_nb = {
	.notifier_call = pciio_pm_notify,
};

/* Bound by driver_override only; it takes nothing, and so revokes nothing. */
static int pciio_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	/* For the recovery from an error, which puts back what was saved. */
	pci_save_state(pdev);
	return 0;
}

static void pciio_remove(struct pci_dev *pdev)
{
}

static pci_ers_result_t pciio_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	if (state == pci_channel_io_perm_failure) {
		pciio_func_failed(pdev);
		return PCI_ERS_RESULT_DISCONNECT;
	}
	pciio_func_event(pdev, PCIIO_ERROR, 0);
	return PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t pciio_slot_reset(struct pci_dev *pdev)
{
	pci_restore_state(pdev);
	pci_save_state(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

static void pciio_error_resume(struct pci_dev *pdev)
{
	pciio_func_resumed(pdev);
	pciio_func_event(pdev, 0, PCIIO_ERROR);
}

/*
 * Called with configuration access blocked: faults wait for it and then find a
 * working device, so that a reset never shows as SIGBUS.
 */
static void pciio_reset_prepare(struct pci_dev *pdev)
{
	pciio_func_refault(pdev);
}

static const struct pci_error_handlers pciio_err_handler = {
	.error_detected = pciio_error_detected,
	.slot_reset = pciio_slot_reset,
	.resume = pciio_error_resume,
	.reset_prepare = pciio_reset_prepare,
};

struct pci_driver pciio_driver = {
	.name = PCIIO_NAME,
	.probe = pciio_probe,
	.remove = pciio_remove,
	.err_handler = &pciio_err_handler,
	.driver_managed_dma = false,
};

static int maps_show(struct seq_file *m, void *unused)
{
	pciio_show_maps(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(maps);

static struct dentry *pciio_debugfs;

static int __init pciio_init(void)
{
	int ret;

	ret = bus_register_notifier(&pci_bus_type, &pciio_nb);
	if (ret)
		return ret;
	ret = register_pm_notifier(&pciio_pm_nb);
	if (ret)
		goto out_notifier;
	ret = pci_register_driver(&pciio_driver);
	if (ret)
		goto out_pm;
	ret = pciio_node_register();
	if (ret)
		goto out_driver;
	pciio_debugfs = debugfs_create_dir(PCIIO_NAME, NULL);
	debugfs_create_file("maps", 0400, pciio_debugfs, NULL, &maps_fops);
	return 0;

out_driver:
	pci_unregister_driver(&pciio_driver);
out_pm:
	unregister_pm_notifier(&pciio_pm_nb);
	flush_work(&pciio_resume_work);
out_notifier:
	bus_unregister_notifier(&pci_bus_type, &pciio_nb);
	return ret;
}

static void __exit pciio_exit(void)
{
	debugfs_remove_recursive(pciio_debugfs);
	pciio_node_unregister();
	pci_unregister_driver(&pciio_driver);
	unregister_pm_notifier(&pciio_pm_nb);
	flush_work(&pciio_resume_work);
	bus_unregister_notifier(&pci_bus_type, &pciio_nb);
}

module_init(pciio_init);
module_exit(pciio_exit);

MODULE_AUTHOR("The pcibar authors");
MODULE_DESCRIPTION("/dev/pci with FreeBSD's pciio(4) interface: map BARs into user space");
MODULE_LICENSE("Dual BSD/GPL");
