// SPDX-License-Identifier: BSD-2-Clause
/* The enable bits, and maps that activate. */
#include "unit.h"

#include "fake-backend.h"
#include "internal.h"

#define IO		PCIBAR_DECODE_IO
#define MEM		PCIBAR_DECODE_MEM
#define MASTER		PCIBAR_BUS_MASTER
#define OTHERS		0x0540u		/* INTx off, SERR#, parity: not to be touched */

static struct fake *fake;
static struct pcibar_device *dev;

static int setup(void **state)
{
	int ret = unit_setup(state);

	fake = fake_add("0000:03:00.0");
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x1000);
	fake_add_bar(fake, 4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20);
	fake_set_config(fake, PCIR_COMMAND, 2, OTHERS);
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	fake_forget(fake);
	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(dev);
	return unit_teardown(state);
}

#define ENABLE_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void set_command(uint32_t val)
{
	fake_set_config(fake, PCIR_COMMAND, 2, val);
}

static void assert_command(uint32_t val)
{
	assert_int_equal(fake_get_config(fake, PCIR_COMMAND, 2), val);
}

static void close_device(void)
{
	pcibar_device_close(dev);
	dev = NULL;
}

static struct pcibar_map *activate(unsigned int bar)
{
	struct pcibar_map_opts opts = {
		.size = sizeof(opts),
		.flags = PCIBAR_MAP_ACTIVATE | (bar == 4 ? PCIBAR_MAP_INDIRECT : 0),
	};
	struct pcibar_map *map = NULL;

	assert_int_equal(pcibar_bar_map(dev, bar, &opts, &map), 0);
	return map;
}

static void reports_what_is_enabled(void **state)
{
	uint32_t value = 0;

	(void)state;
	set_command(OTHERS | MEM | MASTER);
	assert_int_equal(pcibar_device_get_enable(dev, &value), 0);
	assert_int_equal(value, MEM | MASTER);
	fake->error[FAKE_CONFIG_READ] = -EACCES;
	assert_int_equal(pcibar_device_get_enable(dev, &value), -EACCES);
	fake->error[FAKE_CONFIG_READ] = 0;
	set_command(UINT16_MAX);
	assert_int_equal(pcibar_device_get_enable(dev, &value), -EIO);
	assert_int_equal(value, MEM | MASTER);
}

static void changes_just_these_bits(void **state)
{
	(void)state;
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), 0);
	assert_command(OTHERS | MEM);
	assert_int_equal(pcibar_device_set_enable(dev, IO | MASTER, IO | MASTER, 0), 0);
	assert_command(OTHERS | IO | MEM | MASTER);
	assert_int_equal(pcibar_device_set_enable(dev, MEM | MASTER, MASTER, 0), 0);
	assert_command(OTHERS | IO | MASTER);
	for (unsigned int i = 0; i < fake->count; i++)
		if (fake->events[i].op == FAKE_CONFIG_WRITE) {
			assert_int_equal(fake->events[i].off, PCIR_COMMAND);
			assert_int_equal(fake->events[i].len, 2);
		}
	close_device();
	assert_command(OTHERS | IO | MASTER);
}

static void writes_nothing_that_is_so_already(void **state)
{
	(void)state;
	set_command(OTHERS | MEM);
	assert_int_equal(pcibar_device_set_enable(dev, MEM | IO, MEM, PCIBAR_ENABLE_F_RESTORE), 0);
	assert_int_equal(pcibar_device_set_enable(dev, 0, 0, 0), 0);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_WRITE), 0);
	close_device();
	assert_int_equal(fake_count(fake, FAKE_CONFIG_WRITE), 0);
}

static unsigned int watched;

/* Neither the read nor the write that follows from it may be overtaken by another thread's. */
static void assert_locked(const struct fake_event *event)
{
	if (event->op == FAKE_CONFIG_READ || event->op == FAKE_CONFIG_WRITE) {
		assert_int_equal(pthread_mutex_trylock(&dev->lock), EBUSY);
		watched++;
	}
}

static void changes_are_locked(void **state)
{
	struct pcibar_map *map = activate(0);

	(void)state;
	fake->watch = assert_locked;
	assert_int_equal(pcibar_device_set_enable(dev, IO, IO, PCIBAR_ENABLE_F_RESTORE), 0);
	pcibar_map_release(map);
	assert_int_equal(watched, 6);
	pcibar_enable_restore(dev);
	assert_int_equal(watched, 9);
	assert_int_equal(pcibar_activate(dev, MEM, NULL), 0);
	assert_int_equal(watched, 12);
	fake->watch = NULL;
	pcibar_deactivate(dev, MEM);
}

