/* SPDX-License-Identifier: BSD-2-Clause */
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
 * address; a guard works there as in the parent. Of the calls with the map it may
 * make only those that return what the map is, pcibar_map_is_lost() among them:
 * checked calls use the device, and pcibar_map_release() would turn decoding off
 * under the parent.
 */
struct pcibar_map;

/** PCIBAR_BAR_ROM - index of the expansion ROM */
#define PCIBAR_BAR_ROM		6
/** PCIBAR_BAR_COUNT - BAR indices run from 0 to PCIBAR_BAR_COUNT - 1 */
#define PCIBAR_BAR_COUNT	7

/**
 * enum pcibar_bar_kind - what a BAR asks for
 * @PCIBAR_BAR_KIND_NONE: nothing: not implemented, or the upper half of a 64-bit BAR
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
/** PCIBAR_BAR_F_UPPER_HALF - holds the upper half of the BAR before it */
#define PCIBAR_BAR_F_UPPER_HALF	(1u << 1)
/** PCIBAR_BAR_F_UNASSIGNED - neither firmware nor kernel gave it an address */
#define PCIBAR_BAR_F_UNASSIGNED	(1u << 2)
/**
 * PCIBAR_BAR_F_CONFIG_SEEN - DECODING and @bus_addr were read from the device. A
 * virtual function (SR-IOV) has no BAR registers: this is clear for it, while
 * DECODING says whether its physical function has its memory decoded.
 */
#define PCIBAR_BAR_F_CONFIG_SEEN	(1u << 3)
/** PCIBAR_BAR_F_DECODING - the function answers to this BAR */
#define PCIBAR_BAR_F_DECODING	(1u << 4)
/** PCIBAR_BAR_F_MAPPABLE - a memory BAR with an address: not I/O, not the ROM on sysfs */
#define PCIBAR_BAR_F_MAPPABLE	(1u << 5)
/** PCIBAR_BAR_F_HAS_WC - this back end offers a write-combining map of it */
#define PCIBAR_BAR_F_HAS_WC	(1u << 6)

/** PCIBAR_BAR_INFO_CONFIG - for pcibar_bar_get_info(): read configuration space too */
#define PCIBAR_BAR_INFO_CONFIG	(1u << 0)

/**
 * struct pcibar_bar_info - what a BAR is
 * @size: sizeof(struct pcibar_bar_info), set by the caller
 * @index: BAR index
 * @kind: enum pcibar_bar_kind
 * @flags: PCIBAR_BAR_F_PREFETCHABLE to PCIBAR_BAR_F_HAS_WC
 * @length: bytes the BAR spans; 0 when there is none
 * @cpu_addr: address as the CPU sees it; for I/O the port number
 * @bus_addr: address in the BAR register, with CONFIG_SEEN
 * @holder: kernel driver that owns the function, "" when there is none. Owned
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
 * pcibar_bar_get_info() - tell what a BAR is
 * @dev: open device
 * @bar: BAR index below PCIBAR_BAR_COUNT: 0 to 5, or PCIBAR_BAR_ROM
 * @flags: PCIBAR_BAR_INFO_CONFIG, or 0 to leave configuration space alone. A
 *         sleeping device is not woken either way: CONFIG_SEEN is clear then.
 * @info: filled in; @info->size must be set. A BAR that does not exist has
 *        kind PCIBAR_BAR_KIND_NONE.
 *
 * No BAR is accessed. Threads: not at the same time on one device, because of
 * @info->holder.
 *
 * Return:
 * * 0 - filled in
 * * -EINVAL - no such index, unknown flag, or @info->size is too small
 * * -E2BIG - @info->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - the function is gone
 * * -EACCES - no right
 * * -EIO - the system's answer makes no sense
 */
int pcibar_bar_get_info(struct pcibar_device *dev, unsigned int bar, uint32_t flags,
			struct pcibar_bar_info *info);

/**
 * enum pcibar_memattr - memory attribute of a map
 * @PCIBAR_ATTR_UC: uncached: every access reaches the device, once, in order,
 *                  at its width (x86: UC-; arm64: Device-nGnRE)
 * @PCIBAR_ATTR_WC: write-combining: writes are gathered into bursts and may
 *                  arrive out of order; for memory-like BARs (x86: WC; arm64:
 *                  Normal non-cacheable). End a burst with pcibar_wc_flush().
 */
enum pcibar_memattr {
	PCIBAR_ATTR_UC = 0,
	PCIBAR_ATTR_WC = 1,
};

