// SPDX-License-Identifier: BSD-2-Clause
/* What the types of configuration headers have in different places. */
#include "unit.h"

#include "internal.h"

static void check_bars(uint32_t type, unsigned int count, unsigned int rom)
{
	for (unsigned int bar = 0; bar < PCIBAR_BAR_ROM; bar++)
		assert_int_equal(pcibar_header_bar(type, bar), bar < count ? 0x10 + 4 * bar : 0);
	assert_int_equal(pcibar_header_bar(type, PCIBAR_BAR_ROM), rom);
}

static void each_type_has_its_registers(void **state)
{
	(void)state;
	check_bars(0, 6, 0x30);
	assert_int_equal(pcibar_header_capabilities(0), 0x34);
	check_bars(1, 2, 0x38);
	assert_int_equal(pcibar_header_capabilities(1), 0x34);
	check_bars(2, 1, 0);
	assert_int_equal(pcibar_header_capabilities(2), 0x14);
}

static void the_bit_for_several_functions_is_ignored(void **state)
{
	(void)state;
	check_bars(0x80, 6, 0x30);
	check_bars(0x81, 2, 0x38);
	assert_int_equal(pcibar_header_capabilities(0x82), 0x14);
}

static void another_type_has_none(void **state)
{
	(void)state;
	check_bars(3, 0, 0);
	check_bars(0xff, 0, 0);
	assert_int_equal(pcibar_header_capabilities(0x7f), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_has_its_registers),
		cmocka_unit_test(the_bit_for_several_functions_is_ignored),
		cmocka_unit_test(another_type_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
