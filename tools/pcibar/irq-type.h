/* SPDX-License-Identifier: BSD-2-Clause */
/* Types of interrupts, and vectors, as the user types them. */
#ifndef TOOLS_PCIBAR_IRQ_TYPE_H
#define TOOLS_PCIBAR_IRQ_TYPE_H

#include <stdint.h>

#include "common/parse.h"

#include "verb-options.h"

/* uint32_t type: enum pcibar_irq_type */
#define OPT_IRQ_TYPE(struct_type) \
	OPTION_VALUE(struct_type, type, "type", 0, "best|msix|msi|intx", \
		     "type of interrupts (default best: MSI-X, else MSI, else INTx)", \
		     option_set_irq_type)

/* struct range vectors; its length is never 0 */
#define OPT_VECTORS(struct_type) \
	OPTION_VALUE(struct_type, vectors, "vector", 0, "N|N+COUNT", \
		     "which vectors (default 0)", option_set_vectors)

#define HELP_BUS_MASTER	"turn bus mastering on while the vectors are open"

/* bool bus_master */
#define OPT_BUS_MASTER(struct_type, help) \
	OPTION_FLAG(struct_type, bus_master, "bus-master", 0, help)

/* "intx", "msi", "msix" */
const char *irq_type_name(uint32_t type);

const char *option_set_irq_type(void *value, const char *arg);
const char *option_set_vectors(void *value, const char *arg);

#endif
