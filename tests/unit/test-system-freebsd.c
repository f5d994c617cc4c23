// SPDX-License-Identifier: BSD-2-Clause
/* The library as it is on FreeBSD, on a fake /dev/pci that does what FreeBSD's does. */
#include "unit.h"

#include <dev/pci/pcireg.h>

#include "fake-backend.h"
#include "fake-devpci.h"
#include "fixture.h"
#include "system.h"

static int try_open(struct pcibar_device **devp)
{
	struct pcibar_open_opts open_opts = {
		.size = sizeof(open_opts), .flags = PCIBAR_OPEN_WRITE,
		.backend = PCIBAR_BACKEND_FREEBSD, .why = &why,
	};

	return pcibar_device_open(NODE_FUNCTION, &open_opts, devp);
}

static int setup(void **state)
{
	int ret = fixture_setup(state);

	node_populate(&tree);
	node.ignores_activate = true;
	assert_int_equal(try_open(&dev), 0);
	return ret;
}

#define SYSTEM_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static bool decodes(void)
{
	return node.config[PCIR_COMMAND] & PCIM_CMD_MEMEN;
}

static void activates_by_the_command_register(void **state)
{
	struct pcibar_map *maps[2];

	(void)state;
	node.config[PCIR_COMMAND] = PCIM_CMD_PORTEN | PCIM_CMD_BUSMASTEREN;
	assert_int_equal(try_map(0), -ENXIO);
	assert_refused(&why, PCIBAR_REASON_DECODE_OFF, -ENXIO);

	opts.flags = PCIBAR_MAP_ACTIVATE;
	for (unsigned int i = 0; i < 2; i++) {
		maps[i] = map_bar(i * 2);
		assert_true(decodes());
	}
	pcibar_map_release(maps[1]);
	assert_true(decodes());
	pcibar_map_release(maps[0]);
	assert_int_equal(node.config[PCIR_COMMAND], PCIM_CMD_PORTEN | PCIM_CMD_BUSMASTEREN);

	/* What was on stays on. */
	node.config[PCIR_COMMAND] = PCIM_CMD_MEMEN;
	assert_int_equal(try_map(0), 0);
	assert_int_equal(node.config[PCIR_COMMAND], PCIM_CMD_MEMEN);
}

static void undoes_activation_when_the_map_fails(void **state)
{
	(void)state;
	node.config[PCIR_COMMAND] = 0;
	node.error[NODE_BARMMAP] = ENOMEM;
	opts.flags = PCIBAR_MAP_ACTIVATE;
	assert_int_equal(try_map(0), -ENOMEM);
	assert_refused(&why, PCIBAR_REASON_SYSTEM, -ENOMEM);
	assert_int_equal(node.calls[NODE_WRITE], 2);
	assert_false(decodes());
}

/* Decoding on at another address than the kernel's would respond in place of another device. */
static void activates_no_bar_that_has_moved(void **state)
{
	(void)state;
	node.config[PCIR_COMMAND] = 0;
	node.config[PCIR_BARS + 3] ^= 1;
	opts.flags = PCIBAR_MAP_ACTIVATE;
	assert_int_equal(try_map(0), -ENXIO);
	assert_refused(&why, PCIBAR_REASON_MOVED, -ENXIO);
	assert_int_equal(node.calls[NODE_WRITE], 0);
}

static void explaining_activates_nothing(void **state)
{
	struct pcibar_open_opts open_opts = { .size = sizeof(open_opts),
					      .backend = PCIBAR_BACKEND_FREEBSD };
	struct pcibar_intent intent = { .size = sizeof(intent), .map_flags = PCIBAR_MAP_ACTIVATE };
	struct pcibar_selector sel = { .size = sizeof(sel) };

	(void)state;
	node.config[PCIR_COMMAND] = 0;
	assert_int_equal(pcibar_selector_parse(NODE_FUNCTION, &sel, NULL), 0);
	assert_int_equal(pcibar_explain(&sel, &intent, &open_opts, &why), 0);
	assert_int_equal(why.possible, 1u << PCIBAR_BACKEND_FREEBSD);
	assert_int_equal(node.calls[NODE_WRITE] + node.calls[NODE_BARMMAP], 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SYSTEM_TEST(activates_by_the_command_register),
		SYSTEM_TEST(undoes_activation_when_the_map_fails),
		SYSTEM_TEST(activates_no_bar_that_has_moved),
		SYSTEM_TEST(explaining_activates_nothing),
	};

	fake_system = &pcibar_system_freebsd;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
