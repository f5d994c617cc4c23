// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * For tests only: a driver named "awkward_driver", for driver_override, that does
 * in probe and remove what its parameters say.
 *
 *	bar		index of the BAR that it maps, uncached, in probe
 *	map		whether it maps the BAR: on
 *	request		whether it requests the BAR's region first: off
 *	fail		errno that probe fails with after all that, 0: it succeeds
 *	probe_waits	probe waits, before it maps, until this is off
 *	remove_waits	remove waits until this is off
 *	del_waits	the removal of a function that a driver has been bound to since its own
 *			was unbound waits, after pciio was notified of it, until this is off
 *	state		idle, probing, bound, removing or deleting
 */
#include <linux/device.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/wait.h>

/* Longer than any test, shorter than the kernel's patience with a task that hangs. */
#define PATIENCE	(100 * HZ)

static unsigned int bar;
module_param(bar, uint, 0644);

static bool map = true;
module_param(map, bool, 0644);

static bool request;
module_param(request, bool, 0644);

static int fail;
module_param(fail, int, 0644);

static const char *state = "idle";
static DECLARE_WAIT_QUEUE_HEAD(wait);
static bool probe_waits, remove_waits, del_waits;

static int waits_set(const char *text, const struct kernel_param *param)
{
	int ret = param_set_bool(text, param);

	wake_up_all(&wait);
	return ret;
}

static const struct kernel_param_ops waits_ops = {
	.set = waits_set,
	.get = param_get_bool,
};
module_param_cb(probe_waits, &waits_ops, &probe_waits, 0644);
module_param_cb(remove_waits, &waits_ops, &remove_waits, 0644);
module_param_cb(del_waits, &waits_ops, &del_waits, 0644);

static int state_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", READ_ONCE(state));
}

static const struct kernel_param_ops state_ops = {
	.get = state_get,
};
module_param_cb(state, &state_ops, NULL, 0444);

static int awkward_map(struct pci_dev *pdev)
{
	resource_size_t start = pci_resource_start(pdev, bar), len = pci_resource_len(pdev, bar);

	if (request && !devm_request_mem_region(&pdev->dev, start, len, "awkward_driver"))
		return -EBUSY;
	if (map && !devm_ioremap(&pdev->dev, start, len))
		return -ENOMEM;
	return fail ? -abs(fail) : 0;
}

static int awkward_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	WRITE_ONCE(state, "probing");
	wait_event_timeout(wait, !READ_ONCE(probe_waits), PATIENCE);
	ret = awkward_map(pdev);
	WRITE_ONCE(state, ret ? "idle" : "bound");
	return ret;
}

static void awkward_remove(struct pci_dev *pdev)
{
	WRITE_ONCE(state, "removing");
	wait_event_timeout(wait, !READ_ONCE(remove_waits), PATIENCE);
	WRITE_ONCE(state, "idle");
}

static struct pci_driver awkward_driver = {
	.name = "awkward_driver",
	.probe = awkward_probe,
	.remove = awkward_remove,
};

static int awkward_notify(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct device *dev = data;

	if (event == BUS_NOTIFY_DEL_DEVICE && dev->driver && READ_ONCE(del_waits)) {
		WRITE_ONCE(state, "deleting");
		wait_event_timeout(wait, !READ_ONCE(del_waits), PATIENCE);
	}
	return NOTIFY_DONE;
}

static struct notifier_block awkward_nb = {
	.notifier_call = awkward_notify,
};

static int __init awkward_init(void)
{
	int ret = bus_register_notifier(&pci_bus_type, &awkward_nb);

	if (ret)
		return ret;
	ret = pci_register_driver(&awkward_driver);
	if (ret)
		bus_unregister_notifier(&pci_bus_type, &awkward_nb);
	return ret;
}
module_init(awkward_init);

static void __exit awkward_exit(void)
{
	pci_unregister_driver(&awkward_driver);
	bus_unregister_notifier(&pci_bus_type, &awkward_nb);
}
module_exit(awkward_exit);

MODULE_AUTHOR("The pcibar authors");
MODULE_DESCRIPTION("A driver that fails and waits on request, for tests");
MODULE_LICENSE("Dual BSD/GPL");
