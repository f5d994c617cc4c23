// SPDX-License-Identifier: BSD-2-Clause
/* What the two back ends over /dev/pci have in common: each test runs through both. */
#include "unit.h"

#include "devpci.h"
#include "inject.h"
#include "internal.h"
#include "fake-devpci.h"

static const uint32_t backends[] = { PCIBAR_BACKEND_PCIIO, PCIBAR_BACKEND_FREEBSD };

static struct tree tree;
static struct pcibar_device *dev;
static struct pcibar_refusal why;
static uint32_t backend;

static int try_open(const char *selector, const char *root, struct pcibar_device **devp)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_OPEN_WRITE, .backend = backend,
		.sysfs_root = root, .why = &why,
	};

	return pcibar_device_open(selector, &opts, devp);
}

static int setup(void **state)
{
	int ret = unit_setup(state);

	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	node_populate(&tree);
	return ret;
}

static int teardown(void **state)
{
	tree_remove(&tree);
	return unit_teardown(state);
}

#define ABI_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* Runs @fn with the function open through each of the back ends. */
static void through_both(void (*fn)(void))
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(*backends); i++) {
		backend = backends[i];
		assert_int_equal(try_open(NODE_FUNCTION, NULL, &dev), 0);
		fn();
		pcibar_device_close(dev);
	}
}

static int try_map(unsigned int bar, uint32_t flags, struct pcibar_map **mapp)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = flags, .why = &why };

	return pcibar_bar_map(dev, bar, &opts, mapp);
}

static void assert_absent(const char *root)
{
	assert_int_equal(try_open(NODE_FUNCTION, root, &dev), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_BACKEND, -ENODEV);
	assert_string_equal(why.reasons[0].remedy, backend == PCIBAR_BACKEND_PCIIO ?
			    "modprobe pciio (package pcibar-dkms)" : "modprobe pciio");
	assert_int_equal(try_open("1234:11e8", root, &dev), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_BACKEND, -ENODEV);
}

/* Also when there is a node without a driver, and for a sysfs of another machine. */
static void is_absent_without_the_module(void **state)
{
	static const int errors[] = { ENOENT, ENXIO, ENODEV };

	(void)state;
	for (size_t i = 0; i < sizeof(backends) / sizeof(*backends); i++) {
		backend = backends[i];
		for (size_t j = 0; j < sizeof(errors) / sizeof(*errors); j++) {
			node.open_error[0] = node.open_error[1] = errors[j];
			assert_absent(NULL);
		}
		node.open_error[0] = node.open_error[1] = 0;
		assert_absent(tree.root);
	}
}

static void may_be_shut_altogether(void **state)
{
	(void)state;
	node.open_error[0] = node.open_error[1] = EACCES;
	for (size_t i = 0; i < sizeof(backends) / sizeof(*backends); i++) {
		backend = backends[i];
		assert_int_equal(try_open(NODE_FUNCTION, NULL, &dev), -EACCES);
		assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
		assert_int_equal(try_open("1234:11e8", NULL, &dev), -EACCES);
		assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
	}
}

static void assert_looks_only(void)
{
	int error = -node.open_error[1];
	uint32_t code = error == -EPERM ? PCIBAR_REASON_DENIED : PCIBAR_REASON_PERMISSION;
	struct pcibar_bar_info info = { .size = sizeof(info) };
	struct pcibar_map *map;

	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &info), 0);
	assert_int_equal(info.length, 0x10000);
	assert_int_equal(try_map(0, 0, &map), error);
	assert_refused(&why, code, error);
	assert_int_equal(try_map(4, PCIBAR_MAP_INDIRECT, &map), error);
	assert_refused(&why, code, error);
	assert_int_equal(pcibar_config_write16(dev, PCIR_COMMAND, 0), -EACCES);
	assert_int_equal(node.calls[NODE_BAROPEN] + node.calls[NODE_BARMMAP] +
			 node.calls[NODE_BARIO] + node.calls[NODE_WRITE], 0);
}

