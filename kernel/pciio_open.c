// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * BARMMAP and BAROPEN: one object, and for the former vm_mmap() on top. All
 * refusals come before vm_mmap(), because MAP_FIXED unmaps what was there
 * before it asks anybody.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/security.h>
#include <linux/uaccess.h>

#include "pciio.h"

#define MMAP_FLAGS	(PCIIO_BAR_MMAP_FIXED | PCIIO_BAR_MMAP_EXCL | PCIIO_BAR_MMAP_RW | \
			 PCIIO_BAR_MMAP_ACTIVATE)
#define OPEN_FLAGS	(PCIIO_BAR_OPEN_RW | PCIIO_BAR_OPEN_EXCLUSIVE | PCIIO_BAR_OPEN_ACTIVATE | \
			 PCIIO_BAR_OPEN_SHARE_DRIVER | PCIIO_BAR_OPEN_SHARE_PAGE | \
			 PCIIO_BAR_OPEN_SMALL_PAGES | PCIIO_BAR_OPEN_NO_MSIX)

/* The first half: is there such a BAR, and may it be had with these rights? */
static int check_bar(struct pci_dev *pdev, const struct pciio_request *req)
{
	int index = pciio_bar_index(pdev, req->reg);

	if (index < 0)
		return index;
	/* Nothing is activated for what cannot be mapped. */
	if (pci_resource_flags(pdev, index) & IORESOURCE_IO)
		return req->flags & PCIIO_BAR_OPEN_ACTIVATE ? -EIO : index;
	if (index != PCI_ROM_RESOURCE)
		return index;
	/* Its decoder is off, and a copy in RAM is no BAR. */
	if (req->flags & PCIIO_BAR_OPEN_RW)
		return -EACCES;
	if (pdev->resource[index].flags & IORESOURCE_ROM_SHADOW)
		return -EOPNOTSUPP;
	return req->flags & PCIIO_BAR_OPEN_ACTIVATE ? index : -EBUSY;
}

/* A handle and its file; the file owns the handle from then on. */
static struct file *open_bar(struct pci_dev *pdev, const struct pciio_request *req,
			     enum pciio_attr attr)
{
	struct pciio_handle *handle;
	struct file *file;
	int ret;

	ret = check_bar(pdev, req);
	if (ret >= 0)
		ret = pciio_handle_create(pdev, ret, req->flags, attr, &handle);
	if (ret < 0)
		return ERR_PTR(ret);
	file = pciio_file_open(handle);
	if (IS_ERR(file))
		pciio_handle_release(handle);
	return file;
}

static u32 open_flags(u32 flags)
{
	return (flags & PCIIO_BAR_MMAP_RW ? PCIIO_BAR_OPEN_RW : 0) |
	       (flags & PCIIO_BAR_MMAP_ACTIVATE ? PCIIO_BAR_OPEN_ACTIVATE : 0) |
	       (pciio_share_driver ? PCIIO_BAR_OPEN_SHARE_DRIVER : 0) |
	       (pciio_share_page ? PCIIO_BAR_OPEN_SHARE_PAGE : 0) |
	       (pciio_small_pages ? PCIIO_BAR_OPEN_SMALL_PAGES : 0);
}

/* What both requests begin with, in this order; @sane: the flags make sense. */
static struct file *open_request(const struct pciio_request *req, bool sane)
{
	struct file *file = ERR_PTR(-EINVAL);
	enum pciio_attr attr;
	struct pci_dev *pdev;
	int ret;

	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return ERR_PTR(-EPERM);
	pdev = pciio_find(&req->sel);
	if (!pdev)
		return ERR_PTR(-ENODEV);
	if (sane) {
		ret = pciio_attr_get(req->memattr, &attr);
		file = ret ? ERR_PTR(ret) : open_bar(pdev, req, attr);
	}
	pci_dev_put(pdev);
	return file;
}

static bool mmap_flags_sane(u32 flags)
{
	return !(flags & ~MMAP_FLAGS) &&
	       (!(flags & PCIIO_BAR_MMAP_EXCL) || flags & PCIIO_BAR_MMAP_FIXED);
}

/* What vm_mmap() would refuse after it has unmapped the range. */
static int check_fixed(const struct pciio_mapping *map, unsigned long arg, size_t arg_size)
{
	if (map->base & ~PAGE_MASK)
		return -EINVAL;
	if (map->length > TASK_SIZE || map->base > TASK_SIZE - map->length)
		return -ENOMEM;
	if (map->base < arg + arg_size && arg < map->base + map->length)
		return -EINVAL;
	return 0;
}

