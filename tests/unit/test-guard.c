// SPDX-License-Identifier: BSD-2-Clause
/* What becomes of a map when its resource file shrinks below it: a touch raises SIGBUS. */
#include "unit.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject.h"
#include "fake-sysfs.h"

#define FUNCTION	"0000:03:00.0"
#define LEN		0x10000
#define HUGE		(UINT64_C(16) << 30)
#define THREADS		8

static struct tree tree;
static struct pcibar_device *dev;

static int setup(void **state)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_OPEN_WRITE, .sysfs_root = tree.root,
		.backend = PCIBAR_BACKEND_SYSFS,
	};
	int ret = unit_setup(state);

	tree_create(&tree);
	tree_add(&tree, FUNCTION);
	tree_poke(&tree, FUNCTION, "config", 4, "\x03", 1);
	tree_bar(&tree, FUNCTION, 0, 0xfd000000, LEN, TREE_MEM32_PREFETCH);
	assert_int_equal(pcibar_device_open(FUNCTION, &opts, &dev), 0);
	return ret;
}

static int teardown(void **state)
{
	pcibar_guard_remove();
	pcibar_device_close(dev);
	dev = NULL;
	tree_remove(&tree);
	return unit_teardown(state);
}

#define GUARD_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* In the test itself: around each test and fixture cmocka sets signal handlers of its own. */
static void guard(void)
{
	assert_int_equal(pcibar_guard_install(), 0);
}

static struct pcibar_map *map_window(unsigned int bar, uint32_t flags, uint64_t offset)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = flags, .offset = offset };
	struct pcibar_map *map = NULL;

	assert_int_equal(pcibar_bar_map(dev, bar, &opts, &map), 0);
	return map;
}

static struct pcibar_map *map_writable(void)
{
	return map_window(0, PCIBAR_MAP_WRITE, 0);
}

static const volatile unsigned char *bytes_of(const struct pcibar_map *map)
{
	return (const volatile unsigned char *)pcibar_map_addr(map);
}

static void lose(void)
{
	tree_truncate(&tree, FUNCTION, "resource0", 0);
}

/* The file is back, and full of zeros. */
static void come_back(void)
{
	tree_truncate(&tree, FUNCTION, "resource0", LEN);
}

static void assert_all_ones(const struct pcibar_map *map)
{
	const volatile unsigned char *bytes = bytes_of(map);

	for (uint64_t i = 0; i < pcibar_map_length(map); i++)
		if (bytes[i] != 0xff)
			fail_msg("byte %#llx is %#x", (unsigned long long)i, bytes[i]);
}

static void raw_pointers_read_all_ones(void **state)
{
	static const uint64_t offsets[] = { 0, 4, 0x804, LEN - 0x2004, LEN - 4 };

	(void)state;
	guard();
	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		struct pcibar_map *map = map_window(0, i & 1 ? PCIBAR_MAP_WRITE : 0, offsets[i]);
		/* Whichever byte is touched first, all of the window is replaced. */
		uint64_t touch = i & 1 ? pcibar_map_length(map) - 1 : 0;

		assert_int_equal(bytes_of(map)[touch], 0);
		assert_false(pcibar_map_is_lost(map));
		lose();
		assert_false(pcibar_map_is_lost(map));
		assert_int_equal(bytes_of(map)[touch], 0xff);
		assert_true(pcibar_map_is_lost(map));
		assert_all_ones(map);
		pcibar_map_release(map);
		come_back();
	}
}

static void a_lost_map_never_comes_back(void **state)
{
	struct pcibar_map *map = map_writable();
	uint64_t val = 42;

	(void)state;
	guard();
	lose();
	assert_int_equal(bytes_of(map)[0x1234], 0xff);
	come_back();
	assert_all_ones(map);
	assert_true(pcibar_map_is_lost(map));
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), -ENODEV);
	assert_int_equal(pcibar_map_write(map, 0, 4, 1), -ENODEV);
	assert_int_equal(pcibar_map_copy_from(map, 0, &val, 4, 4, 0), -ENODEV);
	assert_int_equal(pcibar_map_copy_to(map, 0, &val, 4, 4, 0), -ENODEV);
	assert_int_equal(val, 42);
	pcibar_map_release(map);

	tree_poke(&tree, FUNCTION, "resource0", 0, "\x11\x22\x33\x44", 4);
	map = map_writable();
	assert_false(pcibar_map_is_lost(map));
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	assert_int_equal(val, 0x44332211);
	pcibar_map_release(map);
}

/* What is written to a lost map goes nowhere. */
static void writes_to_a_lost_map_reach_nothing(void **state)
{
	struct pcibar_map *map = map_writable();
	char byte;

	(void)state;
	guard();
	lose();
	pcibar_write8(pcibar_map_addr(map), 0x55);
	assert_true(pcibar_map_is_lost(map));
	come_back();
	pcibar_write8(pcibar_map_addr(map), 0x55);
	tree_peek(&tree, FUNCTION, "resource0", 0, &byte, 1);
	assert_int_equal(byte, 0);
	pcibar_map_release(map);
}

