// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* /dev/pci and function descriptors: who may make which request, and the table of requests. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "pciio.h"

/* Not the numbers of PCIOCGETCONF: that name depends on the FreeBSD version. */
#define NR_GETCONF_SHORT	5
#define NR_GETCONF_LONG		10

enum request_flag {
	ON_NODE		= 1 << 0,	/* served by /dev/pci */
	ON_FUNCTION	= 1 << 1,	/* served by function descriptors */
	READ_ONLY	= 1 << 2,	/* served on a read-only descriptor, too */
	EXTENSIBLE	= 1 << 3,	/* the structure begins with its size */

	ON_BOTH		= ON_NODE | ON_FUNCTION,
};

/*
 * All requests are _IOWR('p', nr, structure), and @compat_size is that of
 * the structure of 32-bit callers.
 */
struct request {
	unsigned int nr;
	unsigned int flags;		/* enum request_flag */
	size_t size, compat_size;
	long (*call)(const struct pciio_call *call);
};

static long funcopen(const struct pciio_call *call);

#define SAME_SIZE(type)	sizeof(struct type), sizeof(struct type)

static const struct request requests[] = {
	{ _IOC_NR(PCIOCREAD), ON_BOTH, SAME_SIZE(pci_io), pciio_read },
	{ _IOC_NR(PCIOCWRITE), ON_BOTH, SAME_SIZE(pci_io), pciio_write },
	{ _IOC_NR(PCIOCATTACHED), ON_BOTH, SAME_SIZE(pci_io), pciio_attached },
	{ NR_GETCONF_SHORT, ON_NODE | READ_ONLY,
	  sizeof(struct pci_conf_io), PCIIO_GETCONF_COMPAT_SIZE, pciio_getconf_short },
	{ NR_GETCONF_LONG, ON_NODE | READ_ONLY,
	  sizeof(struct pci_conf_io), PCIIO_GETCONF_COMPAT_SIZE, pciio_getconf_long },
	{ _IOC_NR(PCIOCGETBAR), ON_BOTH | READ_ONLY, SAME_SIZE(pci_bar_io), pciio_getbar },
	{ _IOC_NR(PCIOCLISTVPD), ON_BOTH | READ_ONLY,
	  sizeof(struct pci_list_vpd_io), PCIIO_LISTVPD_COMPAT_SIZE, pciio_listvpd },
	{ _IOC_NR(PCIOCBARMMAP), ON_BOTH,
	  sizeof(struct pci_bar_mmap), PCIIO_BARMMAP_COMPAT_SIZE, pciio_barmmap },
	{ _IOC_NR(PCIOCBARIO), ON_BOTH, SAME_SIZE(pci_bar_ioreq), pciio_bario },
	{ _IOC_NR(PCIOCBAROPEN), ON_BOTH | EXTENSIBLE, SAME_SIZE(pci_bar_open), pciio_baropen },
	{ _IOC_NR(PCIOCINTROPEN), ON_BOTH | READ_ONLY | EXTENSIBLE, SAME_SIZE(pci_intr_open),
	  pciio_intropen },
	{ _IOC_NR(PCIOCFUNCOPEN), ON_NODE | READ_ONLY | EXTENSIBLE, SAME_SIZE(pci_func_open),
	  funcopen },
	{ _IOC_NR(PCIOCRESET), ON_FUNCTION | EXTENSIBLE, SAME_SIZE(pci_reset), pciio_reset },
	{ _IOC_NR(PCIOCMODIFY), ON_FUNCTION | EXTENSIBLE, SAME_SIZE(pci_modify), pciio_modify },
};

/* Checked once, at open, in the initial user namespace; later the descriptor is the right. */
static int pciio_open(struct inode *inode, struct file *file)
{
	if (file->f_mode & FMODE_WRITE && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	return 0;
}

/* Compares the number only, because the size depends on the caller. */
static const struct request *find_request(unsigned int cmd, unsigned int where)
{
	unsigned int i;

	if (_IOC_TYPE(cmd) != 'p' || _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE))
		return NULL;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].nr == _IOC_NR(cmd) && requests[i].flags & where)
			return &requests[i];
	return NULL;
}

/*
 * A read-only descriptor promises that the state of the system does not change:
 * every other request is EPERM before anything else, unknown ones too. That is
 * the order of FreeBSD.
 */