/** PCIBAR_MAP_WRITE - readable and writable; without it, read-only */
#define PCIBAR_MAP_WRITE	(1u << 0)
/** PCIBAR_MAP_EXCLUSIVE - refuse if anyone else has it, and keep all others out */
#define PCIBAR_MAP_EXCLUSIVE	(1u << 1)
/** PCIBAR_MAP_ACTIVATE - turn decoding on while such maps live, put it back after */
#define PCIBAR_MAP_ACTIVATE	(1u << 2)
/** PCIBAR_MAP_SHARE_DRIVER - also when a kernel driver owns the function */
#define PCIBAR_MAP_SHARE_DRIVER	(1u << 3)
/** PCIBAR_MAP_SHARE_PAGE - also when the pages hold something else */
#define PCIBAR_MAP_SHARE_PAGE	(1u << 4)
/** PCIBAR_MAP_INDIRECT - no address: checked calls go through the back end */
#define PCIBAR_MAP_INDIRECT	(1u << 5)

/**
 * struct pcibar_map_opts - what to map, and how
 * @size: sizeof(struct pcibar_map_opts), set by the caller
 * @flags: PCIBAR_MAP_* bits
 * @attr: enum pcibar_memattr
 * @reserved: must be zero
 * @offset: first byte of the window in the BAR; any, page-aligned or not
 * @length: bytes; 0: to the end of the BAR
 * @why: NULL, or filled in with the reason when the call is refused
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
 * @opts: window, rights and attribute; NULL: all of it, read-only, UC
 * @mapp: on success, the map; release it with pcibar_map_release()
 *
 * Only the pages of the window are mapped. Nothing is changed in the device,
 * but for PCIBAR_MAP_ACTIVATE. An I/O BAR needs PCIBAR_MAP_INDIRECT; so does
 * the ROM on sysfs, which also needs PCIBAR_MAP_ACTIVATE, because its decoder
 * is off and the kernel turns it on for each read.
 *
 * Decoding that PCIBAR_MAP_ACTIVATE turned on is turned off by the last such
 * map of the function to end, whichever process has it: also when the process
 * that turned it on has ended before, normally or not. Nothing turns it off
 * when the last one is killed. Processes know of each other through one back
 * end only, and on sysfs through locks on the function's files ``config`` and
 * ``rescan``, which need the right to write to the first and the same network
 * namespace (each has a sysfs of its own). Those who cannot open ``rescan``, as
 * root can, may be kept from taking them by any user, through read locks: each
 * process is by itself then, and the log gets a warning. A process that is
 * stopped amidst such a change is waited for: up to 5 seconds for its turn and
 * 2 for each change of the register, of which there are two at most; so are 0.1
 * seconds for read locks. pcibar_map_release() waits as long. A child of
 * fork() that lives on when its parent is killed counts in its place until it
 * calls exec() or ends.
 *
 * The checks are made in the order of the errors; the first that fails decides.
 *
 * Return:
 * * 0 - mapped
 * * -EINVAL - unknown flag or attribute, @opts->size too small, no such BAR,
 *   or the upper half of a 64-bit BAR
 * * -E2BIG - @opts->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - the function is gone
 * * -ERANGE - the window is not inside the BAR
 * * -EACCES - WRITE or ACTIVATE on a device opened without PCIBAR_OPEN_WRITE;
 *   WRITE on the ROM
 * * -EOPNOTSUPP - an I/O BAR without INDIRECT; what this back end cannot:
 *   EXCLUSIVE, WC on this BAR, INDIRECT on this kind of BAR
 * * -EBUSY - a driver owns the function, without SHARE_DRIVER
 * * -EADDRINUSE - the pages hold something else, without SHARE_PAGE
 * * -ENXIO - the BAR has no address, decoding is off (without ACTIVATE), or
 *   the device is asleep
 * * -EACCES - no right
 * * -EPERM - kernel lockdown, or a capability is missing
 * * -EBUSY - the kernel holds the range (IO_STRICT_DEVMEM), or another user
 *   has it with another attribute
 * * -EIO - the expansion ROM has no image, or the system's answer makes no sense
 * * -ENOMEM - no memory or no address space
 */
int pcibar_bar_map(struct pcibar_device *dev, unsigned int bar,
		   const struct pcibar_map_opts *opts, struct pcibar_map **mapp);

/**
 * pcibar_map_release() - unmap and free a map
 * @map: map; NULL does nothing
 *
 * The last map with PCIBAR_MAP_ACTIVATE puts decoding back as it was, which may
 * wait: see pcibar_bar_map().
 */
void pcibar_map_release(struct pcibar_map *map);

/**
 * pcibar_map_addr() - address of the first byte of the window
 * @map: map
 *
 * For the accessors in <pcibar/mmio.h>. Touching it after the function was
 * lost raises SIGBUS or reads all-ones: see <pcibar/guard.h>.
 *
 * Return: the address; NULL for an INDIRECT map.
 */
volatile void PCIBAR_IOMEM *pcibar_map_addr(const struct pcibar_map *map);

