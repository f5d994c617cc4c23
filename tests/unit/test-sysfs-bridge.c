// SPDX-License-Identifier: BSD-2-Clause
/* The bus behind a bridge, from sysfs. */
#include "unit.h"

#include "inject.h"
#include "internal.h"
#include "fixture.h"

#define BRIDGE	"0000:03:00.0"

static int setup(void **state)
{
	return fixture_sysfs(state, BRIDGE);
}

#define BRIDGE_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static void assert_header(uint8_t header, uint8_t secondary)
{
	struct pcibar_device_info info = { .size = sizeof(info) };

	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_int_equal(info.header, header);
	assert_int_equal(info.secondary, secondary);
}

/* As the kernel shows one; the attribute's own number was read from the device. */
static void make_bridge(const char *class_code, const char *bus)
{
	tree_set(&tree, BRIDGE, "class", "%s\n", class_code);
	tree_set(&tree, BRIDGE, "secondary_bus_number", "255\n");
	if (bus)
		tree_set(&tree, BRIDGE, bus, "%s", "");
}

static void most_functions_are_no_bridges(void **state)
{
	(void)state;
	assert_header(0, 0);
	tree_set(&tree, BRIDGE, "class", "0x060400\n");
	assert_header(0, 0);
}

static void a_bridge_has_a_secondary_bus(void **state)
{
	(void)state;
	make_bridge("0x060400", "pci_bus/0000:e1/uevent");
	assert_header(1, 0xe1);
}

static void a_large_domain(void **state)
{
	(void)state;
	make_bridge("0x060401", "pci_bus/10000:02/uevent");
	assert_header(1, 2);
}

static void cardbus(void **state)
{
	(void)state;
	make_bridge("0x060700", "pci_bus/0000:05/uevent");
	assert_header(2, 5);
}

static void a_bridge_without_a_bus(void **state)
{
	(void)state;
	make_bridge("0x060400", NULL);
	assert_header(1, 0);
	tree_set(&tree, BRIDGE, "pci_bus/uevent", "%s", "");
	tree_set(&tree, BRIDGE, "pci_bus/0000:0X/uevent", "%s", "");
	assert_header(1, 0);
	tree_set(&tree, BRIDGE, "pci_bus/0000:07/uevent", "%s", "");
	inject(INJECT_FDOPENDIR, 1, ENOMEM);
	assert_header(1, 0);
	assert_header(1, 7);
}

static void refuses_garbage(void **state)
{
	struct pcibar_device_info info = { .size = sizeof(info) };

	(void)state;
	make_bridge("garbage", NULL);
	assert_int_equal(pcibar_device_get_info(dev, &info), -EIO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		BRIDGE_TEST(most_functions_are_no_bridges),
		BRIDGE_TEST(a_bridge_has_a_secondary_bus),
		BRIDGE_TEST(a_large_domain),
		BRIDGE_TEST(cardbus),
		BRIDGE_TEST(a_bridge_without_a_bus),
		BRIDGE_TEST(refuses_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
