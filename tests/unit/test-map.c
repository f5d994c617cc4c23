// SPDX-License-Identifier: BSD-2-Clause
/* Maps: windows, attributes and release. */
#include "unit.h"

#include <endian.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-backend.h"
#include "inject.h"
#include "internal.h"

#define GIB	(UINT64_C(1) << 30)

static struct pcibar_refusal why;
static struct pcibar_map_opts opts;

static int setup(void **state)
{
	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	opts = (struct pcibar_map_opts){ .size = sizeof(opts), .why = &why };
	return unit_setup(state);
}

#define MAP_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

static uint64_t page(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static struct pcibar_map *map_bar(struct pcibar_device *dev, unsigned int bar)
{
	struct pcibar_map *map = NULL;

	if (pcibar_bar_map(dev, bar, &opts, &map))
		fail_msg("BAR %u: %s", bar, why.count ? why.reasons[0].what : "no reason");
	return map;
}

static int try_map(struct pcibar_device *dev, unsigned int bar)
{
	struct pcibar_map *map = NULL;
	int ret = pcibar_bar_map(dev, bar, &opts, &map);

	if (!ret)
		pcibar_map_release(map);
	else
		assert_null(map);
	return ret;
}

/* First of all tests: later the guard has slots to spare and needs no memory. */
static void survives_without_memory(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	unsigned int nth;

	(void)state;
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x10000);
	fake_add_bar(fake, 4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20);
	fake_set_config(fake, PCIR_COMMAND, 2, 0);
	opts.flags = PCIBAR_MAP_ACTIVATE;
	for (unsigned int bar = 0; bar <= 4; bar += 4) {
		for (nth = 1; inject(INJECT_ALLOC, nth, ENOMEM), try_map(dev, bar); nth++) {
			assert_true(inject_happened(INJECT_ALLOC));
			assert_refused(&why, PCIBAR_REASON_SYSTEM, -ENOMEM);
			assert_int_equal(fake_get_config(fake, PCIR_COMMAND, 2), 0);
		}
		assert_false(inject_happened(INJECT_ALLOC));
		/* The map, and the guard's slot or the channel. */
		assert_int_equal(nth, 3);
		opts.flags |= PCIBAR_MAP_INDIRECT;
	}

	pcibar_device_close(dev);
}

static void maps_all_of_it_read_only_by_default(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);
	const uint32_t magic = htole32(0x010000ed);
	struct pcibar_map *map;

	(void)state;
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x10000);
	fake_poke(fake, 0, 0, &magic, 4);
	assert_int_equal(pcibar_bar_map(dev, 0, NULL, &map), 0);
	assert_int_equal(pcibar_map_length(map), 0x10000);
	assert_int_equal(pcibar_map_offset(map), 0);
	assert_int_equal(pcibar_map_attr(map), PCIBAR_ATTR_UC);
	assert_false(pcibar_map_is_lost(map));
	assert_int_equal(pcibar_read32(pcibar_map_addr(map)), 0x010000ed);
	assert_int_equal(pcibar_map_write(map, 0, 4, 0), -EACCES);
	pcibar_map_release(map);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_WRITE), 0);
	pcibar_device_close(dev);
}

static int write_raw(void *data)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };

	sigaction(SIGSEGV, &dfl, NULL);
	pcibar_write32(pcibar_map_addr(data), 1);
	return 0;
}

static void only_a_writable_map_can_be_written(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	struct pcibar_map *map;
	uint32_t val = 0;
	int status;

	(void)state;
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x1000);
	map = map_bar(dev, 0);
	status = unit_in_child(write_raw, map);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	pcibar_map_release(map);
	opts.flags = PCIBAR_MAP_WRITE;
	map = map_bar(dev, 0);
	assert_int_equal(unit_in_child(write_raw, map), 0);
	fake_peek(fake, 0, 0, &val, 4);
	assert_int_equal(le32toh(val), 1);
	pcibar_map_release(map);
	pcibar_device_close(dev);
}

