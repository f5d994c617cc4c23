// SPDX-License-Identifier: BSD-2-Clause
/* The capabilities of a function, in FreeBSD's words. */
#include <inttypes.h>
#include <stdlib.h>

#include <pcibar/config.h>

#include <dev/pci/pcireg.h>

#include "capability.h"
#include "capability-kinds.h"

#define VENDOR_INTEL		0x8086
#define AGP_VERSION_3		(1u << 3)
#define AGP_ENABLE		(1u << 8)
#define AGP_SIDEBAND		(1u << 9)

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

/* PCI bus power management 1.2, 3.2 */
static void put_power(struct detail *d, unsigned int at)
{
	uint32_t cap = reg(d, at + 2, 2);

	fprintf(d->out, "powerspec %" PRIu32 "  supports D0%s%s D3  current D%" PRIu32,
		bits(cap, 0, 3), cap & 1u << 9 ? " D1" : "", cap & 1u << 10 ? " D2" : "",
		bits(reg(d, at + 4, 2), 0, 2));
}

/* AGP 3.0: bit 3 of the status selects what the rates of both registers mean. */
static void put_agp_rates(struct detail *d, uint32_t val, bool version_3)
{
	static const char *const rates[2][3] = { { "1x ", "2x ", "4x " }, { "4x ", "8x ", "" } };

	for (unsigned int bit = 3; bit--;)
		if (val & 1u << bit)
			fputs(rates[version_3][bit], d->out);
	if (val & AGP_SIDEBAND)
		fputs("SBA ", d->out);
}

/* FreeBSD looks for the command in the capability's header. */
static void put_agp(struct detail *d, unsigned int at)
{
	uint32_t status = reg(d, at + 4, 4), command = reg(d, at + 8, 4);
	const char *version = status & AGP_VERSION_3 ? "v3 " : "";

	fprintf(d->out, "AGP %s", version);
	put_agp_rates(d, status, *version);
	if (!(command & AGP_ENABLE)) {
		fputs("disabled", d->out);
		return;
	}
	fprintf(d->out, "enabled at %s", version);
	put_agp_rates(d, command, *version);
}

/* PCI 3.0, 6.8.1 */
static void put_msi(struct detail *d, unsigned int at)
{
	uint32_t control = reg(d, at + 2, 2);
	uint32_t messages = 1u << bits(control, 1, 3);
	uint32_t enabled = 1u << bits(control, 4, 3);

	fprintf(d->out, "MSI supports %" PRIu32 " message%s%s%s ", messages, plural(messages),
		control & 1u << 7 ? ", 64 bit" : "", control & 1u << 8 ? ", vector masks" : "");
	if (control & 1)
		fprintf(d->out, "enabled with %" PRIu32 " message%s", enabled, plural(enabled));
}

/* PCI-X addendum 2.0a, 7.2 and 8.6 */
static void put_pcix(struct detail *d, unsigned int at)
{
	static const uint32_t splits[] = { 1, 2, 3, 4, 8, 12, 16, 32 };
	static const struct {
		uint32_t bit;
		const char *name;
	} speeds[] = {
		{ 1u << 17, " 133MHz" }, { 1u << 30, " 266MHz" }, { 1u << 31, " 533MHz" },
	};
	uint32_t status = reg(d, at + 4, 4);
	bool bridge = d->info->header == PCIM_HDRTYPE_BRIDGE;
	uint32_t split = splits[bits(status, 23, 3)];
	const char *comma = "";

	fprintf(d->out, "PCI-X %s%s%s", status & 1u << 16 ? "64-bit " : "", bridge ? "bridge " : "",
		!bridge || status & (1u << 17 | 3u << 30) ? "supports" : "");
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (!(status & speeds[i].bit))
			continue;
		fprintf(d->out, "%s%s", comma, speeds[i].name);
		comma = ",";
	}

	if (!bridge)
		fprintf(d->out, "%s %u burst read, %" PRIu32 " split transaction%s", comma,
			512u << bits(status, 21, 2), split, plural(split));
}

