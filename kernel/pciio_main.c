// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parameters, debugfs; loading and unloading. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

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

bool pciio_unsafe_interrupts;
module_param_named(unsafe_interrupts, pciio_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(unsafe_interrupts,
		 "allow interrupt messages of writable BARs without interrupt remapping (off)");

static int maps_show(struct seq_file *m, void *unused)
{
	pciio_handles_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(maps);

static int interrupts_show(struct seq_file *m, void *unused)
{
	pciio_intr_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(interrupts);

static struct dentry *pciio_debugfs;

static int __init pciio_init(void)
{
	int ret;

	ret = pciio_func_init();
	if (ret)
		return ret;
	ret = pciio_notify_register();
	if (ret)
		goto out_func;
	ret = pci_register_driver(&pciio_driver);
	if (ret)
		goto out_notify;
	ret = pciio_ioctl_register();
	if (ret)
		goto out_driver;

	pciio_debugfs = debugfs_create_dir(PCIIO_NAME, NULL);
	debugfs_create_file("maps", 0400, pciio_debugfs, NULL, &maps_fops);
	debugfs_create_file("interrupts", 0400, pciio_debugfs, NULL, &interrupts_fops);
	return 0;

out_driver:
	pci_unregister_driver(&pciio_driver);
out_notify:
	pciio_notify_unregister();
out_func:
	pciio_func_exit();
	return ret;
}

static void __exit pciio_exit(void)
{
	debugfs_remove_recursive(pciio_debugfs);
	pciio_ioctl_unregister();
	pci_unregister_driver(&pciio_driver);
	pciio_notify_unregister();
	pciio_func_exit();
}

module_init(pciio_init);
module_exit(pciio_exit);

MODULE_AUTHOR("The pcibar authors");
MODULE_DESCRIPTION("/dev/pci with FreeBSD's pciio(4) interface: map BARs into user space");
MODULE_LICENSE("Dual BSD/GPL");
