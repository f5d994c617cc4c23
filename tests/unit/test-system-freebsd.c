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
	return fixture_open(PCIBAR_BACKEND_FREEBSD, NULL, PCIBAR_OPEN_WRITE, NODE_FUNCTION, devp);
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

/* Root may be refused, too; a user who asks for activation gets to that first. */
static void names_the_securelevel(void **state)
{
	(void)state;
	pcibar_device_close(dev);
	node.open_error[1] = EPERM;
	assert_int_equal(try_open(&dev), 0);
	assert_int_equal(try_map(0), -EPERM);
	assert_refused(&why, PCIBAR_REASON_DENIED, -EPERM);
	assert_non_null(strstr(why.reasons[0].what, "securelevel"));
	assert_non_null(strstr(why.reasons[0].remedy, "kern.securelevel"));

	opts.flags = PCIBAR_MAP_ACTIVATE;
	assert_int_equal(try_map(0), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
	assert_non_null(strstr(why.reasons[0].remedy, "kern.securelevel"));
}

static void assert_no_word_of_linux(void)
{
	static const char *const words[] = {
		"/proc", "/sys", "CAP_", "container", "debugfs", "dmesg", "lockdown", "modprobe",
		"module", "pci=", "pcibar bind",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(why.reasons[0].what, words[i]) ||
		    strstr(why.reasons[0].remedy, words[i]))
			fail_msg("%s; %s", why.reasons[0].what, why.reasons[0].remedy);
}

static void refuses_what_the_system_refuses_in_its_words(void **state)
{
	static const struct {
		int error, result;
		uint32_t flags, code;
		const char *remedy;
	} cases[] = {
		{ EPERM, -EPERM, 0, PCIBAR_REASON_LOCKDOWN, "kern.securelevel" },
		{ EBUSY, -EBUSY, 0, PCIBAR_REASON_CLAIMED, "pcibar enable" },
		{ EBUSY, -EBUSY, PCIBAR_MAP_SHARE_DRIVER, PCIBAR_REASON_CLAIMED, "pcibar enable" },
		{ EADDRINUSE, -EADDRINUSE, PCIBAR_MAP_SHARE_PAGE, PCIBAR_REASON_PAGE_SHARED, "" },
		{ ENOTTY, -EOPNOTSUPP, 0, PCIBAR_REASON_UNSUPPORTED, "newer" },
	};
	struct pcibar_device *other;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		node.error[NODE_BARMMAP] = cases[i].error;
		opts.flags = cases[i].flags;
		assert_int_equal(try_map(0), cases[i].result);
		assert_refused(&why, cases[i].code, cases[i].result);
		assert_non_null(strstr(why.reasons[0].remedy, cases[i].remedy));
		assert_no_word_of_linux();
	}

	node.error[NODE_GETCONF] = ENOTTY;
	assert_int_equal(try_open(&other), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	assert_no_word_of_linux();
}

static void refuse_bar_0(int error, uint32_t code, const char *remedy)
{
	assert_int_equal(try_map(0), error);
	assert_refused(&why, code, error);
	assert_non_null(strstr(why.reasons[0].remedy, remedy));
	assert_no_word_of_linux();
}

/* Remedies name the function as devctl(8) does. */
static void refuses_states_in_words_of_the_system(void **state)
{
	struct node_function *function = &node.function[0];

	(void)state;
	strcpy(function->conf.pd_name, "em");
	refuse_bar_0(-EBUSY, PCIBAR_REASON_DRIVER, "(devctl detach pci0:3:0:0)");
	function->conf.pd_name[0] = '\0';

	node.config[PCIR_BARS + 3] ^= 1;
	refuse_bar_0(-ENXIO, PCIBAR_REASON_MOVED, "devctl reset pci0:3:0:0");

	memset(node.config, 0xff, NODE_CONFIG);
	refuse_bar_0(-ENODEV, PCIBAR_REASON_NO_RESPONSE, "devctl reset pci0:3:0:0");

	function->bar[0].base = 0;
	refuse_bar_0(-ENXIO, PCIBAR_REASON_UNASSIGNED, "devctl reset pci0:3:0:0");

	memset(node.config, 0, NODE_CONFIG);
	function->bar[0].length = 0;
	refuse_bar_0(-EINVAL, PCIBAR_REASON_NO_BAR, "pcibar info");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SYSTEM_TEST(activates_by_the_command_register),
		SYSTEM_TEST(undoes_activation_when_the_map_fails),
		SYSTEM_TEST(activates_no_bar_that_has_moved),
		SYSTEM_TEST(explaining_activates_nothing),
		SYSTEM_TEST(names_the_securelevel),
		SYSTEM_TEST(refuses_what_the_system_refuses_in_its_words),
		SYSTEM_TEST(refuses_states_in_words_of_the_system),
	};

	fake_system = &pcibar_system_freebsd;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
