// SPDX-License-Identifier: BSD-2-Clause
/* Names of registers in configuration space: setpci's, and of newer capabilities. */
#include <stdbool.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/parse.h"

#include "config-names.h"

#define CONFIG_MAX	4095u	/* the last byte of PCI Express configuration space */
#define NAME_MAX	32

/* Types of the header that have a register, a bit each */
#define DEVICE		(1u << 0)
#define BRIDGE		(1u << 1)
#define CARDBUS		(1u << 2)
#define ANY		(DEVICE | BRIDGE | CARDBUS)

static const struct named {
	const char *name;
	enum register_base base;
	unsigned int number;	/* offset, or ID of the capability */
	unsigned int width;
	unsigned int types;
} registers[] = {
	/* All headers: PCI 3.0, 6.1 */
	{ "VENDOR_ID", REGISTER_FIXED, 0x00, 2, ANY },
	{ "DEVICE_ID", REGISTER_FIXED, 0x02, 2, ANY },
	{ "COMMAND", REGISTER_FIXED, 0x04, 2, ANY },
	{ "STATUS", REGISTER_FIXED, 0x06, 2, ANY },
	{ "REVISION", REGISTER_FIXED, 0x08, 1, ANY },
	{ "CLASS_PROG", REGISTER_FIXED, 0x09, 1, ANY },
	{ "CLASS_DEVICE", REGISTER_FIXED, 0x0a, 2, ANY },
	{ "CACHE_LINE_SIZE", REGISTER_FIXED, 0x0c, 1, ANY },
	{ "LATENCY_TIMER", REGISTER_FIXED, 0x0d, 1, ANY },
	{ "HEADER_TYPE", REGISTER_FIXED, 0x0e, 1, ANY },
	{ "BIST", REGISTER_FIXED, 0x0f, 1, ANY },
	/* Type 0: functions */
	{ "BASE_ADDRESS_0", REGISTER_FIXED, 0x10, 4, DEVICE | BRIDGE },
	{ "BASE_ADDRESS_1", REGISTER_FIXED, 0x14, 4, DEVICE | BRIDGE },
	{ "BASE_ADDRESS_2", REGISTER_FIXED, 0x18, 4, DEVICE },
	{ "BASE_ADDRESS_3", REGISTER_FIXED, 0x1c, 4, DEVICE },
	{ "BASE_ADDRESS_4", REGISTER_FIXED, 0x20, 4, DEVICE },
	{ "BASE_ADDRESS_5", REGISTER_FIXED, 0x24, 4, DEVICE },
	{ "CARDBUS_CIS", REGISTER_FIXED, 0x28, 4, DEVICE },
	{ "SUBSYSTEM_VENDOR_ID", REGISTER_FIXED, 0x2c, 2, DEVICE },
	{ "SUBSYSTEM_ID", REGISTER_FIXED, 0x2e, 2, DEVICE },
	{ "ROM_ADDRESS", REGISTER_FIXED, 0x30, 4, DEVICE },
	{ "CAPABILITIES", REGISTER_FIXED, 0x34, 1, DEVICE | BRIDGE },
	{ "INTERRUPT_LINE", REGISTER_FIXED, 0x3c, 1, ANY },
	{ "INTERRUPT_PIN", REGISTER_FIXED, 0x3d, 1, ANY },
	{ "MIN_GNT", REGISTER_FIXED, 0x3e, 1, DEVICE },
	{ "MAX_LAT", REGISTER_FIXED, 0x3f, 1, DEVICE },
	/* Type 1: PCI-to-PCI Bridge 1.2, 3.2 */
	{ "PRIMARY_BUS", REGISTER_FIXED, 0x18, 1, BRIDGE },
	{ "SECONDARY_BUS", REGISTER_FIXED, 0x19, 1, BRIDGE },
	{ "SUBORDINATE_BUS", REGISTER_FIXED, 0x1a, 1, BRIDGE },
	{ "SEC_LATENCY_TIMER", REGISTER_FIXED, 0x1b, 1, BRIDGE },
	{ "IO_BASE", REGISTER_FIXED, 0x1c, 1, BRIDGE },
	{ "IO_LIMIT", REGISTER_FIXED, 0x1d, 1, BRIDGE },
	{ "SEC_STATUS", REGISTER_FIXED, 0x1e, 2, BRIDGE },
	{ "MEMORY_BASE", REGISTER_FIXED, 0x20, 2, BRIDGE },
	{ "MEMORY_LIMIT", REGISTER_FIXED, 0x22, 2, BRIDGE },
	{ "PREF_MEMORY_BASE", REGISTER_FIXED, 0x24, 2, BRIDGE },
	{ "PREF_MEMORY_LIMIT", REGISTER_FIXED, 0x26, 2, BRIDGE },
	{ "PREF_BASE_UPPER32", REGISTER_FIXED, 0x28, 4, BRIDGE },
	{ "PREF_LIMIT_UPPER32", REGISTER_FIXED, 0x2c, 4, BRIDGE },
	{ "IO_BASE_UPPER16", REGISTER_FIXED, 0x30, 2, BRIDGE },
	{ "IO_LIMIT_UPPER16", REGISTER_FIXED, 0x32, 2, BRIDGE },
	{ "BRIDGE_ROM_ADDRESS", REGISTER_FIXED, 0x38, 4, BRIDGE },
	{ "BRIDGE_CONTROL", REGISTER_FIXED, 0x3e, 2, BRIDGE | CARDBUS },
	/* Type 2: PC Card 8.0, volume 2, 4.5 */
	{ "CB_CARDBUS_BASE", REGISTER_FIXED, 0x10, 4, CARDBUS },
	{ "CB_CAPABILITIES", REGISTER_FIXED, 0x14, 2, CARDBUS },
	{ "CB_SEC_STATUS", REGISTER_FIXED, 0x16, 2, CARDBUS },
	{ "CB_BUS_NUMBER", REGISTER_FIXED, 0x18, 1, CARDBUS },
	{ "CB_CARDBUS_NUMBER", REGISTER_FIXED, 0x19, 1, CARDBUS },
	{ "CB_SUBORDINATE_BUS", REGISTER_FIXED, 0x1a, 1, CARDBUS },
	{ "CB_CARDBUS_LATENCY", REGISTER_FIXED, 0x1b, 1, CARDBUS },
	{ "CB_MEMORY_BASE_0", REGISTER_FIXED, 0x1c, 4, CARDBUS },
	{ "CB_MEMORY_LIMIT_0", REGISTER_FIXED, 0x20, 4, CARDBUS },
	{ "CB_MEMORY_BASE_1", REGISTER_FIXED, 0x24, 4, CARDBUS },
	{ "CB_MEMORY_LIMIT_1", REGISTER_FIXED, 0x28, 4, CARDBUS },
	{ "CB_IO_BASE_0", REGISTER_FIXED, 0x2c, 2, CARDBUS },
	{ "CB_IO_BASE_0_HI", REGISTER_FIXED, 0x2e, 2, CARDBUS },
	{ "CB_IO_LIMIT_0", REGISTER_FIXED, 0x30, 2, CARDBUS },
	{ "CB_IO_LIMIT_0_HI", REGISTER_FIXED, 0x32, 2, CARDBUS },
	{ "CB_IO_BASE_1", REGISTER_FIXED, 0x34, 2, CARDBUS },
	{ "CB_IO_BASE_1_HI", REGISTER_FIXED, 0x36, 2, CARDBUS },
	{ "CB_IO_LIMIT_1", REGISTER_FIXED, 0x38, 2, CARDBUS },
	{ "CB_IO_LIMIT_1_HI", REGISTER_FIXED, 0x3a, 2, CARDBUS },
	{ "CB_SUBSYSTEM_VENDOR_ID", REGISTER_FIXED, 0x40, 2, CARDBUS },
	{ "CB_SUBSYSTEM_ID", REGISTER_FIXED, 0x42, 2, CARDBUS },
	{ "CB_LEGACY_MODE_BASE", REGISTER_FIXED, 0x44, 4, CARDBUS },
	/* Capability IDs: PCI Code and ID Assignment, section 2 */
	{ "CAP_PM", REGISTER_CAP, 0x01, 0, ANY },
	{ "CAP_AGP", REGISTER_CAP, 0x02, 0, ANY },
	{ "CAP_VPD", REGISTER_CAP, 0x03, 0, ANY },
	{ "CAP_SLOTID", REGISTER_CAP, 0x04, 0, ANY },
	{ "CAP_MSI", REGISTER_CAP, 0x05, 0, ANY },
	{ "CAP_CHSWP", REGISTER_CAP, 0x06, 0, ANY },
	{ "CAP_PCIX", REGISTER_CAP, 0x07, 0, ANY },
	{ "CAP_HT", REGISTER_CAP, 0x08, 0, ANY },
	{ "CAP_VNDR", REGISTER_CAP, 0x09, 0, ANY },
	{ "CAP_DBG", REGISTER_CAP, 0x0a, 0, ANY },
	{ "CAP_CCRC", REGISTER_CAP, 0x0b, 0, ANY },
	{ "CAP_HOTPLUG", REGISTER_CAP, 0x0c, 0, ANY },
	{ "CAP_SSVID", REGISTER_CAP, 0x0d, 0, ANY },
	{ "CAP_AGP3", REGISTER_CAP, 0x0e, 0, ANY },
	{ "CAP_SECURE", REGISTER_CAP, 0x0f, 0, ANY },
	{ "CAP_EXP", REGISTER_CAP, 0x10, 0, ANY },
	{ "CAP_MSIX", REGISTER_CAP, 0x11, 0, ANY },
	{ "CAP_SATA", REGISTER_CAP, 0x12, 0, ANY },
	{ "CAP_AF", REGISTER_CAP, 0x13, 0, ANY },
	{ "CAP_EA", REGISTER_CAP, 0x14, 0, ANY },
	/* Extended capability IDs: the same, section 3 */
	{ "ECAP_AER", REGISTER_ECAP, 0x01, 0, ANY },
	{ "ECAP_VC", REGISTER_ECAP, 0x02, 0, ANY },
	{ "ECAP_DSN", REGISTER_ECAP, 0x03, 0, ANY },
	{ "ECAP_PB", REGISTER_ECAP, 0x04, 0, ANY },
	{ "ECAP_RCLINK", REGISTER_ECAP, 0x05, 0, ANY },
	{ "ECAP_RCILINK", REGISTER_ECAP, 0x06, 0, ANY },
	{ "ECAP_RCEC", REGISTER_ECAP, 0x07, 0, ANY },
	{ "ECAP_MFVC", REGISTER_ECAP, 0x08, 0, ANY },
	{ "ECAP_VC2", REGISTER_ECAP, 0x09, 0, ANY },
	{ "ECAP_RBCB", REGISTER_ECAP, 0x0a, 0, ANY },
	{ "ECAP_VNDR", REGISTER_ECAP, 0x0b, 0, ANY },
	{ "ECAP_ACS", REGISTER_ECAP, 0x0d, 0, ANY },
	{ "ECAP_ARI", REGISTER_ECAP, 0x0e, 0, ANY },
	{ "ECAP_ATS", REGISTER_ECAP, 0x0f, 0, ANY },
	{ "ECAP_SRIOV", REGISTER_ECAP, 0x10, 0, ANY },
	{ "ECAP_MRIOV", REGISTER_ECAP, 0x11, 0, ANY },
	{ "ECAP_MCAST", REGISTER_ECAP, 0x12, 0, ANY },
	{ "ECAP_PRI", REGISTER_ECAP, 0x13, 0, ANY },
	{ "ECAP_REBAR", REGISTER_ECAP, 0x15, 0, ANY },
	{ "ECAP_DPA", REGISTER_ECAP, 0x16, 0, ANY },
	{ "ECAP_TPH", REGISTER_ECAP, 0x17, 0, ANY },
	{ "ECAP_LTR", REGISTER_ECAP, 0x18, 0, ANY },
	{ "ECAP_SECPCI", REGISTER_ECAP, 0x19, 0, ANY },
	{ "ECAP_PMUX", REGISTER_ECAP, 0x1a, 0, ANY },
	{ "ECAP_PASID", REGISTER_ECAP, 0x1b, 0, ANY },
	{ "ECAP_LNR", REGISTER_ECAP, 0x1c, 0, ANY },
	{ "ECAP_DPC", REGISTER_ECAP, 0x1d, 0, ANY },
	{ "ECAP_L1PM", REGISTER_ECAP, 0x1e, 0, ANY },
	{ "ECAP_PTM", REGISTER_ECAP, 0x1f, 0, ANY },
	{ "ECAP_M_PCIE", REGISTER_ECAP, 0x20, 0, ANY },
	{ "ECAP_FRS", REGISTER_ECAP, 0x21, 0, ANY },
	{ "ECAP_RTR", REGISTER_ECAP, 0x22, 0, ANY },
	{ "ECAP_DVSEC", REGISTER_ECAP, 0x23, 0, ANY },
	{ "ECAP_VF_REBAR", REGISTER_ECAP, 0x24, 0, ANY },
	{ "ECAP_DLNK", REGISTER_ECAP, 0x25, 0, ANY },
	{ "ECAP_16GT", REGISTER_ECAP, 0x26, 0, ANY },
	{ "ECAP_LMR", REGISTER_ECAP, 0x27, 0, ANY },
	{ "ECAP_HIER_ID", REGISTER_ECAP, 0x28, 0, ANY },
	{ "ECAP_NPEM", REGISTER_ECAP, 0x29, 0, ANY },
	{ "ECAP_32GT", REGISTER_ECAP, 0x2a, 0, ANY },
	{ "ECAP_IDE", REGISTER_ECAP, 0x30, 0, ANY },
	{ "ECAP_64GT", REGISTER_ECAP, 0x31, 0, ANY },
	{ "ECAP_FL", REGISTER_ECAP, 0x32, 0, ANY },
	/* Not setpci's */
	{ "ECAP_ALT_PROT", REGISTER_ECAP, 0x2b, 0, ANY },
	{ "ECAP_SFI", REGISTER_ECAP, 0x2c, 0, ANY },
	{ "ECAP_DOE", REGISTER_ECAP, 0x2e, 0, ANY },
	{ "ECAP_DEV3", REGISTER_ECAP, 0x2f, 0, ANY },
	{ "ECAP_FLIT_PM", REGISTER_ECAP, 0x33, 0, ANY },
	{ "ECAP_FLIT_EI", REGISTER_ECAP, 0x34, 0, ANY },
	{ "ECAP_SVC", REGISTER_ECAP, 0x35, 0, ANY },
};

