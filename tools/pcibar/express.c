// SPDX-License-Identifier: BSD-2-Clause
/* PCI Express: the link of a function, and its resizable BARs. */
#include <dev/pci/pcireg.h>

#include <pcibar/config.h>

#include "common/config-space.h"

#include "express.h"

/* PCI Express 6.0, 7.8.6; FreeBSD's header does not have these. */
#define REBAR_CAP(n)		(4u + 8 * (n))	/* register of the n-th BAR, from 0 */
#define REBAR_CTL(n)		(8u + 8 * (n))
#define REBAR_CTL_BAR		0x00000007u
#define REBAR_CTL_COUNT(ctl)	((ctl) >> 5 & 7)	/* in the first one */
#define REBAR_CTL_SIZE(ctl)	((ctl) >> 8 & 0x3f)	/* exponent, from 1 MiB */
#define REBAR_MIB		20	/* the exponent of 1 MiB */
#define REBAR_MAX		6

static unsigned int link_speed(uint32_t code)
{
	static const unsigned int speeds[] = { 0, 2500, 5000, 8000, 16000, 32000, 64000 };

	return code < sizeof(speeds) / sizeof(speeds[0]) ? speeds[code] : 0;
}

bool express_link_get(struct pcibar_device *dev, struct express_link *link)
{
	struct config_reader reader = { .dev = dev };
	unsigned int base;
	uint32_t cap, status;

	if (pcibar_config_find_capability(dev, PCIY_EXPRESS, &base))
		return false;

	cap = config_next(&reader, base + PCIER_LINK_CAP, 4);
	status = config_next(&reader, base + PCIER_LINK_STA, 2);
	*link = (struct express_link){
		.speed = link_speed(status & PCIEM_LINK_STA_SPEED),
		.width = (status & PCIEM_LINK_STA_WIDTH) >> 4,
		.max_speed = link_speed(cap & PCIEM_LINK_CAP_MAX_SPEED),
		.max_width = (cap & PCIEM_LINK_CAP_MAX_WIDTH) >> 4,
	};
	/* What is integrated in the root complex has no link: the registers are 0 then. */
	return !reader.error && link->max_width;
}

/* Sizes up to 128 TiB are in one register, larger ones in the other (7.8.6.2, 7.8.6.3). */
static uint64_t supported(uint32_t cap, uint32_t ctl)
{
	return ((uint64_t)(cap >> 4) | (uint64_t)(ctl >> 16) << 28) << REBAR_MIB;
}

unsigned int express_resizable_get(struct pcibar_device *dev,
				   struct express_resizable found[PCIBAR_BAR_COUNT])
{
	struct config_reader reader = { .dev = dev };
	unsigned int base, count = 1;

	if (pcibar_config_find_extended(dev, PCIZ_RESIZE_BAR, &base))
		return 0;

	for (unsigned int i = 0; i < count; i++) {
		uint32_t cap = config_next(&reader, base + REBAR_CAP(i), 4);
		uint32_t ctl = config_next(&reader, base + REBAR_CTL(i), 4);
		unsigned int exponent = REBAR_CTL_SIZE(ctl) + REBAR_MIB;

		if (!i)
			count = REBAR_CTL_COUNT(ctl);
		if (reader.error || count > REBAR_MAX || exponent > 63)
			return 0;
		found[i] = (struct express_resizable){
			.bar = ctl & REBAR_CTL_BAR,
			.length = UINT64_C(1) << exponent,
			.sizes = supported(cap, ctl),
		};
	}
	return count;
}
