/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PCIBAR_ENABLE_H
#define PCIBAR_ENABLE_H

#include <stdint.h>

#include <pcibar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/** PCIBAR_DECODE_IO - I/O Space Enable, bit 0 of the command register */
#define PCIBAR_DECODE_IO		(1u << 0)
/** PCIBAR_DECODE_MEM - Memory Space Enable, bit 1 */
#define PCIBAR_DECODE_MEM		(1u << 1)
/** PCIBAR_BUS_MASTER - Bus Master Enable, bit 2: the device may do DMA */
#define PCIBAR_BUS_MASTER	(1u << 2)

/** PCIBAR_ENABLE_F_RESTORE - put the bits back when the device is closed */
#define PCIBAR_ENABLE_F_RESTORE		(1u << 0)
/** PCIBAR_ENABLE_F_SHARE_DRIVER - also when a kernel driver owns the function */
#define PCIBAR_ENABLE_F_SHARE_DRIVER	(1u << 1)

/**
 * pcibar_device_get_enable() - read the enable bits
 * @dev: open device
 * @value: PCIBAR_DECODE_IO, PCIBAR_DECODE_MEM and PCIBAR_BUS_MASTER as
 *         the command register has them
 *
 * A virtual function (SR-IOV) has no decoding bits of its own: for it
 * PCIBAR_DECODE_MEM is VF Memory Space Enable of its physical function, or set
 * where that cannot be read. An emulated one may have the bit, too, and respond
 * only with both, which only pcibar_device_set_enable() finds out. Reads
 * configuration space, which wakes a suspended device.
 *
 * Return:
 * * 0 - read
 * * -EACCES - no right
 * * -ENODEV - the function is gone
 * * -EIO - the system refused for another reason
 */
int pcibar_device_get_enable(struct pcibar_device *dev, uint32_t *value);

/**
 * pcibar_device_set_enable() - turn decoding and bus mastering on or off
 * @dev: device opened with PCIBAR_OPEN_WRITE
 * @mask: PCIBAR_DECODE_IO, PCIBAR_DECODE_MEM, PCIBAR_BUS_MASTER: the
 *        bits to change
 * @value: their new state; bits outside @mask must be zero
 * @flags: PCIBAR_ENABLE_F_RESTORE, PCIBAR_ENABLE_F_SHARE_DRIVER
 *
 * Changes just these bits of the command register (PCI 3.0, 6.2.2; PCIe 6.0,
 * 7.5.1.1.3). Nothing is written when they are already as wanted. A bit that
 * is changed for the first time with PCIBAR_ENABLE_F_RESTORE is put back to what
 * it was when the device is closed; decoding that was turned on so is turned off
 * only by the last user of it, as with PCIBAR_MAP_ACTIVATE (see
 * pcibar_bar_map()). Bridges above the function are left alone.
 *
 * Without PCIBAR_ENABLE_F_RESTORE other handles and processes do not hear of it:
 * decoding that the PCIBAR_MAP_ACTIVATE of another had turned on before is turned off
 * when that ends. Maps with PCIBAR_MAP_ACTIVATE of this handle leave it on.
 *
 * Decoding of a virtual function (SR-IOV) is its physical function's to turn on
 * and off, for all virtual functions at once: its own bits are hardwired to zero,
 * and to ask for what decoding is already is a success. The memory bit is tried
 * all the same, because some emulators (QEMU) have it and answer only with both.
 *
 * On sysfs the change is one step for all processes that use this library: none
 * undoes another's change of other bits. It waits up to 0.1 seconds for those
 * who keep it from locking the function's files, 2 seconds if they may write to
 * them, and then goes on with a warning in the log; with a hold, or when a bit
 * does not stay, up to 9 seconds in all.
 *
 * Turning memory decoding off makes every map of the function read all-ones,
 * those of other programs too.
 *
 * Return:
 * * 0 - the bits are as wanted (read back)
 * * -EINVAL - unknown bit in @mask or @flags, or @value has a bit outside @mask
 * * -EACCES - opened without PCIBAR_OPEN_WRITE, or no right
 * * -EPERM - kernel lockdown
 * * -EBUSY - a kernel driver owns the function, without SHARE_DRIVER
 * * -EOPNOTSUPP - decoding of a virtual function is otherwise; all are as before
 * * -EIO - one of the bits does not stay as written; all are as before; or the
 *   register reads all-ones though the function is there
 * * -ENODEV - the function is gone
 */
int pcibar_device_set_enable(struct pcibar_device *dev, uint32_t mask, uint32_t value,
			     uint32_t flags);

#ifdef __cplusplus
}
#endif

#endif
