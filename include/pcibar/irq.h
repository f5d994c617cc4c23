/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts of a function, delivered to the program */
#ifndef PCIBAR_IRQ_H
#define PCIBAR_IRQ_H

#include <stdint.h>

#include <pcibar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum pcibar_irq_type - how a function interrupts
 * @PCIBAR_IRQ_BEST: as an argument: MSI-X if the function has it, else MSI, else INTx
 * @PCIBAR_IRQ_INTX: a line, which the device holds until the program has made it quiet
 * @PCIBAR_IRQ_MSI: messages, a power of two of them
 * @PCIBAR_IRQ_MSIX: messages, each with an entry in a table in a BAR
 */
enum pcibar_irq_type {
	PCIBAR_IRQ_BEST = 0,
	PCIBAR_IRQ_INTX = 1,
	PCIBAR_IRQ_MSI = 2,
	PCIBAR_IRQ_MSIX = 3,
};

/** PCIBAR_IRQ_LEVEL - each event masks the interrupt until pcibar_irq_done(): INTx */
#define PCIBAR_IRQ_LEVEL	(1u << 0)
/** PCIBAR_IRQ_CAN_MASK - pcibar_irq_mask() works, and what happens while masked is not lost */
#define PCIBAR_IRQ_CAN_MASK	(1u << 1)
/**
 * PCIBAR_IRQ_CAN_GROW - vectors can be opened while others of the type are open. The VFIO
 * back end knows that once it has opened the function
 */
#define PCIBAR_IRQ_CAN_GROW	(1u << 2)
/** PCIBAR_IRQ_HAS_TIME - events have the time at which the kernel handled the interrupt */
#define PCIBAR_IRQ_HAS_TIME	(1u << 3)
/** PCIBAR_IRQ_SHARED_LINE - other functions may interrupt on the same line: INTx */
#define PCIBAR_IRQ_SHARED_LINE	(1u << 4)
/** PCIBAR_IRQ_CAN_TRIGGER - pcibar_irq_trigger() works */
#define PCIBAR_IRQ_CAN_TRIGGER	(1u << 5)

/**
 * struct pcibar_irq_info - interrupts of one type
 * @size: sizeof(struct pcibar_irq_info), set by the caller
 * @type: enum pcibar_irq_type; PCIBAR_IRQ_BEST is replaced by the type that it means
 * @flags: PCIBAR_IRQ_* bits: what the back end can do for this type; 0 if it does not
 *         deliver interrupts
 * @count: how many vectors the function has; 0 if it does not have the type
 * @open: how many of them are open: in all processes, where the system knows that, else on
 *        this device
 * @reserved: zero
 */
struct pcibar_irq_info {
	uint32_t size;
	uint32_t type;
	uint32_t flags;
	uint32_t count;
	uint32_t open;
	uint32_t reserved;
};

/**
 * pcibar_irq_get_info() - find out what interrupts a function has
 * @dev: open device
 * @type: enum pcibar_irq_type
 * @info: filled in; @info->size must be set
 *
 * The function reads configuration space, which wakes a suspended device.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - unknown type, or @info->size is too small
 * * -E2BIG - @info->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -EACCES - the capabilities of the function cannot be read: permission denied
 * * -ENODEV - the function is gone
 * * -EIO - they cannot be read for another reason
 */
int pcibar_irq_get_info(struct pcibar_device *dev, uint32_t type, struct pcibar_irq_info *info);

/** PCIBAR_IRQ_OPEN_MASKED - begin masked; requires PCIBAR_IRQ_CAN_MASK */
#define PCIBAR_IRQ_OPEN_MASKED	(1u << 0)
/** PCIBAR_IRQ_BUS_MASTER - turn bus mastering on while a vector with this flag is open */
#define PCIBAR_IRQ_BUS_MASTER	(1u << 1)
/** PCIBAR_IRQ_EVENTFD - signal the caller's eventfds: see @eventfds */
#define PCIBAR_IRQ_EVENTFD	(1u << 2)

