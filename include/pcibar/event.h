/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PCIBAR_EVENT_H
#define PCIBAR_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <pcibar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum pcibar_event_type - what happened
 * @PCIBAR_EVENT_REVOKED: mappings of the device fault now: a driver was bound,
 *                        decoding was turned off, an error is being recovered
 *                        from, or a BAR was moved. Touching one makes it lost
 *                        for good (see <pcibar/guard.h>); untouched ones work
 *                        again when the reason is gone, but for those of a BAR
 *                        that was moved.
 * @PCIBAR_EVENT_GONE: the function was removed. Only releasing maps and closing
 *                     the device make sense now.
 */
enum pcibar_event_type {
	PCIBAR_EVENT_REVOKED = 1,
	PCIBAR_EVENT_GONE = 2,
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
 * pcibar_device_get_event_fd() - a descriptor to wait on
 * @dev: open device
 *
 * It polls readable (POLLIN) when pcibar_device_read_event() has something to
 * report. It belongs to the device: the same one on each call, valid until the
 * device and its maps are gone; do not read from it and do not close it.
 * PCIBAR_EVENT_REVOKED comes from mapped BARs only; PCIBAR_EVENT_GONE comes
 * without a map, too, and once.
 *
 * Return: the descriptor, or
 * * -EOPNOTSUPP - the back end cannot tell (no PCIBAR_CAP_EVENTS)
 * * -EMFILE, -ENFILE, -ENOMEM - no descriptor or no memory
 */
int pcibar_device_get_event_fd(struct pcibar_device *dev);

/**
 * pcibar_device_read_event() - take the next event
 * @dev: open device, pcibar_device_get_event_fd() was called
 * @event: filled in; @event->size must be set
 *
 * Does not wait.
 *
 * Return:
 * * 0 - an event
 * * -EAGAIN - none is there
 * * -EINVAL - @event->size is too small, or there is no event descriptor yet
 * * -E2BIG - @event->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -EOPNOTSUPP - the back end cannot tell
 */
int pcibar_device_read_event(struct pcibar_device *dev, struct pcibar_event *event);

/**
 * pcibar_device_is_gone() - whether the function is known to be gone
 * @dev: open device
 *
 * Makes no system call; becomes true after PCIBAR_EVENT_GONE was read, or after
 * a checked call or an access to configuration space found the function gone.
 *
 * Return: true when it is; it never becomes false again.
 */
bool pcibar_device_is_gone(const struct pcibar_device *dev);

#ifdef __cplusplus
}
#endif

#endif