static long dispatch(const struct pciio_call *call, unsigned int cmd)
{
	const struct request *request = find_request(cmd, call->func ? ON_FUNCTION : ON_NODE);
	size_t size;

	if (!(call->file->f_mode & FMODE_WRITE) && !(request && request->flags & READ_ONLY))
		return -EPERM;
	if (!request)
		return -ENOTTY;

	size = call->compat ? request->compat_size : request->size;
	if (!(request->flags & EXTENSIBLE) && _IOC_SIZE(cmd) != size)
		return -ENOTTY;

	return request->call(call);
}

static long node_request(struct file *file, unsigned int cmd, void __user *arg, bool compat)
{
	struct pciio_call call = { .file = file, .arg = arg, .compat = compat };

	return dispatch(&call, cmd);
}

static long pciio_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return node_request(file, cmd, (void __user *)arg, false);
}

#ifdef CONFIG_COMPAT
static long pciio_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return node_request(file, cmd, compat_ptr(arg), true);
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

/* Private data of a function descriptor. */
struct function {
	struct pciio_func *func;	/* referenced: a function that is gone stays gone */
	struct inode *inode;
};

static long function_request(struct file *file, unsigned int cmd, void __user *arg, bool compat)
{
	const struct function *function = file->private_data;
	struct pciio_call call = { .file = file, .func = function->func, .arg = arg,
				   .compat = compat };

	return dispatch(&call, cmd);
}

static long function_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return function_request(file, cmd, (void __user *)arg, false);
}

#ifdef CONFIG_COMPAT
static long function_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return function_request(file, cmd, compat_ptr(arg), true);
}
#endif

static __poll_t function_poll(struct file *file, poll_table *wait)
{
	const struct function *function = file->private_data;

	poll_wait(file, &function->func->removal, wait);
	return READ_ONCE(function->func->ended) ? EPOLLHUP | EPOLLERR : 0;
}

static void function_free(struct function *function)
{
	pciio_func_put(function->func);
	pciio_inode_put(function->inode);
	kfree(function);
}

static int function_release(struct inode *inode, struct file *file)
{
	function_free(file->private_data);
	return 0;
}

static void function_show_fdinfo(struct seq_file *m, struct file *file)
{
	const struct function *function = file->private_data;

	seq_printf(m, "function:\t%s\nright:\t%s\nstate:\t%s\n", function->func->name,
		   file->f_mode & FMODE_WRITE ? "rw" : "ro",
		   READ_ONCE(function->func->dead) ? "dead" : "live");
}

static const struct file_operations function_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = function_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = function_compat_ioctl,
#endif
	.poll = function_poll,
	.release = function_release,
	.show_fdinfo = function_show_fdinfo,
	.llseek = noop_llseek,
};

/*
 * The rights of the descriptor are those of the process that opened @node: that is
 * whose capability PCIOCLISTVPD checks.
 */
static struct file *function_file(struct function *function, const struct file *node, int flags)
{
	const struct cred *own = override_creds(node->f_cred);
	struct file *file;

	file = pciio_file_new(function->inode, function->func->name, flags, &function_fops,
			      function);
	revert_creds(own);
	return file;
}

/* Takes over the reference to @func. */
static struct file *function_open(struct pciio_func *func, const struct file *node, int flags)
{
	struct function *function;
	struct inode *inode;
	struct file *file;

	function = kmalloc(sizeof(*function), GFP_KERNEL_ACCOUNT);
	inode = function ? pciio_inode_new() : ERR_PTR(-ENOMEM);
	if (IS_ERR(inode)) {
		kfree(function);
		pciio_func_put(func);
		return ERR_CAST(inode);
	}

	function->func = func;
	function->inode = inode;
	file = function_file(function, node, flags);
	if (IS_ERR(file))
		function_free(function);
	return file;
}

static long funcopen(const struct pciio_call *call)
{
	struct pci_func_open io;
	struct pciio_func *func;
	struct file *file;
	bool writable;
	int ret;

	ret = pciio_copy_sized(&io, sizeof(io), call->arg);
	if (ret)
		return ret;

	writable = io.pfo_flags & PCIIO_FUNC_OPEN_RW;
	if (writable && !(call->file->f_mode & FMODE_WRITE))
		return -EPERM;
	if (io.pfo_size < sizeof(io) || io.pfo_flags & ~PCIIO_FUNC_OPEN_RW ||
	    io.pfo_reserved[0] || io.pfo_reserved[1] || io.pfo_reserved[2])
		return -EINVAL;

	func = pciio_call_enter(call, &io.pfo_sel);
	if (IS_ERR(func))
		return PTR_ERR(func);
	pciio_func_get(func);
	pciio_func_leave(func);

	file = function_open(func, call->file, writable ? O_RDWR : O_RDONLY);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return pciio_file_install(file, call->arg, &io, sizeof(io), &io.pfo_fd);
}

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
