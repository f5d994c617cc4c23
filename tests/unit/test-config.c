// SPDX-License-Identifier: BSD-2-Clause
/* Configuration space and its capabilities. */
#include "unit.h"

#include <stdio.h>

#include "fake-backend.h"
#include "internal.h"

static struct fake *fake;
static struct pcibar_device *dev;

static int setup(void **state)
{
	int ret = unit_setup(state);

	fake = fake_add("0000:03:00.0");
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	fake_forget(fake);
	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(dev);
	return unit_teardown(state);
}

#define CONFIG_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void reads_each_width_in_one_access(void **state)
{
	static const unsigned int widths[] = { 1, 2, 4 };
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;

	(void)state;
	fake_set_config(fake, 0x40, 4, 0x89abcdef);
	assert_int_equal(pcibar_config_read8(dev, 0x43, &u8), 0);
	assert_int_equal(u8, 0x89);
	assert_int_equal(pcibar_config_read16(dev, 0x42, &u16), 0);
	assert_int_equal(u16, 0x89ab);
	assert_int_equal(pcibar_config_read32(dev, 0x40, &u32), 0);
	assert_int_equal(u32, 0x89abcdef);
	assert_int_equal(fake->count, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(fake->events[i].op, FAKE_CONFIG_READ);
		assert_int_equal(fake->events[i].len, widths[i]);
	}
}

static void writes_each_width_in_one_access(void **state)
{
	static const unsigned int widths[] = { 1, 2, 4 };

	(void)state;
	assert_int_equal(pcibar_config_write8(dev, 0x43, 0x89), 0);
	assert_int_equal(pcibar_config_write16(dev, 0x40, 0xcdef), 0);
	assert_int_equal(fake_get_config(fake, 0x40, 4), 0x8900cdef);
	assert_int_equal(pcibar_config_write32(dev, 0x40, 0x01234567), 0);
	assert_int_equal(fake_get_config(fake, 0x40, 4), 0x01234567);
	assert_int_equal(fake->count, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(fake->events[i].op, FAKE_CONFIG_WRITE);
		assert_int_equal(fake->events[i].len, widths[i]);
	}
}

static void refuses_what_is_unaligned(void **state)
{
	uint16_t u16;
	uint32_t u32;

	(void)state;
	assert_int_equal(pcibar_config_read16(dev, 0x41, &u16), -EINVAL);
	assert_int_equal(pcibar_config_write16(dev, 0x41, 0), -EINVAL);
	for (unsigned int off = 0x41; off < 0x44; off++) {
		assert_int_equal(pcibar_config_read32(dev, off, &u32), -EINVAL);
		assert_int_equal(pcibar_config_write32(dev, off, 0), -EINVAL);
	}
	assert_int_equal(fake->count, 0);
}

static void refuses_what_is_outside(void **state)
{
	static const unsigned int offsets[] = { 256, 4096, 0x10000, UINT32_MAX - 3 };
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		assert_int_equal(pcibar_config_read8(dev, offsets[i], &u8), -ERANGE);
		assert_int_equal(pcibar_config_read16(dev, offsets[i], &u16), -ERANGE);
		assert_int_equal(pcibar_config_read32(dev, offsets[i], &u32), -ERANGE);
		assert_int_equal(pcibar_config_write8(dev, offsets[i], 0), -ERANGE);
		assert_int_equal(pcibar_config_write16(dev, offsets[i], 0), -ERANGE);
		assert_int_equal(pcibar_config_write32(dev, offsets[i], 0), -ERANGE);
	}
	assert_int_equal(pcibar_config_read32(dev, 252, &u32), 0);
}

static void passes_errors_on(void **state)
{
	static const int errors[] = { -EACCES, -EPERM, -ENODEV, -EIO };
	uint32_t u32 = 0x5a5a5a5a;

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		fake->error[FAKE_CONFIG_READ] = fake->error[FAKE_CONFIG_WRITE] = errors[i];
		assert_int_equal(pcibar_config_read32(dev, 0, &u32), errors[i]);
		assert_int_equal(pcibar_config_write32(dev, 0x40, 0), errors[i]);
	}
	assert_int_equal(u32, 0x5a5a5a5a);
}

