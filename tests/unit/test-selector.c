// SPDX-License-Identifier: BSD-2-Clause
/* Selectors as text. */
#include "unit.h"

#include <stdio.h>

#include "internal.h"

static struct pcibar_selector parse(const char *text)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };

	if (pcibar_selector_parse(text, &sel, NULL))
		fail_msg("\"%s\" is refused", text);
	assert_int_equal(sel.size, sizeof(sel));
	return sel;
}

static void check_address(const char *text, uint32_t domain, uint8_t bus, uint8_t slot,
			  uint8_t func)
{
	struct pcibar_selector sel = parse(text);

	assert_int_equal(sel.fields, PCIBAR_SEL_ADDRESS);
	assert_int_equal(sel.domain, domain);
	assert_int_equal(sel.bus, bus);
	assert_int_equal(sel.slot, slot);
	assert_int_equal(sel.func, func);
}

static void parses_addresses(void **state)
{
	(void)state;
	check_address("0000:03:00.0", 0, 3, 0, 0);
	check_address("03:1f.7", 0, 3, 31, 7);
	check_address("fF:1A.1", 0, 255, 26, 1);
	check_address("0001:00:00.0", 1, 0, 0, 0);
	check_address("10000:e1:00.0", 0x10000, 0xe1, 0, 0);
	check_address("ffffffff:ff:1f.7", 0xffffffff, 255, 31, 7);
	check_address("0:3.0", 0, 0, 3, 0);
	check_address("3:0.0", 0, 3, 0, 0);
	check_address("1:3:a.2", 1, 3, 10, 2);
	check_address("000:03:00.0", 0, 3, 0, 0);
}

static void parses_paths(void **state)
{
	(void)state;
	check_address("/sys/bus/pci/devices/0000:00:03.0", 0, 0, 3, 0);
	check_address("/sys/bus/pci/devices/0000:00:03.0/", 0, 0, 3, 0);
	check_address("/sys/devices/pci0000:00/0000:00:03.0/0001:01:00.7//", 1, 1, 0, 7);
	check_address("devices/10000:e1:00.0", 0x10000, 0xe1, 0, 0);
	check_address("0000:00:03.0/", 0, 0, 3, 0);
}

static void parses_slots(void **state)
{
	struct pcibar_selector sel = parse("3.0");

	(void)state;
	assert_int_equal(sel.fields, PCIBAR_SEL_SLOT);
	assert_int_equal(sel.slot, 3);
	assert_int_equal(sel.func, 0);
	sel = parse("1F.7#12");
	assert_int_equal(sel.fields, PCIBAR_SEL_SLOT | PCIBAR_SEL_INDEX);
	assert_int_equal(sel.slot, 31);
	assert_int_equal(sel.func, 7);
	assert_int_equal(sel.index, 12);
}

static void check_class(const char *text, uint32_t others, uint32_t code, uint32_t mask)
{
	struct pcibar_selector sel = parse(text);

	assert_int_equal(sel.fields, PCIBAR_SEL_CLASS | others);
	assert_int_equal(sel.class_code, code);
	assert_int_equal(sel.class_mask, mask);
}

static void parses_classes(void **state)
{
	(void)state;
	check_class("::0108", 0, 0x010800, 0xffff00);
	check_class("*:*:0108", 0, 0x010800, 0xffff00);
	check_class("::0108:02", 0, 0x010802, 0xffffff);
	check_class("::02xX", 0, 0x020000, 0xff0000);
	check_class(":::0F", 0, 0x0f, 0xff);
	check_class("::*:x2", 0, 0x02, 0x0f);
	check_class("10ee::1200#3", PCIBAR_SEL_VENDOR | PCIBAR_SEL_INDEX, 0x120000, 0xffff00);
	check_class(":8139:0200", PCIBAR_SEL_DEVICE, 0x020000, 0xffff00);
	assert_int_equal(parse("::xxxx").fields, 0);
	assert_int_equal(parse("8086:100e:").fields, PCIBAR_SEL_VENDOR | PCIBAR_SEL_DEVICE);
}

