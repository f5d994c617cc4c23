// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* PCIOCGETCONF, in its four layouts. */
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include "pciio.h"

/*
 * A function's record has the same first 40 bytes in every layout. Behind them
 * stand, each aligned to the caller's long: the unit (a long), the NUMA node
 * (an int), the bytes reported (a size_t), the two buses, and room to grow.
 */
struct conf_head {
	struct pcisel sel;
	u8 hdr;
	u16 subvendor, subdevice, vendor, device;
	u8 class, subclass, progif, revid;
	char name[PCI_MAXNAMELEN + 1];
};

#define CONF_UNIT	40
#define CONF_SPARE	62
#define CONF_MAX	128

static_assert(sizeof(struct conf_head) <= CONF_UNIT);

struct pattern {
	struct pcisel sel;
	char name[PCI_MAXNAMELEN + 1];
	unsigned long unit;
	u16 vendor, device;
	u8 class;
	u32 flags;
};

#define PATTERN_NAME	8
#define PATTERN_MAX	56

/* pci_conf_io as we see it. */
struct getconf {
	u32 pat_buf_len, num_patterns, match_buf_len, num_matches, offset, generation, status;
	void __user *patterns, *matches;
};

struct listing {
	struct pci_dev **devs;
	unsigned int count, room;
};

static unsigned int conf_reported(unsigned int long_size)
{
	return ALIGN(CONF_UNIT + long_size + sizeof(int), long_size);
}

static size_t conf_size(unsigned int long_size, bool extended)
{
	unsigned int end = CONF_UNIT + long_size;

	if (extended)
		end = conf_reported(long_size) + long_size + 2 + CONF_SPARE;
	return ALIGN(end, long_size);
}

static unsigned int pattern_unit(unsigned int long_size)
{
	return ALIGN(PATTERN_NAME + PCI_MAXNAMELEN + 1, long_size);
}

static size_t pattern_size(unsigned int long_size)
{
	return ALIGN(pattern_unit(long_size) + long_size + 8 + sizeof(u32), long_size);
}

static void put_long(void *at, unsigned int long_size, unsigned long val)
{
	if (long_size == sizeof(u32))
		put_unaligned((u32)val, (u32 *)at);
	else
		put_unaligned((u64)val, (u64 *)at);
}

static unsigned long get_long(const void *at, unsigned int long_size)
{
	return long_size == sizeof(u32) ? get_unaligned((u32 *)at) : get_unaligned((u64 *)at);
}

static int compare_devs(const void *a, const void *b)
{
	const struct pci_dev *x = *(struct pci_dev *const *)a, *y = *(struct pci_dev *const *)b;

	if (pci_domain_nr(x->bus) != pci_domain_nr(y->bus))
		return pci_domain_nr(x->bus) < pci_domain_nr(y->bus) ? -1 : 1;
	if (x->bus->number != y->bus->number)
		return x->bus->number - y->bus->number;
	return (int)x->devfn - (int)y->devfn;
}

static void listing_free(struct listing *list)
{
	while (list->count)
		pci_dev_put(list->devs[--list->count]);
	kvfree(list->devs);
}

/* All functions in address order, each referenced. */
static int listing_make(struct listing *list)
{
	struct pci_dev *pdev = NULL;

	*list = (struct listing){ .room = 64 };
	list->devs = kvmalloc_array(list->room, sizeof(*list->devs), GFP_KERNEL);
	if (!list->devs)
		return -ENOMEM;
	while ((pdev = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, pdev))) {
		if (list->count == list->room) {
			struct pci_dev **new = kvmalloc_array(2 * list->room, sizeof(*new),
							      GFP_KERNEL);

			if (!new) {
				pci_dev_put(pdev);
				listing_free(list);
				return -ENOMEM;
			}
			memcpy(new, list->devs, list->count * sizeof(*new));
			kvfree(list->devs);
			list->devs = new;
			list->room *= 2;
		}
		list->devs[list->count++] = pci_dev_get(pdev);
	}
	sort(list->devs, list->count, sizeof(*list->devs), compare_devs, NULL);
	return 0;
}

/* The module of a driver that is going away is freed only after a grace period. */
static void driver_name(struct pci_dev *pdev, char name[PCI_MAXNAMELEN + 1])
{
	struct device_driver *driver;

	memset(name, 0, PCI_MAXNAMELEN + 1);
	rcu_read_lock();
	driver = READ_ONCE(pdev->dev.driver);
	if (driver)
		strscpy(name, driver->name, PCI_MAXNAMELEN + 1);
	rcu_read_unlock();
}

