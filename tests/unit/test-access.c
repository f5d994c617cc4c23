// SPDX-License-Identifier: BSD-2-Clause
/* Checked reads and writes. */
#include "unit.h"

#include <endian.h>

#include "fake-backend.h"
#include "internal.h"

#define LEN	0x1000

static struct fake *fake;
static struct pcibar_device *dev;
static struct pcibar_map *map;

static void map_again(unsigned int bar, uint32_t flags, uint64_t offset)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = flags, .offset = offset };

	pcibar_map_release(map);
	map = NULL;
	assert_int_equal(pcibar_bar_map(dev, bar, &opts, &map), 0);
}

static int setup(void **state)
{
	int ret = unit_setup(state);

	fake = fake_add("0000:03:00.0");
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, LEN);
	fake_add_bar(fake, 4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20);
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	map_again(0, PCIBAR_MAP_WRITE, 0);
	fake_forget(fake);
	return ret;
}

static int teardown(void **state)
{
	pcibar_map_release(map);
	map = NULL;
	pcibar_device_close(dev);
	return unit_teardown(state);
}

#define ACCESS_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static const unsigned int widths[] = { 1, 2, 4, 8 };

static uint64_t ones(unsigned int width)
{
	return UINT64_MAX >> (64 - 8 * width);
}

static void reads_numbers(void **state)
{
	static const unsigned char bytes[] = { 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01 };
	static const uint64_t values[] = { 0xef, 0xcdef, 0x89abcdef, 0x0123456789abcdef };

	(void)state;
	fake_poke(fake, 0, 0x20, bytes, sizeof(bytes));
	for (size_t i = 0; i < 4; i++) {
		uint64_t val = UINT64_MAX;

		assert_int_equal(pcibar_map_read(map, 0x20, widths[i], &val), 0);
		assert_int_equal(val, values[i]);
	}

	/* Values say nothing about absence: the vendor ID is not read. */
	assert_int_equal(fake->count, 0);
}

static void writes_numbers(void **state)
{
	static const uint64_t values[] = { 0xef, 0xcdef, 0x89abcdef, 0x0123456789abcdef };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint64_t before[3] = { UINT64_MAX, UINT64_MAX, UINT64_MAX }, after[3];

		fake_poke(fake, 0, 0x18, before, sizeof(before));
		assert_int_equal(pcibar_map_write(map, 0x20, widths[i], values[i]), 0);
		fake_peek(fake, 0, 0x18, after, sizeof(after));
		before[1] = htole64((UINT64_MAX & ~ones(widths[i])) | values[i]);
		assert_memory_equal(after, before, sizeof(after));
	}
	assert_int_equal(fake->count, 0);
}

static void refuses_other_widths(void **state)
{
	static const unsigned int wrong[] = { 0, 3, 5, 6, 7, 9, 16, 32, UINT32_MAX };
	uint64_t val = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(pcibar_map_read(map, 0, wrong[i], &val), -EINVAL);
		assert_int_equal(pcibar_map_write(map, 0, wrong[i], 0), -EINVAL);
	}
	assert_int_equal(val, 42);
}

static void refuses_what_is_unaligned(void **state)
{
	uint64_t val;

	(void)state;
	for (size_t i = 1; i < 4; i++)
		for (unsigned int off = 1; off < widths[i]; off++) {
			assert_int_equal(pcibar_map_read(map, off, widths[i], &val), -EINVAL);
			assert_int_equal(pcibar_map_write(map, off, widths[i], 0), -EINVAL);
		}
}

/* What counts is the place in the BAR: that is what the device sees. */
static void aligns_in_the_bar(void **state)
{
	uint64_t val;

	(void)state;
	map_again(0, PCIBAR_MAP_WRITE, 3);
	assert_int_equal(pcibar_map_read(map, 0, 2, &val), -EINVAL);
	assert_int_equal(pcibar_map_read(map, 1, 2, &val), 0);
	assert_int_equal(pcibar_map_read(map, 1, 4, &val), 0);
	assert_int_equal(pcibar_map_read(map, 1, 8, &val), -EINVAL);
	assert_int_equal(pcibar_map_read(map, 5, 8, &val), 0);
	assert_int_equal(pcibar_map_write(map, 5, 8, 0x1122334455667788), 0);
	fake_peek(fake, 0, 8, &val, 8);
	assert_int_equal(le64toh(val), 0x1122334455667788);
}

static void keeps_to_the_window(void **state)
{
	uint64_t val;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const unsigned int width = widths[i];
		const uint64_t outside[] = {
			LEN, LEN + width, UINT64_MAX - width + 1, UINT64_C(1) << 32,
			UINT64_C(1) << 63,
		};

		assert_int_equal(pcibar_map_read(map, LEN - width, width, &val), 0);
		assert_int_equal(pcibar_map_write(map, LEN - width, width, 0), 0);
		for (size_t j = 0; j < sizeof(outside) / sizeof(*outside); j++) {
			assert_int_equal(pcibar_map_read(map, outside[j], width, &val), -ERANGE);
			assert_int_equal(pcibar_map_write(map, outside[j], width, 0), -ERANGE);
		}
	}
	map_again(0, 0, LEN - 2);
	assert_int_equal(pcibar_map_read(map, 0, 2, &val), 0);
	assert_int_equal(pcibar_map_read(map, 2, 2, &val), -ERANGE);
}

