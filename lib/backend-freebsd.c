// SPDX-License-Identifier: BSD-2-Clause
/*
 * Nothing but FreeBSD's requests of /dev/pci: what will run there. On Linux the
 * module serves them, so that this is tested here.
 *
 * These name a function by its address, and another one may have taken its place.
 * So before each of them, and after those whose result can still be given up, the
 * IDs there are compared with those of the function that was opened. A replacement
 * between the comparison and a write, or by a function with the same IDs, is not
 * noticed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devpci.h"
#include "internal.h"
#include "system.h"

#define LIST_CHUNK	64	/* functions per PCIOCGETCONF */

struct freebsd {
	struct pcibar_devpci devpci;	/* first, so that pointers to both are the same */
	struct pci_conf conf;		/* as it was opened */
	atomic_bool gone;
};

_Static_assert(offsetof(struct freebsd, devpci) == 0, "devpci.c takes one for the other");

#define ONE_FUNCTION	(PCI_GETCONF_MATCH_DOMAIN | PCI_GETCONF_MATCH_BUS | \
			 PCI_GETCONF_MATCH_DEV | PCI_GETCONF_MATCH_FUNC)

static bool same_function(const struct pcisel *a, const struct pcisel *b)
{
	return a->pc_domain == b->pc_domain && a->pc_bus == b->pc_bus && a->pc_dev == b->pc_dev &&
	       a->pc_func == b->pc_func;
}

/*
 * Lists the functions that @pattern matches (NULL: all). The caller frees the list.
 * When functions come or go in between, the kernel reports that, and the list starts
 * again.
 */
static int list_confs(int fd, struct pci_match_conf *pattern, struct pci_conf **confsp,
		      size_t *countp)
{
	struct pci_conf_io io = { .pat_buf_len = pattern ? sizeof(*pattern) : 0,
				  .num_patterns = pattern ? 1 : 0, .patterns = pattern,
				  .match_buf_len = LIST_CHUNK * sizeof(struct pci_conf) };
	struct pci_conf *confs = NULL, *more;
	size_t count = 0;
	int ret;

	do {
		more = realloc(confs, (count + LIST_CHUNK) * sizeof(*confs));
		ret = more ? 0 : -ENOMEM;
		if (more) {
			confs = more;
			io.matches = confs + count;
			ret = ioctl(fd, PCIOCGETCONF, &io) ? -errno : 0;
		}
		if (ret) {
			free(confs);
			return ret;
		}
		count += io.num_matches;
		if (io.status == PCI_GETCONF_LIST_CHANGED) {
			io.offset = 0;
			count = 0;
		}
	} while (io.status != PCI_GETCONF_LAST_DEVICE);
	*confsp = confs;
	*countp = count;

	return 0;
}

static int get_conf(int fd, const struct pcisel *sel, struct pci_conf *conf)
{
	struct pci_match_conf pattern = { .pc_sel = *sel, .flags = ONE_FUNCTION };
	struct pci_conf_io io = { .pat_buf_len = sizeof(pattern), .num_patterns = 1,
				  .patterns = &pattern, .match_buf_len = sizeof(*conf),
				  .matches = conf };

	if (ioctl(fd, PCIOCGETCONF, &io))
		return -errno;
	return io.num_matches ? 0 : -ENODEV;
}

static int freebsd_scan(const char *root, pcibar_visit_fn visit, void *data)
{
	static const struct pcibar_address none;
	struct pci_conf *confs;
	struct pcibar_devpci devpci;
	size_t count;
	int ret = pcibar_devpci_open(&devpci, root, &none);

	if (ret)
		return ret;

	ret = list_confs(devpci.fd, NULL, &confs, &count);
	close(devpci.fd);
	if (ret)
		return ret;

	for (size_t i = 0; !ret && i < count; i++) {
		const struct pcisel *sel = &confs[i].pc_sel;

		ret = visit(data, &(struct pcibar_address){ sel->pc_domain, sel->pc_bus,
							    sel->pc_dev, sel->pc_func });
	}
	free(confs);
	return ret;
}

static bool same_ids(const struct pci_conf *a, const struct pci_conf *b)
{
	return a->pc_vendor == b->pc_vendor && a->pc_device == b->pc_device &&
	       a->pc_subvendor == b->pc_subvendor && a->pc_subdevice == b->pc_subdevice &&
	       a->pc_class == b->pc_class && a->pc_subclass == b->pc_subclass &&
	       a->pc_progif == b->pc_progif && a->pc_revid == b->pc_revid &&
	       a->pc_hdr == b->pc_hdr;
}