/* HyperTransport 3.10, 7.2; slave and host have three bits, the others five */
static void put_hypertransport(struct detail *d, unsigned int at)
{
	static const char *const types[32] = {
		[0x08] = "switch", [0x10] = "interrupt", [0x11] = "revision ID",
		[0x12] = "unit ID clumping", [0x13] = "extended config space",
		[0x14] = "address mapping", [0x16] = "direct route", [0x17] = "VC set",
		[0x18] = "retry mode", [0x19] = "X86 encoding", [0x1a] = "Gen3",
		[0x1b] = "function-level extension", [0x1c] = "power management",
		[0x1d] = "high node count",
	};
	uint32_t command = reg(d, at + 2, 2);
	uint32_t type = command >> 11;
	uint32_t high;

	fputs("HT ", d->out);

	if (type >> 2 == 0) {
		fputs("slave", d->out);
	} else if (type >> 2 == 1) {
		fputs("host", d->out);
	} else if (type == 0x15) {
		fprintf(d->out, "MSI %saddress window %s at 0x", command & 2 ? "fixed " : "",
			command & 1 ? "enabled" : "disabled");
		high = command & 2 ? 0 : reg(d, at + 8, 4);
		if (high)
			fprintf(d->out, "%08" PRIx32, high);
		fprintf(d->out, "%08" PRIx32, command & 2 ? 0xfee00000 : reg(d, at + 4, 4));
	} else if (types[type]) {
		fputs(types[type], d->out);
	} else {
		fprintf(d->out, "unknown %02" PRIx32, command);
	}
}

/* Feature detection, of Intel's chipsets from ICH7 on */
static void put_intel_features(struct detail *d, unsigned int at)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} features[] = {
		{ 1u << 21, " Quick Resume" }, { 1u << 18, " SATA RAID-5" }, { 1u << 9, " Mobile" },
		{ 1u << 7, " 6 PCI-e x1 slots" }, { 1u << 5, " SATA RAID-0/1/10" },
		{ 1u << 3, " SATA AHCI" },
	};
	uint32_t low = reg(d, at + 4, 4), high = reg(d, at + 8, 4);
	const char *comma = high & 1 ? "," : "";

	fprintf(d->out, "\n\t\t features:%s", high & 1 ? " AMT" : "");
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		bool slots = features[i].bit == 1u << 7;

		if (!(low & features[i].bit) && !slots)
			continue;
		fprintf(d->out, "%s%s", comma,
			low & features[i].bit ? features[i].name : " 4 PCI-e x1 slots");
		comma = ",";
	}
}

static void put_vendor(struct detail *d, unsigned int at)
{
	uint32_t length = reg(d, at + 2, 1), version;

	fprintf(d->out, "vendor (length %" PRIu32 ")", length);
	if (d->info->vendor != VENDOR_INTEL)
		return;
	version = reg(d, at + 3, 1);
	fprintf(d->out, " Intel cap %" PRIu32 " version %" PRIu32, version >> 4,
		bits(version, 0, 4));
	if (version >> 4 == 1 && length == 12)
		put_intel_features(d, at);
}

/* EHCI 1.0, C.1: offset in the BAR, and which one from 1 on */
static void put_debug(struct detail *d, unsigned int at)
{
	uint32_t port = reg(d, at + 2, 2);

	fprintf(d->out, "EHCI Debug Port at offset 0x%" PRIx32 " in map 0x%" PRIx32, port & 0x1fff,
		PCIR_BAR((port >> 13) - 1));
}

static void put_subvendor(struct detail *d, unsigned int at)
{
	uint32_t id = reg(d, at + 4, 4);

	fprintf(d->out, "PCI Bridge subvendor=0x%04" PRIx32 " subdevice=0x%04" PRIx32, id & 0xffff,
		id >> 16);
}

