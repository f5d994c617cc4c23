// SPDX-License-Identifier: BSD-2-Clause
/* What pcibar_bar_map() refuses, and in which order. */
#include "unit.h"

#include "fake-backend.h"
#include "internal.h"

static struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;

static struct fake *add_function(void)
{
	struct fake *fake = fake_add("0000:03:00.0");

	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x10000);
	fake_add_bar(fake, 1, PCIBAR_BAR_KIND_MEM32, 0xfd010400, 0x100);
	fake_add_bar(fake, 4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20);
	fake_add_bar(fake, PCIBAR_BAR_ROM, PCIBAR_BAR_KIND_ROM, 0xfe000000, 0x10000);
	return fake;
}

static int try_map(struct pcibar_device *dev, unsigned int bar, struct pcibar_map_opts map_opts)
{
	struct pcibar_map *map = NULL;
	int ret;

	map_opts.size = sizeof(map_opts);
	map_opts.why = &why;
	ret = pcibar_bar_map(dev, bar, &map_opts, &map);
	if (!ret)
		pcibar_map_release(map);
	else
		assert_null(map);
	return ret;
}

#define assert_map_refused(dev, bar, map_opts, code, error)			\
	do {									\
		assert_int_equal(try_map(dev, bar, map_opts), error);		\
		assert_refused(&why, code, error);				\
		assert_int_equal(why.reasons[0].backend, FAKE_BACKEND);		\
	} while (0)

/* All checks fail at first, and one obstacle after the other is removed. */
static void checks_in_the_documented_order(void **state)
{
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);
	struct pcibar_map_opts o = {
		.flags = 1u << 31 | PCIBAR_MAP_WRITE | PCIBAR_MAP_INDIRECT | PCIBAR_MAP_EXCLUSIVE,
		.attr = PCIBAR_ATTR_WC,
		.offset = 0x100,
	};

	(void)state;
	fake_ops.caps = 0;
	fake->error[FAKE_GET_RESOURCE] = -ENODEV;
	fake->error[FAKE_MAP] = -EBUSY;
	strcpy(fake->driver, "nvme");
	strcpy(fake->neighbour, "BAR 0 of 0000:03:00.1");
	fake->asleep = true;
	fake_set_config(fake, PCIR_COMMAND, 2, 0);

	assert_int_equal(try_map(dev, 1, o), -EINVAL);
	o.flags &= ~(1u << 31);
	assert_map_refused(dev, 1, o, PCIBAR_REASON_GONE, -ENODEV);
	fake->error[FAKE_GET_RESOURCE] = 0;
	assert_map_refused(dev, 1, o, PCIBAR_REASON_RANGE, -ERANGE);
	o.offset = 0;
	assert_map_refused(dev, 1, o, PCIBAR_REASON_READ_ONLY, -EACCES);
	pcibar_device_close(dev);
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	assert_map_refused(dev, 1, o, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	assert_non_null(strstr(why.reasons[0].what, "indirect"));
	o.flags &= ~PCIBAR_MAP_INDIRECT;
	assert_map_refused(dev, 1, o, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	assert_non_null(strstr(why.reasons[0].what, "keep others out"));
	o.flags &= ~PCIBAR_MAP_EXCLUSIVE;
	assert_map_refused(dev, 1, o, PCIBAR_REASON_ATTRIBUTE, -EOPNOTSUPP);
	o.attr = PCIBAR_ATTR_UC;
	assert_map_refused(dev, 1, o, PCIBAR_REASON_DRIVER, -EBUSY);
	assert_non_null(strstr(why.reasons[0].what, "nvme"));
	assert_non_null(strstr(why.reasons[0].remedy, "(pcibar bind 0000:03:00.0 none)"));
	o.flags |= PCIBAR_MAP_SHARE_DRIVER;
	assert_map_refused(dev, 1, o, PCIBAR_REASON_PAGE_SHARED, -EADDRINUSE);
	assert_non_null(strstr(why.reasons[0].what, "BAR 0 of 0000:03:00.1"));
	o.flags |= PCIBAR_MAP_SHARE_PAGE;
	assert_map_refused(dev, 1, o, PCIBAR_REASON_ASLEEP, -ENXIO);
	fake->asleep = false;
	assert_map_refused(dev, 1, o, PCIBAR_REASON_DECODE_OFF, -ENXIO);
	fake_set_config(fake, PCIR_COMMAND, 2, PCIBAR_DECODE_MEM);
	assert_map_refused(dev, 1, o, PCIBAR_REASON_CLAIMED, -EBUSY);
	fake->error[FAKE_MAP] = 0;
	assert_int_equal(try_map(dev, 1, o), 0);
	assert_int_equal(why.count, 0);
	pcibar_device_close(dev);
}

static void refuses_bars_that_are_none(void **state)
{
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);
	const struct pcibar_map_opts o = { 0 };

	(void)state;
	fake->bar[3].res.flags = PCIBAR_BAR_F_UPPER_HALF;
	fake->bar[PCIBAR_BAR_ROM].res = (struct pcibar_resource){ 0 };
	fake->bar[0].res.flags = PCIBAR_BAR_F_UNASSIGNED;
	assert_map_refused(dev, 2, o, PCIBAR_REASON_NO_BAR, -EINVAL);
	assert_non_null(strstr(why.reasons[0].what, "BAR 2"));
	assert_map_refused(dev, 3, o, PCIBAR_REASON_UPPER_HALF, -EINVAL);
	assert_map_refused(dev, PCIBAR_BAR_ROM, o, PCIBAR_REASON_NO_BAR, -EINVAL);
	assert_non_null(strstr(why.reasons[0].what, "ROM"));
	assert_map_refused(dev, 0, o, PCIBAR_REASON_UNASSIGNED, -ENXIO);
	fake->error[FAKE_GET_RESOURCE] = -EIO;
	assert_map_refused(dev, 0, o, PCIBAR_REASON_SYSTEM, -EIO);
	pcibar_device_close(dev);
}