/* What is at the address, if it is what was opened. Once it is not, it never is again. */
static int own_conf(struct freebsd *be, struct pci_conf *conf)
{
	int ret = atomic_load(&be->gone) ? -ENODEV : get_conf(be->devpci.fd, &be->devpci.sel, conf);

	if (!ret && !same_ids(conf, &be->conf))
		ret = -ENODEV;
	if (ret == -ENODEV)
		atomic_store(&be->gone, true);
	return ret;
}

static int check(struct pcibar_devpci *devpci)
{
	struct pci_conf conf;

	return own_conf((struct freebsd *)devpci, &conf);
}

static int freebsd_open(const char *root, const struct pcibar_address *addr, void **bep)
{
	struct pcibar_devpci devpci;
	struct pci_conf conf;
	struct freebsd *be = NULL;
	int ret;

	ret = pcibar_devpci_open(&devpci, root, addr);
	if (ret)
		return ret;

	ret = get_conf(devpci.fd, &devpci.sel, &conf);
	if (!ret) {
		be = malloc(sizeof(*be));
		ret = be ? 0 : -ENOMEM;
	}
	if (ret) {
		close(devpci.fd);
		return ret;
	}
	*be = (struct freebsd){ .devpci = devpci, .conf = conf };
	be->devpci.check = check;
	*bep = be;
	return 0;
}

static void freebsd_close(void *priv)
{
	struct freebsd *be = priv;

	close(be->devpci.fd);
	free(be);
}

static int freebsd_get_id(void *priv, enum pcibar_id id, uint32_t *val)
{
	struct freebsd *be = priv;
	struct pci_conf conf;
	int ret = own_conf(be, &conf);

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
	int ret = own_conf(be, &conf);

	if (!ret)
		strcpy(name, conf.pd_name);
	return ret;
}

/* The ABI does not expose the power state; requests that need the device wake it. */
static int freebsd_get_asleep(void *priv, bool *asleep)
{
	(void)priv;
	*asleep = false;
	return 0;
}

/* Older kernels lack the layout of PCIOCGETCONF that has the bus behind a bridge. */
static int freebsd_get_header(void *priv, uint8_t *header, uint8_t *secondary)
{
	struct freebsd *be = priv;
	struct pci_conf conf;
	int ret = own_conf(be, &conf);

	if (!ret)
		*header = conf.pc_hdr & PCIM_HDRTYPE;
	*secondary = 0;
	return ret;
}

/* 0, -ENOENT when there is no such BAR, or another error. */
static int get_bar(int fd, const struct pci_conf *conf, unsigned int bar, struct pci_bar_io *io)
{
	*io = (struct pci_bar_io){
		.pbi_sel = conf->pc_sel, .pbi_reg = (int)pcibar_header_bar(conf->pc_hdr, bar),
	};
	if (!io->pbi_reg)
		return -ENOENT;
	if (!ioctl(fd, PCIOCGETBAR, io))
		return 0;
	return errno == EINVAL ? -ENOENT : -errno;
}

static bool is_64bit(const struct pci_bar_io *io)
{
	return !(io->pbi_base & PCIM_BAR_IO_SPACE) &&
	       (io->pbi_base & PCIM_BAR_MEM_TYPE) == PCIM_BAR_MEM_64;
}

/* Whether the register before @bar is a 64-bit BAR, whose upper half it is then. */
static bool is_upper_half(struct freebsd *be, unsigned int bar)
{
	struct pci_bar_io io;

	if (!bar || bar >= PCIBAR_BAR_ROM)
		return false;
	return !get_bar(be->devpci.fd, &be->conf, bar - 1, &io) && is_64bit(&io);
}