static void checks_its_arguments(void **state)
{
	struct pcibar_device *read_only = unit_open("0000:03:00.0", 0);

	(void)state;
	assert_int_equal(pcibar_device_set_enable(dev, 1u << 3, 0, 0), -EINVAL);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, IO, 0), -EINVAL);
	assert_int_equal(pcibar_device_set_enable(dev, 0, MEM, 0), -EINVAL);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 1u << 2), -EINVAL);
	assert_int_equal(pcibar_device_set_enable(read_only, MEM, MEM, 0), -EACCES);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_WRITE), 0);
	pcibar_device_close(read_only);
}

static void leaves_a_drivers_function_alone(void **state)
{
	(void)state;
	strcpy(fake->driver, "nvme");
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), -EBUSY);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_WRITE), 0);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, PCIBAR_ENABLE_F_SHARE_DRIVER), 0);
	strcpy(fake->driver, "pci-stub");
	assert_int_equal(pcibar_device_set_enable(dev, MEM, 0, 0), 0);
}

static void passes_errors_on(void **state)
{
	static const int errors[] = { -EACCES, -EPERM, -ENODEV, -EIO };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		fake->error[FAKE_CONFIG_WRITE] = errors[i];
		assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), errors[i]);
		fake->error[FAKE_CONFIG_WRITE] = 0;
		fake->error[FAKE_GET_DRIVER] = errors[i];
		assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), errors[i]);
		fake->error[FAKE_GET_DRIVER] = 0;
	}
	fake->config_fixed[PCIR_COMMAND] = MASTER;
	assert_int_equal(pcibar_device_set_enable(dev, MASTER, MASTER, 0), -EIO);

	/* One of two that stays is put back with the other. */
	assert_int_equal(pcibar_device_set_enable(dev, MEM | MASTER, MEM | MASTER, 0), -EIO);
	assert_command(OTHERS);
	fake->config_fixed[PCIR_COMMAND] = 0;
	set_command(UINT16_MAX);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, 0, 0), -EIO);
}

static int modify_result;

static int modify(void *be, unsigned int off, unsigned int width, uint32_t mask, uint32_t value,
		  uint32_t *old)
{
	(void)be;
	(void)off;
	(void)width;
	(void)mask;
	(void)value;
	*old = UINT16_MAX;
	return modify_result;
}

/* Whether it is the request that fails or what it finds: -ENODEV always means both. */
static void knows_that_it_is_gone(void **state)
{
	(void)state;
	fake_ops.config_modify = modify;
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), -EIO);
	assert_false(pcibar_device_is_gone(dev));
	fake_set_config(fake, 0, 4, UINT32_MAX);
	fake_set_config(fake, 8, 4, UINT32_MAX);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), -ENODEV);
	assert_true(pcibar_device_is_gone(dev));
	pcibar_device_close(dev);

	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	modify_result = -ENODEV;
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), -ENODEV);
	assert_true(pcibar_device_is_gone(dev));
}

static void cancel_me(const struct fake_event *event)
{
	if (event->op == FAKE_CONFIG_READ)
		pthread_testcancel();
}

static void *enable_and_disable(void *arg)
{
	pthread_cancel(pthread_self());
	pcibar_device_set_enable(dev, MASTER, MASTER, PCIBAR_ENABLE_F_RESTORE);
	if (!pcibar_activate(dev, MEM, NULL))
		pcibar_deactivate(dev, MEM);
	return arg;
}

/* A thread that is cancelled leaves neither a lock nor half a change. */
static void cancelling_waits_for_the_end_of_a_change(void **state)
{
	pthread_t thread;
	void *result;

	(void)state;
	fake->watch = cancel_me;
	assert_int_equal(pthread_create(&thread, NULL, enable_and_disable, fake), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	fake->watch = NULL;
	assert_int_equal(pthread_mutex_trylock(&dev->lock), 0);
	pthread_mutex_unlock(&dev->lock);
	assert_ptr_equal(result, fake);
	assert_command(OTHERS | MASTER);
}

/* Others pay nothing for what is there for virtual functions. */
static void asks_for_virtual_functions_late(void **state)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts) };
	struct pcibar_map *map;
	uint32_t value;

	(void)state;
	set_command(OTHERS | MEM);
	assert_int_equal(pcibar_device_get_enable(dev, &value), 0);
	assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), 0);
	pcibar_map_release(map);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, 0, 0), 0);
	assert_int_equal(pcibar_activate(dev, MEM, NULL), 0);
	pcibar_deactivate(dev, MEM);
	assert_int_equal(pcibar_device_set_enable(dev, MASTER, MASTER, 0), 0);
	assert_int_equal(fake_count(fake, FAKE_GET_VIRTUAL), 0);
}