/**
 * struct pcibar_irq_opts - which vectors to open, and how
 * @size: sizeof(struct pcibar_irq_opts), set by the caller
 * @flags: PCIBAR_IRQ_OPEN_MASKED, PCIBAR_IRQ_BUS_MASTER, PCIBAR_IRQ_EVENTFD
 * @type: enum pcibar_irq_type
 * @first: the first vector
 * @count: how many; all of them are opened, or none
 * @reserve: so many vectors, counted from vector 0, can be opened later while these are
 *           open, even without PCIBAR_IRQ_CAN_GROW; 0: no more than these
 * @eventfds: with PCIBAR_IRQ_EVENTFD an eventfd(2) for each vector, to which each
 *            interrupt adds 1. They remain the caller's. Else NULL
 * @why: NULL, or filled in with the reasons when the call is refused
 */
struct pcibar_irq_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t type;
	uint32_t first;
	uint32_t count;
	uint32_t reserve;
	const int *eventfds;
	struct pcibar_refusal *why;
};

/**
 * struct pcibar_irq - one open vector (opaque)
 *
 * Threads: every call on a vector may be made from several threads at once;
 * pcibar_irq_close() must be the last. To end a wait in another thread, poll the
 * descriptor beside one of your own: see pcibar_irq_fd(). After fork() the child must
 * not use the vector.
 */
struct pcibar_irq;

/**
 * pcibar_irq_open() - open vectors of a function
 * @dev: device opened with PCIBAR_OPEN_WRITE
 * @opts: which vectors
 * @irqs: room for as many as @opts says, filled in on success; close each with
 *        pcibar_irq_close()
 *
 * A function interrupts by one type at a time. Nothing is torn down or set up again
 * between events. Vectors remain open when the device is closed.
 *
 * A message is a write by the device, so it needs bus mastering. Without it a vector
 * would never have an event, so that it is not opened unless PCIBAR_IRQ_BUS_MASTER
 * turns bus mastering on. That ends with the last such vector, and with the process;
 * until then closing @dev does not turn it off either (PCIBAR_ENABLE_F_RESTORE).
 *
 * The checks are made in the order of the errors below, and the first one that fails
 * determines the error.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - unknown flag or type, no vector, PCIBAR_IRQ_EVENTFD without @opts->eventfds
 *   or these without it, or @opts->size too small
 * * -E2BIG - @opts->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - the function is gone, or does not respond
 * * -ENXIO - the device is asleep
 * * -ERANGE - the function does not have these vectors
 * * -EACCES - the device was opened without PCIBAR_OPEN_WRITE
 * * -EOPNOTSUPP - this back end does not deliver interrupts, or not as requested
 * * -EBUSY - the function is not bound to a driver that delivers them, vectors of another
 *   type or one of these are open, or vectors cannot be added to those that are open
 * * -ENXIO - bus mastering is off, and PCIBAR_IRQ_BUS_MASTER is not set; or the line of
 *   the function is not connected
 * * -EACCES - permission denied
 * * -EPERM - interrupts are not remapped, and the MSI-X table is in a writable map of
 *   the function; or kernel lockdown
 * * -ENOSPC - the machine has no vectors left
 * * -ENOMEM, -EMFILE, -ENFILE - out of memory or descriptors
 */
int pcibar_irq_open(struct pcibar_device *dev, const struct pcibar_irq_opts *opts,
		    struct pcibar_irq **irqs);

/**
 * pcibar_irq_close() - close a vector
 * @irq: vector; NULL does nothing
 */
void pcibar_irq_close(struct pcibar_irq *irq);

/**
 * pcibar_irq_fd() - file descriptor of a vector
 * @irq: vector
 *
 * The descriptor polls readable (POLLIN) when pcibar_irq_read() has an event to return,
 * POLLPRI when it has a reset to report and as long as the function sleeps, and POLLHUP or
 * POLLERR when the vector has ended, or with the VFIO back end POLLIN. It belongs to the
 * vector. Do not read from it, and do not close it.
 *
 * Return: the descriptor.
 */
int pcibar_irq_fd(const struct pcibar_irq *irq);

/** PCIBAR_IRQ_EVENT_TIME - @time of the event is known */
#define PCIBAR_IRQ_EVENT_TIME	(1u << 0)

/**
 * struct pcibar_irq_event - interrupts since the last event
 * @size: sizeof(struct pcibar_irq_event), set by the caller
 * @flags: PCIBAR_IRQ_EVENT_TIME
 * @count: how many there were, at least: messages in quick succession may merge on their
 *         way to the kernel
 * @time: when the kernel handled the last one, in ns of CLOCK_MONOTONIC; 0 if that is
 *        not known
 */