static int freebsd_get_resource(void *priv, unsigned int bar, struct pcibar_resource *res)
{
	struct freebsd *be = priv;
	struct pci_bar_io io;
	int ret = check(&be->devpci);

	if (ret)
		return ret;

	ret = get_bar(be->devpci.fd, &be->conf, bar, &io);
	*res = (struct pcibar_resource){ .kind = PCIBAR_BAR_KIND_NONE };
	if (ret == -ENOENT) {
		if (is_upper_half(be, bar))
			res->flags = PCIBAR_BAR_F_UPPER_HALF;
		return 0;
	}
	if (ret)
		return ret;

	res->length = io.pbi_length;
	if (bar == PCIBAR_BAR_ROM) {
		res->kind = PCIBAR_BAR_KIND_ROM;
		res->start = io.pbi_base & ~(uint64_t)0x7ff;
		res->rom_copy = res->start == 0xc0000;	/* of a PC display */
	} else if (io.pbi_base & PCIM_BAR_IO_SPACE) {
		res->kind = PCIBAR_BAR_KIND_IO;
		res->start = io.pbi_base & ~(uint64_t)3;
	} else {
		res->kind = is_64bit(&io) ? PCIBAR_BAR_KIND_MEM64 : PCIBAR_BAR_KIND_MEM32;
		res->start = io.pbi_base & ~(uint64_t)0xf;
		res->flags = io.pbi_base & PCIM_BAR_MEM_PREFETCH ? PCIBAR_BAR_F_PREFETCHABLE : 0;
	}
	if (!res->start)
		res->flags |= PCIBAR_BAR_F_UNASSIGNED;
	else if (res->kind != PCIBAR_BAR_KIND_IO)
		res->flags |= PCIBAR_BAR_F_MAPPABLE;

	return 0;
}

/* The first memory BAR of a function, but for @own, that touches bytes [first, last]; or -1. */
static int find_overlap(int fd, const struct pci_conf *conf, int own, uint64_t first,
			uint64_t last)
{
	struct pci_bar_io io;

	for (int bar = 0; bar < PCIBAR_BAR_ROM; bar++) {
		if (bar == own || get_bar(fd, conf, (unsigned int)bar, &io) ||
		    io.pbi_base & PCIM_BAR_IO_SPACE)
			continue;
		io.pbi_base &= ~(uint64_t)0xf;
		if (io.pbi_base && io.pbi_base <= last && io.pbi_base + io.pbi_length > first)
			return bar;
	}
	return -1;
}

/* Bus addresses: what shares a page on the bus shares it for the CPU. */
static int freebsd_get_neighbour(void *priv, unsigned int bar, uint64_t first, uint64_t last,
				 char name[PCIBAR_NAME_LEN])
{
	struct freebsd *be = priv;
	struct pci_match_conf pattern = {
		.pc_sel = be->devpci.sel, .flags = PCI_GETCONF_MATCH_DOMAIN | PCI_GETCONF_MATCH_BUS,
	};
	struct pci_conf *confs;
	size_t count;
	int other = find_overlap(be->devpci.fd, &be->conf, (int)bar, first, last), ret;

	*name = '\0';
	if (other >= 0) {
		snprintf(name, PCIBAR_NAME_LEN, "BAR %d of the same function", other);
		return 0;
	}
	ret = list_confs(be->devpci.fd, &pattern, &confs, &count);
	if (ret)
		return ret;

	for (size_t i = 0; !*name && i < count; i++) {
		const struct pcisel *sel = &confs[i].pc_sel;

		if (same_function(sel, &be->devpci.sel))
			continue;
		other = find_overlap(be->devpci.fd, &confs[i], -1, first, last);
		if (other >= 0)
			snprintf(name, PCIBAR_NAME_LEN, "BAR %d of %04x:%02x:%02x.%x", other,
				 sel->pc_domain, sel->pc_bus, sel->pc_dev, sel->pc_func);
	}
	free(confs);
	return 0;
}

/* Its request has no flag for sharing. */
static int refuse_map(struct pcibar_refuse_ctx *ctx, int error, uint32_t flags)
{
	const struct pcibar_system *system = pcibar_system();

	if (error == -EBUSY && flags & PCIBAR_MAP_SHARE_DRIVER && system->keeps_bar.what)
		return pcibar_refuse_text(ctx, PCIBAR_REASON_CLAIMED, error, &system->keeps_bar);
	if (error == -EADDRINUSE && flags & PCIBAR_MAP_SHARE_PAGE && system->keeps_page.what)
		return pcibar_refuse_text(ctx, PCIBAR_REASON_PAGE_SHARED, error,
					  &system->keeps_page);

	return pcibar_devpci_refuse_map(ctx, error);
}

