// SPDX-License-Identifier: BSD-2-Clause
/* pciconf -B */
#include <inttypes.h>

#include <dev/pci/pcireg.h>

#include "pieces.h"

/* PCI-to-PCI bridge architecture 1.2, 3.2; PC Card 8.0, volume 2, 4.5 */
#define CONTROL_PREFETCH(n)	(0x0100u << (n))

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
	uint32_t base = reg(d, PCIR_IOBASEL_1, 1);
	uint32_t limit = reg(d, PCIR_IOLIMITL_1, 1);
	bool wide = (base & 0xf) == WIDE;
	uint64_t high_base = wide ? reg(d, PCIR_IOBASEH_1, 2) : 0;
	uint64_t high_limit = wide ? reg(d, PCIR_IOLIMITH_1, 2) : 0;

	if (base || limit)
		put_window(d, PCIR_IOBASEL_1, "I/O Port", wide ? 32 : 16,
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
	uint32_t base = reg(d, PCIR_PMBASEL_1, 2);
	uint32_t limit = reg(d, PCIR_PMLIMITL_1, 2);
	bool wide = (base & 0xf) == WIDE;
	uint64_t high_base = wide ? reg(d, PCIR_PMBASEH_1, 4) : 0;
	uint64_t high_limit = wide ? reg(d, PCIR_PMLIMITH_1, 4) : 0;

	if (base || limit)
		put_window(d, PCIR_PMBASEL_1, "Prefetchable Memory", wide ? 64 : 32,
			   mem_base(high_base, base), mem_limit(high_limit, limit));
}

static void put_decode(struct detail *d, uint32_t control, bool subtractive)
{
	const char *const words[] = {
		control & PCIB_BCR_ISA_ENABLE ? "ISA" : NULL,
		control & PCIB_BCR_VGA_ENABLE ? "VGA" : NULL,
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
	put_window(d, PCIR_MEMBASE_1, "Memory", 32, mem_base(0, reg(d, PCIR_MEMBASE_1, 2)),
		   mem_limit(0, reg(d, PCIR_MEMLIMIT_1, 2)));
	put_prefetchable(d);
	put_decode(d, reg(d, PCIR_BRIDGECTL_1, 2), (d->info->class_code & 0xff) == SUBTRACTIVE);
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
	uint32_t control = reg(d, PCIR_BRIDGECTL_1, 2);

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
	uint32_t secondary = reg(d, PCIR_SECBUS_1, 1);
	uint32_t subordinate = reg(d, PCIR_SUBBUS_1, 1);

	(void)at;
	fprintf(d->out, "    bus range  = %" PRIu32 "-%" PRIu32 "\n", secondary, subordinate);
	if (d->info->header == PCIM_HDRTYPE_BRIDGE)
		put_bridge(d);
	else
		put_cardbus(d);
}

void piece_bridge(struct detail *d)
{
	if (d->info->header == PCIM_HDRTYPE_BRIDGE || d->info->header == PCIM_HDRTYPE_CARDBUS)
		piece_print(d, put_all, 0);
}
