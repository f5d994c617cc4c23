// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Gives device 0 of a bus vital product data, which no device of QEMU has: a
 * capability is put before its list, in registers that it does not use.
 * The kernel finds it when the device is removed and found again.
 */
#include <linux/module.h>
#include <linux/pci.h>

#define CAP		0xc0
#define CAP_ADDR	(CAP + PCI_VPD_ADDR)
#define CAP_DATA	(CAP + PCI_VPD_DATA)

static int bus_number = -1;
module_param_named(bus, bus_number, int, 0444);

/* What the device holds; zeros behind its end. */
static unsigned char image[512];
static int image_len;
module_param_array(image, byte, &image_len, 0644);

/* The device never says that a word is there. */
static bool silent;
module_param(silent, bool, 0644);

static struct pci_bus *bus;
static struct pci_ops *below;
static u16 addr;

static u32 image_word(void)
{
	u32 val = 0;
	int i;

	for (i = 0; i < 4; i++)
		if (addr + i < image_len)
			val |= (u32)image[addr + i] << (8 * i);
	return val;
}

static int config_read(struct pci_bus *b, unsigned int devfn, int where, int size, u32 *val)
{
	u32 first;
	int ret;

	if (b == bus && !devfn && where == CAP_ADDR && size == 2) {
		*val = addr | (silent ? 0 : PCI_VPD_ADDR_F);
		return PCIBIOS_SUCCESSFUL;
	}
	if (b == bus && !devfn && where == CAP_DATA && size == 4) {
		*val = image_word();
		return PCIBIOS_SUCCESSFUL;
	}
	ret = below->read(b, devfn, where, size, val);
	if (ret || b != bus || devfn)
		return ret;
	if (where == PCI_CAPABILITY_LIST && size == 1) {
		*val = CAP;
	} else if (where == CAP && size == 2) {
		ret = below->read(b, devfn, PCI_CAPABILITY_LIST, 1, &first);
		*val = first << 8 | PCI_CAP_ID_VPD;
	}

	return ret;
}

static int config_write(struct pci_bus *b, unsigned int devfn, int where, int size, u32 val)
{
	if (b == bus && !devfn && where == CAP_ADDR && size == 2) {
		addr = val & PCI_VPD_ADDR_MASK;
		return PCIBIOS_SUCCESSFUL;
	}
	return below->write(b, devfn, where, size, val);
}

static struct pci_ops above = {
	.read = config_read,
	.write = config_write,
};

static int __init vpd_device_init(void)
{
	bus = pci_find_bus(0, bus_number);
	if (!bus)
		return -ENODEV;
	below = bus->ops;
	pci_bus_set_ops(bus, &above);
	return 0;
}

static void __exit vpd_device_exit(void)
{
	pci_bus_set_ops(bus, below);
}

module_init(vpd_device_init);
module_exit(vpd_device_exit);

MODULE_AUTHOR("The pcibar authors");
MODULE_DESCRIPTION("Vital product data for tests");
MODULE_LICENSE("Dual BSD/GPL");