/**
 * pcibar_map_length() - length of the window
 * @map: map
 *
 * Return: bytes. It may be less than the BAR for the ROM, whose image may be
 * shorter.
 */
uint64_t pcibar_map_length(const struct pcibar_map *map);

/**
 * pcibar_map_offset() - where the window begins in the BAR
 * @map: map
 *
 * Return: bytes.
 */
uint64_t pcibar_map_offset(const struct pcibar_map *map);

/**
 * pcibar_map_attr() - memory attribute of a map
 * @map: map
 *
 * With PCIBAR_CAP_ATTR_PROOF what was read back, else what was asked for.
 *
 * Return: enum pcibar_memattr.
 */
uint32_t pcibar_map_attr(const struct pcibar_map *map);

/**
 * pcibar_map_is_lost() - whether the map was found to be revoked
 * @map: map
 *
 * Return: true when the guard has replaced it or a checked call has found the
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
 * Exactly one load of this width. When all bits read are ones, or with @width 8
 * those of one half, the vendor ID is read from configuration space to tell a
 * value from an absent device, and for a virtual function, which has none, the
 * class code.
 *
 * Return:
 * * 0 - read
 * * -EINVAL - @width is none, or @off is unaligned
 * * -ERANGE - outside the window
 * * -EOPNOTSUPP - this platform or this kind of BAR has no access of this width
 * * -ENODEV - the map is lost or the function is gone
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
 * Exactly one store of this width, and no read. Memory writes are posted: 0
 * says that it was sent, not that it has arrived.
 *
 * Return:
 * * 0 - written
 * * -EINVAL - @width is none, @off is unaligned, or @val does not fit
 * * -ERANGE - outside the window
 * * -EACCES - the map is read-only
 * * -EOPNOTSUPP - this platform or this kind of BAR has no access of this width
 * * -ENODEV - the map is lost
 */
int pcibar_map_write(struct pcibar_map *map, uint64_t off, unsigned int width,
		     uint64_t val);

/** PCIBAR_COPY_FIXED - every unit at the same offset: a FIFO */
#define PCIBAR_COPY_FIXED	(1u << 0)
/** PCIBAR_COPY_MEMORY - the BAR is memory-like: width 0 is allowed on a UC map */
#define PCIBAR_COPY_MEMORY	(1u << 1)

/**
 * pcibar_map_copy_from() - read a range
 * @map: map
 * @off: offset in the window, in bytes; the address in the BAR must be a
 *       multiple of @width
 * @dst: where to; a byte image, as the device's memory has it
 * @len: bytes, a multiple of @width
 * @width: 1, 2, 4 or 8: exactly one load of this width per unit, in order.
 *         0: any width, in any order, perhaps more than once; only on a WC
 *         map, or with PCIBAR_COPY_MEMORY.
 * @flags: PCIBAR_COPY_*
 *
 * When the last unit reads all-ones, or with width 0 or on a WC map any unit or
 * aligned dword, the function is checked for as in pcibar_map_read(): once for
 * the whole copy. Success means that all bytes came from the device, unless it
 * was out of reach for only a part of the call.
 *
 * Return:
 * * 0 - read
 * * -EINVAL - @width is none, @off or @len is no multiple of it, unknown flag,
 *   width 0 where it is not allowed or together with PCIBAR_COPY_FIXED
 * * -ERANGE - outside the window
 * * -EOPNOTSUPP - this platform or this kind of BAR has no access of this width
 * * -ENODEV - the map is lost or the function is gone; the contents
 *   of @dst are undefined
 */
int pcibar_map_copy_from(struct pcibar_map *map, uint64_t off, void *dst, size_t len,
			 unsigned int width, uint32_t flags);

/**
 * pcibar_map_copy_to() - write a range
 * @map: map with PCIBAR_MAP_WRITE
 * @off: as for pcibar_map_copy_from()
 * @src: where from; a byte image
 * @len: bytes, a multiple of @width
 * @width: 1, 2, 4 or 8: exactly one store of this width per unit, in order,
 *         and no read. 0: any width, as in pcibar_map_copy_from(); on a WC map
 *         with 64-byte non-temporal stores.
 * @flags: PCIBAR_COPY_*
 *
 * On a WC map the data may still be in the CPU's buffers on return: see
 * pcibar_wc_flush().
 *
 * Return:
 * * 0 - written
 * * -EINVAL - as for pcibar_map_copy_from()
 * * -ERANGE - outside the window
 * * -EACCES - the map is read-only
 * * -EOPNOTSUPP - this platform or this kind of BAR has no access of this width
 * * -ENODEV - the map is lost
 */
int pcibar_map_copy_to(struct pcibar_map *map, uint64_t off, const void *src, size_t len,
		       unsigned int width, uint32_t flags);

#ifdef __cplusplus
}
#endif

#endif