static void may_be_open_for_looking_only(void **state)
{
	(void)state;
	node.open_error[1] = EACCES;
	through_both(assert_looks_only);
	node.open_error[1] = EPERM;
	through_both(assert_looks_only);
	/* With other errors it is not available at all. */
	node.open_error[1] = EIO;
	assert_int_equal(try_open(NODE_FUNCTION, NULL, &dev), -EIO);
	assert_refused(&why, PCIBAR_REASON_SYSTEM, -EIO);
}

static void assert_translates(void)
{
	enum node_request request = backend == PCIBAR_BACKEND_PCIIO ? NODE_BAROPEN : NODE_BARMMAP;
	static const struct {
		int error, result;
		uint32_t code;
	} cases[] = {
		{ EPERM, -EPERM, PCIBAR_REASON_LOCKDOWN },
		{ EACCES, -EACCES, PCIBAR_REASON_PERMISSION },
		{ ENODEV, -ENODEV, PCIBAR_REASON_GONE },
		{ EBUSY, -EBUSY, PCIBAR_REASON_CLAIMED },
		{ EADDRINUSE, -EADDRINUSE, PCIBAR_REASON_PAGE_SHARED },
		{ EOPNOTSUPP, -EOPNOTSUPP, PCIBAR_REASON_ATTRIBUTE },
		{ ENOTTY, -EOPNOTSUPP, PCIBAR_REASON_UNSUPPORTED },
		{ E2BIG, -EOPNOTSUPP, PCIBAR_REASON_UNSUPPORTED },
		{ ENOMEM, -ENOMEM, PCIBAR_REASON_SYSTEM },
		{ EINVAL, -EINVAL, PCIBAR_REASON_SYSTEM },
		{ EIO, -EIO, PCIBAR_REASON_SYSTEM },
		{ EMFILE, -EMFILE, PCIBAR_REASON_SYSTEM },
	};
	struct pcibar_map *map;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		node.error[request] = cases[i].error;
		assert_int_equal(try_map(0, 0, &map), cases[i].result);
		assert_refused(&why, cases[i].code, cases[i].result);
		assert_int_equal(why.reasons[0].backend, backend);
	}

	node.error[request] = 0;
}

static void translates_the_refusals_of_a_map(void **state)
{
	(void)state;
	through_both(assert_translates);
}

/* The module says EBUSY of a driver too, which was named better before. */
static void says_busy_once(void **state)
{
	struct pcibar_refuse_ctx v;

	(void)state;
	assert_int_equal(pcibar_refuse_init(&v, &why), 0);
	pcibar_refuse(&v, PCIBAR_REASON_DRIVER, -EBUSY, "unbind it", "a driver owns it");
	assert_int_equal(pcibar_devpci_refuse_map(&v, -EBUSY), -EBUSY);
	assert_int_equal(why.count, 1);
	assert_int_equal(pcibar_devpci_refuse_map(&v, -EPERM), -EPERM);
	assert_int_equal(why.count, 2);
}

static void assert_ports(void)
{
	struct pcibar_map *map;
	uint64_t val;

	memcpy(node.port, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	assert_int_equal(try_map(4, PCIBAR_MAP_WRITE | PCIBAR_MAP_INDIRECT, &map), 0);
	assert_int_equal(node.io.pbi_width, 0);	/* opening accesses nothing */

	assert_int_equal(pcibar_map_read(map, 4, 4, &val), 0);
	assert_int_equal(val, 0x88776655);
	assert_int_equal(pcibar_map_read(map, 2, 2, &val), 0);
	assert_int_equal(val, 0x4433);
	assert_int_equal(pcibar_map_read(map, 1, 1, &val), 0);
	assert_int_equal(val, 0x22);
	assert_int_equal(node.io.pbi_bar, 4);
	assert_int_equal(node.io.pbi_sel.pc_bus, 3);

	assert_int_equal(pcibar_map_write(map, 6, 2, 0xabcd), 0);
	assert_int_equal(node.io.pbi_op, PCIBARIO_WRITE);
	assert_int_equal(node.io.pbi_offset, 6);
	assert_memory_equal(node.port, "\x11\x22\x33\x44\x55\x66\xcd\xab", 8);

	assert_int_equal(pcibar_map_read(map, 0, 8, &val), -EOPNOTSUPP);
	assert_int_equal(pcibar_map_write(map, 0, 8, 0), -EOPNOTSUPP);

	node.error[NODE_BARIO] = ENOENT;
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), -EBUSY);
	node.error[NODE_BARIO] = EPERM;
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), -EPERM);
	node.error[NODE_BARIO] = ENODEV;
	assert_int_equal(pcibar_map_write(map, 0, 4, 0), -ENODEV);
	assert_true(pcibar_map_is_lost(map));

	node.error[NODE_BARIO] = 0;
	memset(&node.io, 0, sizeof(node.io));
	pcibar_map_release(map);
}

