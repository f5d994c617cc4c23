// SPDX-License-Identifier: BSD-2-Clause
/* The back end vfio on a fake VFIO. */
#include "unit.h"

#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vfio.h>

#include <pcibar/enable.h>
#include <pcibar/irq.h>

#include "fake-devpci.h"
#include "fake-vfio.h"
#include "inject.h"
#include "internal.h"
#include "fixture.h"

static char last_line[256];

static void keep_line(void *data, int level, const char *msg)
{
	(void)data;
	if (level == PCIBAR_LOG_INFO)
		snprintf(last_line, sizeof(last_line), "%s", msg);
}

static int open_it(struct pcibar_device **devp)
{
	struct pcibar_open_opts open_opts = {
		.size = sizeof(open_opts), .flags = PCIBAR_OPEN_WRITE,
		.backend = PCIBAR_BACKEND_VFIO, .log = keep_line, .why = &why,
	};

	return pcibar_device_open(VFIO_FUNCTION, &open_opts, devp);
}

static int setup(void **state)
{
	int ret = fixture_setup(state);

	*last_line = '\0';
	vfio_create(&tree);
	tree_poke(&tree, VFIO_FUNCTION, "config", 4, "\x03", 1);
	assert_int_equal(open_it(&dev), 0);
	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(dev);
	dev = NULL;
	vfio_reset();
	return fixture_teardown(state);
}

#define VFIO_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void is_not_opened_until_it_is_used(void **state)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pcibar_bar_info bar = { .size = sizeof(bar) };
	uint16_t command;

	(void)state;
	tree_set(&tree, VFIO_FUNCTION, "power_state", "D3hot\n");
	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_string_equal(info.driver, "vfio-pci");
	assert_int_equal(info.flags, PCIBAR_DEV_ASLEEP);
	assert_int_equal(info.backend, PCIBAR_BACKEND_VFIO);
	assert_int_equal(info.caps, PCIBAR_CAP_EXCLUSIVE | PCIBAR_CAP_ACTIVATE |
			 PCIBAR_CAP_REVOKE | PCIBAR_CAP_EVENTS | PCIBAR_CAP_IRQ);
	assert_int_equal(pcibar_bar_get_info(dev, 0, PCIBAR_BAR_INFO_CONFIG, &bar), 0);
	assert_int_equal(bar.flags, PCIBAR_BAR_F_MAPPABLE);
	assert_int_equal(pcibar_bar_get_info(dev, 1, 0, &bar), 0);
	assert_int_equal(bar.flags, 0);
	assert_int_equal(pcibar_bar_get_info(dev, 2, 0, &bar), 0);
	assert_int_equal(bar.flags, PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_PREFETCHABLE);
	assert_int_equal(pcibar_config_read16(dev, 4, &command), 0);
	assert_true(pcibar_device_get_event_fd(dev) >= 0);
	for (unsigned int i = 0; i < VFIO_STEPS; i++)
		assert_int_equal(vfio.calls[i], 0);
	assert_string_equal(last_line, "");

	/* Opening it wakes it. */
	tree_set(&tree, VFIO_FUNCTION, "power_state", "D0\n");
	assert_int_equal(try_map(0), 0);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 1);
	assert_non_null(strstr(last_line, "resets the function"));
	assert_int_equal(try_map(0), 0);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 1);
}

static void a_driver_of_its_own_kind_serves_as_well(void **state)
{
	struct pcibar_bar_info bar = { .size = sizeof(bar) };

	(void)state;
	pcibar_device_close(dev);
	tree_driver(&tree, VFIO_FUNCTION, NULL);
	tree_driver(&tree, VFIO_FUNCTION, "mlx5_vfio_pci");
	assert_int_equal(open_it(&dev), -ENODEV);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_NOT_BOUND);
	tree_set(&tree, VFIO_FUNCTION, "vfio-dev/vfio3/uevent", "%s", "");
	assert_int_equal(open_it(&dev), 0);
	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &bar), 0);
	assert_string_equal(bar.holder, "");
	assert_int_equal(try_map(0), 0);
}

