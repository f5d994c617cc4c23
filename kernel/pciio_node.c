// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* /dev/pci: who may ask for what, in FreeBSD's order. */
#include <linux/capability.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "pciio.h"

struct pci_dev *pciio_find(const struct pcisel *sel)
{
	if (sel->pc_dev > 31 || sel->pc_func > 7)
		return NULL;
	return pci_get_domain_bus_and_slot(sel->pc_domain, sel->pc_bus,
					   PCI_DEVFN(sel->pc_dev, sel->pc_func));
}

/* Once, and in the initial user namespace; later the descriptor is the right. */
static int pciio_open(struct inode *inode, struct file *file)
{
	if (file->f_mode & FMODE_WRITE && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	return 0;
}

/*
 * A read-only descriptor promises that the state of the system does not change:
 * what is not known to keep that promise is EPERM before anything else, unknown
 * requests too. Compared by number, because sizes differ by the caller's ABI.
 */
long pciio_check_rights(struct file *file, unsigned int cmd)
{
	if (file->f_mode & FMODE_WRITE)
		return 0;
	if (_IOC_TYPE(cmd) == 'p' && _IOC_DIR(cmd) == (_IOC_READ | _IOC_WRITE))
		switch (_IOC_NR(cmd)) {
		case 5:		/* PCIOCGETCONF, both layouts */
		case 10:
		case _IOC_NR(PCIOCGETBAR):
		case _IOC_NR(PCIOCLISTVPD):
			return 0;
		}
	return -EPERM;
}

/* Requests whose structures are the same for both ABIs. */
long pciio_dispatch(unsigned int cmd, void __user *arg)
{
	switch (cmd) {
	case PCIOCREAD:
		return pciio_read(arg);
	case PCIOCWRITE:
		return pciio_write(arg);
	case PCIOCATTACHED:
		return pciio_attached(arg);
	case PCIOCGETBAR:
		return pciio_getbar(arg);
	case PCIOCBARIO:
		return pciio_bario(arg);
	case PCIOCBAROPEN:
		return pciio_baropen(arg);
	default:
		return -ENOTTY;
	}
}

static long pciio_ioctl(struct file *file, unsigned int cmd, unsigned long argp)
{
	void __user *arg = (void __user *)argp;
	long ret = pciio_check_rights(file, cmd);

	if (ret)
		return ret;
	switch (cmd) {
	case _IOWR('p', 5, struct pci_conf_io):
		return pciio_getconf(arg, sizeof(long), false);
	case _IOWR('p', 10, struct pci_conf_io):
		return pciio_getconf(arg, sizeof(long), true);
	case PCIOCLISTVPD:
		return pciio_listvpd_native(arg);
	case PCIOCBARMMAP:
		return pciio_barmmap(arg);
	default:
		return pciio_dispatch(cmd, arg);
	}
}

static const struct file_operations pciio_fops = {
	.owner = THIS_MODULE,
	.open = pciio_open,
	.unlocked_ioctl = pciio_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = pciio_compat_ioctl,
#endif
	.llseek = noop_llseek,
};

static struct miscdevice pciio_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pci",
	.mode = 0644,
	.fops = &pciio_fops,
};

int pciio_node_register(void)
{
	return misc_register(&pciio_misc);
}

void pciio_node_unregister(void)
{
	misc_deregister(&pciio_misc);
}