/* The unit of entry @i: how many before it have the same driver. */
static unsigned long unit_of(const struct listing *list, unsigned int i)
{
	struct device_driver *driver = READ_ONCE(list->devs[i]->dev.driver);
	unsigned long unit = 0;
	unsigned int j;

	for (j = 0; driver && j < i; j++)
		unit += READ_ONCE(list->devs[j]->dev.driver) == driver;
	return unit;
}

static void fill_conf(const struct listing *list, unsigned int i, struct conf_head *head,
		      unsigned long *unit)
{
	struct pci_dev *pdev = list->devs[i];

	memset(head, 0, sizeof(*head));
	head->sel.pc_domain = pci_domain_nr(pdev->bus);
	head->sel.pc_bus = pdev->bus->number;
	head->sel.pc_dev = PCI_SLOT(pdev->devfn);
	head->sel.pc_func = PCI_FUNC(pdev->devfn);
	head->hdr = pdev->hdr_type;
	head->subvendor = pdev->subsystem_vendor;
	head->subdevice = pdev->subsystem_device;
	head->vendor = pdev->vendor;
	head->device = pdev->device;
	head->class = pdev->class >> 16;
	head->subclass = pdev->class >> 8;
	head->progif = pdev->class;
	head->revid = pdev->revision;
	driver_name(pdev, head->name);
	*unit = unit_of(list, i);
}

static bool matches(const struct conf_head *head, unsigned long unit, const struct pattern *p)
{
	if (!p->flags)
		return false;
	return !((p->flags & PCI_GETCONF_MATCH_DOMAIN && p->sel.pc_domain != head->sel.pc_domain) ||
		 (p->flags & PCI_GETCONF_MATCH_BUS && p->sel.pc_bus != head->sel.pc_bus) ||
		 (p->flags & PCI_GETCONF_MATCH_DEV && p->sel.pc_dev != head->sel.pc_dev) ||
		 (p->flags & PCI_GETCONF_MATCH_FUNC && p->sel.pc_func != head->sel.pc_func) ||
		 (p->flags & PCI_GETCONF_MATCH_VENDOR && p->vendor != head->vendor) ||
		 (p->flags & PCI_GETCONF_MATCH_DEVICE && p->device != head->device) ||
		 (p->flags & PCI_GETCONF_MATCH_CLASS && p->class != head->class) ||
		 (p->flags & PCI_GETCONF_MATCH_UNIT && p->unit != unit) ||
		 (p->flags & PCI_GETCONF_MATCH_NAME &&
		  strncmp(p->name, head->name, PCI_MAXNAMELEN)));
}

static bool matches_any(const struct conf_head *head, unsigned long unit,
			const struct pattern *patterns, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (matches(head, unit, &patterns[i]))
			return true;
	return !count;
}

static int put_conf(void __user *to, const struct listing *list, unsigned int i,
		    const struct conf_head *head, unsigned long unit, unsigned int long_size,
		    bool extended)
{
	struct pci_dev *pdev = list->devs[i];
	unsigned int at = conf_reported(long_size);
	u8 record[CONF_MAX] = { 0 };

	memcpy(record, head, sizeof(*head));
	put_long(record + CONF_UNIT, long_size, unit);
	if (extended) {
		put_unaligned((u32)dev_to_node(&pdev->dev),
			      (u32 *)(record + CONF_UNIT + long_size));
		put_long(record + at, long_size, at + long_size + 2);
		/* Not from configuration space: that would wake the bridge. */
		if (pdev->subordinate) {
			record[at + long_size] = pdev->subordinate->number;
			record[at + long_size + 1] = pdev->subordinate->busn_res.end;
		}
	}
	return copy_to_user(to, record, conf_size(long_size, extended)) ? -EFAULT : 0;
}

static void get_pattern(const u8 *record, struct pattern *p, unsigned int long_size)
{
	unsigned int at = pattern_unit(long_size);

	memcpy(&p->sel, record, sizeof(p->sel));
	memcpy(p->name, record + PATTERN_NAME, sizeof(p->name));
	p->unit = get_long(record + at, long_size);
	at += long_size;
	p->vendor = get_unaligned((u16 *)(record + at));
	p->device = get_unaligned((u16 *)(record + at + 2));
	p->class = record[at + 4];
	p->flags = get_unaligned((u32 *)(record + at + 8));
}

