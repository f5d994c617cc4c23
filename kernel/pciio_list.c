// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * PCIOCGETCONF, in its four layouts: the short and the long form, for 64- and for
 * 32-bit callers. The records are made in kernel memory and copied out when no
 * device is in use any more: the caller decides how long a copy takes.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pciio.h"

/* FreeBSD 15's struct pci_conf; <sys/pciio.h> shows the short form here. */
struct conf_long {
	struct pci_conf head;
	int numa_domain;
	size_t reported_len;
	u8 secbus, subbus;
	char spare[62];
};

/* The structures of 32-bit callers. */
struct compat_conf {
	struct pcisel sel;
	u8 hdr;
	u16 subvendor, subdevice, vendor, device;
	u8 class, subclass, progif, revid;
	char name[PCI_MAXNAMELEN + 1];
	u32 unit;
};

struct compat_conf_long {
	struct compat_conf head;
	s32 numa_domain;
	u32 reported_len;
	u8 secbus, subbus;
	char spare[62];
};

struct compat_match_conf {
	struct pcisel sel;
	char name[PCI_MAXNAMELEN + 1];
	u32 unit;
	u16 vendor, device;
	u8 class;
	u32 flags;
};

struct compat_conf_io {
	u32 pat_buf_len, num_patterns;
	u32 patterns;
	u32 match_buf_len, num_matches;
	u32 matches;
	u32 offset, generation, status;
};

static_assert(sizeof(struct compat_conf) == 44);
static_assert(sizeof(struct compat_conf_long) == 116);
static_assert(offsetof(struct compat_conf, unit) == offsetof(struct pci_conf, pd_unit));
static_assert(sizeof(struct compat_match_conf) == 44);
static_assert(sizeof(struct compat_conf_io) == PCIIO_GETCONF_COMPAT_SIZE);

/* A request as this file sees it, whatever the layout. */
struct getconf {
	bool compat, extended;
	u32 pat_buf_len, num_patterns, match_buf_len, num_matches, offset, generation, status;
	void __user *patterns, *matches;
};

/* All functions; each has a reference to its structure, not to the device. */
struct listing {
	struct pciio_func **funcs;
	unsigned int count;
	u32 generation;
	/* How many functions each driver has had so far. */
	struct unit {
		char name[PCI_MAXNAMELEN + 1];
		unsigned long next;
	} *units;
	unsigned int unit_count;
};

static size_t record_size(const struct getconf *io)
{
	if (io->compat)
		return io->extended ? sizeof(struct compat_conf_long) : sizeof(struct compat_conf);
	return io->extended ? sizeof(struct conf_long) : sizeof(struct pci_conf);
}

static size_t pattern_size(const struct getconf *io)
{
	return io->compat ? sizeof(struct compat_match_conf) : sizeof(struct pci_match_conf);
}

static void listing_free(struct listing *list)
{
	pciio_func_snapshot_free(list->funcs, list->count);
	kvfree(list->units);
}

static int listing_make(struct listing *list)
{
	*list = (struct listing){ 0 };
	list->funcs = pciio_func_snapshot(&list->count, &list->generation);
	if (IS_ERR(list->funcs))
		return PTR_ERR(list->funcs);

	list->units = kvmalloc_array(list->count + 1, sizeof(*list->units), GFP_KERNEL);
	if (!list->units) {
		listing_free(list);
		return -ENOMEM;
	}
	return 0;
}

/* The number of the next function with this driver. */
static unsigned long next_unit(struct listing *list, const char *name)
{
	unsigned int i;

	if (!name[0])
		return 0;

	for (i = 0; i < list->unit_count; i++)
		if (!strcmp(list->units[i].name, name))
			return list->units[i].next++;

	strscpy(list->units[i].name, name, sizeof(list->units[i].name));
	list->units[i].next = 1;
	list->unit_count++;
	return 0;
}

/* What both forms have; the rest of the record is zero. */
static void fill_conf(struct listing *list, struct pciio_func *func, struct conf_long *conf)
{
	struct pci_conf *head = &conf->head;

	memset(conf, 0, sizeof(*conf));
	head->pc_sel.pc_domain = func->sel.pc_domain;
	head->pc_sel.pc_bus = func->sel.pc_bus;
	head->pc_sel.pc_dev = func->sel.pc_dev;
	head->pc_sel.pc_func = func->sel.pc_func;
	head->pc_hdr = func->header;
	head->pc_subvendor = func->subvendor;
	head->pc_subdevice = func->subdevice;
	head->pc_vendor = func->vendor;
	head->pc_device = func->device;
	head->pc_class = func->class >> 16;
	head->pc_subclass = func->class >> 8;
	head->pc_progif = func->class;
	head->pc_revid = func->revision;

	spin_lock(&pciio_name_lock);
	memcpy(head->pd_name, func->driver_name, sizeof(head->pd_name));
	spin_unlock(&pciio_name_lock);
	head->pd_unit = next_unit(list, head->pd_name);
}

