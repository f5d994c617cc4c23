/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI functions: opening them, listing them, and what they are */
#ifndef PCIBAR_DEVICE_H
#define PCIBAR_DEVICE_H

#include <stdint.h>

#include <pcibar/selector.h>

/* FreeBSD has no such error. Nothing else here is -EEXIST. */
#if defined(__FreeBSD__) && !defined(ENOTUNIQ)
# define ENOTUNIQ EEXIST
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct pcibar_device - one open PCI function (opaque)
 *
 * Threads: every call on an open device may be made from several threads at
 * once unless it says otherwise; pcibar_device_close() must be the last. After
 * fork() the child must not use the handle.
 */
struct pcibar_device;
struct pcibar_refusal;

/**
 * enum pcibar_backend - how to access the hardware
 * @PCIBAR_BACKEND_AUTO: the best back end that is available for the function. The
 *                       library tries the next only when one is not available,
 *                       not when one refuses: a fallback must not hide the reason.
 * @PCIBAR_BACKEND_SYSFS: the files below /sys/bus/pci/devices (Linux)
 * @PCIBAR_BACKEND_PCIIO: function and BAR descriptors of the module pciio (Linux)
 * @PCIBAR_BACKEND_VFIO: VFIO, for functions that are bound to vfio-pci or another driver
 *                       of VFIO (Linux). AUTO prefers it for these. See below.
 * @PCIBAR_BACKEND_FREEBSD: the ioctls of /dev/pci that FreeBSD has, too. On Linux
 *                          the module provides them, and this back end must be
 *                          requested by name.
 *
 * A device handle reaches the function that it was opened on, or its calls return
 * -ENODEV, even if another function has taken the place of one that was removed.
 * The FREEBSD back end can identify a function only by its address. It compares
 * the IDs of the function that is there before each request, and after those that
 * read or map; each comparison takes a request that lists functions. It does not
 * detect a replacement by a function with the same IDs, or one that happens
 * between the comparison and a write.
 *
 * VFIO resets a function when it opens it, and again when it closes it. So the VFIO back end
 * opens it at the first map, vector, write to configuration space or change of decoding,
 * logs that with PCIBAR_LOG_INFO, and closes it with the last handle, map and vector of this
 * process.
 * Everything else comes from sysfs and has no effect. From then on the function is
 * awake and decodes, no other process can open the functions of its IOMMU group, bus
 * mastering reaches no memory, and an administrator who unbinds the function waits:
 * read PCIBAR_EVENT_GIVE_BACK. A program that named this back end can also read
 * configuration space that sysfs shows to root only, which opens the function, too.
 * What VFIO keeps of writes to configuration space ends with the close. A child of fork()
 * keeps the function open as well, until it ends or executes another program.
 */
enum pcibar_backend {
	PCIBAR_BACKEND_AUTO = 0,
	PCIBAR_BACKEND_SYSFS = 1,
	PCIBAR_BACKEND_PCIIO = 2,
	PCIBAR_BACKEND_VFIO = 3,
	PCIBAR_BACKEND_FREEBSD = 4,
};

/** PCIBAR_OPEN_WRITE - required by every call that changes the device */
#define PCIBAR_OPEN_WRITE	(1u << 0)

/**
 * pcibar_backend_name() - name of a back end
 * @backend: enum pcibar_backend
 *
 * Return: a static string such as "sysfs"; NULL if this library does not have the
 * back end. Numbers are between 1 and 31, with gaps.
 */
const char *pcibar_backend_name(uint32_t backend);

/**
 * enum pcibar_log_level - importance of a log line
 * @PCIBAR_LOG_WARNING: something deserves attention, although nothing has failed
 * @PCIBAR_LOG_INFO: a change to the device
 * @PCIBAR_LOG_DEBUG: a decision of the library
 */
enum pcibar_log_level {
	PCIBAR_LOG_WARNING = 1,
	PCIBAR_LOG_INFO = 2,
	PCIBAR_LOG_DEBUG = 3,
};

/**
 * typedef pcibar_log_fn - receives log lines
 * @data: @log_data of struct pcibar_open_opts
 * @level: enum pcibar_log_level
 * @msg: one line without a newline, valid during the call
 *
 * The library calls it in the thread of the caller. It must not call the library
 * for the same device.
 */
typedef void (*pcibar_log_fn)(void *data, int level, const char *msg);

/**
 * struct pcibar_open_opts - how to open
 * @size: sizeof(struct pcibar_open_opts), set by the caller
 * @flags: PCIBAR_OPEN_* bits
 * @backend: enum pcibar_backend
 * @reserved: must be zero
 * @sysfs_root: where sysfs is mounted; NULL: "/sys"
 * @log: receives log lines; NULL: no log
 * @log_data: passed to @log
 * @why: NULL, or filled in with the reasons when the call is refused
 */
