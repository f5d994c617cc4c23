/* SPDX-License-Identifier: BSD-2-Clause */
/* Selectors: how a PCI function is named */
#ifndef PCIBAR_SELECTOR_H
#define PCIBAR_SELECTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pcibar_refusal;

/** PCIBAR_SEL_ADDRESS - select the function at @domain, @bus, @slot and @func */
#define PCIBAR_SEL_ADDRESS	(1u << 0)
/** PCIBAR_SEL_VENDOR - @vendor must match */
#define PCIBAR_SEL_VENDOR	(1u << 1)
/** PCIBAR_SEL_DEVICE - @device must match */
#define PCIBAR_SEL_DEVICE	(1u << 2)
/** PCIBAR_SEL_INDEX - select the match with number @index only */
#define PCIBAR_SEL_INDEX	(1u << 3)
/** PCIBAR_SEL_SLOT - @slot and @func must match, on any bus of any domain */
#define PCIBAR_SEL_SLOT		(1u << 4)
/** PCIBAR_SEL_CLASS - the bits of @class_mask of the class code must match */
#define PCIBAR_SEL_CLASS	(1u << 5)

/**
 * struct pcibar_selector - selects PCI functions
 * @size: sizeof(struct pcibar_selector), set by the caller
 * @fields: PCIBAR_SEL_* bits: the members below that are used. Zero matches
 *          every function. PCIBAR_SEL_ADDRESS excludes the other bits,
 *          PCIBAR_SEL_SLOT excludes all but PCIBAR_SEL_INDEX.
 * @domain: PCI domain (segment), 0 to 0xffffffff; Linux numbers domains that
 *          firmware did not number from 0x10000 up
 * @bus: bus number, 0 to 255
 * @slot: device number on the bus, 0 to 31
 * @func: function number, 0 to 7
 * @reserved: must be zero
 * @vendor: vendor ID, configuration register 0x00
 * @device: device ID, configuration register 0x02
 * @index: the n-th match in address order, from 0
 * @class_code: base class << 16 | subclass << 8 | programming interface, zero
 *              outside @class_mask
 * @class_mask: which hexadecimal digits of the class code must match: each is
 *              0 or 0xf, at least one is 0xf
 *
 * A selector is a plain value and may be copied. A cleared bit is a wildcard; no
 * number has a special meaning.
 */
struct pcibar_selector {
	uint32_t size;
	uint32_t fields;
	uint32_t domain;
	uint8_t bus;
	uint8_t slot;
	uint8_t func;
	uint8_t reserved;
	uint16_t vendor;
	uint16_t device;
	uint32_t index;
	uint32_t class_code;
	uint32_t class_mask;
};

/** PCIBAR_SELECTOR_STRLEN - size of a buffer that holds any formatted selector */
#define PCIBAR_SELECTOR_STRLEN	32

/**
 * pcibar_selector_parse() - parse the text of a selector
 * @str: one of
 *
 *       * ``[DDDD:]BB:DD.F`` - an address in hexadecimal, as lspci and
 *         pcibar list print it; leading zeros may be omitted (``0:3.0``). An
 *         omitted domain is 0000, never "any"
 *       * ``DD.F[#N]`` - device and function number (``3.0``), on any bus of any
 *         domain
 *       * a path whose last component is an address as sysfs writes it, such as
 *         ``/sys/bus/pci/devices/0000:00:03.0/``
 *       * ``[VVVV]:[DDDD][:CCCC[:PP]][#N]`` - vendor and device ID, class and
 *         programming interface in hexadecimal digits, as for ``lspci -d``. What
 *         is omitted or ``*`` may have any value, as may each digit of the class
 *         that is ``x``: ``10ee:``, ``1234:11e8``, ``::0108``, ``::02xx``
 *       * ``pci[D:]B:S[:F][:]`` - an address in decimal, as FreeBSD's
 *         pciconf(8) prints it
 *
 *       #N (decimal, from 0) picks one of several matches in address order.
 *
 * @sel: filled in on success, unchanged otherwise; @sel->size must be set
 * @why: NULL, or filled in on failure with the reason and a remedy
 *
 * The function makes no system call: it does not check that a device exists.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - @str is not a valid selector (``03:00`` lacks a function), or
 *   @sel->size or @why->size is too small
 * * -E2BIG - @sel->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 */
int pcibar_selector_parse(const char *str, struct pcibar_selector *sel,
			  struct pcibar_refusal *why);

/**
 * pcibar_selector_format() - format a selector as text
 * @sel: selector
 * @buf: set to the NUL-terminated text, ``DDDD:BB:DD.F``, ``DD.F[#N]`` or
 *       ``VVVV:DDDD[:CCCC[:PP]][#N]``, which pcibar_selector_parse() accepts
 * @len: size of @buf in bytes; PCIBAR_SELECTOR_STRLEN is always enough
 *
 * Return:
 * * 0 - success
 * * -EINVAL - @sel->size is too small, unknown bits in @sel->fields, bits that
 *   exclude each other, a slot or function out of range, or an invalid class mask
 * * -E2BIG - @sel->size is larger than this library knows and the rest is
 *   not zero, or longer than 4096 bytes
 * * -ERANGE - @len is too small; @buf is set to an empty string if it has room
 */
int pcibar_selector_format(const struct pcibar_selector *sel, char *buf, size_t len);

#ifdef __cplusplus
}
#endif

#endif
