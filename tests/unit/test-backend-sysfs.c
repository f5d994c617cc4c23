// SPDX-License-Identifier: BSD-2-Clause
/* The back end sysfs on a fake tree. */
#include "unit.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "inject.h"
#include "internal.h"
#include "fixture.h"

#define FUNCTION	"0000:03:00.0"
#define COMMAND_ON	"\x03"

static int open_at(const char *root, const char *selector, uint32_t flags,
		   struct pcibar_device **devp)
{
	return fixture_open(PCIBAR_BACKEND_SYSFS, root, flags, selector, devp);
}

static int setup(void **state)
{
	int ret = fixture_setup(state);

	tree_create(&tree);
	tree_add(&tree, FUNCTION);
	tree_poke(&tree, FUNCTION, "config", PCIR_COMMAND, COMMAND_ON, 1);
	tree_bar(&tree, FUNCTION, 0, 0xfd000000, 0x10000, TREE_MEM32);
	tree_bar(&tree, FUNCTION, 1, 0xfe000000, 0x4000, TREE_MEM32_PREFETCH);
	tree_bar(&tree, FUNCTION, 4, 0xc000, 0x20, TREE_IO);
	tree_bar(&tree, FUNCTION, 6, 0xfc000000, 0x10000, TREE_ROM);
	assert_int_equal(open_at(tree.root, FUNCTION, PCIBAR_OPEN_WRITE, &dev), 0);
	return ret;
}

#define SYSFS_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static int note(void *data, const struct pcibar_device_info *info)
{
	char *text = data;
	size_t len = strlen(text);

	snprintf(text + len, 128 - len, "%x:%x:%x.%x ", info->domain, info->bus, info->slot,
		 info->func);
	return 0;
}

static void lists_functions_and_nothing_else(void **state)
{
	struct pcibar_open_opts scan_opts = {
		.size = sizeof(scan_opts), .backend = PCIBAR_BACKEND_SYSFS,
		.sysfs_root = tree.root,
	};
	char text[128] = "";

	(void)state;
	tree_add(&tree, "10000:e1:1f.7");
	tree_add(&tree, "0000:00:02.0");
	tree_set(&tree, NULL, "bus/pci/devices/garbage/vendor", "0x1\n");
	tree_set(&tree, NULL, "bus/pci/devices/0000:03:0A.0/vendor", "0x1\n");
	assert_int_equal(pcibar_scan(NULL, &scan_opts, note, text), 0);
	assert_string_equal(text, "0:0:2.0 0:3:0.0 10000:e1:1f.7 ");
}

static void distinguishes_absent_functions_from_absent_pci(void **state)
{
	struct pcibar_device *other;
	char root[PATH_MAX + 8];

	(void)state;
	assert_int_equal(open_at(tree.root, "0000:03:00.1", 0, &other), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_DEVICE, -ENODEV);
	snprintf(root, sizeof(root), "%s/none", tree.root);
	assert_int_equal(open_at(root, FUNCTION, 0, &other), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_BACKEND, -ENODEV);
	memset(root, 'x', sizeof(root) - 1);
	root[sizeof(root) - 1] = '\0';
	assert_int_equal(open_at(root, FUNCTION, 0, &other), -ENAMETOOLONG);
	assert_int_equal(open_at(root, "1234:11e8", 0, &other), -ENAMETOOLONG);
	inject(INJECT_OPEN, 1, EACCES);
	assert_int_equal(open_at(tree.root, FUNCTION, 0, &other), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
}

/* By address: the cost must not grow with the machine. */
static void opening_costs_the_same_on_a_large_machine(void **state)
{
	unsigned int calls[2];
	char address[PCIBAR_ADDRESS_STRLEN];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct pcibar_device *other;
		struct pcibar_map *map;

		inject_reset();
		assert_int_equal(open_at(tree.root, FUNCTION, 0, &other), 0);
		assert_int_equal(pcibar_bar_map(other, 0, NULL, &map), 0);
		pcibar_map_release(map);
		pcibar_device_close(other);
		calls[i] = inject_calls(INJECT_OPEN) + inject_calls(INJECT_PREAD) +
			   inject_calls(INJECT_READLINK) + inject_calls(INJECT_FDOPENDIR);
		for (unsigned int n = 0; !i && n < 100; n++) {
			snprintf(address, sizeof(address), "0000:%02x:%02x.0", 4 + n / 32, n % 32);
			tree_add(&tree, address);
		}
	}
	assert_int_equal(calls[0], calls[1]);
}

