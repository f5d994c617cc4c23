// SPDX-License-Identifier: BSD-2-Clause
/* Capabilities: extended ones (PCIe 6.0, 7.6.3) */
#include <inttypes.h>

#include "capability-kinds.h"

#define EXT_END		0x1000u
#define NEXT_INNER	NEXT_LINE "    "

static const char *is_on(uint32_t bit)
{
	return bit ? "enabled" : "disabled";
}

static void put_aer(struct detail *d, unsigned int at)
{
	uint32_t bits = reg(d, at + 0x04, 4);
	uint32_t severity = reg(d, at + 0x0c, 4);

	fprintf(d->out, " %d fatal %d non-fatal %d corrected", __builtin_popcount(bits & severity),
		__builtin_popcount(bits & ~severity), __builtin_popcount(reg(d, at + 0x10, 4)));
}

static void put_channels(struct detail *d, unsigned int at)
{
	uint32_t cap = reg(d, at + 0x04, 4);

	fprintf(d->out, " max VC%" PRIu32, cap & 7);
	if (cap & 0x70)
		fprintf(d->out, " lowpri VC0-VC%" PRIu32, cap >> 4 & 7);
}

static void put_serial(struct detail *d, unsigned int at)
{
	fprintf(d->out, " %08" PRIx32 "%08" PRIx32, reg(d, at + 0x08, 4), reg(d, at + 0x04, 4));
}

/* After the line the bytes, on request: only the vendor knows what they mean. */
static void put_vendor(struct detail *d, unsigned int at)
{
	uint32_t next = reg(d, at, 4) >> 20;
	uint32_t header = reg(d, at + 0x04, 4);
	uint32_t len = header >> 20;
	uint32_t val;

	if (!len)
		len = (next > at ? next : EXT_END) - at;
	if (len > EXT_END - at)
		len = EXT_END - at;
	fprintf(d->out, " ID %04" PRIx32 " Rev %" PRIu32 " Length %" PRIu32, header & 0xffff,
		header >> 16 & 0xf, len);
	for (uint32_t i = 0; d->level > 1 && i < len; i += 4) {
		val = reg(d, at + i, 4);
		fprintf(d->out, "%s%02" PRIx32 " %02" PRIx32 " %02" PRIx32 " %02" PRIx32,
			i % 16 ? " " : NEXT_LINE, val & 0xff, val >> 8 & 0xff,
			val >> 16 & 0xff, val >> 24);
	}
}

static void put_secondary(struct detail *d, unsigned int at)
{
	fprintf(d->out, " lane errors %#" PRIx32, reg(d, at + 0x08, 4));
}

static void put_page_sizes(struct detail *d, uint32_t supported, uint32_t chosen)
{
	const char *comma = "";

	fputs(NEXT_INNER "Page Sizes: ", d->out);
	for (unsigned int shift = 0; shift < 32; shift++) {
		if (!(supported >> shift & 1))
			continue;
		fprintf(d->out, "%s%" PRIu64 "%s", comma, UINT64_C(4096) << shift,
			chosen >> shift & 1 ? " (enabled)" : "");
		comma = ", ";
	}
}

static void put_sriov(struct detail *d, unsigned int at)
{
	uint32_t control = reg(d, at + 0x08, 2);

	fprintf(d->out, " IOV %s, Memory Space %s, ARI %s", is_on(control & 1), is_on(control & 8),
		is_on(control & 0x10));
	fprintf(d->out, NEXT_INNER "%" PRIu32 " VFs configured out of %" PRIu32 " supported",
		reg(d, at + 0x10, 2), reg(d, at + 0x0e, 2));
	fprintf(d->out, NEXT_INNER "First VF RID Offset 0x%04" PRIx32 ", VF RID Stride 0x%04"
		PRIx32, reg(d, at + 0x14, 2), reg(d, at + 0x16, 2));
	fprintf(d->out, NEXT_INNER "VF Device ID 0x%04" PRIx32, reg(d, at + 0x1a, 2));
	put_page_sizes(d, reg(d, at + 0x1c, 4), reg(d, at + 0x20, 4));
}

static const char *state(uint32_t cap, uint32_t control, unsigned int bit)
{
	return cap & 1u << bit ? is_on(control & 1u << bit) : "unavailable";
}