static void maps_what_the_region_has(void **state)
{
	const uint32_t word = htole32(0x12345678);
	uint32_t got = 0;
	struct pcibar_map *map;
	uint64_t val;

	(void)state;
	vfio_poke(2, 0x1008, &word, sizeof(word));
	opts.flags = PCIBAR_MAP_WRITE;
	opts.offset = 0x1004;
	opts.length = 0x10;
	map = map_bar(2);
	assert_int_equal(pcibar_map_read(map, 4, 4, &val), 0);
	assert_int_equal(val, 0x12345678);
	assert_int_equal(pcibar_map_write(map, 8, 4, 0x55), 0);
	vfio_peek(2, 0x100c, &got, sizeof(got));
	assert_int_equal(le32toh(got), 0x55);
	pcibar_map_release(map);

	opts.attr = PCIBAR_ATTR_WC;
	assert_int_equal(try_map(2), -EOPNOTSUPP);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_ATTRIBUTE);
}

/* Where the kernel can use pages of 2 MiB, whatever else is mapped */
static void places_big_maps_where_big_pages_fit(void **state)
{
	static const struct { uint64_t offset, length; } windows[] = {
		{ 0, 4 << 20 }, { 0x201000, 2 << 20 }, { 0x3ff000, 4 << 20 }, { 0, 8 << 20 },
	};
	struct pcibar_map *maps[sizeof(windows) / sizeof(windows[0])];

	(void)state;
	tree_bar(&tree, VFIO_FUNCTION, 5, 0xf0000000, 8 << 20, TREE_MEM32);
	vfio.length[5] = 8 << 20;

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		opts.offset = windows[i].offset;
		opts.length = windows[i].length;
		maps[i] = map_bar(5);
		assert_int_equal(((uintptr_t)pcibar_map_addr(maps[i]) ^ windows[i].offset) &
				 ((2 << 20) - 1), 0);
	}

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
		pcibar_map_release(maps[i]);
}

/* Only windows that lie in one area can be mapped; there is a channel for the rest. */
static void maps_only_the_areas_of_a_driver(void **state)
{
	static const struct { uint64_t offset, length; int ret; } windows[] = {
		{ 0x1000, 0x1000, 0 }, { 0x1ffc, 4, 0 }, { 0xffc, 4, -EOPNOTSUPP },
		{ 0x1ffc, 8, -EOPNOTSUPP }, { 0x3000, 0x1000, 0 }, { 0, 0x4000, -EOPNOTSUPP },
	};

	(void)state;
	vfio.area_count = 2;
	vfio.area[0].offset = vfio.area[0].length = 0x1000;
	vfio.area[1].offset = 0x3000;
	vfio.area[1].length = 0x1000;
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		opts.offset = windows[i].offset;
		opts.length = windows[i].length;
		opts.flags = 0;
		assert_int_equal(try_map(2), windows[i].ret);
		opts.flags = PCIBAR_MAP_INDIRECT;
		assert_int_equal(try_map(2), 0);
	}

	opts.flags = 0;
	assert_int_equal(try_map(2), -EOPNOTSUPP);
	assert_non_null(strstr(why.reasons[0].what, "0x1000+0x1000"));
}

static void reaches_what_has_no_pages(void **state)
{
	static const unsigned int bars[] = { 1, 4, 5 };
	struct pcibar_map *map;
	uint64_t val;

	(void)state;
	/* It has the beginning of the page that BAR 1 is in. */
	tree_bar(&tree, VFIO_FUNCTION, 5, 0xfd010000, 0x100, TREE_MEM32);
	vfio.length[5] = 0x100;
	for (unsigned int bar = 1; bar <= 5; bar += 4) {
		opts.flags = PCIBAR_MAP_SHARE_PAGE;
		assert_int_equal(try_map(bar), -EOPNOTSUPP);
		assert_int_equal(why.reasons[0].code, PCIBAR_REASON_UNSUPPORTED);
		assert_non_null(strstr(why.reasons[0].remedy, "indirect map"));
	}
	assert_int_equal(try_map(4), -EOPNOTSUPP);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_IO_BAR);

	for (size_t i = 0; i < sizeof(bars) / sizeof(*bars); i++) {
		opts.flags = PCIBAR_MAP_INDIRECT | PCIBAR_MAP_WRITE;
		map = map_bar(bars[i]);
		vfio_poke(bars[i], 8, "\x01\x02\x03\x04", 4);
		assert_int_equal(pcibar_map_read(map, 8, 4, &val), 0);
		assert_int_equal(val, 0x04030201);
		assert_int_equal(pcibar_map_read(map, 10, 2, &val), 0);
		assert_int_equal(val, 0x0403);
		assert_int_equal(pcibar_map_write(map, 9, 1, 0x55), 0);
		assert_int_equal(pcibar_map_read(map, 8, 4, &val), 0);
		assert_int_equal(val, 0x04035501);
		assert_int_equal(pcibar_map_read(map, 8, 8, &val), -EOPNOTSUPP);
		assert_int_equal(pcibar_map_write(map, 8, 8, 0), -EOPNOTSUPP);
		inject(INJECT_PREAD, 1, EIO);
		assert_int_equal(pcibar_map_read(map, 8, 4, &val), -EIO);
		pcibar_map_release(map);
	}
}