static void writes_only_what_was_opened_for_it(void **state)
{
	struct pcibar_device *read_only = unit_open("0000:03:00.0", 0);

	(void)state;
	fake_forget(fake);
	assert_int_equal(pcibar_config_write8(read_only, 0x40, 1), -EACCES);
	assert_int_equal(pcibar_config_write16(read_only, 0x40, 1), -EACCES);
	assert_int_equal(pcibar_config_write32(read_only, 0x40, 1), -EACCES);
	assert_int_equal(fake->count, 0);
	pcibar_device_close(read_only);
}

static void add_capability(unsigned int off, uint8_t id, uint8_t next)
{
	fake_set_config(fake, off, 2, (uint32_t)next << 8 | id);
}

static void finds_capabilities(void **state)
{
	unsigned int off = 1;

	(void)state;
	assert_int_equal(pcibar_config_find_capability(dev, 5, &off), -ENOENT);
	fake_set_config(fake, 0x34, 1, 0x40);
	add_capability(0x40, 0x01, 0x50);
	add_capability(0x50, 0x05, 0xfc);
	add_capability(0xfc, 0x10, 0x00);

	/* The status register says whether there is a list at all. */
	assert_int_equal(pcibar_config_find_capability(dev, 5, &off), -ENOENT);
	assert_int_equal(off, 1);
	fake_set_config(fake, 0x06, 2, 0x10);
	assert_int_equal(pcibar_config_find_capability(dev, 0x01, &off), 0);
	assert_int_equal(off, 0x40);
	assert_int_equal(pcibar_config_find_capability(dev, 0x05, &off), 0);
	assert_int_equal(off, 0x50);
	assert_int_equal(pcibar_config_find_capability(dev, 0x10, &off), 0);
	assert_int_equal(off, 0xfc);
	assert_int_equal(pcibar_config_find_capability(dev, 0x11, &off), -ENOENT);
}

/* The low bits of a pointer are reserved, and one into the header ends the list. */
static void follows_odd_pointers(void **state)
{
	unsigned int off;

	(void)state;
	fake_set_config(fake, 0x06, 2, 0x10);
	fake_set_config(fake, 0x34, 1, 0x43);
	add_capability(0x40, 0x01, 0x51);
	add_capability(0x50, 0x05, 0x04);
	add_capability(0x04, 0x10, 0x00);
	assert_int_equal(pcibar_config_find_capability(dev, 0x05, &off), 0);
	assert_int_equal(off, 0x50);
	assert_int_equal(pcibar_config_find_capability(dev, 0x10, &off), -ENOENT);
}

static void leaves_a_looping_list(void **state)
{
	unsigned int off;

	(void)state;
	fake_set_config(fake, 0x06, 2, 0x10);
	fake_set_config(fake, 0x34, 1, 0x40);
	add_capability(0x40, 0x01, 0x48);
	add_capability(0x48, 0x05, 0x40);
	assert_int_equal(pcibar_config_find_capability(dev, 0x10, &off), -ENOENT);
	add_capability(0x48, 0x05, 0x48);
	assert_int_equal(pcibar_config_find_capability(dev, 0x10, &off), -ENOENT);

	/* Status, pointer and each header once. */
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 2 * (2 + 2));
}

static int note(void *data, unsigned int id, unsigned int off)
{
	char *listed = data;

	sprintf(listed + strlen(listed), "%x@%x ", id, off);
	return id == 0x7f ? 7 : 0;
}