static const char ambiguous[] = "the number is ambiguous, setpci takes it for hexadecimal: use 0x";
static const char unknown[] = "not a register name: 'pcibar help registers' lists them";

#define N_REGISTERS	(sizeof(registers) / sizeof(registers[0]))

void config_name_list(FILE *out)
{
	static const char *const prefixes[] = {
		[REGISTER_FIXED] = "offset", [REGISTER_CAP] = "CAP", [REGISTER_ECAP] = "ECAP",
	};
	static const char widths[] = "-BW-L";
	static const char *const suffixes[] = {
		[DEVICE] = "  type 0", [BRIDGE] = "  type 1", [CARDBUS] = "  type 2",
		[DEVICE | BRIDGE] = "  types 0, 1", [BRIDGE | CARDBUS] = "  types 1, 2",
		[ANY] = "",
	};

	for (size_t i = 0; i < N_REGISTERS; i++)
		fprintf(out, "%-23s %6s 0x%02x  %c%s\n", registers[i].name,
			prefixes[registers[i].base], registers[i].number,
			widths[registers[i].width], suffixes[registers[i].types]);
}

bool config_name_at(size_t i, bool lower, char name[CONFIG_NAME_MAX])
{
	size_t j;

	if (i >= N_REGISTERS)
		return false;
	for (j = 0; registers[i].name[j]; j++)
		name[j] = (char)(lower ? tolower(registers[i].name[j]) : registers[i].name[j]);
	name[j] = '\0';
	return true;
}

