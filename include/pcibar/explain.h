/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a call is refused, and what would make one fail */
#ifndef PCIBAR_EXPLAIN_H
#define PCIBAR_EXPLAIN_H

#include <stdint.h>

#include <pcibar/device.h>
#include <pcibar/irq.h>
#include <pcibar/selector.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum pcibar_reason_code - why a call is refused
 * @PCIBAR_REASON_NONE: no reason
 * @PCIBAR_REASON_SELECTOR: the text is not a valid selector
 * @PCIBAR_REASON_NO_DEVICE: no function matches
 * @PCIBAR_REASON_AMBIGUOUS: several functions match
 * @PCIBAR_REASON_NO_BACKEND: the back end does not exist on this system
 * @PCIBAR_REASON_NO_BAR: the function does not implement this BAR
 * @PCIBAR_REASON_UPPER_HALF: the index is the upper half of a 64-bit BAR
 * @PCIBAR_REASON_UNASSIGNED: the BAR has no address
 * @PCIBAR_REASON_IO_BAR: an I/O BAR cannot be mapped
 * @PCIBAR_REASON_ROM: this back end cannot map the expansion ROM this way
 * @PCIBAR_REASON_RANGE: the window is not inside the BAR
 * @PCIBAR_REASON_ATTRIBUTE: the memory attribute is not available
 * @PCIBAR_REASON_UNSUPPORTED: the back end does not support the request
 * @PCIBAR_REASON_DRIVER: a kernel driver owns the function
 * @PCIBAR_REASON_CLAIMED: the kernel holds the BAR's range (IO_STRICT_DEVMEM)
 * @PCIBAR_REASON_PAGE_SHARED: the BAR's page holds other resources, too
 * @PCIBAR_REASON_DECODE_OFF: the function does not respond to accesses to this BAR
 * @PCIBAR_REASON_ASLEEP: the function is in D1, D2 or D3
 * @PCIBAR_REASON_PERMISSION: file permissions
 * @PCIBAR_REASON_LOCKDOWN: kernel lockdown; on FreeBSD the securelevel
 * @PCIBAR_REASON_DENIED: a capability or a security module; on FreeBSD the securelevel
 * @PCIBAR_REASON_READ_ONLY: the device was opened without PCIBAR_OPEN_WRITE
 * @PCIBAR_REASON_GONE: the function is gone
 * @PCIBAR_REASON_SYSTEM: another error of the system, given by @error
 * @PCIBAR_REASON_MOVED: the BAR register does not hold the address that the system
 *                       assigned
 * @PCIBAR_REASON_NO_RESPONSE: the function is known, but its configuration space reads
 *                             as all-ones
 * @PCIBAR_REASON_NOT_BOUND: the function is not bound to the driver that the back end needs:
 *                           one of VFIO, or for interrupts from the module pciio
 * @PCIBAR_REASON_ISOLATION: the function has no IOMMU, or its interrupts are not remapped
 * @PCIBAR_REASON_GROUP: another function of the IOMMU group has a kernel driver
 * @PCIBAR_REASON_HELD: another user has the function, or an exclusive map of the BAR
 * @PCIBAR_REASON_RESETS: no refusal, @error is 0: what its use does to the function. Only
 *                        pcibar_explain() reports it.
 * @PCIBAR_REASON_NO_DRIVER: no driver of this name is loaded
 * @PCIBAR_REASON_RESTORE: no other driver was bound, so there is nothing to restore
 * @PCIBAR_REASON_PROBE: the driver refused the function
 * @PCIBAR_REASON_TIMEOUT: a driver did not release or probe the function in time
 * @PCIBAR_REASON_NO_VECTOR: the function does not have the vectors
 * @PCIBAR_REASON_VECTOR_BUSY: vectors are open already, which prevents others
 * @PCIBAR_REASON_BUS_MASTER_OFF: messages would not be sent, because bus mastering is off
 * @PCIBAR_REASON_EXHAUSTED: the machine has no vectors left
 *
 * Codes may be added. Treat an unknown one like PCIBAR_REASON_SYSTEM.
 */
enum pcibar_reason_code {
	PCIBAR_REASON_NONE = 0,
	PCIBAR_REASON_SELECTOR,
	PCIBAR_REASON_NO_DEVICE,
	PCIBAR_REASON_AMBIGUOUS,
	PCIBAR_REASON_NO_BACKEND,
	PCIBAR_REASON_NO_BAR,
	PCIBAR_REASON_UPPER_HALF,
	PCIBAR_REASON_UNASSIGNED,
	PCIBAR_REASON_IO_BAR,
	PCIBAR_REASON_ROM,
	PCIBAR_REASON_RANGE,
	PCIBAR_REASON_ATTRIBUTE,
	PCIBAR_REASON_UNSUPPORTED,
	PCIBAR_REASON_DRIVER,
	PCIBAR_REASON_CLAIMED,
	PCIBAR_REASON_PAGE_SHARED,
	PCIBAR_REASON_DECODE_OFF,
	PCIBAR_REASON_ASLEEP,
	PCIBAR_REASON_PERMISSION,
	PCIBAR_REASON_LOCKDOWN,
	PCIBAR_REASON_DENIED,
	PCIBAR_REASON_READ_ONLY,
	PCIBAR_REASON_GONE,
	PCIBAR_REASON_SYSTEM,
	PCIBAR_REASON_MOVED,
	PCIBAR_REASON_NO_RESPONSE,
	PCIBAR_REASON_NOT_BOUND,
	PCIBAR_REASON_ISOLATION,
	PCIBAR_REASON_GROUP,
	PCIBAR_REASON_HELD,
	PCIBAR_REASON_RESETS,
	PCIBAR_REASON_NO_DRIVER,
	PCIBAR_REASON_RESTORE,
	PCIBAR_REASON_PROBE,
	PCIBAR_REASON_TIMEOUT,
	PCIBAR_REASON_NO_VECTOR,
	PCIBAR_REASON_VECTOR_BUSY,
	PCIBAR_REASON_BUS_MASTER_OFF,
	PCIBAR_REASON_EXHAUSTED,
};