struct pcibar_open_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t backend;
	uint32_t reserved;
	const char *sysfs_root;
	pcibar_log_fn log;
	void *log_data;
	struct pcibar_refusal *why;
};

/**
 * pcibar_device_open() - open a function by the text of a selector
 * @selector: as for pcibar_selector_parse()
 * @opts: options; NULL: read-only, any back end
 * @devp: set to the device on success; close it with pcibar_device_close()
 *
 * Opening changes nothing in the device and does not wake it: it does not bind,
 * unbind, enable or reset the function, and does not access configuration space.
 * With an address, only that function is opened; with IDs, the IDs of all
 * functions are read from the system.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - not a valid selector, unknown flag or back end, @opts->size too small
 * * -E2BIG - @opts->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - no function matches, or no back end can reach it
 * * -EOPNOTSUPP - the loaded module is older than this library
 * * -ENOTUNIQ - several functions match; @opts->why lists them (FreeBSD: -EEXIST)
 * * -EACCES - permission denied
 * * -EIO - what the system reports of a function is invalid: when one is looked for by IDs
 * * -ENAMETOOLONG - the path of sysfs is too long
 * * -EMFILE, -ENFILE, -ENOMEM - out of descriptors or memory
 */
int pcibar_device_open(const char *selector, const struct pcibar_open_opts *opts,
		       struct pcibar_device **devp);

/**
 * pcibar_device_open_selector() - open a function by a selector
 * @sel: selector; -EINVAL is returned if it is malformed
 * @opts: as for pcibar_device_open()
 * @devp: as for pcibar_device_open()
 *
 * Return: as pcibar_device_open().
 */
int pcibar_device_open_selector(const struct pcibar_selector *sel,
				const struct pcibar_open_opts *opts,
				struct pcibar_device **devp);

/**
 * pcibar_device_close() - close a device
 * @dev: device; NULL does nothing
 *
 * Maps stay valid until they are released. Decoding that was changed with
 * PCIBAR_ENABLE_F_RESTORE is restored.
 */
void pcibar_device_close(struct pcibar_device *dev);

/** PCIBAR_CAP_MAP_WC - write-combining maps of BARs for which the system has them */
#define PCIBAR_CAP_MAP_WC	(1u << 0)
/** PCIBAR_CAP_ATTR_PROOF - the attribute of a map is read back from the system */
#define PCIBAR_CAP_ATTR_PROOF	(1u << 1)
/** PCIBAR_CAP_EXCLUSIVE - PCIBAR_MAP_EXCLUSIVE is enforced */
#define PCIBAR_CAP_EXCLUSIVE	(1u << 2)
/** PCIBAR_CAP_ACTIVATE - PCIBAR_MAP_ACTIVATE works */
#define PCIBAR_CAP_ACTIVATE	(1u << 3)
/**
 * PCIBAR_CAP_REVOKE - maps fault when the function goes away
 *
 * Without it a map outlives its function: after removal, accesses reach whatever
 * responds at that address, possibly another function. The sysfs back end does
 * not have this capability.
 */
#define PCIBAR_CAP_REVOKE	(1u << 4)

/**
 * PCIBAR_CAP_EVENTS - revocation and removal, or with VFIO the request to give the function
 * back, are reported: see <pcibar/event.h>
 */
#define PCIBAR_CAP_EVENTS	(1u << 5)
/** PCIBAR_CAP_IRQ - interrupts are delivered: see <pcibar/irq.h> */
#define PCIBAR_CAP_IRQ		(1u << 6)

/** PCIBAR_DEV_ASLEEP - the function is in D1, D2 or D3, or runtime-suspended */
#define PCIBAR_DEV_ASLEEP	(1u << 0)
/** PCIBAR_DEV_DRIVER_OWNS - a driver is bound that uses the BARs itself */
#define PCIBAR_DEV_DRIVER_OWNS	(1u << 1)

/**
 * struct pcibar_device_info - properties of a function
 * @size: sizeof(struct pcibar_device_info), set by the caller
 * @flags: PCIBAR_DEV_* bits
 * @domain: PCI domain
 * @bus: bus number
 * @slot: device number on the bus
 * @func: function number
 * @revision: revision ID
 * @vendor: vendor ID
 * @device: device ID
 * @subvendor: subsystem vendor ID; 0 if the function has none
 * @subdevice: subsystem ID; 0 if the function has none
 * @class_code: base class << 16 | subclass << 8 | programming interface
 * @backend: enum pcibar_backend in use
 * @caps: PCIBAR_CAP_* bits: capabilities of this back end
 * @header: layout of the configuration header: 0 for an endpoint, 1 for a PCI
 *          bridge, 2 for a CardBus bridge
 * @secondary: number of the bus behind a bridge; 0 if the function is not a
 *             bridge, and on the FREEBSD back end
 * @reserved: zero
 * @driver: name of the bound kernel driver, "" if no driver is bound. Owned by
 *          the device, until the next pcibar_device_get_info() on it, or by
 *          the scan, until the callback returns.
 */
