// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* PCIOCBARIO: single accesses to a BAR, through a mapping of the kernel. */
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/nospec.h>
#include <linux/pm_runtime.h>
#include <linux/security.h>
#include <linux/uaccess.h>

#include "pciio.h"

/* One access of the requested width. The caller has checked the alignment. */
static int access_once(void __iomem *addr, struct pci_bar_ioreq *req)
{
	bool write = req->pbi_op == PCIBARIO_WRITE;

	switch (req->pbi_width) {
	case 1:
		if (write)
			iowrite8(req->pbi_value, addr);
		else
			req->pbi_value = ioread8(addr);
		return 0;
	case 2:
		if (write)
			iowrite16(req->pbi_value, addr);
		else
			req->pbi_value = ioread16(addr);
		return 0;
	case 4:
		if (write)
			iowrite32(req->pbi_value, addr);
		else
			req->pbi_value = ioread32(addr);
		return 0;
#ifdef CONFIG_64BIT
	default: {
		u64 val = req->pbi_value;

		if (write) {
			writeq(val, addr);
			return 0;
		}
		val = readq(addr);
		req->pbi_value = val;
		return val >> 32 ? -EOVERFLOW : 0;
	}
#else
	default:
		return -EINVAL;
#endif
	}
}

static bool width_valid(const struct pci_bar_ioreq *req, bool io)
{
	switch (req->pbi_width) {
	case 1:
	case 2:
	case 4:
		return true;
	case 8:
		return IS_ENABLED(CONFIG_64BIT) && !io;
	default:
		return false;
	}
}

/*
 * The range of an I/O BAR is requested for the access; that is how the kernel
 * finds out whether anything else has requested it.
 */
static int access_mapped(struct pci_dev *pdev, int index, struct pci_bar_ioreq *req)
{
	bool io = pci_resource_flags(pdev, index) & IORESOURCE_IO;
	bool claim = io && !pciio_share_driver;
	unsigned long page = req->pbi_offset & PAGE_MASK;
	void __iomem *base;
	int ret = -ENOENT;

	if (claim && !request_region(pci_resource_start(pdev, index), pci_resource_len(pdev, index),
				     PCIIO_NAME))
		return -ENOENT;

	base = pci_iomap_range(pdev, index, page, PAGE_SIZE);
	if (base) {
		ret = access_once(base + (req->pbi_offset - page), req);
		pci_iounmap(pdev, base);
	}

	if (claim)
		release_region(pci_resource_start(pdev, index), pci_resource_len(pdev, index));
	return ret;
}

static bool is_busy(struct pciio_func *func, int index)
{
	struct pci_dev *pdev = func->pdev;

	lockdep_assert_held(&func->lock);
	if (!pciio_bar_assigned(pdev, index) || pciio_bar_is_exclusive(func, index))
		return true;
	if (pciio_share_driver)
		return false;

	return func->driver != PCIIO_DRIVER_NONE ||
	       (pci_resource_flags(pdev, index) & IORESOURCE_MEM &&
		pciio_range_busy(pci_resource_start(pdev, index), pci_resource_end(pdev, index)));
}

/* Decoding is on for the access, as in FreeBSD, which activates the resource. */
static int bario_locked(struct pciio_func *func, int index, struct pci_bar_ioreq *req)
{
	bool io = pci_resource_flags(func->pdev, index) & IORESOURCE_IO;
	bool activated;
	int ret;

	if (is_busy(func, index))
		return -ENOENT;
	if (!width_valid(req, io) || req->pbi_offset & (req->pbi_width - 1))
		return -EINVAL;

	ret = pciio_bar_decodes(func, index);
	if (ret == -EAGAIN)
		return ret;
	activated = ret != 0;
	if (activated) {
		ret = pciio_func_activate(func, index);
		if (ret)
			return ret;
	}

	ret = access_mapped(func->pdev, index, req);
	if (activated) {
		func->users--;
		pciio_func_settle(func);
	}
	return ret;
}

static int bario(struct pciio_func *func, struct pci_bar_ioreq *req)
{
	struct pci_dev *pdev = func->pdev;
	int index, ret;

	if (req->pbi_op != PCIBARIO_READ && req->pbi_op != PCIBARIO_WRITE)
		return -EINVAL;
	if (req->pbi_bar > 5)
		return -EINVAL;

	index = pciio_bar_index(pdev, PCI_BASE_ADDRESS_0 + 4 * array_index_nospec(req->pbi_bar, 6));
	if (index < 0)
		return index;
	if ((u64)req->pbi_offset + req->pbi_width > min_t(u64, U32_MAX,
							  pci_resource_len(pdev, index)))
		return -EINVAL;

	pciio_bar_check(func, index);
	pciio_driver_settle(func);

	/* A reset may begin before the access. */
	do {
		ret = pciio_cfg_lock(func);
		if (ret)
			return ret;
		mutex_lock(&func->lock);
		ret = bario_locked(func, index, req);
		mutex_unlock(&func->lock);
		pciio_cfg_unlock(func);
	} while (ret == -EAGAIN);
	return ret;
}

long pciio_bario(const struct pciio_call *call)
{
	struct pci_bar_ioreq req;
	struct pciio_func *func;
	int ret;

	if (copy_from_user(&req, call->arg, sizeof(req)))
		return -EFAULT;
	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return -EPERM;

	func = pciio_call_enter(call, &req.pbi_sel);
	if (IS_ERR(func))
		return PTR_ERR(func);
	if (pm_runtime_resume_and_get(&func->pdev->dev) < 0) {
		pciio_func_leave(func);
		return -EIO;
	}

	ret = bario(func, &req);
	pm_runtime_put(&func->pdev->dev);
	pciio_func_leave(func);
	if (ret)
		return ret;

	return copy_to_user(call->arg, &req, sizeof(req)) ? -EFAULT : 0;
}
