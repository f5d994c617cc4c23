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
 * * -EBUSY, -EPERM - VFIO, if the device was opened with it by name, does not give the
 *   function to this program
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
 * * -EPERM - kernel lockdown, or VFIO refuses because interrupts are not remapped
 * * -EROFS - sysfs is mounted read-only
 * * -EBUSY - another process has the IOMMU group (VFIO)
 * * -EOPNOTSUPP - VFIO has no driver for the IOMMU
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
 * typedef pcibar_capability_fn - receives one capability
 * @data: @data of the call that lists
 * @id: its ID
 * @off: its offset
 *
 * Return: 0 to continue; any other value ends the list and becomes its result.
 */
typedef int (*pcibar_capability_fn)(void *data, unsigned int id, unsigned int off);

/**
 * pcibar_config_list_capabilities() - list the capabilities
 * @dev: open device
 * @fn: called for each capability, in the order of the list
 * @data: passed to @fn
 *
 * The list ends where it is damaged: at a pointer into the first 64 bytes, at an
 * offset that was visited before, or at a capability that reads as all-ones. The low
 * two bits of a pointer are reserved and ignored (PCI 3.0, 6.7).
 *
 * Return:
 * * 0 - success; the list may be empty
 * * -EACCES - permission denied for what follows the first 64 bytes
 * * -ENODEV - the function is gone
 * * -EIO - the system refused for another reason
 * * other - what @fn returned
 */
int pcibar_config_list_capabilities(struct pcibar_device *dev, pcibar_capability_fn fn,
				    void *data);

/**
 * pcibar_config_list_extended() - list the PCI Express extended capabilities
 * @dev: open device
 * @fn: called for each capability, in the order of the list
 * @data: passed to @fn
 *
 * The list ends where it is damaged: at a pointer into the first 256 bytes, at an
 * offset that was visited before, or at a capability that reads as all-ones. The low
 * two bits of a pointer are reserved and ignored (PCIe 6.0, 7.6.3).
 *
 * Return:
 * * 0 - success; the list is empty if there are only 256 bytes of configuration space
 * * -EACCES - permission denied for what follows the first 64 bytes
 * * -ENODEV - the function is gone
 * * -EIO - the system refused for another reason
 * * other - what @fn returned
 */
int pcibar_config_list_extended(struct pcibar_device *dev, pcibar_capability_fn fn, void *data);

/**
 * pcibar_config_find_capability() - find a capability
 * @dev: open device
 * @id: capability ID, 1 to 255 (PCI Code and ID Assignment, section 2)
 * @offp: set to its offset, 0x40 to 0xfc
 *
 * The search ends where pcibar_config_list_capabilities() does.
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
 * The search ends where pcibar_config_list_extended() does.
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