/* By blocks: the kernel maps it again for each read. */
static void the_rom_is_as_long_as_vfio_says(void **state)
{
	static const struct { uint64_t off; unsigned int width; uint64_t val; } reads[] = {
		{ 0x1ff8, 4, 0x04030201 }, { 0x1ffc, 2, 0x0605 }, { 0x1ffe, 1, 7 },
		{ 0x1fff, 1, 8 }, { 0x1ff8, 8, 0x0807060504030201 },
	};
	struct pcibar_map *map;
	uint64_t val;

	(void)state;
	vfio.length[PCIBAR_BAR_ROM] = 0x8000;
	vfio_poke(PCIBAR_BAR_ROM, 0x1ff8, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	opts.flags = PCIBAR_MAP_INDIRECT | PCIBAR_MAP_ACTIVATE;
	map = map_bar(PCIBAR_BAR_ROM);
	assert_int_equal(pcibar_map_length(map), 0x8000);
	inject_reset();
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++) {
		assert_int_equal(pcibar_map_read(map, reads[i].off, reads[i].width, &val), 0);
		assert_int_equal(val, reads[i].val);
		/* What was read before is read again. */
		assert_int_equal(inject_calls(INJECT_PREAD), i < 4 ? 1 : 2);
	}
	inject(INJECT_PREAD, 1, EIO);
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), -EIO);
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	pcibar_map_release(map);
	pcibar_device_close(dev);

	vfio.length[PCIBAR_BAR_ROM] = 0;
	assert_int_equal(open_it(&dev), 0);
	assert_int_equal(try_map(PCIBAR_BAR_ROM), -EIO);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_ROM);
}

/* Writes go through VFIO; so do reads that sysfs refuses. */
static void configuration_space(void **state)
{
	uint32_t val32;
	uint16_t val = 0;
	uint8_t byte;

	(void)state;
	assert_int_equal(pcibar_config_write16(dev, 0x40, 0x1234), 0);
	vfio_peek(VFIO_CONFIG, 0x40, &val, sizeof(val));
	assert_int_equal(le16toh(val), 0x1234);
	assert_int_equal(pcibar_config_write8(dev, 0x100, 0), -ERANGE);
	assert_int_equal(pcibar_config_read16(dev, 0x40, &val), 0);
	assert_int_equal(val, 0);

	inject(INJECT_PREAD, 1, 0);
	assert_int_equal(pcibar_config_read16(dev, 0x40, &val), 0);
	assert_int_equal(val, 0x1234);
	inject(INJECT_PREAD, 1, 0);
	assert_int_equal(pcibar_config_read8(dev, 0x41, &byte), 0);
	assert_int_equal(byte, 0x12);
	assert_int_equal(pcibar_config_read32(dev, 0x100, &val32), -ERANGE);
}

static void who_did_not_ask_for_it_reads_no_more(void **state)
{
	uint16_t val;

	(void)state;
	dev->named = false;
	inject(INJECT_PREAD, 1, 0);
	assert_int_equal(pcibar_config_read16(dev, 0x40, &val), -EACCES);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 0);
	assert_int_equal(try_map(0), 0);
	inject(INJECT_PREAD, 1, 0);
	assert_int_equal(pcibar_config_read16(dev, 0x40, &val), 0);
}

static void decoding_is_what_vfio_made_of_it(void **state)
{
	(void)state;
	tree_poke(&tree, VFIO_FUNCTION, "config", 4, "\x00", 1);
	assert_int_equal(try_map(0), -ENXIO);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 1);
	assert_int_equal(pcibar_device_set_enable(dev, PCIBAR_DECODE_MEM, PCIBAR_DECODE_MEM, 0),
			 -EIO);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 1);
}

