// SPDX-License-Identifier: BSD-2-Clause
/* What a device sees: exactly one access of the width for each unit, in order, none besides. */
#include "unit.h"

#include "fake-backend.h"
#include "internal.h"
#include "trap.h"

#define LEN	0x1000

static struct fake *fake;
static struct pcibar_device *dev;
static struct pcibar_map *map;

static int setup(void **state)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = PCIBAR_MAP_WRITE };
	int ret = unit_setup(state);

	fake = fake_add("0000:03:00.0");
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, LEN);
	for (unsigned int i = 0; i < LEN; i += 4)
		fake_poke(fake, 0, i, &(uint32_t){ i * 2654435761u }, 4);
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), 0);
	return ret;
}

static int teardown(void **state)
{
	trap_end();
	pcibar_map_release(map);
	pcibar_device_close(dev);
	return unit_teardown(state);
}

#define EXACT_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* In the test itself: around each test and fixture cmocka sets signal handlers of its own. */
static void watch(void)
{
	trap_begin(pcibar_map_addr(map), LEN, fake->bar[0].fd);
}

/* @count accesses since number @from, @step apart. */
static void assert_accesses(size_t from, size_t count, uint64_t off, unsigned int width,
			    uint64_t step, bool write)
{
	const struct trap_access *seen;
	size_t total;

	seen = trap_seen(&total);
	assert_int_equal(total - from, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(seen[from + i].off, off + i * step);
		assert_int_equal(seen[from + i].width, width);
		assert_int_equal(seen[from + i].write, write);
	}
}

static size_t seen_so_far(void)
{
	size_t count;

	trap_seen(&count);
	return count;
}

static void a_checked_access_is_one_access(void **state)
{
	(void)state;
	watch();
	for (unsigned int width = 1; width <= 8; width *= 2) {
		size_t from = seen_so_far();
		uint64_t val, back = 0;

		assert_int_equal(pcibar_map_read(map, 0x40, width, &val), 0);
		assert_accesses(from, 1, 0x40, width, 0, false);
		assert_int_equal(pcibar_map_write(map, 0x80, width, val), 0);
		assert_accesses(from + 1, 1, 0x80, width, 0, true);
		fake_peek(fake, 0, 0x80, &back, width);
		assert_int_equal(back, val);
		/* Zero is where compilers try to be clever. */
		assert_int_equal(pcibar_map_write(map, 0x80, width, 0), 0);
		assert_accesses(from + 2, 1, 0x80, width, 0, true);
	}
}

static void all_ones_are_not_read_twice(void **state)
{
	uint64_t val = UINT64_MAX;

	(void)state;
	watch();
	fake_poke(fake, 0, 0x40, &val, 8);
	for (unsigned int width = 1; width <= 8; width *= 2) {
		size_t from = seen_so_far();

		assert_int_equal(pcibar_map_read(map, 0x40, width, &val), 0);
		assert_accesses(from, 1, 0x40, width, 0, false);
	}
}

static void a_refused_access_is_not_made(void **state)
{
	uint64_t val;

	(void)state;
	watch();
	assert_int_equal(pcibar_map_read(map, 2, 4, &val), -EINVAL);
	assert_int_equal(pcibar_map_read(map, LEN, 4, &val), -ERANGE);
	assert_int_equal(pcibar_map_write(map, 0, 4, UINT64_C(1) << 32), -EINVAL);
	assert_int_equal(pcibar_map_copy_to(map, LEN - 8, &val, 16, 4, 0), -ERANGE);
	assert_int_equal(seen_so_far(), 0);
}

static void a_copy_is_one_access_for_each_unit(void **state)
{
	unsigned char buf[72], before[64];

	(void)state;
	watch();
	for (unsigned int width = 1; width <= 8; width *= 2) {
		size_t from = seen_so_far(), count = 64 / width;

		fake_peek(fake, 0, 0x108, before, sizeof(before));
		assert_int_equal(pcibar_map_copy_from(map, 0x108, buf + 1, 64, width, 0), 0);
		assert_accesses(from, count, 0x108, width, width, false);
		assert_memory_equal(buf + 1, before, sizeof(before));
		assert_int_equal(pcibar_map_copy_to(map, 0x208, buf + 1, 64, width, 0), 0);
		assert_accesses(from + count, count, 0x208, width, width, true);
	}
}

static void a_fixed_copy_stays_where_it_is(void **state)
{
	unsigned char buf[65];

	(void)state;
	watch();
	for (unsigned int width = 1; width <= 8; width *= 2) {
		size_t from = seen_so_far(), count = 64 / width;

		assert_int_equal(pcibar_map_copy_from(map, 0x108, buf + 1, 64, width,
						      PCIBAR_COPY_FIXED), 0);
		assert_accesses(from, count, 0x108, width, 0, false);
		assert_int_equal(pcibar_map_copy_to(map, 0x208, buf + 1, 64, width,
						    PCIBAR_COPY_FIXED), 0);
		assert_accesses(from + count, count, 0x208, width, 0, true);
	}
}

static void accessors_are_one_access(void **state)
{
	volatile char *addr = pcibar_map_addr(map);

	(void)state;
	watch();
	pcibar_write8(addr, pcibar_read8(addr + 0x10));
	pcibar_write16(addr, pcibar_read16(addr + 0x20));
	pcibar_write32(addr, pcibar_read32(addr + 0x40));
	pcibar_write64(addr, pcibar_read64(addr + 0x80));
	for (unsigned int i = 0; i < 4; i++) {
		const struct trap_access *seen;
		size_t count;

		seen = trap_seen(&count);
		assert_int_equal(count, 8);
		assert_int_equal(seen[2 * i].off, 0x10u << i);
		assert_int_equal(seen[2 * i].width, 1u << i);
		assert_false(seen[2 * i].write);
		assert_int_equal(seen[2 * i + 1].off, 0);
		assert_int_equal(seen[2 * i + 1].width, 1u << i);
		assert_true(seen[2 * i + 1].write);
		assert_int_equal(seen[2 * i].val, seen[2 * i + 1].val);
	}
}

static void halves_go_low_first(void **state)
{
	volatile char *addr = pcibar_map_addr(map);

	(void)state;
	watch();
	pcibar_write64_lo_hi(addr + 8, 0x0123456789abcdef);
	assert_accesses(0, 2, 8, 4, 4, true);
	assert_int_equal(pcibar_read64_lo_hi(addr + 8), 0x0123456789abcdef);
	assert_accesses(2, 2, 8, 4, 4, false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EXACT_TEST(a_checked_access_is_one_access),
		EXACT_TEST(all_ones_are_not_read_twice),
		EXACT_TEST(a_refused_access_is_not_made),
		EXACT_TEST(a_copy_is_one_access_for_each_unit),
		EXACT_TEST(a_fixed_copy_stays_where_it_is),
		EXACT_TEST(accessors_are_one_access),
		EXACT_TEST(halves_go_low_first),
	};
	const char *obstacle = trap_impossible();

	if (obstacle)
		return unit_skip_all(obstacle);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