static void maps_the_pages_of_the_window_only(void **state)
{
	const uint64_t p = page(), len = 16 * p;
	const struct {
		uint64_t offset, length, pages_offset, pages_length;
	} windows[] = {
		{ 0, 0, 0, len }, { 0, 1, 0, p }, { 0, p, 0, p }, { 0, p + 1, 0, 2 * p },
		{ p, 0, p, len - p }, { p + 4, 4, p, p }, { p - 1, 2, 0, 2 * p },
		{ 3 * p + 1, p, 3 * p, 2 * p }, { len - 1, 0, len - p, p },
		{ len - 1, 1, len - p, p }, { 1, len - 1, 0, len },
	};
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);

	(void)state;
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, len);
	for (uint64_t i = 0; i < len; i++)
		fake_poke(fake, 0, i, &(unsigned char){ (unsigned char)(i * 7 >> 3) }, 1);
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		const struct fake_event *event;
		struct pcibar_map *map;

		fake_forget(fake);
		opts.offset = windows[i].offset;
		opts.length = windows[i].length;
		map = map_bar(dev, 0);
		event = fake_find(fake, FAKE_MAP, 0);
		assert_int_equal(event->off, windows[i].pages_offset);
		assert_int_equal(event->len, windows[i].pages_length);
		assert_int_equal(pcibar_map_offset(map), windows[i].offset);
		assert_int_equal(pcibar_map_length(map), windows[i].length ? windows[i].length
									    : len - opts.offset);
		assert_int_equal(pcibar_read8(pcibar_map_addr(map)),
				 (unsigned char)(opts.offset * 7 >> 3));
		pcibar_map_release(map);
	}
	pcibar_device_close(dev);
}

static void adds_the_in_page_offset(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);
	const struct fake_event *event;
	struct pcibar_map *map;
	unsigned char bytes[256];
	uint64_t val;

	(void)state;
	fake_add_bar(fake, 1, PCIBAR_BAR_KIND_MEM32, 0xfd000400, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(255 - i);

	fake_poke(fake, 1, 0, bytes, sizeof(bytes));
	opts.offset = 0x10;
	map = map_bar(dev, 1);
	event = fake_find(fake, FAKE_MAP, 0);
	assert_int_equal(event->off, 0);
	assert_int_equal(event->len, page());
	assert_int_equal(pcibar_map_length(map), sizeof(bytes) - 0x10);
	assert_int_equal(pcibar_read8(pcibar_map_addr(map)), 0xef);
	assert_int_equal(pcibar_map_read(map, 0xef, 1, &val), 0);
	assert_int_equal(val, 0);
	assert_int_equal(pcibar_map_read(map, 0xf0, 1, &val), -ERANGE);
	event = fake_find(fake, FAKE_GET_NEIGHBOUR, 0);
	assert_int_equal(event->bar, 1);
	assert_int_equal(event->off, 0xfd000000);
	assert_int_equal(event->len, 0xfd000000 + page() - 1);
	pcibar_map_release(map);
	pcibar_device_close(dev);
}

static void reaches_beyond_4_gib(void **state)
{
	const uint64_t below = 0x1111111111111111, above = 0x2222222222222222;
	const struct fake_event *event;
	struct pcibar_device *dev;
	struct pcibar_map *map;
	struct fake *fake;
	uint64_t val;

	(void)state;
	if (!unit_can_map(16 * GIB))
		unit_skip("16 GiB cannot be mapped here");
	fake = fake_add("0000:03:00.0");
	dev = unit_open("0000:03:00.0", 0);
	fake_add_bar(fake, 2, PCIBAR_BAR_KIND_MEM64, 0x380000000000, 16 * GIB);
	fake_poke(fake, 2, GIB + 8, &below, 8);
	fake_poke(fake, 2, 5 * GIB + 8, &above, 8);
	map = map_bar(dev, 2);
	assert_int_equal(pcibar_map_length(map), 16 * GIB);
	assert_int_equal(pcibar_map_read(map, 5 * GIB + 8, 8, &val), 0);
	assert_int_equal(val, above);
	assert_int_equal(pcibar_map_read(map, GIB + 8, 8, &val), 0);
	assert_int_equal(val, below);
	assert_int_equal(pcibar_map_read(map, 16 * GIB - 8, 8, &val), 0);
	assert_int_equal(pcibar_map_read(map, 16 * GIB, 8, &val), -ERANGE);
	pcibar_map_release(map);

	fake_forget(fake);
	opts.offset = 5 * GIB;
	opts.length = page();
	map = map_bar(dev, 2);
	event = fake_find(fake, FAKE_MAP, 0);
	assert_int_equal(event->off, 5 * GIB);
	assert_int_equal(event->len, page());
	assert_int_equal(pcibar_map_read(map, 8, 8, &val), 0);
	assert_int_equal(val, above);
	pcibar_map_release(map);
	pcibar_device_close(dev);
}