static void lists_capabilities(void **state)
{
	char listed[64] = "";

	(void)state;
	fake_set_config(fake, 0x06, 2, 0x10);
	fake_set_config(fake, 0x34, 1, 0x40);
	add_capability(0x40, 0x05, 0x50);
	add_capability(0x50, 0x05, 0x60);
	add_capability(0x60, 0xff, 0xff);
	assert_int_equal(pcibar_config_list_capabilities(dev, note, listed), 0);
	assert_string_equal(listed, "5@40 5@50 ");

	/* Where nothing responds any more, there is no list. */
	fake_set_config(fake, 0x06, 2, 0xffff);
	fake_forget(fake);
	assert_int_equal(pcibar_config_list_capabilities(dev, note, listed), 0);
	assert_string_equal(listed, "5@40 5@50 ");
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 2);

	*listed = '\0';
	fake_set_config(fake, 0x06, 2, 0x10);
	add_capability(0x40, 0x7f, 0x50);
	assert_int_equal(pcibar_config_list_capabilities(dev, note, listed), 7);
	assert_string_equal(listed, "7f@40 ");
}

/* At 0x34 such a bridge has the base of an I/O window, which may look like a pointer. */
static void finds_the_list_of_a_cardbus_bridge(void **state)
{
	unsigned int off;

	(void)state;
	fake->header = 2;
	fake_set_config(fake, 0x06, 2, 0x10);
	fake_set_config(fake, 0x14, 1, 0xa0);
	add_capability(0xa0, 0x01, 0x00);
	fake_set_config(fake, 0x34, 2, 0x10c0);
	add_capability(0xc0, 0x05, 0x00);
	assert_int_equal(pcibar_config_find_capability(dev, 0x01, &off), 0);
	assert_int_equal(off, 0xa0);

	/* The status, the pointer and the capability: the layout costs no access. */
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 3);
	assert_int_equal(pcibar_config_find_capability(dev, 0x05, &off), -ENOENT);
	pcibar_device_close(dev);
	dev = unit_open("0000:03:00.0", 0);
	fake->header = 1;
	fake->error[FAKE_GET_HEADER] = -EIO;
	assert_int_equal(pcibar_config_find_capability(dev, 0x05, &off), -EIO);
	fake->error[FAKE_GET_HEADER] = 0;
	assert_int_equal(pcibar_config_find_capability(dev, 0x05, &off), 0);
	assert_int_equal(off, 0xc0);
}

/* On sysfs that takes many calls for a bridge. */
static void asks_for_the_layout_once(void **state)
{
	unsigned int off;

	(void)state;
	fake_set_config(fake, 0x06, 2, 0x10);
	fake_set_config(fake, 0x34, 1, 0x40);
	add_capability(0x40, 0x01, 0x00);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(pcibar_config_find_capability(dev, 0x01, &off), 0);
	assert_int_equal(fake_count(fake, FAKE_GET_HEADER), 1);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 5 * 3);
}

static void finds_the_last_of_a_full_list(void **state)
{
	unsigned int off;

	(void)state;
	fake_set_config(fake, 0x06, 2, 0x10);
	fake_set_config(fake, 0x34, 1, 0x40);
	for (unsigned int at = 0x40; at < 0x100; at += 4)
		add_capability(at, at == 0xfc ? 0x10 : 0x09, (uint8_t)(at + 4));
	assert_int_equal(pcibar_config_find_capability(dev, 0x10, &off), 0);
	assert_int_equal(off, 0xfc);
}

static void add_extended(unsigned int off, uint16_t id, unsigned int next)
{
	fake_set_config(fake, off, 4, (uint32_t)next << 20 | 1u << 16 | id);
}

static void finds_extended_capabilities(void **state)
{
	unsigned int off = 1;

	(void)state;
	assert_int_equal(pcibar_config_find_extended(dev, 1, &off), -ENOENT);
	assert_int_equal(off, 1);
	fake->config_len = 4096;
	assert_int_equal(pcibar_config_find_extended(dev, 1, &off), -ENOENT);
	add_extended(0x100, 0x0001, 0x148);
	add_extended(0x148, 0x0003, 0xffc);
	add_extended(0xffc, 0xfffe, 0);
	assert_int_equal(pcibar_config_find_extended(dev, 0x0001, &off), 0);
	assert_int_equal(off, 0x100);
	assert_int_equal(pcibar_config_find_extended(dev, 0x0003, &off), 0);
	assert_int_equal(off, 0x148);
	assert_int_equal(pcibar_config_find_extended(dev, 0xfffe, &off), 0);
	assert_int_equal(off, 0xffc);
	assert_int_equal(pcibar_config_find_extended(dev, 0x0015, &off), -ENOENT);
}

