// SPDX-License-Identifier: BSD-2-Clause
/* pciconf -e */
#include <errno.h>
#include <inttypes.h>

#include <pcibar/config.h>

#include <dev/pci/pcireg.h>

#include "pieces.h"

struct bit_name {
	uint32_t bit;
	const char *name;
};

/* PCI 3.0, 6.2.3 */
static const struct bit_name status_bits[] = {
	{ 1u << 8, "Master Data Parity Error" },
	{ 1u << 11, "Sent Target-Abort" },
	{ 1u << 12, "Received Target-Abort" },
	{ 1u << 13, "Received Master-Abort" },
	{ 1u << 14, "Signalled System Error" },
	{ 1u << 15, "Detected Parity Error" },
	{ 0 }
};

/* PCIe 6.0, 7.5.3.5 */
static const struct bit_name express_bits[] = {
	{ 1u << 0, "Correctable Error Detected" },
	{ 1u << 1, "Non-Fatal Error Detected" },
	{ 1u << 2, "Fatal Error Detected" },
	{ 1u << 3, "Unsupported Request Detected" },
	{ 0 }
};

/* PCIe 6.0, 7.8.4.2; bit 0 until PCIe 1.1 */
static const struct bit_name uncorrectable_bits[] = {
	{ 1u << 0, "Link Training Error" },
	{ 1u << 4, "Data Link Protocol Error" },
	{ 1u << 5, "Surprise Link Down Error" },
	{ 1u << 12, "Poisoned TLP" },
	{ 1u << 13, "Flow Control Protocol Error" },
	{ 1u << 14, "Completion Timeout" },
	{ 1u << 15, "Completer Abort" },
	{ 1u << 16, "Unexpected Completion" },
	{ 1u << 17, "Receiver Overflow Error" },
	{ 1u << 18, "Malformed TLP" },
	{ 1u << 19, "ECRC Error" },
	{ 1u << 20, "Unsupported Request" },
	{ 1u << 21, "ACS Violation" },
	{ 1u << 22, "Uncorrectable Internal Error" },
	{ 1u << 23, "MC Blocked TLP" },
	{ 1u << 24, "AtomicOp Egress Blocked" },
	{ 1u << 25, "TLP Prefix Blocked Error" },
	{ 0 }
};

/* PCIe 6.0, 7.8.4.5 */
static const struct bit_name correctable_bits[] = {
	{ 1u << 0, "Receiver Error" },
	{ 1u << 6, "Bad TLP" },
	{ 1u << 7, "Bad DLLP" },
	{ 1u << 8, "REPLAY_NUM Rollover" },
	{ 1u << 12, "Replay Timer Timeout" },
	{ 1u << 13, "Advisory Non-Fatal Error" },
	{ 1u << 14, "Corrected Internal Error" },
	{ 1u << 15, "Header Log Overflow" },
	{ 0 }
};

static void put_line(struct detail *d, const char **head, const char *text)
{
	fprintf(d->out, "%14s%s%s\n", *head, **head ? " = " : "   ", text);
	*head = "";
}

/* The name of each bit that is set, below each other; @rest: those without a name, too */
static void put_bits(struct detail *d, const char *head, const struct bit_name *names,
		     uint32_t bits, bool rest)
{
	char unknown[32];

	for (; names->name; names++) {
		if (bits & names->bit)
			put_line(d, &head, names->name);
		bits &= ~names->bit;
	}
	snprintf(unknown, sizeof(unknown), "Unknown: 0x%08" PRIx32, bits);
	if (rest && bits)
		put_line(d, &head, unknown);
}

/* Whether a search has found something; its error is kept. */
static bool found(struct detail *d, int ret)
{
	if (ret && ret != -ENOENT && !d->reader.error)
		d->reader.error = ret;
	return !ret;
}

static void put_errors(struct detail *d, unsigned int at)
{
	uint32_t bits, severity;
	unsigned int cap;

	(void)at;
	put_bits(d, "PCI errors", status_bits, reg(d, PCIR_STATUS, 2), false);
	if (!found(d, pcibar_config_find_capability(d->reader.dev, PCIY_EXPRESS, &cap)))
		return;

	put_bits(d, "PCI-e errors", express_bits, reg(d, cap + PCIER_DEVICE_STA, 2), false);
	if (!found(d, pcibar_config_find_extended(d->reader.dev, PCIZ_AER, &cap)))
		return;

	bits = reg(d, cap + PCIR_AER_UC_STATUS, 4);
	severity = reg(d, cap + PCIR_AER_UC_SEVERITY, 4);
	put_bits(d, "Fatal", uncorrectable_bits, bits & severity, true);
	put_bits(d, "Non-fatal", uncorrectable_bits, bits & ~severity, true);
	put_bits(d, "Corrected", correctable_bits, reg(d, cap + PCIR_AER_COR_STATUS, 4), true);
}

void piece_errors(struct detail *d)
{
	piece_print(d, put_errors, 0);
}
