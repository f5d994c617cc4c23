/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration space: registers and capabilities */
#ifndef PCIBAR_CONFIG_H
#define PCIBAR_CONFIG_H

#include <stdint.h>

#include <pcibar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Configuration space
 *
 * Registers are little-endian; the library converts them to numbers. Reading wakes
 * a suspended device.
 */

/**
 * pcibar_config_read8() - read one byte of configuration space
 * @dev: open device
 * @off: offset in bytes, below the size of the function's configuration space
 *       (256, or 4096 with PCI Express)
 * @val: set to the value
 *
 * The function makes one configuration access of exactly this width. If all bits
 * of the value are ones, it makes one or two more to distinguish a value from an
 * absent function.
 *
 * Return:
 * * 0 - success
 * * -ERANGE - @off is beyond the end of configuration space
 * * -EACCES - permission denied: Linux shows unprivileged users the first 64 bytes
 *   only
 * * -ENODEV - the function is gone
 * * -EIO - the system refused for another reason
 */
int pcibar_config_read8(struct pcibar_device *dev, unsigned int off, uint8_t *val);

/**
 * pcibar_config_read16() - read 16 bits of configuration space
 * @dev: open device
 * @off: offset in bytes, a multiple of 2
 * @val: set to the value
 *
 * Return: as pcibar_config_read8(), and
 * * -EINVAL - @off is not a multiple of 2
 */
int pcibar_config_read16(struct pcibar_device *dev, unsigned int off, uint16_t *val);

/**
 * pcibar_config_read32() - read 32 bits of configuration space
 * @dev: open device
 * @off: offset in bytes, a multiple of 4
 * @val: set to the value
 *
 * Return: as pcibar_config_read8(), and
 * * -EINVAL - @off is not a multiple of 4
 */
int pcibar_config_read32(struct pcibar_device *dev, unsigned int off, uint32_t *val);

/**
 * pcibar_config_write8() - write one byte of configuration space
 * @dev: device opened with PCIBAR_OPEN_WRITE
 * @off: offset in bytes
 * @val: value
 *
 * No register is protected: a wrong value in a BAR or in the command register
 * breaks the function for its driver and for every program that maps it.
 *
 * Return:
 * * 0 - success
 * * -ERANGE - @off is beyond the end of configuration space
 * * -EACCES - the device was opened without PCIBAR_OPEN_WRITE, or permission denied
 * * -EPERM - kernel lockdown
 * * -ENODEV - the function is gone
 * * -EIO - the system refused for another reason
 */
int pcibar_config_write8(struct pcibar_device *dev, unsigned int off, uint8_t val);

/**
 * pcibar_config_write16() - write 16 bits of configuration space
 * @dev: device opened with PCIBAR_OPEN_WRITE
 * @off: offset in bytes, a multiple of 2
 * @val: value
 *
 * Return: as pcibar_config_write8(), and
 * * -EINVAL - @off is not a multiple of 2
 */
int pcibar_config_write16(struct pcibar_device *dev, unsigned int off, uint16_t val);

/**
 * pcibar_config_write32() - write 32 bits of configuration space
 * @dev: device opened with PCIBAR_OPEN_WRITE
 * @off: offset in bytes, a multiple of 4
 * @val: value
 *
 * Return: as pcibar_config_write8(), and
 * * -EINVAL - @off is not a multiple of 4
 */
int pcibar_config_write32(struct pcibar_device *dev, unsigned int off, uint32_t val);

/**
 * pcibar_config_find_capability() - find a capability
 * @dev: open device
 * @id: capability ID, 1 to 255 (PCI Code and ID Assignment, section 2)
 * @offp: set to its offset, 0x40 to 0xfc
 *
 * The search visits each offset at most once, so that a loop in the list ends it.
 *
 * Return:
 * * 0 - success
 * * -ENOENT - the function does not have this capability
 * * -EINVAL - @id is 0 or larger than 255
 * * -EACCES - permission denied for what follows the first 64 bytes
 * * -ENODEV - the function is gone
 * * -EIO - the system refused for another reason
 */
int pcibar_config_find_capability(struct pcibar_device *dev, unsigned int id,
				  unsigned int *offp);

/**
 * pcibar_config_find_extended() - find a PCI Express extended capability
 * @dev: open device
 * @id: extended capability ID, 1 to 65535
 * @offp: set to its offset, 0x100 to 0xffc
 *
 * Return:
 * * 0 - success
 * * -ENOENT - the function does not have this capability, or has only 256 bytes of
 *   configuration space
 * * -EINVAL - @id is 0 or larger than 65535
 * * -EACCES - permission denied for what follows the first 64 bytes
 * * -ENODEV - the function is gone
 * * -EIO - the system refused for another reason
 */
int pcibar_config_find_extended(struct pcibar_device *dev, unsigned int id,
				unsigned int *offp);

#ifdef __cplusplus
}
#endif

#endif
