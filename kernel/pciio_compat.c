// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * 32-bit callers. Only requests with a pointer, a long or a size_t differ; the
 * size in their number tells them apart. The 64-bit length of BARMMAP stands as
 * two halves, because 64-bit members are aligned to 4 bytes there.
 */
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "pciio.h"

#ifdef CONFIG_COMPAT

struct pci_conf_io32 {
	u32 words[9];
};

struct pci_list_vpd_io32 {
	struct pcisel sel;
	u32 len;
	compat_uptr_t data;
};

struct pci_bar_mmap32 {
	u32 base;
	u32 length;
	u32 bar_length[2];		/* low half first, as in memory of the host's order */
	int bar_off;
	struct pcisel sel;
	int reg;
	int flags;
	int memattr;
};

static_assert(sizeof(struct pci_conf_io32) == 36);
static_assert(sizeof(struct pci_list_vpd_io32) == 16);
static_assert(sizeof(struct pci_bar_mmap32) == 40);

static long compat_barmmap(struct pci_bar_mmap32 __user *arg)
{
	struct pci_bar_mmap32 io;
	struct pciio_mapping map;
	struct pciio_request req;
	int ret;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	req = (struct pciio_request){ .sel = io.sel, .reg = io.reg, .memattr = io.memattr };
	map.base = io.base;
	ret = pciio_map_request(&req, io.flags, (unsigned long)arg, sizeof(io), &map);
	if (ret)
		return ret;
	io.base = map.base;
	io.length = map.length;
	memcpy(io.bar_length, &map.bar_length, sizeof(io.bar_length));
	io.bar_off = map.bar_off;
	if (copy_to_user(arg, &io, sizeof(io))) {
		vm_munmap(map.base, map.length);
		return -EFAULT;
	}
	return 0;
}

static long compat_listvpd(struct pci_list_vpd_io32 __user *arg)
{
	struct pci_list_vpd_io32 io;
	u64 len;
	long ret;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	len = io.len;
	ret = pciio_listvpd(&io.sel, compat_ptr(io.data), &len);
	if (ret)
		return ret;
	return put_user((u32)len, &arg->len);
}

long pciio_compat_ioctl(struct file *file, unsigned int cmd, unsigned long argp)
{
	void __user *arg = compat_ptr(argp);
	long ret = pciio_check_rights(file, cmd);

	if (ret)
		return ret;
	switch (cmd) {
	case _IOWR('p', 5, struct pci_conf_io32):
		return pciio_getconf(arg, sizeof(compat_long_t), false);
	case _IOWR('p', 10, struct pci_conf_io32):
		return pciio_getconf(arg, sizeof(compat_long_t), true);
	case _IOWR('p', 7, struct pci_list_vpd_io32):
		return compat_listvpd(arg);
	case _IOWR('p', 8, struct pci_bar_mmap32):
		return compat_barmmap(arg);
	default:
		return pciio_dispatch(cmd, arg);
	}
}

#endif
