// SPDX-License-Identifier: BSD-2-Clause
/* What the types of configuration headers have in different places. */
#include "internal.h"

static const struct layout {
	uint8_t bars;			/* number of BARs, from PCIR_BARS */
	uint8_t rom;			/* register of the expansion ROM; 0: none */
	uint8_t capabilities;		/* register with the start of the list */
} layouts[] = {
	[PCIM_HDRTYPE_NORMAL] = { 6, PCIR_BIOS, PCIR_CAP_PTR },
	/* PCI-to-PCI Bridge 1.2, 3.2 */
	[PCIM_HDRTYPE_BRIDGE] = { 2, PCIR_BIOS_1, PCIR_CAP_PTR },
	/* PC Card 8.0, volume 2, 4.5: an I/O window is where others have the pointer. */
	[PCIM_HDRTYPE_CARDBUS] = { 1, 0, PCIR_CAP_PTR_2 },
};

/* What has no such type does not respond, and has nothing anywhere. */
static const struct layout *find(uint32_t type)
{
	static const struct layout none = { 0 };

	type &= PCIM_HDRTYPE;
	return type < sizeof(layouts) / sizeof(layouts[0]) ? &layouts[type] : &none;
}

unsigned int pcibar_header_bar(uint32_t type, unsigned int bar)
{
	const struct layout *layout = find(type);

	if (bar == PCIBAR_BAR_ROM)
		return layout->rom;
	return bar < layout->bars ? PCIR_BARS + 4 * bar : 0;
}

unsigned int pcibar_header_capabilities(uint32_t type)
{
	return find(type)->capabilities;
}