/* A large window is replaced by many mappings of the same ones. */
static void writes_to_a_lost_map_show_nowhere_else(void **state)
{
	const uint64_t length = UINT64_C(8) << 20;
	volatile unsigned char *bytes;
	struct pcibar_map *map;

	(void)state;
	guard();
	tree_bar(&tree, FUNCTION, 2, 0xfe000000, length, TREE_MEM32);
	map = map_window(2, PCIBAR_MAP_WRITE, 0);
	tree_truncate(&tree, FUNCTION, "resource2", 0);
	bytes = (volatile unsigned char *)pcibar_map_addr(map);
	for (uint64_t at = 0; at < length; at += UINT64_C(1) << 20)
		bytes[at] = 0x55;
	for (uint64_t at = 1; at < length; at += 4096)
		assert_int_equal(bytes[at], 0xff);
	bytes[0] = 0xaa;
	for (uint64_t at = UINT64_C(1) << 20; at < length; at += UINT64_C(1) << 20)
		assert_int_equal(bytes[at], 0x55);
	pcibar_map_release(map);
}

static int read_once(struct pcibar_map *map)
{
	return pcibar_map_read(map, 8, 4, &(uint64_t){ 0 });
}

static int write_once(struct pcibar_map *map)
{
	return pcibar_map_write(map, 8, 4, 1);
}

static int copy_units_from(struct pcibar_map *map)
{
	static char buf[LEN];

	return pcibar_map_copy_from(map, 0, buf, LEN, 4, 0);
}

static int copy_any_from(struct pcibar_map *map)
{
	static char buf[LEN];

	return pcibar_map_copy_from(map, 0, buf, LEN, 0, PCIBAR_COPY_MEMORY);
}

static int copy_units_to(struct pcibar_map *map)
{
	static char buf[LEN];

	return pcibar_map_copy_to(map, 0, buf, LEN, 4, 0);
}

static int copy_any_to(struct pcibar_map *map)
{
	static char buf[LEN];

	return pcibar_map_copy_to(map, 0, buf, LEN, 0, PCIBAR_COPY_MEMORY);
}

/* The vendor ID can still be read here: only the fault shows the loss. */
static void checked_calls_say_so(void **state)
{
	static int (*const calls[])(struct pcibar_map *map) = {
		read_once, write_once, copy_units_from, copy_any_from, copy_units_to, copy_any_to,
	};

	(void)state;
	guard();
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		struct pcibar_map *map = map_writable();

		assert_int_equal(calls[i](map), 0);
		lose();
		assert_int_equal(calls[i](map), -ENODEV);
		assert_true(pcibar_map_is_lost(map));
		pcibar_map_release(map);
		come_back();
	}
}

static void a_loss_in_the_middle_of_a_copy_is_a_loss(void **state)
{
	struct pcibar_map *map = map_writable();
	static unsigned char buf[LEN];

	(void)state;
	guard();
	tree_truncate(&tree, FUNCTION, "resource0", LEN / 2);
	assert_int_equal(pcibar_map_copy_from(map, 0, buf, LEN, 4, 0), -ENODEV);
	assert_int_equal(buf[LEN / 2 - 1], 0);
	assert_int_equal(buf[LEN / 2], 0xff);
	pcibar_map_release(map);
}

static void other_maps_live_on(void **state)
{
	struct pcibar_map *first = map_window(0, 0, 0), *second;

	(void)state;
	guard();
	tree_bar(&tree, FUNCTION, 2, 0xfe000000, LEN, TREE_MEM32);
	second = map_window(2, 0, 0);
	lose();
	assert_int_equal(bytes_of(first)[0], 0xff);
	assert_false(pcibar_map_is_lost(second));
	assert_int_equal(bytes_of(second)[0], 0);
	pcibar_map_release(first);
	assert_int_equal(read_once(second), 0);
	pcibar_map_release(second);
}

/* The pieces that replace a window are limited in number, not in length. */
static void a_huge_window_is_replaced_at_once(void **state)
{
	static const uint64_t lengths[] = { HUGE, 4 * HUGE };

	(void)state;
	if (!unit_can_map(lengths[0]))
		unit_skip("16 GiB cannot be mapped here");
	guard();
	for (size_t i = 0; i < 2 && unit_can_map(lengths[i]); i++) {
		const volatile unsigned char *bytes;
		struct pcibar_map *map;

		tree_bar(&tree, FUNCTION, 2, 0x380000000000, lengths[i], TREE_MEM64);
		map = map_window(2, 0, 0);
		bytes = bytes_of(map);
		for (uint64_t at = 0; at < lengths[i]; at += UINT64_C(1) << 30)
			assert_int_equal(bytes[at], 0);
		tree_truncate(&tree, FUNCTION, "resource2", 0);
		inject_reset();
		assert_int_equal(bytes[HUGE - 1], 0xff);
		assert_in_range(inject_calls(INJECT_MMAP), 2, 8193);
		assert_true(pcibar_map_is_lost(map));
		for (uint64_t at = 0; at < lengths[i]; at += lengths[i] / 8192 + 4096 + 1)
			assert_int_equal(bytes[at], 0xff);
		assert_int_equal(bytes[lengths[i] - 1], 0xff);
		pcibar_map_release(map);
	}
}

