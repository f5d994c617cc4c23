// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * BARMMAP and BAROPEN: the same object, and for the former vm_mmap() on top. All
 * refusals come before vm_mmap(), because MAP_FIXED unmaps what was there before
 * the file is asked.
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

/* The first half of the checks: whether there is such a BAR for these rights. */
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

	/* The decoder of the ROM is off, and a copy in RAM is not a BAR. */
	if (req->flags & PCIIO_BAR_OPEN_RW)
		return -EACCES;
	if (pdev->resource[index].flags & IORESOURCE_ROM_SHADOW)
		return -EOPNOTSUPP;
	return req->flags & PCIIO_BAR_OPEN_ACTIVATE ? index : -EBUSY;
}

static struct file *open_bar(struct pciio_func *func, const struct pciio_request *req)
{
	struct pciio_handle *handle;
	enum pciio_attr attr;
	struct file *file;
	int ret;

	ret = pciio_attr_get(req->memattr, &attr);
	if (ret)
		return ERR_PTR(ret);
	ret = check_bar(func->pdev, req);
	if (ret >= 0)
		ret = pciio_handle_create(func, ret, req->flags, attr, &handle);
	if (ret < 0)
		return ERR_PTR(ret);

	file = pciio_map_file(handle);
	if (IS_ERR(file))
		pciio_handle_release(handle);
	return file;
}

/* The parameters of the module replace flags that FreeBSD's structure does not have. */
static u32 open_flags(u32 flags)
{
	return (flags & PCIIO_BAR_MMAP_RW ? PCIIO_BAR_OPEN_RW : 0) |
	       (flags & PCIIO_BAR_MMAP_ACTIVATE ? PCIIO_BAR_OPEN_ACTIVATE : 0) |
	       (pciio_share_driver ? PCIIO_BAR_OPEN_SHARE_DRIVER : 0) |
	       (pciio_share_page ? PCIIO_BAR_OPEN_SHARE_PAGE : 0) |
	       (pciio_small_pages ? PCIIO_BAR_OPEN_SMALL_PAGES : 0);
}

/* What both requests begin with, in this order. @valid: the flags make sense. */
static struct file *open_request(const struct pciio_call *call, const struct pciio_request *req,
				 bool valid)
{
	struct pciio_func *func;
	struct file *file;

	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return ERR_PTR(-EPERM);

	func = pciio_call_enter(call, &req->sel);
	if (IS_ERR(func))
		return ERR_CAST(func);
	file = valid ? open_bar(func, req) : ERR_PTR(-EINVAL);
	pciio_func_leave(func);
	return file;
}

static bool mmap_flags_valid(u32 flags)
{
	return !(flags & ~MMAP_FLAGS) &&
	       (!(flags & PCIIO_BAR_MMAP_EXCL) || flags & PCIIO_BAR_MMAP_FIXED);
}

/* The structure of 32-bit callers. 64-bit members are aligned to 4 bytes there. */
struct compat_bar_mmap {
	u32 base;
	u32 length;
	u64 bar_length;
	int bar_off;
	struct pcisel sel;
	int reg;
	int flags;
	int memattr;
} __packed __aligned(4);

static_assert(sizeof(struct compat_bar_mmap) == PCIIO_BARMMAP_COMPAT_SIZE);

/* The request, whatever the layout of the caller's structure. */
struct barmmap {
	struct pciio_request req;
	u32 flags;			/* PCIIO_BAR_MMAP_* */
	unsigned long base;		/* in with FIXED, out */
	/* out */
	size_t length;
	u64 bar_length;
	unsigned int bar_off;

	size_t io_size;
	union {
		struct pci_bar_mmap native;
		struct compat_bar_mmap compat;
	} io;				/* the caller's structure */
};

/* What vm_mmap() would refuse after it has unmapped the range. */
static int check_fixed(const struct barmmap *map, unsigned long arg, size_t arg_size)
{
	if (map->base & ~PAGE_MASK)
		return -EINVAL;
	if (map->length > TASK_SIZE || map->base > TASK_SIZE - map->length)
		return -ENOMEM;
	if (map->base < arg + arg_size && arg < map->base + map->length)
		return -EINVAL;
	return 0;
}

static int map_file(struct file *file, struct barmmap *map)
{
	unsigned long prot = PROT_READ | (map->flags & PCIIO_BAR_MMAP_RW ? PROT_WRITE : 0);
	bool fixed = map->flags & PCIIO_BAR_MMAP_FIXED;
	unsigned long flags = MAP_SHARED, addr;
	int ret;

	if (fixed)
		flags |= map->flags & PCIIO_BAR_MMAP_EXCL ? MAP_FIXED_NOREPLACE : MAP_FIXED;

	addr = vm_mmap(file, fixed ? map->base : 0, map->length, prot, flags, 0);
	if (!IS_ERR_VALUE(addr)) {
		map->base = addr;
		return 0;
	}

	/* FreeBSD knows only one error for "there is no room". */
	ret = (long)addr;
	return ret == -EEXIST || ret == -EAGAIN ? -ENOMEM : ret;
}

