// SPDX-License-Identifier: BSD-2-Clause
/* The back end pciio on a fake /dev/pci. */
#include "unit.h"

#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <pcibar/enable.h>

#include "devpci.h"
#include "inject.h"
#include "internal.h"
#include "fake-devpci.h"
#include "fixture.h"

#define THREADS	4
#define ROUNDS	50

static int setup(void **state)
{
	int ret = fixture_setup(state);

	node_populate(&tree);
	assert_int_equal(fixture_open(PCIBAR_BACKEND_PCIIO, NULL, PCIBAR_OPEN_WRITE, NODE_FUNCTION,
				      &dev), 0);
	return ret;
}

#define PCIIO_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static int read_event(uint32_t *type)
{
	struct pcibar_event event = { .size = sizeof(event) };
	int ret = pcibar_device_read_event(dev, &event);

	*type = event.type;
	return ret;
}

static void assert_event(uint32_t wanted)
{
	uint32_t type;

	assert_int_equal(read_event(&type), 0);
	assert_int_equal(type, wanted);
}

static void assert_no_event(void)
{
	uint32_t type;

	assert_int_equal(read_event(&type), -EAGAIN);
}

static void reads_sysfs_and_can_do_more(void **state)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pcibar_bar_info bar = { .size = sizeof(bar) };

	(void)state;
	tree_driver(&tree, NODE_FUNCTION, "pciio");
	tree_set(&tree, NODE_FUNCTION, "power_state", "D3hot\n");

	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_int_equal(info.vendor, 0x1234);
	assert_int_equal(info.subdevice, 0x1100);
	assert_string_equal(info.driver, "pciio");
	assert_int_equal(info.flags, PCIBAR_DEV_ASLEEP);
	assert_int_equal(info.backend, PCIBAR_BACKEND_PCIIO);
	assert_int_equal(info.caps, PCIBAR_CAP_MAP_WC | PCIBAR_CAP_ATTR_PROOF |
			 PCIBAR_CAP_EXCLUSIVE | PCIBAR_CAP_ACTIVATE | PCIBAR_CAP_REVOKE |
			 PCIBAR_CAP_EVENTS | PCIBAR_CAP_IRQ);

	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &bar), 0);
	assert_int_equal(bar.flags, PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_HAS_WC);
	assert_int_equal(pcibar_bar_get_info(dev, PCIBAR_BAR_ROM, 0, &bar), 0);
	assert_int_equal(bar.flags & (PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_HAS_WC),
			 PCIBAR_BAR_F_MAPPABLE | PCIBAR_BAR_F_HAS_WC);
	assert_int_equal(pcibar_bar_get_info(dev, 4, 0, &bar), 0);
	assert_int_equal(bar.flags, 0);

	tree_bar(&tree, NODE_FUNCTION, 0, 0, 0x10000, TREE_MEM32 | TREE_UNSET);
	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &bar), 0);
	assert_int_equal(bar.flags, PCIBAR_BAR_F_UNASSIGNED);
	assert_int_equal(node.calls[NODE_BAROPEN], 0);
}

