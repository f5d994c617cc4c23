// SPDX-License-Identifier: BSD-2-Clause
/* Capabilities: Enhanced Allocation (PCIe 6.0, 7.8.5) */
#include <inttypes.h>

#include "capability-kinds.h"

#define HEADER_BRIDGE	1
#define FIRST_ENTRY	4
#define CONFIG_END	0x100u		/* capabilities are in the first 256 bytes */

#define ENTRY_WRITABLE	(1u << 30)
#define ENTRY_ENABLE	(1u << 31)
#define FIELD_64	2u		/* of base and offset: a dword more follows */
#define FIELD_MASK	(~3u)

/* Whose resource an entry is: the BAR equivalent indicator */
static const char *const owners[16] = {
	"BAR0", "BAR1", "BAR2", "BAR3", "BAR4", "BAR5", "BRIDGE", "ENI", "ROM",
	"VFBAR0", "VFBAR1", "VFBAR2", "VFBAR3", "VFBAR4", "VFBAR5", "RSVD",
};

static const char *property(uint32_t val)
{
	static const char *const low[] = {
		"Non-Prefetchable Memory", "Prefetchable Memory", "I/O Space",
		"VF Prefetchable Memory", "VF Non-Prefetchable Memory",
		"Bridge Non-Prefetchable Memory", "Bridge Prefetchable Memory",
		"Bridge I/O Space",
	};
	static const char *const high[] = {
		"Reserved Memory", "Reserved I/O Space", "Unavailable",
	};

	if (val < sizeof(low) / sizeof(low[0]))
		return low[val];

	return val >= 0xfd ? high[val - 0xfd] : "Reserved";
}

static void put_entry(struct detail *d, unsigned int at)
{
	uint32_t head = reg(d, at, 4), primary = bits(head, 8, 8), secondary = bits(head, 16, 8);
	uint32_t base_low = reg(d, at + 4, 4), last_low = reg(d, at + 8, 4);
	uint64_t base = base_low & FIELD_MASK, last = last_low | ~FIELD_MASK;
	unsigned int owner = bits(head, 4, 4);

	at += 12;
	if (base_low & FIELD_64) {
		base |= (uint64_t)reg(d, at, 4) << 32;
		at += 4;
	}
	if (last_low & FIELD_64)
		last |= (uint64_t)reg(d, at, 4) << 32;
	fprintf(d->out, "\n\t\t [%u] %s, %s, %s, base [0x%" PRIx64 "], size [0x%" PRIx64 "]"
		"\n\t\t\tPrimary properties [0x%" PRIx32 "] (%s)"
		"\n\t\t\tSecondary properties [0x%" PRIx32 "] (%s)",
		owner, owners[owner], head & ENTRY_ENABLE ? "Enabled" : "Disabled",
		head & ENTRY_WRITABLE ? "Writable" : "Read-only", base, last + 1,
		primary, property(primary), secondary, property(secondary));
}

void capability_allocation(struct detail *d, unsigned int at)
{
	uint32_t count = bits(reg(d, at + 2, 2), 0, 6), buses;

	fprintf(d->out, "PCI Enhanced Allocation (%" PRIu32 " entries)", count);
	at += FIRST_ENTRY;
	if (d->info->header == HEADER_BRIDGE) {
		buses = reg(d, at, 4);
		fprintf(d->out, "\n\t\t BRIDGE, sec bus [%" PRIu32 "], sub bus [%" PRIu32 "]",
			bits(buses, 0, 8), bits(buses, 8, 8));
		at += 4;
	}

	/* An entry says how many dwords it has besides the first. */
	for (uint32_t i = 0; i < count && at + 12 <= CONFIG_END; i++) {
		put_entry(d, at);
		at += 4 + 4 * bits(reg(d, at, 4), 0, 3);
	}
}
