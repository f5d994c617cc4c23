// SPDX-License-Identifier: BSD-2-Clause
/* Copies of every width, and what they report. */
#include "unit.h"

#include "fake-backend.h"

/*
 * The file itself, in place of the library's: it chooses its inner loops by the
 * CPU, and the tests choose the CPU.
 */
#ifdef __x86_64__
/* What this CPU has, and how many of them the library may see. */
static const char *const features[] = { "avx2", "avx512f" };
static unsigned int features_seen;

static unsigned int features_here(void)
{
	return !__builtin_cpu_supports("avx2") ? 0 : !__builtin_cpu_supports("avx512f") ? 1 : 2;
}

static bool cpu_supports(const char *feature)
{
	for (unsigned int i = 0; i < features_seen; i++)
		if (!strcmp(features[i], feature))
			return true;
	return false;
}

#define __builtin_cpu_supports(feature)	cpu_supports(feature)
#endif
#include "copy.c"

#define LEN	0x4000
#define PAD	64

static struct fake *fake;
static struct pcibar_device *dev;
static struct pcibar_map *map;
static unsigned char pattern[LEN], buffer[LEN + 4 * PAD], expected[LEN + 4 * PAD];

static void map_again(unsigned int bar, uint32_t flags, uint32_t attr)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = flags, .attr = attr };

	pcibar_map_release(map);
	map = NULL;
	assert_int_equal(pcibar_bar_map(dev, bar, &opts, &map), 0);
}

/* The BAR fills its pages, and those around it cannot be touched. */
static int setup(void **state)
{
	int ret = unit_setup(state);

	fake = fake_add("0000:03:00.0");
	fake->fenced = true;
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, LEN);
	fake->bar[0].res.flags |= PCIBAR_BAR_F_HAS_WC;
	fake_add_bar(fake, 4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20);
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	map_again(0, PCIBAR_MAP_WRITE, PCIBAR_ATTR_UC);
	for (size_t i = 0; i < LEN; i++)
		pattern[i] = (unsigned char)(i * 31 ^ i >> 8);
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

#define COPY_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static volatile char *bar_memory(void)
{
	return (volatile char *)pcibar_map_addr(map);
}

/* Both directions move @len bytes at @off and not one besides; @shift unaligns the buffer. */
static void check_copy(uint64_t off, size_t len, size_t shift, unsigned int width, uint32_t flags)
{
	unsigned char *buf = buffer + PAD + shift;

	memcpy((void *)(uintptr_t)bar_memory(), pattern, LEN);
	memset(buffer, 0x5a, sizeof(buffer));
	memset(expected, 0x5a, sizeof(expected));
	memcpy(expected + PAD + shift, pattern + off, len);
	assert_int_equal(pcibar_map_copy_from(map, off, buf, len, width, flags), 0);
	assert_memory_equal(buffer, expected, len + 2 * PAD + shift);

	memset((void *)(uintptr_t)bar_memory(), 0x5a, LEN);
	memset(expected, 0x5a, LEN);
	memcpy(expected + off, buf, len);
	assert_int_equal(pcibar_map_copy_to(map, off, buf, len, width, flags), 0);
	pcibar_wc_flush();
	assert_memory_equal((const void *)(uintptr_t)bar_memory(), expected, LEN);
}

static void copies_each_width(void **state)
{
	(void)state;
	for (unsigned int width = 1; width <= 8; width *= 2) {
		for (size_t shift = 0; shift < 9; shift++)
			for (size_t units = 0; units < 20; units++)
				check_copy(3 * width, units * width, shift, width, 0);
		check_copy(0, LEN, 1, width, 0);
		check_copy(LEN - width, width, 1, width, 0);
	}
}

/* Each way the CPU could make it go. */
static void on_every_cpu(void (*check_all)(void))
{
	check_all();
#ifdef __x86_64__
	while (features_seen++ < features_here())
		check_all();
	features_seen = 0;
#endif
}

static void check_memory(void)
{
	for (size_t len = 0; len <= 300; len++)
		for (size_t off = 0; off < 17; off++)
			check_copy(off, len, (len + off) % 9, 0, PCIBAR_COPY_MEMORY);
	for (size_t len = LEN / 8 - 2 * LINE; len < LEN / 8 + 2 * LINE; len++)
		check_copy(len % 67, len, len % 5, 0, PCIBAR_COPY_MEMORY);
	check_copy(0, LEN, 0, 0, PCIBAR_COPY_MEMORY);
	check_copy(1, LEN - 1, 3, 0, PCIBAR_COPY_MEMORY);
	check_copy(0, LEN - 1, 3, 0, PCIBAR_COPY_MEMORY);
}