static void parses_the_form_of_pciconf(void **state)
{
	(void)state;
	check_address("pci0:3:0:1", 0, 3, 0, 1);
	check_address("pci0:3:0:1:", 0, 3, 0, 1);
	check_address("pci3:31", 0, 3, 31, 0);
	check_address("pci3:31:7", 0, 3, 31, 7);
	check_address("pci65536:255:10:2", 65536, 255, 10, 2);
	check_address("pci4294967295:0:0:0", 0xffffffff, 0, 0, 0);
}

static void parses_ids(void **state)
{
	const uint32_t both = PCIBAR_SEL_VENDOR | PCIBAR_SEL_DEVICE;
	struct pcibar_selector sel = parse("8086:100E");

	(void)state;
	assert_int_equal(sel.fields, both);
	assert_int_equal(sel.vendor, 0x8086);
	assert_int_equal(sel.device, 0x100e);
	sel = parse("1234:11e8#10");
	assert_int_equal(sel.fields, both | PCIBAR_SEL_INDEX);
	assert_int_equal(sel.index, 10);
	assert_int_equal(parse("1234:11e8#4294967295").index, UINT32_MAX);
	assert_int_equal(parse("1234:*").fields, PCIBAR_SEL_VENDOR);
	assert_int_equal(parse("*:11e8").fields, PCIBAR_SEL_DEVICE);
	assert_int_equal(parse("*:*").fields, 0);
	assert_int_equal(parse("*:*#0").fields, PCIBAR_SEL_INDEX);
	assert_int_equal(parse("8086:").fields, PCIBAR_SEL_VENDOR);
	assert_int_equal(parse(":100e").fields, PCIBAR_SEL_DEVICE);
	assert_int_equal(parse("10ee:#1").fields, PCIBAR_SEL_VENDOR | PCIBAR_SEL_INDEX);
}

static void refuses_all_else(void **state)
{
	static const char *const texts[] = {
		"", " ", "03", "03:00", "0000:03:00", "003:00.0", "03:000.0", "03:00.8",
		"03:00.", "03:20.0", "03:00.00", "03:00.0 ", " 03:00.0", "-3:00.0", "+3:00.0",
		"0x03:00.0", "100000000:03:00.0", "0000:0000:03:00.0", ":03:00.0", "0:100:0.0",
		"03:00.0x", "gg:00.0", "03.00:0", ".", "..", "03:00.0.0", "0000:03:00.0/..",
		"3.", ".0", "3.8", "20.0", "003.0", "3.0.0", "3.0#", "3.0#x", "x3.0", "0x3.0",
		"03:00.0#1", "*.0", "3.*",
		"/", "//", "/sys", "/sys/bus/pci/devices/", "/sys/bus/pci/devices/03:00.0",
		"/sys/bus/pci/devices/0000:03:00.0/resource0", "/0000:03:00.00000000000000000000",
		"/0000:03:00.0#1", "/1234:11e8", "/sys/class/net/eth0/device",
		"808:100e", "08086:100e", "8086:100", "8086:100e0", "8086:100e#", "8086:100e#x",
		"8086:100e#-1", "8086:100e#4294967296", "8086:100e#00000000000", "8086:100e#1 ",
		"8086", "**:100e", "8086:*0", "8086:100e:123", "8086:100e##1", "8086:100e:12345",
		"::01", "::01g8", "::0108:0", "::0108:000", "::0108:02:", "::0z01", "::**", "x:",
		":", "::", ":::",
		"pci", "pci0", "pci:", "pci0:", "pci0:0:0:0:0", "pci0:3:0:1::", "pci0:3:0:8",
		"pci0:256:0:0", "pci0:3:32:0", "pci4294967296:0:0:0", "pci0:3:0:1:x", "pci0:3:a",
		"pci-1:3:0:1", "pci0::0:1", "PCI0:3:0:1", "pci03:00.0",
	};
	struct pcibar_selector before;

	(void)state;
	memset(&before, 0x5a, sizeof(before));
	before.size = sizeof(before);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
		struct pcibar_selector sel = before;

		if (pcibar_selector_parse(texts[i], &sel, &why) != -EINVAL)
			fail_msg("\"%s\" is not refused", texts[i]);
		assert_refused(&why, PCIBAR_REASON_SELECTOR, -EINVAL);
		assert_memory_equal(&sel, &before, sizeof(sel));
	}
}