static void leaves_a_looping_extended_list(void **state)
{
	unsigned int off;

	(void)state;
	fake->config_len = 4096;
	add_extended(0x100, 0x0001, 0x200);
	add_extended(0x200, 0x0003, 0x100);
	assert_int_equal(pcibar_config_find_extended(dev, 0x0015, &off), -ENOENT);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 2);
	add_extended(0x200, 0x0003, 0x203);	/* to itself, with reserved bits */
	fake_forget(fake);
	assert_int_equal(pcibar_config_find_extended(dev, 0x0015, &off), -ENOENT);
	add_extended(0x200, 0x0003, 0x0fc);	/* back into the plain space */
	assert_int_equal(pcibar_config_find_extended(dev, 0x0015, &off), -ENOENT);
	fake_set_config(fake, 0x100, 4, UINT32_MAX);
	assert_int_equal(pcibar_config_find_extended(dev, 0xffff, &off), -ENOENT);
}

static void lists_extended_capabilities(void **state)
{
	char listed[64] = "";

	(void)state;
	assert_int_equal(pcibar_config_list_extended(dev, note, listed), 0);
	fake->config_len = 4096;
	add_extended(0x100, 0x0001, 0x148);
	add_extended(0x148, 0x0003, 0x100);
	assert_int_equal(pcibar_config_list_extended(dev, note, listed), 0);
	assert_string_equal(listed, "1@100 3@148 ");
	*listed = '\0';
	fake_set_config(fake, 0x148, 4, UINT32_MAX);
	assert_int_equal(pcibar_config_list_extended(dev, note, listed), 0);
	assert_string_equal(listed, "1@100 ");
}

static void searches_check_their_arguments(void **state)
{
	unsigned int off;

	(void)state;
	assert_int_equal(pcibar_config_find_capability(dev, 0, &off), -EINVAL);
	assert_int_equal(pcibar_config_find_capability(dev, 256, &off), -EINVAL);
	assert_int_equal(pcibar_config_find_extended(dev, 0, &off), -EINVAL);
	assert_int_equal(pcibar_config_find_extended(dev, 65536, &off), -EINVAL);
	assert_int_equal(fake->count, 0);
}

static void searches_pass_errors_on(void **state)
{
	static const int errors[] = { -EACCES, -ENODEV, -EIO };
	unsigned int off;

	(void)state;
	fake->config_len = 4096;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		fake->error[FAKE_CONFIG_READ] = errors[i];
		assert_int_equal(pcibar_config_find_capability(dev, 5, &off), errors[i]);
		assert_int_equal(pcibar_config_find_extended(dev, 5, &off), errors[i]);
	}
}

static int read_width(unsigned int off, unsigned int width, uint32_t *val)
{
	uint16_t u16 = 0;
	uint8_t u8 = 0;
	int ret;

	if (width == 4)
		return pcibar_config_read32(dev, off, val);
	ret = width == 2 ? pcibar_config_read16(dev, off, &u16)
			 : pcibar_config_read8(dev, off, &u8);
	*val = width == 2 ? u16 : u8;
	return ret;
}

/* A register may be all-ones; only then is another access made. */
static void asks_for_the_function_after_all_ones(void **state)
{
	uint32_t val;

	(void)state;
	fake_set_config(fake, 0x40, 4, UINT32_MAX);
	fake_set_config(fake, 0x44, 4, 0xfffefeff);
	for (unsigned int width = 1; width <= 4; width *= 2) {
		fake_forget(fake);
		assert_int_equal(read_width(0x40, width, &val), 0);
		assert_int_equal(val, UINT32_MAX >> (32 - 8 * width));
		assert_int_equal(fake->count, 2);
		assert_int_equal(fake->events[1].off, 0);
		if (width == 1)
			continue;
		fake_forget(fake);
		assert_int_equal(read_width(0x44, width, &val), 0);
		assert_int_equal(fake->count, 1);
	}
	assert_false(pcibar_device_is_gone(dev));
}