static void refuses_values_that_do_not_fit(void **state)
{
	uint64_t after;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pcibar_map_write(map, 0, widths[i], ones(widths[i]) + 1), -EINVAL);
		assert_int_equal(pcibar_map_write(map, 0, widths[i], UINT64_MAX), -EINVAL);
		assert_int_equal(pcibar_map_write(map, 8, widths[i], ones(widths[i])), 0);
	}
	fake_peek(fake, 0, 0, &after, 8);
	assert_int_equal(after, 0);
}

static void writes_only_what_was_mapped_for_it(void **state)
{
	uint64_t val = 42;

	(void)state;
	map_again(0, 0, 0);
	assert_int_equal(pcibar_map_write(map, 0, 4, 1), -EACCES);
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	assert_int_equal(val, 0);
	map_again(4, PCIBAR_MAP_INDIRECT, 0);
	assert_int_equal(pcibar_map_write(map, 0, 4, 1), -EACCES);
	assert_int_equal(fake_count(fake, FAKE_CHANNEL_WRITE), 0);
}

static void make_absent(void)
{
	memset(fake->config, 0xff, fake->config_len);
}

static void all_ones_from_a_live_function_is_a_value(void **state)
{
	const uint64_t all = UINT64_MAX;

	(void)state;
	fake_poke(fake, 0, 0, &all, sizeof(all));
	for (size_t i = 0; i < 4; i++) {
		uint64_t val = 0;

		fake_forget(fake);
		assert_int_equal(pcibar_map_read(map, 0, widths[i], &val), 0);
		assert_int_equal(val, ones(widths[i]));
		assert_int_equal(fake->count, 1);
		assert_int_equal(fake->events[0].op, FAKE_CONFIG_READ);
		assert_int_equal(fake->events[0].off, 0);
		assert_int_equal(fake->events[0].len, 2);
	}

	/* Who cannot be asked is not gone. */
	fake->error[FAKE_CONFIG_READ] = -EACCES;
	assert_int_equal(pcibar_map_read(map, 0, 4, &(uint64_t){ 0 }), 0);
	assert_false(pcibar_map_is_lost(map));
}

/* A bridge may split a load of 8 bytes, and only one half of it be lost. */
static void half_of_all_ones_is_checked_too(void **state)
{
	static const uint64_t halves[] = { UINT32_MAX, (uint64_t)UINT32_MAX << 32 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const uint64_t bytes = htole64(halves[i]);
		uint64_t val = 0;

		fake_poke(fake, 0, 0, &bytes, sizeof(bytes));
		fake_forget(fake);
		assert_int_equal(pcibar_map_read(map, 0, 8, &val), 0);
		assert_true(val == halves[i]);
		assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 1);
	}
	make_absent();
	assert_int_equal(pcibar_map_read(map, 0, 8, &(uint64_t){ 0 }), -ENODEV);
}

/*
 * The IDs of a virtual function are those of its physical function. That it is virtual is no
 * longer known once its removal has begun.
 */
static void a_virtual_function_is_asked_for_its_class(void **state)
{
	const uint64_t all = UINT64_MAX;

	(void)state;
	fake_poke(fake, 0, 0, &all, sizeof(all));
	fake_set_config(fake, 0, 4, UINT32_MAX);
	for (size_t i = 0; i < 4; i++) {
		uint64_t val = 0;

		fake_forget(fake);
		assert_int_equal(pcibar_map_read(map, 0, widths[i], &val), 0);
		assert_int_equal(val, ones(widths[i]));
		assert_int_equal(fake->count, 2);
		assert_int_equal(fake->events[1].off, 8);
		assert_int_equal(fake->events[1].len, 4);
	}
	assert_false(pcibar_map_is_lost(map));
	assert_false(pcibar_device_is_gone(dev));
}

static void all_ones_without_a_function_are_a_loss(void **state)
{
	const uint64_t all = UINT64_MAX;
	uint64_t val = 42;

	(void)state;
	fake_poke(fake, 0, 0, &all, sizeof(all));
	make_absent();
	assert_int_equal(pcibar_map_read(map, 8, 4, &val), 0);
	assert_int_equal(val, 0);
	assert_false(pcibar_map_is_lost(map));
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), -ENODEV);
	assert_int_equal(val, 0);
	assert_true(pcibar_map_is_lost(map));
	assert_true(pcibar_device_is_gone(dev));

	/* It never comes back, even if the function does. */
	fake_set_config(fake, 0, 4, 0x11e81234);
	fake_set_config(fake, PCIR_COMMAND, 2, PCIBAR_DECODE_IO | PCIBAR_DECODE_MEM);
	fake_set_config(fake, PCIR_BARS, 4, 0xfd000000);
	assert_int_equal(pcibar_map_read(map, 8, 4, &val), -ENODEV);
	assert_int_equal(pcibar_map_write(map, 8, 4, 1), -ENODEV);
	assert_int_equal(pcibar_map_copy_from(map, 8, &val, 4, 4, 0), -ENODEV);
	assert_int_equal(pcibar_map_copy_to(map, 8, &val, 4, 4, 0), -ENODEV);
	fake_peek(fake, 0, 8, &val, 8);
	assert_int_equal(val, 0);
	map_again(0, PCIBAR_MAP_WRITE, 0);
	assert_int_equal(pcibar_map_read(map, 8, 4, &val), 0);
}