/*
 * Reads the bus numbers of a bridge, never from pdev->subordinate: removal frees
 * that before it clears the pointer. A bridge that cannot be read now is listed
 * with the numbers read last.
 */
static void read_buses(struct pciio_func *func)
{
	u32 val;

	if (!pciio_func_enter(func))
		return;

	if (func->pdev->current_state != PCI_D3cold &&
	    !pciio_cfg_read(func, PCI_PRIMARY_BUS, 4, &val) && val != ~0U)
		WRITE_ONCE(func->buses, val >> 8);
	pciio_func_leave(func);
}

/* What only the long form has. */
static void fill_long(struct pciio_func *func, struct conf_long *conf)
{
	u16 buses;

	conf->numa_domain = func->node;
	conf->reported_len = offsetof(struct conf_long, spare);
	if (func->header != PCI_HEADER_TYPE_BRIDGE && func->header != PCI_HEADER_TYPE_CARDBUS)
		return;

	read_buses(func);
	buses = READ_ONCE(func->buses);
	conf->secbus = buses;
	conf->subbus = buses >> 8;
}

static bool matches(const struct pci_conf *conf, const struct pci_match_conf *p)
{
	u32 flags = p->flags;

	if (!flags)
		return false;

	return !((flags & PCI_GETCONF_MATCH_DOMAIN &&
		  p->pc_sel.pc_domain != conf->pc_sel.pc_domain) ||
		 (flags & PCI_GETCONF_MATCH_BUS && p->pc_sel.pc_bus != conf->pc_sel.pc_bus) ||
		 (flags & PCI_GETCONF_MATCH_DEV && p->pc_sel.pc_dev != conf->pc_sel.pc_dev) ||
		 (flags & PCI_GETCONF_MATCH_FUNC && p->pc_sel.pc_func != conf->pc_sel.pc_func) ||
		 (flags & PCI_GETCONF_MATCH_VENDOR && p->pc_vendor != conf->pc_vendor) ||
		 (flags & PCI_GETCONF_MATCH_DEVICE && p->pc_device != conf->pc_device) ||
		 (flags & PCI_GETCONF_MATCH_CLASS && p->pc_class != conf->pc_class) ||
		 (flags & PCI_GETCONF_MATCH_UNIT && p->pd_unit != conf->pd_unit) ||
		 (flags & PCI_GETCONF_MATCH_NAME &&
		  strncmp(p->pd_name, conf->pd_name, PCI_MAXNAMELEN)));
}

static bool matches_any(const struct pci_conf *conf, const struct pci_match_conf *patterns,
			unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (matches(conf, &patterns[i]))
			return true;
	return !count;
}

static void put_record(const struct getconf *io, void *to, const struct conf_long *conf)
{
	struct compat_conf_long record = { 0 };

	if (io->compat) {
		memcpy(&record.head, &conf->head, offsetof(struct compat_conf, unit));
		record.head.unit = conf->head.pd_unit;
		record.numa_domain = conf->numa_domain;
		record.reported_len = offsetof(struct compat_conf_long, spare);
		record.secbus = conf->secbus;
		record.subbus = conf->subbus;
		memcpy(to, &record, record_size(io));
		return;
	}
	memcpy(to, conf, record_size(io));
}

static int get_pattern(const struct getconf *io, const void __user *from, struct pci_match_conf *p)
{
	struct compat_match_conf record;

	if (io->compat) {
		if (copy_from_user(&record, from, sizeof(record)))
			return -EFAULT;
		*p = (struct pci_match_conf){
			.pc_sel = record.sel,
			.pd_unit = record.unit,
			.pc_vendor = record.vendor,
			.pc_device = record.device,
			.pc_class = record.class,
			.flags = record.flags,
		};
		memcpy(p->pd_name, record.name, sizeof(p->pd_name));
		return 0;
	}
	return copy_from_user(p, from, sizeof(*p)) ? -EFAULT : 0;
}

/* A pattern that cannot be read is EINVAL, as in FreeBSD. */
static struct pci_match_conf *get_patterns(const struct getconf *io, unsigned int functions)
{
	struct pci_match_conf *patterns;
	size_t size = pattern_size(io);
	unsigned int i;

	if (!io->num_patterns && !io->pat_buf_len)
		return NULL;
	if (!io->num_patterns || io->num_patterns >= functions ||
	    io->pat_buf_len != (u64)io->num_patterns * size)
		return ERR_PTR(-EINVAL);

	patterns = kvmalloc_array(io->num_patterns, sizeof(*patterns), GFP_KERNEL);
	if (!patterns)
		return ERR_PTR(-ENOMEM);