static void translates_every_flag(void **state)
{
	static const struct { uint32_t library, module; } flags[] = {
		{ 0, 0 },
		{ PCIBAR_MAP_WRITE, PCIIO_BAR_OPEN_RW | PCIIO_BAR_OPEN_NO_MSIX },
		{ PCIBAR_MAP_EXCLUSIVE, PCIIO_BAR_OPEN_EXCLUSIVE },
		{ PCIBAR_MAP_ACTIVATE, PCIIO_BAR_OPEN_ACTIVATE },
		{ PCIBAR_MAP_SHARE_DRIVER, PCIIO_BAR_OPEN_SHARE_DRIVER },
		{ PCIBAR_MAP_SHARE_PAGE, PCIIO_BAR_OPEN_SHARE_PAGE },
		{ PCIBAR_MAP_WRITE | PCIBAR_MAP_SHARE_PAGE,
		  PCIIO_BAR_OPEN_RW | PCIIO_BAR_OPEN_SHARE_PAGE | PCIIO_BAR_OPEN_NO_MSIX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		opts.flags = flags[i].library;
		assert_int_equal(try_map(2), 0);
		assert_int_equal(node.open.pbo_flags, flags[i].module);
	}

	assert_int_equal(node.open.pbo_size, sizeof(node.open));
	assert_int_equal(node.open.pbo_reg, 0x18);
	assert_int_equal(node.open.pbo_sel.pc_bus, 3);
	assert_int_equal(node.open.pbo_memattr, VM_MEMATTR_DEVICE);
	assert_int_equal(node.open.pbo_reserved[0] | node.open.pbo_reserved[1], 0);
	opts.attr = PCIBAR_ATTR_WC;
	assert_int_equal(try_map(2), 0);
	assert_int_equal(node.open.pbo_memattr, (uint32_t)PCIBAR_DEVPCI_WC);
}

/* The module would refuse beside any driver but its own. */
static void drivers_that_hand_over_are_no_obstacle(void **state)
{
	static const struct { const char *driver; uint32_t flags; } cases[] = {
		{ "vfio-pci", PCIIO_BAR_OPEN_SHARE_DRIVER },
		{ "pci-stub", PCIIO_BAR_OPEN_SHARE_DRIVER },
		{ "pciio", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tree_driver(&tree, NODE_FUNCTION, cases[i].driver);
		assert_int_equal(try_map(0), 0);
		assert_int_equal(node.open.pbo_flags, cases[i].flags);
		tree_driver(&tree, NODE_FUNCTION, NULL);
	}
	tree_driver(&tree, NODE_FUNCTION, "nvme");
	assert_int_equal(try_map(0), -EBUSY);
	assert_refused(&why, PCIBAR_REASON_DRIVER, -EBUSY);
	opts.flags = PCIBAR_MAP_SHARE_DRIVER;
	assert_int_equal(try_map(0), 0);
	assert_int_equal(node.open.pbo_flags, PCIIO_BAR_OPEN_SHARE_DRIVER);
}

static void finds_the_register_of_the_rom(void **state)
{
	(void)state;
	opts.flags = PCIBAR_MAP_ACTIVATE;
	assert_int_equal(try_map(PCIBAR_BAR_ROM), 0);
	assert_int_equal(node.open.pbo_reg, 0x30);
	tree_poke(&tree, NODE_FUNCTION, "config", 0x0e, "\x81", 1);
	assert_int_equal(try_map(PCIBAR_BAR_ROM), 0);
	assert_int_equal(node.open.pbo_reg, 0x38);
}

static void maps_the_window(void **state)
{
	struct pcibar_map *map;
	uint32_t back;
	uint64_t val;

	(void)state;
	node_poke(0, 0x2004, "\x44\x33\x22\x11", 4);
	opts = (struct pcibar_map_opts){ .size = sizeof(opts), .flags = PCIBAR_MAP_WRITE,
					 .offset = 0x2004, .length = 8, .why = &why };
	map = map_bar(0);
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	assert_int_equal(val, 0x11223344);
	assert_int_equal(pcibar_map_write(map, 4, 4, 0xcafe), 0);
	node_peek(0, 0x2008, &back, sizeof(back));
	assert_int_equal(le32toh(back), 0xcafe);
	pcibar_map_release(map);

	/* A BAR inside a page lies where it lies in the page. */
	opts = (struct pcibar_map_opts){ .size = sizeof(opts), .why = &why };
	node_poke(1, 0x420, "\x78\x56", 2);
	map = map_bar(1);
	assert_int_equal(pcibar_map_read(map, 0, 2, &val), 0);
	assert_int_equal(val, 0x5678);
	pcibar_map_release(map);
}

/* Lockdown may come between the descriptor and its mapping, and so may removal. */
static void releases_the_descriptor_of_a_map_that_fails(void **state)
{
	unsigned int fds;

	(void)state;
	assert_int_equal(try_map(0), 0);
	fds = unit_count_fds() - node.calls[NODE_BAROPEN];
	inject(INJECT_MMAP, 1, EPERM);
	assert_int_equal(try_map(0), -EPERM);
	assert_refused(&why, PCIBAR_REASON_LOCKDOWN, -EPERM);
	inject(INJECT_MMAP, 1, ENODEV);
	assert_int_equal(try_map(0), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_GONE, -ENODEV);
	for (unsigned int nth = 1; nth < 5; nth++) {
		int ret;

		inject(INJECT_ALLOC, nth, ENOMEM);
		ret = try_map(0);
		assert_int_equal(ret, inject_happened(INJECT_ALLOC) ? -ENOMEM : 0);
	}
	assert_false(inject_happened(INJECT_ALLOC));
	assert_true(node.calls[NODE_BAROPEN] > 4);

	/* What is left of each is the node's end. */
	assert_int_equal(unit_count_fds(), fds + node.calls[NODE_BAROPEN]);
}

/* A window with the MSI-X table in it is mapped all the same, by another descriptor. */
static void reaches_the_msix_table_only_where_it_must(void **state)
{
	(void)state;
	opts.flags = PCIBAR_MAP_WRITE;
	inject(INJECT_MMAP, 1, EPERM);
	assert_int_equal(try_map(0), 0);
	assert_int_equal(node.open.pbo_flags, PCIIO_BAR_OPEN_RW);
	assert_int_equal(node.calls[NODE_BAROPEN], 2);

	node.error[NODE_BAROPEN] = EACCES;
	assert_int_equal(try_map(0), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
}

static void explaining_activates_nothing(void **state)
{
	(void)state;
	fixture_explain(PCIBAR_BACKEND_PCIIO, NODE_FUNCTION, 0);
	assert_int_equal(why.possible, 1u << PCIBAR_BACKEND_PCIIO);
	assert_int_equal(node.calls[NODE_BAROPEN], 1);
	fixture_explain(PCIBAR_BACKEND_PCIIO, NODE_FUNCTION, PCIBAR_MAP_ACTIVATE);
	assert_int_equal(why.possible, 1u << PCIBAR_BACKEND_PCIIO);
	assert_int_equal(node.calls[NODE_BAROPEN], 1);

	/* Opening the BAR would wake the function. */
	tree_set(&tree, NODE_FUNCTION, "power_state", "D3hot\n");
	fixture_explain(PCIBAR_BACKEND_PCIIO, NODE_FUNCTION, 0);
	assert_refused(&why, PCIBAR_REASON_ASLEEP, -ENXIO);
	assert_int_equal(node.calls[NODE_BAROPEN], 1);
}

static void reports_each_revocation_once(void **state)
{
	struct pcibar_map *before = map_bar(0), *after;
	int fd = pcibar_device_get_event_fd(dev);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pcibar_device_get_event_fd(dev), fd);
	after = map_bar(2);
	assert_false(unit_is_readable(fd));
	assert_no_event();
	node_suspend(0);
	assert_true(unit_is_readable(fd));
	assert_event(PCIBAR_EVENT_REVOKED);
	assert_no_event();
	assert_false(unit_is_readable(fd));

	/* Coming back is not an event. */
	node_resume(0);
	assert_no_event();
	node_suspend(0);
	node_suspend(1);
	assert_event(PCIBAR_EVENT_REVOKED);
	assert_event(PCIBAR_EVENT_REVOKED);
	assert_no_event();
	assert_false(pcibar_device_is_gone(dev));
	pcibar_map_release(before);
	pcibar_map_release(after);
}

/* Once, however many BARs go with it, and without a map as well. */
static void reports_removal(void **state)
{
	struct pcibar_map *map = map_bar(0), *other = map_bar(2);
	int fd = pcibar_device_get_event_fd(dev);

	(void)state;
	node_suspend(0);
	node_replace();
	assert_true(unit_is_readable(fd));
	assert_event(PCIBAR_EVENT_GONE);
	assert_true(pcibar_device_is_gone(dev));
	assert_no_event();
	assert_false(unit_is_readable(fd));
	pcibar_map_release(map);
	pcibar_map_release(other);
	assert_true(pcibar_device_is_gone(dev));
}

static void reports_removal_without_a_map(void **state)
{
	(void)state;
	assert_true(pcibar_device_get_event_fd(dev) >= 0);
	assert_no_event();
	node_replace();
	assert_event(PCIBAR_EVENT_GONE);
	assert_no_event();
}

/* The BAR has been moved: the function is still there. */
static void a_bar_may_end_alone(void **state)
{
	struct pcibar_map *map = map_bar(0);

	(void)state;
	assert_true(pcibar_device_get_event_fd(dev) >= 0);
	node_kill(0);
	assert_event(PCIBAR_EVENT_REVOKED);
	assert_no_event();
	assert_false(pcibar_device_is_gone(dev));
	pcibar_map_release(map);
}

/* What is found at the address later never gets to see a request. */
static void reaches_the_function_that_was_opened(void **state)
{
	struct pcibar_map *channel;
	unsigned int calls;
	uint64_t val;

	(void)state;
	opts.flags = PCIBAR_MAP_INDIRECT | PCIBAR_MAP_WRITE;
	channel = map_bar(4);
	assert_int_equal(pcibar_map_write(channel, 0, 1, 0x11), 0);
	assert_int_equal(pcibar_config_write8(dev, 0x3c, 0x22), 0);
	calls = node.calls[NODE_WRITE] + node.calls[NODE_BARIO] + node.calls[NODE_BAROPEN];

	node_replace();
	assert_int_equal(pcibar_config_write8(dev, 0x3c, 0x77), -ENODEV);
	assert_int_equal(pcibar_map_read(channel, 0, 1, &val), -ENODEV);
	assert_int_equal(pcibar_map_write(channel, 0, 1, 0x77), -ENODEV);
	opts.flags = PCIBAR_MAP_WRITE;
	assert_int_equal(try_map(0), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_GONE, -ENODEV);
	assert_int_equal(node.calls[NODE_WRITE] + node.calls[NODE_BARIO] +
			 node.calls[NODE_BAROPEN], calls);
	assert_int_equal(node.config[0x3c], 0x22);
	assert_int_equal(node.port[0], 0x11);
	pcibar_map_release(channel);
}

/* One request, so that the module changes no other bit of the register in the meantime. */
static void changes_bits_in_one_step(void **state)
{
	unsigned int writes = node.calls[NODE_WRITE];

	(void)state;
	tree_poke(&tree, NODE_FUNCTION, "config", 4, "\x07", 1);	/* what is read back */
	assert_int_equal(pcibar_device_set_enable(dev, PCIBAR_BUS_MASTER,
						  PCIBAR_BUS_MASTER, 0), 0);
	assert_int_equal(node.config[4], 7);
	assert_int_equal(node.calls[NODE_MODIFY], 1);
	assert_int_equal(node.calls[NODE_WRITE], writes);
	node.error[NODE_MODIFY] = EPERM;
	assert_int_equal(pcibar_device_set_enable(dev, PCIBAR_BUS_MASTER, 0, 0), -EPERM);
	assert_int_equal(node.config[4], 7);
}

static void opens_with_the_rights_that_it_has(void **state)
{
	struct pcibar_device *reader;

	(void)state;
	assert_int_equal(node.function_open.pfo_flags, PCIIO_FUNC_OPEN_RW);
	assert_int_equal(node.function_open.pfo_size, sizeof(node.function_open));
	assert_int_equal(node.function_open.pfo_sel.pc_bus, 3);
	node.open_error[1] = EACCES;
	assert_int_equal(fixture_open(PCIBAR_BACKEND_PCIIO, NULL, 0, NODE_FUNCTION, &reader), 0);
	assert_int_equal(node.function_open.pfo_flags, 0);
	pcibar_device_close(reader);
}

static struct pcibar_irq_opts vectors;

/* A function with INTx and eight vectors of MSI-X, bound to the module */
static void set_up_interrupts(void)
{
	static const char config[] = { 7, 1, PCIM_STATUS_CAPPRESENT, 0 };
	static const char msix[] = { PCIY_MSIX, 0, 7, 0 };

	tree_driver(&tree, NODE_FUNCTION, "pciio");
	tree_poke(&tree, NODE_FUNCTION, "config", PCIR_COMMAND, config, sizeof(config));
	tree_poke(&tree, NODE_FUNCTION, "config", PCIR_CAP_PTR, "\x40", 1);
	tree_poke(&tree, NODE_FUNCTION, "config", PCIR_INTPIN, "\1", 1);
	tree_poke(&tree, NODE_FUNCTION, "config", 0x40, msix, sizeof(msix));
	vectors = (struct pcibar_irq_opts){ .size = sizeof(vectors), .count = 1, .why = &why };
}

static void opens_vectors(void **state)
{
	static const struct { uint32_t library, module; } flags[] = {
		{ PCIBAR_IRQ_OPEN_MASKED, PCIIO_INTR_OPEN_MASKED },
		{ PCIBAR_IRQ_BUS_MASTER, PCIIO_INTR_OPEN_MASTER },
		{ PCIBAR_IRQ_EVENTFD, PCIIO_INTR_OPEN_EVENTFD },
	};
	const int eventfds[] = { 8, 9 };
	struct pcibar_irq *irqs[2];

	(void)state;
	set_up_interrupts();
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		vectors.first = 1;
		vectors.count = 2;
		vectors.reserve = 5;
		vectors.flags = flags[i].library;
		vectors.eventfds = vectors.flags & PCIBAR_IRQ_EVENTFD ? eventfds : NULL;
		assert_int_equal(pcibar_irq_open(dev, &vectors, irqs), 0);
		assert_int_equal(node.intr_open.pin_flags, flags[i].module);
		assert_int_equal(node.intr_open.pin_eventfds, (uintptr_t)vectors.eventfds);
		pcibar_irq_close(irqs[0]);
		pcibar_irq_close(irqs[1]);
	}

	assert_int_equal(node.intr_open.pin_size, sizeof(node.intr_open));
	assert_int_equal(node.intr_open.pin_sel.pc_bus, 3);
	assert_int_equal(node.intr_open.pin_type, PCIIO_INTR_MSIX);
	assert_int_equal(node.intr_open.pin_first, 1);
	assert_int_equal(node.intr_open.pin_count, 2);
	assert_int_equal(node.intr_open.pin_reserve, 5);
}

static void says_what_vectors_can(void **state)
{
	static const uint32_t always = PCIBAR_IRQ_CAN_MASK | PCIBAR_IRQ_HAS_TIME |
				       PCIBAR_IRQ_CAN_TRIGGER;
	struct pcibar_irq_info info = { .size = sizeof(info) };

	(void)state;
	set_up_interrupts();
	assert_int_equal(pcibar_irq_get_info(dev, PCIBAR_IRQ_MSIX, &info), 0);
	assert_int_equal(info.flags, always);
	assert_int_equal(info.count, 8);
	node.intr_caps = PCIIO_INTR_CAP_GROW | PCIIO_INTR_CAP_SHARED;
	node.intr_busy = 3;
	node.intr_busy_type = PCIIO_INTR_INTX;
	assert_int_equal(pcibar_irq_get_info(dev, PCIBAR_IRQ_INTX, &info), 0);
	assert_int_equal(info.flags, always | PCIBAR_IRQ_LEVEL | PCIBAR_IRQ_CAN_GROW |
			 PCIBAR_IRQ_SHARED_LINE);
	assert_int_equal(info.open, 3);
	assert_int_equal(pcibar_irq_get_info(dev, PCIBAR_IRQ_MSIX, &info), 0);
	assert_int_equal(info.open, 0);

	/* A function that is not bound, and an older module */
	node.error[NODE_INTROPEN] = EBUSY;
	assert_int_equal(pcibar_irq_get_info(dev, PCIBAR_IRQ_MSIX, &info), 0);
	assert_int_equal(info.flags, always);
	node.error[NODE_INTROPEN] = ENOTTY;
	assert_int_equal(pcibar_irq_get_info(dev, PCIBAR_IRQ_MSIX, &info), 0);
	assert_int_equal(info.flags, 0);
}

static void explains_what_the_module_refuses(void **state)
{
	static const struct { int module, library; uint32_t code; } cases[] = {
		{ ENOTTY, -EOPNOTSUPP, PCIBAR_REASON_UNSUPPORTED },
		{ EOPNOTSUPP, -EOPNOTSUPP, PCIBAR_REASON_UNSUPPORTED },
		{ ERANGE, -ERANGE, PCIBAR_REASON_NO_VECTOR },
		{ ENOTCONN, -EBUSY, PCIBAR_REASON_NOT_BOUND },
		{ EBUSY, -EBUSY, PCIBAR_REASON_NOT_BOUND },
		{ EPROTOTYPE, -EBUSY, PCIBAR_REASON_VECTOR_BUSY },
		{ EEXIST, -EBUSY, PCIBAR_REASON_VECTOR_BUSY },
		{ ENOBUFS, -EBUSY, PCIBAR_REASON_VECTOR_BUSY },
		{ EADDRINUSE, -EBUSY, PCIBAR_REASON_VECTOR_BUSY },
		{ EHOSTUNREACH, -ENXIO, PCIBAR_REASON_BUS_MASTER_OFF },
		{ ENXIO, -ENXIO, PCIBAR_REASON_UNSUPPORTED },
		{ EACCES, -EPERM, PCIBAR_REASON_ISOLATION },
		{ EPERM, -EPERM, PCIBAR_REASON_LOCKDOWN },
		{ ENOSPC, -ENOSPC, PCIBAR_REASON_EXHAUSTED },
		{ ENODEV, -ENODEV, PCIBAR_REASON_GONE },
		{ EMFILE, -EMFILE, PCIBAR_REASON_SYSTEM },
	};
	struct pcibar_irq *irq;

	(void)state;
	set_up_interrupts();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		node.error[NODE_INTROPEN] = cases[i].module;
		assert_int_equal(pcibar_irq_open(dev, &vectors, &irq), cases[i].library);
		assert_refused(&why, cases[i].code, cases[i].library);
	}

	/* Another process has another type, which is known before. */
	node.error[NODE_INTROPEN] = 0;
	node.intr_busy = 1;
	node.intr_busy_type = PCIIO_INTR_INTX;
	assert_int_equal(pcibar_irq_open(dev, &vectors, &irq), -EBUSY);
	assert_refused(&why, PCIBAR_REASON_VECTOR_BUSY, -EBUSY);
	assert_int_equal(node.intr_open.pin_count, 0);
}

