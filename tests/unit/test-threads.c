// SPDX-License-Identifier: BSD-2-Clause
/* One device and one map in several threads: nothing is lost, and TSan finds no race. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "fake-backend.h"
#include "internal.h"

#define THREADS	4
#define ROUNDS	200

static struct fake *fake;
static struct pcibar_device *dev;
static struct pcibar_map *map;
static pthread_barrier_t barrier;
static atomic_uint failures;

static int setup(void **state)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = PCIBAR_MAP_WRITE };
	int ret = unit_setup(state);

	fake = fake_add("0000:03:00.0");
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x4000);
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), 0);
	fake_forget(fake);
	return ret;
}

static int teardown(void **state)
{
	pcibar_map_release(map);
	pcibar_device_close(dev);
	return unit_teardown(state);
}

#define THREADS_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

#define NOTE(condition)	atomic_fetch_add(&failures, !(condition))

/* @fn gets the number of its thread. */
static void run_threads(void *(*fn)(void *number))
{
	pthread_t threads[THREADS];

	atomic_store(&failures, 0);
	assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fn, (void *)i), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(atomic_load(&failures), 0);
}

/* Each thread keeps to its own registers. */
static void *use_the_map(void *number)
{
	uint64_t base = (uintptr_t)number * 0x1000, val;
	unsigned char buf[64];

	pthread_barrier_wait(&barrier);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		NOTE(!pcibar_map_write(map, base, 4, base + i));
		NOTE(!pcibar_map_read(map, base, 4, &val) && val == base + i);
		memset(buf, (int)(i & 0xff), sizeof(buf));
		NOTE(!pcibar_map_copy_to(map, base + 64, buf, sizeof(buf), 8, 0));
		memset(buf, (int)(~i & 0xff), sizeof(buf));
		NOTE(!pcibar_map_copy_from(map, base + 64, buf, sizeof(buf), 1, 0));
		NOTE(buf[63] == (i & 0xff));
		NOTE(!pcibar_map_is_lost(map));
	}
	return NULL;
}

static void a_map_serves_several_threads(void **state)
{
	(void)state;
	run_threads(use_the_map);
}

static void *map_and_release(void *number)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = PCIBAR_MAP_ACTIVATE };

	opts.offset = (uintptr_t)number * 0x1000;
	pthread_barrier_wait(&barrier);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct pcibar_map *own;
		uint64_t val;

		NOTE(!pcibar_bar_map(dev, 0, &opts, &own));
		NOTE(!pcibar_map_read(own, 0, 4, &val));
		NOTE(fake_get_config(fake, PCIR_COMMAND, 2) & PCIBAR_DECODE_MEM);
		pcibar_map_release(own);
	}
	return NULL;
}

static void maps_come_and_go_in_several_threads(void **state)
{
	(void)state;
	fake_set_config(fake, PCIR_COMMAND, 2, PCIBAR_DECODE_IO);
	run_threads(map_and_release);
	assert_int_equal(fake_get_config(fake, PCIR_COMMAND, 2), PCIBAR_DECODE_IO);
}

/* Two threads for each bit: no change of one bit may undo that of another. */
static void *change_a_bit(void *number)
{
	uint32_t bit = (uintptr_t)number & 1 ? PCIBAR_DECODE_IO : PCIBAR_BUS_MASTER;
	uint32_t value;

	pthread_barrier_wait(&barrier);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		NOTE(!pcibar_device_set_enable(dev, bit, i & 1 ? bit : 0, 0));
		NOTE(!pcibar_device_get_enable(dev, &value) && value & PCIBAR_DECODE_MEM);
	}
	NOTE(!pcibar_device_set_enable(dev, bit, bit, 0));
	return NULL;
}

static void the_command_register_is_changed_by_one_at_a_time(void **state)
{
	(void)state;
	fake_set_config(fake, PCIR_COMMAND, 2, PCIBAR_DECODE_MEM);
	run_threads(change_a_bit);
	assert_int_equal(fake_get_config(fake, PCIR_COMMAND, 2), 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		THREADS_TEST(a_map_serves_several_threads),
		THREADS_TEST(maps_come_and_go_in_several_threads),
		THREADS_TEST(the_command_register_is_changed_by_one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
