/* SPDX-License-Identifier: BSD-2-Clause */
/* BARs: what they are, maps of them, and checked accesses through a map */
#ifndef PCIBAR_BAR_H
#define PCIBAR_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcibar/device.h>
#include <pcibar/mmio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pcibar_refusal;

/**
 * struct pcibar_map - a mapped window of one BAR (opaque)
 *
 * Threads: any number of threads may use one map, with checked calls and
 * through its address, except that pcibar_map_release() must be the last.
 *
 * After fork() the child has the mapping, too, and may access it through its
 * address; a guard works there as in the parent. Of the calls that take the map,
 * the child may make only those that return its properties, and
 * pcibar_map_is_lost():
 * checked calls use the device, and pcibar_map_release() would turn decoding off
 * while the parent uses it.
 */
struct pcibar_map;

/** PCIBAR_BAR_ROM - index of the expansion ROM */
#define PCIBAR_BAR_ROM		6
/** PCIBAR_BAR_COUNT - BAR indices run from 0 to PCIBAR_BAR_COUNT - 1 */
#define PCIBAR_BAR_COUNT	7

/**
 * enum pcibar_bar_kind - kind of a BAR
 * @PCIBAR_BAR_KIND_NONE: not implemented, or the upper half of a 64-bit BAR
 * @PCIBAR_BAR_KIND_MEM32: memory, 32-bit
 * @PCIBAR_BAR_KIND_MEM64: memory, 64-bit
 * @PCIBAR_BAR_KIND_IO: I/O ports
 * @PCIBAR_BAR_KIND_ROM: expansion ROM
 */
enum pcibar_bar_kind {
	PCIBAR_BAR_KIND_NONE = 0,
	PCIBAR_BAR_KIND_MEM32,
	PCIBAR_BAR_KIND_MEM64,
	PCIBAR_BAR_KIND_IO,
	PCIBAR_BAR_KIND_ROM,
};

/** PCIBAR_BAR_F_PREFETCHABLE - reads have no side effects, writes may be merged */
#define PCIBAR_BAR_F_PREFETCHABLE	(1u << 0)
/** PCIBAR_BAR_F_UPPER_HALF - the register holds the upper half of the BAR before it */
#define PCIBAR_BAR_F_UPPER_HALF	(1u << 1)
/** PCIBAR_BAR_F_UNASSIGNED - neither firmware nor kernel has assigned an address */
#define PCIBAR_BAR_F_UNASSIGNED	(1u << 2)
/**
 * PCIBAR_BAR_F_CONFIG_SEEN - PCIBAR_BAR_F_DECODING and @bus_addr were read from
 * the device. A virtual function (SR-IOV) has no BAR registers: for it this flag
 * is clear, and PCIBAR_BAR_F_DECODING reflects VF Memory Space Enable of its
 * physical function.
 */
#define PCIBAR_BAR_F_CONFIG_SEEN	(1u << 3)
/** PCIBAR_BAR_F_DECODING - the function responds to accesses to this BAR */
#define PCIBAR_BAR_F_DECODING	(1u << 4)
/** PCIBAR_BAR_F_MAPPABLE - a memory BAR with an address: not I/O, not the ROM on sysfs */
#define PCIBAR_BAR_F_MAPPABLE	(1u << 5)
/** PCIBAR_BAR_F_HAS_WC - this back end can map it write-combining */
#define PCIBAR_BAR_F_HAS_WC	(1u << 6)
/**
 * PCIBAR_BAR_F_MOVED - the register does not hold the address that the system assigned,
 * so that the BAR does not respond there; valid with PCIBAR_BAR_F_CONFIG_SEEN
 */
#define PCIBAR_BAR_F_MOVED	(1u << 7)

/** PCIBAR_BAR_INFO_CONFIG - pcibar_bar_get_info() reads configuration space, too */
#define PCIBAR_BAR_INFO_CONFIG	(1u << 0)

/**
 * struct pcibar_bar_info - properties of a BAR
 * @size: sizeof(struct pcibar_bar_info), set by the caller
 * @index: BAR index
 * @kind: enum pcibar_bar_kind
 * @flags: PCIBAR_BAR_F_* bits
 * @length: size of the BAR in bytes; 0 when it is not implemented, or is a 64-bit BAR
 *          without an address, which PCIBAR_BAR_INFO_CONFIG finds by its register
 * @cpu_addr: address as seen by the CPU; for I/O the port number
 * @bus_addr: address in the BAR register; valid with PCIBAR_BAR_F_CONFIG_SEEN
 * @holder: kernel driver that owns the function, "" if no driver does. Owned
 *          by the device until the next pcibar_bar_get_info() on it.
 */