static void asks_for_the_attribute(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);
	struct pcibar_map *map;

	(void)state;
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x1000);
	fake->bar[0].res.flags |= PCIBAR_BAR_F_HAS_WC;
	opts.attr = PCIBAR_ATTR_WC;
	map = map_bar(dev, 0);
	assert_int_equal(pcibar_map_attr(map), PCIBAR_ATTR_WC);
	assert_int_equal(fake_find(fake, FAKE_MAP, 0)->val, PCIBAR_ATTR_WC);
	pcibar_map_release(map);
	pcibar_device_close(dev);
}

static int map_sized(void *arg, void *data)
{
	struct pcibar_map *map;
	int ret = pcibar_bar_map(data, 0, arg, &map);

	if (!ret)
		pcibar_map_release(map);
	return ret;
}

static int map_with_why(void *arg, void *data)
{
	opts.why = arg;
	return try_map(data, 0);
}

static void checks_its_arguments(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	const struct pcibar_map_opts good = opts;

	(void)state;
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x1000);
	unit_check_sizes(&opts, sizeof(opts), map_sized, dev);
	unit_check_refusal_sizes(map_with_why, dev);
	opts = good;
	for (unsigned int bit = 6; bit < 32; bit++) {
		opts.flags = 1u << bit;
		assert_int_equal(try_map(dev, 0), -EINVAL);
	}

	opts = good;
	opts.attr = 2;
	assert_int_equal(try_map(dev, 0), -EINVAL);
	opts = good;
	opts.reserved = 1;
	assert_int_equal(try_map(dev, 0), -EINVAL);
	opts = good;
	assert_int_equal(try_map(dev, PCIBAR_BAR_COUNT), -EINVAL);
	assert_int_equal(try_map(dev, UINT32_MAX), -EINVAL);
	assert_int_equal(try_map(dev, 0), 0);
	pcibar_device_close(dev);
}

static void outlives_the_handle(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	struct pcibar_map *first, *second;
	uint64_t val;

	(void)state;
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x1000);
	opts.flags = PCIBAR_MAP_WRITE;
	first = map_bar(dev, 0);
	second = map_bar(dev, 0);

	pcibar_device_close(dev);
	assert_int_equal(fake->open, 1);
	assert_int_equal(pcibar_map_write(first, 0, 4, 0x12345678), 0);

	pcibar_map_release(first);
	assert_int_equal(fake->open, 1);
	assert_int_equal(pcibar_map_read(second, 0, 4, &val), 0);
	assert_int_equal(val, 0x12345678);
	fake_poke(fake, 0, 0, &(uint32_t){ UINT32_MAX }, 4);
	assert_int_equal(pcibar_map_read(second, 0, 4, &val), 0);

	pcibar_map_release(second);
	assert_int_equal(fake->open, 0);
}

static void releases_nothing(void **state)
{
	(void)state;
	pcibar_map_release(NULL);
}

