// SPDX-License-Identifier: BSD-2-Clause
/* Functions and BARs, described for people and as JSON. */
#include <errno.h>
#include <inttypes.h>

#include <pcibar/config.h>
#include <pcibar/enable.h>

#include "common/error.h"
#include "common/text.h"

#include "describe.h"

const char *describe_size(uint64_t bytes, char buf[SIZE_TEXT])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	unsigned int unit = 0;

	for (; bytes >= 1024 && !(bytes & 1023); bytes >>= 10)
		unit++;
	snprintf(buf, SIZE_TEXT, "%" PRIu64 " %s", bytes, units[unit]);
	return buf;
}

const char *describe_kind(uint32_t kind)
{
	switch (kind) {
	case PCIBAR_BAR_KIND_MEM32:
		return "mem32";
	case PCIBAR_BAR_KIND_MEM64:
		return "mem64";
	case PCIBAR_BAR_KIND_IO:
		return "io";
	case PCIBAR_BAR_KIND_ROM:
		return "rom";
	default:
		return "none";
	}
}

void describe_names(const struct pciids *ids, const struct pcibar_device_info *info, FILE *out)
{
	char vendor[PCIIDS_NAME];
	char device[PCIIDS_NAME];

	pciids_vendor(ids, info->vendor, vendor);
	pciids_device(ids, info->vendor, info->device, device);
	if (!*vendor)
		fprintf(out, "device %04x:%04x", info->vendor, info->device);
	else if (!*device)
		text_print(out, "%s device %04x", vendor, info->device);
	else
		text_print(out, "%s %s", vendor, device);
}

void describe_class(const struct pciids *ids, uint32_t class_code, FILE *out)
{
	char name[PCIIDS_NAME];

	if (*pciids_class(ids, class_code, name))
		text_put(out, name);
	else
		fprintf(out, "class %06" PRIx32, class_code);
}

bool describe_silent(struct pcibar_device *dev, const struct pcibar_device_info *info)
{
	uint16_t vendor;

	return !(info->flags & PCIBAR_DEV_ASLEEP) &&
	       pcibar_config_read16(dev, 0, &vendor) == -ENODEV;
}

static void describe_decoding(const struct pcibar_bar_info *bar, bool off, FILE *out)
{
	bool seen = bar->flags & PCIBAR_BAR_F_CONFIG_SEEN;

	/* Of a virtual function only the decoding is known. */
	if (!seen && !(bar->flags & PCIBAR_BAR_F_DECODING) && !off)
		return;
	fprintf(out, "  decoding %s", bar->flags & PCIBAR_BAR_F_DECODING ? "on" : "off");
	if (seen && bar->bus_addr != bar->cpu_addr)
		fprintf(out, bar->flags & PCIBAR_BAR_F_MOVED ? "  but its register holds 0x%" PRIx64
							      : "  bus address 0x%" PRIx64,
			bar->bus_addr);
}

/* What the command register turns on; all if that is not known. A sleeping device is not woken. */
static uint32_t decoded_kinds(struct pcibar_device *dev, const struct pcibar_device_info *info)
{
	uint32_t value;

	if (info->flags & PCIBAR_DEV_ASLEEP || pcibar_device_get_enable(dev, &value))
		return PCIBAR_DECODE_IO | PCIBAR_DECODE_MEM;
	return value;
}

/*
 * Whether @decoded says that a BAR is not decoded of which pcibar_bar_get_info() does not: it
 * has not read configuration space, or the function is a virtual one.
 */
static bool decoding_is_off(const struct pcibar_bar_info *bar, uint32_t decoded)
{
	uint32_t bit = bar->kind == PCIBAR_BAR_KIND_IO ? PCIBAR_DECODE_IO : PCIBAR_DECODE_MEM;

	return !(bar->flags & (PCIBAR_BAR_F_CONFIG_SEEN | PCIBAR_BAR_F_DECODING)) &&
	       !(decoded & bit);
}

static void describe_bar(const struct pcibar_bar_info *bar, bool off, FILE *out)
{
	char size[SIZE_TEXT];

	if (bar->index == PCIBAR_BAR_ROM)
		fprintf(out, "    ROM    %-5s", "");
	else
		fprintf(out, "    BAR %" PRIu32 "  %-5s", bar->index, describe_kind(bar->kind));
	fprintf(out, " %10s", describe_size(bar->length, size));
	if (bar->flags & PCIBAR_BAR_F_UNASSIGNED)
		fputs("  no address", out);
	else
		fprintf(out, "  0x%08" PRIx64, bar->cpu_addr);
	if (bar->flags & PCIBAR_BAR_F_PREFETCHABLE)
		fputs("  prefetchable", out);
	describe_decoding(bar, off, out);
	if (*bar->holder)
		text_print(out, "  held by %s", bar->holder);
	fputc('\n', out);
}

