// SPDX-License-Identifier: BSD-2-Clause
/* Capabilities: secure devices; AMD's IOMMU is one (AMD 48882, its capability block) */
#include <inttypes.h>

#include "capability-kinds.h"

#define BASE_LOW	0x04
#define BASE_HIGH	0x08
#define RANGE		0x0c
#define MISC0		0x10
#define MISC1		0x14

#define TYPE_IOMMU	3u
#define REVISION	1u
#define CAP_EXT		(1u << 28)	/* MISC1 is there */
#define BASE_ENABLE	1u
#define BASE_MASK	(~0x3fffu)
#define RANGE_VALID	(1u << 7)
#define MISC0_ATS	(1u << 22)

#define NEXT		"\n\t\t"

static void put_features(struct detail *d, uint32_t header)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} features[] = {
		{ CAP_EXT, "CapExt" }, { 1u << 27, "EFRSup" }, { 1u << 26, "NpCache" },
		{ 1u << 25, "HtTunnel" }, { 1u << 24, "IotlbSup" },
	};
	const char *between = NEXT;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (!(header & features[i].bit))
			continue;
		fprintf(d->out, "%s%s", between, features[i].name);
		between = ",";
	}
}

/* Bits of an address; 0: a number that the specification does not have */
static void put_size(struct detail *d, const char *name, uint32_t width)
{
	fprintf(d->out, "%s=", name);
	if (width)
		fprintf(d->out, "%" PRIu32 "bit", width);
	else
		fputs("unknown", d->out);
}

static void put_iommu(struct detail *d, unsigned int at, uint32_t header)
{
	uint32_t low = reg(d, at + BASE_LOW, 4), high = reg(d, at + BASE_HIGH, 4);
	uint32_t range = reg(d, at + RANGE, 4), misc = reg(d, at + MISC0, 4);
	uint32_t virtual = bits(misc, 15, 7), physical = bits(misc, 8, 7);

	fprintf(d->out, "AMD IOMMU Base Capability Base=0x%08" PRIx32 "%08" PRIx32 "/%sabled",
		high, low & BASE_MASK, low & BASE_ENABLE ? "En" : "Dis");
	put_features(d, header);
	fprintf(d->out, NEXT "UnitId=%" PRIu32, bits(range, 0, 5));
	if (range & RANGE_VALID)
		fprintf(d->out, " BusNum=%#06" PRIx32 " FirstDev=%#06" PRIx32 " LastDev=%#06"
			PRIx32, bits(range, 8, 8), bits(range, 16, 8), range >> 24);
	fprintf(d->out, NEXT "MsiNum=%" PRIu32 " MsiNumPPR=%" PRIu32 " HtAtsResv=%d",
		bits(misc, 0, 5), misc >> 27, (misc & MISC0_ATS) != 0);
	if (header & CAP_EXT)
		fprintf(d->out, " MsiNumGA=%" PRIu32, bits(reg(d, at + MISC1, 4), 0, 5));
	put_size(d, NEXT "VAsize", virtual == 32 || virtual == 40 || virtual == 48 ||
		 virtual == 64 ? virtual : 0);
	put_size(d, " PAsize", physical == 40 || physical == 48 || physical == 52 ? physical : 0);
	put_size(d, " GVAsize", bits(misc, 5, 3) == 2 ? 48 : bits(misc, 5, 3) == 3 ? 57 : 0);
}

void capability_secure(struct detail *d, unsigned int at)
{
	uint32_t header = reg(d, at, 4);
	uint32_t type = bits(header, 16, 3), revision = bits(header, 19, 5);

	if (type == TYPE_IOMMU && revision == REVISION)
		put_iommu(d, at, header);
	else
		fprintf(d->out, "Secure Device Type=0x%" PRIx32 " Rev=0x%02" PRIx32, type,
			revision);
}
