// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * For tests only: does to a function what other parts of the kernel do, at a
 * moment that a test chooses.
 *
 *	move	write "FUNCTION BAR": a memory BAR gets another place, as when
 *		sysfs' resourceN_resize or a rescan makes room; its old place then
 *		belongs to a resource named "bar_mover", until the next move. Read:
 *		the old and the new address.
 *	hold	write FUNCTION: its configuration space is blocked, as during a
 *		reset, until "" is written or the module is unloaded.
 *	unmask	write FUNCTION: COMMAND.INTX_DISABLE does not work, which the
 *		kernel knows of some devices.
 *	cold	write "FUNCTION 1": the kernel knows it to be in D3cold, which no port
 *		of QEMU has; "FUNCTION 0": in D0 again.
 */
#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/pci.h>

static struct resource neighbour = { .name = "bar_mover" };
static resource_size_t old_start, new_start;
static struct pci_dev *held;

static struct pci_dev *function_get(const char *text)
{
	unsigned int domain, bus, slot, func;

	if (sscanf(text, "%x:%x:%x.%x", &domain, &bus, &slot, &func) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, func));
}

/* Takes the place of a BAR that has left it, as a BAR does: not busy. */
static int neighbour_move(struct resource *parent, resource_size_t start, resource_size_t size)
{
	if (neighbour.parent)
		release_resource(&neighbour);
	neighbour.start = start;
	neighbour.end = start + size - 1;
	neighbour.flags = IORESOURCE_MEM;
	return request_resource(parent, &neighbour);
}

/* What pci_release_resource() and pci_assign_resource() do for resourceN_resize. */
static int bar_move(struct pci_dev *pdev, unsigned int index)
{
	struct resource *res = &pdev->resource[index], *parent = res->parent;
	resource_size_t size = resource_size(res);
	u16 command;
	int ret;

	if (!parent || resource_type(res) != IORESOURCE_MEM)
		return -EINVAL;

	old_start = res->start;
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	pci_write_config_word(pdev, PCI_COMMAND, command & ~PCI_COMMAND_MEMORY);
	release_resource(res);
	ret = neighbour_move(parent, old_start, size);
	res->start = 0;
	res->end = size - 1;
	res->flags |= IORESOURCE_UNSET;
	if (!ret)
		ret = pci_assign_resource(pdev, index);
	new_start = res->start;
	pci_write_config_word(pdev, PCI_COMMAND, command);
	return ret;
}

static int move_set(const char *text, const struct kernel_param *param)
{
	struct pci_dev *pdev = function_get(text);
	const char *index = strchr(text, ' ');
	int ret = -EINVAL;

	if (!pdev)
		return -ENODEV;
	if (index && index[1] >= '0' && index[1] <= '5') {
		device_lock(&pdev->dev);
		ret = bar_move(pdev, index[1] - '0');
		device_unlock(&pdev->dev);
	}
	pci_dev_put(pdev);
	return ret;
}

static int move_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%pa %pa\n", &old_start, &new_start);
}

static const struct kernel_param_ops move_ops = {
	.set = move_set,
	.get = move_get,
};
module_param_cb(move, &move_ops, NULL, 0644);

static void let_go(void)
{
	if (!held)
		return;
	pci_cfg_access_unlock(held);
	pci_dev_put(held);
	held = NULL;
}

static int hold_set(const char *text, const struct kernel_param *param)
{
	struct pci_dev *pdev;

	let_go();
	if (!strchr(text, ':'))
		return 0;
	pdev = function_get(text);
	if (!pdev)
		return -ENODEV;
	pci_cfg_access_lock(pdev);
	held = pdev;
	return 0;
}

static const struct kernel_param_ops hold_ops = {
	.set = hold_set,
};
module_param_cb(hold, &hold_ops, NULL, 0200);

static int unmask_set(const char *text, const struct kernel_param *param)
{
	struct pci_dev *pdev = function_get(text);

	if (!pdev)
		return -ENODEV;
	device_lock(&pdev->dev);
	pdev->broken_intx_masking = true;
	device_unlock(&pdev->dev);
	pci_dev_put(pdev);
	return 0;
}

static const struct kernel_param_ops unmask_ops = {
	.set = unmask_set,
};
module_param_cb(unmask, &unmask_ops, NULL, 0200);

static int cold_set(const char *text, const struct kernel_param *param)
{
	struct pci_dev *pdev = function_get(text);
	const char *cold = strchr(text, ' ');

	if (!pdev)
		return -ENODEV;
	device_lock(&pdev->dev);
	pdev->current_state = cold && cold[1] == '1' ? PCI_D3cold : PCI_D0;
	device_unlock(&pdev->dev);
	pci_dev_put(pdev);
	return 0;
}

static const struct kernel_param_ops cold_ops = {
	.set = cold_set,
};
module_param_cb(cold, &cold_ops, NULL, 0200);

static int __init bar_mover_init(void)
{
	return 0;
}

static void __exit bar_mover_exit(void)
{
	let_go();
	if (neighbour.parent)
		release_resource(&neighbour);
}

module_init(bar_mover_init);
module_exit(bar_mover_exit);

MODULE_AUTHOR("The pcibar authors");
MODULE_DESCRIPTION("Moves BARs and blocks configuration space, for tests");
MODULE_LICENSE("Dual BSD/GPL");
