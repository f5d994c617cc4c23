// SPDX-License-Identifier: BSD-2-Clause
/* Memory types in debugfs. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysfs.h"
#include "fake-sysfs.h"

#define LIST	"kernel/debug/x86/pat_memtype_list"

static struct tree tree;

static int setup(void **state)
{
	tree_create(&tree);
	return unit_setup(state);
}

static int teardown(void **state)
{
	tree_remove(&tree);
	return unit_teardown(state);
}

#define MEMTYPE_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static bool differs(uint64_t start, uint64_t length, uint32_t attr)
{
	return pcibar_sysfs_attr_differs(tree.root, start, length, attr);
}

static void knows_nothing_without_the_list(void **state)
{
	(void)state;
	assert_false(differs(0xfd000000, 0x1000, PCIBAR_ATTR_UC));
	assert_false(differs(0xfd000000, 0x1000, PCIBAR_ATTR_WC));
}

static void compares_what_overlaps(void **state)
{
	(void)state;
	tree_set(&tree, NULL, LIST, "PAT memtype list:\n"
		 "PAT: [mem 0x00000000bffdc000-0x00000000bffe0000] write-back\n"
		 "PAT: [mem 0x00000000fd000000-0x00000000fd002000] write-combining\n"
		 "PAT: [mem 0x00000000fe000000-0x00000000fe001000] uncached-minus\n"
		 "PAT: [mem 0x00000000fe001000-0x00000000fe002000] uncached\n");
	assert_false(differs(0xfd000000, 0x2000, PCIBAR_ATTR_WC));
	assert_true(differs(0xfd000000, 0x1000, PCIBAR_ATTR_UC));
	assert_true(differs(0xfd001000, 0x4000, PCIBAR_ATTR_UC));
	assert_true(differs(0xfcfff000, 0x1001, PCIBAR_ATTR_UC));

	/* Ends are exclusive. */
	assert_false(differs(0xfd002000, 0x1000, PCIBAR_ATTR_UC));
	assert_false(differs(0xfcfff000, 0x1000, PCIBAR_ATTR_UC));
	assert_false(differs(0xfe000000, 0x2000, PCIBAR_ATTR_UC));
	assert_true(differs(0xfe000000, 0x1000, PCIBAR_ATTR_WC));
	assert_true(differs(0xfe001000, 0x1000, PCIBAR_ATTR_WC));
	assert_true(differs(0xbffdc000, 0x1000, PCIBAR_ATTR_UC));
}

static void passes_over_lines_it_does_not_know(void **state)
{
	(void)state;
	tree_set(&tree, NULL, LIST, "\n[mem \n[mem 0x]\n[mem 0x1-0x2\n"
		 "PAT: [mem 0xfd000000 0xfd002000] write-combining\n%0500d\n"
		 "PAT: [mem 0x00000000fd000000-0x00000000fd002000] write-combining\n", 0);
	assert_true(differs(0xfd000000, 0x1000, PCIBAR_ATTR_UC));
	assert_false(differs(0x1, 1, PCIBAR_ATTR_UC));
}

static void reads_no_list_without_end(void **state)
{
	char path[PATH_MAX + sizeof("/" LIST)];
	int fd;

	(void)state;
	alarm(60);
	tree_set(&tree, NULL, LIST, "%s", "");
	snprintf(path, sizeof(path), "%s/" LIST, tree.root);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, INT64_C(1) << 40), 0);
	close(fd);
	assert_false(differs(0xfd000000, 0x1000, PCIBAR_ATTR_UC));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_false(differs(0xfd000000, 0x1000, PCIBAR_ATTR_UC));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(differs(0xfd000000, 0x1000, PCIBAR_ATTR_UC));
	alarm(0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MEMTYPE_TEST(knows_nothing_without_the_list),
		MEMTYPE_TEST(compares_what_overlaps),
		MEMTYPE_TEST(passes_over_lines_it_does_not_know),
		MEMTYPE_TEST(reads_no_list_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