/* A pattern that cannot be read is EINVAL, as FreeBSD has it. */
static struct pattern *get_patterns(const struct getconf *io, unsigned int devices,
				    unsigned int long_size)
{
	size_t size = pattern_size(long_size);
	struct pattern *patterns;
	u8 record[PATTERN_MAX];
	unsigned int i;

	if (!io->num_patterns && !io->pat_buf_len)
		return NULL;
	if (!io->num_patterns || io->num_patterns >= devices ||
	    io->pat_buf_len != (u64)io->num_patterns * size)
		return ERR_PTR(-EINVAL);
	patterns = kvmalloc_array(io->num_patterns, sizeof(*patterns), GFP_KERNEL);
	if (!patterns)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < io->num_patterns; i++) {
		if (copy_from_user(record, io->patterns + i * size, size)) {
			kvfree(patterns);
			return ERR_PTR(-EINVAL);
		}
		get_pattern(record, &patterns[i], long_size);
	}
	return patterns;
}

static int put_matches(struct getconf *io, const struct listing *list,
		       const struct pattern *patterns, unsigned int long_size, bool extended)
{
	size_t size = conf_size(long_size, extended);
	unsigned int room = io->match_buf_len / size, i;

	io->num_matches = 0;
	io->status = PCI_GETCONF_LAST_DEVICE;
	for (i = io->offset; i < list->count; i++) {
		struct conf_head head;
		unsigned long unit;
		int ret;

		fill_conf(list, i, &head, &unit);
		if (!matches_any(&head, unit, patterns, io->num_patterns))
			continue;
		if (io->num_matches == room) {
			io->status = PCI_GETCONF_MORE_DEVS;
			break;
		}
		ret = put_conf(io->matches + io->num_matches * size, list, i, &head, unit,
			       long_size, extended);
		if (ret)
			return ret;
		io->num_matches++;
	}
	io->offset = i;
	return 0;
}

static int getconf(struct getconf *io, unsigned int long_size, bool extended)
{
	u32 generation = atomic_read(&pciio_generation);
	struct pattern *patterns = NULL;
	struct listing list;
	int ret;

	if (io->offset && io->generation != generation) {
		io->num_matches = 0;
		io->status = PCI_GETCONF_LIST_CHANGED;
		return 0;
	}
	ret = listing_make(&list);
	if (ret)
		return ret;
	io->generation = generation;
	if (io->offset >= list.count) {
		io->num_matches = 0;
		io->status = PCI_GETCONF_LAST_DEVICE;
		goto out;
	}
	patterns = get_patterns(io, list.count, long_size);
	ret = PTR_ERR_OR_ZERO(patterns);
	if (!ret)
		ret = put_matches(io, &list, patterns, long_size, extended);
	if (!IS_ERR(patterns))
		kvfree(patterns);
out:
	listing_free(&list);
	return ret;
}

/*
 * pci_conf_io as 32-bit words: a pointer takes one or two of them, and nothing
 * else differs.
 */
#define CONF_IO_WORDS	12

static void __user *get_pointer(const u32 *word, unsigned int long_size)
{
	unsigned long val = get_long(word, long_size);

#ifdef CONFIG_COMPAT
	if (long_size != sizeof(long))
		return compat_ptr(val);
#endif
	return (void __user *)val;
}

long pciio_getconf(void __user *arg, unsigned int long_size, bool extended)
{
	unsigned int p = long_size / sizeof(u32);
	size_t size = ALIGN((7 + 2 * p) * sizeof(u32), long_size);
	u32 words[CONF_IO_WORDS];
	struct getconf io;
	int ret;

	if (copy_from_user(words, arg, size))
		return -EFAULT;
	io = (struct getconf){
		.pat_buf_len = words[0],
		.num_patterns = words[1],
		.patterns = get_pointer(&words[2], long_size),
		.match_buf_len = words[2 + p],
		.matches = get_pointer(&words[4 + p], long_size),
		.offset = words[4 + 2 * p],
		.generation = words[5 + 2 * p],
	};
	ret = getconf(&io, long_size, extended);
	if (ret)
		return ret;
	words[3 + p] = io.num_matches;
	words[4 + 2 * p] = io.offset;
	words[5 + 2 * p] = io.generation;
	words[6 + 2 * p] = io.status;
	return copy_to_user(arg, words, size) ? -EFAULT : 0;
}
