/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PCIBAR_VPD_H
#define PCIBAR_VPD_H

#include <stdint.h>

#include <pcibar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Vital product data (PCI 3.0, appendix I): what is printed on the card, such
 * as part and serial number, and room for notes of the system's.
 */

/** PCIBAR_VPD_IDENT - the name of the product, which has no keyword */
#define PCIBAR_VPD_IDENT	(1u << 0)
/** PCIBAR_VPD_WRITABLE - a field of the part that software may write */
#define PCIBAR_VPD_WRITABLE	(1u << 1)

/**
 * struct pcibar_vpd_field - one field
 * @size: sizeof(struct pcibar_vpd_field)
 * @flags: PCIBAR_VPD_* bits
 * @keyword: its two characters and a NUL, as they are in the device; "" for
 *           PCIBAR_VPD_IDENT
 * @length: bytes of @data
 * @data: as they are in the device, mostly ASCII, without a NUL behind them
 */
struct pcibar_vpd_field {
	uint32_t size;
	uint32_t flags;
	char keyword[4];
	uint32_t length;
	const uint8_t *data;
};

/**
 * typedef pcibar_vpd_fn - receives one field
 * @data: the @data of pcibar_vpd_list()
 * @field: the field; valid during the call
 *
 * Return: 0 to go on; any other value ends the list and is its result.
 */
typedef int (*pcibar_vpd_fn)(void *data, const struct pcibar_vpd_field *field);

/**
 * pcibar_vpd_list() - read the vital product data
 * @dev: open device
 * @fn: called for each field, in the order of the device
 * @data: handed to @fn
 *
 * Reads from the device, which takes milliseconds to seconds, and wakes it. @fn
 * is called when all is read and the function was found present after that, by a
 * read of configuration space. Parsing stops at the first malformed field.
 *
 * Return:
 * * 0 - done
 * * -ENOENT - the function has no vital product data, or what it has is
 *   garbage, without a name in it
 * * -EACCES, -EPERM - no right: it takes root
 * * -ENODEV - the function is gone
 * * -ENOMEM - no memory
 * * -EIO, -ETIMEDOUT - the device did not answer
 * * other - what @fn returned
 */
int pcibar_vpd_list(struct pcibar_device *dev, pcibar_vpd_fn fn, void *data);

#ifdef __cplusplus
}
#endif

#endif