static void leaves_a_virtual_function_to_its_physical_one(void **state)
{
	uint32_t value;

	(void)state;
	fake->is_virtual = true;
	fake->config_fixed[PCIR_COMMAND] = IO | MEM;
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), -EOPNOTSUPP);
	assert_int_equal(pcibar_device_set_enable(dev, MEM | IO, 0, 0), 0);
	assert_int_equal(pcibar_activate(dev, MEM, NULL), -EOPNOTSUPP);

	fake->vf_mse = true;
	assert_int_equal(pcibar_device_get_enable(dev, &value), 0);
	assert_int_equal(value, MEM);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, PCIBAR_ENABLE_F_RESTORE), 0);

	pcibar_map_release(activate(0));
	assert_command(OTHERS);

	assert_int_equal(pcibar_device_set_enable(dev, MEM, 0, 0), -EOPNOTSUPP);
	assert_int_equal(pcibar_device_set_enable(dev, MEM | MASTER, MEM | MASTER,
						  PCIBAR_ENABLE_F_RESTORE), 0);
	assert_command(OTHERS | MASTER);
	close_device();
	assert_command(OTHERS);
}

/* QEMU's have the bit, and respond only with both. */
static void turns_a_virtual_functions_own_bit_on(void **state)
{
	struct pcibar_map *map;

	(void)state;
	fake->is_virtual = true;
	assert_int_equal(pcibar_device_set_enable(dev, MEM | MASTER, MEM | MASTER, 0), -EOPNOTSUPP);
	assert_command(OTHERS);
	fake->vf_mse = true;
	map = activate(0);
	assert_command(OTHERS | MEM);
	pcibar_map_release(map);
	assert_command(OTHERS);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), 0);
	assert_command(OTHERS | MEM);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, 0, 0), 0);
	assert_command(OTHERS);
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, PCIBAR_ENABLE_F_RESTORE), 0);
	close_device();
	assert_command(OTHERS);
}

static void restores_at_close_if_asked(void **state)
{
	const uint32_t restore = PCIBAR_ENABLE_F_RESTORE;

	(void)state;
	set_command(OTHERS | IO);
	assert_int_equal(pcibar_device_set_enable(dev, IO | MEM, MEM, restore), 0);

	/* A later change does not move what is put back, and a plain one is kept. */
	assert_int_equal(pcibar_device_set_enable(dev, IO, IO, restore), 0);
	assert_int_equal(pcibar_device_set_enable(dev, IO, 0, 0), 0);
	assert_int_equal(pcibar_device_set_enable(dev, MASTER, MASTER, 0), 0);

	/* Bits that another program has changed stay as they are. */
	set_command((OTHERS & ~0x40u) | MEM | MASTER);
	close_device();
	assert_command((OTHERS & ~0x40u) | IO | MASTER);
}

static void activates_while_maps_live(void **state)
{
	struct pcibar_map *first, *second;

	(void)state;
	first = activate(0);
	assert_command(OTHERS | MEM);
	second = activate(0);
	set_command((OTHERS & ~0x40u) | MEM | MASTER);
	pcibar_map_release(first);
	assert_command((OTHERS & ~0x40u) | MEM | MASTER);
	pcibar_map_release(second);
	assert_command((OTHERS & ~0x40u) | MASTER);
}

static void activates_io_and_memory_apart(void **state)
{
	struct pcibar_map *io, *mem;

	(void)state;
	io = activate(4);
	assert_command(OTHERS | IO);
	mem = activate(0);
	assert_command(OTHERS | IO | MEM);
	pcibar_map_release(io);
	assert_command(OTHERS | MEM);
	pcibar_map_release(mem);
	assert_command(OTHERS);
}

static void leaves_on_what_was_on(void **state)
{
	struct pcibar_map *map;

	(void)state;
	set_command(OTHERS | MEM);
	map = activate(0);
	pcibar_map_release(map);
	assert_command(OTHERS | MEM);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_WRITE), 0);
}

static void leaves_decoding_on_for_a_driver(void **state)
{
	struct pcibar_map *map = activate(0);

	(void)state;
	strcpy(fake->driver, "nvme");
	pcibar_map_release(map);
	assert_command(OTHERS | MEM);
}

/* These leave the function to user space: nothing but the map needs decoding. */
static void turns_decoding_off_under_a_driver_that_does_not_need_it(void **state)
{
	static const char *const drivers[] = { "pci-stub", "vfio-pci", "uio_pci_generic" };
	struct pcibar_map *map;

	(void)state;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		strcpy(fake->driver, drivers[i]);
		map = activate(0);
		pcibar_map_release(map);
		assert_command(OTHERS);
	}

	/* One that was bound since may have found it on. */
	*fake->driver = '\0';
	map = activate(0);
	strcpy(fake->driver, "pci-stub");
	pcibar_map_release(activate(4));
	pcibar_map_release(map);
	assert_command(OTHERS | MEM | IO);
	set_command(OTHERS);
	map = activate(0);
	*fake->driver = '\0';
	pcibar_map_release(map);
	assert_command(OTHERS);
}

