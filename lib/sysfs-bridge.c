// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the kernel knows of a bridge. Its configuration space is left alone:
 * reading it would wake the bridge, and one without power reads as all-ones.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"

#define CLASS_CARDBUS		0x0607u

/* The bus behind a bridge is the entry of its folder pci_bus: "DDDD:BB". */
static uint8_t secondary_bus(int dir)
{
	DIR *buses = pcibar_sysfs_open_folder(dir, "pci_bus");
	char first[PCIBAR_ADDRESS_STRLEN];
	struct pcibar_address addr = { 0 };
	struct dirent *entry;

	if (!buses)
		return 0;
	while (!addr.bus && (entry = readdir(buses)))
		if (snprintf(first, sizeof(first), "%.16s:00.0", entry->d_name) > 0)
			pcibar_address_parse(first, &addr);
	closedir(buses);
	return addr.bus;
}

/* Only bridges have the attribute; a CardBus header goes with that class, or is ignored. */
int pcibar_sysfs_header(int dir, uint8_t *header, uint8_t *secondary)
{
	uint32_t class_code;
	int ret;

	*header = 0;
	*secondary = 0;
	if (faccessat(dir, "secondary_bus_number", F_OK, 0))
		return errno == ENOENT ? 0 : -errno;

	ret = pcibar_sysfs_read_hex(dir, "class", &class_code);
	if (ret)
		return ret;

	*header = class_code >> 8 == CLASS_CARDBUS ? PCIM_HDRTYPE_CARDBUS : PCIM_HDRTYPE_BRIDGE;
	*secondary = secondary_bus(dir);
	return 0;
}