/**
 * struct pcibar_reason - one reason for a refusal
 * @code: enum pcibar_reason_code
 * @backend: enum pcibar_backend it concerns; PCIBAR_BACKEND_AUTO: all of them
 * @error: the negative errno that a call returns because of it; 0: it is a note
 * @reserved: zero
 * @what: the reason, a sentence without a full stop
 * @remedy: what helps, a sentence without a full stop; "" if nothing does
 *
 * The sentences are meant for people and may change; programs use @code. They
 * contain names as the system reports them. The name of a driver may have control
 * characters, which a program should not print to a terminal.
 */
struct pcibar_reason {
	uint32_t code;
	uint32_t backend;
	int32_t error;
	uint32_t reserved;
	char what[192];
	char remedy[192];
};

/** PCIBAR_REASONS_MAX - reasons that struct pcibar_refusal has room for */
#define PCIBAR_REASONS_MAX	12

/**
 * struct pcibar_refusal - why a call was refused
 * @size: sizeof(struct pcibar_refusal), set by the caller
 * @reason_size: sizeof(struct pcibar_reason), set by the caller
 * @count: reasons filled in; the first is the one whose errno was returned
 * @backends: bit 1 << enum pcibar_backend for each back end that was checked
 * @possible: the same, for each back end that would not refuse
 * @reserved: zero
 * @reasons: the reasons, in the order in which the library checks
 *
 * Initialise it with PCIBAR_REFUSAL_INIT. It is owned by the caller, and the
 * library keeps no reference to it. The two sizes let reasons grow: a program
 * compiled with older headers gets the members it knows.
 */
struct pcibar_refusal {
	uint32_t size;
	uint32_t reason_size;
	uint32_t count;
	uint32_t backends;
	uint32_t possible;
	uint32_t reserved;
	struct pcibar_reason reasons[PCIBAR_REASONS_MAX];
};

/** PCIBAR_REFUSAL_INIT - initialiser for a struct pcibar_refusal */
#define PCIBAR_REFUSAL_INIT \
	{ sizeof(struct pcibar_refusal), sizeof(struct pcibar_reason), 0, 0, 0, 0, \
	  { { 0, 0, 0, 0, "", "" } } }

/** PCIBAR_INTENT_DEVICE - value of @bar: open a function that responds, and map no BAR */
#define PCIBAR_INTENT_DEVICE	0xffffffffu

/** PCIBAR_INTENT_IRQ - value of @bar: open interrupt vectors, and map no BAR */
#define PCIBAR_INTENT_IRQ	0xfffffffeu

/**
 * struct pcibar_intent - what pcibar_explain() is asked about
 * @size: sizeof(struct pcibar_intent), set by the caller
 * @bar: BAR index 0 to 5, PCIBAR_BAR_ROM, PCIBAR_INTENT_DEVICE or PCIBAR_INTENT_IRQ
 * @map_flags: PCIBAR_MAP_* as for pcibar_bar_map()
 * @attr: enum pcibar_memattr
 * @offset: first byte of the window in the BAR
 * @length: length of the window in bytes; 0: to the end of the BAR
 * @irq: with PCIBAR_INTENT_IRQ, as for pcibar_irq_open(), whose @why is not used; the four
 *       before it are zero then. Else NULL
 */
struct pcibar_intent {
	uint32_t size;
	uint32_t bar;
	uint32_t map_flags;
	uint32_t attr;
	uint64_t offset;
	uint64_t length;
	const struct pcibar_irq_opts *irq;
};

/**
 * pcibar_explain() - report, for each back end, what would make a map, or vectors, fail
 * @sel: the function
 * @intent: the map; NULL: only open the function
 * @opts: as for pcibar_device_open(); NULL: defaults. If it names a back end, only
 *        that one is checked.
 * @refusal: filled in; @refusal->possible has the back ends that would not refuse
 *
 * The function makes all checks of pcibar_bar_map(), or those of pcibar_irq_open() that do
 * not open a vector, and does not stop at the first that fails. It requires neither an
 * open device nor privileges, but omits what cannot be checked without them. It may map
 * one page for a moment, because only the system knows its permissions. It does not
 * access a BAR, does not change anything in the device, and does not wake a sleeping one.
 *
 * Return:
 * * 0 - success: @refusal is filled in, with or without reasons
 * * -EINVAL - a size is too small, or an unknown flag, attribute or BAR index
 * * -E2BIG - a size is larger than this library knows and the rest is not zero,
 *   or longer than 4096 bytes
 * * -ENOMEM - out of memory
 */
int pcibar_explain(const struct pcibar_selector *sel, const struct pcibar_intent *intent,
		   const struct pcibar_open_opts *opts, struct pcibar_refusal *refusal);

#ifdef __cplusplus
}
#endif

#endif
