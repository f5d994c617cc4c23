// SPDX-License-Identifier: BSD-2-Clause
/*
 * Nothing but FreeBSD's requests of /dev/pci: what will run there. On Linux the
 * module answers them, so that this is tested here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi.h"
#include "internal.h"

#define HEADER_BRIDGE	1
#define LIST_CHUNK	64	/* functions per PCIOCGETCONF */

/* The low bits of a BAR register, PCI 3.0, 6.2.5.1. */
#define BAR_IO		0x1u
#define BAR_TYPE	0x6u
#define BAR_TYPE_64	0x4u
#define BAR_PREFETCH	0x8u

struct freebsd {
	struct pcibar_abi abi;		/* first: see there */
	bool bridge;
};

static bool same_function(const struct pcisel *a, const struct pcisel *b)
{
	return a->pc_domain == b->pc_domain && a->pc_bus == b->pc_bus && a->pc_dev == b->pc_dev &&
	       a->pc_func == b->pc_func;
}

/*
 * Call @fn on each function until it answers other than 0. When functions come
 * or go meanwhile, the kernel says so, and the list begins anew.
 */
static int for_each_conf(int fd, int (*fn)(void *data, const struct pci_conf *conf), void *data)
{
	struct pci_conf confs[LIST_CHUNK];
	struct pci_conf_io io = { .match_buf_len = sizeof(confs), .matches = confs };

	do {
		if (ioctl(fd, PCIOCGETCONF, &io))
			return -errno;
		if (io.status == PCI_GETCONF_LIST_CHANGED) {
			io.offset = 0;
			continue;
		}
		for (u_int32_t i = 0; i < io.num_matches; i++) {
			int ret = fn(data, &confs[i]);

			if (ret)
				return ret;
		}
	} while (io.status != PCI_GETCONF_LAST_DEVICE);
	return 0;
}

struct scan {
	pcibar_visit_fn visit;
	void *data;
};

static int visit_conf(void *data, const struct pci_conf *conf)
{
	struct scan *scan = data;
	struct pcibar_address addr = { conf->pc_sel.pc_domain, conf->pc_sel.pc_bus,
				       conf->pc_sel.pc_dev, conf->pc_sel.pc_func };

	return scan->visit(scan->data, &addr);
}

static int freebsd_scan(const char *root, pcibar_visit_fn visit, void *data)
{
	static const struct pcibar_address none;
	struct scan scan = { visit, data };
	struct pcibar_abi abi;
	int ret = pcibar_abi_open(&abi, root, &none);

	if (ret)
		return ret;
	ret = for_each_conf(abi.fd, visit_conf, &scan);
	close(abi.fd);
	return ret;
}

struct lookup {
	struct pcisel sel;
	struct pci_conf conf;
};

static int find_conf(void *data, const struct pci_conf *conf)
{
	struct lookup *lookup = data;

	if (!same_function(&conf->pc_sel, &lookup->sel))
		return 0;
	lookup->conf = *conf;
	return 1;
}

static int get_conf(int fd, const struct pcisel *sel, struct pci_conf *conf)
{
	struct lookup lookup = { .sel = *sel };
	int ret = for_each_conf(fd, find_conf, &lookup);

	if (ret != 1)
		return ret ? ret : -ENODEV;
	*conf = lookup.conf;
	return 0;
}

static int freebsd_open(const char *root, const struct pcibar_address *addr, void **bep)
{
	struct pcibar_abi abi;
	struct pci_conf conf;
	struct freebsd *be = NULL;
	int ret;

	ret = pcibar_abi_open(&abi, root, addr);
	if (ret)
		return ret;
	ret = get_conf(abi.fd, &abi.sel, &conf);
	if (!ret) {
		be = malloc(sizeof(*be));
		ret = be ? 0 : -ENOMEM;
	}
	if (ret) {
		close(abi.fd);
		return ret;
	}
	*be = (struct freebsd){ abi, (conf.pc_hdr & 0x7f) == HEADER_BRIDGE };
	*bep = be;
	return 0;
}

static void freebsd_close(void *priv)
{
	struct freebsd *be = priv;

	close(be->abi.fd);
	free(be);
}

