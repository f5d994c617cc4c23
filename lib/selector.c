// SPDX-License-Identifier: BSD-2-Clause
/* Selectors as text, and addresses as sysfs writes them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <pcibar/selector.h>

#include "internal.h"

#define SLOT_MAX	31
#define FUNC_MAX	7

#define CLASS_DIGITS	4	/* of base class and subclass */
#define PROGIF_DIGITS	2

#define FIELDS_ALL	(PCIBAR_SEL_ADDRESS | PCIBAR_SEL_VENDOR | PCIBAR_SEL_DEVICE | \
			 PCIBAR_SEL_INDEX | PCIBAR_SEL_SLOT | PCIBAR_SEL_CLASS)

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Take a number of @min to @max digits off the front of *@strp. strtoul() would
 * take signs, blanks and 0x as well.
 */
static bool take_number(const char **strp, int base, unsigned int min, unsigned int max,
			uint32_t limit, uint32_t *val)
{
	const char *s = *strp;
	uint64_t n = 0;
	unsigned int count = 0;

	while (digit(*s) >= 0 && digit(*s) < base && count < max) {
		n = n * (unsigned int)base + (unsigned int)digit(*s++);
		count++;
	}
	if (count < min || n > limit || (digit(*s) >= 0 && digit(*s) < base))
		return false;

	*strp = s;
	*val = (uint32_t)n;
	return true;
}

static bool take_char(const char **strp, char c)
{
	if (**strp != c)
		return false;
	(*strp)++;
	return true;
}

static bool take_slot(const char **s, uint8_t *slot, uint8_t *func)
{
	uint32_t slot_val, func_val;

	if (!take_number(s, 16, 1, 2, SLOT_MAX, &slot_val) || !take_char(s, '.') ||
	    !take_number(s, 16, 1, 1, FUNC_MAX, &func_val))
		return false;
	*slot = (uint8_t)slot_val;
	*func = (uint8_t)func_val;
	return true;
}

/* [DDDD:]BB:DD.F in hexadecimal; leading zeros may be omitted, as lspci allows. */
static bool parse_address(const char *s, struct pcibar_address *addr)
{
	struct pcibar_address new = { 0 };
	uint32_t bus;
	const char *colon = strchr(s, ':');
	bool has_domain = colon && strchr(colon + 1, ':');

	if (has_domain &&
	    !(take_number(&s, 16, 1, 8, UINT32_MAX, &new.domain) && take_char(&s, ':')))
		return false;
	if (!take_number(&s, 16, 1, 2, UINT8_MAX, &bus) || !take_char(&s, ':') ||
	    !take_slot(&s, &new.slot, &new.func) || *s)
		return false;

	new.bus = (uint8_t)bus;
	*addr = new;
	return true;
}

/* A path that ends in the folder of a function. */
static bool parse_path(const char *s, struct pcibar_address *addr)
{
	char name[PCIBAR_ADDRESS_STRLEN];
	size_t len = strlen(s), start;

	while (len && s[len - 1] == '/')
		len--;
	for (start = len; start && s[start - 1] != '/'; start--)
		;
	if (len - start >= sizeof(name))
		return false;

	memcpy(name, s + start, len - start);
	name[len - start] = '\0';
	return !pcibar_address_parse(name, addr);
}

/* pci[D:]B:S[:F][:] in decimal, read from the right as pciconf(8) does. */
static bool parse_freebsd(const char *s, struct pcibar_address *addr)
{
	uint32_t n[4];
	unsigned int count = 0, i = 0;

	s += strlen("pci");
	do {
		if (count && !*s)
			break;
		if (count == 4 || !take_number(&s, 10, 1, 10, UINT32_MAX, &n[count]))
			return false;
		count++;
	} while (take_char(&s, ':'));
	if (*s || count < 2)
		return false;

	addr->domain = count == 4 ? n[i++] : 0;
	if (n[i] > UINT8_MAX || n[i + 1] > SLOT_MAX || (count > 2 && n[i + 2] > FUNC_MAX))
		return false;

	addr->bus = (uint8_t)n[i];
	addr->slot = (uint8_t)n[i + 1];
	addr->func = count > 2 ? (uint8_t)n[i + 2] : 0;
	return true;
}

/* The end of the text, or #N and then the end. */
static bool take_index(const char *s, struct pcibar_selector *sel)
{
	if (take_char(&s, '#')) {
		if (!take_number(&s, 10, 1, 10, UINT32_MAX, &sel->index))
			return false;
		sel->fields |= PCIBAR_SEL_INDEX;
	}
	return !*s;
}

static bool parse_slot(const char *s, struct pcibar_selector *sel)
{
	sel->fields = PCIBAR_SEL_SLOT;
	return take_slot(&s, &sel->slot, &sel->func) && take_index(s, sel);
}

