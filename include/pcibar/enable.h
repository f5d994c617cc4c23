/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoding and bus mastering: the enable bits of the command register */
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

/** PCIBAR_ENABLE_F_RESTORE - restore the bits when the device is closed */
#define PCIBAR_ENABLE_F_RESTORE		(1u << 0)
/** PCIBAR_ENABLE_F_SHARE_DRIVER - proceed even if a kernel driver owns the function */
#define PCIBAR_ENABLE_F_SHARE_DRIVER	(1u << 1)

/**
 * pcibar_device_get_enable() - get the enable bits of a function
 * @dev: open device
 * @value: PCIBAR_DECODE_IO, PCIBAR_DECODE_MEM and PCIBAR_BUS_MASTER as
 *         the command register has them
 *
 * The function reads configuration space, which wakes a suspended device.
 *
 * A virtual function (SR-IOV) has no decoding bits of its own. For it,
 * PCIBAR_DECODE_MEM reflects VF Memory Space Enable of its physical function, and
 * is set if that cannot be read. An emulated virtual function may implement the
 * bit and respond only if both are set; only pcibar_device_set_enable() detects
 * that.
 *
 * Return:
 * * 0 - success
 * * -EACCES - permission denied
 * * -ENODEV - the function is gone
 * * -EIO - the system refused for another reason
 */
int pcibar_device_get_enable(struct pcibar_device *dev, uint32_t *value);

/**
 * pcibar_device_set_enable() - turn decoding and bus mastering on or off
 * @dev: device opened with PCIBAR_OPEN_WRITE
 * @mask: the bits to change: PCIBAR_DECODE_IO, PCIBAR_DECODE_MEM,
 *        PCIBAR_BUS_MASTER
 * @value: their new values; bits outside @mask must be zero
 * @flags: PCIBAR_ENABLE_F_RESTORE, PCIBAR_ENABLE_F_SHARE_DRIVER
 *
 * The function changes only these bits of the command register (PCI 3.0, 6.2.2;
 * PCIe 6.0, 7.5.1.1.3), and writes nothing if they already have these values. It
 * does not touch bridges above the function.
 *
 * A bit that is first changed with PCIBAR_ENABLE_F_RESTORE gets its previous value
 * back when the device is closed. Decoding that was turned on this way is turned
 * off by its last user only, as with PCIBAR_MAP_ACTIVATE (see pcibar_bar_map()), and
 * bus mastering by the last vector of this handle that has PCIBAR_IRQ_BUS_MASTER.
 *
 * Without PCIBAR_ENABLE_F_RESTORE, other handles and processes are not notified:
 * if the PCIBAR_MAP_ACTIVATE of another one has turned decoding on before, its end
 * turns decoding off. Maps with PCIBAR_MAP_ACTIVATE of this handle leave it on.
 *
 * The physical function controls decoding of its virtual functions (SR-IOV), for
 * all of them at once. Their own bits are hardwired to zero, and requesting the
 * present state succeeds. The library tries to write the memory bit nevertheless,
 * because some emulators (QEMU) implement it and require both.
 *
 * On sysfs the change is atomic with respect to all processes that use this
 * library: none of them undoes another's change of other bits. The call waits up
 * to 0.1 seconds for processes that prevent it from locking the function's files,
 * or 2 seconds if they have write access to them, and then continues with a
 * warning in the log. With a hold, or if a bit does not stick, it may wait up to 9
 * seconds in all.
 *
 * Turning memory decoding off makes every map of the function read as all-ones,
 * including those of other programs.
 *
 * Return:
 * * 0 - success: the bits were read back with these values
 * * -EINVAL - unknown bit in @mask or @flags, or @value has a bit outside @mask
 * * -EACCES - the device was opened without PCIBAR_OPEN_WRITE, or permission denied
 * * -EPERM - kernel lockdown, or VFIO refuses because interrupts are not remapped
 * * -EROFS - sysfs is mounted read-only
 * * -EBUSY - a kernel driver owns the function, and PCIBAR_ENABLE_F_SHARE_DRIVER is
 *   not set; or another process has the IOMMU group (VFIO)
 * * -EOPNOTSUPP - decoding of a virtual function has another state; nothing changed
 * * -ENXIO - memory decoding would be turned on while a BAR register does not hold the
 *   address that the system assigned; nothing changed
 * * -EIO - a bit did not stick, and all have their previous values; or the register
 *   reads as all-ones although the function is present
 * * -ENODEV - the function is gone
 */
int pcibar_device_set_enable(struct pcibar_device *dev, uint32_t mask, uint32_t value,
			     uint32_t flags);

#ifdef __cplusplus
}
#endif

#endif