static void a_function_without_configuration_space_is_gone(void **state)
{
	const uint64_t all = UINT64_MAX;

	(void)state;
	fake_poke(fake, 0, 0, &all, sizeof(all));
	fake->error[FAKE_CONFIG_READ] = -ENODEV;
	assert_int_equal(pcibar_map_read(map, 0, 1, &(uint64_t){ 0 }), -ENODEV);
	assert_true(pcibar_map_is_lost(map));
}

static void checks_all_ones_from_a_channel(void **state)
{
	const uint32_t all = UINT32_MAX;
	uint64_t val = 0;

	(void)state;
	map_again(4, PCIBAR_MAP_INDIRECT, 0);
	fake_poke(fake, 4, 0, &all, sizeof(all));
	assert_int_equal(pcibar_map_read(map, 0, 2, &val), 0);
	assert_int_equal(val, UINT16_MAX);
	make_absent();
	assert_int_equal(pcibar_map_read(map, 0, 2, &val), -ENODEV);
	assert_true(pcibar_map_is_lost(map));
}

static void passes_a_channels_errors_on(void **state)
{
	uint64_t val = 42;

	(void)state;
	map_again(4, PCIBAR_MAP_INDIRECT | PCIBAR_MAP_WRITE, 0);
	fake->error[FAKE_CHANNEL_READ] = fake->error[FAKE_CHANNEL_WRITE] = -EIO;
	assert_int_equal(pcibar_map_read(map, 0, 2, &val), -EIO);
	assert_int_equal(val, 42);
	assert_int_equal(pcibar_map_write(map, 0, 2, 1), -EIO);
	assert_false(pcibar_map_is_lost(map));

	/* What fails because the function does not respond is a loss. */
	make_absent();
	assert_int_equal(pcibar_map_read(map, 0, 2, &val), -ENODEV);
	assert_true(pcibar_map_is_lost(map));
}

/* The back end has found out: nothing reads all-ones, and the function need not be asked. */
static void a_channel_that_is_gone_is_a_loss(void **state)
{
	static const enum fake_op ops[] = { FAKE_CHANNEL_READ, FAKE_CHANNEL_WRITE };
	uint64_t val = 42;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		bool copy = i & 2;
		int ret;

		pcibar_device_close(dev);
		dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
		map_again(4, PCIBAR_MAP_INDIRECT | PCIBAR_MAP_WRITE, 0);
		fake_forget(fake);
		fake->error[ops[i & 1]] = -ENODEV;
		if (i & 1)
			ret = copy ? pcibar_map_copy_to(map, 0, &val, 8, 4, 0)
				   : pcibar_map_write(map, 0, 4, 1);
		else
			ret = copy ? pcibar_map_copy_from(map, 0, &val, 8, 4, 0)
				   : pcibar_map_read(map, 0, 4, &val);
		assert_int_equal(ret, -ENODEV);
		assert_true(pcibar_map_is_lost(map) && pcibar_device_is_gone(dev));
		assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 0);
		fake->error[ops[i & 1]] = 0;
		assert_int_equal(pcibar_map_read(map, 0, 4, &val), -ENODEV);
	}
	assert_int_equal(val, 42);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ACCESS_TEST(reads_numbers),
		ACCESS_TEST(writes_numbers),
		ACCESS_TEST(refuses_other_widths),
		ACCESS_TEST(refuses_what_is_unaligned),
		ACCESS_TEST(aligns_in_the_bar),
		ACCESS_TEST(keeps_to_the_window),
		ACCESS_TEST(refuses_values_that_do_not_fit),
		ACCESS_TEST(writes_only_what_was_mapped_for_it),
		ACCESS_TEST(all_ones_from_a_live_function_is_a_value),
		ACCESS_TEST(half_of_all_ones_is_checked_too),
		ACCESS_TEST(a_virtual_function_is_asked_for_its_class),
		ACCESS_TEST(all_ones_without_a_function_are_a_loss),
		ACCESS_TEST(a_function_without_configuration_space_is_gone),
		ACCESS_TEST(checks_all_ones_from_a_channel),
		ACCESS_TEST(passes_a_channels_errors_on),
		ACCESS_TEST(a_channel_that_is_gone_is_a_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