/* A part of an ID selector that may have any value: "*", or nothing */
static bool take_any(const char **s)
{
	return take_char(s, '*') || !**s || **s == ':' || **s == '#';
}

static bool take_id(const char **s, uint32_t field, uint32_t *fields, uint16_t *id)
{
	uint32_t val;

	if (take_any(s))
		return true;
	if (!take_number(s, 16, 4, 4, UINT16_MAX, &val))
		return false;
	*id = (uint16_t)val;
	*fields |= field;
	return true;
}

/* @count digits of the class code, the last of them @shift bits from its right */
static bool take_class(const char **s, unsigned int count, unsigned int shift,
		       struct pcibar_selector *sel)
{
	if (take_any(s))
		return true;

	for (; count--; ++*s) {
		unsigned int pos = shift + 4 * count;
		int val = digit(**s);

		if (val >= 0) {
			sel->class_code |= (uint32_t)val << pos;
			sel->class_mask |= UINT32_C(0xf) << pos;
		} else if (**s != 'x' && **s != 'X') {
			return false;
		}
	}
	return true;
}

static bool parse_ids(const char *s, struct pcibar_selector *sel)
{
	/* Colons alone are what a script has left of variables that are empty. */
	if (!s[strspn(s, ":")])
		return false;
	if (!take_id(&s, PCIBAR_SEL_VENDOR, &sel->fields, &sel->vendor) || !take_char(&s, ':') ||
	    !take_id(&s, PCIBAR_SEL_DEVICE, &sel->fields, &sel->device))
		return false;
	if (take_char(&s, ':') && !take_class(&s, CLASS_DIGITS, 4 * PROGIF_DIGITS, sel))
		return false;
	if (take_char(&s, ':') && !take_class(&s, PROGIF_DIGITS, 0, sel))
		return false;

	if (sel->class_mask)
		sel->fields |= PCIBAR_SEL_CLASS;
	return take_index(s, sel);
}

/* One character each distinguishes the forms, so that a mistake is not another form. */
static bool parse(const char *str, struct pcibar_selector *sel)
{
	struct pcibar_address addr;
	bool ok;

	if (strchr(str, '/'))
		ok = parse_path(str, &addr);
	else if (!strncmp(str, "pci", 3))
		ok = parse_freebsd(str, &addr);
	else if (!strchr(str, '.'))
		return parse_ids(str, sel);
	else if (!strchr(str, ':'))
		return parse_slot(str, sel);
	else
		ok = parse_address(str, &addr);
	if (!ok)
		return false;

	sel->fields = PCIBAR_SEL_ADDRESS;
	sel->domain = addr.domain;
	sel->bus = addr.bus;
	sel->slot = addr.slot;
	sel->func = addr.func;
	return true;
}

/* Whether @str with @end appended is a selector */
static bool parses_with(const char *str, const char *end)
{
	char text[PCIBAR_SELECTOR_STRLEN + 2];
	struct pcibar_selector sel = { 0 };

	if (strlen(str) >= PCIBAR_SELECTOR_STRLEN)
		return false;
	snprintf(text, sizeof(text), "%s%s", str, end);
	return parse(text, &sel);
}

static const char *hint(const char *str)
{
	if (strchr(str, '/'))
		return "a path ends in the folder of a function, as in "
		       "/sys/bus/pci/devices/0000:00:03.0; 'readlink -f' follows links";
	if (parses_with(str, ".0"))
		return "an address needs the function too: append .0 for function 0";
	if (parses_with(str, ":"))
		return "append : for all functions of a vendor";
	return "write an address as [[DDDD:]BB:]DD.F, IDs as VVVV:DDDD, a vendor as VVVV:, a class "
	       "as ::CCCC; pcibar list prints addresses";
}

int pcibar_address_parse(const char *str, struct pcibar_address *addr)
{
	char canonical[PCIBAR_ADDRESS_STRLEN];

	if (!parse_address(str, addr))
		return -EINVAL;
	pcibar_address_format(addr, canonical);
	return strcmp(str, canonical) ? -EINVAL : 0;
}

PCIBAR_API int pcibar_selector_parse(const char *str, struct pcibar_selector *sel,
				     struct pcibar_refusal *why)
{
	struct pcibar_selector new = { .size = sizeof(new) };
	struct pcibar_refuse_ctx ctx;
	int ret;

	ret = pcibar_refuse_init(&ctx, why);
	if (ret)
		return ret;

	ret = pcibar_check_size(sel, sizeof(new), sizeof(new));
	if (ret)
		return ret;

	if (!parse(str, &new))
		return pcibar_refuse(&ctx, PCIBAR_REASON_SELECTOR, -EINVAL, hint(str),
				     "\"%.40s\" is not a selector", str);
	new.size = sel->size;
	*sel = new;
	return 0;
}