/* The request maps all of the BAR; what lies outside the window is given back at once. */
static int freebsd_map(void *priv, unsigned int bar, const struct pcibar_pages *pages,
		       struct pcibar_refuse_ctx *ctx, void **basep, void **tokenp)
{
	struct freebsd *be = priv;
	struct pci_bar_mmap io = {
		.pbm_sel = be->devpci.sel,
		.pbm_reg = (int)pcibar_header_bar(be->conf.pc_hdr, bar),
		.pbm_memattr = pcibar_devpci_attr(pages->attr),
	};
	size_t end = (size_t)(pages->offset + pages->length);
	char *base;
	int ret;

	(void)tokenp;
	if (be->devpci.refused)
		return pcibar_devpci_refuse_rights(ctx, &be->devpci);
	if (ctx->all && pages->flags & PCIBAR_MAP_ACTIVATE)
		return -EAGAIN;
	if (pages->flags & PCIBAR_MAP_WRITE)
		io.pbm_flags |= PCIIO_BAR_MMAP_RW;
	if (pages->flags & PCIBAR_MAP_ACTIVATE)
		io.pbm_flags |= PCIIO_BAR_MMAP_ACTIVATE;
	ret = check(&be->devpci);
	if (ret)
		return pcibar_devpci_refuse_map(ctx, ret);
	if (ioctl(be->devpci.fd, PCIOCBARMMAP, &io))
		return refuse_map(ctx, -errno, pages->flags);

	base = io.pbm_map_base;
	ret = check(&be->devpci);
	if (ret) {
		munmap(base, io.pbm_map_length);
		return pcibar_devpci_refuse_map(ctx, ret);
	}

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
	struct pci_io io = { .pi_sel = be->devpci.sel, .pi_reg = (int)off, .pi_width = (int)width };
	int ret;

	if (be->devpci.refused)
		return -EACCES;

	ret = check(&be->devpci);
	if (ret)
		return ret;
	if (ioctl(be->devpci.fd, PCIOCREAD, &io))
		return errno == EINVAL ? -ERANGE : -errno;

	*val = io.pi_data;
	return check(&be->devpci);
}

/* Its vendor ID reads as all-ones (PCIe 6.0, 9.3.4.1.1). Decoding is taken for on. */
static int freebsd_get_virtual(void *priv, bool *is_virtual, bool *decodes)
{
	uint32_t ids = 0, class_code = UINT32_MAX;
	int ret = freebsd_config_read(priv, PCIR_VENDOR, 4, &ids);

	if (!ret && ids == UINT32_MAX)
		ret = freebsd_config_read(priv, PCIR_REVID, 4, &class_code);
	*is_virtual = !ret && ids == UINT32_MAX && class_code != UINT32_MAX;
	*decodes = *is_virtual;
	return ret;
}

static const struct pcibar_query_ops freebsd_query = {
	.get_id = freebsd_get_id,
	.get_driver = freebsd_get_driver,
	.get_asleep = freebsd_get_asleep,
	.get_header = freebsd_get_header,
	.get_resource = freebsd_get_resource,
	.get_neighbour = freebsd_get_neighbour,
	.get_virtual = freebsd_get_virtual,
	.config_read = freebsd_config_read,
};

const struct pcibar_backend_ops pcibar_backend_freebsd = {
	.id = PCIBAR_BACKEND_FREEBSD,
	.name = "freebsd",
	.refuse_absent = pcibar_devpci_refuse_absent,
	.absent = "there is no " PCIBAR_DEV_PCI,
#ifdef __linux__
	.absent_remedy = "modprobe pciio",
	/* The other back ends do more there. */
	.by_name_only = true,
#else
	.absent_remedy = "run a kernel with the device pci",
#endif
	.caps = PCIBAR_CAP_MAP_WC | PCIBAR_CAP_ACTIVATE,
	.activates = true,
	.maps_rom = true,
	.wc_everywhere = true,
	.scan = freebsd_scan,
	.open = freebsd_open,
	.close = freebsd_close,
	.query = &freebsd_query,
	.map = freebsd_map,
	.channel_open = pcibar_devpci_channel_open,
	.channel_read = pcibar_devpci_channel_read,
	.channel_write = pcibar_devpci_channel_write,
	.channel_close = free,
	.config_write = pcibar_devpci_config_write,
	.vpd_list = pcibar_devpci_vpd_list,
};
