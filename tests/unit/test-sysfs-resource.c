// SPDX-License-Identifier: BSD-2-Clause
/* The file `resource` of sysfs. */
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"
#include "fake-sysfs.h"

#define FUNCTION	"0000:03:00.0"
#define SIBLING		"0000:03:00.1"
#define ELSEWHERE	"0000:04:00.0"

static struct tree tree;
static struct pcibar_device *dev;

static struct pcibar_device *open_function(const char *selector)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .backend = PCIBAR_BACKEND_SYSFS, .sysfs_root = tree.root,
	};
	struct pcibar_device *opened = NULL;

	assert_int_equal(pcibar_device_open(selector, &opts, &opened), 0);
	return opened;
}

static int setup(void **state)
{
	int ret = unit_setup(state);

	tree_create(&tree);
	tree_add(&tree, FUNCTION);
	dev = open_function(FUNCTION);
	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(dev);
	tree_remove(&tree);
	return unit_teardown(state);
}

#define RESOURCE_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void parses_lines(void **state)
{
	struct pcibar_sysfs_line lines[PCIBAR_SYSFS_LINES];

	(void)state;
	assert_int_equal(pcibar_sysfs_parse_resource("", lines, 3), 0);
	assert_int_equal(pcibar_sysfs_parse_resource(
		"0x00000000fd000000 0x00000000fdffffff 0x0000000000042208\n"
		"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		"0x0000380000000000 0x00003803ffffffff 0x000000000014220c\n", lines, 3), 3);
	assert_int_equal(lines[0].start, 0xfd000000);
	assert_int_equal(lines[0].end, 0xfdffffff);
	assert_int_equal(lines[0].flags, 0x42208);
	assert_int_equal(lines[1].flags, 0);
	assert_int_equal(lines[2].end, 0x3803ffffffff);
}

static void refuses_what_no_kernel_writes(void **state)
{
	static const char *const texts[] = {
		"\n", "0x1 0x2 0x3", "0x1 0x2 0x3 \n", "0x1 0x2\n", "0x1  0x2 0x3\n",
		"0x1 0x2 0x3\nx", "0x1 0x2 0x3\n\n", "1 2 3\n", "0x1,0x2,0x3\n",
		"0x00000000000000001 0x2 0x3\n", "0x1 0x2 0x3 0x4\n", "0x1\t0x2\t0x3\n",
	};
	struct pcibar_sysfs_line lines[2];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (pcibar_sysfs_parse_resource(texts[i], lines, 2) != -EIO)
			fail_msg("not refused: %s", texts[i]);
}

static void parses_no_more_lines_than_wanted(void **state)
{
	struct pcibar_sysfs_line lines[3];

	(void)state;
	memset(lines, 0x5a, sizeof(lines));
	assert_int_equal(pcibar_sysfs_parse_resource("0x1 0x2 0x3\n0x4 0x5 0x6\ngarbage", lines,
						     2), 2);
	assert_int_equal(lines[1].flags, 6);
	assert_int_equal(lines[2].start, 0x5a5a5a5a5a5a5a5a);
}

static struct pcibar_bar_info info_of(unsigned int bar)
{
	struct pcibar_bar_info info = { .size = sizeof(info) };

	assert_int_equal(pcibar_bar_get_info(dev, bar, 0, &info), 0);
	return info;
}

static void assert_bar(unsigned int bar, uint32_t kind, uint64_t start, uint64_t length,
		       uint32_t flags)
{
	struct pcibar_bar_info info = info_of(bar);

	assert_int_equal(info.kind, kind);
	assert_int_equal(info.cpu_addr, start);
	assert_int_equal(info.length, length);
	assert_int_equal(info.flags, flags);
}

static void distinguishes_the_kinds(void **state)
{
	(void)state;
	tree_bar(&tree, FUNCTION, 0, 0xfd000000, 0x20000, TREE_MEM32);
	tree_bar(&tree, FUNCTION, 1, 0xfe000000, 0x1000, TREE_MEM32_PREFETCH);
	tree_bar(&tree, FUNCTION, 2, 0x380000000000, UINT64_C(1) << 34, TREE_MEM64_PREFETCH);
	tree_bar(&tree, FUNCTION, 4, 0xc000, 0x20, TREE_IO);
	tree_bar(&tree, FUNCTION, 6, 0xfc000000, 0x10000, TREE_ROM);
	assert_bar(0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x20000, PCIBAR_BAR_F_MAPPABLE);
	assert_bar(1, PCIBAR_BAR_KIND_MEM32, 0xfe000000, 0x1000,
		   PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_PREFETCHABLE | PCIBAR_BAR_F_HAS_WC);
	assert_bar(2, PCIBAR_BAR_KIND_MEM64, 0x380000000000, UINT64_C(1) << 34,
		   PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_PREFETCHABLE | PCIBAR_BAR_F_HAS_WC);
	assert_bar(3, PCIBAR_BAR_KIND_NONE, 0, 0, PCIBAR_BAR_F_UPPER_HALF);
	assert_bar(4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20, 0);
	assert_bar(5, PCIBAR_BAR_KIND_NONE, 0, 0, 0);
	assert_bar(6, PCIBAR_BAR_KIND_ROM, 0xfc000000, 0x10000, PCIBAR_BAR_F_PREFETCHABLE);
	tree_unset(&tree, FUNCTION, "resource1_wc");
	assert_bar(1, PCIBAR_BAR_KIND_MEM32, 0xfe000000, 0x1000,
		   PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_PREFETCHABLE);
}

/* A 64-bit BAR in the last two registers, before the ROM. */
static void knows_where_upper_halves_are(void **state)
{
	(void)state;
	tree_bar(&tree, FUNCTION, 0, 0x380000000000, 0x1000, TREE_MEM64);
	tree_bar(&tree, FUNCTION, 4, 0x380000001000, 0x1000, TREE_MEM64);
	assert_int_equal(info_of(1).flags, PCIBAR_BAR_F_UPPER_HALF);
	assert_int_equal(info_of(2).flags, 0);
	assert_int_equal(info_of(5).flags, PCIBAR_BAR_F_UPPER_HALF);
	assert_int_equal(info_of(6).flags, 0);
}

static void knows_what_was_given_no_address(void **state)
{
	(void)state;
	tree_bar(&tree, FUNCTION, 0, 0, 0x20000, TREE_MEM32);
	tree_bar(&tree, FUNCTION, 1, 0x1000, 0x20000, TREE_MEM32_PREFETCH | TREE_UNSET);
	tree_bar(&tree, FUNCTION, 4, 0, 0x20, TREE_IO);
	assert_bar(0, PCIBAR_BAR_KIND_MEM32, 0, 0x20000, PCIBAR_BAR_F_UNASSIGNED);
	assert_bar(1, PCIBAR_BAR_KIND_MEM32, 0x1000, 0x20000,
		   PCIBAR_BAR_F_UNASSIGNED | PCIBAR_BAR_F_PREFETCHABLE);
	assert_bar(4, PCIBAR_BAR_KIND_IO, 0, 0x20, PCIBAR_BAR_F_UNASSIGNED);
}

static void takes_fewer_lines(void **state)
{
	(void)state;
	tree_set(&tree, FUNCTION, "resource", "0x%016x 0x%016x 0x%016x\n", 0x1000, 0x1fff, 0x200);
	assert_int_equal(info_of(0).kind, PCIBAR_BAR_KIND_MEM32);
	assert_int_equal(info_of(1).kind, PCIBAR_BAR_KIND_NONE);
	assert_int_equal(info_of(6).kind, PCIBAR_BAR_KIND_NONE);
	tree_set(&tree, FUNCTION, "resource", "%s", "");
	assert_int_equal(info_of(0).kind, PCIBAR_BAR_KIND_NONE);
}

static void refuses_garbage(void **state)
{
	struct pcibar_bar_info info = { .size = sizeof(info) };

	(void)state;
	tree_set(&tree, FUNCTION, "resource", "garbage\n");
	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &info), -EIO);
	tree_set(&tree, FUNCTION, "resource", "%03000d\n", 0);
	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &info), -EIO);
	tree_drop(&tree, FUNCTION);
	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &info), -ENODEV);
}

