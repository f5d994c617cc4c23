// SPDX-License-Identifier: BSD-2-Clause
/* pciconf -l */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pcibar/vpd.h>

#include <dev/pci/pcireg.h>

#include "common/error.h"
#include "common/output.h"
#include "common/session.h"
#include "common/text.h"

#include "pciconf.h"
#include "pieces.h"

/* Header types 0 to 2 have so many BARs. */
static const unsigned int bar_counts[] = { 6, 2, 1 };

struct list {
	struct pciconf *pc;
	const struct pciids *ids;
	unsigned int nameless;		/* functions without a driver listed so far */
	int status;			/* of the vital product data */
};

struct pciids *pciconf_names(void)
{
	const char *path = getenv("PCICONF_VENDOR_DATABASE");
	struct pciids *ids = path ? pciids_open(path) : NULL;

	return ids ? ids : pciids_open(NULL);
}

static void print_head(struct list *list, const struct function *f)
{
	const struct pcibar_device_info *info = &f->info;

	text_print(stdout, "%s%u@pci%" PRIu32 ":%u:%u:%u:", *f->driver ? f->driver : "none",
		   *f->driver ? f->unit : list->nameless++, info->domain, info->bus, info->slot,
		   info->func);
	if (list->pc->compact)
		printf("\t%06" PRIx32 "   %02x   %02x   %04x   %04x   %04x   %04x\n",
		       info->class_code, info->revision, info->header, info->vendor, info->device,
		       info->subvendor, info->subdevice);
	else
		printf("\tclass=0x%06" PRIx32 " rev=0x%02x hdr=0x%02x vendor=0x%04x device=0x%04x "
		       "subvendor=0x%04x subdevice=0x%04x\n", info->class_code, info->revision,
		       info->header, info->vendor, info->device, info->subvendor, info->subdevice);
}

static void print_quoted(const char *head, const char *text)
{
	printf("    %-10s = '", head);
	text_put(stdout, text);
	puts("'");
}

static void print_names(const struct list *list, const struct pcibar_device_info *info)
{
	const char *class_text = class_word(info->class_code);
	const char *subclass = subclass_word(info->class_code);
	char name[PCIIDS_NAME];

	if (*pciids_vendor(list->ids, info->vendor, name))
		print_quoted("vendor", name);
	if (*pciids_device(list->ids, info->vendor, info->device, name))
		print_quoted("device", name);
	if (class_text)
		printf("    class      = %s\n", class_text);
	if (subclass)
		printf("    subclass   = %s\n", subclass);
}

static void print_bar(const struct pcibar_bar_info *bar)
{
	bool seen = bar->flags & PCIBAR_BAR_F_CONFIG_SEEN;
	const char *type = bar->kind == PCIBAR_BAR_KIND_IO ? "I/O Port" :
			   bar->flags & PCIBAR_BAR_F_PREFETCHABLE ? "Prefetchable Memory" :
			   "Memory";

	printf("    bar   [%02x] = type %s, range %d, base %#" PRIx64 ", size %" PRIu64 ", %s\n",
	       PCIR_BAR(bar->index), type, bar->kind == PCIBAR_BAR_KIND_MEM64 ? 64 : 32,
	       seen ? bar->bus_addr : bar->cpu_addr, bar->length,
	       bar->flags & PCIBAR_BAR_F_DECODING ? "enabled" : "disabled");
}

static int print_bars(struct list *list, const struct pcibar_device_info *info)
{
	unsigned int count = info->header < 3 ? bar_counts[info->header] : 0;
	struct pcibar_bar_info bar = { .size = sizeof(bar) };
	int ret;

	for (unsigned int i = 0; i < count; i++) {
		ret = pcibar_bar_get_info(list->pc->ctx.session->dev, i, PCIBAR_BAR_INFO_CONFIG,
					  &bar);
		if (ret)
			return refused(&list->pc->ctx, PHASE_MAP, i, ret, NULL);
		if (bar.kind != PCIBAR_BAR_KIND_NONE)
			print_bar(&bar);
	}
	return STATUS_OK;
}

static int print_details(struct list *list, const struct pcibar_device_info *info)
{
	const struct pciconf *pc = list->pc;
	struct detail d = {
		.info = info, .reader.dev = pc->ctx.session->dev, .level = pc->caps,
	};

	if (pc->bridge)
		piece_bridge(&d);
	if (pc->caps)
		piece_capabilities(&d);
	if (pc->errors)
		piece_errors(&d);
	return d.reader.error ? refused(&pc->ctx, PHASE_CONFIG, NO_BAR, d.reader.error, NULL) :
				STATUS_OK;
}

/* The checksum and the room that is left are of no interest. */
static bool is_padding(const struct pcibar_vpd_field *field)
{
	return !strcmp(field->keyword, field->flags & PCIBAR_VPD_WRITABLE ? "RW" : "RV");
}