static void hints_at_the_missing_function(void **state)
{
	static const char *const texts[] = { "03:00", "0000:03:00", "00010000:ff:1f", "3",
					     "0:3" };
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(pcibar_selector_parse(texts[i], &sel, &why), -EINVAL);
		assert_non_null(strstr(why.reasons[0].what, texts[i]));
		assert_non_null(strstr(why.reasons[0].remedy, ".0"));
	}
	assert_int_equal(pcibar_selector_parse("nonsense", &sel, &why), -EINVAL);
	assert_null(strstr(why.reasons[0].remedy, "append .0"));
}

/* Text from outside must neither overflow the sentence nor end up in it unbounded. */
static void survives_long_text(void **state)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	char text[5000];

	(void)state;
	memset(text, '0', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(pcibar_selector_parse(text, &sel, &why), -EINVAL);
	assert_refused(&why, PCIBAR_REASON_SELECTOR, -EINVAL);
	text[2000] = ':';
	text[3000] = '.';
	assert_int_equal(pcibar_selector_parse(text, &sel, &why), -EINVAL);
}

static void prints_what_it_parses(void **state)
{
	static const struct {
		const char *in, *out;
	} pairs[] = {
		{ "03:1F.7", "0000:03:1f.7" }, { "00010000:e1:00.0", "10000:e1:00.0" },
		{ "FFFFFFFF:FF:1F.7", "ffffffff:ff:1f.7" }, { "pci1:3:31:7", "0001:03:1f.7" },
		{ "8086:100E", "8086:100e" }, { "*:0001#12", "*:0001#12" }, { "*:*", "*:*" },
		{ "ffff:ffff#4294967295", "ffff:ffff#4294967295" }, { "3.0", "03.0" },
		{ "1F.7#4294967295", "1f.7#4294967295" }, { "10ee:", "10ee:*" },
		{ "::01XX", "*:*:01xx" }, { ":::0F", "*:*:xxxx:0f" },
		{ "::0108:2x", "*:*:0108:2x" },
		{ "ffff:ffff:ffff:ff#4294967295", "ffff:ffff:ffff:ff#4294967295" },
		{ "/sys/bus/pci/devices/0000:03:1f.7/", "0000:03:1f.7" },
	};
	char buf[PCIBAR_SELECTOR_STRLEN];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct pcibar_selector sel = parse(pairs[i].in), again;

		assert_int_equal(pcibar_selector_format(&sel, buf, sizeof(buf)), 0);
		assert_string_equal(buf, pairs[i].out);
		again = parse(buf);
		assert_memory_equal(&again, &sel, sizeof(sel));
	}
}

static void prints_into_what_room_there_is(void **state)
{
	struct pcibar_selector sel = parse("0000:03:00.0");
	char buf[16];

	(void)state;
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(pcibar_selector_format(&sel, buf, 12), -ERANGE);
	assert_int_equal(buf[0], '\0');
	assert_int_equal(buf[12], 'x');
	assert_int_equal(pcibar_selector_format(&sel, buf, 13), 0);
	assert_string_equal(buf, "0000:03:00.0");
	assert_int_equal(buf[13], 'x');
	buf[0] = 'x';
	assert_int_equal(pcibar_selector_format(&sel, buf, 0), -ERANGE);
	assert_int_equal(buf[0], 'x');
}

