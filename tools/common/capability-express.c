// SPDX-License-Identifier: BSD-2-Clause
/* Capabilities: the PCI Express capability (PCIe 6.0, 7.5.3) */
#include <inttypes.h>

#include <dev/pci/pcireg.h>

#include "capability-kinds.h"

#define FLAGS_SLOT	(1u << 8)

static void put_if(struct detail *d, bool condition, const char *text)
{
	if (condition)
		fputs(text, d->out);
}

static void put_type(struct detail *d, uint32_t flags)
{
	static const char *const types[16] = {
		[0] = "endpoint", [1] = "legacy endpoint", [4] = "root port", [5] = "upstream port",
		[6] = "downstream port", [7] = "PCI bridge", [8] = "PCI to PCIe bridge",
		[9] = "root endpoint", [10] = "event collector",
	};
	uint32_t type = bits(flags, 4, 4);
	uint32_t message = bits(flags, 9, 5);

	fprintf(d->out, "PCI-Express %" PRIu32 " ", bits(flags, 0, 4));
	if (types[type])
		fputs(types[type], d->out);
	else
		fprintf(d->out, "type %" PRIu32, type);
	if (message)
		fprintf(d->out, " MSI %" PRIu32, message);
}

static void put_device(struct detail *d, unsigned int at, uint32_t flags)
{
	uint32_t cap = reg(d, at + PCIER_DEVICE_CAP, 4);
	uint32_t control = reg(d, at + PCIER_DEVICE_CTL, 2);
	uint32_t read = bits(control, 12, 3);

	fprintf(d->out, " max data %u(%u)", 128u << bits(control, 5, 3), 128u << bits(cap, 0, 3));
	put_if(d, cap & 1u << 28, " FLR");
	put_if(d, control & 1u << 4, " RO");
	put_if(d, control & 1u << 11, " NS");
	if (bits(flags, 0, 4) >= 2 && reg(d, at + PCIER_DEVICE_CAP2, 4) & 1u << 5)
		fprintf(d->out, " ARI %s", reg(d, at + PCIER_DEVICE_CTL2, 2) & 1u << 5 ? "enabled" :
			"disabled");
	if (read < 6)
		fprintf(d->out, NEXT_LINE "max read %u", 128u << read);
	else
		fputs(NEXT_LINE "max read undef", d->out);
}

static const char *speed(uint32_t code)
{
	static const char *const speeds[] = { NULL, "2.5", "5.0", "8.0", "16.0", "32.0", "64.0" };

	return code && code < sizeof(speeds) / sizeof(speeds[0]) ? speeds[code] : "undef";
}

static void put_link(struct detail *d, unsigned int at)
{
	static const char *const aspm[] = { "disabled", "L0s", "L1", "L0s/L1" };
	uint32_t cap = reg(d, at + PCIER_LINK_CAP, 4);
	uint32_t status = reg(d, at + PCIER_LINK_STA, 2);
	uint32_t control = reg(d, at + PCIER_LINK_CTL, 2);
	uint32_t width = bits(status, 4, 6);

	if (!cap && !status)
		return;

	fprintf(d->out, NEXT_LINE "link x%" PRIu32 "(x%" PRIu32 ")", width, bits(cap, 4, 6));
	if (bits(cap, 4, 6))
		fprintf(d->out, " speed %s(%s)", width ? speed(bits(status, 0, 4)) : "0.0",
			speed(bits(cap, 0, 4)));
	if (bits(cap, 10, 2))
		fprintf(d->out, " ASPM %s(%s)", aspm[bits(control, 0, 2)], aspm[bits(cap, 10, 2)]);
	if (cap & 1u << 18)
		fprintf(d->out, " ClockPM %s", control & 1u << 8 ? "enabled" : "disabled");
}

static void put_slot(struct detail *d, unsigned int at)
{
	static const uint32_t milliwatts[] = { 1000, 100, 10, 1 };
	uint32_t cap = reg(d, at + PCIER_SLOT_CAP, 4);
	uint32_t control = reg(d, at + PCIER_SLOT_CTL, 2);
	uint32_t status = reg(d, at + PCIER_SLOT_STA, 2);

	fprintf(d->out, NEXT_LINE "slot %" PRIu32 " power limit %" PRIu32 " mW", bits(cap, 19, 13),
		bits(cap, 7, 8) * milliwatts[bits(cap, 15, 2)]);
	put_if(d, cap & 1u << 6, status & 1u << 6 ? " HotPlug(present)" : " HotPlug(empty)");
	put_if(d, cap & 1u << 5, " surprise");
	put_if(d, cap & 1u << 0, " Attn Button");
	put_if(d, cap & 1u << 1, control & 1u << 10 ? " PC(off)" : " PC(on)");
	put_if(d, cap & 1u << 2, status & 1u << 5 ? " MRL(open)" : " MRL(closed)");
	put_if(d, cap & 1u << 17, status & 1u << 7 ? " EI(engaged)" : " EI(disengaged)");
}

void capability_express(struct detail *d, unsigned int at)
{
	uint32_t flags = reg(d, at + PCIER_FLAGS, 2);

	put_type(d, flags);
	put_device(d, at, flags);
	put_link(d, at);
	if (flags & FLAGS_SLOT)
		put_slot(d, at);
}