/* A field ends at its first NUL, as on FreeBSD. */
static void print_vpd_text(const struct pcibar_vpd_field *field)
{
	const char *text = (const char *)field->data;

	if (field->flags & PCIBAR_VPD_IDENT) {
		fputs("    VPD ident", stdout);
	} else {
		printf("    VPD %s ", field->flags & PCIBAR_VPD_WRITABLE ? "rw" : "ro");
		text_put_ascii(stdout, field->keyword, 2);
	}
	fputs("  = '", stdout);
	text_put_ascii(stdout, text, strnlen(text, field->length));
	puts("'");
}

/* CP says where in a BAR a capability is: its ID, the BAR's index, the offset. */
static int print_vpd_field(void *data, const struct pcibar_vpd_field *field)
{
	const uint8_t *b = field->data;
	struct list *list = data;

	if (field->flags & PCIBAR_VPD_DAMAGED) {
		list->status = fail_device(&list->pc->ctx, STATUS_FAILED, NO_BAR,
					   "the vital product data are damaged at 0x%" PRIx32
					   ": %.*s", field->offset, (int)field->length,
					   (const char *)field->data);
		return 0;
	}
	if (is_padding(field))
		return 0;
	if (!(field->flags & PCIBAR_VPD_WRITABLE) && !strcmp(field->keyword, "CP") &&
	    field->length >= 4)
		printf("    VPD ro CP  = ID %02x in map 0x%x[0x%x]\n", b[0], PCIR_BAR(b[1]),
		       b[2] | b[3] << 8);
	else
		print_vpd_text(field);

	return 0;
}

static int print_vpd(struct list *list)
{
	int ret;

	list->status = STATUS_OK;
	ret = pcibar_vpd_list(list->pc->ctx.session->dev, print_vpd_field, list);
	return ret && ret != -ENOENT ? refused(&list->pc->ctx, PHASE_VPD, NO_BAR, ret, NULL) :
				       list->status;
}

static int print_open(struct list *list, const struct pcibar_device_info *info)
{
	struct pciconf *pc = list->pc;
	int status = STATUS_OK;

	if (pc->bars)
		status = print_bars(list, info);
	if (!status)
		status = print_details(list, info);
	if (!status && pc->vpd)
		status = print_vpd(list);
	return status;
}

static int print_function(struct list *list, const struct function *f)
{
	const struct pcibar_device_info *info = &f->info;
	struct pciconf *pc = list->pc;
	int status = STATUS_OK;
	char name[64];

	print_head(list, f);
	if (pc->verbose)
		print_names(list, info);
	if (pc->bars || pc->bridge || pc->caps || pc->errors || pc->vpd) {
		snprintf(name, sizeof(name), "pci%" PRIu32 ":%u:%u:%u", info->domain, info->bus,
			 info->slot, info->func);
		status = device_open(&pc->ctx, name, false);
		if (!status)
			status = print_open(list, info);
		session_close(pc->ctx.session);
		pc->ctx.session->selector = pc->ctx.session->label = "";
	}
	return status;
}

static bool is_wanted(const struct pciconf *pc, const struct function *f,
		      const struct pcibar_selector *sel)
{
	const char *word = class_word(f->info.class_code);

	if (pc->class_name && (!word || strcasecmp(word, pc->class_name) != 0))
		return false;
	return !(sel->fields & PCIBAR_SEL_ADDRESS) ||
	       (f->info.domain == sel->domain && f->info.bus == sel->bus &&
		f->info.slot == sel->slot && f->info.func == sel->func);
}

/* A function that fails has been reported, and shows in the status; others follow. */
static int list_all(struct list *list, const struct devlist *all,
		    const struct pcibar_selector *sel)
{
	int status = STATUS_OK;
	int one;

	if (list->pc->compact)
		puts("drv\tselector\tclass    rev  hdr  vendor device subven subdev");
	for (size_t i = 0; i < all->count; i++) {
		if (!is_wanted(list->pc, &all->list[i], sel))
			continue;
		one = print_function(list, &all->list[i]);
		status = status ? status : one;
		if (ferror(stdout))
			return output_check(&list->pc->ctx, stdout);
	}
	return status;
}

int pciconf_list(struct pciconf *pc, int argc, char **argv)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct list list = { .pc = pc };
	struct pciids *ids = NULL;
	struct devlist all;
	int status, failed;

	if (pc->class_name && !class_is_word(pc->class_name))
		return usage_error(&pc->ctx, "-C '%s': no such class", pc->class_name);

	failed = devlist_scan(&pc->ctx, &all);
	status = all.count ? STATUS_OK : failed;
	if (!status && argc)
		status = device_select(&pc->ctx, argv[0], &all, &sel);
	if (!status) {
		if (pc->verbose)
			ids = pciconf_names();
		list.ids = ids;
		status = list_all(&list, &all, &sel);
		pciids_close(ids);
	}
	devlist_free(&all);
	return status ? status : failed;
}
