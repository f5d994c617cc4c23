// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* /dev/pci: who may make which request, and the table of requests. */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "pciio.h"

/* Not the numbers of PCIOCGETCONF: that name depends on the FreeBSD version. */
#define NR_GETCONF_SHORT	5
#define NR_GETCONF_LONG		10

/*
 * All requests are _IOWR('p', nr, structure), and @compat_size is that of
 * the structure of 32-bit callers.
 */
struct request {
	unsigned int nr;
	bool read_only;			/* served on a read-only descriptor, too */
	bool extensible;		/* the structure begins with its size */
	size_t size, compat_size;
	long (*call)(const struct pciio_call *call);
};

static const struct request requests[] = {
	{ _IOC_NR(PCIOCREAD), false, false,
	  sizeof(struct pci_io), sizeof(struct pci_io), pciio_read },
	{ _IOC_NR(PCIOCWRITE), false, false,
	  sizeof(struct pci_io), sizeof(struct pci_io), pciio_write },
	{ _IOC_NR(PCIOCATTACHED), false, false,
	  sizeof(struct pci_io), sizeof(struct pci_io), pciio_attached },
	{ NR_GETCONF_SHORT, true, false,
	  sizeof(struct pci_conf_io), PCIIO_GETCONF_COMPAT_SIZE, pciio_getconf_short },
	{ NR_GETCONF_LONG, true, false,
	  sizeof(struct pci_conf_io), PCIIO_GETCONF_COMPAT_SIZE, pciio_getconf_long },
	{ _IOC_NR(PCIOCGETBAR), true, false,
	  sizeof(struct pci_bar_io), sizeof(struct pci_bar_io), pciio_getbar },
	{ _IOC_NR(PCIOCLISTVPD), true, false,
	  sizeof(struct pci_list_vpd_io), PCIIO_LISTVPD_COMPAT_SIZE, pciio_listvpd },
	{ _IOC_NR(PCIOCBARMMAP), false, false,
	  sizeof(struct pci_bar_mmap), PCIIO_BARMMAP_COMPAT_SIZE, pciio_barmmap },
	{ _IOC_NR(PCIOCBARIO), false, false,
	  sizeof(struct pci_bar_ioreq), sizeof(struct pci_bar_ioreq), pciio_bario },
	{ _IOC_NR(PCIOCBAROPEN), false, true,
	  sizeof(struct pci_bar_open), sizeof(struct pci_bar_open), pciio_baropen },
};

/* Checked once, at open, in the initial user namespace; later the descriptor is the right. */
static int pciio_open(struct inode *inode, struct file *file)
{
	if (file->f_mode & FMODE_WRITE && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	return 0;
}

/* Compares the number only, because the size depends on the caller. */
static const struct request *find_request(unsigned int cmd)
{
	unsigned int i;

	if (_IOC_TYPE(cmd) != 'p' || _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE))
		return NULL;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].nr == _IOC_NR(cmd))
			return &requests[i];
	return NULL;
}

/*
 * A read-only descriptor promises that the state of the system does not change:
 * every other request is EPERM before anything else, unknown ones too. That is
 * the order of FreeBSD.
 */
static long dispatch(struct file *file, unsigned int cmd, void __user *arg, bool compat)
{
	const struct request *request = find_request(cmd);
	struct pciio_call call = { .file = file, .arg = arg, .compat = compat };
	size_t size;

	if (!(file->f_mode & FMODE_WRITE) && !(request && request->read_only))
		return -EPERM;
	if (!request)
		return -ENOTTY;

	size = compat ? request->compat_size : request->size;
	if (!request->extensible && _IOC_SIZE(cmd) != size)
		return -ENOTTY;

	return request->call(&call);
}

static long pciio_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dispatch(file, cmd, (void __user *)arg, false);
}

#ifdef CONFIG_COMPAT
static long pciio_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return dispatch(file, cmd, compat_ptr(arg), true);
}
#endif

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

int pciio_ioctl_register(void)
{
	return misc_register(&pciio_misc);
}

void pciio_ioctl_unregister(void)
{
	misc_deregister(&pciio_misc);
}