static void reads_the_ids_of_a_virtual_function(void **state)
{
	uint32_t val;

	(void)state;
	fake->is_virtual = true;
	fake_set_config(fake, 0, 4, UINT32_MAX);
	assert_int_equal(read_width(0, 4, &val), 0);
	assert_int_equal(val, UINT32_MAX);
	assert_int_equal(read_width(2, 2, &val), 0);
	assert_false(pcibar_device_is_gone(dev));
}

static void all_ones_from_an_absent_function_are_no_value(void **state)
{
	uint32_t u32 = 0x5a5a5a5a;
	uint16_t u16 = 0x5a5a;
	uint8_t u8 = 0x5a;

	(void)state;
	memset(fake->config, 0xff, sizeof(fake->config));
	assert_int_equal(pcibar_config_read8(dev, 0x3c, &u8), -ENODEV);
	assert_int_equal(pcibar_config_read16(dev, 0, &u16), -ENODEV);
	assert_int_equal(pcibar_config_read32(dev, 0x40, &u32), -ENODEV);
	assert_true(u8 == 0x5a && u16 == 0x5a5a && u32 == 0x5a5a5a5a);
	assert_true(pcibar_device_is_gone(dev));
}

static void an_error_of_absence_is_remembered(void **state)
{
	uint32_t val;

	(void)state;
	fake->error[FAKE_CONFIG_WRITE] = -EIO;
	assert_int_equal(pcibar_config_write8(dev, 0x40, 1), -EIO);
	assert_false(pcibar_device_is_gone(dev));
	fake->error[FAKE_CONFIG_READ] = fake->error[FAKE_CONFIG_WRITE] = -ENODEV;
	assert_int_equal(read_width(0x40, 4, &val), -ENODEV);
	assert_true(pcibar_device_is_gone(dev));
	pcibar_device_close(dev);
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	assert_int_equal(pcibar_config_write8(dev, 0x40, 1), -ENODEV);
	assert_true(pcibar_device_is_gone(dev));
}

/* All-ones from a function that is gone must not read as a list. */
static void finds_nothing_in_an_absent_function(void **state)
{
	unsigned int off;

	(void)state;
	fake->config_len = 4096;
	memset(fake->config, 0xff, sizeof(fake->config));
	assert_int_equal(pcibar_config_find_capability(dev, 5, &off), -ENODEV);
	assert_int_equal(pcibar_config_find_extended(dev, 5, &off), -ENODEV);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CONFIG_TEST(reads_each_width_in_one_access),
		CONFIG_TEST(writes_each_width_in_one_access),
		CONFIG_TEST(refuses_what_is_unaligned),
		CONFIG_TEST(refuses_what_is_outside),
		CONFIG_TEST(passes_errors_on),
		CONFIG_TEST(writes_only_what_was_opened_for_it),
		CONFIG_TEST(asks_for_the_function_after_all_ones),
		CONFIG_TEST(reads_the_ids_of_a_virtual_function),
		CONFIG_TEST(all_ones_from_an_absent_function_are_no_value),
		CONFIG_TEST(an_error_of_absence_is_remembered),
		CONFIG_TEST(finds_capabilities),
		CONFIG_TEST(follows_odd_pointers),
		CONFIG_TEST(leaves_a_looping_list),
		CONFIG_TEST(lists_capabilities),
		CONFIG_TEST(finds_the_list_of_a_cardbus_bridge),
		CONFIG_TEST(asks_for_the_layout_once),
		CONFIG_TEST(finds_the_last_of_a_full_list),
		CONFIG_TEST(finds_extended_capabilities),
		CONFIG_TEST(leaves_a_looping_extended_list),
		CONFIG_TEST(lists_extended_capabilities),
		CONFIG_TEST(searches_check_their_arguments),
		CONFIG_TEST(searches_pass_errors_on),
		CONFIG_TEST(finds_nothing_in_an_absent_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