static void refuses_to_print_nonsense(void **state)
{
	const struct pcibar_selector good = parse("0000:03:00.0"), slot = parse("3.0");
	const struct pcibar_selector class = parse("::0108");
	struct pcibar_selector bad[] = { good, good, good, good, good, slot, slot, slot,
					 class, class, class, class };
	char buf[PCIBAR_SELECTOR_STRLEN];

	(void)state;
	bad[0].fields |= PCIBAR_SEL_VENDOR;
	bad[1].fields = 1u << 31;
	bad[2].slot = 32;
	bad[3].func = 8;
	bad[4].reserved = 1;

	bad[5].fields |= PCIBAR_SEL_ADDRESS;
	bad[6].fields |= PCIBAR_SEL_CLASS;
	bad[7].slot = 32;

	bad[8].class_mask = 0;
	bad[9].class_mask = 0xffff10;
	bad[10].class_code |= 1;
	bad[11].class_mask |= 0xf000000;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(pcibar_selector_format(&bad[i], buf, sizeof(buf)), -EINVAL);
}

static int parse_sized(void *arg, void *data)
{
	(void)data;
	return pcibar_selector_parse("8086:100e", arg, NULL);
}

static int parse_with_why(void *arg, void *data)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };

	(void)data;
	return pcibar_selector_parse("8086:100e", &sel, arg);
}

static int format_sized(void *arg, void *data)
{
	char buf[PCIBAR_SELECTOR_STRLEN];

	(void)data;
	return pcibar_selector_format(arg, buf, sizeof(buf));
}

static void checks_sizes(void **state)
{
	struct pcibar_selector sel = parse("8086:100e");

	(void)state;
	unit_check_sizes(&sel, sizeof(sel), parse_sized, NULL);
	unit_check_sizes(&sel, sizeof(sel), format_sized, NULL);
	unit_check_refusal_sizes(parse_with_why, NULL);
}

/* The name of a folder in sysfs: nothing else may be taken for one. */
static void takes_only_canonical_folder_names(void **state)
{
	static const char *const others[] = {
		"03:00.0", "0000:03:1F.0", "00000:03:00.0", "0000:03:00.0x", ".", "..", "",
	};
	struct pcibar_address addr;

	(void)state;
	assert_int_equal(pcibar_address_parse("0000:03:1f.0", &addr), 0);
	assert_int_equal(addr.slot, 31);
	assert_int_equal(pcibar_address_parse("10000:03:1f.0", &addr), 0);
	assert_int_equal(addr.domain, 0x10000);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(pcibar_address_parse(others[i], &addr), -EINVAL);
}

static void orders_addresses_as_numbers(void **state)
{
	static const struct pcibar_address sorted[] = {
		{ 0, 0, 0, 0 }, { 0, 0, 0, 7 }, { 0, 0, 31, 0 }, { 0, 255, 0, 0 },
		{ 1, 0, 0, 0 }, { 0x10000, 0, 0, 0 }, { UINT32_MAX, 0, 0, 0 },
	};
	const int count = sizeof(sorted) / sizeof(*sorted);

	(void)state;
	for (int i = 0; i < count; i++)
		for (int j = 0; j < count; j++) {
			int order = pcibar_address_compare(&sorted[i], &sorted[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		UNIT_TEST(parses_addresses),
		UNIT_TEST(parses_paths),
		UNIT_TEST(parses_slots),
		UNIT_TEST(parses_the_form_of_pciconf),
		UNIT_TEST(parses_ids),
		UNIT_TEST(parses_classes),
		UNIT_TEST(refuses_all_else),
		UNIT_TEST(hints_at_the_missing_function),
		UNIT_TEST(survives_long_text),
		UNIT_TEST(prints_what_it_parses),
		UNIT_TEST(prints_into_what_room_there_is),
		UNIT_TEST(refuses_to_print_nonsense),
		UNIT_TEST(checks_sizes),
		UNIT_TEST(takes_only_canonical_folder_names),
		UNIT_TEST(orders_addresses_as_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