static void copies_any_width_to_memory(void **state)
{
	(void)state;
	on_every_cpu(check_memory);
}

static void check_wc(void)
{
	for (size_t len = 0; len <= 300; len++)
		for (size_t off = 0; off < 17; off++)
			check_copy(off, len, (len + off) % 9, 0, 0);
	for (size_t off = LEN - 200; off < LEN; off++)
		check_copy(off, LEN - off, off % 3, 0, 0);
	check_copy(0, LEN, 0, 0, 0);
	check_copy(1, LEN - 2, 3, 0, 0);
}

static void copies_any_width_to_wc(void **state)
{
	(void)state;
	map_again(0, PCIBAR_MAP_WRITE, PCIBAR_ATTR_WC);
	on_every_cpu(check_wc);
}

static void keeps_to_one_register_when_fixed(void **state)
{
	unsigned char buf[64];

	(void)state;
	memcpy((void *)(uintptr_t)bar_memory(), pattern, LEN);
	for (unsigned int width = 1; width <= 8; width *= 2) {
		assert_int_equal(pcibar_map_copy_from(map, 64, buf, sizeof(buf), width,
						      PCIBAR_COPY_FIXED), 0);
		for (size_t i = 0; i < sizeof(buf); i++)
			assert_int_equal(buf[i], pattern[64 + i % width]);
		/* The last unit is what stays. */
		memcpy(expected, (const void *)(uintptr_t)bar_memory(), LEN);
		memcpy(expected + 128, pattern + 64 - width, width);
		assert_int_equal(pcibar_map_copy_to(map, 128, pattern, 64, width,
						    PCIBAR_COPY_FIXED), 0);
		assert_memory_equal((const void *)(uintptr_t)bar_memory(), expected, LEN);
		/* Only the register must be inside, whatever the length. */
		assert_int_equal(pcibar_map_copy_from(map, LEN - width, buf, sizeof(buf), width,
						      PCIBAR_COPY_FIXED), 0);
		assert_int_equal(pcibar_map_copy_from(map, LEN, buf, sizeof(buf), width,
						      PCIBAR_COPY_FIXED), -ERANGE);
	}
}

static int both(uint64_t off, size_t len, unsigned int width, uint32_t flags)
{
	int from = pcibar_map_copy_from(map, off, buffer, len, width, flags);
	int to = pcibar_map_copy_to(map, off, buffer, len, width, flags);

	assert_int_equal(from, to);
	return from;
}