static void set_line(uint64_t start, uint64_t end, uint32_t flags)
{
	tree_set(&tree, FUNCTION, "resource", "0x%016" PRIx64 " 0x%016" PRIx64 " 0x%016x\n",
		 start, end, flags);
}

/* No register decodes it, so no kernel shows it; a map of it would be accessed unaligned. */
static void refuses_bars_that_cannot_be(void **state)
{
	static const struct {
		uint64_t start, end;
		uint32_t flags;
	} wrong[] = {
		{ 0xfd000001, 0xfd000fff, TREE_MEM32 }, { 0xfd000008, 0xfd000fff, TREE_MEM32 },
		{ 0xfd00000f, 0xfd00100e, TREE_MEM64 }, { 0xfd000004, 0xfd000013, TREE_ROM },
		{ 0xfd000002, 0xfd000fff, TREE_MEM32 | TREE_FIXED },
		{ 0xc001, 0xc020, TREE_IO }, { 0xc002, 0xc021, TREE_IO },
		/* Shorter than nothing, nothing, and as long as all there is */
		{ 0xfd000000, 0xfcffffef, TREE_MEM32 }, { 0xfd000000, 0xfcffffff, TREE_MEM32 },
		{ 0xfd000000, 0, TREE_MEM32 | TREE_UNSET }, { 0xc000, 0xbfff, TREE_IO },
		{ 0, UINT64_MAX, TREE_MEM64 }, { 0, UINT64_MAX, TREE_MEM64 | TREE_UNSET },
		{ 0x10, UINT64_MAX, TREE_MEM64 }, { 0, UINT64_MAX - 15, TREE_IO },
		{ 0x1000, UINT64_C(0x8000000000001000), TREE_MEM64_PREFETCH },
	};
	struct pcibar_bar_info info = { .size = sizeof(info) };
	struct pcibar_map_opts opts = { .size = sizeof(opts) };
	struct pcibar_map *map;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		set_line(wrong[i].start, wrong[i].end, wrong[i].flags);
		if (pcibar_bar_get_info(dev, 0, 0, &info) != -EIO)
			fail_msg("not refused: line %zu", i);

		assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), -EIO);
		assert_int_equal(info_of(1).kind, PCIBAR_BAR_KIND_NONE);
	}
}

