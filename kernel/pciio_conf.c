// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Configuration space, one BAR's facts, and single accesses to a BAR. */
#include <linux/io.h>
#include <linux/pm_runtime.h>
#include <linux/security.h>
#include <linux/uaccess.h>

#include "pciio.h"

/* VF BARs, in the PF's extended capability, are no BARs of the PF: EINVAL. */
int pciio_bar_index(struct pci_dev *pdev, int reg)
{
	int index;

	if (pdev->rom_base_reg && reg == pdev->rom_base_reg)
		index = PCI_ROM_RESOURCE;
	else if (reg >= PCI_BASE_ADDRESS_0 && reg <= PCI_BASE_ADDRESS_5 && !(reg & 3))
		index = (reg - PCI_BASE_ADDRESS_0) / 4;
	else
		return -EINVAL;
	if (!pci_resource_len(pdev, index) ||
	    !(pci_resource_flags(pdev, index) & (IORESOURCE_MEM | IORESOURCE_IO)))
		return -EINVAL;
	return index;
}

/* The register as the device has it now, both halves of a 64-bit one. */
int pciio_bar_register(struct pci_dev *pdev, int index, u64 *val)
{
	int reg = index == PCI_ROM_RESOURCE ? pdev->rom_base_reg : PCI_BASE_ADDRESS_0 + 4 * index;
	u32 low, high = 0;
	int ret;

	ret = pci_user_read_config_dword(pdev, reg, &low);
	if (!ret && pci_resource_flags(pdev, index) & IORESOURCE_MEM_64)
		ret = pci_user_read_config_dword(pdev, reg + 4, &high);
	if (ret)
		return ret;
	*val = (u64)high << 32 | low;
	return 0;
}

bool pciio_rom_enabled(struct pci_dev *pdev)
{
	u64 val;

	return !pciio_bar_register(pdev, PCI_ROM_RESOURCE, &val) && val & PCI_ROM_ADDRESS_ENABLE;
}

/* A function, awake; undone by pciio_conf_put(). */
struct pci_dev *pciio_conf_get(const struct pcisel *sel)
{
	struct pci_dev *pdev = pciio_find(sel);

	if (!pdev)
		return ERR_PTR(-ENODEV);
	if (pm_runtime_resume_and_get(&pdev->dev) < 0) {
		pci_dev_put(pdev);
		return ERR_PTR(-EIO);
	}
	return pdev;
}

void pciio_conf_put(struct pci_dev *pdev)
{
	pm_runtime_put(&pdev->dev);
	pci_dev_put(pdev);
}

static int conf_check(const struct pci_io *io)
{
	if (io->pi_width != 1 && io->pi_width != 2 && io->pi_width != 4)
		return -EINVAL;
	return io->pi_reg < 0 || io->pi_reg & (io->pi_width - 1) ? -EINVAL : 0;
}

static int conf_read(struct pci_dev *pdev, struct pci_io *io)
{
	u16 word;
	u8 byte;
	int ret;

	switch (io->pi_width) {
	case 1:
		ret = pci_user_read_config_byte(pdev, io->pi_reg, &byte);
		io->pi_data = byte;
		return ret;
	case 2:
		ret = pci_user_read_config_word(pdev, io->pi_reg, &word);
		io->pi_data = word;
		return ret;
	default:
		return pci_user_read_config_dword(pdev, io->pi_reg, &io->pi_data);
	}
}

static int conf_write(struct pci_dev *pdev, const struct pci_io *io)
{
	switch (io->pi_width) {
	case 1:
		return pci_user_write_config_byte(pdev, io->pi_reg, io->pi_data);
	case 2:
		return pci_user_write_config_word(pdev, io->pi_reg, io->pi_data);
	default:
		return pci_user_write_config_dword(pdev, io->pi_reg, io->pi_data);
	}
}

/* Whether the register decides over mappings: COMMAND, a BAR, or the power state. */
static bool conf_decides(struct pci_dev *pdev, const struct pci_io *io)
{
	int end = io->pi_reg + io->pi_width, pm = pdev->pm_cap + PCI_PM_CTRL;
	int rom = pdev->rom_base_reg;

	return (io->pi_reg < PCI_COMMAND + 2 && end > PCI_COMMAND) ||
	       (io->pi_reg < PCI_BASE_ADDRESS_5 + 4 && end > PCI_BASE_ADDRESS_0) ||
	       (rom && io->pi_reg < rom + 4 && end > rom) ||
	       (pdev->pm_cap && io->pi_reg < pm + 2 && end > pm);
}

/* Mappings go before the write takes their ground away, and are judged after it. */
static int conf_write_zapped(struct pci_dev *pdev, const struct pci_io *io)
{
	bool decides = conf_decides(pdev, io);
	int ret;

	if (decides)
		pciio_func_refault(pdev);
	ret = conf_write(pdev, io);
	if (decides)
		pciio_func_written(pdev);
	return ret;
}

/* FreeBSD has no upper bound; here a register outside is EINVAL. */
static int conf_access(struct pci_io *io, bool write)
{
	struct pci_dev *pdev;
	int ret;

	ret = conf_check(io);
	if (ret)
		return ret;
	pdev = pciio_conf_get(&io->pi_sel);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	if (io->pi_reg > pdev->cfg_size - io->pi_width)
		ret = -EINVAL;
	else
		ret = write ? conf_write_zapped(pdev, io) : conf_read(pdev, io);
	pciio_conf_put(pdev);
	return ret;
}

static long conf_request(struct pci_io __user *arg, bool write)
{
	struct pci_io io;
	int ret;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	ret = conf_access(&io, write);
	if (ret)
		return ret;
	return copy_to_user(arg, &io, sizeof(io)) ? -EFAULT : 0;
}