static void describes_a_function(void **state)
{
	struct pcibar_device_info info = { .size = sizeof(info) };

	(void)state;
	tree_driver(&tree, FUNCTION, "nvme");
	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_int_equal(info.vendor, 0x1234);
	assert_int_equal(info.device, 0x11e8);
	assert_int_equal(info.subvendor, 0x1af4);
	assert_int_equal(info.subdevice, 0x1100);
	assert_int_equal(info.class_code, 0x00ff00);
	assert_int_equal(info.revision, 0x10);
	assert_int_equal(info.backend, PCIBAR_BACKEND_SYSFS);
	assert_int_equal(info.caps, PCIBAR_CAP_MAP_WC | PCIBAR_CAP_ACTIVATE);
	assert_string_equal(info.driver, "nvme");
	assert_int_equal(info.flags, PCIBAR_DEV_DRIVER_OWNS);

	tree_driver(&tree, FUNCTION, NULL);
	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_string_equal(info.driver, "");

	tree_set(&tree, FUNCTION, "class", "garbage\n");
	assert_int_equal(pcibar_device_get_info(dev, &info), -EIO);

	tree_drop(&tree, FUNCTION);
	assert_int_equal(pcibar_device_get_info(dev, &info), -ENODEV);
}

static void knows_who_is_asleep(void **state)
{
	static const char *const asleep[] = { "D1\n", "D2\n", "D3hot\n", "D3cold\n" };
	static const char *const awake[] = { "D0\n", "unknown\n", "error\n", "" };
	struct pcibar_device_info info = { .size = sizeof(info) };
	bool is_asleep;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		tree_set(&tree, FUNCTION, "power_state", "%s", asleep[i]);
		assert_int_equal(pcibar_device_get_info(dev, &info), 0);
		assert_int_equal(info.flags, PCIBAR_DEV_ASLEEP);
		assert_int_equal(try_map(0), -ENXIO);
		assert_refused(&why, PCIBAR_REASON_ASLEEP, -ENXIO);
		tree_set(&tree, FUNCTION, "power_state", "%s", awake[i]);
		assert_int_equal(pcibar_device_get_info(dev, &info), 0);
		assert_int_equal(info.flags, 0);
	}

	/* Kernels before 5.10 have no such file. */
	tree_unset(&tree, FUNCTION, "power_state");
	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_int_equal(info.flags, 0);

	/* One that is gone is not awake. */
	tree_drop(&tree, FUNCTION);
	assert_int_equal(dev->query->get_asleep(dev->query_data, &is_asleep), -ENODEV);
}

static void maps_the_file(void **state)
{
	const uint32_t magic = htole32(0x010000ed);
	struct pcibar_map *map;
	uint32_t back;

	(void)state;
	tree_poke(&tree, FUNCTION, "resource0", 0x2004, &magic, 4);
	opts.flags = PCIBAR_MAP_WRITE;
	opts.offset = 0x2004;
	opts.length = 8;
	map = map_bar(0);
	assert_int_equal(pcibar_read32(pcibar_map_addr(map)), 0x010000ed);
	assert_int_equal(pcibar_map_write(map, 4, 4, 0x12345678), 0);
	tree_peek(&tree, FUNCTION, "resource0", 0x2008, &back, 4);
	assert_int_equal(le32toh(back), 0x12345678);
	pcibar_map_release(map);
}

static void maps_a_bar_smaller_than_a_page(void **state)
{
	struct pcibar_map *map;
	uint64_t val;

	(void)state;
	tree_bar(&tree, FUNCTION, 2, 0xfd010420, 0x20, TREE_MEM32);
	tree_poke(&tree, FUNCTION, "resource2", 0x420, "\x11\x22\x33\x44", 4);
	map = map_bar(2);
	assert_int_equal(pcibar_map_length(map), 0x20);
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	assert_int_equal(val, 0x44332211);
	pcibar_map_release(map);
}