/* CAP<id> or ECAP<id>: digits as setpci has them, hexadecimal without 0x */
static bool parse_capability(const char *name, struct config_register *reg)
{
	bool extended = !strncasecmp(name, "ECAP", 4);
	char number[NAME_MAX + 2] = "0x";
	uint64_t id;

	if (!extended && strncasecmp(name, "CAP", 3) != 0)
		return false;

	name += extended ? 4 : 3;
	if (strspn(name, "0123456789abcdefABCDEF") != strlen(name))
		return false;

	strcat(number, name);
	if (parse_u64(number, extended ? 0xffff : 0xff, &id) || !id)
		return false;

	*reg = (struct config_register){
		.base = extended ? REGISTER_ECAP : REGISTER_CAP, .id = (unsigned int)id,
		.types = ANY,
	};
	return true;
}

static bool parse_name(const char *name, struct config_register *reg)
{
	for (size_t i = 0; i < N_REGISTERS; i++) {
		if (strcasecmp(registers[i].name, name) != 0)
			continue;
		*reg = (struct config_register){
			.base = registers[i].base, .width = registers[i].width,
			.types = registers[i].types,
		};
		*(reg->base == REGISTER_FIXED ? &reg->offset : &reg->id) = registers[i].number;
		return true;
	}
	return parse_capability(name, reg);
}

