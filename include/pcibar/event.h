/* SPDX-License-Identifier: BSD-2-Clause */
/* Events: revoked mappings, removed functions, errors of the bus */
#ifndef PCIBAR_EVENT_H
#define PCIBAR_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <pcibar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum pcibar_event_type - type of an event
 * @PCIBAR_EVENT_REVOKED: maps of the device fault now, because a driver was bound,
 *                        decoding was turned off, error recovery is in progress,
 *                        or a BAR was moved. An access to such a map makes it
 *                        lost for good (see <pcibar/guard.h>). Maps that are not
 *                        accessed work again when the reason has passed, except
 *                        those of a BAR that was moved.
 * @PCIBAR_EVENT_GONE: the function was removed. All that remains to be done is to
 *                     release the maps and close the device.
 * @PCIBAR_EVENT_GIVE_BACK: the function is about to be unbound or removed, which waits
 *                          until its maps and vectors are released and the device
 *                          is closed. It works until then. The event comes again every few seconds.
 *                          Only the VFIO back end reports it.
 * @PCIBAR_EVENT_ERROR: the bus reported an error of the function (AER), after which it
 *                      may be in any state. Only the VFIO back end reports it.
 */
enum pcibar_event_type {
	PCIBAR_EVENT_REVOKED = 1,
	PCIBAR_EVENT_GONE = 2,
	PCIBAR_EVENT_GIVE_BACK = 3,
	PCIBAR_EVENT_ERROR = 4,
};

/**
 * struct pcibar_event - one event
 * @size: sizeof(struct pcibar_event), set by the caller
 * @type: enum pcibar_event_type
 */
struct pcibar_event {
	uint32_t size;
	uint32_t type;
};

/**
 * pcibar_device_get_event_fd() - get a file descriptor to wait for events
 * @dev: open device
 *
 * The descriptor polls readable (POLLIN) when pcibar_device_read_event() has an
 * event to return. It belongs to the device, is the same for each call, and is
 * valid until the device is closed and its maps are released. Do not read from it,
 * and do not close it. PCIBAR_EVENT_REVOKED concerns mapped BARs only;
 * PCIBAR_EVENT_GONE is reported without a map, too, and once. The VFIO back end reports
 * its events from the first map or vector on, and neither of these two.
 *
 * Return: the descriptor, or
 * * -EOPNOTSUPP - the back end does not report events (no PCIBAR_CAP_EVENTS)
 * * -EMFILE, -ENFILE, -ENOMEM - out of descriptors or memory
 */
int pcibar_device_get_event_fd(struct pcibar_device *dev);

/**
 * pcibar_device_read_event() - read the next event
 * @dev: open device for which pcibar_device_get_event_fd() was called
 * @event: filled in; @event->size must be set
 *
 * The function does not wait.
 *
 * Return:
 * * 0 - success
 * * -EAGAIN - no event is pending
 * * -EINVAL - @event->size is too small, or there is no event descriptor yet
 * * -E2BIG - @event->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -EOPNOTSUPP - the back end does not report events
 */
int pcibar_device_read_event(struct pcibar_device *dev, struct pcibar_event *event);

/**
 * pcibar_device_is_gone() - whether the function is known to be gone
 * @dev: open device
 *
 * The function makes no system call. It returns true once PCIBAR_EVENT_GONE was
 * read, or a checked call or an access to configuration space found the function
 * gone.
 *
 * Return: true if the function is gone. It never becomes false again.
 */
bool pcibar_device_is_gone(const struct pcibar_device *dev);

#ifdef __cplusplus
}
#endif

#endif