struct pcibar_bar_info {
	uint32_t size;
	uint32_t index;
	uint32_t kind;
	uint32_t flags;
	uint64_t length;
	uint64_t cpu_addr;
	uint64_t bus_addr;
	const char *holder;
};

/**
 * pcibar_bar_get_info() - get information about a BAR
 * @dev: open device
 * @bar: BAR index below PCIBAR_BAR_COUNT: 0 to 5, or PCIBAR_BAR_ROM
 * @flags: PCIBAR_BAR_INFO_CONFIG, or 0 not to access configuration space. A
 *         sleeping device is not woken either way; PCIBAR_BAR_F_CONFIG_SEEN is
 *         clear in that case.
 * @info: filled in; @info->size must be set. A BAR that does not exist has
 *        kind PCIBAR_BAR_KIND_NONE.
 *
 * The function accesses no BAR. Threads: only one at a time may call it for a
 * device, because of @info->holder.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - no such index, unknown flag, or @info->size is too small
 * * -E2BIG - @info->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - the function is gone
 * * -EACCES - permission denied
 * * -EIO - what the system reports is invalid
 */
int pcibar_bar_get_info(struct pcibar_device *dev, unsigned int bar, uint32_t flags,
			struct pcibar_bar_info *info);

/**
 * enum pcibar_memattr - memory attribute of a map
 * @PCIBAR_ATTR_UC: uncached: every access reaches the device, once, in order,
 *                  at its width (x86: UC-; arm64: Device-nGnRE)
 * @PCIBAR_ATTR_WC: write-combining: the CPU gathers writes into bursts, which may
 *                  arrive out of order. For memory-like BARs (x86: WC; arm64:
 *                  Normal non-cacheable). Flush with pcibar_wc_flush().
 */
enum pcibar_memattr {
	PCIBAR_ATTR_UC = 0,
	PCIBAR_ATTR_WC = 1,
};

/** PCIBAR_MAP_WRITE - readable and writable; without it, read-only */
#define PCIBAR_MAP_WRITE	(1u << 0)
/** PCIBAR_MAP_EXCLUSIVE - fail if the BAR has another user, and keep others out */
#define PCIBAR_MAP_EXCLUSIVE	(1u << 1)
/** PCIBAR_MAP_ACTIVATE - enable decoding while such a map exists, then restore it */
#define PCIBAR_MAP_ACTIVATE	(1u << 2)
/** PCIBAR_MAP_SHARE_DRIVER - map even if a kernel driver owns the function */
#define PCIBAR_MAP_SHARE_DRIVER	(1u << 3)
/** PCIBAR_MAP_SHARE_PAGE - map even if the pages hold other resources, too */
#define PCIBAR_MAP_SHARE_PAGE	(1u << 4)
/** PCIBAR_MAP_INDIRECT - do not map; checked calls go through the back end */
#define PCIBAR_MAP_INDIRECT	(1u << 5)

/**
 * struct pcibar_map_opts - what to map, and how
 * @size: sizeof(struct pcibar_map_opts), set by the caller
 * @flags: PCIBAR_MAP_* bits
 * @attr: enum pcibar_memattr
 * @reserved: must be zero
 * @offset: first byte of the window in the BAR; need not be page-aligned
 * @length: length of the window in bytes; 0: to the end of the BAR
 * @why: NULL, or filled in with the reasons when the call is refused
 */
struct pcibar_map_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t attr;
	uint32_t reserved;
	uint64_t offset;
	uint64_t length;
	struct pcibar_refusal *why;
};