/* Steps of VFIO that were done */
static unsigned int count_steps(void)
{
	unsigned int steps = 0;

	for (unsigned int i = 0; i < VFIO_STEPS; i++)
		steps += vfio.calls[i];
	return steps;
}

/* Whether the function responds, decodes, and where: the rest lasts while VFIO has it open. */
static void a_later_map_asks_what_may_have_changed(void **state)
{
	unsigned int steps;

	(void)state;
	for (unsigned int bar = 0; bar <= 2; bar += 2)
		assert_int_equal(try_map(bar), 0);
	steps = count_steps();
	for (unsigned int bar = 0; bar <= 2; bar += 2) {
		inject_reset();
		assert_int_equal(try_map(bar), 0);
		assert_int_equal(inject_calls(INJECT_PREAD), 1);
		assert_int_equal(inject_calls(INJECT_MMAP), 1);
		assert_int_equal(inject_calls(INJECT_OPEN), 0);
		assert_int_equal(inject_calls(INJECT_READLINK), 0);
		assert_int_equal(inject_calls(INJECT_PWRITE), 0);
	}
	assert_int_equal(count_steps(), steps);
}

/* A register that holds another address of which the low bits agree: see lib/state.c. */
#if defined(__x86_64__) || defined(__i386__)
#define OTHER_WINDOW	(-ENXIO)
#else
#define OTHER_WINDOW	0
#endif

static void what_changes_under_an_open_function_is_seen(void **state)
{
	(void)state;
	assert_int_equal(try_map(0), 0);
	tree_poke(&tree, VFIO_FUNCTION, "config", 4, "\x00", 1);
	assert_int_equal(try_map(0), -ENXIO);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_DECODE_OFF);
	tree_poke(&tree, VFIO_FUNCTION, "config", 4, "\x03", 1);

	tree_poke(&tree, VFIO_FUNCTION, "config", 0x10, "\x00\x00\x01\xf0", 4);
	assert_int_equal(try_map(0), -ENXIO);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_MOVED);
	assert_non_null(strstr(why.reasons[0].what, "holds 0xf0010000"));
	assert_int_equal(try_map(2), 0);
	tree_poke(&tree, VFIO_FUNCTION, "config", 0x1c, "\x04", 1);
	assert_int_equal(try_map(2), OTHER_WINDOW);
	tree_poke(&tree, VFIO_FUNCTION, "config", 0x1a, "\x01", 1);
	assert_int_equal(try_map(2), -ENXIO);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_MOVED);
	assert_non_null(strstr(why.reasons[0].what, "holds 0x480010000"));

	tree_poke(&tree, VFIO_FUNCTION, "config", 0, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	assert_int_equal(try_map(0), -ENODEV);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_NO_RESPONSE);
}

/* The kernel suspends nothing that is open; a write to a capability may. */
static void sleep_is_looked_for_after_a_write_to_capabilities(void **state)
{
	(void)state;
	assert_int_equal(try_map(0), 0);
	assert_int_equal(pcibar_config_write8(dev, 0x3c, 1), 0);
	inject_reset();
	assert_int_equal(try_map(0), 0);
	assert_int_equal(inject_calls(INJECT_OPEN), 0);

	assert_int_equal(pcibar_config_write16(dev, 0x40, 0), 0);
	tree_set(&tree, VFIO_FUNCTION, "power_state", "D3hot\n");
	assert_int_equal(try_map(0), -ENXIO);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_ASLEEP);
	tree_set(&tree, VFIO_FUNCTION, "power_state", "D0\n");
	assert_int_equal(try_map(0), 0);
}

static void assert_refusal(int ret, uint32_t code, const char *what, const char *remedy)
{
	assert_int_equal(try_map(0), ret);
	assert_int_equal(why.reasons[0].code, code);
	if (!strstr(why.reasons[0].what, what) || !strstr(why.reasons[0].remedy, remedy))
		fail_msg("%s: %s", why.reasons[0].what, why.reasons[0].remedy);
}

