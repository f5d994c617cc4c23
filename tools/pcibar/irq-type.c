// SPDX-License-Identifier: BSD-2-Clause
/* Types of interrupts, and vectors, as the user types them. */
#include <pcibar/irq.h>

#include "irq-type.h"

/* MSI-X has no more. */
#define VECTORS_MAX	2048u

static const char *const names[] = {
	[PCIBAR_IRQ_BEST] = "best",
	[PCIBAR_IRQ_INTX] = "intx",
	[PCIBAR_IRQ_MSI] = "msi",
	[PCIBAR_IRQ_MSIX] = "msix",
	NULL
};

const char *irq_type_name(uint32_t type)
{
	return names[type];
}

const char *option_set_irq_type(void *value, const char *arg)
{
	int found = option_find_word(names, arg);

	if (found < 0)
		return "not a type: use intx, msi, msix or best";
	*(uint32_t *)value = (uint32_t)found;
	return NULL;
}

const char *option_set_vectors(void *value, const char *arg)
{
	struct range range;
	const char *wrong = parse_range(arg, &range);

	if (wrong)
		return wrong;
	if (!range.length)
		range.length = 1;
	if (range.start >= VECTORS_MAX || range.length > VECTORS_MAX - range.start)
		return "there are at most 2048 vectors";
	*(struct range *)value = range;
	return NULL;
}
