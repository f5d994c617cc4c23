// SPDX-License-Identifier: BSD-2-Clause
/* The back end freebsd on a fake /dev/pci. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devpci.h"
#include "inject.h"
#include "internal.h"
#include "fake-devpci.h"
#include "fixture.h"

static int try_open(const char *selector, struct pcibar_device **devp)
{
	return fixture_open(PCIBAR_BACKEND_FREEBSD, NULL, PCIBAR_OPEN_WRITE, selector, devp);
}

static int setup(void **state)
{
	int ret = fixture_setup(state);

	node_populate(&tree);
	assert_int_equal(try_open(NODE_FUNCTION, &dev), 0);
	return ret;
}

#define FREEBSD_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

struct seen {
	unsigned int count;
	bool buses[256];
};

static int note(void *data, const struct pcibar_device_info *info)
{
	struct seen *seen = data;

	assert_false(seen->buses[info->bus]);
	seen->buses[info->bus] = true;
	seen->count++;
	return 0;
}

static int scan(struct seen *seen)
{
	struct pcibar_open_opts open_opts = { .size = sizeof(open_opts), .why = &why,
					      .backend = PCIBAR_BACKEND_FREEBSD };

	*seen = (struct seen){ 0 };
	return pcibar_scan(NULL, &open_opts, note, seen);
}

static void lists_each_function_once(void **state)
{
	struct seen seen;

	(void)state;
	for (unsigned int i = 0; i < 150; i++)
		node_add(0, (uint8_t)(10 + i), 0, 0);
	assert_int_equal(scan(&seen), 0);
	assert_int_equal(seen.count, 151);

	/* The list may change under it, and begins again then. */
	for (node.changes = 1; node.changes <= 3; node.changes++) {
		unsigned int changes = node.changes;

		assert_int_equal(scan(&seen), 0);
		assert_int_equal(seen.count, 151);
		assert_int_equal(node.changes, 0);
		node.changes = changes;
	}
	node.changes = 0;
	node.error[NODE_GETCONF] = EIO;
	assert_int_equal(scan(&seen), -EIO);
	assert_refused(&why, PCIBAR_REASON_SYSTEM, -EIO);
}

/* One request, which names the function: not the list of a large machine. */
static void asks_for_one_function_only(void **state)
{
	struct pcibar_device *other;
	unsigned int calls[2];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		node.calls[NODE_GETCONF] = 0;
		assert_int_equal(try_open(NODE_FUNCTION, &other), 0);
		pcibar_device_close(other);
		calls[i] = node.calls[NODE_GETCONF];
		while (node.count < NODE_FUNCTIONS)
			node_add(1, (uint8_t)node.count, 0, 0);
	}
	assert_int_equal(calls[0], 1);
	assert_int_equal(calls[1], 1);
	assert_int_equal(try_open("0000:03:00.1", &other), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_DEVICE, -ENODEV);
	node.error[NODE_GETCONF] = ENOTTY;
	assert_int_equal(try_open(NODE_FUNCTION, &other), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
}

static void describes_a_function(void **state)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pci_conf *conf = &node.function[0].conf;

	(void)state;
	conf->pc_subvendor = 0x1af4;
	conf->pc_subdevice = 0x1100;
	conf->pc_class = 2;
	conf->pc_subclass = 1;
	conf->pc_progif = 3;
	conf->pc_revid = 0x42;
	strcpy(conf->pd_name, "sixteen_letters_");

	pcibar_device_close(dev);
	assert_int_equal(try_open(NODE_FUNCTION, &dev), 0);

	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_int_equal(info.vendor, 0x1234);
	assert_int_equal(info.device, 0x11e8);
	assert_int_equal(info.subvendor, 0x1af4);
	assert_int_equal(info.subdevice, 0x1100);
	assert_int_equal(info.class_code, 0x020103);
	assert_int_equal(info.revision, 0x42);
	assert_string_equal(info.driver, "sixteen_letters_");
	assert_int_equal(info.flags, PCIBAR_DEV_DRIVER_OWNS);
	assert_int_equal(info.caps, PCIBAR_CAP_MAP_WC | PCIBAR_CAP_ACTIVATE);
	assert_int_equal(pcibar_device_get_event_fd(dev), -EOPNOTSUPP);

	node.count = 0;
	assert_int_equal(pcibar_device_get_info(dev, &info), -ENODEV);
}

