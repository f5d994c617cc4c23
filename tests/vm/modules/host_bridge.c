// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * For tests only: PCI host bridges whose sysdata is freed when they are removed,
 * as those of VMD and Hyper-V are. They have domains of their own, from 0x10001
 * on; behind each one are as many functions as the parameter "functions" says,
 * with a 64-bit memory BAR 0 of one page that no device decodes, unless "bar" is 0.
 *
 *	bridges		how many there are: write a number to add or to remove
 *	functions	on the bus of each one that is added
 *	bar		whether they have a BAR
 *	dwell_us	how long an access of an unprivileged process takes
 *	accesses	configuration accesses of unprivileged processes so far
 *	late		those that were under way when their bridge was freed, or later
 *
 * "Freed" is a pattern, 0x6b as SLUB's: the memory is kept, so that late accesses
 * are counted and read nothing of others.
 */
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#define DOMAIN		0x10001
#define VENDOR		0x10ee
#define DEVICE		0x1234
#define BAR_SIZE	4096
#define FUNCTIONS	256
/* Where no bridge of QEMU has a window. */
#define SPACE		(1ULL << 38)
#define SPACE_END	((1ULL << 39) - 1)
#define WINDOW		(1UL << 21)

struct host_function {
	u32 bar[2];
	u16 command;
};

struct host_bridge {
	struct pci_sysdata sd;		/* what bus->sysdata points to, and is freed */
	struct list_head link;
	struct pci_bus *bus;
	struct device *root;
	char name[32];
	struct resource busn, window;
	unsigned int functions;
	atomic_t inside;		/* configuration accesses under way */
	bool freed;
	struct host_function function[FUNCTIONS];
};

static LIST_HEAD(present);
static LIST_HEAD(freed);
static unsigned int count;

static unsigned int functions = 2;
module_param(functions, uint, 0644);
static bool with_bar = true;
module_param_named(bar, with_bar, bool, 0644);

static unsigned int dwell_us;
module_param(dwell_us, uint, 0644);

static atomic_t accesses = ATOMIC_INIT(0);
static atomic_t late = ATOMIC_INIT(0);

static struct host_bridge *to_host(struct pci_bus *bus)
{
	return container_of((struct pci_sysdata *)bus->sysdata, struct host_bridge, sd);
}

/* Only unprivileged callers wait, not the kernel or the administrator. */
static void dwell(void)
{
	unsigned int us;

	if (uid_eq(current_uid(), GLOBAL_ROOT_UID))
		return;
	atomic_inc(&accesses);
	/* Not to sleep: the caller may hold a spinlock. */
	for (us = READ_ONCE(dwell_us); us > 100; us -= 100)
		udelay(100);
	udelay(us);
}

static void access_begin(struct host_bridge *host)
{
	atomic_inc(&host->inside);
	smp_mb__after_atomic();	/* host_remove() sets @freed before it reads @inside */
	if (READ_ONCE(host->freed))
		atomic_inc(&late);
	dwell();
}

static void access_end(struct host_bridge *host)
{
	atomic_dec(&host->inside);
}

/* One byte of configuration space. */
static u8 config_byte(const struct host_bridge *host, unsigned int devfn, unsigned int where)
{
	const struct host_function *function = &host->function[devfn];
	u8 header[PCI_STD_HEADER_SIZEOF] = {
		[PCI_VENDOR_ID] = VENDOR & 0xff, [PCI_VENDOR_ID + 1] = VENDOR >> 8,
		[PCI_DEVICE_ID] = DEVICE & 0xff, [PCI_DEVICE_ID + 1] = DEVICE >> 8,
		[PCI_COMMAND] = function->command & 0xff,
		[PCI_COMMAND + 1] = function->command >> 8,
		[PCI_CLASS_DEVICE + 1] = 0xff,
		[PCI_HEADER_TYPE] = host->functions > 1 ? 0x80 : 0,
	};
	u64 bar = function->bar[0] | (u64)function->bar[1] << 32;

	bar = (bar & ~(u64)(BAR_SIZE - 1)) | PCI_BASE_ADDRESS_MEM_TYPE_64;
	if (with_bar && where >= PCI_BASE_ADDRESS_0 && where < PCI_BASE_ADDRESS_2)
		return bar >> (8 * (where - PCI_BASE_ADDRESS_0));

	return where < sizeof(header) ? header[where] : 0;
}

static int host_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *val)
{
	struct host_bridge *host = to_host(bus);
	int i;

	access_begin(host);
	*val = devfn < host->functions ? 0 : ~0;
	for (i = 0; i < size && devfn < host->functions; i++)
		*val |= (u32)config_byte(host, devfn, where + i) << (8 * i);
	access_end(host);
	return devfn < host->functions ? PCIBIOS_SUCCESSFUL : PCIBIOS_DEVICE_NOT_FOUND;
}

