/* SPDX-License-Identifier: BSD-2-Clause */
/* Vital product data */
#ifndef PCIBAR_VPD_H
#define PCIBAR_VPD_H

#include <stdint.h>

#include <pcibar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Vital product data (PCI 3.0, appendix I) has the part and serial number of a card,
 * and room for what the system stores there.
 */

/** PCIBAR_VPD_IDENT - the name of the product, which has no keyword */
#define PCIBAR_VPD_IDENT	(1u << 0)
/** PCIBAR_VPD_WRITABLE - a field of the read-write section */
#define PCIBAR_VPD_WRITABLE	(1u << 1)
/**
 * PCIBAR_VPD_DAMAGED - no field: the first damage, reported last; @data is a sentence for
 * people that says what is wrong at @offset
 */
#define PCIBAR_VPD_DAMAGED	(1u << 2)

/**
 * struct pcibar_vpd_field - one field
 * @size: sizeof(struct pcibar_vpd_field)
 * @flags: PCIBAR_VPD_* bits
 * @keyword: the two characters in the device and a NUL; "" for PCIBAR_VPD_IDENT and
 *           PCIBAR_VPD_DAMAGED
 * @length: length of @data in bytes
 * @data: the bytes in the device, usually ASCII, not NUL-terminated
 * @offset: where in the data it begins; 0 if the back end does not know
 * @reserved: zero
 */
struct pcibar_vpd_field {
	uint32_t size;
	uint32_t flags;
	char keyword[4];
	uint32_t length;
	const uint8_t *data;
	uint32_t offset;
	uint32_t reserved;
};

/**
 * typedef pcibar_vpd_fn - receives one field
 * @data: @data of pcibar_vpd_list()
 * @field: the field; valid during the call
 *
 * Return: 0 to continue; any other value ends the list and becomes its result.
 */
typedef int (*pcibar_vpd_fn)(void *data, const struct pcibar_vpd_field *field);

/**
 * pcibar_vpd_list() - read the vital product data
 * @dev: open device
 * @fn: called for each field, in the order of the device
 * @data: passed to @fn
 *
 * The function reads from the device, which takes milliseconds to seconds, and
 * wakes it. It then reads configuration space to make sure that the function is
 * still present, and calls @fn only after that. A section ends at its first
 * malformed field, and what is malformed, or a wrong checksum, is reported after all
 * fields. The requests of /dev/pci have no room for that: only the back end sysfs
 * reports damage.
 *
 * Return:
 * * 0 - success
 * * -ENOENT - the function has no vital product data, or garbage that does not even
 *   begin with a tag
 * * -EACCES, -EPERM - permission denied: root is required
 * * -ENODEV - the function is gone
 * * -ENOMEM - out of memory
 * * -EIO, -ETIMEDOUT - the device did not respond
 * * other - what @fn returned
 */
int pcibar_vpd_list(struct pcibar_device *dev, pcibar_vpd_fn fn, void *data);

#ifdef __cplusplus
}
#endif

#endif