	for (i = 0; i < io->num_patterns; i++) {
		if (get_pattern(io, io->patterns + i * size, &patterns[i])) {
			kvfree(patterns);
			return ERR_PTR(-EINVAL);
		}
	}
	return patterns;
}

/* Fills @records, which has room for @room of them. */
static void list_matches(struct getconf *io, struct listing *list,
			 const struct pci_match_conf *patterns, void *records, unsigned int room)
{
	struct conf_long conf;
	unsigned int i;

	io->num_matches = 0;
	io->status = PCI_GETCONF_LAST_DEVICE;
	for (i = 0; i < list->count; i++) {
		cond_resched();
		/* Units are counted from the beginning of the list. */
		fill_conf(list, list->funcs[i], &conf);
		if (i < io->offset || !matches_any(&conf.head, patterns, io->num_patterns))
			continue;
		if (io->num_matches == room) {
			io->status = PCI_GETCONF_MORE_DEVS;
			break;
		}

		if (io->extended)
			fill_long(list->funcs[i], &conf);
		put_record(io, records + io->num_matches * record_size(io), &conf);
		io->num_matches++;
	}
	io->offset = i;
}

/* The records, in kernel memory; NULL when there are none. */
static void *make_records(struct getconf *io)
{
	struct pci_match_conf *patterns = NULL;
	void *records = NULL;
	struct listing list;
	unsigned int room;
	int ret;

	ret = listing_make(&list);
	if (ret)
		return ERR_PTR(ret);

	io->num_matches = 0;
	io->status = PCI_GETCONF_LIST_CHANGED;
	if (io->offset && io->generation != list.generation)
		goto out;
	io->generation = list.generation;
	io->status = PCI_GETCONF_LAST_DEVICE;
	if (io->offset >= list.count)
		goto out;

	patterns = get_patterns(io, list.count);
	if (IS_ERR(patterns)) {
		records = ERR_CAST(patterns);
		patterns = NULL;
		goto out;
	}

	room = min_t(size_t, io->match_buf_len / record_size(io), list.count - io->offset);
	records = kvcalloc(room + 1, record_size(io), GFP_KERNEL);
	if (records)
		list_matches(io, &list, patterns, records, room);
	else
		records = ERR_PTR(-ENOMEM);
out:
	kvfree(patterns);
	listing_free(&list);
	return records;
}

static int getconf(struct getconf *io)
{
	void *records = make_records(io);
	int ret = 0;

	if (IS_ERR(records))
		return PTR_ERR(records);

	if (io->num_matches &&
	    copy_to_user(io->matches, records, io->num_matches * record_size(io)))
		ret = -EFAULT;
	kvfree(records);
	return ret;
}

/* The caller's structure, in the layout of its ABI. */
union conf_io {
	struct pci_conf_io native;
	struct compat_conf_io compat;
};

static void getconf_in(struct getconf *io, const union conf_io *user)
{
	const struct compat_conf_io *compat = &user->compat;
	const struct pci_conf_io *native = &user->native;

	if (io->compat) {
		io->pat_buf_len = compat->pat_buf_len;
		io->num_patterns = compat->num_patterns;
		io->patterns = pciio_compat_ptr(compat->patterns);
		io->match_buf_len = compat->match_buf_len;
		io->matches = pciio_compat_ptr(compat->matches);
		io->offset = compat->offset;
		io->generation = compat->generation;
	} else {
		io->pat_buf_len = native->pat_buf_len;
		io->num_patterns = native->num_patterns;
		io->patterns = (void __user *)native->patterns;
		io->match_buf_len = native->match_buf_len;
		io->matches = (void __user *)native->matches;
		io->offset = native->offset;
		io->generation = native->generation;
	}
}

static void getconf_out(const struct getconf *io, union conf_io *user)
{
	struct compat_conf_io *compat = &user->compat;
	struct pci_conf_io *native = &user->native;

	if (io->compat) {
		compat->num_matches = io->num_matches;
		compat->offset = io->offset;
		compat->generation = io->generation;
		compat->status = io->status;
	} else {
		native->num_matches = io->num_matches;
		native->offset = io->offset;
		native->generation = io->generation;
		native->status = io->status;
	}
}

static long getconf_request(const struct pciio_call *call, bool extended)
{
	struct getconf io = { .compat = call->compat, .extended = extended };
	size_t size = call->compat ? sizeof(struct compat_conf_io) : sizeof(struct pci_conf_io);
	union conf_io user;
	int ret;

	if (copy_from_user(&user, call->arg, size))
		return -EFAULT;

	getconf_in(&io, &user);
	ret = getconf(&io);
	if (ret)
		return ret;

	getconf_out(&io, &user);
	return copy_to_user(call->arg, &user, size) ? -EFAULT : 0;
}

long pciio_getconf_short(const struct pciio_call *call)
{
	return getconf_request(call, false);
}

long pciio_getconf_long(const struct pciio_call *call)
{
	return getconf_request(call, true);
}