static void checks_its_arguments(void **state)
{
	static const unsigned int wrong[] = { 3, 5, 6, 7, 9, 12, 16, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(both(0, wrong[i] & 0xff, wrong[i], 0), -EINVAL);
	for (unsigned int bit = 2; bit < 32; bit++)
		assert_int_equal(both(0, 4, 4, 1u << bit), -EINVAL);
	for (unsigned int width = 2; width <= 8; width *= 2) {
		assert_int_equal(both(0, width + 1, width, 0), -EINVAL);
		assert_int_equal(both(0, width + 1, width, PCIBAR_COPY_FIXED), -EINVAL);
		assert_int_equal(both(1, width, width, 0), -EINVAL);
	}
	assert_int_equal(both(0, 4, 0, 0), -EINVAL);
	assert_int_equal(both(0, 4, 0, PCIBAR_COPY_MEMORY | PCIBAR_COPY_FIXED), -EINVAL);
	map_again(0, PCIBAR_MAP_WRITE, PCIBAR_ATTR_WC);
	assert_int_equal(both(0, 4, 0, PCIBAR_COPY_FIXED), -EINVAL);
	assert_int_equal(both(0, 4, 0, 0), 0);
	map_again(4, PCIBAR_MAP_WRITE | PCIBAR_MAP_INDIRECT, PCIBAR_ATTR_UC);
	assert_int_equal(both(0, 4, 0, PCIBAR_COPY_MEMORY), -EINVAL);
}

static void keeps_to_the_window(void **state)
{
	static const struct {
		uint64_t off;
		size_t len;
	} windows[] = {
		{ LEN, 8 }, { LEN - 8, 16 }, { 8, LEN }, { 0, LEN + 8 }, { 8, SIZE_MAX & ~7u },
		{ UINT64_MAX & ~UINT64_C(7), 8 }, { UINT64_MAX & ~UINT64_C(7), 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		assert_int_equal(both(windows[i].off, windows[i].len, 8, 0), -ERANGE);
		assert_int_equal(both(windows[i].off, windows[i].len, 1, 0), -ERANGE);
		assert_int_equal(both(windows[i].off, windows[i].len, 0, PCIBAR_COPY_MEMORY),
				 -ERANGE);
	}
	assert_int_equal(both(LEN, 0, 4, 0), 0);
	assert_int_equal(both(LEN, 0, 0, PCIBAR_COPY_MEMORY), 0);
	assert_int_equal(both(LEN + 8, 0, 4, 0), -ERANGE);
}

static void writes_only_what_was_mapped_for_it(void **state)
{
	(void)state;
	map_again(0, 0, PCIBAR_ATTR_UC);
	assert_int_equal(pcibar_map_copy_to(map, 0, buffer, 4, 4, 0), -EACCES);
	assert_int_equal(pcibar_map_copy_to(map, 0, buffer, 4, 0, PCIBAR_COPY_MEMORY), -EACCES);
	assert_int_equal(pcibar_map_copy_from(map, 0, buffer, 4, 4, 0), 0);
}

static const struct way {
	unsigned int width;
	uint32_t flags, attr;
} ways[] = {
	{ 1, 0, PCIBAR_ATTR_UC }, { 4, 0, PCIBAR_ATTR_UC }, { 8, 0, PCIBAR_ATTR_UC },
	{ 0, PCIBAR_COPY_MEMORY, PCIBAR_ATTR_UC }, { 0, 0, PCIBAR_ATTR_WC },
	{ 1, 0, PCIBAR_ATTR_WC }, { 2, 0, PCIBAR_ATTR_WC }, { 4, 0, PCIBAR_ATTR_WC },
	{ 8, 0, PCIBAR_ATTR_WC },
};

/* Copies from a new map; @asked: configuration space is to be read once. */
static void assert_copies(const struct way *way, uint64_t off, size_t len, bool asked, int error)
{
	map_again(0, PCIBAR_MAP_WRITE, way->attr);
	fake_forget(fake);
	assert_int_equal(pcibar_map_copy_from(map, off, buffer, len, way->width, way->flags),
			 error);
	if (!error)
		assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), asked);
	assert_int_equal(pcibar_map_is_lost(map), error == -ENODEV);
}

/* Ones from 32 to 40: the end of some copies, the middle of others. */
static void asks_for_the_function_after_all_ones(void **state)
{
	(void)state;
	fake->fenced = false;
	memset((void *)(uintptr_t)bar_memory(), 0x5a, LEN);
	memset((void *)((uintptr_t)bar_memory() + 32), 0xff, 8);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		bool in_order = ways[i].width && ways[i].attr == PCIBAR_ATTR_UC;

		assert_copies(&ways[i], 0, 32, false, 0);
		assert_copies(&ways[i], 0, 40, true, 0);
		assert_copies(&ways[i], 0, 48, !in_order, 0);
		assert_copies(&ways[i], 40, 0, false, 0);
	}
	fake_set_config(fake, 0, 4, UINT32_MAX);
	fake_set_config(fake, 8, 4, UINT32_MAX);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		bool in_order = ways[i].width && ways[i].attr == PCIBAR_ATTR_UC;

		assert_copies(&ways[i], 0, 32, false, 0);
		assert_copies(&ways[i], 0, 40, true, -ENODEV);
		assert_copies(&ways[i], 0, 48, false, in_order ? 0 : -ENODEV);
		assert_copies(&ways[i], 40, 0, false, 0);
	}
}

/* A bridge may split a load of 8 bytes, and only one half of it be lost. */
static void half_a_unit_of_all_ones_is_suspect(void **state)
{
	static const struct way ordered = { 8, 0, PCIBAR_ATTR_UC }, any = { 8, 0, PCIBAR_ATTR_WC },
				narrow = { 4, 0, PCIBAR_ATTR_UC };

	(void)state;
	fake->fenced = false;
	for (uint64_t half = 0; half < 8; half += 4) {
		memset((void *)(uintptr_t)bar_memory(), 0x5a, LEN);
		memset((void *)((uintptr_t)bar_memory() + 32 + half), 0xff, 4);
		fake_set_config(fake, 0, 4, 0x11e81234);
		fake_set_config(fake, 8, 4, 0);
		assert_copies(&ordered, 0, 40, true, 0);
		assert_copies(&ordered, 0, 48, false, 0);
		assert_copies(&any, 0, 48, true, 0);
		assert_copies(&narrow, 0, 40, half == 4, 0);
		fake_set_config(fake, 0, 4, UINT32_MAX);
		fake_set_config(fake, 8, 4, UINT32_MAX);
		assert_copies(&ordered, 0, 40, true, -ENODEV);
		assert_copies(&any, 0, 48, true, -ENODEV);
	}
}

