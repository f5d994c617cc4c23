// SPDX-License-Identifier: BSD-2-Clause
/* NUMA node and IOMMU group, from sysfs. */
#include "unit.h"

#include <stdio.h>

#include "internal.h"
#include "fake-sysfs.h"

#define FUNCTION	"0000:03:00.0"

static struct tree tree;
static struct pcibar_device *dev;
static unsigned int lines;

static void count_line(void *data, int level, const char *msg)
{
	(void)level;
	(void)msg;
	(*(unsigned int *)data)++;
}

static int setup(void **state)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .backend = PCIBAR_BACKEND_SYSFS, .sysfs_root = tree.root,
		.log = count_line, .log_data = &lines,
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

#define GROUP	"kernel/iommu_groups/12/devices/0000:03:00."

struct members {
	unsigned int count, end;
};

/* In the order of their addresses, whatever that of the folder is */
static int count_member(void *data, const struct pcibar_device_info *info)
{
	struct members *members = data;

	assert_int_equal(info->func, members->count);
	return ++members->count == members->end ? 7 : 0;
}

static void assert_members(int ret, struct members members, unsigned int count)
{
	assert_int_equal(pcibar_device_scan_group(dev, count_member, &members), ret);
	assert_int_equal(members.count, count);
}

static void make_group(void)
{
	static const unsigned int order[] = { 3, 0, 7, 1, 6, 2, 5, 4 };
	char name[64];

	tree_link(&tree, FUNCTION, "iommu_group", "../../../kernel/iommu_groups/12");
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		snprintf(name, sizeof(name), GROUP "%u", order[i]);
		tree_set(&tree, NULL, name, "%s", "");
		if (order[i])
			tree_add(&tree, strrchr(name, '/') + 1);
	}
}

static void lists_the_group(void **state)
{
	unsigned int before = lines;

	(void)state;
	assert_members(0, (struct members){ 0 }, 0);
	make_group();
	assert_members(0, (struct members){ 0 }, 8);
	assert_members(7, (struct members){ .end = 3 }, 3);
	assert_int_equal(lines, before);

	/* One that goes away in the meantime is passed over. */
	tree_drop(&tree, "0000:03:00.7");
	assert_members(0, (struct members){ 0 }, 7);
}

static int add_function(void *data, const struct pcibar_device_info *info)
{
	*(unsigned int *)data |= 1u << info->func;
	return 0;
}

/* Neither does one that has gone hide the error of another. */
static void a_member_that_fails_hides_no_other(void **state)
{
	unsigned int found = 0;

	(void)state;
	make_group();
	tree_drop(&tree, "0000:03:00.1");
	tree_set(&tree, "0000:03:00.4", "vendor", "%s", "?\n");
	assert_int_equal(pcibar_device_scan_group(dev, add_function, &found), -EIO);
	assert_int_equal(found, 0xed);
}

static int return_gone(void *data, const struct pcibar_device_info *info)
{
	(void)info;
	(*(unsigned int *)data)++;
	return -ENODEV;
}

/* Not taken for a member that has gone */
static void any_value_of_the_callback_ends_the_scan(void **state)
{
	unsigned int count = 0;

	(void)state;
	make_group();
	assert_int_equal(pcibar_device_scan_group(dev, return_gone, &count), -ENODEV);
	assert_int_equal(count, 1);
}

/* A kernel takes the files away before the link to the group, and the folder last. */
static void notices_that_the_function_is_gone(void **state)
{
	struct pcibar_device_place place = { .size = sizeof(place) };

	(void)state;
	tree_set(&tree, FUNCTION, "numa_node", "%s", "3\n");
	tree_unset(&tree, FUNCTION, "vendor");
	assert_int_equal(pcibar_device_get_place(dev, &place), -ENODEV);
	assert_members(-ENODEV, (struct members){ 0 }, 0);

	tree_unset(&tree, FUNCTION, "numa_node");
	tree_link(&tree, FUNCTION, "iommu_group", "../../../kernel/iommu_groups/12");
	assert_int_equal(pcibar_device_get_place(dev, &place), -ENODEV);

	tree_drop(&tree, FUNCTION);
	assert_int_equal(pcibar_device_get_place(dev, &place), -ENODEV);
	assert_members(-ENODEV, (struct members){ 0 }, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PLACE_TEST(reads_both),
		PLACE_TEST(refuses_what_no_kernel_writes),
		PLACE_TEST(lists_the_group),
		PLACE_TEST(a_member_that_fails_hides_no_other),
		PLACE_TEST(any_value_of_the_callback_ends_the_scan),
		PLACE_TEST(notices_that_the_function_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