static void nodes_that_cannot_be_opened(void **state)
{
	(void)state;
	vfio.open_error = EACCES;
	assert_refusal(-EACCES, PCIBAR_REASON_PERMISSION, "/dev/vfio/12", "chown");
	vfio.open_error = EPERM;
	assert_refusal(-EPERM, PCIBAR_REASON_DENIED, "/dev/vfio/12", "container");
	vfio.open_error = EBUSY;
	assert_refusal(-EBUSY, PCIBAR_REASON_HELD, "another process has /dev/vfio/12", "end it");
	vfio.open_error = 0;
	vfio.no_group = true;
	assert_refusal(-ENOENT, PCIBAR_REASON_NO_BACKEND, "no /dev/vfio/12", "modprobe");
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 0);
}

static void steps_that_fail(void **state)
{
	(void)state;
	vfio.error[VFIO_STEP_EXTENSION] = EINVAL;
	assert_refusal(-EOPNOTSUPP, PCIBAR_REASON_UNSUPPORTED, "no driver for the IOMMU",
		       "modprobe vfio_iommu_type1");
	vfio.error[VFIO_STEP_EXTENSION] = 0;
	vfio.error[VFIO_STEP_IOMMU] = EPERM;
	assert_refusal(-EPERM, PCIBAR_REASON_ISOLATION, "not remapped",
		       "vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	vfio.error[VFIO_STEP_IOMMU] = 0;

	vfio.error[VFIO_STEP_DEVICE] = EACCES;
	assert_refusal(-EACCES, PCIBAR_REASON_UNSUPPORTED, "virtual function", "");
	vfio.error[VFIO_STEP_DEVICE] = EIO;
	assert_refusal(-EIO, PCIBAR_REASON_SYSTEM, "does not open", "");
	vfio.error[VFIO_STEP_DEVICE] = 0;

	vfio.error[VFIO_STEP_REGION] = EIO;
	assert_refusal(-EIO, PCIBAR_REASON_SYSTEM, "does not open", "");
	tree_driver(&tree, VFIO_FUNCTION, NULL);
	vfio.error[VFIO_STEP_REGION] = ENODEV;
	assert_refusal(-ENODEV, PCIBAR_REASON_NOT_BOUND, "not bound", "vfio-pci");
	tree_driver(&tree, VFIO_FUNCTION, "vfio-pci");
	vfio.error[VFIO_STEP_REGION] = 0;
	assert_int_equal(try_map(0), 0);
}

/* It is not gone: what needs no VFIO works, and all does once it is bound again. */
static void a_driver_that_was_unbound(void **state)
{
	uint16_t val;

	(void)state;
	tree_driver(&tree, VFIO_FUNCTION, NULL);
	vfio.no_group = true;
	assert_refusal(-ENODEV, PCIBAR_REASON_NOT_BOUND, "not bound", "pcibar bind");
	assert_int_equal(pcibar_config_write8(dev, 0x3c, 1), -ENODEV);
	inject(INJECT_PREAD, 1, 0);
	assert_int_equal(pcibar_config_read16(dev, 0x40, &val), -ENODEV);
	assert_false(pcibar_device_is_gone(dev));
	assert_int_equal(pcibar_config_read16(dev, 0x40, &val), 0);

	tree_driver(&tree, VFIO_FUNCTION, "vfio-pci");
	vfio.no_group = false;
	assert_int_equal(try_map(0), 0);
}

static void a_function_that_does_not_exist(void **state)
{
	(void)state;
	pcibar_device_close(dev);
	tree_drop(&tree, VFIO_FUNCTION);
	assert_int_equal(open_it(&dev), -ENODEV);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_NO_DEVICE);
	dev = NULL;
}

static void a_group_that_is_not_viable(void **state)
{
	(void)state;
	vfio.not_viable = true;
	tree_driver(&tree, VFIO_MATE, "e1000e");
	assert_refusal(-EBUSY, PCIBAR_REASON_GROUP, "0000:03:00.1 (e1000e)", "pcibar bind --group");
	vfio.not_viable = false;
	vfio.error[VFIO_STEP_CONTAINER] = EBUSY;
	assert_refusal(-EBUSY, PCIBAR_REASON_GROUP, "0000:03:00.1 (e1000e)", "pcibar bind --group");
	tree_driver(&tree, VFIO_MATE, NULL);
	tree_driver(&tree, VFIO_MATE, "pci-stub");
	assert_refusal(-EBUSY, PCIBAR_REASON_HELD, "another process", "end it");
}