static const char *parse_offset(const char *text, unsigned int *offset)
{
	const char *wrong;
	uint64_t val;

	wrong = parse_u64(text, CONFIG_MAX, &val);
	if (!wrong)
		*offset = (unsigned int)val;
	return wrong;
}

/* Takes ".B", ".W" or ".L" off the end of @text. */
static bool take_width(char *text, unsigned int *width)
{
	static const char letters[] = "bwl";
	char *dot = strrchr(text, '.');
	const char *found;

	if (!dot)
		return true;

	found = dot[1] && !dot[2] ? strchr(letters, dot[1] | 0x20) : NULL;
	if (!found)
		return false;

	*width = 1u << (found - letters);
	*dot = '\0';
	return true;
}

/*
 * setpci(8) takes numbers for hexadecimal, with or without 0x: only a single digit is
 * clear, and what setpci would refuse.
 */
static bool is_ambiguous(const char *text, size_t len)
{
	return len > 1 && strspn(text, "0123456789abcdefABCDEF") >= len;
}

/* Takes "@N" out of @text: setpci(8) has it at the end. NULL: nothing is wrong */
static const char *take_index(char *text, unsigned int *index)
{
	char number[NAME_MAX + 1];
	char *at = strchr(text, '@');
	size_t len;

	if (!at)
		return NULL;

	len = strcspn(at + 1, "+.");
	memcpy(number, at + 1, len);
	number[len] = '\0';
	memmove(at, at + 1 + len, strlen(at + 1 + len) + 1);
	if (is_ambiguous(number, len))
		return "the number after '@' is ambiguous: use 0x";
	return parse_offset(number, index);
}