static int host_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 val)
{
	struct host_bridge *host = to_host(bus);

	access_begin(host);
	if (devfn < host->functions && where == PCI_COMMAND)
		host->function[devfn].command = val;
	else if (devfn < host->functions && where == PCI_BASE_ADDRESS_0 && size == 4)
		host->function[devfn].bar[0] = val;
	else if (devfn < host->functions && where == PCI_BASE_ADDRESS_1 && size == 4)
		host->function[devfn].bar[1] = val;
	access_end(host);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops host_ops = {
	.read = host_read,
	.write = host_write,
};

static void host_scan(struct host_bridge *host)
{
	LIST_HEAD(resources);

	pci_add_resource(&resources, &host->busn);
	pci_add_resource(&resources, &host->window);
	pci_lock_rescan_remove();
	host->bus = pci_create_root_bus(host->root, 0, &host_ops, &host->sd, &resources);
	if (host->bus) {
		pci_scan_child_bus(host->bus);
		pci_bus_assign_resources(host->bus);
		pci_bus_add_devices(host->bus);
	} else {
		pci_free_resource_list(&resources);
	}
	pci_unlock_rescan_remove();
}

static int host_add(void)
{
	struct host_bridge *host;
	int ret = -ENODEV;

	host = kzalloc(sizeof(*host), GFP_KERNEL);
	if (!host)
		return -ENOMEM;

	host->sd.domain = DOMAIN + count;
	host->sd.node = NUMA_NO_NODE;
	host->functions = clamp(functions, 1U, FUNCTIONS + 0U);
	host->busn = (struct resource){ .name = "host_bridge", .flags = IORESOURCE_BUS };
	host->window = (struct resource){ .name = "host_bridge",
					  .flags = IORESOURCE_MEM | IORESOURCE_MEM_64 };
	ret = allocate_resource(&iomem_resource, &host->window, WINDOW, SPACE, SPACE_END, WINDOW,
				NULL, NULL);
	if (ret)
		goto out_free;

	snprintf(host->name, sizeof(host->name), "host_bridge%x", host->sd.domain);
	host->root = root_device_register(host->name);
	if (IS_ERR(host->root)) {
		ret = PTR_ERR(host->root);
		goto out_window;
	}
	host_scan(host);
	if (!host->bus) {
		ret = -ENODEV;
		goto out_root;
	}
	list_add(&host->link, &present);
	count++;
	return 0;

out_root:
	root_device_unregister(host->root);
out_window:
	release_resource(&host->window);
out_free:
	kfree(host);
	return ret;
}

/* As vmd_remove() and hv_pci_remove() do, the newest one first. */
static void host_remove(void)
{
	struct host_bridge *host = list_first_entry(&present, struct host_bridge, link);
	struct device *bridge = host->bus->bridge;

	pci_lock_rescan_remove();
	pci_stop_root_bus(host->bus);
	pci_remove_root_bus(host->bus);
	pci_unlock_rescan_remove();

	/* Those leak it: pci_remove_root_bus() leaves the first reference to its caller. */
	put_device(bridge);
	WRITE_ONCE(host->freed, true);
	smp_mb();	/* access_begin() counts itself before it reads @freed */
	atomic_add(atomic_read(&host->inside), &late);
	memset(&host->sd, 0x6b, sizeof(host->sd));
	root_device_unregister(host->root);
	release_resource(&host->window);
	list_move(&host->link, &freed);
	count--;
}

static int bridges_set(const char *text, const struct kernel_param *param)
{
	unsigned int wanted;
	int ret;

	ret = kstrtouint(text, 0, &wanted);
	while (!ret && count < wanted)
		ret = host_add();
	while (!ret && count > wanted)
		host_remove();
	return ret;
}

static int bridges_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%u\n", count);
}

static const struct kernel_param_ops bridges_ops = {
	.set = bridges_set,
	.get = bridges_get,
};
module_param_cb(bridges, &bridges_ops, NULL, 0644);

static int counter_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%d\n", atomic_read(param->arg));
}

static const struct kernel_param_ops counter_ops = {
	.get = counter_get,
};
module_param_cb(accesses, &counter_ops, &accesses, 0444);
module_param_cb(late, &counter_ops, &late, 0444);

/* Not from insmod's parameters: a bridge needs the module to be live. */
static int __init host_bridge_init(void)
{
	return 0;
}

static void __exit host_bridge_exit(void)
{
	struct host_bridge *host, *next;

	while (count)
		host_remove();
	list_for_each_entry_safe(host, next, &freed, link)
		kfree(host);
}

module_init(host_bridge_init);
module_exit(host_bridge_exit);

MODULE_AUTHOR("The pcibar authors");
MODULE_DESCRIPTION("Host bridges that can be removed, for tests");
MODULE_LICENSE("Dual BSD/GPL");