void describe_bars(struct pcibar_device *dev, const struct pcibar_device_info *info,
		   uint32_t flags, FILE *out)
{
	struct pcibar_bar_info bar = { .size = sizeof(bar) };
	uint32_t decoded = decoded_kinds(dev, info);

	for (unsigned int i = 0; i < PCIBAR_BAR_COUNT; i++)
		if (!pcibar_bar_get_info(dev, i, flags, &bar) && bar.kind != PCIBAR_BAR_KIND_NONE)
			describe_bar(&bar, decoding_is_off(&bar, decoded), out);
}

static void describe_name_json(struct json *j, const char *key, const char *name)
{
	if (*name)
		json_string(j, key, name);
}

void describe_json(struct json *j, const struct pciids *ids, const char *selector,
		   const struct pcibar_device_info *info)
{
	char name[PCIIDS_NAME];

	json_string(j, "selector", selector);
	json_hex(j, "vendor", info->vendor, 4);
	json_hex(j, "device", info->device, 4);
	json_hex(j, "subsystem_vendor", info->subvendor, 4);
	json_hex(j, "subsystem_device", info->subdevice, 4);
	json_hex(j, "class", info->class_code, 6);
	json_hex(j, "revision", info->revision, 2);
	describe_name_json(j, "vendor_name", pciids_vendor(ids, info->vendor, name));
	describe_name_json(j, "device_name",
			   pciids_device(ids, info->vendor, info->device, name));
	describe_name_json(j, "subsystem_name",
			   pciids_subsystem(ids, info->vendor, info->device, info->subvendor,
					    info->subdevice, name));
	describe_name_json(j, "class_name", pciids_class(ids, info->class_code, name));
	json_string(j, "driver", *info->driver ? info->driver : NULL);
	json_bool(j, "driver_owns", info->flags & PCIBAR_DEV_DRIVER_OWNS);
	json_bool(j, "asleep", info->flags & PCIBAR_DEV_ASLEEP);
}

static void describe_bar_json(struct json *j, const struct pcibar_bar_info *bar, bool off)
{
	bool assigned = !(bar->flags & PCIBAR_BAR_F_UNASSIGNED);

	json_object(j, NULL);
	json_string(j, "bar", bar_name(bar->index));
	json_string(j, "kind", describe_kind(bar->kind));
	json_uint(j, "length", bar->length);
	if (assigned)
		json_hex(j, "address", bar->cpu_addr, 0);
	else
		json_string(j, "address", NULL);
	json_bool(j, "prefetchable", bar->flags & PCIBAR_BAR_F_PREFETCHABLE);
	json_bool(j, "mappable", bar->flags & PCIBAR_BAR_F_MAPPABLE);
	json_bool(j, "write_combining", bar->flags & PCIBAR_BAR_F_HAS_WC);
	json_string(j, "holder", *bar->holder ? bar->holder : NULL);
	if (off || bar->flags & (PCIBAR_BAR_F_CONFIG_SEEN | PCIBAR_BAR_F_DECODING))
		json_bool(j, "decoding", bar->flags & PCIBAR_BAR_F_DECODING);
	if (bar->flags & PCIBAR_BAR_F_CONFIG_SEEN)
		json_hex(j, "bus_address", bar->bus_addr, 0);

	if (bar->flags & PCIBAR_BAR_F_CONFIG_SEEN)
		json_bool(j, "moved", bar->flags & PCIBAR_BAR_F_MOVED);
	json_object_end(j);
}

void describe_bars_json(struct json *j, struct pcibar_device *dev,
			const struct pcibar_device_info *info, uint32_t flags)
{
	struct pcibar_bar_info bar = { .size = sizeof(bar) };
	uint32_t decoded = decoded_kinds(dev, info);

	json_array(j, "bars");
	for (unsigned int i = 0; i < PCIBAR_BAR_COUNT; i++)
		if (!pcibar_bar_get_info(dev, i, flags, &bar) && bar.kind != PCIBAR_BAR_KIND_NONE)
			describe_bar_json(j, &bar, decoding_is_off(&bar, decoded));
	json_array_end(j);
}