static void maps_wc_through_its_own_file(void **state)
{
	struct pcibar_map *map;

	(void)state;
	tree_unset(&tree, FUNCTION, "resource1_wc");
	tree_set(&tree, FUNCTION, "resource1_wc", "W");
	tree_truncate(&tree, FUNCTION, "resource1_wc", 0x4000);
	opts.attr = PCIBAR_ATTR_WC;
	map = map_bar(1);
	assert_int_equal(pcibar_read8(pcibar_map_addr(map)), 'W');
	pcibar_map_release(map);
	assert_int_equal(try_map(0), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_ATTRIBUTE, -EOPNOTSUPP);
	tree_unset(&tree, FUNCTION, "resource1_wc");
	assert_int_equal(try_map(1), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_ATTRIBUTE, -EOPNOTSUPP);
}

static void refuses_an_attribute_it_would_not_get(void **state)
{
	const char *const list = "kernel/debug/x86/pat_memtype_list";

	(void)state;
	tree_set(&tree, NULL, list, "PAT: [mem 0xfe000000-0xfe001000] write-combining\n");
	assert_int_equal(try_map(1), -EBUSY);
	assert_refused(&why, PCIBAR_REASON_ATTRIBUTE, -EBUSY);
	opts.offset = 0x1000;
	assert_int_equal(try_map(1), 0);
	opts.offset = 0;
	opts.attr = PCIBAR_ATTR_WC;
	assert_int_equal(try_map(1), 0);
	tree_set(&tree, NULL, list, "PAT: [mem 0xfe000000-0xfe001000] uncached-minus\n");
	assert_int_equal(try_map(1), -EBUSY);
}

