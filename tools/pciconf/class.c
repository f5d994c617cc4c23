// SPDX-License-Identifier: BSD-2-Clause
/* FreeBSD's words for classes: what -C takes and -v prints. pci.ids has others. */
#include <stddef.h>
#include <strings.h>

#include "pciconf.h"

#define ANY	0x100	/* as @sub: the class itself */

static const struct word {
	unsigned int base;
	unsigned int sub;
	const char *text;
} words[] = {
	{ 0x00, ANY, "old" },
	{ 0x00, 0x00, "non-VGA display device" },
	{ 0x00, 0x01, "VGA-compatible display device" },
	{ 0x01, ANY, "mass storage" },
	{ 0x01, 0x00, "SCSI" },
	{ 0x01, 0x01, "ATA" },
	{ 0x01, 0x02, "floppy disk" },
	{ 0x01, 0x03, "IPI" },
	{ 0x01, 0x04, "RAID" },
	{ 0x01, 0x05, "ATA (ADMA)" },
	{ 0x01, 0x06, "SATA" },
	{ 0x01, 0x07, "SAS" },
	{ 0x01, 0x08, "NVM" },
	{ 0x01, 0x09, "UFS" },
	{ 0x02, ANY, "network" },
	{ 0x02, 0x00, "ethernet" },
	{ 0x02, 0x01, "token ring" },
	{ 0x02, 0x02, "fddi" },
	{ 0x02, 0x03, "ATM" },
	{ 0x02, 0x04, "ISDN" },
	{ 0x02, 0x05, "WorldFip" },
	{ 0x02, 0x06, "PICMG" },
	{ 0x02, 0x07, "InfiniBand" },
	{ 0x02, 0x08, "host fabric" },
	{ 0x03, ANY, "display" },
	{ 0x03, 0x00, "VGA" },
	{ 0x03, 0x01, "XGA" },
	{ 0x03, 0x02, "3D" },
	{ 0x04, ANY, "multimedia" },
	{ 0x04, 0x00, "video" },
	{ 0x04, 0x01, "audio" },
	{ 0x04, 0x02, "telephony" },
	{ 0x04, 0x03, "HDA" },
	{ 0x05, ANY, "memory" },
	{ 0x05, 0x00, "RAM" },
	{ 0x05, 0x01, "flash" },
	{ 0x06, ANY, "bridge" },
	{ 0x06, 0x00, "HOST-PCI" },
	{ 0x06, 0x01, "PCI-ISA" },
	{ 0x06, 0x02, "PCI-EISA" },
	{ 0x06, 0x03, "PCI-MCA" },
	{ 0x06, 0x04, "PCI-PCI" },
	{ 0x06, 0x05, "PCI-PCMCIA" },
	{ 0x06, 0x06, "PCI-NuBus" },
	{ 0x06, 0x07, "PCI-CardBus" },
	{ 0x06, 0x08, "PCI-RACEway" },
	{ 0x06, 0x09, "Semi-transparent PCI-to-PCI" },
	{ 0x06, 0x0a, "InfiniBand-PCI" },
	{ 0x06, 0x0b, "AdvancedSwitching-PCI" },
	{ 0x07, ANY, "simple comms" },
	{ 0x07, 0x00, "UART" },
	{ 0x07, 0x01, "parallel port" },
	{ 0x07, 0x02, "multiport serial" },
	{ 0x07, 0x03, "generic modem" },
	{ 0x08, ANY, "base peripheral" },
	{ 0x08, 0x00, "interrupt controller" },
	{ 0x08, 0x01, "DMA controller" },
	{ 0x08, 0x02, "timer" },
	{ 0x08, 0x03, "realtime clock" },
	{ 0x08, 0x04, "PCI hot-plug controller" },
	{ 0x08, 0x05, "SD host controller" },
	{ 0x08, 0x06, "IOMMU" },
	{ 0x08, 0x07, "Root Complex Event Collector" },
	{ 0x09, ANY, "input device" },
	{ 0x09, 0x00, "keyboard" },
	{ 0x09, 0x01, "digitizer" },
	{ 0x09, 0x02, "mouse" },
	{ 0x09, 0x03, "scanner" },
	{ 0x09, 0x04, "gameport" },
	{ 0x0a, ANY, "docking station" },
	{ 0x0b, ANY, "processor" },
	{ 0x0c, ANY, "serial bus" },
	{ 0x0c, 0x00, "FireWire" },
	{ 0x0c, 0x01, "AccessBus" },
	{ 0x0c, 0x02, "SSA" },
	{ 0x0c, 0x03, "USB" },
	{ 0x0c, 0x04, "Fibre Channel" },
	{ 0x0c, 0x05, "SMBus" },
	{ 0x0c, 0x06, "InfiniBand" },
	{ 0x0c, 0x07, "IPMI" },
	{ 0x0c, 0x08, "SERCOS" },
	{ 0x0c, 0x09, "CANbus" },
	{ 0x0c, 0x0a, "MIPI I3C" },
	{ 0x0d, ANY, "wireless controller" },
	{ 0x0d, 0x00, "iRDA" },
	{ 0x0d, 0x01, "IR" },
	{ 0x0d, 0x10, "RF" },
	{ 0x0d, 0x11, "bluetooth" },
	{ 0x0d, 0x12, "broadband" },
	{ 0x0d, 0x20, "ethernet 802.11a" },
	{ 0x0d, 0x21, "ethernet 802.11b" },
	{ 0x0d, 0x40, "cellular controller/modem" },
	{ 0x0d, 0x41, "cellular controller/modem plus ethernet" },
	{ 0x0e, ANY, "intelligent I/O controller" },
	{ 0x0e, 0x00, "I2O" },
	{ 0x0f, ANY, "satellite communication" },
	{ 0x0f, 0x01, "sat TV" },
	{ 0x0f, 0x02, "sat audio" },
	{ 0x0f, 0x03, "sat voice" },
	{ 0x0f, 0x04, "sat data" },
	{ 0x10, ANY, "encrypt/decrypt" },
	{ 0x10, 0x00, "network/computer crypto" },
	{ 0x10, 0x10, "entertainment crypto" },
	{ 0x11, ANY, "dasp" },
	{ 0x11, 0x00, "DPIO module" },
	{ 0x11, 0x01, "performance counters" },
	{ 0x11, 0x10, "communication synchronizer" },
	{ 0x11, 0x20, "signal processing management" },
	{ 0x12, ANY, "processing accelerators" },
	{ 0x12, 0x00, "processing accelerators" },
	{ 0x13, ANY, "non-essential instrumentation" },
};

#define N_WORDS	(sizeof(words) / sizeof(words[0]))

static const char *find(unsigned int base, unsigned int sub)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (words[i].base == base && words[i].sub == sub)
			return words[i].text;
	return NULL;
}

const char *class_word(uint32_t class_code)
{
	return find(class_code >> 16 & 0xff, ANY);
}

const char *subclass_word(uint32_t class_code)
{
	return find(class_code >> 16 & 0xff, class_code >> 8 & 0xff);
}

bool class_is_word(const char *word)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (words[i].sub == ANY && !strcasecmp(words[i].text, word))
			return true;
	return false;
}
