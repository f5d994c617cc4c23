// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Configuration space, and the properties of one BAR. */
#include <linux/pm_runtime.h>
#include <linux/security.h>
#include <linux/uaccess.h>

#include "pciio.h"

static bool conf_valid(const struct pci_io *io)
{
	if (io->pi_width != 1 && io->pi_width != 2 && io->pi_width != 4)
		return false;
	return io->pi_reg >= 0 && !(io->pi_reg & (io->pi_width - 1));
}

static void conf_end(struct pciio_func *func)
{
	pm_runtime_put(&func->pdev->dev);
	pciio_func_leave(func);
}

/* FreeBSD has no upper bound; here a register outside is EINVAL. */
static struct pciio_func *conf_begin(const struct pciio_call *call, const struct pci_io *io)
{
	struct pciio_func *func;

	if (!conf_valid(io))
		return ERR_PTR(-EINVAL);

	func = pciio_call_enter(call, &io->pi_sel);
	if (IS_ERR(func))
		return func;

	if (pm_runtime_resume_and_get(&func->pdev->dev) < 0) {
		pciio_func_leave(func);
		return ERR_PTR(-EIO);
	}

	if (io->pi_reg > func->pdev->cfg_size - io->pi_width) {
		conf_end(func);
		return ERR_PTR(-EINVAL);
	}
	return func;
}

static long conf_request(const struct pciio_call *call, bool write)
{
	struct pciio_func *func;
	struct pci_io io;
	int ret;

	if (copy_from_user(&io, call->arg, sizeof(io)))
		return -EFAULT;

	func = conf_begin(call, &io);
	if (IS_ERR(func))
		return PTR_ERR(func);

	ret = write ? pciio_func_write(func, &io) :
		      pciio_cfg_read_wait(func, io.pi_reg, io.pi_width, &io.pi_data);
	conf_end(func);
	if (ret)
		return ret;

	return copy_to_user(call->arg, &io, sizeof(io)) ? -EFAULT : 0;
}

long pciio_read(const struct pciio_call *call)
{
	return conf_request(call, false);
}

long pciio_write(const struct pciio_call *call)
{
	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return -EPERM;
	return conf_request(call, true);
}

static int conf_modify(const struct pciio_call *call, struct pci_modify *req)
{
	struct pci_io io = { .pi_sel = req->pmo_sel, .pi_reg = req->pmo_reg,
			     .pi_width = req->pmo_width, .pi_data = req->pmo_value };
	struct pciio_func *func;
	int ret;

	if (req->pmo_size < sizeof(*req) || req->pmo_value & ~req->pmo_mask)
		return -EINVAL;
	if (conf_valid(&io) && (u64)req->pmo_mask >> 8 * io.pi_width)
		return -EINVAL;

	func = conf_begin(call, &io);
	if (IS_ERR(func))
		return PTR_ERR(func);

	ret = pciio_func_modify(func, &io, req->pmo_mask, &req->pmo_old);
	conf_end(func);
	return ret;
}

long pciio_modify(const struct pciio_call *call)
{
	struct pci_modify req;
	int ret;

	ret = pciio_copy_sized(&req, sizeof(req), call->arg);
	if (ret)
		return ret;
	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return -EPERM;

	ret = conf_modify(call, &req);
	if (ret)
		return ret;

	return copy_to_user(call->arg, &req, sizeof(req)) ? -EFAULT : 0;
}

static int reset(struct pciio_func *func, const struct pci_reset *req)
{
	int ret;

	if (READ_ONCE(func->driver) != PCIIO_DRIVER_NONE &&
	    !(req->prs_flags & PCIIO_RESET_SHARE_DRIVER))
		return -EBUSY;
	if (pm_runtime_resume_and_get(&func->pdev->dev) < 0)
		return -EIO;

	ret = pciio_func_reset(func, req->prs_flags & PCIIO_RESET_SHARE_DRIVER);
	pm_runtime_put(&func->pdev->dev);
	return ret;
}

/* The driver's own handlers of resets run, as with a reset through sysfs. */
long pciio_reset(const struct pciio_call *call)
{
	struct pciio_func *func;
	struct pci_reset req;
	int ret;

	ret = pciio_copy_sized(&req, sizeof(req), call->arg);
	if (ret)
		return ret;
	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return -EPERM;
	if (req.prs_size < sizeof(req) || req.prs_flags & ~PCIIO_RESET_SHARE_DRIVER)
		return -EINVAL;

	func = pciio_call_enter(call, &req.prs_sel);
	if (IS_ERR(func))
		return PTR_ERR(func);
	pciio_driver_settle(func);
	ret = reset(func, &req);
	pciio_func_leave(func);
	return ret;
}

long pciio_attached(const struct pciio_call *call)
{
	struct pciio_func *func;
	struct pci_io io;

	if (copy_from_user(&io, call->arg, sizeof(io)))
		return -EFAULT;

	func = pciio_call_enter(call, &io.pi_sel);
	if (IS_ERR(func))
		return PTR_ERR(func);
	io.pi_data = !!READ_ONCE(func->driver_name[0]);
	pciio_func_leave(func);

	return copy_to_user(call->arg, &io, sizeof(io)) ? -EFAULT : 0;
}

/* Never wakes the device: asleep, it does not respond to the BAR either. */
static int bar_enabled(struct pciio_func *func, int index)
{
	bool io = pci_resource_flags(func->pdev, index) & IORESOURCE_IO;
	u32 command, rom;

	if (func->pdev->is_virtfn)
		return 1;
	if (pciio_asleep(func->pdev) ||
	    pciio_cfg_read_wait(func, PCI_COMMAND, 2, &command) || command == (u16)~0)
		return 0;
	if (index != PCI_ROM_RESOURCE)
		return !!(command & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY));

	return !pciio_cfg_read_wait(func, func->pdev->rom_base_reg, 4, &rom) &&
	       rom & PCI_ROM_ADDRESS_ENABLE;
}

static int getbar(struct pciio_func *func, struct pci_bar_io *io)
{
	struct pci_dev *pdev = func->pdev;
	int index = pciio_bar_index(pdev, io->pbi_reg);
	struct pci_bus_region region;
	unsigned long flags;

	if (index < 0)
		return index;

	/* The type bits of the register are the low ones of the resource's flags. */
	flags = pci_resource_flags(pdev, index) & PCIIO_BAR_TYPE;
	pcibios_resource_to_bus(pdev->bus, &region, &pdev->resource[index]);
	io->pbi_base = region.start | (index == PCI_ROM_RESOURCE ? 0 : flags);
	io->pbi_length = pci_resource_len(pdev, index);
	io->pbi_enabled = bar_enabled(func, index);
	return 0;
}

long pciio_getbar(const struct pciio_call *call)
{
	struct pciio_func *func;
	struct pci_bar_io io;
	int ret;

	if (copy_from_user(&io, call->arg, sizeof(io)))
		return -EFAULT;

	func = pciio_call_enter(call, &io.pbi_sel);
	if (IS_ERR(func))
		return PTR_ERR(func);
	ret = getbar(func, &io);
	pciio_func_leave(func);
	if (ret)
		return ret;

	return copy_to_user(call->arg, &io, sizeof(io)) ? -EFAULT : 0;
}
