/* SPDX-License-Identifier: BSD-2-Clause */
/* Binding functions to other drivers, and back */
#ifndef PCIBAR_DRIVER_H
#define PCIBAR_DRIVER_H

#include <stdint.h>

#include <pcibar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/** PCIBAR_BIND_GROUP - all functions of the IOMMU group, except bridges */
#define PCIBAR_BIND_GROUP	(1u << 0)

/**
 * struct pcibar_bind_opts - which driver to bind, and how
 * @size: sizeof(struct pcibar_bind_opts), set by the caller
 * @flags: PCIBAR_BIND_* bits
 * @timeout_ms: how long to wait for each function; 0: 10000
 * @reserved: must be zero
 * @driver: name of the driver, such as "vfio-pci" or "pciio"; "": no driver; NULL: what the
 *          function had before
 * @state_dir: folder in which to remember what the functions had before; NULL: "/run/pcibar",
 *             or with a sysfs that is not mounted at /sys: nothing is remembered
 * @why: NULL, or filled in with the reason when the call is refused
 */
struct pcibar_bind_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t timeout_ms;
	uint32_t reserved;
	const char *driver;
	const char *state_dir;
	struct pcibar_refusal *why;
};

/**
 * pcibar_device_bind() - bind a function to another driver, or back to the one it had
 * @dev: device opened with PCIBAR_OPEN_WRITE, on a back end other than FREEBSD
 * @opts: what to bind
 *
 * The present driver is unbound: a disk or a network interface that it provides disappears,
 * whether or not it is in use. The new driver is bound even if it does not list the IDs of the
 * function, and no other driver can take the function (driver_override is set) until the same
 * call with @opts->driver NULL. That restores the driver and the driver_override that the
 * function had before the first call. If they are not known, because the folder of
 * @opts->state_dir could not be written or another program has set driver_override, the kernel
 * chooses a driver by the IDs.
 *
 * If one function cannot be bound, all of them get back the drivers that they had at the time of
 * the call. The same happens if the program ends during the call, by a signal for example.
 *
 * A driver may wait for its users. vfio-pci asks a program that has the function open to close
 * it, and the kernel waits for that without a limit. After @opts->timeout_ms this call returns,
 * but what it has requested from the kernel remains pending. When the user has closed the
 * function, it is bound to the present driver again.
 *
 * The call does not load a driver's module. It starts a child process for each function, which is
 * not a child of the caller: SIGCHLD is raised once for each, for a process that the library has
 * waited for. Maps of the function must have been released.
 *
 * Return:
 * * 0 - success, or the function was bound to this driver already
 * * -EINVAL - a size is too small, unknown flag, or not a valid name of a driver
 * * -E2BIG - a size is larger than this library knows and the rest is not zero, or longer than
 *   4096 bytes
 * * -EACCES - the device was opened without PCIBAR_OPEN_WRITE, or permission denied
 * * -EROFS - sysfs is mounted read-only
 * * -ENOENT - no driver of this name is loaded; or, with @opts->driver NULL, the function has the
 *   driver that the kernel chose for it
 * * -EBUSY - a BAR of the function is mapped through @dev, or this program has the IOMMU group
 *   of a function open through VFIO
 * * -EIO - the driver refused the function, or the system did not do what it was asked for
 * * -ETIMEDOUT - the driver did not release or probe the function in time
 * * -EOPNOTSUPP - the function is a bridge, or this back end cannot bind
 * * -ENODEV - the function is gone
 * * -EAGAIN - no child process could be started, or it was killed
 * * -EMFILE, -ENFILE, -ENOMEM - out of descriptors or memory
 */
int pcibar_device_bind(struct pcibar_device *dev, const struct pcibar_bind_opts *opts);

#ifdef __cplusplus
}
#endif

#endif