/* Opens the BAR and checks everything that can be checked before the mapping is made. */
static struct file *map_prepare(const struct pciio_call *call, struct barmmap *map)
{
	struct pciio_handle *handle;
	struct file *file;
	int ret = 0;
	u64 pages;

	map->req.flags = open_flags(map->flags);
	file = open_request(call, &map->req, mmap_flags_valid(map->flags));
	if (IS_ERR(file))
		return file;

	handle = file->private_data;
	pages = pciio_bar_pages(handle->bar);
	map->length = pages;
	map->bar_length = handle->bar->len;
	map->bar_off = pciio_bar_offset(handle->bar);
	if (pages > ULONG_MAX)
		ret = -ENOMEM;
	else if (map->flags & PCIIO_BAR_MMAP_FIXED)
		ret = check_fixed(map, (unsigned long)call->arg, map->io_size);
	if (ret) {
		fput(file);
		return ERR_PTR(ret);
	}
	return file;
}

/*
 * Only the mapping that was just made: another thread may have replaced it, if it
 * was asked for at an address that the caller knew.
 */
static void unmap_own(struct file *file, const struct barmmap *map)
{
	struct vm_area_struct *vma;
	bool own;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, map->base);
	own = vma && vma->vm_file == file && vma->vm_start == map->base &&
	      vma->vm_end - vma->vm_start == map->length;
	mmap_read_unlock(current->mm);

	if (own)
		vm_munmap(map->base, map->length);
}

static int barmmap_in(const struct pciio_call *call, struct barmmap *map)
{
	const struct compat_bar_mmap *compat = &map->io.compat;
	const struct pci_bar_mmap *native = &map->io.native;

	map->io_size = call->compat ? sizeof(*compat) : sizeof(*native);
	if (copy_from_user(&map->io, call->arg, map->io_size))
		return -EFAULT;

	if (call->compat) {
		map->req = (struct pciio_request){ .sel = compat->sel, .reg = compat->reg,
						   .memattr = compat->memattr };
		map->flags = compat->flags;
		map->base = compat->base;
	} else {
		map->req = (struct pciio_request){ .sel = native->pbm_sel, .reg = native->pbm_reg,
						   .memattr = native->pbm_memattr };
		map->flags = native->pbm_flags;
		map->base = (unsigned long)native->pbm_map_base;
	}
	return 0;
}

static int barmmap_out(const struct pciio_call *call, struct barmmap *map)
{
	struct compat_bar_mmap *compat = &map->io.compat;
	struct pci_bar_mmap *native = &map->io.native;

	if (call->compat) {
		compat->base = map->base;
		compat->length = map->length;
		compat->bar_length = map->bar_length;
		compat->bar_off = map->bar_off;
	} else {
		native->pbm_map_base = (void *)map->base;
		native->pbm_map_length = map->length;
		native->pbm_bar_length = map->bar_length;
		native->pbm_bar_off = map->bar_off;
	}
	return copy_to_user(call->arg, &map->io, map->io_size) ? -EFAULT : 0;
}

/*
 * The structure is written back unchanged before the mapping is made: one that
 * cannot be written must not cost the caller what FIXED replaces.
 */
long pciio_barmmap(const struct pciio_call *call)
{
	struct barmmap map;
	struct file *file;
	int ret;

	ret = barmmap_in(call, &map);
	if (ret)
		return ret;
	file = map_prepare(call, &map);
	if (IS_ERR(file))
		return PTR_ERR(file);

	ret = copy_to_user(call->arg, &map.io, map.io_size) ? -EFAULT : map_file(file, &map);
	if (!ret) {
		ret = barmmap_out(call, &map);
		if (ret)
			unmap_own(file, &map);
	}
	fput(file);	/* the mapping holds it now */
	return ret;
}

static struct file *baropen_file(const struct pciio_call *call, const struct pci_bar_open *io)
{
	struct pciio_request req = { .sel = io->pbo_sel, .reg = io->pbo_reg,
				     .flags = io->pbo_flags, .memattr = io->pbo_memattr };

	return open_request(call, &req,
			    io->pbo_size >= sizeof(*io) && !(io->pbo_flags & ~OPEN_FLAGS) &&
			    !io->pbo_reserved[0] && !io->pbo_reserved[1]);
}

/* The structure is the same for 32-bit callers. */
long pciio_baropen(const struct pciio_call *call)
{
	struct pciio_handle *handle;
	struct pci_bar_open io;
	struct file *file;
	int ret;

	ret = pciio_copy_sized(&io, sizeof(io), call->arg);
	if (ret)
		return ret;

	file = baropen_file(call, &io);
	if (IS_ERR(file))
		return PTR_ERR(file);

	handle = file->private_data;
	io.pbo_bar_off = pciio_bar_offset(handle->bar);
	io.pbo_bar_length = handle->bar->len;
	io.pbo_map_length = pciio_bar_pages(handle->bar);
	return pciio_file_install(file, call->arg, &io, sizeof(io), &io.pbo_fd);
}