/* Whatever the device did not complete: a dword anywhere, or a part of one at an end. */
static void check_each_place(void)
{
	static const struct way any = { 0, PCIBAR_COPY_MEMORY, PCIBAR_ATTR_UC };

	for (uint64_t at = 0; at < 512; at += 4) {
		memset((void *)(uintptr_t)bar_memory(), 0x5a, LEN);
		memset((void *)((uintptr_t)bar_memory() + at), 0xff, 4);
		assert_copies(&any, 0, 512, true, 0);
		assert_copies(&any, 1, 511, true, 0);
		assert_copies(&any, at + 1, 64, true, 0);
		assert_copies(&any, at + 3, 64, true, 0);
		assert_copies(&any, at, 5, true, 0);
		assert_copies(&any, at + 4, 512, false, 0);
		assert_copies(&any, 0, at, false, 0);
	}

	/* No aligned dword: the device has put them there. */
	memset((void *)(uintptr_t)bar_memory(), 0x5a, LEN);
	memset((void *)((uintptr_t)bar_memory() + 70), 0xff, 4);
	assert_copies(&any, 0, 512, false, 0);
}

static void finds_all_ones_wherever_they_are(void **state)
{
	(void)state;
	fake->fenced = false;
	on_every_cpu(check_each_place);
}

/* A byte image on every host, one access of the back end for each unit, in order. */
static void copies_through_a_channel(void **state)
{
	unsigned char got[16];

	(void)state;
	map_again(4, PCIBAR_MAP_WRITE | PCIBAR_MAP_INDIRECT, PCIBAR_ATTR_UC);
	for (unsigned int width = 1; width <= 4; width *= 2) {
		fake_forget(fake);
		assert_int_equal(pcibar_map_copy_to(map, 8, pattern, 16, width, 0), 0);
		fake_peek(fake, 4, 8, got, sizeof(got));
		assert_memory_equal(got, pattern, sizeof(got));
		assert_int_equal(pcibar_map_copy_from(map, 8, buffer + 1, 16, width, 0), 0);
		assert_memory_equal(buffer + 1, pattern, sizeof(got));
		assert_int_equal(fake_count(fake, FAKE_CHANNEL_WRITE), 16 / width);
		assert_int_equal(fake_count(fake, FAKE_CHANNEL_READ), 16 / width);
		for (unsigned int i = 0; i < 16 / width; i++) {
			const struct fake_event *event = fake_find(fake, FAKE_CHANNEL_READ, i);

			assert_int_equal(event->off, 8 + i * width);
			assert_int_equal(event->len, width);
		}
		assert_int_equal(pcibar_map_copy_from(map, 8, buffer, 16, width,
						      PCIBAR_COPY_FIXED), 0);
		assert_int_equal(fake_find(fake, FAKE_CHANNEL_READ, 32 / width - 1)->off, 8);
	}
	assert_int_equal(both(8, 8, 8, 0), -EOPNOTSUPP);
	fake->error[FAKE_CHANNEL_READ] = fake->error[FAKE_CHANNEL_WRITE] = -EIO;
	assert_int_equal(both(8, 8, 4, 0), -EIO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		COPY_TEST(copies_each_width),
		COPY_TEST(copies_any_width_to_memory),
		COPY_TEST(copies_any_width_to_wc),
		COPY_TEST(keeps_to_one_register_when_fixed),
		COPY_TEST(checks_its_arguments),
		COPY_TEST(keeps_to_the_window),
		COPY_TEST(writes_only_what_was_mapped_for_it),
		COPY_TEST(asks_for_the_function_after_all_ones),
		COPY_TEST(half_a_unit_of_all_ones_is_suspect),
		COPY_TEST(finds_all_ones_wherever_they_are),
		COPY_TEST(copies_through_a_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
