// SPDX-License-Identifier: BSD-2-Clause
/* Copies while another thread takes the BAR away: what returns success has read the BAR. */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake-backend.h"
#include "must.h"

#define WINDOW	0x2000
#define LONGEST	4096
#define BYTE	0x5a
/* At least so many of each; most losses come between two copies. */
#define COPIES	100000
#define LOSSES	4000
#define COPIES_EACH	(COPIES / LOSSES)
/* With a sanitizer or valgrind each loss takes many times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHARE	8
#else
#define SHARE	(unit_under_valgrind() ? 100 : 1)
#endif

static struct fake *fake;
static struct pcibar_device *dev;
static unsigned char pattern[WINDOW], buffer[LONGEST];

static int setup(void **state)
{
	int ret = unit_setup(state);

	fake = fake_add("0000:03:00.0");
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, WINDOW);
	fake->bar[0].res.flags |= PCIBAR_BAR_F_HAS_WC;
	dev = unit_open("0000:03:00.0", 0);
	memset(pattern, BYTE, sizeof(pattern));
	srandom(1);
	return ret;
}

static int teardown(void **state)
{
	pcibar_guard_remove();
	pcibar_device_close(dev);
	return unit_teardown(state);
}

#define RACE_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

/*
 * The other thread. It and the test spin rather than block: the loss has to come
 * within the microsecond of a copy. They yield, or on a busy machine each would
 * use up its time slice while the other cannot run.
 */
static struct {
	atomic_uint wanted, done;	/* losses; UINT_MAX: end */
	atomic_uint delay;
} loser;

static void *lose(void *data)
{
	unsigned int losses = 0, wanted;

	(void)data;
	for (;;) {
		while ((wanted = atomic_load(&loser.wanted)) == losses)
			sched_yield();
		if (wanted == UINT32_MAX)
			return NULL;
		for (unsigned int i = atomic_load(&loser.delay); i; i--)
			atomic_load_explicit(&loser.delay, memory_order_relaxed);
		MUST(!ftruncate(fake->bar[0].fd, 0));
		losses = wanted;
		atomic_store(&loser.done, losses);
	}
}

struct way {
	unsigned int width;
	uint32_t flags;
	uint32_t attr;
};

/* Copies until the loss is found; returns how many. */
static unsigned int copy_until_lost(struct pcibar_map *map, const struct way *way)
{
	/* Across the boundary of the pages, which are taken away one after the other. */
	size_t len = (64 + (size_t)random() % (LONGEST - 63)) & ~(size_t)7;
	uint64_t off = (LONGEST - len / 2) & ~(uint64_t)7;
	unsigned int copies = 0;
	int ret = 0;

	if (!way->width) {
		len -= (size_t)random() % 8;
		off += (uint64_t)random() % 8;
	}

	while (!ret) {
		ret = pcibar_map_copy_from(map, off, buffer, len, way->width, way->flags);
		copies++;
		if (!ret && memcmp(buffer, pattern, len))
			fail_msg("copy %u of %zu bytes at %#llx, width %u: 0 with wrong bytes",
				 copies, len, (unsigned long long)off, way->width);
		if (copies > COPIES_EACH)
			sched_yield();
	}
	assert_int_equal(ret, -ENODEV);
	assert_true(pcibar_map_is_lost(map));
	return copies;
}

static unsigned int lose_once(const struct way *way)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .attr = way->attr };
	struct pcibar_map *map;
	unsigned int copies, number = atomic_load(&loser.wanted) + 1;

	MUST(!ftruncate(fake->bar[0].fd, WINDOW));
	fake_poke(fake, 0, 0, pattern, sizeof(pattern));
	assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), 0);
	atomic_store(&loser.delay, (unsigned int)random() % 1000);
	assert_int_equal(pcibar_map_copy_from(map, 0, buffer, LONGEST, 8, 0), 0);

	atomic_store(&loser.wanted, number);
	copies = copy_until_lost(map, way);
	while (atomic_load(&loser.done) != number)
		sched_yield();
	pcibar_map_release(map);
	fake_forget(fake);
	return copies;
}

static void no_copy_with_wrong_bytes_is_a_success(void **state)
{
	static const struct way ways[] = {
		{ 0, PCIBAR_COPY_MEMORY, PCIBAR_ATTR_UC }, { 0, 0, PCIBAR_ATTR_WC },
		{ 1, 0, PCIBAR_ATTR_UC }, { 2, 0, PCIBAR_ATTR_UC }, { 4, 0, PCIBAR_ATTR_UC },
		{ 8, 0, PCIBAR_ATTR_UC }, { 4, 0, PCIBAR_ATTR_WC },
		{ 4, PCIBAR_COPY_FIXED, PCIBAR_ATTR_UC },
	};
	unsigned int copies = 0, losses = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pcibar_guard_install(), 0);
	atomic_store(&loser.wanted, 0);
	assert_int_equal(pthread_create(&thread, NULL, lose, NULL), 0);
	while (copies < COPIES / SHARE || losses < LOSSES / SHARE)
		copies += lose_once(&ways[losses++ % (sizeof(ways) / sizeof(*ways))]);
	atomic_store(&loser.wanted, UINT32_MAX);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RACE_TEST(no_copy_with_wrong_bytes_is_a_success),
	};
	const char *obstacle = unit_fault_obstacle();

	if (obstacle)
		return unit_skip_all(obstacle);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
