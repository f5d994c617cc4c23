// SPDX-License-Identifier: BSD-2-Clause
/* setpci's names of registers in configuration space. */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/parse.h"

#include "config-names.h"

#define CONFIG_MAX	4095u	/* the last byte of PCI Express configuration space */
#define NAME_MAX	32

static const struct named {
	const char *name;
	enum register_base base;
	unsigned int number;	/* offset, or ID of the capability */
	unsigned int width;
} registers[] = {
	/* All headers: PCI 3.0, 6.1 */
	{ "VENDOR_ID", REGISTER_FIXED, 0x00, 2 },
	{ "DEVICE_ID", REGISTER_FIXED, 0x02, 2 },
	{ "COMMAND", REGISTER_FIXED, 0x04, 2 },
	{ "STATUS", REGISTER_FIXED, 0x06, 2 },
	{ "REVISION", REGISTER_FIXED, 0x08, 1 },
	{ "CLASS_PROG", REGISTER_FIXED, 0x09, 1 },
	{ "CLASS_DEVICE", REGISTER_FIXED, 0x0a, 2 },
	{ "CACHE_LINE_SIZE", REGISTER_FIXED, 0x0c, 1 },
	{ "LATENCY_TIMER", REGISTER_FIXED, 0x0d, 1 },
	{ "HEADER_TYPE", REGISTER_FIXED, 0x0e, 1 },
	{ "BIST", REGISTER_FIXED, 0x0f, 1 },
	/* Type 0: functions */
	{ "BASE_ADDRESS_0", REGISTER_FIXED, 0x10, 4 },
	{ "BASE_ADDRESS_1", REGISTER_FIXED, 0x14, 4 },
	{ "BASE_ADDRESS_2", REGISTER_FIXED, 0x18, 4 },
	{ "BASE_ADDRESS_3", REGISTER_FIXED, 0x1c, 4 },
	{ "BASE_ADDRESS_4", REGISTER_FIXED, 0x20, 4 },
	{ "BASE_ADDRESS_5", REGISTER_FIXED, 0x24, 4 },
	{ "CARDBUS_CIS", REGISTER_FIXED, 0x28, 4 },
	{ "SUBSYSTEM_VENDOR_ID", REGISTER_FIXED, 0x2c, 2 },
	{ "SUBSYSTEM_ID", REGISTER_FIXED, 0x2e, 2 },
	{ "ROM_ADDRESS", REGISTER_FIXED, 0x30, 4 },
	{ "CAPABILITIES", REGISTER_FIXED, 0x34, 1 },
	{ "INTERRUPT_LINE", REGISTER_FIXED, 0x3c, 1 },
	{ "INTERRUPT_PIN", REGISTER_FIXED, 0x3d, 1 },
	{ "MIN_GNT", REGISTER_FIXED, 0x3e, 1 },
	{ "MAX_LAT", REGISTER_FIXED, 0x3f, 1 },
	/* Type 1: PCI bridges */
	{ "PRIMARY_BUS", REGISTER_FIXED, 0x18, 1 },
	{ "SECONDARY_BUS", REGISTER_FIXED, 0x19, 1 },
	{ "SUBORDINATE_BUS", REGISTER_FIXED, 0x1a, 1 },
	{ "SEC_LATENCY_TIMER", REGISTER_FIXED, 0x1b, 1 },
	{ "IO_BASE", REGISTER_FIXED, 0x1c, 1 },
	{ "IO_LIMIT", REGISTER_FIXED, 0x1d, 1 },
	{ "SEC_STATUS", REGISTER_FIXED, 0x1e, 2 },
	{ "MEMORY_BASE", REGISTER_FIXED, 0x20, 2 },
	{ "MEMORY_LIMIT", REGISTER_FIXED, 0x22, 2 },
	{ "PREF_MEMORY_BASE", REGISTER_FIXED, 0x24, 2 },
	{ "PREF_MEMORY_LIMIT", REGISTER_FIXED, 0x26, 2 },
	{ "PREF_BASE_UPPER32", REGISTER_FIXED, 0x28, 4 },
	{ "PREF_LIMIT_UPPER32", REGISTER_FIXED, 0x2c, 4 },
	{ "IO_BASE_UPPER16", REGISTER_FIXED, 0x30, 2 },
	{ "IO_LIMIT_UPPER16", REGISTER_FIXED, 0x32, 2 },
	{ "BRIDGE_ROM_ADDRESS", REGISTER_FIXED, 0x38, 4 },
	{ "BRIDGE_CONTROL", REGISTER_FIXED, 0x3e, 2 },
	/* Type 2: CardBus bridges */
	{ "CB_CARDBUS_BASE", REGISTER_FIXED, 0x10, 4 },
	{ "CB_CAPABILITIES", REGISTER_FIXED, 0x14, 2 },
	{ "CB_SEC_STATUS", REGISTER_FIXED, 0x16, 2 },
	{ "CB_BUS_NUMBER", REGISTER_FIXED, 0x18, 1 },
	{ "CB_CARDBUS_NUMBER", REGISTER_FIXED, 0x19, 1 },
	{ "CB_SUBORDINATE_BUS", REGISTER_FIXED, 0x1a, 1 },
	{ "CB_CARDBUS_LATENCY", REGISTER_FIXED, 0x1b, 1 },
	{ "CB_MEMORY_BASE_0", REGISTER_FIXED, 0x1c, 4 },
	{ "CB_MEMORY_LIMIT_0", REGISTER_FIXED, 0x20, 4 },
	{ "CB_MEMORY_BASE_1", REGISTER_FIXED, 0x24, 4 },
	{ "CB_MEMORY_LIMIT_1", REGISTER_FIXED, 0x28, 4 },
	{ "CB_IO_BASE_0", REGISTER_FIXED, 0x2c, 2 },
	{ "CB_IO_BASE_0_HI", REGISTER_FIXED, 0x2e, 2 },
	{ "CB_IO_LIMIT_0", REGISTER_FIXED, 0x30, 2 },
	{ "CB_IO_LIMIT_0_HI", REGISTER_FIXED, 0x32, 2 },
	{ "CB_IO_BASE_1", REGISTER_FIXED, 0x34, 2 },
	{ "CB_IO_BASE_1_HI", REGISTER_FIXED, 0x36, 2 },
	{ "CB_IO_LIMIT_1", REGISTER_FIXED, 0x38, 2 },
	{ "CB_IO_LIMIT_1_HI", REGISTER_FIXED, 0x3a, 2 },
	{ "CB_SUBSYSTEM_VENDOR_ID", REGISTER_FIXED, 0x40, 2 },
	{ "CB_SUBSYSTEM_ID", REGISTER_FIXED, 0x42, 2 },
	{ "CB_LEGACY_MODE_BASE", REGISTER_FIXED, 0x44, 4 },
	/* Capability IDs: PCI Code and ID Assignment, section 2 */
	{ "CAP_PM", REGISTER_CAP, 0x01, 0 },
	{ "CAP_AGP", REGISTER_CAP, 0x02, 0 },
	{ "CAP_VPD", REGISTER_CAP, 0x03, 0 },
	{ "CAP_SLOTID", REGISTER_CAP, 0x04, 0 },
	{ "CAP_MSI", REGISTER_CAP, 0x05, 0 },
	{ "CAP_CHSWP", REGISTER_CAP, 0x06, 0 },
	{ "CAP_PCIX", REGISTER_CAP, 0x07, 0 },
	{ "CAP_HT", REGISTER_CAP, 0x08, 0 },
	{ "CAP_VNDR", REGISTER_CAP, 0x09, 0 },
	{ "CAP_DBG", REGISTER_CAP, 0x0a, 0 },
	{ "CAP_CCRC", REGISTER_CAP, 0x0b, 0 },
	{ "CAP_HOTPLUG", REGISTER_CAP, 0x0c, 0 },
	{ "CAP_SSVID", REGISTER_CAP, 0x0d, 0 },
	{ "CAP_AGP3", REGISTER_CAP, 0x0e, 0 },
	{ "CAP_SECURE", REGISTER_CAP, 0x0f, 0 },
	{ "CAP_EXP", REGISTER_CAP, 0x10, 0 },
	{ "CAP_MSIX", REGISTER_CAP, 0x11, 0 },
	{ "CAP_SATA", REGISTER_CAP, 0x12, 0 },
	{ "CAP_AF", REGISTER_CAP, 0x13, 0 },
	{ "CAP_EA", REGISTER_CAP, 0x14, 0 },
	/* Extended capability IDs: the same, section 3 */
	{ "ECAP_AER", REGISTER_ECAP, 0x01, 0 },
	{ "ECAP_VC", REGISTER_ECAP, 0x02, 0 },
	{ "ECAP_DSN", REGISTER_ECAP, 0x03, 0 },
	{ "ECAP_PB", REGISTER_ECAP, 0x04, 0 },
	{ "ECAP_RCLINK", REGISTER_ECAP, 0x05, 0 },
	{ "ECAP_RCILINK", REGISTER_ECAP, 0x06, 0 },
	{ "ECAP_RCEC", REGISTER_ECAP, 0x07, 0 },
	{ "ECAP_MFVC", REGISTER_ECAP, 0x08, 0 },
	{ "ECAP_VC2", REGISTER_ECAP, 0x09, 0 },
	{ "ECAP_RBCB", REGISTER_ECAP, 0x0a, 0 },
	{ "ECAP_VNDR", REGISTER_ECAP, 0x0b, 0 },
	{ "ECAP_ACS", REGISTER_ECAP, 0x0d, 0 },
	{ "ECAP_ARI", REGISTER_ECAP, 0x0e, 0 },
	{ "ECAP_ATS", REGISTER_ECAP, 0x0f, 0 },
	{ "ECAP_SRIOV", REGISTER_ECAP, 0x10, 0 },
	{ "ECAP_MRIOV", REGISTER_ECAP, 0x11, 0 },
	{ "ECAP_MCAST", REGISTER_ECAP, 0x12, 0 },
	{ "ECAP_PRI", REGISTER_ECAP, 0x13, 0 },
	{ "ECAP_REBAR", REGISTER_ECAP, 0x15, 0 },
	{ "ECAP_DPA", REGISTER_ECAP, 0x16, 0 },
	{ "ECAP_TPH", REGISTER_ECAP, 0x17, 0 },
	{ "ECAP_LTR", REGISTER_ECAP, 0x18, 0 },
	{ "ECAP_SECPCI", REGISTER_ECAP, 0x19, 0 },
	{ "ECAP_PMUX", REGISTER_ECAP, 0x1a, 0 },
	{ "ECAP_PASID", REGISTER_ECAP, 0x1b, 0 },
	{ "ECAP_LNR", REGISTER_ECAP, 0x1c, 0 },
	{ "ECAP_DPC", REGISTER_ECAP, 0x1d, 0 },
	{ "ECAP_L1PM", REGISTER_ECAP, 0x1e, 0 },
	{ "ECAP_PTM", REGISTER_ECAP, 0x1f, 0 },
	{ "ECAP_M_PCIE", REGISTER_ECAP, 0x20, 0 },
	{ "ECAP_FRS", REGISTER_ECAP, 0x21, 0 },
	{ "ECAP_RTR", REGISTER_ECAP, 0x22, 0 },
	{ "ECAP_DVSEC", REGISTER_ECAP, 0x23, 0 },
	{ "ECAP_VF_REBAR", REGISTER_ECAP, 0x24, 0 },
	{ "ECAP_DLNK", REGISTER_ECAP, 0x25, 0 },
	{ "ECAP_16GT", REGISTER_ECAP, 0x26, 0 },
	{ "ECAP_LMR", REGISTER_ECAP, 0x27, 0 },
	{ "ECAP_HIER_ID", REGISTER_ECAP, 0x28, 0 },
	{ "ECAP_NPEM", REGISTER_ECAP, 0x29, 0 },
};

