// SPDX-License-Identifier: BSD-2-Clause
/* Virtual functions in sysfs. */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "internal.h"
#include "fake-sysfs.h"

#define PHYSICAL	"0000:03:00.0"
#define VIRTUAL		"0000:03:10.0"
#define SRIOV		0x160
#define CONTROL		0x08

static struct tree tree;
static struct pcibar_device *dev;

static void make_link(const char *address, const char *name, const char *target)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/%s", tree.root, address, name);
	assert_int_equal(symlink(target, path), 0);
}

static void poke32(const char *address, off_t off, uint32_t val)
{
	unsigned char bytes[] = { (unsigned char)val, (unsigned char)(val >> 8),
				  (unsigned char)(val >> 16), (unsigned char)(val >> 24) };

	tree_poke(&tree, address, "config", off, bytes, sizeof(bytes));
}

/* As hardware has it: IDs all-ones, no decoding bit, BAR registers of zero. */
static int setup(void **state)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .backend = PCIBAR_BACKEND_SYSFS,
		.flags = PCIBAR_OPEN_WRITE,
	};
	int ret = unit_setup(state);

	tree_create(&tree);
	tree_add(&tree, PHYSICAL);
	tree_truncate(&tree, PHYSICAL, "config", 4096);
	poke32(PHYSICAL, 0x100, SRIOV << 20 | 1 << 16 | 0x0001);
	poke32(PHYSICAL, SRIOV, 1 << 16 | 0x0010);
	poke32(PHYSICAL, SRIOV + CONTROL, 0x09);
	tree_add(&tree, VIRTUAL);
	tree_bar(&tree, VIRTUAL, 0, 0xe0100000, 0x4000, TREE_MEM64);
	poke32(VIRTUAL, 0, UINT32_MAX);
	poke32(VIRTUAL, PCIR_COMMAND, 0);
	make_link(VIRTUAL, "physfn", "../" PHYSICAL);
	opts.sysfs_root = tree.root;
	assert_int_equal(pcibar_device_open(VIRTUAL, &opts, &dev), 0);

	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(dev);
	tree_remove(&tree);
	return unit_teardown(state);
}

#define VIRTUAL_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static int map_with(uint32_t flags)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = flags };
	struct pcibar_map *map;
	int ret = pcibar_bar_map(dev, 0, &opts, &map);

	if (!ret)
		pcibar_map_release(map);
	return ret;
}

static uint32_t enabled(void)
{
	uint32_t value = 0;

	assert_int_equal(pcibar_device_get_enable(dev, &value), 0);
	return value;
}

static uint32_t decoding(void)
{
	struct pcibar_bar_info info = { .size = sizeof(info) };

	assert_int_equal(pcibar_bar_get_info(dev, 0, PCIBAR_BAR_INFO_CONFIG, &info), 0);
	return info.flags & (PCIBAR_BAR_F_DECODING | PCIBAR_BAR_F_CONFIG_SEEN);
}

static void decodes_as_its_physical_function_says(void **state)
{
	(void)state;
	assert_int_equal(map_with(0), 0);
	assert_int_equal(enabled(), PCIBAR_DECODE_MEM);
	assert_int_equal(decoding(), PCIBAR_BAR_F_DECODING);

	poke32(PHYSICAL, SRIOV + CONTROL, 0x01);
	assert_int_equal(map_with(0), -ENXIO);
	assert_int_equal(map_with(PCIBAR_MAP_ACTIVATE), -ENXIO);
	assert_int_equal(enabled(), 0);
	assert_int_equal(decoding(), 0);
}

static void decodes_when_the_physical_function_cannot_be_seen(void **state)
{
	(void)state;
	poke32(PHYSICAL, SRIOV + CONTROL, 0);
	tree_truncate(&tree, PHYSICAL, "config", 64);	/* what an ordinary user reads of it */
	assert_int_equal(map_with(0), 0);
	tree_truncate(&tree, PHYSICAL, "config", 4096);
	poke32(PHYSICAL, 0x100, 0x100u << 20 | 1 << 16 | 0x0001);	/* a loop */
	assert_int_equal(map_with(0), 0);
	tree_unset(&tree, PHYSICAL, "config");
	assert_int_equal(map_with(0), 0);
	assert_int_equal(enabled(), PCIBAR_DECODE_MEM);
}

static unsigned int command(void)
{
	unsigned char byte;

	tree_peek(&tree, VIRTUAL, "config", PCIR_COMMAND, &byte, 1);
	return byte;
}

/* A file has the bit that hardware does not, as QEMU's functions have. */
static void has_its_own_bit_tried(void **state)
{
	const uint32_t mem = PCIBAR_DECODE_MEM;

	(void)state;
	assert_int_equal(map_with(PCIBAR_MAP_ACTIVATE), 0);
	assert_int_equal(command(), 0);
	assert_int_equal(pcibar_device_set_enable(dev, mem, 0, 0), -EOPNOTSUPP);
	assert_int_equal(pcibar_device_set_enable(dev, mem, mem, 0), 0);
	assert_int_equal(command(), mem);
	assert_int_equal(pcibar_device_set_enable(dev, mem, 0, 0), 0);
	assert_int_equal(command(), 0);

	poke32(PHYSICAL, SRIOV + CONTROL, 0x01);
	assert_int_equal(pcibar_device_set_enable(dev, mem, mem, 0), -EOPNOTSUPP);
	assert_int_equal(command(), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		VIRTUAL_TEST(decodes_as_its_physical_function_says),
		VIRTUAL_TEST(decodes_when_the_physical_function_cannot_be_seen),
		VIRTUAL_TEST(has_its_own_bit_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