/* PCI 3.0, 6.8.2: the low three bits of an address are the BAR's index. */
static void put_msix(struct detail *d, unsigned int at)
{
	uint32_t control = reg(d, at + 2, 2);
	uint32_t table = reg(d, at + 4, 4);
	uint32_t pba = reg(d, at + 8, 4);
	uint32_t messages = bits(control, 0, 11) + 1;

	fprintf(d->out, "MSI-X supports %" PRIu32 " message%s%s" NEXT_LINE "Table in map 0x%" PRIx32
		"[0x%" PRIx32 "], PBA in map 0x%" PRIx32 "[0x%" PRIx32 "]", messages,
		plural(messages), control & 1u << 15 ? ", enabled" : "",
		PCIR_BAR(bits(table, 0, 3)), table & ~7u, PCIR_BAR(bits(pba, 0, 3)),
		pba & ~7u);
}

static void put_features(struct detail *d, unsigned int at)
{
	uint32_t cap = reg(d, at + 3, 1);

	fprintf(d->out, "PCI Advanced Features:%s%s", cap & 2 ? " FLR" : "", cap & 1 ? " TP" : "");
}

static const struct {
	unsigned int id;
	const char *text;	/* NULL: @put prints it */
	detail_fn put;
} kinds[] = {
	{ .id = 0x01, .put = put_power },
	{ .id = 0x02, .put = put_agp },
	{ .id = 0x03, .text = "VPD" },
	{ .id = 0x05, .put = put_msi },
	{ .id = 0x07, .put = put_pcix },
	{ .id = 0x08, .put = put_hypertransport },
	{ .id = 0x09, .put = put_vendor },
	{ .id = 0x0a, .put = put_debug },
	{ .id = 0x0d, .put = put_subvendor },
	{ .id = 0x0f, .put = capability_secure },
	{ .id = PCIY_EXPRESS, .put = capability_express },
	{ .id = 0x11, .put = put_msix },
	{ .id = 0x12, .text = "SATA Index-Data Pair" },
	{ .id = 0x13, .put = put_features },
	{ .id = 0x14, .put = capability_allocation },
};

static void put_plain(struct detail *d, unsigned int at)
{
	uint32_t id = reg(d, at, 1);
	size_t i = 0;

	while (i < sizeof(kinds) / sizeof(kinds[0]) && kinds[i].id != id)
		i++;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		fputs("unknown", d->out);
	else if (kinds[i].text)
		fputs(kinds[i].text, d->out);
	else
		kinds[i].put(d, at);
}

void capability_print(const struct capability *cap)
{
	printf(cap->extended ? "    ecap %04x[%03x] = %s\n" : "    cap %02x[%02x] = %s\n", cap->id,
	       cap->offset, cap->text);
}

struct listing {
	struct detail *d;
	void (*fn)(void *data, const struct capability *cap);
	void *data;
	bool express;
};

static int show(struct listing *list, detail_fn decode, bool extended, unsigned int id,
		unsigned int off)
{
	char *text = detail_text(list->d, decode, off);

	if (text)
		list->fn(list->data, &(struct capability){ extended, id, off, text });
	free(text);
	return list->d->reader.error;
}

static int show_plain(void *data, unsigned int id, unsigned int off)
{
	struct listing *list = data;

	list->express |= id == PCIY_EXPRESS;
	return show(list, put_plain, false, id, off);
}

static int show_extended(void *data, unsigned int id, unsigned int off)
{
	return show(data, capability_extended, true, id, off);
}

void capability_list(struct detail *d, void (*fn)(void *data, const struct capability *cap),
		     void *data)
{
	struct listing list = { .d = d, .fn = fn, .data = data };
	struct config_reader *reader = &d->reader;

	if (!reader->error)
		reader->error = pcibar_config_list_capabilities(reader->dev, show_plain, &list);
	if (list.express && !reader->error)
		reader->error = pcibar_config_list_extended(reader->dev, show_extended, &list);
}
