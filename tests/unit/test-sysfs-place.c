// SPDX-License-Identifier: BSD-2-Clause
/* NUMA node and IOMMU group, from sysfs. */
#include "unit.h"

#include <stdio.h>

#include "internal.h"
#include "fake-sysfs.h"

#define FUNCTION	"0000:03:00.0"

static struct tree tree;
static struct pcibar_device *dev;

static int setup(void **state)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .backend = PCIBAR_BACKEND_SYSFS, .sysfs_root = tree.root,
	};
	int ret = unit_setup(state);

	tree_create(&tree);
	tree_add(&tree, FUNCTION);
	assert_int_equal(pcibar_device_open(FUNCTION, &opts, &dev), 0);
	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(dev);
	tree_remove(&tree);
	return unit_teardown(state);
}

#define PLACE_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void assert_place(int32_t numa_node, int32_t iommu_group)
{
	struct pcibar_device_place place = { .size = sizeof(place) };

	assert_int_equal(pcibar_device_get_place(dev, &place), 0);
	assert_int_equal(place.numa_node, numa_node);
	assert_int_equal(place.iommu_group, iommu_group);
}

static void reads_both(void **state)
{
	(void)state;
	assert_place(-1, -1);
	tree_set(&tree, FUNCTION, "numa_node", "%s", "-1\n");
	assert_place(-1, -1);
	tree_set(&tree, FUNCTION, "numa_node", "%s", "3\n");
	assert_place(3, -1);
	tree_link(&tree, FUNCTION, "iommu_group", "../../../kernel/iommu_groups/12");
	assert_place(3, 12);
}

static void refuses_what_no_kernel_writes(void **state)
{
	static const char *const texts[] = {
		"", "\n", "-2\n", "1", "x\n", "1 2\n", "2147483648\n",
	};
	struct pcibar_device_place place = { .size = sizeof(place) };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		tree_set(&tree, FUNCTION, "numa_node", "%s", texts[i]);
		assert_int_equal(pcibar_device_get_place(dev, &place), -EIO);
	}
	tree_unset(&tree, FUNCTION, "numa_node");
	tree_link(&tree, FUNCTION, "iommu_group", "../12x");
	assert_int_equal(pcibar_device_get_place(dev, &place), -EIO);
}

static int count_members(void *data, const struct pcibar_device_info *info)
{
	unsigned int *count = data;

	/* In the order of their addresses, whatever that of the folder is */
	assert_int_equal(info->func, *count);
	return ++*count == 3 ? 7 : 0;
}

static void lists_the_group(void **state)
{
	static const char *const members[] = { "0000:03:00.1", "0000:03:00.0" };
	unsigned int count = 0;

	(void)state;
	tree_add(&tree, "0000:03:00.1");
	tree_add(&tree, "0000:03:00.2");
	assert_int_equal(pcibar_device_scan_group(dev, count_members, &count), 0);
	assert_int_equal(count, 0);

	tree_link(&tree, FUNCTION, "iommu_group", "../../../kernel/iommu_groups/12");
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		char path[64];

		snprintf(path, sizeof(path), "kernel/iommu_groups/12/devices/%s", members[i]);
		tree_set(&tree, NULL, path, "%s", "");
	}
	assert_int_equal(pcibar_device_scan_group(dev, count_members, &count), 0);
	assert_int_equal(count, 2);

	/* One that goes away in the meantime is passed over; the caller ends the list. */
	tree_set(&tree, NULL, "kernel/iommu_groups/12/devices/0000:03:00.2", "%s", "");
	count = 0;
	assert_int_equal(pcibar_device_scan_group(dev, count_members, &count), 7);
	tree_drop(&tree, "0000:03:00.2");
	count = 0;
	assert_int_equal(pcibar_device_scan_group(dev, count_members, &count), 0);
	assert_int_equal(count, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PLACE_TEST(reads_both),
		PLACE_TEST(refuses_what_no_kernel_writes),
		PLACE_TEST(lists_the_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