static int map_file(struct file *file, const struct pciio_request *req, u32 mmap_flags,
		    unsigned long arg, size_t arg_size, struct pciio_mapping *map)
{
	struct pciio_handle *handle = file->private_data;
	bool fixed = mmap_flags & PCIIO_BAR_MMAP_FIXED;
	u64 pages = pciio_bar_pages(handle->bar);
	unsigned long flags = MAP_SHARED, addr;
	int ret;

	if (pages > ULONG_MAX)
		return -ENOMEM;
	map->length = pages;
	map->bar_length = handle->bar->len;
	map->bar_off = pciio_bar_offset(handle->bar);
	if (fixed) {
		ret = check_fixed(map, arg, arg_size);
		if (ret)
			return ret;
		flags |= mmap_flags & PCIIO_BAR_MMAP_EXCL ? MAP_FIXED_NOREPLACE : MAP_FIXED;
	}
	addr = vm_mmap(file, fixed ? map->base : 0, map->length,
		       PROT_READ | (req->flags & PCIIO_BAR_OPEN_RW ? PROT_WRITE : 0), flags, 0);
	if (!IS_ERR_VALUE(addr)) {
		map->base = addr;
		return 0;
	}
	/* FreeBSD knows only one error for "there is no room". */
	ret = (long)addr;
	return ret == -EEXIST || ret == -EAGAIN ? -ENOMEM : ret;
}

int pciio_map_request(const struct pciio_request *wanted, u32 mmap_flags, unsigned long arg,
		      size_t arg_size, struct pciio_mapping *map)
{
	struct pciio_request req = *wanted;
	struct file *file;
	int ret;

	req.flags = open_flags(mmap_flags);
	file = open_request(&req, mmap_flags_sane(mmap_flags));
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = map_file(file, &req, mmap_flags, arg, arg_size, map);
	fput(file);	/* the mapping holds it now */
	return ret;
}

long pciio_barmmap(void __user *arg)
{
	struct pciio_mapping map;
	struct pciio_request req;
	struct pci_bar_mmap io;
	int ret;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	req = (struct pciio_request){ .sel = io.pbm_sel, .reg = io.pbm_reg,
				      .memattr = io.pbm_memattr };
	map.base = (unsigned long)io.pbm_map_base;
	ret = pciio_map_request(&req, io.pbm_flags, (unsigned long)arg, sizeof(io), &map);
	if (ret)
		return ret;
	io.pbm_map_base = (void *)map.base;
	io.pbm_map_length = map.length;
	io.pbm_bar_length = map.bar_length;
	io.pbm_bar_off = map.bar_off;
	if (copy_to_user(arg, &io, sizeof(io))) {
		vm_munmap(map.base, map.length);
		return -EFAULT;
	}
	return 0;
}

static struct file *baropen_file(const struct pci_bar_open *io)
{
	struct pciio_request req = { .sel = io->pbo_sel, .reg = io->pbo_reg,
				     .flags = io->pbo_flags, .memattr = io->pbo_memattr };

	return open_request(&req, io->pbo_size >= sizeof(*io) && !(io->pbo_flags & ~OPEN_FLAGS) &&
				  !io->pbo_reserved[0] && !io->pbo_reserved[1]);
}

long pciio_baropen(void __user *arg)
{
	struct pciio_handle *handle;
	struct pci_bar_open io;
	struct file *file;
	u32 size;
	int ret;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&io, sizeof(io), arg, size);
	if (ret)
		return ret;
	io.pbo_size = size;
	file = baropen_file(&io);
	if (IS_ERR(file))
		return PTR_ERR(file);
	handle = file->private_data;
	io.pbo_bar_off = pciio_bar_offset(handle->bar);
	io.pbo_bar_length = handle->bar->len;
	io.pbo_map_length = pciio_bar_pages(handle->bar);
	io.pbo_fd = get_unused_fd_flags(O_CLOEXEC);
	if (io.pbo_fd < 0) {
		fput(file);
		return io.pbo_fd;
	}
	if (copy_to_user(arg, &io, sizeof(io))) {
		put_unused_fd(io.pbo_fd);
		fput(file);
		return -EFAULT;
	}
	fd_install(io.pbo_fd, file);
	return 0;
}