static void reaches_ports_by_requests(void **state)
{
	(void)state;
	through_both(assert_ports);
}

static void assert_port_refusals(void)
{
	static const struct {
		int error, result;
		uint32_t code;
	} cases[] = {
		{ EPERM, -EPERM, PCIBAR_REASON_LOCKDOWN },
		{ ENODEV, -ENODEV, PCIBAR_REASON_GONE },
		{ ENOENT, -EBUSY, PCIBAR_REASON_CLAIMED },
		{ ENOTTY, -EOPNOTSUPP, PCIBAR_REASON_UNSUPPORTED },
	};
	struct pcibar_map *map;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		node.error[NODE_BARIO] = cases[i].error;
		assert_int_equal(try_map(4, PCIBAR_MAP_INDIRECT, &map), cases[i].result);
		assert_refused(&why, cases[i].code, cases[i].result);
	}
	node.error[NODE_BARIO] = 0;
}

/* Before the first access, which would be too late to say it well. */
static void reports_lockdown_before_a_port_is_touched(void **state)
{
	(void)state;
	through_both(assert_port_refusals);
}

static void assert_config(void)
{
	static const int errors[] = { EPERM, ENODEV, EIO };

	node.calls[NODE_WRITE] = 0;
	assert_int_equal(pcibar_config_write16(dev, 0x3c, 0x1234), 0);
	assert_int_equal(node.calls[NODE_WRITE], 1);
	assert_int_equal(node.write.pi_reg, 0x3c);
	assert_int_equal(node.write.pi_width, 2);
	assert_int_equal(node.write.pi_data, 0x1234);
	assert_int_equal(node.write.pi_sel.pc_bus, 3);
	assert_int_equal(pcibar_config_write8(dev, 0x3c, 0xff), 0);
	assert_int_equal(node.write.pi_width, 1);
	assert_int_equal(pcibar_config_write32(dev, NODE_CONFIG, 0), -ERANGE);
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		node.error[NODE_WRITE] = errors[i];
		assert_int_equal(pcibar_config_write16(dev, 0x3c, 0), -errors[i]);
	}
	node.error[NODE_WRITE] = 0;
}

/* So that the module revokes what a write takes away. */
static void writes_configuration_space_through_the_module(void **state)
{
	(void)state;
	through_both(assert_config);
}

static void survives_without_memory(void **state)
{
	struct pcibar_map *map;

	(void)state;
	for (size_t i = 0; i < sizeof(backends) / sizeof(*backends); i++) {
		unsigned int nth = 1;
		int ret;

		backend = backends[i];
		do {
			inject(INJECT_ALLOC, nth++, ENOMEM);
			ret = try_open("1234:11e8", NULL, &dev);
			if (ret)
				continue;
			ret = try_map(4, PCIBAR_MAP_INDIRECT, &map);
			if (!ret)
				pcibar_map_release(map);
			if (!ret)
				ret = try_map(0, 0, &map);
			if (!ret)
				pcibar_map_release(map);
			pcibar_device_close(dev);
		} while (ret == -ENOMEM);
		assert_int_equal(ret, 0);
		assert_false(inject_happened(INJECT_ALLOC));
		assert_true(nth > 6);
		inject_reset();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ABI_TEST(is_absent_without_the_module),
		ABI_TEST(may_be_shut_altogether),
		ABI_TEST(may_be_open_for_looking_only),
		ABI_TEST(translates_the_refusals_of_a_map),
		ABI_TEST(says_busy_once),
		ABI_TEST(reaches_ports_by_requests),
		ABI_TEST(reports_lockdown_before_a_port_is_touched),
		ABI_TEST(writes_configuration_space_through_the_module),
		ABI_TEST(survives_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