static int freebsd_get_id(void *priv, enum pcibar_id id, uint32_t *val)
{
	struct freebsd *be = priv;
	struct pci_conf conf;
	int ret = get_conf(be->abi.fd, &be->abi.sel, &conf);

	if (ret)
		return ret;
	switch (id) {
	case PCIBAR_ID_VENDOR:
		*val = conf.pc_vendor;
		break;
	case PCIBAR_ID_DEVICE:
		*val = conf.pc_device;
		break;
	case PCIBAR_ID_SUBVENDOR:
		*val = conf.pc_subvendor;
		break;
	case PCIBAR_ID_SUBDEVICE:
		*val = conf.pc_subdevice;
		break;
	case PCIBAR_ID_CLASS:
		*val = (uint32_t)conf.pc_class << 16 | (uint32_t)conf.pc_subclass << 8 |
		       conf.pc_progif;
		break;
	case PCIBAR_ID_REVISION:
		*val = conf.pc_revid;
		break;
	}
	return 0;
}

static int freebsd_get_driver(void *priv, char name[PCIBAR_NAME_LEN])
{
	struct freebsd *be = priv;
	struct pci_conf conf;
	int ret = get_conf(be->abi.fd, &be->abi.sel, &conf);

	if (!ret)
		strcpy(name, conf.pd_name);
	return ret;
}

/* The requests do not tell; one that needs the device wakes it. */
static int freebsd_get_asleep(void *priv, bool *asleep)
{
	(void)priv;
	*asleep = false;
	return 0;
}

/* 0, -ENOENT when there is no such BAR, or another error. */
static int get_bar(int fd, const struct pcisel *sel, int reg, struct pci_bar_io *io)
{
	*io = (struct pci_bar_io){ .pbi_sel = *sel, .pbi_reg = reg };
	if (!ioctl(fd, PCIOCGETBAR, io))
		return 0;
	return errno == EINVAL ? -ENOENT : -errno;
}

static bool is_64bit(const struct pci_bar_io *io)
{
	return !(io->pbi_base & BAR_IO) && (io->pbi_base & BAR_TYPE) == BAR_TYPE_64;
}

/* Whether the register before @bar is a 64-bit BAR, whose upper half it is then. */
static bool is_upper_half(struct freebsd *be, unsigned int bar)
{
	struct pci_bar_io io;

	return bar && bar < PCIBAR_BAR_ROM &&
	       !get_bar(be->abi.fd, &be->abi.sel, pcibar_abi_reg(bar - 1, be->bridge), &io) &&
	       is_64bit(&io);
}

static int freebsd_get_resource(void *priv, unsigned int bar, struct pcibar_resource *res)
{
	struct freebsd *be = priv;
	struct pci_bar_io io;
	int ret = get_bar(be->abi.fd, &be->abi.sel, pcibar_abi_reg(bar, be->bridge), &io);

	*res = (struct pcibar_resource){ .kind = PCIBAR_BAR_NONE };
	if (ret == -ENOENT) {
		if (is_upper_half(be, bar))
			res->flags = PCIBAR_BAR_UPPER_HALF;
		return 0;
	}
	if (ret)
		return ret;
	res->length = io.pbi_length;
	if (bar == PCIBAR_BAR_ROM) {
		res->kind = PCIBAR_BAR_EXPANSION_ROM;
		res->start = io.pbi_base & ~(uint64_t)0x7ff;
	} else if (io.pbi_base & BAR_IO) {
		res->kind = PCIBAR_BAR_IO;
		res->start = io.pbi_base & ~(uint64_t)3;
	} else {
		res->kind = is_64bit(&io) ? PCIBAR_BAR_MEM64 : PCIBAR_BAR_MEM32;
		res->start = io.pbi_base & ~(uint64_t)0xf;
		res->flags = io.pbi_base & BAR_PREFETCH ? PCIBAR_BAR_PREFETCHABLE : 0;
	}
	if (!res->start)
		res->flags |= PCIBAR_BAR_UNASSIGNED;
	else if (res->kind != PCIBAR_BAR_IO)
		res->flags |= PCIBAR_BAR_MAPPABLE | PCIBAR_BAR_HAS_WC;
	return 0;
}

struct neighbour {
	struct freebsd *be;
	unsigned int bar;
	uint64_t first, last;
	char *name;
};

