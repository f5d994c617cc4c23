// SPDX-License-Identifier: BSD-2-Clause
/* Small files and links of sysfs. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sysfs.h"
#include "fake-sysfs.h"

static struct tree tree;
static int dir;

static int setup(void **state)
{
	int ret = unit_setup(state);

	tree_create(&tree);
	dir = open(tree.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return ret;
}

static int teardown(void **state)
{
	close(dir);
	tree_remove(&tree);
	return unit_teardown(state);
}

#define UTIL_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void reads_all_or_nothing(void **state)
{
	char buf[8];

	(void)state;
	tree_set(&tree, NULL, "file", "1234567");
	assert_int_equal(pcibar_sysfs_read(dir, "file", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "1234567");
	tree_set(&tree, NULL, "file", "12345678");
	assert_int_equal(pcibar_sysfs_read(dir, "file", buf, sizeof(buf)), -EIO);
	tree_set(&tree, NULL, "file", "%s", "");
	assert_int_equal(pcibar_sysfs_read(dir, "file", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(pcibar_sysfs_read(dir, "none", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(pcibar_sysfs_read(dir, "bus", buf, sizeof(buf)), -EISDIR);
}

/* A tree from elsewhere can hold anything under the name of an attribute. */
static void waits_for_no_file(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "tree-socket" };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char buf[8];
	int fifo;

	(void)state;
	alarm(60);

	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(pcibar_sysfs_read(dir, "fifo", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	fifo = openat(dir, "fifo", O_RDWR | O_CLOEXEC);
	assert_true(fifo >= 0);
	assert_int_equal(pcibar_sysfs_read(dir, "fifo", buf, sizeof(buf)), -EIO);
	close(fifo);

	assert_int_equal(symlinkat("/dev/zero", dir, "endless"), 0);
	assert_int_equal(pcibar_sysfs_read(dir, "endless", buf, sizeof(buf)), -EIO);

	assert_int_equal(symlinkat("loop", dir, "loop"), 0);
	assert_int_equal(pcibar_sysfs_read(dir, "loop", buf, sizeof(buf)), -EIO);

	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(renameat(AT_FDCWD, addr.sun_path, dir, "socket"), 0);
	assert_int_equal(pcibar_sysfs_read(dir, "socket", buf, sizeof(buf)), -EIO);
	close(listener);

	alarm(0);
}

/* Opening a device can be an act: a watchdog begins to run. */
static void follows_no_link(void **state)
{
	char buf[8];

	(void)state;
	tree_set(&tree, NULL, "file", "1234567");
	assert_int_equal(symlinkat("file", dir, "link"), 0);
	assert_int_equal(pcibar_sysfs_read(dir, "link", buf, sizeof(buf)), -EIO);
}

static void takes_hexadecimal_as_the_kernel_prints_it(void **state)
{
	static const struct {
		const char *text;
		uint64_t val;
		size_t len;		/* 0: refused */
	} cases[] = {
		{ "0x0", 0, 3 }, { "0x1af4\n", 0x1af4, 6 },
		{ "0xffffffffffffffff", UINT64_MAX, 18 },
		{ "0x00000000fd000000 0x1", 0xfd000000, 18 }, { "0x00000000000000001", 0, 18 },
		{ "0x12g", 0x12, 4 }, { "0xAB", 0, 0 }, { "", 0, 0 }, { "0", 0, 0 }, { "0x", 0, 0 },
		{ "0X1", 0, 0 }, { "1234", 0, 0 }, { " 0x1", 0, 0 }, { "-0x1", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t val;
		const char *end = pcibar_sysfs_take_hex(cases[i].text, &val);

		if (!cases[i].len) {
			assert_null(end);
			continue;
		}
		assert_ptr_equal(end, cases[i].text + cases[i].len);
		assert_int_equal(val, cases[i].val);
	}
}

static void reads_a_number_that_is_the_whole_file(void **state)
{
	static const char *const wrong[] = {
		"", "\n", "1234\n", "0x1234", "0x1234 \n", "0x1234\n\n", "0x100000000\n", "0x\n",
	};
	uint32_t val = 42;

	(void)state;
	tree_set(&tree, NULL, "id", "0xffffffff\n");
	assert_int_equal(pcibar_sysfs_read_hex(dir, "id", &val), 0);
	assert_int_equal(val, UINT32_MAX);
	val = 42;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		tree_set(&tree, NULL, "id", "%s", wrong[i]);
		assert_int_equal(pcibar_sysfs_read_hex(dir, "id", &val), -EIO);
	}
	assert_int_equal(pcibar_sysfs_read_hex(dir, "none", &val), -ENOENT);
	assert_int_equal(val, 42);
}

static void names_what_a_link_points_to(void **state)
{
	char name[8], target[600] = "";

	(void)state;
	assert_int_equal(symlinkat("../../bus/pci/drivers/nvme", dir, "driver"), 0);
	assert_int_equal(pcibar_sysfs_read_link(dir, "driver", name, sizeof(name)), 0);
	assert_string_equal(name, "nvme");
	assert_int_equal(symlinkat("plain", dir, "bare"), 0);
	assert_int_equal(pcibar_sysfs_read_link(dir, "bare", name, sizeof(name)), 0);
	assert_string_equal(name, "plain");
	assert_int_equal(pcibar_sysfs_read_link(dir, "none", name, sizeof(name)), 0);
	assert_string_equal(name, "");
	assert_int_equal(symlinkat("a/eight_by", dir, "long"), 0);
	assert_int_equal(pcibar_sysfs_read_link(dir, "long", name, sizeof(name)), -EIO);
	assert_int_equal(pcibar_sysfs_read_link(dir, "bus", name, sizeof(name)), -EINVAL);
	memset(target, 'a', sizeof(target) - 1);
	target[sizeof(target) - 3] = '/';
	assert_int_equal(symlinkat(target, dir, "longer"), 0);
	assert_int_equal(pcibar_sysfs_read_link(dir, "longer", name, sizeof(name)), -EIO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		UTIL_TEST(reads_all_or_nothing),
		UTIL_TEST(waits_for_no_file),
		UTIL_TEST(follows_no_link),
		UTIL_TEST(takes_hexadecimal_as_the_kernel_prints_it),
		UTIL_TEST(reads_a_number_that_is_the_whole_file),
		UTIL_TEST(names_what_a_link_points_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
