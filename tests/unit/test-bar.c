// SPDX-License-Identifier: BSD-2-Clause
/* Information about BARs. */
#include "unit.h"

#include "fake-backend.h"
#include "internal.h"

#define BUS_ADDRESS	0x3800000000	/* as the BAR register has it: not the CPU's */

/* Four kinds of BAR on one function, and holes between them. */
static struct fake *add_function(void)
{
	struct fake *fake = fake_add("0000:03:00.0");

	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x10000);
	fake_add_bar(fake, 2, PCIBAR_BAR_KIND_MEM64, 0x7000000000, 0x4000);
	fake->bar[2].res.flags |= PCIBAR_BAR_F_PREFETCHABLE | PCIBAR_BAR_F_HAS_WC;
	fake->bar[3].res.flags = PCIBAR_BAR_F_UPPER_HALF;
	fake_add_bar(fake, 4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20);
	fake_add_bar(fake, PCIBAR_BAR_ROM, PCIBAR_BAR_KIND_ROM, 0xfe000000, 0x10000);
	fake_set_config(fake, 0x10, 4, 0xfb000000);
	fake_set_config(fake, 0x18, 4, (uint32_t)BUS_ADDRESS | 0xc);
	fake_set_config(fake, 0x1c, 4, BUS_ADDRESS >> 32);
	fake_set_config(fake, 0x20, 4, 0x1001);
	fake_set_config(fake, 0x30, 4, 0xfc000000);
	return fake;
}

static struct pcibar_bar_info info_of(struct pcibar_device *dev, unsigned int bar, uint32_t flags)
{
	struct pcibar_bar_info info = { .size = sizeof(info) };

	assert_int_equal(pcibar_bar_get_info(dev, bar, flags, &info), 0);
	assert_int_equal(info.size, sizeof(info));
	assert_int_equal(info.index, bar);
	return info;
}

static void describes_a_bar(void **state)
{
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);
	struct pcibar_bar_info info = info_of(dev, 0, 0);

	(void)state;
	assert_int_equal(info.kind, PCIBAR_BAR_KIND_MEM32);
	assert_int_equal(info.flags, PCIBAR_BAR_F_MAPPABLE);
	assert_int_equal(info.length, 0x10000);
	assert_int_equal(info.cpu_addr, 0xfd000000);
	assert_int_equal(info.bus_addr, 0);
	assert_string_equal(info.holder, "");

	info = info_of(dev, 2, 0);
	assert_int_equal(info.kind, PCIBAR_BAR_KIND_MEM64);
	assert_int_equal(info.flags, PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_PREFETCHABLE |
			 PCIBAR_BAR_F_HAS_WC);
	assert_int_equal(info.cpu_addr, 0x7000000000);

	info = info_of(dev, 3, 0);
	assert_int_equal(info.kind, PCIBAR_BAR_KIND_NONE);
	assert_int_equal(info.flags, PCIBAR_BAR_F_UPPER_HALF);
	assert_int_equal(info_of(dev, 1, 0).kind, PCIBAR_BAR_KIND_NONE);
	assert_int_equal(info_of(dev, 4, 0).kind, PCIBAR_BAR_KIND_IO);
	assert_int_equal(info_of(dev, PCIBAR_BAR_ROM, 0).kind, PCIBAR_BAR_KIND_ROM);

	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 0);
	assert_int_equal(fake_count(fake, FAKE_MAP), 0);
	assert_int_equal(fake_count(fake, FAKE_CHANNEL_OPEN), 0);
	pcibar_device_close(dev);
}

static void names_the_holder(void **state)
{
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);

	(void)state;
	strcpy(fake->driver, "nvme");
	assert_string_equal(info_of(dev, 0, 0).holder, "nvme");
	strcpy(fake->driver, "vfio-pci");
	assert_string_equal(info_of(dev, 0, 0).holder, "");
	pcibar_device_close(dev);
}