static const char *parse_place(char *text, struct config_register *reg)
{
	char *plus = strchr(text, '+');
	const char *wrong;
	unsigned int add;

	if (plus)
		*plus++ = '\0';
	if (*text >= 'A')
		wrong = parse_name(text, reg) ? NULL : unknown;
	else if (is_ambiguous(text, strlen(text)))
		wrong = ambiguous;
	else
		wrong = parse_offset(text, &reg->offset);
	if (wrong || !plus)
		return wrong;
	if (is_ambiguous(plus, strlen(plus)))
		return "the number after '+' is ambiguous: use 0x";

	wrong = parse_offset(plus, &add);
	if (!wrong)
		reg->offset += add;
	return wrong;
}

const char *config_name_parse(const char *str, struct config_register *reg)
{
	struct config_register got = { .base = REGISTER_FIXED, .types = ANY };
	char text[NAME_MAX + 1];
	unsigned int width = 0, index = 0;
	const char *wrong;

	if (strlen(str) > NAME_MAX)
		return unknown;

	strcpy(text, str);
	wrong = take_index(text, &index);
	if (wrong)
		return wrong;
	if (!take_width(text, &width))
		return "not a width: use .B, .W or .L";

	wrong = parse_place(text, &got);
	if (wrong)
		return wrong;
	if (got.base == REGISTER_FIXED && strchr(str, '@'))
		return "'@' selects one of several capabilities: use it with CAP_... or ECAP_...";

	got.index = index;
	if (width)
		got.width = width;
	*reg = got;
	return NULL;
}

const char *config_value_parse(const char *str, unsigned int width, struct masked *out)
{
	const char *colon = strchr(str, ':');

	if (is_ambiguous(str, colon ? (size_t)(colon - str) : strlen(str)) ||
	    (colon && is_ambiguous(colon + 1, strlen(colon + 1))))
		return ambiguous;
	return parse_masked(str, width, out);
}