static void refuses_windows_outside(void **state)
{
	static const struct {
		uint64_t offset, length;
	} windows[] = {
		{ 0x10000, 0 }, { 0x10000, 1 }, { 0, 0x10001 }, { 0xffff, 2 },
		{ UINT64_MAX, 0 }, { UINT64_MAX, 2 }, { 1, UINT64_MAX }, { 0, UINT64_MAX },
		{ 0x8000, UINT64_MAX - 0x7fff }, { UINT64_MAX, UINT64_MAX },
	};
	struct pcibar_device *dev;

	(void)state;
	add_function();
	dev = unit_open("0000:03:00.0", 0);
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		struct pcibar_map_opts o = { .offset = windows[i].offset,
					     .length = windows[i].length };

		assert_map_refused(dev, 0, o, PCIBAR_REASON_RANGE, -ERANGE);
	}
	pcibar_device_close(dev);
}

static void refuses_what_the_kind_forbids(void **state)
{
	struct pcibar_map_opts o = { 0 };
	struct pcibar_device *dev;

	(void)state;
	add_function();
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	assert_map_refused(dev, 4, o, PCIBAR_REASON_IO_BAR, -EOPNOTSUPP);
	assert_map_refused(dev, PCIBAR_BAR_ROM, o, PCIBAR_REASON_ROM, -EOPNOTSUPP);
	o.flags = PCIBAR_MAP_WRITE;
	assert_map_refused(dev, PCIBAR_BAR_ROM, o, PCIBAR_REASON_ROM, -EACCES);
	o.flags = PCIBAR_MAP_INDIRECT;
	assert_map_refused(dev, PCIBAR_BAR_ROM, o, PCIBAR_REASON_DECODE_OFF, -ENXIO);
	fake_ops.caps &= ~PCIBAR_CAP_ACTIVATE;
	o.flags = PCIBAR_MAP_ACTIVATE;
	assert_map_refused(dev, 0, o, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	o.flags = PCIBAR_MAP_INDIRECT;
	o.attr = PCIBAR_ATTR_WC;
	assert_map_refused(dev, 4, o, PCIBAR_REASON_ATTRIBUTE, -EOPNOTSUPP);
	pcibar_device_close(dev);
}

static void activating_needs_the_right_to_write(void **state)
{
	struct pcibar_device *dev;

	(void)state;
	add_function();
	dev = unit_open("0000:03:00.0", 0);
	assert_map_refused(dev, 0, ((struct pcibar_map_opts){ .flags = PCIBAR_MAP_ACTIVATE }),
			   PCIBAR_REASON_READ_ONLY, -EACCES);
	pcibar_device_close(dev);
}

static void checks_the_decoder_of_the_kind(void **state)
{
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	struct pcibar_map_opts mem = { 0 }, io = { .flags = PCIBAR_MAP_INDIRECT };

	(void)state;
	fake_set_config(fake, PCIR_COMMAND, 2, PCIBAR_DECODE_IO);
	assert_int_equal(try_map(dev, 4, io), 0);
	assert_map_refused(dev, 0, mem, PCIBAR_REASON_DECODE_OFF, -ENXIO);
	assert_non_null(strstr(why.reasons[0].what, "memory"));
	mem.flags = PCIBAR_MAP_ACTIVATE;
	assert_int_equal(try_map(dev, 0, mem), 0);
	mem.flags = 0;

	fake_set_config(fake, PCIR_COMMAND, 2, PCIBAR_DECODE_MEM);
	assert_int_equal(try_map(dev, 0, mem), 0);
	assert_map_refused(dev, 4, io, PCIBAR_REASON_DECODE_OFF, -ENXIO);
	assert_non_null(strstr(why.reasons[0].what, "I/O"));

	fake->asleep = true;
	mem.flags = PCIBAR_MAP_ACTIVATE;
	assert_map_refused(dev, 0, mem, PCIBAR_REASON_ASLEEP, -ENXIO);

	fake->asleep = false;
	fake_set_config(fake, PCIR_COMMAND, 2, UINT16_MAX);
	mem.flags = 0;
	assert_map_refused(dev, 0, mem, PCIBAR_REASON_NO_RESPONSE, -ENODEV);

	pcibar_device_close(dev);
}

/* What cannot be seen is no obstacle. */
static void maps_when_it_cannot_see(void **state)
{
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);
	const struct pcibar_map_opts o = { 0 };

	(void)state;
	fake->error[FAKE_CONFIG_READ] = -EACCES;
	assert_int_equal(try_map(dev, 0, o), 0);
	fake->error[FAKE_GET_ASLEEP] = -EACCES;
	fake->error[FAKE_GET_DRIVER] = -EACCES;
	fake->error[FAKE_GET_NEIGHBOUR] = -EACCES;
	assert_int_equal(try_map(dev, 1, o), 0);
	pcibar_device_close(dev);
}

