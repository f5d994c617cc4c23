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

#define FIELDS_ALL	(PCIBAR_SEL_ADDRESS | PCIBAR_SEL_VENDOR | PCIBAR_SEL_DEVICE | \
			 PCIBAR_SEL_INDEX)

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

/* [DDDD:]BB:DD.F in hexadecimal; the domain has 4 to 8 digits, the bus 2. */
static bool parse_address(const char *s, struct pcibar_address *addr)
{
	uint32_t domain = 0, bus, slot, func;
	const char *colon = strchr(s, ':');
	bool has_domain = colon && strchr(colon + 1, ':');

	if (has_domain && !(take_number(&s, 16, 4, 8, UINT32_MAX, &domain) && take_char(&s, ':')))
		return false;
	if (!take_number(&s, 16, 2, 2, UINT8_MAX, &bus) || !take_char(&s, ':') ||
	    !take_number(&s, 16, 2, 2, SLOT_MAX, &slot) || !take_char(&s, '.') ||
	    !take_number(&s, 16, 1, 1, FUNC_MAX, &func) || *s)
		return false;
	*addr = (struct pcibar_address){ domain, (uint8_t)bus, (uint8_t)slot, (uint8_t)func };
	return true;
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

static bool take_id(const char **s, uint32_t field, uint32_t *fields, uint16_t *id)
{
	uint32_t val;

	if (take_char(s, '*'))
		return true;
	if (!take_number(s, 16, 4, 4, UINT16_MAX, &val))
		return false;
	*id = (uint16_t)val;
	*fields |= field;
	return true;
}

static bool parse_ids(const char *s, struct pcibar_selector *sel)
{
	if (!take_id(&s, PCIBAR_SEL_VENDOR, &sel->fields, &sel->vendor) || !take_char(&s, ':') ||
	    !take_id(&s, PCIBAR_SEL_DEVICE, &sel->fields, &sel->device))
		return false;
	if (take_char(&s, '#')) {
		if (!take_number(&s, 10, 1, 10, UINT32_MAX, &sel->index))
			return false;
		sel->fields |= PCIBAR_SEL_INDEX;
	}
	return !*s;
}

static const char *hint(const char *str)
{
	struct pcibar_address addr;
	char with_func[PCIBAR_ADDRESS_STRLEN + 2];

	snprintf(with_func, sizeof(with_func), "%.18s.0", str);
	if (strlen(str) <= 18 && parse_address(with_func, &addr))
		return "an address needs the function too: append .0 for function 0";
	return "write an address as [DDDD:]BB:DD.F, IDs as VVVV:DDDD[#N] or pciD:B:S:F; "
	       "pcibar list prints addresses";
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
	struct pcibar_address addr;
	bool freebsd = !strncmp(str, "pci", 3);
	struct pcibar_refuse_ctx ctx;
	bool ok;
	int ret;

	ret = pcibar_refuse_init(&ctx, why);
	if (ret)
		return ret;

	ret = pcibar_check_size(sel, sizeof(new), sizeof(new));
	if (ret)
		return ret;

	if (freebsd || strchr(str, '.')) {
		ok = freebsd ? parse_freebsd(str, &addr) : parse_address(str, &addr);
		if (ok) {
			new.fields = PCIBAR_SEL_ADDRESS;
			new.domain = addr.domain;
			new.bus = addr.bus;
			new.slot = addr.slot;
			new.func = addr.func;
		}
	} else {
		ok = parse_ids(str, &new);
	}
	if (!ok)
		return pcibar_refuse(&ctx, PCIBAR_REASON_SELECTOR, -EINVAL, hint(str),
				     "\"%.40s\" is not a selector", str);
	new.size = sel->size;
	*sel = new;
	return 0;
}

int pcibar_selector_check(const struct pcibar_selector *sel)
{
	int ret = pcibar_check_size(sel, sizeof(*sel), sizeof(*sel));

	if (ret)
		return ret;
	if (sel->fields & ~FIELDS_ALL || sel->reserved)
		return -EINVAL;
	if (sel->fields & PCIBAR_SEL_ADDRESS &&
	    (sel->fields != PCIBAR_SEL_ADDRESS || sel->slot > SLOT_MAX || sel->func > FUNC_MAX))
		return -EINVAL;
	return 0;
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

PCIBAR_API int pcibar_selector_format(const struct pcibar_selector *sel, char *buf, size_t len)
{
	char text[PCIBAR_SELECTOR_STRLEN], vendor[5] = "*", device[5] = "*", index[12] = "";
	struct pcibar_address addr;
	int ret = pcibar_selector_check(sel);

	if (ret)
		return ret;
	if (pcibar_selector_address(sel, &addr)) {
		pcibar_address_format(&addr, text);
	} else {
		if (sel->fields & PCIBAR_SEL_VENDOR)
			snprintf(vendor, sizeof(vendor), "%04x", sel->vendor);
		if (sel->fields & PCIBAR_SEL_DEVICE)
			snprintf(device, sizeof(device), "%04x", sel->device);
		if (sel->fields & PCIBAR_SEL_INDEX)
			snprintf(index, sizeof(index), "#%" PRIu32, sel->index);
		snprintf(text, sizeof(text), "%s:%s%s", vendor, device, index);
	}

	if (strlen(text) >= len) {
		if (len)
			*buf = '\0';
		return -ERANGE;
	}
	strcpy(buf, text);
	return 0;
}