static void goes_through_a_channel(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	const struct fake_event *event;
	struct pcibar_map *map;
	uint64_t val;

	(void)state;
	fake_add_bar(fake, 4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20);
	opts.flags = PCIBAR_MAP_INDIRECT | PCIBAR_MAP_WRITE;
	opts.offset = 4;

	map = map_bar(dev, 4);
	assert_null(pcibar_map_addr(map));
	assert_int_equal(pcibar_map_length(map), 0x1c);
	assert_int_equal(pcibar_map_offset(map), 4);
	assert_int_equal(fake_find(fake, FAKE_CHANNEL_OPEN, 0)->val, true);

	assert_int_equal(pcibar_map_write(map, 2, 2, 0xbeef), 0);
	event = fake_find(fake, FAKE_CHANNEL_WRITE, 0);
	assert_int_equal(event->off, 6);
	assert_int_equal(event->len, 2);
	assert_int_equal(event->val, 0xbeef);

	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	assert_int_equal(val, 0xbeef0000);
	assert_int_equal(fake_count(fake, FAKE_CHANNEL_READ), 1);

	assert_int_equal(pcibar_map_read(map, 4, 8, &val), -EOPNOTSUPP);
	assert_int_equal(pcibar_map_write(map, 4, 8, 0), -EOPNOTSUPP);
	assert_int_equal(pcibar_map_read(map, 0x1c, 1, &val), -ERANGE);

	pcibar_map_release(map);
	assert_int_equal(fake->channels, 0);
	assert_int_equal(fake_count(fake, FAKE_MAP), 0);
	pcibar_device_close(dev);
}

static void sees_the_image_of_a_rom(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	struct pcibar_map *map;

	(void)state;
	fake_add_bar(fake, PCIBAR_BAR_ROM, PCIBAR_BAR_KIND_ROM, 0xfe000000, 0x10000);
	fake->bar[PCIBAR_BAR_ROM].image = 0x9600;
	opts.flags = PCIBAR_MAP_INDIRECT | PCIBAR_MAP_ACTIVATE;

	map = map_bar(dev, PCIBAR_BAR_ROM);
	assert_int_equal(pcibar_map_length(map), 0x9600);
	pcibar_map_release(map);

	opts.offset = 0x9000;
	map = map_bar(dev, PCIBAR_BAR_ROM);
	assert_int_equal(pcibar_map_length(map), 0x600);
	pcibar_map_release(map);

	opts.length = 0x600;
	assert_int_equal(try_map(dev, PCIBAR_BAR_ROM), 0);
	opts.length = 0x601;
	assert_int_equal(try_map(dev, PCIBAR_BAR_ROM), -ERANGE);
	assert_refused(&why, PCIBAR_REASON_RANGE, -ERANGE);

	opts.offset = 0x9600;
	opts.length = 0;
	assert_int_equal(try_map(dev, PCIBAR_BAR_ROM), -ERANGE);

	assert_int_equal(fake->channels, 0);
	pcibar_device_close(dev);
}

static void passes_the_systems_refusal_on(void **state)
{
	static const int errors[] = { -EACCES, -EPERM, -EBUSY, -ENOMEM, -ENODEV };
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);

	(void)state;
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x1000);
	fake_add_bar(fake, 4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20);
	fake_set_config(fake, PCIR_COMMAND, 2, 0);
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		fake->error[FAKE_MAP] = fake->error[FAKE_CHANNEL_OPEN] = errors[i];
		opts.flags = PCIBAR_MAP_ACTIVATE;
		assert_int_equal(try_map(dev, 0), errors[i]);
		assert_refused(&why, PCIBAR_REASON_CLAIMED, errors[i]);
		opts.flags |= PCIBAR_MAP_INDIRECT;
		assert_int_equal(try_map(dev, 4), errors[i]);
		assert_refused(&why, PCIBAR_REASON_PERMISSION, errors[i]);
		/* What was turned on for the map is off again. */
		assert_int_equal(fake_get_config(fake, PCIR_COMMAND, 2), 0);
	}

	pcibar_device_close(dev);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MAP_TEST(survives_without_memory),
		MAP_TEST(maps_all_of_it_read_only_by_default),
		MAP_TEST(only_a_writable_map_can_be_written),
		MAP_TEST(maps_the_pages_of_the_window_only),
		MAP_TEST(adds_the_in_page_offset),
		MAP_TEST(reaches_beyond_4_gib),
		MAP_TEST(asks_for_the_attribute),
		MAP_TEST(checks_its_arguments),
		MAP_TEST(outlives_the_handle),
		MAP_TEST(releases_nothing),
		MAP_TEST(goes_through_a_channel),
		MAP_TEST(sees_the_image_of_a_rom),
		MAP_TEST(passes_the_systems_refusal_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