static void assert_commanded(uint32_t wanted)
{
	uint32_t got;

	assert_int_equal(read(node_vector(0), &got, sizeof(got)), sizeof(got));
	assert_int_equal(got, wanted);
}

static void speaks_to_a_vector(void **state)
{
	const struct pci_intr_event sent = { .pie_count = 2, .pie_time = 77, .pie_total = 9 };
	struct pcibar_irq_event event = { .size = sizeof(event) };
	struct pcibar_irq *irq;

	(void)state;
	set_up_interrupts();
	vectors.type = PCIBAR_IRQ_INTX;
	assert_int_equal(pcibar_irq_open(dev, &vectors, &irq), 0);
	assert_int_equal(pcibar_irq_read(irq, &event), -EAGAIN);
	assert_int_equal(write(node_vector(0), &sent, sizeof(sent)), sizeof(sent));
	assert_int_equal(pcibar_irq_wait(irq, -1, &event), 0);
	assert_int_equal(event.count, 2);
	assert_int_equal(event.time, 77);
	assert_int_equal(event.flags, PCIBAR_IRQ_EVENT_TIME);

	assert_int_equal(pcibar_irq_done(irq), 0);
	assert_commanded(PCIIO_INTR_UNMASK);
	assert_int_equal(pcibar_irq_mask(irq), 0);
	assert_commanded(PCIIO_INTR_MASK);
	assert_int_equal(pcibar_irq_trigger(irq), 0);
	assert_commanded(PCIIO_INTR_TRIGGER);

	assert_int_equal(pcibar_irq_number(irq), -EOPNOTSUPP);
	tree_set(&tree, NULL, "fdinfo", "pos:\t0\nirq:\t27\nmasked:\t0\n");
	assert_int_equal(pcibar_irq_number(irq), 27);

	/* Half an event is an error. */
	assert_int_equal(write(node_vector(0), &sent, 8), 8);
	assert_int_equal(pcibar_irq_read(irq, &event), -EIO);
	node_end_vector(0);
	pcibar_irq_close(irq);
}