static void describes_a_bar(void **state)
{
	static const struct {
		unsigned int bar;
		uint32_t kind, flags;
		uint64_t start;
	} cases[] = {
		{ 0, PCIBAR_BAR_KIND_MEM32, PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_HAS_WC,
		  0xfd000000 },
		{ 2, PCIBAR_BAR_KIND_MEM64, PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_HAS_WC |
		  PCIBAR_BAR_F_PREFETCHABLE, 0x380000000 },
		{ 3, PCIBAR_BAR_KIND_NONE, PCIBAR_BAR_F_UPPER_HALF, 0 },
		{ 4, PCIBAR_BAR_KIND_IO, 0, 0xc000 },
		{ 5, PCIBAR_BAR_KIND_NONE, 0, 0 },
		{ 6, PCIBAR_BAR_KIND_ROM, PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_HAS_WC,
		  0xfc000000 },
	};
	struct pcibar_bar_info info = { .size = sizeof(info) };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(pcibar_bar_get_info(dev, cases[i].bar, 0, &info), 0);
		assert_int_equal(info.kind, cases[i].kind);
		assert_int_equal(info.flags, cases[i].flags);
		assert_int_equal(info.cpu_addr, cases[i].start);
		assert_int_equal(info.length, node.function[0].bar[cases[i].bar].length);
	}

	node.function[0].bar[0].base = 0;
	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &info), 0);
	assert_int_equal(info.flags, PCIBAR_BAR_F_UNASSIGNED);
	node.error[NODE_GETBAR] = ENODEV;
	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &info), -ENODEV);
}