/**
 * pcibar_bar_map() - map a window of a BAR
 * @dev: open device
 * @bar: BAR index, 0 to 5, or PCIBAR_BAR_ROM
 * @opts: window, access rights and attribute; NULL: the whole BAR, read-only, UC
 * @mapp: set to the map on success; release it with pcibar_map_release()
 *
 * Only the pages of the window are mapped. Without PCIBAR_MAP_ACTIVATE, nothing
 * changes in the device. An I/O BAR needs PCIBAR_MAP_INDIRECT. So does the ROM
 * on sysfs, which also needs PCIBAR_MAP_ACTIVATE, because its decoder is off and
 * the kernel enables it for each read.
 *
 * The last map of the function with PCIBAR_MAP_ACTIVATE turns decoding off that
 * such a map has turned on, whichever process it belongs to, and even if the
 * process that turned it on has exited or was killed. If the process with the
 * last map is killed, decoding stays on (sysfs; the module turns it off). It also
 * stays on if a kernel driver owns the function, or another driver has been bound
 * in the meantime. Through VFIO it stays on as long as the program has the function
 * open.
 *
 * Processes coordinate within one back end only. On sysfs they do so by locks
 * on the function's files ``config`` and ``rescan``. This takes write permission
 * for ``config``, and one network namespace, because each has its own sysfs. A
 * process that cannot open ``rescan`` (root can) is subject to read locks by any
 * user, which prevent it from taking its own: it then works on its own and logs
 * a warning. A process that is stopped in the middle of a change delays the
 * others: they wait up to 5 seconds for their turn and 2 seconds for each of at
 * most two changes of the register, and 0.1 seconds for read locks.
 * pcibar_map_release() waits as long. A child of fork() that outlives a killed
 * parent counts in its place until it calls exec() or exits.
 *
 * The checks are made in the order of the errors below, and the first one that
 * fails determines the error.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - unknown flag or attribute, @opts->size too small, no such BAR,
 *   or the upper half of a 64-bit BAR
 * * -E2BIG - @opts->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - the function is gone
 * * -ERANGE - the window is not inside the BAR
 * * -EACCES - PCIBAR_MAP_WRITE or PCIBAR_MAP_ACTIVATE, and the device was opened
 *   without PCIBAR_OPEN_WRITE; or PCIBAR_MAP_WRITE on the ROM
 * * -EOPNOTSUPP - an I/O BAR without PCIBAR_MAP_INDIRECT; or this back end does
 *   not support PCIBAR_MAP_EXCLUSIVE, WC on this BAR, or PCIBAR_MAP_INDIRECT on
 *   this kind of BAR
 * * -EBUSY - a driver owns the function, and PCIBAR_MAP_SHARE_DRIVER is not set
 * * -EADDRINUSE - the pages hold other resources, and PCIBAR_MAP_SHARE_PAGE is
 *   not set
 * * -ENXIO - the BAR has no address, its register does not hold that address,
 *   decoding is off and PCIBAR_MAP_ACTIVATE is not set, or the device is asleep
 * * -EACCES - permission denied
 * * -EPERM - kernel lockdown, a capability is missing, or VFIO refuses because
 *   interrupts are not remapped
 * * -EROFS - sysfs is mounted read-only
 * * -ENOENT - there is no /dev/vfio/vfio (VFIO)
 * * -EBUSY - the kernel holds the range (IO_STRICT_DEVMEM), or another user has
 *   mapped it with another attribute
 * * -EIO - the expansion ROM has no image, or what the system reports is invalid
 * * -ENOMEM - out of memory or address space
 * * -EMFILE, -ENFILE - out of descriptors
 */
int pcibar_bar_map(struct pcibar_device *dev, unsigned int bar,
		   const struct pcibar_map_opts *opts, struct pcibar_map **mapp);

/**
 * pcibar_map_release() - unmap and free a map
 * @map: map; NULL does nothing
 *
 * Releasing the last map with PCIBAR_MAP_ACTIVATE restores decoding, which may
 * wait for other processes: see pcibar_bar_map().
 */
void pcibar_map_release(struct pcibar_map *map);

/**
 * pcibar_map_addr() - address of the first byte of the window
 * @map: map
 *
 * Use it with the accessors in <pcibar/mmio.h>. An access after the function was
 * lost raises SIGBUS or reads all-ones: see <pcibar/guard.h>.
 *
 * Return: the address; NULL for an INDIRECT map.
 */
volatile void PCIBAR_IOMEM *pcibar_map_addr(const struct pcibar_map *map);

/**
 * pcibar_map_length() - length of the window
 * @map: map
 *
 * Return: the length in bytes. For the ROM it may be less than the BAR's, because
 * the image may be shorter.
 */
uint64_t pcibar_map_length(const struct pcibar_map *map);

/**
 * pcibar_map_offset() - offset of the window in the BAR
 * @map: map
 *
 * Return: the offset in bytes.
 */
uint64_t pcibar_map_offset(const struct pcibar_map *map);

/**
 * pcibar_map_attr() - memory attribute of a map
 * @map: map
 *
 * This is the attribute that was read back with PCIBAR_CAP_ATTR_PROOF, otherwise
 * the one that was requested.
 *
 * Return: enum pcibar_memattr.
 */
uint32_t pcibar_map_attr(const struct pcibar_map *map);

/**
 * pcibar_map_is_lost() - whether the map was found to be revoked
 * @map: map
 *
 * Return: true if the guard has replaced the map or a checked call has found the
 * function gone. It never becomes false again.
 */
bool pcibar_map_is_lost(const struct pcibar_map *map);