static void refuses_what_it_cannot_do(void **state)
{
	(void)state;
	opts.flags = PCIBAR_MAP_EXCLUSIVE;
	assert_int_equal(try_map(0), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	opts.flags = PCIBAR_MAP_INDIRECT;
	assert_int_equal(try_map(0), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	opts.flags = 0;
	assert_int_equal(try_map(6), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_ROM, -EOPNOTSUPP);
	tree_unset(&tree, FUNCTION, "resource0");
	assert_int_equal(try_map(0), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	assert_non_null(strstr(why.reasons[0].what, "resource0"));
	tree_drop(&tree, FUNCTION);
	assert_int_equal(try_map(0), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_GONE, -ENODEV);
}

/* The function may go away at any moment of the call. */
static void says_gone_when_the_files_go_away(void **state)
{
	(void)state;
	tree_unset(&tree, FUNCTION, "resource0");
	for (unsigned int nth = 1; nth < 20; nth++) {
		int ret;

		inject(INJECT_OPEN, nth, ENOENT);
		ret = try_map(0);
		assert_int_equal(ret, why.reasons[0].error);
		assert_int_equal(why.reasons[0].code, ret == -ENODEV ? PCIBAR_REASON_GONE
								      : PCIBAR_REASON_UNSUPPORTED);
		if (!inject_happened(INJECT_OPEN))
			break;
	}
	inject_always(INJECT_OPEN, ENOENT);
	assert_int_equal(try_map(0), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_GONE, -ENODEV);
}

static void distinguishes_the_refusals_of_mmap(void **state)
{
	static const struct {
		int error, result;
		uint32_t code;
	} cases[] = {
		{ EINVAL, -EBUSY, PCIBAR_REASON_CLAIMED },
		{ EPERM, -EPERM, PCIBAR_REASON_DENIED },
		{ EACCES, -EACCES, PCIBAR_REASON_PERMISSION },
		{ ENODEV, -ENODEV, PCIBAR_REASON_GONE },
		{ ENOMEM, -ENOMEM, PCIBAR_REASON_SYSTEM },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		inject(INJECT_MMAP, 1, cases[i].error);
		assert_int_equal(try_map(0), cases[i].result);
		assert_refused(&why, cases[i].code, cases[i].result);
	}
}

static void knows_lockdown(void **state)
{
	static const char *const on[] = {
		"none [integrity] confidentiality\n", "none integrity [confidentiality]\n",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		tree_set(&tree, NULL, "kernel/security/lockdown", "%s", on[i]);
		inject(INJECT_MMAP, 1, EPERM);
		assert_int_equal(try_map(0), -EPERM);
		assert_refused(&why, PCIBAR_REASON_LOCKDOWN, -EPERM);
	}
	tree_set(&tree, NULL, "kernel/security/lockdown", "[none] integrity confidentiality\n");
	inject(INJECT_MMAP, 1, EPERM);
	assert_int_equal(try_map(0), -EPERM);
	assert_refused(&why, PCIBAR_REASON_DENIED, -EPERM);
}

static void names_the_driver_that_claims(void **state)
{
	(void)state;
	tree_driver(&tree, FUNCTION, "nvme");
	assert_int_equal(try_map(0), -EBUSY);
	assert_refused(&why, PCIBAR_REASON_DRIVER, -EBUSY);
	opts.flags = PCIBAR_MAP_SHARE_DRIVER;
	inject(INJECT_MMAP, 1, EINVAL);
	assert_int_equal(try_map(0), -EBUSY);
	assert_refused(&why, PCIBAR_REASON_CLAIMED, -EBUSY);
	assert_non_null(strstr(why.reasons[0].what, "nvme"));
	assert_int_equal(try_map(0), 0);
}

/* The last file opened is the BAR's own: what is before it may not be visible to all. */
static void distinguishes_the_refusals_of_open(void **state)
{
	static const struct {
		int error;
		uint32_t code;
	} cases[] = {
		{ EACCES, PCIBAR_REASON_PERMISSION },
		{ EPERM, PCIBAR_REASON_DENIED },
		{ EIO, PCIBAR_REASON_SYSTEM },
	};
	unsigned int opens;

	(void)state;
	assert_int_equal(try_map(0), 0);
	inject_reset();
	assert_int_equal(try_map(0), 0);
	opens = inject_calls(INJECT_OPEN);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		inject(INJECT_OPEN, opens, cases[i].error);
		assert_int_equal(try_map(0), -cases[i].error);
		assert_refused(&why, cases[i].code, -cases[i].error);
		assert_non_null(strstr(why.reasons[0].what, "resource0"));
	}
}

static void survives_without_memory(void **state)
{
	unsigned int nth = 1;

	(void)state;
	opts.flags = PCIBAR_MAP_INDIRECT;
	tree_add(&tree, "0000:03:00.1");
	while (true) {
		struct pcibar_device *other;
		int ret;

		inject(INJECT_ALLOC, nth++, ENOMEM);
		ret = open_at(tree.root, "1234:11e8#1", 0, &other);
		if (!ret) {
			pcibar_device_close(other);
			ret = try_map(4);
		}
		if (!ret)
			break;
		assert_int_equal(ret, -ENOMEM);
		assert_refused(&why, PCIBAR_REASON_SYSTEM, -ENOMEM);
	}
	assert_false(inject_happened(INJECT_ALLOC));
	inject_reset();

	/* A neighbour that cannot be looked for is no reason to refuse. */
	tree_bar(&tree, FUNCTION, 2, 0xfd010420, 0x20, TREE_MEM32);
	opts.flags = 0;
	inject(INJECT_FDOPENDIR, 1, ENOMEM);
	assert_int_equal(try_map(2), 0);
	assert_true(inject_happened(INJECT_FDOPENDIR));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SYSFS_TEST(lists_functions_and_nothing_else),
		SYSFS_TEST(distinguishes_absent_functions_from_absent_pci),
		SYSFS_TEST(opening_costs_the_same_on_a_large_machine),
		SYSFS_TEST(describes_a_function),
		SYSFS_TEST(knows_who_is_asleep),
		SYSFS_TEST(maps_the_file),
		SYSFS_TEST(maps_a_bar_smaller_than_a_page),
		SYSFS_TEST(maps_wc_through_its_own_file),
		SYSFS_TEST(refuses_an_attribute_it_would_not_get),
		SYSFS_TEST(refuses_what_it_cannot_do),
		SYSFS_TEST(says_gone_when_the_files_go_away),
		SYSFS_TEST(distinguishes_the_refusals_of_mmap),
		SYSFS_TEST(knows_lockdown),
		SYSFS_TEST(names_the_driver_that_claims),
		SYSFS_TEST(distinguishes_the_refusals_of_open),
		SYSFS_TEST(survives_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