static void translates_every_flag(void **state)
{
	static const struct { uint32_t library; int module; } flags[] = {
		{ 0, 0 },
		{ PCIBAR_MAP_WRITE, PCIIO_BAR_MMAP_RW },
		{ PCIBAR_MAP_ACTIVATE, PCIIO_BAR_MMAP_ACTIVATE },
		{ PCIBAR_MAP_SHARE_DRIVER | PCIBAR_MAP_SHARE_PAGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		opts.flags = flags[i].library;
		assert_int_equal(try_map(2), 0);
		assert_int_equal(node.map.pbm_flags, flags[i].module);
	}

	assert_int_equal(node.map.pbm_reg, 0x18);
	assert_int_equal(node.map.pbm_memattr, VM_MEMATTR_DEVICE);
	assert_int_equal(node.map.pbm_sel.pc_bus, 3);
	assert_null(node.map.pbm_map_base);
	opts.flags = 0;
	opts.attr = PCIBAR_ATTR_WC;
	assert_int_equal(try_map(2), 0);
	assert_int_equal(node.map.pbm_memattr, PCIBAR_DEVPCI_WC);
	opts.flags = PCIBAR_MAP_EXCLUSIVE;
	assert_int_equal(try_map(2), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
}

static void finds_the_register_of_the_rom(void **state)
{
	struct pcibar_device *bridge;
	struct pcibar_map *map;

	(void)state;
	opts.flags = PCIBAR_MAP_ACTIVATE;
	assert_int_equal(try_map(PCIBAR_BAR_ROM), 0);
	assert_int_equal(node.map.pbm_reg, 0x30);
	node.function[0].conf.pc_hdr = 0x81;
	assert_int_equal(try_open(NODE_FUNCTION, &bridge), 0);
	assert_int_equal(pcibar_bar_map(bridge, PCIBAR_BAR_ROM, &opts, &map), 0);
	assert_int_equal(node.map.pbm_reg, 0x38);
	pcibar_map_release(map);
	pcibar_device_close(bridge);
}

/* Where a device has BAR 2 to 5, bridges have numbers of buses and windows. */
static void reads_no_window_as_a_bar(void **state)
{
	static const unsigned int counts[] = { 6, 2, 1 };
	struct pcibar_device *bridge;

	(void)state;
	for (unsigned int bar = 0; bar <= PCIBAR_BAR_ROM; bar++)
		node.function[0].bar[bar].length = 0x1000;
	for (uint8_t type = 0; type < 3; type++) {
		node.function[0].conf.pc_hdr = type;
		assert_int_equal(try_open(NODE_FUNCTION, &bridge), 0);
		for (unsigned int bar = 0; bar <= PCIBAR_BAR_ROM; bar++) {
			struct pcibar_bar_info info = { .size = sizeof(info) };
			bool exists = bar == PCIBAR_BAR_ROM ? type != 2 : bar < counts[type];

			assert_int_equal(pcibar_bar_get_info(bridge, bar, 0, &info), 0);
			assert_int_equal(info.length, exists ? 0x1000 : 0);
		}
		pcibar_device_close(bridge);
	}
}

/* Whether anything is mapped at @addr. */
static bool is_mapped(const volatile char *addr)
{
	uintptr_t page = (uintptr_t)addr & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	unsigned char resident;

	return !mincore((void *)page, 1, &resident);
}

/* The request maps all of the BAR: the pages outside the window are unmapped. */
static void keeps_the_window_only(void **state)
{
	const volatile char *addr;
	struct pcibar_map *map;
	uint64_t val;

	(void)state;
	node_poke(0, 0x5ff0, "\x44\x33\x22\x11", 4);
	opts.offset = 0x5ff0;
	opts.length = 0x20;
	map = map_bar(0);
	addr = (const volatile char *)pcibar_map_addr(map) - 0x5ff0;
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	assert_int_equal(val, 0x11223344);
	assert_false(is_mapped(addr + 0x4fff));
	assert_true(is_mapped(addr + 0x5000) && is_mapped(addr + 0x6fff));
	assert_false(is_mapped(addr + 0x7000));
	pcibar_map_release(map);
	assert_false(is_mapped(addr + 0x5000));

	/* A BAR inside a page lies where it lies in the page. */
	opts.offset = opts.length = 0;
	node_poke(1, 0x420, "\x78\x56", 2);
	map = map_bar(1);
	assert_int_equal(pcibar_map_read(map, 0, 2, &val), 0);
	assert_int_equal(val, 0x5678);
	pcibar_map_release(map);
}

static void names_who_is_in_the_page(void **state)
{
	struct node_function *other = node_add(0, 3, 0, 1), *elsewhere = node_add(0, 4, 0, 0);

	(void)state;
	assert_int_equal(try_map(1), 0);
	elsewhere->bar[0].base = 0xfd010800;
	elsewhere->bar[0].length = 0x100;
	other->bar[0].base = 0xfd010001;	/* I/O at the same number is elsewhere */
	other->bar[0].length = 0x100;
	assert_int_equal(try_map(1), 0);
	other->bar[5].base = 0xfd010f00;
	other->bar[5].length = 0x100;
	assert_int_equal(try_map(1), -EADDRINUSE);
	assert_refused(&why, PCIBAR_REASON_PAGE_SHARED, -EADDRINUSE);
	assert_non_null(strstr(why.reasons[0].what, "BAR 5 of 0000:03:00.1"));
	node.function[0].bar[5].base = 0xfd010000;
	node.function[0].bar[5].length = 0x20;
	assert_int_equal(try_map(1), -EADDRINUSE);
	assert_non_null(strstr(why.reasons[0].what, "BAR 5 of the same function"));
}

/* The request cannot ask for it, so that asking again does not help. */
static void says_that_it_cannot_ask_to_share(void **state)
{
	(void)state;
	opts.flags = PCIBAR_MAP_SHARE_PAGE;
	node.error[NODE_BARMMAP] = EADDRINUSE;
	assert_int_equal(try_map(1), -EADDRINUSE);
	assert_refused(&why, PCIBAR_REASON_PAGE_SHARED, -EADDRINUSE);
	assert_non_null(strstr(why.reasons[0].remedy, "share_page"));
	opts.flags = PCIBAR_MAP_SHARE_DRIVER;
	node.error[NODE_BARMMAP] = EBUSY;
	assert_int_equal(try_map(1), -EBUSY);
	assert_refused(&why, PCIBAR_REASON_CLAIMED, -EBUSY);
	assert_non_null(strstr(why.reasons[0].remedy, "share_driver"));
}

static void reads_configuration_space_by_requests(void **state)
{
	uint32_t val;
	uint16_t word;

	(void)state;
	memcpy(node.config + 0x40, "\x11\x22\x33\x44", 4);
	assert_int_equal(pcibar_config_read32(dev, 0x40, &val), 0);
	assert_int_equal(val, 0x44332211);
	assert_int_equal(pcibar_config_read16(dev, 0x42, &word), 0);
	assert_int_equal(word, 0x4433);
	assert_int_equal(pcibar_config_read32(dev, NODE_CONFIG, &val), -ERANGE);
	node.error[NODE_READ] = ENODEV;
	assert_int_equal(pcibar_config_read32(dev, 0x40, &val), -ENODEV);
}

/* Another device at the address never gets to see a request, whatever member differs. */
static void reaches_no_other_device(void **state)
{
	static const size_t members[] = {
		offsetof(struct pci_conf, pc_vendor), offsetof(struct pci_conf, pc_device),
		offsetof(struct pci_conf, pc_subvendor), offsetof(struct pci_conf, pc_subdevice),
		offsetof(struct pci_conf, pc_class), offsetof(struct pci_conf, pc_subclass),
		offsetof(struct pci_conf, pc_progif), offsetof(struct pci_conf, pc_revid),
		offsetof(struct pci_conf, pc_hdr),
	};
	char *conf = (char *)&node.function[0].conf;

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		struct pcibar_device_info info = { .size = sizeof(info) };
		struct pcibar_map *channel;
		unsigned int calls;
		uint64_t val;
		uint8_t byte;

		opts.flags = PCIBAR_MAP_INDIRECT | PCIBAR_MAP_WRITE;
		channel = map_bar(4);
		assert_int_equal(pcibar_map_write(channel, 0, 1, 0x11), 0);
		assert_int_equal(pcibar_config_write8(dev, 0x3c, 0x22), 0);
		calls = node.calls[NODE_READ] + node.calls[NODE_WRITE] + node.calls[NODE_BARIO] +
			node.calls[NODE_BARMMAP];

		/* Once it was not there, it is another one that has the same IDs. */
		for (int back = 0; back < 2; back++) {
			conf[members[i]] ^= 1;
			assert_int_equal(pcibar_config_write8(dev, 0x3c, 0x77), -ENODEV);
			assert_int_equal(pcibar_config_read8(dev, 0x3c, &byte), -ENODEV);
			assert_int_equal(pcibar_map_read(channel, 0, 1, &val), -ENODEV);
			assert_int_equal(pcibar_map_write(channel, 0, 1, 0x77), -ENODEV);
			assert_int_equal(pcibar_device_get_info(dev, &info), -ENODEV);
			opts.flags = PCIBAR_MAP_WRITE;
			assert_int_equal(try_map(0), -ENODEV);
		}
		assert_int_equal(node.calls[NODE_READ] + node.calls[NODE_WRITE] +
				 node.calls[NODE_BARIO] + node.calls[NODE_BARMMAP], calls);
		pcibar_map_release(channel);
		pcibar_device_close(dev);
		assert_int_equal(try_open(NODE_FUNCTION, &dev), 0);
	}
}

static unsigned int requests(void)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < NODE_REQUESTS; i++)
		sum += node.calls[i];
	return sum;
}