static void functions_without_an_iommu(void **state)
{
	(void)state;
	pcibar_device_close(dev);
	tree_set(&tree, NULL, "kernel/iommu_groups/12/name", "vfio-noiommu\n");
	assert_int_equal(open_it(&dev), -ENODEV);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_ISOLATION);
	assert_non_null(strstr(why.reasons[0].what, "unsafe"));
	tree_unset(&tree, VFIO_FUNCTION, "iommu_group");
	tree_driver(&tree, VFIO_FUNCTION, NULL);
	assert_int_equal(open_it(&dev), -ENODEV);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_ISOLATION);
	assert_string_equal(why.reasons[0].what, "the function has no IOMMU");
	dev = NULL;
}

static void explains_without_opening(void **state)
{
	(void)state;
	tree_set(&tree, VFIO_FUNCTION, "power_state", "D3hot\n");
	fixture_explain(PCIBAR_BACKEND_VFIO, VFIO_FUNCTION, 0);
	assert_int_equal(why.possible, 1u << PCIBAR_BACKEND_VFIO);
	assert_int_equal(why.count, 1);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_RESETS);
	assert_int_equal(why.reasons[0].error, 0);
	assert_non_null(strstr(why.reasons[0].what, "(flr)"));

	vfio.error[VFIO_STEP_EXTENSION] = EINVAL;
	fixture_explain(PCIBAR_BACKEND_VFIO, VFIO_FUNCTION, 0);
	assert_int_equal(why.possible, 0);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_UNSUPPORTED);

	vfio.not_viable = true;
	tree_driver(&tree, VFIO_MATE, "e1000e");
	fixture_explain(PCIBAR_BACKEND_VFIO, VFIO_FUNCTION, 0);
	assert_int_equal(why.possible, 0);
	assert_int_equal(why.count, 1);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_GROUP);
	assert_int_equal(vfio.calls[VFIO_STEP_CONTAINER], 0);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 0);
}

static void the_character_device_is_preferred(void **state)
{
	(void)state;
	tree_set(&tree, VFIO_FUNCTION, "vfio-dev/vfio3/uevent", "%s", "");
	vfio.cdev = true;
	assert_int_equal(try_map(0), 0);
	assert_int_equal(vfio.calls[VFIO_STEP_BIND], 1);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 0);
	pcibar_device_close(dev);

	assert_int_equal(open_it(&dev), 0);
	vfio.error[VFIO_STEP_BIND] = EPERM;
	assert_refusal(-EPERM, PCIBAR_REASON_ISOLATION, "not remapped", "iommufd/parameters");
	vfio.error[VFIO_STEP_BIND] = EBUSY;
	assert_refusal(-EBUSY, PCIBAR_REASON_HELD, "/dev/vfio/devices/vfio3", "end it");
	vfio.error[VFIO_STEP_BIND] = EINVAL;
	assert_refusal(-EBUSY, PCIBAR_REASON_HELD, "/dev/vfio/devices/vfio3", "end it");
	vfio.error[VFIO_STEP_BIND] = 0;

	vfio.no_group = true;
	vfio.open_error = EACCES;
	assert_refusal(-EACCES, PCIBAR_REASON_PERMISSION, "/dev/vfio/devices/vfio3", "chown");
	vfio.open_error = 0;
	vfio.no_group = false;
	vfio.cdev = false;
	assert_int_equal(try_map(0), 0);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 1);
}

static void handles_share_the_function(void **state)
{
	unsigned int before = unit_count_fds();
	struct pcibar_device *other;
	struct pcibar_map *map, *second;

	(void)state;
	assert_int_equal(open_it(&other), 0);
	map = map_bar(0);
	assert_int_equal(pcibar_bar_map(other, 0, &opts, &second), 0);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 1);
	opts.flags = PCIBAR_MAP_EXCLUSIVE;
	assert_int_equal(try_map(0), -EBUSY);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_HELD);
	pcibar_map_release(second);
	pcibar_device_close(other);
	assert_int_equal(try_map(0), -EBUSY);
	pcibar_map_release(map);
	map = map_bar(0);
	opts.flags = 0;
	assert_int_equal(try_map(0), -EBUSY);
	pcibar_map_release(map);
	assert_int_equal(try_map(0), 0);

	opts.flags = PCIBAR_MAP_EXCLUSIVE | PCIBAR_MAP_INDIRECT;
	map = map_bar(4);
	opts.flags = PCIBAR_MAP_INDIRECT;
	assert_int_equal(try_map(4), -EBUSY);
	pcibar_map_release(map);
	assert_int_equal(try_map(4), 0);

	/* The last one that closes it closes everything. */
	pcibar_device_close(dev);
	vfio_drop_signals();
	assert_int_equal(open_it(&dev), 0);
	assert_int_equal(unit_count_fds(), before);
}