static int no_function(void *data, const struct pcibar_device_info *info)
{
	(void)data;
	(void)info;
	fail_msg("a function was listed");
	return 0;
}

/* A writable descriptor says ENOTTY of what it does not know, a read-only one EPERM. */
static void refuses_an_older_module(void **state)
{
	struct pcibar_open_opts open_opts = { .size = sizeof(open_opts), .why = &why,
					      .backend = PCIBAR_BACKEND_PCIIO };
	unsigned int fds = unit_count_fds();
	struct pcibar_device *other;

	(void)state;
	for (int right = 0; right < 2; right++) {
		node.open_error[1] = right ? 0 : EACCES;
		node.error[NODE_FUNCOPEN] = right ? ENOTTY : EPERM;
		assert_int_equal(pcibar_device_open(NODE_FUNCTION, &open_opts, &other),
				 -EOPNOTSUPP);
		assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
		/* By IDs, and in a list. */
		assert_int_equal(pcibar_device_open("1234:11e8", &open_opts, &other), -EOPNOTSUPP);
		assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
		assert_int_equal(pcibar_scan(NULL, &open_opts, no_function, NULL), -EOPNOTSUPP);
		assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
		assert_int_equal(unit_count_fds(), fds);
	}
}

static void events_come_from_the_maps_there_are(void **state)
{
	struct pcibar_map *map;
	uint32_t type;
	int copy;

	(void)state;
	assert_int_equal(read_event(&type), -EINVAL);
	assert_true(pcibar_device_get_event_fd(dev) >= 0);
	assert_no_event();
	map = map_bar(0);

	/* What a child of a fork() keeps is not counted any more. */
	copy = dup(node_descriptor(0));
	pcibar_map_release(map);
	node_suspend(0);
	assert_no_event();
	close(copy);
}

