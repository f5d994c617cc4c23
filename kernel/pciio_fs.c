// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The file system of descriptors, which cannot be mounted. Each BAR in use has an
 * inode of its own, so that its address_space holds the mappings of that BAR and
 * no others: anonymous inodes share one with the whole system.
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/uaccess.h>

#include "pciio.h"

#define PCIIO_MAGIC	0x70636969	/* "pcii" */
#define NAME_MAX_LEN	48		/* of "DDDDDDDD:BB:DD.F BARn" */

/*
 * The mount holds the module. It exists as long as a descriptor does; otherwise
 * the module could never be unloaded.
 */
static struct vfsmount *pciio_mnt;
static int pciio_mnt_users;

/* Uses only the dentry: an O_PATH descriptor keeps it after the BAR is gone. */
static char *pciio_dname(struct dentry *dentry, char *buf, int len)
{
	char name[NAME_MAX_LEN + sizeof(PCIIO_NAME ":[]")];
	int n;

	n = scnprintf(name, sizeof(name), PCIIO_NAME ":[%s]", dentry->d_name.name);
	if (n >= len)
		return ERR_PTR(-ENAMETOOLONG);

	return memcpy(buf + len - n - 1, name, n + 1);
}

static const struct dentry_operations pciio_dentry_ops = {
	.d_dname = pciio_dname,
};

static int pciio_init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, PCIIO_MAGIC);

	if (!ctx)
		return -ENOMEM;

	ctx->dops = &pciio_dentry_ops;
	fc->s_iflags |= SB_I_NOEXEC;
	return 0;
}

static struct file_system_type pciio_fs_type = {
	.name = PCIIO_NAME,
	.owner = THIS_MODULE,
	.init_fs_context = pciio_init_fs_context,
	.kill_sb = kill_anon_super,
};

struct inode *pciio_inode_new(void)
{
	struct inode *inode;
	int ret;

	ret = simple_pin_fs(&pciio_fs_type, &pciio_mnt, &pciio_mnt_users);
	if (ret)
		return ERR_PTR(ret);

	inode = alloc_anon_inode(pciio_mnt->mnt_sb);
	if (IS_ERR(inode)) {
		simple_release_fs(&pciio_mnt, &pciio_mnt_users);
		return inode;
	}

	/* Security modules are to mediate who receives and who maps a descriptor. */
	inode->i_flags &= ~S_PRIVATE;
	return inode;
}

void pciio_inode_put(struct inode *inode)
{
	iput(inode);
	simple_release_fs(&pciio_mnt, &pciio_mnt_users);
}

/* On failure the caller keeps @private_data. */
struct file *pciio_file_new(struct inode *inode, const char *name, int flags,
			    const struct file_operations *fops, void *private_data)
{
	struct file *file;

	/* alloc_file_pseudo() does not take a reference to fops->owner, but fput() drops one. */
	__module_get(THIS_MODULE);
	ihold(inode);

	file = alloc_file_pseudo(inode, pciio_mnt, name, flags, fops);
	if (IS_ERR(file)) {
		iput(inode);
		module_put(THIS_MODULE);
		return file;
	}

	file->f_mapping = inode->i_mapping;
	file->private_data = private_data;
	return file;
}

/*
 * Gives the caller a descriptor of the file, in the member @fd of the structure
 * @io, which goes to @arg. The file is put when that fails.
 */
int pciio_file_install(struct file *file, void __user *arg, const void *io, size_t size, int *fd)
{
	*fd = get_unused_fd_flags(O_CLOEXEC);
	if (*fd < 0) {
		fput(file);
		return *fd;
	}

	if (copy_to_user(arg, io, size)) {
		put_unused_fd(*fd);
		fput(file);
		return -EFAULT;
	}
	fd_install(*fd, file);
	return 0;
}