static int read_config(void)
{
	uint8_t byte;

	return pcibar_config_read8(dev, 0x3c, &byte);
}

static struct pcibar_map *port;

static int read_port(void)
{
	uint64_t val;

	return pcibar_map_read(port, 0, 1, &val);
}

static int map_memory(void)
{
	return try_map(0);
}

/* The device is replaced just when the request itself is made; a comparison follows it. */
static void gives_up_what_another_device_gave(void **state)
{
	static int (*const calls[])(void) = { read_config, read_port, map_memory };

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		unsigned int before;

		opts.flags = PCIBAR_MAP_INDIRECT;
		port = map_bar(4);
		opts.flags = 0;
		before = requests();
		assert_int_equal(calls[i](), 0);
		node.swap_after = requests() - before - 1;
		assert_int_equal(calls[i](), -ENODEV);
		assert_int_equal(node.swap_after, 0);

		pcibar_map_release(port);
		pcibar_device_close(dev);
		node.function[0].conf.pc_device = 0x11e8;
		assert_int_equal(try_open(NODE_FUNCTION, &dev), 0);
	}
}

static void explaining_activates_nothing(void **state)
{
	(void)state;
	fixture_explain(PCIBAR_BACKEND_FREEBSD, NODE_FUNCTION, PCIBAR_MAP_ACTIVATE);
	assert_int_equal(why.possible, 1u << PCIBAR_BACKEND_FREEBSD);
	assert_int_equal(node.calls[NODE_BARMMAP], 0);
}

/* No command of Linux is of use on FreeBSD. */
static void refuses_vectors_with_a_remedy_for_both_systems(void **state)
{
	struct pcibar_irq_opts irq_opts = { .size = sizeof(irq_opts), .count = 1, .why = &why,
					    .type = PCIBAR_IRQ_INTX };
	struct pcibar_irq *irq;

	(void)state;
	node.config[PCIR_INTPIN] = 1;
	assert_int_equal(pcibar_irq_open(dev, &irq_opts, &irq), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	assert_null(strstr(why.reasons[0].remedy, "pcibar bind"));
	assert_non_null(strstr(why.reasons[0].remedy, "FreeBSD"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FREEBSD_TEST(lists_each_function_once),
		FREEBSD_TEST(asks_for_one_function_only),
		FREEBSD_TEST(describes_a_function),
		FREEBSD_TEST(describes_a_bar),
		FREEBSD_TEST(translates_every_flag),
		FREEBSD_TEST(finds_the_register_of_the_rom),
		FREEBSD_TEST(reads_no_window_as_a_bar),
		FREEBSD_TEST(keeps_the_window_only),
		FREEBSD_TEST(names_who_is_in_the_page),
		FREEBSD_TEST(says_that_it_cannot_ask_to_share),
		FREEBSD_TEST(reads_configuration_space_by_requests),
		FREEBSD_TEST(reaches_no_other_device),
		FREEBSD_TEST(gives_up_what_another_device_gave),
		FREEBSD_TEST(explaining_activates_nothing),
		FREEBSD_TEST(refuses_vectors_with_a_remedy_for_both_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