struct pcibar_irq_event {
	uint32_t size;
	uint32_t flags;
	uint64_t count;
	uint64_t time;
};

/**
 * pcibar_irq_read() - take an event
 * @irq: vector
 * @event: filled in; @event->size must be set
 *
 * The function does not wait. With PCIBAR_IRQ_EVENTFD there are no events here, but resets
 * and the end of the vector are reported.
 *
 * The VFIO back end does not report resets. There, a vector ends when the function is about
 * to be unbound or removed, which waits until all vectors are closed, all maps released
 * and the device is closed: see PCIBAR_EVENT_GIVE_BACK.
 *
 * Return:
 * * 0 - success
 * * -EAGAIN - there was no interrupt since the last event
 * * -EINVAL - @event->size is too small
 * * -E2BIG - @event->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ECONNRESET - once after the function was reset, or the system slept: the device may
 *   have forgotten that it is to interrupt. The vector is as before
 * * -ENODEV - the vector has ended: the function was removed or unbound, or is about to be.
 *   A removal begins with unbinding: pcibar_device_is_gone() may return true only later
 * * -EIO - the system has returned something else
 */
int pcibar_irq_read(struct pcibar_irq *irq, struct pcibar_irq_event *event);

/**
 * pcibar_irq_wait() - wait for an event, and take it
 * @irq: vector
 * @timeout_ns: how long to wait at most, in nanoseconds; negative: without a limit
 * @event: filled in; @event->size must be set
 *
 * When several threads wait for the same vector, one of them gets the event.
 *
 * Return:
 * * 0 - success
 * * -ETIMEDOUT - there was no interrupt within this time
 * * -EINTR - a signal arrived
 * * -ECONNRESET - as for pcibar_irq_read(), once for all that wait
 * * -EINVAL - @event->size is too small
 * * -E2BIG - @event->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ENODEV - the vector has ended: see pcibar_irq_read()
 * * -EIO - the system has returned something else
 */
int pcibar_irq_wait(struct pcibar_irq *irq, int64_t timeout_ns, struct pcibar_irq_event *event);

/**
 * pcibar_irq_done() - the device has been made quiet: let it interrupt again
 * @irq: vector
 *
 * INTx is masked by each event. This unmasks it, unless pcibar_irq_mask() has masked it.
 * If the device still holds the line, there is another event at once: no interrupt is
 * lost, and there is never more than one event for each call. For messages it does
 * nothing and makes no system call, so that one loop serves all types.
 *
 * Return:
 * * 0 - success
 * * -ENODEV - the vector has ended: see pcibar_irq_read()
 */
int pcibar_irq_done(struct pcibar_irq *irq);

/**
 * pcibar_irq_mask() - hold interrupts back
 * @irq: vector
 *
 * Those that arrive before pcibar_irq_unmask() are one event after it.
 *
 * Return:
 * * 0 - success
 * * -EOPNOTSUPP - this back end cannot mask this type (no PCIBAR_IRQ_CAN_MASK)
 * * -ENODEV - the vector has ended: see pcibar_irq_read()
 */
int pcibar_irq_mask(struct pcibar_irq *irq);

/**
 * pcibar_irq_unmask() - undo pcibar_irq_mask() or PCIBAR_IRQ_OPEN_MASKED
 * @irq: vector
 *
 * Return: as pcibar_irq_mask().
 */
int pcibar_irq_unmask(struct pcibar_irq *irq);

/**
 * pcibar_irq_trigger() - make an event without the device, for tests
 * @irq: vector
 *
 * Of a masked vector there may be one at once (VFIO), or only after pcibar_irq_unmask().
 *
 * Return:
 * * 0 - success
 * * -EOPNOTSUPP - this back end cannot (no PCIBAR_IRQ_CAN_TRIGGER)
 * * -ENODEV - the vector has ended: see pcibar_irq_read()
 */
int pcibar_irq_trigger(struct pcibar_irq *irq);

/**
 * pcibar_irq_number() - the system's number of a vector
 * @irq: vector
 *
 * It is the name of a folder of /proc/irq, in which the CPUs that handle the
 * interrupt can be chosen.
 *
 * Return: the number, or
 * * -EOPNOTSUPP - it is not known
 * * -ENODEV - the vector has ended: see pcibar_irq_read()
 */
int pcibar_irq_number(const struct pcibar_irq *irq);

#ifdef __cplusplus
}
#endif

#endif