static void assert_events(struct pcibar_device *of, uint32_t type)
{
	struct pcibar_event event = { .size = sizeof(event) };

	assert_true(unit_is_readable(pcibar_device_get_event_fd(of)));
	assert_int_equal(pcibar_device_read_event(of, &event), 0);
	assert_int_equal(event.type, type);
	assert_int_equal(pcibar_device_read_event(of, &event), -EAGAIN);
	assert_false(unit_is_readable(pcibar_device_get_event_fd(of)));
}

/* Each handle gets each event, whenever its descriptor was made. */
static void requests_and_errors_are_events(void **state)
{
	struct pcibar_event event = { .size = sizeof(event) };
	struct pcibar_device *other;
	struct pcibar_map *map, *second;

	(void)state;
	assert_int_equal(pcibar_device_read_event(dev, &event), -EINVAL);
	assert_false(unit_is_readable(pcibar_device_get_event_fd(dev)));
	map = map_bar(0);
	assert_int_equal(open_it(&other), 0);
	assert_int_equal(pcibar_bar_map(other, 0, &opts, &second), 0);

	for (int i = 0; i < 2; i++) {
		vfio_signal(VFIO_PCI_REQ_IRQ_INDEX);
		assert_events(dev, PCIBAR_EVENT_GIVE_BACK);
		assert_events(other, PCIBAR_EVENT_GIVE_BACK);
	}
	vfio_signal(VFIO_PCI_ERR_IRQ_INDEX);
	assert_events(dev, PCIBAR_EVENT_ERROR);
	assert_events(other, PCIBAR_EVENT_ERROR);
	assert_false(pcibar_device_is_gone(dev));
	pcibar_map_release(second);
	pcibar_map_release(map);
	pcibar_device_close(other);
}

/* Without it an administrator who unbinds the function would wait for ever. */
static void is_not_taken_without_the_request_to_give_it_back(void **state)
{
	(void)state;
	for (unsigned int nth = 1; nth <= 2; nth++) {
		inject(INJECT_EVENTFD, nth, EMFILE);
		assert_refusal(-EMFILE, PCIBAR_REASON_SYSTEM, "Too many open files", "");
		vfio_drop_signals();
	}
	assert_int_equal(try_map(0), 0);
}

static void conventional_pci_reports_no_errors(void **state)
{
	(void)state;
	vfio.error[VFIO_STEP_IRQS] = EINVAL;
	assert_true(pcibar_device_get_event_fd(dev) >= 0);
	assert_int_equal(try_map(0), 0);
}

/* The function was removed, and another one is at its address, bound to vfio-pci. */
static void replace_function(void)
{
	tree_drop(&tree, VFIO_FUNCTION);
	tree_add(&tree, VFIO_FUNCTION);
	tree_driver(&tree, VFIO_FUNCTION, "vfio-pci");
	tree_link(&tree, VFIO_FUNCTION, "iommu_group", "../../../kernel/iommu_groups/12");
}

static void a_stale_handle_reaches_no_other_function(void **state)
{
	struct pcibar_irq_opts irq_opts = { .size = sizeof(irq_opts), .type = PCIBAR_IRQ_INTX,
					    .count = 1 };
	unsigned int before = unit_count_fds();
	struct pcibar_irq *irq;
	uint8_t byte = 0;

	(void)state;
	vfio.irq_count[VFIO_PCI_INTX_IRQ_INDEX] = 1;
	replace_function();
	assert_int_equal(pcibar_config_write8(dev, 0x3c, 0x77), -ENODEV);
	assert_int_equal(pcibar_device_set_enable(dev, PCIBAR_BUS_MASTER, PCIBAR_BUS_MASTER, 0),
			 -ENODEV);
	assert_int_equal(pcibar_irq_open(dev, &irq_opts, &irq), -ENODEV);
	assert_true(pcibar_device_is_gone(dev));
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 0);

	/* One that takes its place while VFIO opens it */
	pcibar_device_close(dev);
	assert_int_equal(open_it(&dev), 0);
	vfio.opened = replace_function;
	assert_int_equal(pcibar_config_write8(dev, 0x3c, 0x77), -ENODEV);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 1);
	vfio_peek(VFIO_CONFIG, 0x3c, &byte, 1);
	assert_int_equal(byte, 0);
	vfio_drop_signals();
	assert_int_equal(unit_count_fds(), before);
}