/* It may have turned decoding on while it was on already. */
static void leaves_decoding_on_for_the_owner(void **state)
{
	struct pcibar_map_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_MAP_ACTIVATE | PCIBAR_MAP_SHARE_DRIVER,
	};
	struct pcibar_map *map = NULL;

	(void)state;
	strcpy(fake->driver, "nvme");
	assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), 0);
	pcibar_map_release(map);
	assert_command(OTHERS | MEM);
}

static void activation_outlives_the_handle(void **state)
{
	struct pcibar_map *map = activate(0);

	(void)state;
	close_device();
	assert_command(OTHERS | MEM);
	pcibar_map_release(map);
	assert_command(OTHERS);
}

/* What the program set by itself is not ACTIVATE's to undo. */
static void an_explicit_enable_stays(void **state)
{
	struct pcibar_map *map = activate(0);

	(void)state;
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, 0), 0);
	pcibar_map_release(map);
	assert_command(OTHERS | MEM);
}

/* A map with ACTIVATE keeps decoding on, whatever the handle had promised to restore. */
static void restoring_waits_for_active_maps(void **state)
{
	struct pcibar_map *map;

	(void)state;
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, PCIBAR_ENABLE_F_RESTORE), 0);
	map = activate(0);
	close_device();
	assert_command(OTHERS | MEM);
	pcibar_map_release(map);
	assert_command(OTHERS);
}

/* The state before ACTIVATE is the one to go back to. */
static void restores_what_activate_had_changed(void **state)
{
	struct pcibar_map *map = activate(0);

	(void)state;
	assert_int_equal(pcibar_device_set_enable(dev, MEM, MEM, PCIBAR_ENABLE_F_RESTORE), 0);
	pcibar_map_release(map);
	assert_command(OTHERS | MEM);
	close_device();
	assert_command(OTHERS);
}

static void a_failed_activation_changes_nothing(void **state)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = PCIBAR_MAP_ACTIVATE };
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	static const int errors[] = { -EACCES, -EPERM, -EIO };
	struct pcibar_map *map;

	(void)state;
	opts.why = &why;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		fake->error[FAKE_CONFIG_WRITE] = errors[i];
		assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), errors[i]);
		assert_refused(&why, why.reasons[0].code, errors[i]);
		assert_command(OTHERS);
	}

	fake->error[FAKE_CONFIG_WRITE] = 0;
	fake->config_fixed[PCIR_COMMAND] = MEM;
	assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), -EIO);
	fake->config_fixed[PCIR_COMMAND] = 0;
	map = activate(0);
	pcibar_map_release(map);
	assert_command(OTHERS);
	assert_int_equal(fake_count(fake, FAKE_MAP), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ENABLE_TEST(reports_what_is_enabled),
		ENABLE_TEST(changes_just_these_bits),
		ENABLE_TEST(writes_nothing_that_is_so_already),
		ENABLE_TEST(changes_are_locked),
		ENABLE_TEST(checks_its_arguments),
		ENABLE_TEST(leaves_a_drivers_function_alone),
		ENABLE_TEST(passes_errors_on),
		ENABLE_TEST(knows_that_it_is_gone),
		ENABLE_TEST(cancelling_waits_for_the_end_of_a_change),
		ENABLE_TEST(asks_for_virtual_functions_late),
		ENABLE_TEST(leaves_a_virtual_function_to_its_physical_one),
		ENABLE_TEST(turns_a_virtual_functions_own_bit_on),
		ENABLE_TEST(restores_at_close_if_asked),
		ENABLE_TEST(activates_while_maps_live),
		ENABLE_TEST(activates_io_and_memory_apart),
		ENABLE_TEST(leaves_on_what_was_on),
		ENABLE_TEST(leaves_decoding_on_for_a_driver),
		ENABLE_TEST(turns_decoding_off_under_a_driver_that_does_not_need_it),
		ENABLE_TEST(leaves_decoding_on_for_the_owner),
		ENABLE_TEST(activation_outlives_the_handle),
		ENABLE_TEST(an_explicit_enable_stays),
		ENABLE_TEST(restoring_waits_for_active_maps),
		ENABLE_TEST(restores_what_activate_had_changed),
		ENABLE_TEST(a_failed_activation_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