static void shares_with_drivers_that_share(void **state)
{
	static const char *const sharing[] = {
		"vfio-pci", "pci-stub", "uio_pci_generic", "pcieport", "pciio",
	};
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);

	(void)state;
	for (size_t i = 0; i < sizeof(sharing) / sizeof(*sharing); i++) {
		strcpy(fake->driver, sharing[i]);
		assert_int_equal(try_map(dev, 0, (struct pcibar_map_opts){ 0 }), 0);
	}
	pcibar_device_close(dev);
}

static void whole_pages_have_no_neighbour(void **state)
{
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);

	(void)state;
	strcpy(fake->neighbour, "BAR 0 of 0000:03:00.1");
	assert_int_equal(try_map(dev, 0, (struct pcibar_map_opts){ .offset = 1, .length = 1 }), 0);
	assert_int_equal(fake_count(fake, FAKE_GET_NEIGHBOUR), 0);
	pcibar_device_close(dev);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		UNIT_TEST(checks_in_the_documented_order),
		UNIT_TEST(refuses_bars_that_are_none),
		UNIT_TEST(refuses_windows_outside),
		UNIT_TEST(refuses_what_the_kind_forbids),
		UNIT_TEST(activating_needs_the_right_to_write),
		UNIT_TEST(checks_the_decoder_of_the_kind),
		UNIT_TEST(maps_when_it_cannot_see),
		UNIT_TEST(shares_with_drivers_that_share),
		UNIT_TEST(whole_pages_have_no_neighbour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