/**
 * pcibar_map_read() - one checked read
 * @map: map
 * @off: offset in the window, in bytes; the address in the BAR must be a
 *       multiple of @width
 * @width: 1, 2, 4 or 8 bytes
 * @val: the value, zero-extended, as a number (the bus is little-endian)
 *
 * The function makes exactly one load of this width. If all bits of the value, or
 * of one half with @width 8, are ones, it reads the vendor ID from configuration
 * space to distinguish a value from an absent device, and then the class code,
 * because a virtual function has no vendor ID.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - @width is not 1, 2, 4 or 8, or the access is unaligned
 * * -ERANGE - the access is not inside the window
 * * -EOPNOTSUPP - this platform or this kind of BAR does not support the width
 * * -ENODEV - the map is lost or the function is gone
 * * -EIO - the system refused the access (INDIRECT)
 */
int pcibar_map_read(struct pcibar_map *map, uint64_t off, unsigned int width,
		    uint64_t *val);

/**
 * pcibar_map_write() - one checked write
 * @map: map with PCIBAR_MAP_WRITE
 * @off: as for pcibar_map_read()
 * @width: 1, 2, 4 or 8 bytes
 * @val: the value; it must fit into @width
 *
 * The function makes exactly one store of this width, and no load. Memory writes
 * are posted: success means that the write was sent, not that it has arrived.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - @width is not 1, 2, 4 or 8, the access is unaligned, or @val does not
 *   fit
 * * -ERANGE - the access is not inside the window
 * * -EACCES - the map is read-only
 * * -EOPNOTSUPP - this platform or this kind of BAR does not support the width
 * * -ENODEV - the map is lost
 * * -EIO - the system refused the access (INDIRECT)
 */
int pcibar_map_write(struct pcibar_map *map, uint64_t off, unsigned int width,
		     uint64_t val);

/** PCIBAR_COPY_FIXED - access every unit at the same offset: a FIFO */
#define PCIBAR_COPY_FIXED	(1u << 0)
/** PCIBAR_COPY_MEMORY - the BAR is memory-like: allow width 0 on a UC map */
#define PCIBAR_COPY_MEMORY	(1u << 1)

/**
 * pcibar_map_copy_from() - read a range
 * @map: map
 * @off: offset in the window, in bytes; the address in the BAR must be a
 *       multiple of @width
 * @dst: destination: the bytes in the order of the device's memory
 * @len: bytes, a multiple of @width
 * @width: 1, 2, 4 or 8: exactly one load of this width per unit, in order.
 *         0: loads of any width, in any order, possibly repeated; only on a WC
 *         map, or with PCIBAR_COPY_MEMORY.
 * @flags: PCIBAR_COPY_*
 *
 * If the last unit reads as all-ones (with width 0 or on a WC map: any unit or
 * aligned dword), the call checks once, as pcibar_map_read() does, whether the
 * function is present. Success means that all bytes came from the device, unless
 * it was unreachable for only a part of the call.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - @width is not 0, 1, 2, 4 or 8, the address or @len is not a multiple
 *   of it, unknown flag, or width 0 where it is not allowed or together with
 *   PCIBAR_COPY_FIXED
 * * -ERANGE - the range is not inside the window
 * * -EOPNOTSUPP - this platform or this kind of BAR does not support the width
 * * -ENODEV - the map is lost or the function is gone; the contents
 *   of @dst are undefined
 * * -EIO - the system refused an access (INDIRECT); the same
 */
int pcibar_map_copy_from(struct pcibar_map *map, uint64_t off, void *dst, size_t len,
			 unsigned int width, uint32_t flags);

/**
 * pcibar_map_copy_to() - write a range
 * @map: map with PCIBAR_MAP_WRITE
 * @off: as for pcibar_map_copy_from()
 * @src: source: the bytes in the order of the device's memory
 * @len: bytes, a multiple of @width
 * @width: 1, 2, 4 or 8: exactly one store of this width per unit, in order,
 *         and no load. 0: any width, as in pcibar_map_copy_from(); on a WC map
 *         with 64-byte non-temporal stores.
 * @flags: PCIBAR_COPY_*
 *
 * On a WC map the data may still be in the CPU's buffers on return: see
 * pcibar_wc_flush().
 *
 * Return:
 * * 0 - success
 * * -EINVAL - as for pcibar_map_copy_from()
 * * -ERANGE - the range is not inside the window
 * * -EACCES - the map is read-only
 * * -EOPNOTSUPP - this platform or this kind of BAR does not support the width
 * * -ENODEV - the map is lost
 * * -EIO - the system refused an access (INDIRECT)
 */
int pcibar_map_copy_to(struct pcibar_map *map, uint64_t off, const void *src, size_t len,
		       unsigned int width, uint32_t flags);

#ifdef __cplusplus
}
#endif

#endif
