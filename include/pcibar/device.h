/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PCIBAR_DEVICE_H
#define PCIBAR_DEVICE_H

#include <stdint.h>

#include <pcibar/selector.h>

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
 * enum pcibar_backend - the way to the hardware
 * @PCIBAR_BACKEND_AUTO: the best one that is available for the function. The
 *                       next is tried only when one is not available, never
 *                       when it refused: a fallback must not hide the reason.
 * @PCIBAR_BACKEND_SYSFS: the files below /sys/bus/pci/devices (Linux)
 * @PCIBAR_BACKEND_PCIIO: function and BAR descriptors of the module pciio (Linux)
 * @PCIBAR_BACKEND_FREEBSD: the requests of /dev/pci that FreeBSD has too. On
 *                          Linux they are the module's, and only chosen by
 *                          name.
 *
 * A device handle reaches the function that it was opened on, or its calls
 * return -ENODEV: also when another function has taken the place of one that was
 * removed. FREEBSD has only the address to go by. It compares the IDs of what is
 * there before each request, and after those that read or map, which takes a
 * request that lists the functions each time. It does not notice a replacement by
 * a function with the same IDs, nor one between the comparison and a write.
 */
enum pcibar_backend {
	PCIBAR_BACKEND_AUTO = 0,
	PCIBAR_BACKEND_SYSFS = 1,
	PCIBAR_BACKEND_PCIIO = 2,
	PCIBAR_BACKEND_FREEBSD = 4,
};

/** PCIBAR_OPEN_WRITE - needed by every call that changes the device */
#define PCIBAR_OPEN_WRITE	(1u << 0)

/**
 * pcibar_backend_name() - name of a back end
 * @backend: enum pcibar_backend
 *
 * Return: a static string such as "sysfs"; NULL when this library does not
 * have that back end. Numbers 1 to 31 may be in use, with gaps.
 */
const char *pcibar_backend_name(uint32_t backend);

/**
 * enum pcibar_log_level - importance of a log line
 * @PCIBAR_LOG_WARNING: something that deserves a look; nothing has failed
 * @PCIBAR_LOG_INFO: what was done to the device
 * @PCIBAR_LOG_DEBUG: what was looked at and chosen
 */
enum pcibar_log_level {
	PCIBAR_LOG_WARNING = 1,
	PCIBAR_LOG_INFO = 2,
	PCIBAR_LOG_DEBUG = 3,
};

/**
 * typedef pcibar_log_fn - receives log lines
 * @data: the @log_data of struct pcibar_open_opts
 * @level: enum pcibar_log_level
 * @msg: one line without a newline, valid during the call
 *
 * Called in the thread that called the library; it must not call the library
 * back on the same device.
 */
typedef void (*pcibar_log_fn)(void *data, int level, const char *msg);

/**
 * struct pcibar_open_opts - how to open
 * @size: sizeof(struct pcibar_open_opts), set by the caller
 * @flags: PCIBAR_OPEN_* bits
 * @backend: enum pcibar_backend
 * @reserved: must be zero
 * @sysfs_root: where sysfs is mounted; NULL: "/sys". Tests point elsewhere.
 * @log: receives log lines; NULL: none
 * @log_data: handed to @log
 * @why: NULL, or filled in with the reason when the call is refused
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
 * pcibar_device_open() - open a function named by text
 * @selector: as for pcibar_selector_parse()
 * @opts: how; NULL: read-only, any back end
 * @devp: on success, the device; close it with pcibar_device_close()
 *
 * Changes nothing in the device and does not wake it: no bind, no unbind, no
 * enable, no reset, no access to configuration space. A selector with an
 * address touches only that function; one with IDs reads the IDs of all.
 *
 * Return:
 * * 0 - open
 * * -EINVAL - not a selector, unknown flag or back end, @opts->size too small
 * * -E2BIG - @opts->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - no function matches, or no back end can reach it
 * * -EOPNOTSUPP - the module that is loaded is older than this library
 * * -ENOTUNIQ - several functions match; @opts->why lists them
 * * -EACCES - no right to look at the function
 * * -ENOMEM - no memory
 */
int pcibar_device_open(const char *selector, const struct pcibar_open_opts *opts,
		       struct pcibar_device **devp);

/**
 * pcibar_device_open_selector() - open a function named by a selector
 * @sel: selector; a format error in it is -EINVAL
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
 * Mappings stay valid and keep what they need until they are released.
 * Decoding that was changed with PCIBAR_ENABLE_F_RESTORE is put back now.
 */
void pcibar_device_close(struct pcibar_device *dev);