static void covers_maps_older_than_itself(void **state)
{
	struct pcibar_map *map;

	(void)state;
	guard();
	assert_int_equal(pcibar_guard_remove(), 0);
	map = map_writable();
	assert_int_equal(pcibar_guard_install(), 0);
	lose();
	assert_int_equal(bytes_of(map)[0], 0xff);
	pcibar_map_release(map);
}

static void leaves_errno_alone(void **state)
{
	struct pcibar_map *map = map_writable();

	(void)state;
	guard();
	lose();
	errno = ENOTTY;
	assert_int_equal(bytes_of(map)[0], 0xff);
	assert_int_equal(errno, ENOTTY);
	pcibar_map_release(map);
}

static pthread_barrier_t barrier;

/* What another thread's fault does to the window looks like a racing write to TSan. */
__attribute__((no_sanitize("thread")))
static void *touch_page(void *data)
{
	const volatile unsigned char *byte = data;

	pthread_barrier_wait(&barrier);
	return *byte == 0xff ? data : NULL;
}

static void run_threads(void *(*fn)(void *data), const volatile unsigned char *const *args)
{
	pthread_t threads[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fn, (void *)(uintptr_t)args[i]),
				 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *result;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, args[i]);
	}
	pthread_barrier_destroy(&barrier);
}

static void threads_lose_the_same_map(void **state)
{
	const volatile unsigned char *args[THREADS];

	(void)state;
	guard();
	for (unsigned int round = 0; round < 20; round++) {
		struct pcibar_map *map = map_writable();

		for (size_t i = 0; i < THREADS; i++)
			args[i] = bytes_of(map) + i * 4096 + round;
		lose();
		run_threads(touch_page, args);
		assert_true(pcibar_map_is_lost(map));
		assert_all_ones(map);
		pcibar_map_release(map);
		come_back();
	}
}

static void threads_lose_maps_of_their_own(void **state)
{
	const volatile unsigned char *args[THREADS];
	struct pcibar_map *maps[THREADS];

	(void)state;
	guard();
	for (unsigned int round = 0; round < 20; round++) {
		for (size_t i = 0; i < THREADS; i++) {
			maps[i] = map_writable();
			args[i] = bytes_of(maps[i]) + round;
		}
		lose();
		run_threads(touch_page, args);
		for (size_t i = 0; i < THREADS; i++) {
			assert_true(pcibar_map_is_lost(maps[i]));
			pcibar_map_release(maps[i]);
		}
		come_back();
	}
}

/* Maps come and go in some threads while others lose maps: slots are used again. */
static void *map_and_lose(void *data)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .length = 4096 };
	unsigned int number = (unsigned int)(uintptr_t)data;

	pthread_barrier_wait(&barrier);
	for (unsigned int i = 0; i < 100; i++) {
		struct pcibar_map *map;
		bool lost;

		/* BAR 0 is whole, BAR 2 is lost from the beginning. */
		if (pcibar_bar_map(dev, number & 1 ? 2 : 0, &opts, &map))
			return NULL;
		lost = *bytes_of(map) == 0xff;
		if (lost != (number & 1) || lost != pcibar_map_is_lost(map))
			return NULL;
		pcibar_map_release(map);
	}
	return data;
}

static void threads_map_and_lose_at_the_same_time(void **state)
{
	const volatile unsigned char *args[THREADS];

	(void)state;
	guard();
	tree_bar(&tree, FUNCTION, 2, 0xfe000000, LEN, TREE_MEM32);
	tree_truncate(&tree, FUNCTION, "resource2", 0);
	for (size_t i = 0; i < THREADS; i++)
		args[i] = (const volatile unsigned char *)(i + 2);
	run_threads(map_and_lose, args);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUARD_TEST(raw_pointers_read_all_ones),
		GUARD_TEST(a_lost_map_never_comes_back),
		GUARD_TEST(writes_to_a_lost_map_reach_nothing),
		GUARD_TEST(writes_to_a_lost_map_show_nowhere_else),
		GUARD_TEST(checked_calls_say_so),
		GUARD_TEST(a_loss_in_the_middle_of_a_copy_is_a_loss),
		GUARD_TEST(other_maps_live_on),
		GUARD_TEST(a_huge_window_is_replaced_at_once),
		GUARD_TEST(covers_maps_older_than_itself),
		GUARD_TEST(leaves_errno_alone),
		GUARD_TEST(threads_lose_the_same_map),
		GUARD_TEST(threads_lose_maps_of_their_own),
		GUARD_TEST(threads_map_and_lose_at_the_same_time),
	};
	const char *obstacle = unit_fault_obstacle();

	if (obstacle)
		return unit_skip_all(obstacle);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