static void takes_odd_bars_that_kernels_show(void **state)
{
	static const struct {
		uint64_t start, end;
		uint32_t flags;
	} odd[] = {
		{ 0x1f0, 0x1f7, 0x110 }, { 0x3f6, 0x3f6, 0x110 },	/* IDE as in the PC AT */
		{ 0xc004, 0xc007, TREE_IO }, { 0xfd000010, 0xfd00001f, TREE_MEM32 },
		{ 0x1008, 0x1fff, TREE_MEM32 | TREE_UNSET },	/* an alignment, not a place */
		{ 0xc0000, 0xdffff, 0x2 | TREE_ROM },		/* a shadow in memory */
		{ 0x840000000000, 0x84000000bfff, 0x230 },	/* Enhanced Allocation */
		{ 0xfd000004, 0xfd00000b, TREE_MEM32 | TREE_FIXED },
		{ 0, INT64_MAX, TREE_MEM64 | TREE_UNSET },
		{ 0xfffffffff4000000, 0xffffffffffffffff, TREE_MEM64 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		set_line(odd[i].start, odd[i].end, odd[i].flags);
		assert_int_equal(info_of(0).length, odd[i].end - odd[i].start + 1);
	}
}

/* Its place in the BAR says nothing of an access then: what counts is the address. */
static void aligns_accesses_of_enhanced_allocation(void **state)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts) };
	unsigned char buf[24];
	struct pcibar_map *map;
	uint64_t val;

	(void)state;
	tree_poke(&tree, FUNCTION, "config", 4, "\x03", 1);
	tree_bar(&tree, FUNCTION, 0, 0xfd000004, 0x1c, TREE_MEM32 | TREE_FIXED);
	assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), 0);
	assert_int_equal((uintptr_t)pcibar_map_addr(map) & 15, 4);
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	assert_int_equal(pcibar_map_read(map, 2, 2, &val), 0);
	assert_int_equal(pcibar_map_read(map, 2, 4, &val), -EINVAL);
	assert_int_equal(pcibar_map_read(map, 0, 8, &val), -EINVAL);
	assert_int_equal(pcibar_map_read(map, 4, 8, &val), 0);
	assert_int_equal(pcibar_map_copy_from(map, 0, buf, 16, 8, 0), -EINVAL);
	assert_int_equal(pcibar_map_copy_from(map, 4, buf, 24, 8, 0), 0);
	for (size_t len = 0; len <= sizeof(buf); len++)
		assert_int_equal(pcibar_map_copy_from(map, 0, buf, len, 0, PCIBAR_COPY_MEMORY), 0);

	pcibar_map_release(map);
}

static void assert_neighbour(unsigned int bar, const char *wanted)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts) };
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_map *map;

	opts.why = &why;
	if (!wanted) {
		assert_int_equal(pcibar_bar_map(dev, bar, &opts, &map), 0);
		pcibar_map_release(map);
		return;
	}
	assert_int_equal(pcibar_bar_map(dev, bar, &opts, &map), -EADDRINUSE);
	assert_refused(&why, PCIBAR_REASON_PAGE_SHARED, -EADDRINUSE);
	assert_non_null(strstr(why.reasons[0].what, wanted));
	opts.flags = PCIBAR_MAP_SHARE_PAGE;
	assert_int_equal(pcibar_bar_map(dev, bar, &opts, &map), 0);
	pcibar_map_release(map);
}