/* Bus addresses: what shares a page on the bus shares it for the CPU. */
static int visit_neighbour(void *data, const struct pci_conf *conf)
{
	struct neighbour *want = data;
	bool self = same_function(&conf->pc_sel, &want->be->abi.sel);
	struct pci_bar_io io;

	if (conf->pc_sel.pc_domain != want->be->abi.sel.pc_domain ||
	    conf->pc_sel.pc_bus != want->be->abi.sel.pc_bus)
		return 0;
	for (unsigned int bar = 0; bar < PCIBAR_BAR_ROM; bar++) {
		if ((self && bar == want->bar) ||
		    get_bar(want->be->abi.fd, &conf->pc_sel, pcibar_abi_reg(bar, false), &io) ||
		    io.pbi_base & BAR_IO)
			continue;
		io.pbi_base &= ~(uint64_t)0xf;
		if (io.pbi_base && io.pbi_base <= want->last &&
		    io.pbi_base + io.pbi_length > want->first) {
			strcpy(want->name, self ? "another BAR of the same function"
						: "a BAR of another function");
			return 1;
		}
	}
	return 0;
}

static int freebsd_get_neighbour(void *priv, unsigned int bar, uint64_t first, uint64_t last,
				 char name[PCIBAR_NAME_LEN])
{
	struct neighbour want = { priv, bar, first, last, name };
	int ret;

	*name = '\0';
	ret = for_each_conf(want.be->abi.fd, visit_neighbour, &want);
	return ret < 0 ? ret : 0;
}

/* The request maps all of the BAR; what lies outside the window is given back at once. */
static int freebsd_map(void *priv, unsigned int bar, const struct pcibar_pages *pages,
		       struct pcibar_verdict *v, void **basep, void **tokenp)
{
	struct freebsd *be = priv;
	struct pci_bar_mmap io = {
		.pbm_sel = be->abi.sel,
		.pbm_reg = pcibar_abi_reg(bar, be->bridge),
		.pbm_memattr = pcibar_abi_attr(pages->attr),
	};
	size_t end = (size_t)(pages->offset + pages->length);
	char *base;

	(void)tokenp;
	if (be->abi.refused)
		return pcibar_abi_object_rights(v, be->abi.refused);
	if (v->all && pages->flags & PCIBAR_MAP_ACTIVATE)
		return -EAGAIN;
	if (pages->flags & PCIBAR_MAP_WRITE)
		io.pbm_flags |= PCIIO_BAR_MMAP_RW;
	if (pages->flags & PCIBAR_MAP_ACTIVATE)
		io.pbm_flags |= PCIIO_BAR_MMAP_ACTIVATE;
	if (ioctl(be->abi.fd, PCIOCBARMMAP, &io))
		return pcibar_abi_object(v, errno);
	base = io.pbm_map_base;
	if (pages->offset)
		munmap(base, (size_t)pages->offset);
	if (end < io.pbm_map_length)
		munmap(base + end, io.pbm_map_length - end);
	*basep = base + pages->offset;
	return 0;
}

static int freebsd_config_read(void *priv, unsigned int off, unsigned int width, uint32_t *val)
{
	struct freebsd *be = priv;
	struct pci_io io = { .pi_sel = be->abi.sel, .pi_reg = (int)off, .pi_width = (int)width };

	if (be->abi.refused)
		return -EACCES;
	if (ioctl(be->abi.fd, PCIOCREAD, &io))
		return errno == EINVAL ? -ERANGE : -errno;
	*val = io.pi_data;
	return 0;
}

const struct pcibar_backend_ops pcibar_backend_freebsd = {
	.id = PCIBAR_BACKEND_FREEBSD,
	.name = "freebsd",
	.absent = "there is no " PCIBAR_DEV_PCI,
	.absent_remedy = "modprobe pciio",
	.caps = PCIBAR_CAP_MAP_WC | PCIBAR_CAP_ACTIVATE,
	.by_name_only = true,
	.activates = true,
	.scan = freebsd_scan,
	.open = freebsd_open,
	.close = freebsd_close,
	.get_id = freebsd_get_id,
	.get_driver = freebsd_get_driver,
	.get_asleep = freebsd_get_asleep,
	.get_resource = freebsd_get_resource,
	.get_neighbour = freebsd_get_neighbour,
	.map = freebsd_map,
	.channel_open = pcibar_abi_channel_open,
	.channel_read = pcibar_abi_channel_read,
	.channel_write = pcibar_abi_channel_write,
	.channel_close = free,
	.config_read = freebsd_config_read,
	.config_write = pcibar_abi_config_write,
};