#define N_REGISTERS	(sizeof(registers) / sizeof(registers[0]))

void config_name_list(FILE *out)
{
	static const char *const prefixes[] = {
		[REGISTER_FIXED] = "offset", [REGISTER_CAP] = "CAP", [REGISTER_ECAP] = "ECAP",
	};
	static const char widths[] = "-BW-L";

	for (size_t i = 0; i < N_REGISTERS; i++)
		fprintf(out, "%-23s %6s 0x%02x  %c\n", registers[i].name,
			prefixes[registers[i].base], registers[i].number,
			widths[registers[i].width]);
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

	reg->base = extended ? REGISTER_ECAP : REGISTER_CAP;
	reg->id = (unsigned int)id;
	reg->offset = 0;
	reg->width = 0;
	return true;
}

static bool parse_name(const char *name, struct config_register *reg)
{
	for (size_t i = 0; i < N_REGISTERS; i++) {
		if (strcasecmp(registers[i].name, name) != 0)
			continue;
		*reg = (struct config_register){
			.base = registers[i].base, .width = registers[i].width,
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

/* The number after the '+': setpci(8) takes it for hexadecimal, with or without 0x. */
static const char *parse_plus(const char *text, unsigned int *offset)
{
	if (text[0] && text[1] && text[1] != 'x' && text[1] != 'X')
		return "the number after '+' is ambiguous: use 0x";
	return parse_offset(text, offset);
}

const char *config_name_parse(const char *str, struct config_register *reg)
{
	struct config_register got = { .base = REGISTER_FIXED };
	static const char unknown[] = "not a register name: 'pcibar help registers' lists them";
	char text[NAME_MAX + 1];
	unsigned int width = 0;
	unsigned int add = 0;
	const char *wrong = NULL;
	char *plus;

	if (strlen(str) > NAME_MAX)
		return unknown;

	strcpy(text, str);
	if (!take_width(text, &width))
		return "not a width: use .B, .W or .L";

	plus = strchr(text, '+');
	if (plus)
		*plus++ = '\0';
	if (*text < 'A')
		wrong = parse_offset(text, &got.offset);
	else if (!parse_name(text, &got))
		wrong = unknown;
	if (!wrong && plus)
		wrong = parse_plus(plus, &add);
	if (wrong)
		return wrong;

	got.offset += add;
	if (width)
		got.width = width;
	*reg = got;
	return NULL;
}