static void finds_neighbours_of_the_same_function(void **state)
{
	(void)state;
	tree_poke(&tree, FUNCTION, "config", 4, "\x03", 1);
	tree_bar(&tree, FUNCTION, 0, 0xfd000000, 0x100, TREE_MEM32);
	assert_neighbour(0, NULL);
	tree_bar(&tree, FUNCTION, 1, 0xfd000800, 0x100, TREE_MEM32);
	assert_neighbour(0, "BAR 1 of the same function");
	assert_neighbour(1, "BAR 0 of the same function");
	tree_bar(&tree, FUNCTION, 1, 0xfd000000 + (uint64_t)sysconf(_SC_PAGESIZE), 0x100,
		 TREE_MEM32);
	assert_neighbour(0, NULL);
	tree_bar(&tree, FUNCTION, 6, 0xfd000800, 0x800, TREE_ROM);
	assert_neighbour(0, "the expansion ROM of the same function");
}

static void names_what_is_no_bar(void **state)
{
	(void)state;
	tree_poke(&tree, FUNCTION, "config", 4, "\x03", 1);
	tree_bar(&tree, FUNCTION, 0, 0xfd000000, 0x100, TREE_MEM32);
	tree_add(&tree, SIBLING);
	tree_bar(&tree, SIBLING, 9, 0xfd000800, 0x100, TREE_MEM32);
	assert_neighbour(0, "VF BAR 2 of " SIBLING);
	tree_bar(&tree, SIBLING, 9, 0, 0, 0);
	tree_bar(&tree, SIBLING, 13, 0xfd000000, 0x100000, TREE_MEM32);
	assert_neighbour(0, "a window of " SIBLING);
}

static void finds_neighbours_on_the_same_bus(void **state)
{
	(void)state;
	tree_poke(&tree, FUNCTION, "config", 4, "\x03", 1);
	tree_bar(&tree, FUNCTION, 0, 0xfd000000, 0x100, TREE_MEM32);
	tree_add(&tree, SIBLING);
	assert_neighbour(0, NULL);
	tree_bar(&tree, SIBLING, 3, 0xfd000f00, 0x100, TREE_MEM32);
	assert_neighbour(0, "BAR 3 of " SIBLING);
	tree_drop(&tree, SIBLING);
	assert_neighbour(0, NULL);

	/* Windows of bridges are far larger than pages: no other function is checked. */
	tree_add(&tree, ELSEWHERE);
	tree_bar(&tree, ELSEWHERE, 0, 0xfd000200, 0x100, TREE_MEM32);
	assert_neighbour(0, NULL);
}

static void counts_only_memory_with_an_address(void **state)
{
	(void)state;
	tree_poke(&tree, FUNCTION, "config", 4, "\x03", 1);
	tree_bar(&tree, FUNCTION, 0, 0xc000, 0x100, TREE_MEM32);
	tree_add(&tree, SIBLING);
	tree_bar(&tree, SIBLING, 0, 0xc100, 0x20, TREE_IO);
	tree_bar(&tree, SIBLING, 1, 0xc200, 0x100, TREE_MEM32 | TREE_UNSET);
	assert_neighbour(0, NULL);
	tree_set(&tree, SIBLING, "resource", "garbage\n");
	assert_neighbour(0, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RESOURCE_TEST(parses_lines),
		RESOURCE_TEST(refuses_what_no_kernel_writes),
		cmocka_unit_test(parses_no_more_lines_than_wanted),
		RESOURCE_TEST(distinguishes_the_kinds),
		RESOURCE_TEST(knows_where_upper_halves_are),
		RESOURCE_TEST(knows_what_was_given_no_address),
		RESOURCE_TEST(takes_fewer_lines),
		RESOURCE_TEST(refuses_garbage),
		RESOURCE_TEST(refuses_bars_that_cannot_be),
		RESOURCE_TEST(takes_odd_bars_that_kernels_show),
		RESOURCE_TEST(aligns_accesses_of_enhanced_allocation),
		RESOURCE_TEST(finds_neighbours_of_the_same_function),
		RESOURCE_TEST(names_what_is_no_bar),
		RESOURCE_TEST(finds_neighbours_on_the_same_bus),
		RESOURCE_TEST(counts_only_memory_with_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