/** PCIBAR_CAP_MAP_WC - write-combining maps, on BARs where the system has them */
#define PCIBAR_CAP_MAP_WC	(1u << 0)
/** PCIBAR_CAP_ATTR_PROOF - the attribute of a map is read back, not assumed */
#define PCIBAR_CAP_ATTR_PROOF	(1u << 1)
/** PCIBAR_CAP_EXCLUSIVE - PCIBAR_MAP_EXCLUSIVE is enforced */
#define PCIBAR_CAP_EXCLUSIVE	(1u << 2)
/** PCIBAR_CAP_ACTIVATE - PCIBAR_MAP_ACTIVATE works */
#define PCIBAR_CAP_ACTIVATE	(1u << 3)
/**
 * PCIBAR_CAP_REVOKE - maps fault when the function goes away
 *
 * Without it a map outlives its function: after removal it reads whatever
 * answers at that address, later perhaps another function. The sysfs back end
 * does not have it.
 */
#define PCIBAR_CAP_REVOKE	(1u << 4)

/** PCIBAR_CAP_EVENTS - revocation and removal are reported: see <pcibar/event.h> */
#define PCIBAR_CAP_EVENTS	(1u << 5)

/** PCIBAR_DEV_ASLEEP - the function is in D1, D2 or D3, or runtime-suspended */
#define PCIBAR_DEV_ASLEEP	(1u << 0)
/** PCIBAR_DEV_DRIVER_OWNS - a driver is bound that takes the BARs for itself */
#define PCIBAR_DEV_DRIVER_OWNS	(1u << 1)

/**
 * struct pcibar_device_info - what a function is
 * @size: sizeof(struct pcibar_device_info), set by the caller
 * @flags: PCIBAR_DEV_* bits
 * @domain: PCI domain
 * @bus: bus number
 * @slot: device number on the bus
 * @func: function number
 * @revision: revision ID
 * @vendor: vendor ID
 * @device: device ID
 * @subvendor: subsystem vendor ID, 0 when there is none
 * @subdevice: subsystem ID, 0 when there is none
 * @class_code: base class << 16 | subclass << 8 | programming interface
 * @backend: enum pcibar_backend in use
 * @caps: PCIBAR_CAP_* bits: what this back end can do
 * @header: layout of the configuration header: 0 a function as most are, 1 a
 *          PCI bridge, 2 a CardBus bridge
 * @secondary: number of the bus behind a bridge; 0 when there is none, and on
 *             the FREEBSD back end
 * @reserved: zero
 * @driver: name of the bound kernel driver, "" when there is none. Owned by
 *          the device (until the next pcibar_device_get_info() on it) or by
 *          the scan (until the callback returns).
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
 * pcibar_device_get_info() - tell what a function is
 * @dev: open device
 * @info: filled in; @info->size must be set
 *
 * Reads what the system knows; the device is not accessed and not woken.
 * Threads: not at the same time on one device, because of @info->driver.
 *
 * Return:
 * * 0 - filled in
 * * -EINVAL - @info->size is too small
 * * -E2BIG - @info->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - the function is gone
 * * -EACCES - no right
 * * -EIO - the system's answer makes no sense
 */
int pcibar_device_get_info(struct pcibar_device *dev, struct pcibar_device_info *info);

/**
 * typedef pcibar_scan_fn - receives one function of a scan
 * @data: the @data of pcibar_scan()
 * @info: the function; valid during the call
 *
 * Return: 0 to go on; any other value ends the scan and is its result.
 */
typedef int (*pcibar_scan_fn)(void *data, const struct pcibar_device_info *info);

/**
 * pcibar_scan() - list functions in address order
 * @sel: which functions; NULL: all
 * @opts: @backend, @sysfs_root, @log, @log_data and @why are used; NULL: defaults
 * @fn: called for each match
 * @data: handed to @fn
 *
 * No device is accessed and none is woken. A function that disappears during
 * the scan is left out.
 *
 * Return:
 * * 0 - done; no match is no error, except for an address
 * * -EINVAL - a size is too small, unknown flag, back end or field
 * * -E2BIG - a size is larger than this library knows and the rest is not zero,
 *   or longer than 4096 bytes
 * * -ENODEV - @sel names an address at which there is no function, or there is
 *   no PCI here
 * * -EOPNOTSUPP - the module that is loaded is older than this library
 * * -EACCES - no right
 * * -ENOMEM - no memory
 * * other - what @fn returned
 */
int pcibar_scan(const struct pcibar_selector *sel, const struct pcibar_open_opts *opts,
		pcibar_scan_fn fn, void *data);

#ifdef __cplusplus
}
#endif

#endif