/*
 * Before LLVM 17 a child of ASan may find the locks of its allocator taken, and valgrind reports
 * what belongs to a thread as lost by the child.
 */
#ifndef __has_feature
#define __has_feature(feature)	0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define CHILDREN	0
#else
#define CHILDREN	(unit_under_valgrind() ? 0 : 100)
#endif

static void *open_and_close(void *stop)
{
	while (!atomic_load((atomic_bool *)stop)) {
		struct pcibar_device *mine;

		if (open_it(&mine) || pcibar_device_take(mine, NULL))
			return stop;
		pcibar_device_close(mine);
	}
	return NULL;
}

/* Ends by a signal if it waits for a lock that no one will release. */
static void use_in_child(void)
{
	struct pcibar_device *mine;

	alarm(10);
	_exit(open_it(&mine) || pcibar_device_take(mine, NULL));
}

static void a_child_can_open_it_at_any_time(void **state)
{
	atomic_bool stop = false;
	pthread_t thread;
	void *failed;
	int status;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, open_and_close, &stop), 0);
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();

		if (!child)
			use_in_child();
		assert_true(child > 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
}

/* Whatever fails leaves nothing open, and the next attempt works. */
static void fails_without_a_trace(void **state)
{
	static const enum inject_call calls[] = {
		INJECT_ALLOC, INJECT_OPEN, INJECT_MMAP, INJECT_EPOLL_CTL, INJECT_EVENTFD,
	};
	unsigned int before;

	(void)state;
	pcibar_device_close(dev);
	dev = NULL;
	before = unit_count_fds();

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		for (unsigned int nth = 1; ; nth++) {
			inject(calls[i], nth, ENOMEM);
			if (!open_it(&dev)) {
				pcibar_device_get_event_fd(dev);
				try_map(0);
				pcibar_device_close(dev);
				dev = NULL;
			}
			vfio_drop_signals();
			assert_int_equal(unit_count_fds(), before);
			if (!inject_happened(calls[i]))
				break;
			inject_reset();
		}

	inject_reset();
	assert_int_equal(open_it(&dev), 0);
	assert_int_equal(try_map(0), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		VFIO_TEST(is_not_opened_until_it_is_used),
		VFIO_TEST(a_driver_of_its_own_kind_serves_as_well),
		VFIO_TEST(maps_what_the_region_has),
		VFIO_TEST(places_big_maps_where_big_pages_fit),
		VFIO_TEST(maps_only_the_areas_of_a_driver),
		VFIO_TEST(reaches_what_has_no_pages),
		VFIO_TEST(the_rom_is_as_long_as_vfio_says),
		VFIO_TEST(configuration_space),
		VFIO_TEST(who_did_not_ask_for_it_reads_no_more),
		VFIO_TEST(decoding_is_what_vfio_made_of_it),
		VFIO_TEST(a_later_map_asks_what_may_have_changed),
		VFIO_TEST(what_changes_under_an_open_function_is_seen),
		VFIO_TEST(sleep_is_looked_for_after_a_write_to_capabilities),
		VFIO_TEST(nodes_that_cannot_be_opened),
		VFIO_TEST(steps_that_fail),
		VFIO_TEST(a_driver_that_was_unbound),
		VFIO_TEST(a_function_that_does_not_exist),
		VFIO_TEST(a_group_that_is_not_viable),
		VFIO_TEST(functions_without_an_iommu),
		VFIO_TEST(explains_without_opening),
		VFIO_TEST(the_character_device_is_preferred),
		VFIO_TEST(handles_share_the_function),
		VFIO_TEST(requests_and_errors_are_events),
		VFIO_TEST(is_not_taken_without_the_request_to_give_it_back),
		VFIO_TEST(conventional_pci_reports_no_errors),
		VFIO_TEST(a_stale_handle_reaches_no_other_function),
		VFIO_TEST(a_child_can_open_it_at_any_time),
		VFIO_TEST(fails_without_a_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