static void sees_configuration_space_when_asked(void **state)
{
	const uint32_t seen = PCIBAR_BAR_F_CONFIG_SEEN, on = seen | PCIBAR_BAR_F_DECODING;
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);
	struct pcibar_bar_info info = info_of(dev, 0, PCIBAR_BAR_INFO_CONFIG);

	(void)state;
	assert_int_equal(info.flags & on, on);
	assert_int_equal(info.bus_addr, 0xfb000000);
	assert_int_equal(info.cpu_addr, 0xfd000000);
	assert_int_equal(info_of(dev, 2, PCIBAR_BAR_INFO_CONFIG).bus_addr, BUS_ADDRESS);
	info = info_of(dev, 4, PCIBAR_BAR_INFO_CONFIG);
	assert_int_equal(info.flags & on, on);
	assert_int_equal(info.bus_addr, 0x1000);

	fake_set_config(fake, PCIR_COMMAND, 2, PCIBAR_DECODE_IO);
	assert_int_equal(info_of(dev, 0, PCIBAR_BAR_INFO_CONFIG).flags & on, seen);
	assert_int_equal(info_of(dev, 4, PCIBAR_BAR_INFO_CONFIG).flags & on, on);
	fake_set_config(fake, PCIR_COMMAND, 2, PCIBAR_DECODE_MEM);
	assert_int_equal(info_of(dev, 0, PCIBAR_BAR_INFO_CONFIG).flags & on, on);
	assert_int_equal(info_of(dev, 4, PCIBAR_BAR_INFO_CONFIG).flags & on, seen);
	pcibar_device_close(dev);
}

/* The ROM has an enable bit of its own, and its register lies elsewhere in a bridge. */
static void sees_the_rom_decoder(void **state)
{
	const uint32_t seen = PCIBAR_BAR_F_CONFIG_SEEN, on = seen | PCIBAR_BAR_F_DECODING;
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);
	struct pcibar_bar_info info = info_of(dev, PCIBAR_BAR_ROM, PCIBAR_BAR_INFO_CONFIG);

	(void)state;
	assert_int_equal(info.flags & on, seen);
	assert_int_equal(info.bus_addr, 0xfc000000);
	fake_set_config(fake, 0x30, 4, 0xfc000001);
	info = info_of(dev, PCIBAR_BAR_ROM, PCIBAR_BAR_INFO_CONFIG);
	assert_int_equal(info.flags & on, on);
	assert_int_equal(info.bus_addr, 0xfc000000);
	fake_set_config(fake, PCIR_COMMAND, 2, 0);
	info = info_of(dev, PCIBAR_BAR_ROM, PCIBAR_BAR_INFO_CONFIG);
	assert_int_equal(info.flags & on, seen);

	fake_set_config(fake, PCIR_COMMAND, 2, PCIBAR_DECODE_MEM);
	fake_set_config(fake, 0x0e, 1, 0x81);
	fake_set_config(fake, 0x38, 4, 0xf8000801);
	info = info_of(dev, PCIBAR_BAR_ROM, PCIBAR_BAR_INFO_CONFIG);
	assert_int_equal(info.flags & on, on);
	assert_int_equal(info.bus_addr, 0xf8000800);
	pcibar_device_close(dev);
}

static void leaves_a_sleeping_function_alone(void **state)
{
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);

	(void)state;
	fake->asleep = true;
	assert_int_equal(info_of(dev, 0, PCIBAR_BAR_INFO_CONFIG).flags, PCIBAR_BAR_F_MAPPABLE);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 0);
	fake->asleep = false;
	fake->error[FAKE_CONFIG_READ] = -EIO;
	assert_int_equal(info_of(dev, 0, PCIBAR_BAR_INFO_CONFIG).flags, PCIBAR_BAR_F_MAPPABLE);
	pcibar_device_close(dev);
}

static int info_sized(void *arg, void *data)
{
	return pcibar_bar_get_info(data, 0, 0, arg);
}

static void info_checks_its_arguments(void **state)
{
	static const int errors[] = { -ENODEV, -EACCES, -EIO };
	struct pcibar_bar_info info = { .size = sizeof(info) };
	struct fake *fake = add_function();
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);

	(void)state;
	unit_check_sizes(&info, sizeof(info), info_sized, dev);
	assert_int_equal(pcibar_bar_get_info(dev, PCIBAR_BAR_COUNT, 0, &info), -EINVAL);
	assert_int_equal(pcibar_bar_get_info(dev, UINT32_MAX, 0, &info), -EINVAL);
	assert_int_equal(pcibar_bar_get_info(dev, 0, 1u << 1, &info), -EINVAL);
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		fake->error[FAKE_GET_RESOURCE] = errors[i];
		assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &info), errors[i]);
		fake->error[FAKE_GET_RESOURCE] = 0;
		fake->error[FAKE_GET_DRIVER] = errors[i];
		assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &info), errors[i]);
		fake->error[FAKE_GET_DRIVER] = 0;
	}
	pcibar_device_close(dev);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		UNIT_TEST(describes_a_bar),
		UNIT_TEST(names_the_holder),
		UNIT_TEST(sees_configuration_space_when_asked),
		UNIT_TEST(sees_the_rom_decoder),
		UNIT_TEST(leaves_a_sleeping_function_alone),
		UNIT_TEST(info_checks_its_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