static void put_acs(struct detail *d, unsigned int at)
{
	static const char *const access[] = {
		"access enabled", "blocking enabled", "redirect enabled", "reserved",
	};
	uint32_t cap = reg(d, at + 0x04, 2);
	uint32_t control = reg(d, at + 0x06, 2);

	fprintf(d->out, " Source Validation %s, Translation Blocking %s", state(cap, control, 0),
		state(cap, control, 1));
	fprintf(d->out, NEXT_INNER "P2P Req Redirect %s, P2P Cmpl Redirect %s",
		state(cap, control, 2), state(cap, control, 3));
	fprintf(d->out, NEXT_INNER "P2P Upstream Forwarding %s, P2P Egress Control %s",
		state(cap, control, 4), state(cap, control, 5));
	fprintf(d->out, NEXT_INNER "P2P Direct Translated %s, Enhanced Capability %s",
		state(cap, control, 6), cap & 1u << 7 ? "available" : "unavailable");
	if (!(cap & 1u << 7))
		return;

	fprintf(d->out, NEXT_INNER "I/O Req Blocking %s, Unclaimed Req Redirect Control %s",
		is_on(control & 1u << 7), is_on(control & 1u << 12));
	fprintf(d->out, NEXT_INNER "DSP BAR %s, USP BAR %s", access[control >> 8 & 3],
		access[control >> 10 & 3]);
}

/* Version 0: print only the name. */
static const struct kind {
	unsigned int id;
	const char *name;
	detail_fn put;
} kinds[] = {
	{ 0x0001, "AER", put_aer },
	{ 0x0002, "VC", put_channels },
	{ 0x0003, "Serial", put_serial },
	{ 0x0004, "Power Budgeting", NULL },
	{ 0x0005, "Root Complex Link Declaration", NULL },
	{ 0x0006, "Root Complex Internal Link Control", NULL },
	{ 0x0007, "Root Complex Event Collector Association", NULL },
	{ 0x0008, "MFVC", NULL },
	{ 0x0009, "Virtual Channel 2", NULL },
	{ 0x000a, "RCRB", NULL },
	{ 0x000b, "Vendor", put_vendor },
	{ 0x000c, "Configuration Access Correction", NULL },
	{ 0x000d, "ACS", put_acs },
	{ 0x000e, "ARI", NULL },
	{ 0x000f, "ATS", NULL },
	{ 0x0010, "SR-IOV", put_sriov },
	{ 0x0011, "MRIOV", NULL },
	{ 0x0012, "Multicast", NULL },
	{ 0x0013, "Page Request", NULL },
	{ 0x0014, "AMD proprietary", NULL },
	{ 0x0015, "Resizable BAR", NULL },
	{ 0x0016, "DPA", NULL },
	{ 0x0017, "TPH Requester", NULL },
	{ 0x0018, "LTR", NULL },
	{ 0x0019, "PCIe Sec", put_secondary },
	{ 0x001a, "Protocol Multiplexing", NULL },
	{ 0x001b, "Process Address Space ID", NULL },
	{ 0x001c, "LN Requester", NULL },
	{ 0x001d, "Downstream Port Containment", NULL },
	{ 0x001e, "L1 PM Substates", NULL },
	{ 0x001f, "Precision Time Measurement", NULL },
	{ 0x0020, "PCIe over M-PHY", NULL },
	{ 0x0021, "FRS Queuing", NULL },
	{ 0x0022, "Readiness Time Reporting", NULL },
	{ 0x0023, "Designated Vendor-Specific", NULL },
	{ 0x0024, "VF Resizable BAR", NULL },
	{ 0x0025, "Data Link Feature", NULL },
	{ 0x0026, "Physical Layer 16.0 GT/s", NULL },
	{ 0x0027, "Lane Margining at Receiver", NULL },
	{ 0x0028, "Hierarchy ID", NULL },
	{ 0x0029, "Native PCIe Enclosure Management", NULL },
	{ 0x002a, "Physical Layer 32.0 GT/s", NULL },
	{ 0x002b, "Alternate Protocol", NULL },
	{ 0x002c, "System Firmware Intermediary", NULL },
	{ 0, "unknown", NULL }
};

void capability_extended(struct detail *d, unsigned int at)
{
	uint32_t header = reg(d, at, 4);
	uint32_t version = header >> 16 & 0xf;
	const struct kind *kind = kinds;

	while (kind->id && kind->id != (header & 0xffff))
		kind++;
	fprintf(d->out, "%s ", kind->name);
	fprintf(d->out, kind->put == put_vendor ? "[%" PRIu32 "]" : "%" PRIu32, version);
	if (kind->put && version)
		kind->put(d, at);
}