struct pcibar_device_info {
	uint32_t size;
	uint32_t flags;
	uint32_t domain;
	uint8_t bus;
	uint8_t slot;
	uint8_t func;
	uint8_t revision;
	uint16_t vendor;
	uint16_t device;
	uint16_t subvendor;
	uint16_t subdevice;
	uint32_t class_code;
	uint32_t backend;
	uint32_t caps;
	uint8_t header;
	uint8_t secondary;
	uint16_t reserved;
	const char *driver;
};

/**
 * pcibar_device_get_info() - get information about a function
 * @dev: open device
 * @info: filled in; @info->size must be set
 *
 * The information comes from the system; the device is not accessed or woken.
 * Threads: only one at a time may call it for a device, because of @info->driver.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - @info->size is too small
 * * -E2BIG - @info->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - the function is gone
 * * -EACCES - permission denied
 * * -EIO - what the system reports is invalid
 */
int pcibar_device_get_info(struct pcibar_device *dev, struct pcibar_device_info *info);

/**
 * struct pcibar_device_place - where a function is in the machine
 * @size: sizeof(struct pcibar_device_place), set by the caller
 * @numa_node: NUMA node that the function is near to; -1 if the system has none
 * @iommu_group: number of its IOMMU group; -1 if it is in none
 * @reserved: zero
 */
struct pcibar_device_place {
	uint32_t size;
	int32_t numa_node;
	int32_t iommu_group;
	uint32_t reserved;
};

/**
 * pcibar_device_get_place() - find out where a function is in the machine
 * @dev: open device
 * @place: filled in; @place->size must be set
 *
 * The information comes from the system; the device is not accessed or woken. The
 * FREEBSD back end has none of it.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - @place->size is too small
 * * -E2BIG - @place->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - the function is gone
 * * -EACCES - permission denied
 * * -EIO - what the system reports is invalid
 */
int pcibar_device_get_place(struct pcibar_device *dev, struct pcibar_device_place *place);

/**
 * typedef pcibar_scan_fn - receives one function of a scan
 * @data: @data of pcibar_scan()
 * @info: the function; valid during the call
 *
 * Return: 0 to continue; any other value ends the scan and becomes its result.
 */
typedef int (*pcibar_scan_fn)(void *data, const struct pcibar_device_info *info);

/**
 * pcibar_scan() - list functions in address order
 * @sel: the functions to list; NULL: all
 * @opts: options, of which @flags has no effect; NULL: defaults
 * @fn: called for each function
 * @data: passed to @fn
 *
 * The scan does not access or wake any device. It leaves out functions that
 * disappear while it runs. A function whose attributes cannot be read does not end
 * it: the reason is added to @opts->why, and the first such error is returned after
 * all others were listed.
 *
 * Return:
 * * 0 - success, even if no function matched (but see -ENODEV for an address)
 * * -EINVAL - a size is too small, unknown flag, back end or field
 * * -E2BIG - a size is larger than this library knows and the rest is not zero,
 *   or longer than 4096 bytes
 * * -ENODEV - there is no function at the address that @sel has, or the system has
 *   no PCI
 * * -EOPNOTSUPP - the loaded module is older than this library
 * * -EACCES - permission denied
 * * -EIO - what the system reports of a function is invalid
 * * -ENOMEM - out of memory
 * * other - what @fn returned
 */
int pcibar_scan(const struct pcibar_selector *sel, const struct pcibar_open_opts *opts,
		pcibar_scan_fn fn, void *data);

/**
 * pcibar_device_scan_group() - list the functions of an IOMMU group in address order
 * @dev: one of them
 * @fn: called for each, @dev too
 * @data: passed to @fn
 *
 * As pcibar_scan() with the options that @dev was opened with, but AUTO instead of VFIO,
 * which does not serve all functions, and without a log. Without a group, and on FreeBSD, @fn
 * is not called.
 *
 * Return:
 * * 0 - success
 * * -ENODEV - the function is gone
 * * -EOPNOTSUPP - the loaded module is older than this library
 * * -EACCES - permission denied
 * * -EIO - what the system reports of a function is invalid
 * * -ENOMEM - out of memory
 * * other - what @fn returned
 */
int pcibar_device_scan_group(struct pcibar_device *dev, pcibar_scan_fn fn, void *data);

#ifdef __cplusplus
}
#endif

#endif