long pciio_read(void __user *arg)
{
	return conf_request(arg, false);
}

long pciio_write(void __user *arg)
{
	return security_locked_down(LOCKDOWN_PCI_ACCESS) ? -EPERM : conf_request(arg, true);
}

long pciio_attached(void __user *arg)
{
	struct pci_dev *pdev;
	struct pci_io io;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	pdev = pciio_find(&io.pi_sel);
	if (!pdev)
		return -ENODEV;
	io.pi_data = !!READ_ONCE(pdev->dev.driver);
	pci_dev_put(pdev);
	return copy_to_user(arg, &io, sizeof(io)) ? -EFAULT : 0;
}

/* Never wakes the device: asleep, it does not answer to the BAR either. */
static int bar_enabled(struct pci_dev *pdev, int index)
{
	bool io = pci_resource_flags(pdev, index) & IORESOURCE_IO;
	u16 command;

	if (pdev->is_virtfn)
		return 1;
	if (pciio_asleep(pdev) ||
	    pci_user_read_config_word(pdev, PCI_COMMAND, &command) || command == (u16)~0)
		return 0;
	if (index == PCI_ROM_RESOURCE)
		return pciio_rom_enabled(pdev);
	return !!(command & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY));
}

long pciio_getbar(void __user *arg)
{
	struct pci_bus_region region;
	struct pci_bar_io io;
	struct pci_dev *pdev;
	unsigned long flags;
	int index;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	pdev = pciio_find(&io.pbi_sel);
	if (!pdev)
		return -ENODEV;
	index = pciio_bar_index(pdev, io.pbi_reg);
	if (index < 0) {
		pci_dev_put(pdev);
		return index;
	}
	/* The register's type bits are the low ones of the resource's flags. */
	flags = pci_resource_flags(pdev, index);
	flags &= PCIIO_BAR_TYPE;
	pcibios_resource_to_bus(pdev->bus, &region, &pdev->resource[index]);
	io.pbi_base = region.start | (index == PCI_ROM_RESOURCE ? 0 : flags);
	io.pbi_length = pci_resource_len(pdev, index);
	io.pbi_enabled = bar_enabled(pdev, index);
	pci_dev_put(pdev);
	return copy_to_user(arg, &io, sizeof(io)) ? -EFAULT : 0;
}

/* One access of the width asked for; the caller made sure that it is aligned. */
static int bario_access(void __iomem *addr, struct pci_bar_ioreq *req)
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

static bool width_ok(const struct pci_bar_ioreq *req, bool io)
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

/* Decoding is on for the access, as FreeBSD's activation of the resource does. */
static int bario_mapped(struct pci_dev *pdev, int index, struct pci_bar_ioreq *req)
{
	unsigned long page = req->pbi_offset & PAGE_MASK;
	struct pciio_func *func = pciio_func_get(pdev);
	void __iomem *base;
	bool activated;
	int ret;

	if (IS_ERR(func))
		return PTR_ERR(func);
	activated = pciio_bar_decodes(pdev, index) != 0;
	ret = activated ? pciio_func_activate(func, index) : 0;
	if (ret)
		goto out;
	base = pci_iomap_range(pdev, index, page, PAGE_SIZE);
	if (base) {
		ret = bario_access(base + (req->pbi_offset - page), req);
		pci_iounmap(pdev, base);
	} else {
		ret = -ENOENT;
	}
	if (activated)
		pciio_func_deactivate(func, index);
out:
	pciio_func_put(func);
	return ret;
}

static bool bario_busy(struct pci_dev *pdev, int index)
{
	if (!pciio_bar_assigned(pdev, index) || pciio_bar_taken(pdev, index))
		return true;
	if (pciio_share_driver)
		return false;
	return pciio_driver_holds(pdev) ||
	       (pci_resource_flags(pdev, index) & IORESOURCE_MEM &&
		pciio_range_busy(pci_resource_start(pdev, index), pci_resource_end(pdev, index)));
}

static int bario(struct pci_dev *pdev, struct pci_bar_ioreq *req)
{
	int index, ret;
	bool io;

	if (req->pbi_op != PCIBARIO_READ && req->pbi_op != PCIBARIO_WRITE)
		return -EINVAL;
	if (req->pbi_bar > 5)
		return -EINVAL;
	index = pciio_bar_index(pdev, PCI_BASE_ADDRESS_0 + 4 * req->pbi_bar);
	if (index < 0)
		return index;
	if ((u64)req->pbi_offset + req->pbi_width > min_t(u64, U32_MAX,
							  pci_resource_len(pdev, index)))
		return -EINVAL;
	io = pci_resource_flags(pdev, index) & IORESOURCE_IO;
	device_lock(&pdev->dev);
	if (bario_busy(pdev, index))
		ret = -ENOENT;
	else if (!width_ok(req, io) || req->pbi_offset & (req->pbi_width - 1))
		ret = -EINVAL;
	else
		ret = bario_mapped(pdev, index, req);
	device_unlock(&pdev->dev);
	return ret;
}

long pciio_bario(void __user *arg)
{
	struct pci_bar_ioreq req;
	struct pci_dev *pdev;
	int ret;

	if (copy_from_user(&req, arg, sizeof(req)))
		return -EFAULT;
	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return -EPERM;
	pdev = pciio_conf_get(&req.pbi_sel);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	ret = bario(pdev, &req);
	pciio_conf_put(pdev);
	if (ret)
		return ret;
	return copy_to_user(arg, &req, sizeof(req)) ? -EFAULT : 0;
}
