// SPDX-License-Identifier: BSD-2-Clause
/* pciconf -B */
#include <inttypes.h>

#include "detail.h"

#define HEADER_BRIDGE		1
#define HEADER_CARDBUS		2

/* PCI-to-PCI bridge architecture 1.2, 3.2; PC Card 8.0, volume 2, 4.5 */
#define SECONDARY		0x19
#define SUBORDINATE		0x1a
#define CONTROL			0x3e
#define CONTROL_ISA		0x0004u
#define CONTROL_VGA		0x0008u
#define CONTROL_PREFETCH(n)	(0x0100u << (n))

#define IO_BASE			0x1c
#define IO_LIMIT		0x1d
#define MEM_BASE		0x20
#define MEM_LIMIT		0x22
#define PREF_BASE		0x24
#define PREF_LIMIT		0x26
#define PREF_BASE_HIGH		0x28
#define PREF_LIMIT_HIGH		0x2c
#define IO_BASE_HIGH		0x30
#define IO_LIMIT_HIGH		0x32
#define WIDE			0x01u	/* in the low bits of base and limit */
#define SUBTRACTIVE		0x01u	/* programming interface */

#define CARDBUS_MEM(n)		(0x1cu + 8 * (n))
#define CARDBUS_IO(n)		(0x2cu + 8 * (n))
#define CARDBUS_IO_WIDE		0x01u

static void put_window(struct detail *d, unsigned int at, const char *type, int range,
		       uint64_t base, uint64_t limit)
{
	fprintf(d->out, "    window[%02x] = type %s, range %d, addr %#" PRIx64 "-%#" PRIx64
		", %s\n", at, type, range, base, limit, base < limit ? "enabled" : "disabled");
}

/* A window whose base and limit are 0 is not implemented. */
static void put_io(struct detail *d)
{
	uint32_t base = reg(d, IO_BASE, 1);
	uint32_t limit = reg(d, IO_LIMIT, 1);
	bool wide = (base & 0xf) == WIDE;
	uint64_t high_base = wide ? reg(d, IO_BASE_HIGH, 2) : 0;
	uint64_t high_limit = wide ? reg(d, IO_LIMIT_HIGH, 2) : 0;

	if (base || limit)
		put_window(d, IO_BASE, "I/O Port", wide ? 32 : 16,
			   high_base << 16 | (base & 0xf0) << 8,
			   high_limit << 16 | (limit & 0xf0) << 8 | 0xfff);
}

static uint64_t mem_base(uint64_t high, uint32_t low)
{
	return high << 32 | (uint64_t)(low & 0xfff0) << 16;
}

static uint64_t mem_limit(uint64_t high, uint32_t low)
{
	return mem_base(high, low) | 0xfffff;
}

static void put_prefetchable(struct detail *d)
{
	uint32_t base = reg(d, PREF_BASE, 2);
	uint32_t limit = reg(d, PREF_LIMIT, 2);
	bool wide = (base & 0xf) == WIDE;
	uint64_t high_base = wide ? reg(d, PREF_BASE_HIGH, 4) : 0;
	uint64_t high_limit = wide ? reg(d, PREF_LIMIT_HIGH, 4) : 0;

	if (base || limit)
		put_window(d, PREF_BASE, "Prefetchable Memory", wide ? 64 : 32,
			   mem_base(high_base, base), mem_limit(high_limit, limit));
}

static void put_decode(struct detail *d, uint32_t control, bool subtractive)
{
	const char *const words[] = {
		control & CONTROL_ISA ? "ISA" : NULL,
		control & CONTROL_VGA ? "VGA" : NULL,
		subtractive ? "subtractive" : NULL,
	};
	const char *before = "    decode     = ";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!words[i])
			continue;
		fprintf(d->out, "%s%s", before, words[i]);
		before = ", ";
	}
	if (*before == ',')
		fputc('\n', d->out);
}

static void put_bridge(struct detail *d)
{
	put_io(d);
	put_window(d, MEM_BASE, "Memory", 32, mem_base(0, reg(d, MEM_BASE, 2)),
		   mem_limit(0, reg(d, MEM_LIMIT, 2)));
	put_prefetchable(d);
	put_decode(d, reg(d, CONTROL, 2), (d->info->class_code & 0xff) == SUBTRACTIVE);
}

static void put_cardbus_io(struct detail *d, unsigned int at)
{
	bool wide = reg(d, at, 1) & CARDBUS_IO_WIDE;
	unsigned int width = wide ? 4 : 2;
	uint32_t base = reg(d, at, width);
	uint32_t limit = reg(d, at + 4, width);

	put_window(d, at, "I/O Port", wide ? 32 : 16, base & ~3u, limit | 3);
}

static void put_cardbus(struct detail *d)
{
	uint32_t control = reg(d, CONTROL, 2);

	for (unsigned int n = 0; n < 2; n++)
		put_window(d, CARDBUS_MEM(n),
			   control & CONTROL_PREFETCH(n) ? "Prefetchable Memory" : "Memory", 32,
			   reg(d, CARDBUS_MEM(n), 4) & ~0xfffu,
			   reg(d, CARDBUS_MEM(n) + 4, 4) | 0xfff);
	for (unsigned int n = 0; n < 2; n++)
		put_cardbus_io(d, CARDBUS_IO(n));
	put_decode(d, control, false);
}

static void put_all(struct detail *d, unsigned int at)
{
	uint32_t secondary = reg(d, SECONDARY, 1);
	uint32_t subordinate = reg(d, SUBORDINATE, 1);

	(void)at;
	fprintf(d->out, "    bus range  = %" PRIu32 "-%" PRIu32 "\n", secondary, subordinate);
	if (d->info->header == HEADER_BRIDGE)
		put_bridge(d);
	else
		put_cardbus(d);
}

void detail_bridge(struct detail *d)
{
	if (d->info->header == HEADER_BRIDGE || d->info->header == HEADER_CARDBUS)
		detail_piece(d, put_all, 0);
}