/* The text of a selector can leave out whole digits only. */
static int check_class(const struct pcibar_selector *sel)
{
	uint32_t mask = sel->class_mask;

	if (!mask || mask != (mask & 0x111111) * 0xf || sel->class_code & ~mask)
		return -EINVAL;
	return 0;
}

int pcibar_selector_check(const struct pcibar_selector *sel)
{
	int ret = pcibar_check_size(sel, sizeof(*sel), sizeof(*sel));

	if (ret)
		return ret;
	if (sel->fields & ~FIELDS_ALL || sel->reserved)
		return -EINVAL;
	if (sel->fields & PCIBAR_SEL_ADDRESS && sel->fields != PCIBAR_SEL_ADDRESS)
		return -EINVAL;
	if (sel->fields & PCIBAR_SEL_SLOT && sel->fields & ~(PCIBAR_SEL_SLOT | PCIBAR_SEL_INDEX))
		return -EINVAL;
	if (sel->fields & (PCIBAR_SEL_ADDRESS | PCIBAR_SEL_SLOT) &&
	    (sel->slot > SLOT_MAX || sel->func > FUNC_MAX))
		return -EINVAL;
	return sel->fields & PCIBAR_SEL_CLASS ? check_class(sel) : 0;
}

bool pcibar_selector_address(const struct pcibar_selector *sel, struct pcibar_address *addr)
{
	*addr = (struct pcibar_address){ sel->domain, sel->bus, sel->slot, sel->func };
	return sel->fields & PCIBAR_SEL_ADDRESS;
}

static char *put_hex(char *s, uint32_t val, unsigned int digits)
{
	while (digits < 8 && val >> 4 * digits)
		digits++;
	while (digits--)
		*s++ = "0123456789abcdef"[val >> 4 * digits & 15];
	return s;
}

/* Without snprintf(), which took a quarter of the instructions of opening and mapping. */
void pcibar_address_format(const struct pcibar_address *addr, char buf[PCIBAR_ADDRESS_STRLEN])
{
	char *s = put_hex(buf, addr->domain, 4);

	*s++ = ':';
	s = put_hex(s, addr->bus, 2);
	*s++ = ':';
	s = put_hex(s, addr->slot & SLOT_MAX, 2);
	*s++ = '.';
	s = put_hex(s, addr->func & FUNC_MAX, 1);
	*s = '\0';
}

int pcibar_address_compare(const struct pcibar_address *a, const struct pcibar_address *b)
{
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	if (a->bus != b->bus)
		return a->bus - b->bus;
	if (a->slot != b->slot)
		return a->slot - b->slot;
	return a->func - b->func;
}

static char *put_id(char *s, bool known, uint16_t id)
{
	if (known)
		return put_hex(s, id, 4);
	*s++ = '*';
	return s;
}

static char *put_class(char *s, unsigned int count, unsigned int shift,
		       const struct pcibar_selector *sel)
{
	*s++ = ':';
	while (count--) {
		unsigned int pos = shift + 4 * count;

		*s++ = sel->class_mask >> pos & 0xf ?
		       "0123456789abcdef"[sel->class_code >> pos & 0xf] : 'x';
	}
	return s;
}

static void format(const struct pcibar_selector *sel, char text[PCIBAR_SELECTOR_STRLEN])
{
	struct pcibar_address addr;
	char *s = text;

	if (pcibar_selector_address(sel, &addr)) {
		pcibar_address_format(&addr, text);
		return;
	}

	if (sel->fields & PCIBAR_SEL_SLOT) {
		s += sprintf(s, "%02x.%x", sel->slot, sel->func);
	} else {
		s = put_id(s, sel->fields & PCIBAR_SEL_VENDOR, sel->vendor);
		*s++ = ':';
		s = put_id(s, sel->fields & PCIBAR_SEL_DEVICE, sel->device);
	}
	if (sel->fields & PCIBAR_SEL_CLASS) {
		s = put_class(s, CLASS_DIGITS, 4 * PROGIF_DIGITS, sel);
		if (sel->class_mask & 0xff)
			s = put_class(s, PROGIF_DIGITS, 0, sel);
	}
	*s = '\0';
	if (sel->fields & PCIBAR_SEL_INDEX)
		sprintf(s, "#%" PRIu32, sel->index);
}

PCIBAR_API int pcibar_selector_format(const struct pcibar_selector *sel, char *buf, size_t len)
{
	char text[PCIBAR_SELECTOR_STRLEN];
	int ret = pcibar_selector_check(sel);

	if (ret)
		return ret;

	format(sel, text);
	if (strlen(text) >= len) {
		if (len)
			*buf = '\0';
		return -ERANGE;
	}
	strcpy(buf, text);
	return 0;
}