/* Out of the middle of the list, from its head and from its end. */
static void releases_maps_in_any_order(void **state)
{
	struct pcibar_map *map[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		map[i] = map_bar(0);
	assert_true(pcibar_device_get_event_fd(dev) >= 0);
	pcibar_map_release(map[1]);
	pcibar_map_release(map[3]);
	pcibar_map_release(map[0]);
	node_suspend(2);
	assert_event(PCIBAR_EVENT_REVOKED);
	assert_no_event();
	pcibar_map_release(map[2]);
}

static void a_map_outlives_the_handle(void **state)
{
	struct pcibar_map *map = map_bar(0);
	uint64_t val;

	(void)state;
	assert_true(pcibar_device_get_event_fd(dev) >= 0);
	pcibar_device_close(dev);
	dev = NULL;
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	pcibar_map_release(map);
}

static void says_when_it_cannot_wait(void **state)
{
	struct pcibar_map *map = map_bar(0);
	unsigned int fds = unit_count_fds();
	uint32_t type;

	(void)state;
	inject(INJECT_EPOLL_CREATE, 1, EMFILE);
	assert_int_equal(pcibar_device_get_event_fd(dev), -EMFILE);

	/* Not half of it: the next call would take it for whole. */
	inject(INJECT_EPOLL_CTL, 1, ENOMEM);
	assert_int_equal(pcibar_device_get_event_fd(dev), -ENOMEM);
	assert_int_equal(unit_count_fds(), fds);
	assert_int_equal(read_event(&type), -EINVAL);
	assert_true(pcibar_device_get_event_fd(dev) >= 0);
	inject(INJECT_EPOLL_CTL, 1, ENOSPC);
	assert_int_equal(try_map(2), -ENOSPC);
	assert_refused(&why, PCIBAR_REASON_SYSTEM, -ENOSPC);
	node_suspend(0);
	assert_event(PCIBAR_EVENT_REVOKED);
	pcibar_map_release(map);
}

static void *read_event_cancelled(void *arg)
{
	uint32_t type;

	pthread_cancel(pthread_self());
	read_event(&type);
	return arg;
}

static void a_cancelled_thread_leaves_no_lock(void **state)
{
	pthread_t thread;

	(void)state;
	alarm(60);
	assert_true(pcibar_device_get_event_fd(dev) >= 0);
	assert_int_equal(pthread_create(&thread, NULL, read_event_cancelled, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_no_event();
	alarm(0);
}

static pthread_barrier_t barrier;
static atomic_uint failures, events;

static void *map_and_listen(void *arg)
{
	struct pcibar_map_opts mine = { .size = sizeof(mine) };
	struct pcibar_map *map;
	uint32_t type;
	uint64_t val;

	(void)arg;
	pthread_barrier_wait(&barrier);
	for (unsigned int i = 0; i < ROUNDS / THREADS; i++) {
		if (pcibar_bar_map(dev, 0, &mine, &map)) {
			atomic_fetch_add(&failures, 1);
			break;
		}
		if (pcibar_device_get_event_fd(dev) < 0 || pcibar_map_read(map, 0, 4, &val))
			atomic_fetch_add(&failures, 1);
		for (unsigned int n = 0; n < ROUNDS && !read_event(&type); n++)
			atomic_fetch_add(&events, 1);
		pcibar_map_release(map);
	}
	return NULL;
}

static void threads_share_a_device(void **state)
{
	pthread_t thread[THREADS];
	struct pcibar_map *map = map_bar(0);

	(void)state;
	node_suspend(0);
	atomic_store(&failures, 0);
	atomic_store(&events, 0);
	assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, map_and_listen, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(atomic_load(&failures), 0);

	/* One of them has heard of it, and only one. */
	assert_int_equal(atomic_load(&events), 1);
	pcibar_map_release(map);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PCIIO_TEST(reads_sysfs_and_can_do_more),
		PCIIO_TEST(translates_every_flag),
		PCIIO_TEST(drivers_that_hand_over_are_no_obstacle),
		PCIIO_TEST(finds_the_register_of_the_rom),
		PCIIO_TEST(maps_the_window),
		PCIIO_TEST(releases_the_descriptor_of_a_map_that_fails),
		PCIIO_TEST(reaches_the_msix_table_only_where_it_must),
		PCIIO_TEST(explaining_activates_nothing),
		PCIIO_TEST(reports_each_revocation_once),
		PCIIO_TEST(reports_removal),
		PCIIO_TEST(reports_removal_without_a_map),
		PCIIO_TEST(a_bar_may_end_alone),
		PCIIO_TEST(reaches_the_function_that_was_opened),
		PCIIO_TEST(changes_bits_in_one_step),
		PCIIO_TEST(opens_with_the_rights_that_it_has),
		PCIIO_TEST(opens_vectors),
		PCIIO_TEST(says_what_vectors_can),
		PCIIO_TEST(explains_what_the_module_refuses),
		PCIIO_TEST(speaks_to_a_vector),
		PCIIO_TEST(refuses_an_older_module),
		PCIIO_TEST(events_come_from_the_maps_there_are),
		PCIIO_TEST(releases_maps_in_any_order),
		PCIIO_TEST(a_map_outlives_the_handle),
		PCIIO_TEST(says_when_it_cannot_wait),
		PCIIO_TEST(a_cancelled_thread_leaves_no_lock),
		PCIIO_TEST(threads_share_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
