// SPDX-License-Identifier: BSD-2-Clause
/* Vectors through a fake VFIO: what is requested of it, in which order, and what fails. */
#include "unit.h"

#include <endian.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <dev/pci/pcireg.h>
#include <linux/vfio.h>

#include <pcibar/enable.h>
#include <pcibar/irq.h>

#include "fake-devpci.h"
#include "fake-vfio.h"
#include "inject.h"
#include "must.h"

#define MSI		0x40
#define MSIX		0x50
#define THREADS		4u
#define NORESIZE	(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE)

static struct tree tree;
static struct pcibar_device *dev, *other;
static struct pcibar_refusal why;
static struct pcibar_irq_opts opts;
static struct pcibar_irq *irqs[VFIO_VECTORS];

static int open_it(struct pcibar_device **devp)
{
	struct pcibar_open_opts open_opts = {
		.size = sizeof(open_opts), .flags = PCIBAR_OPEN_WRITE,
		.backend = PCIBAR_BACKEND_VFIO, .why = &why,
	};

	return pcibar_device_open(VFIO_FUNCTION, &open_opts, devp);
}

static void set_command(uint16_t command)
{
	command = htole16(command);
	tree_poke(&tree, VFIO_FUNCTION, "config", PCIR_COMMAND, &command, sizeof(command));
	vfio_poke(VFIO_CONFIG, PCIR_COMMAND, &command, sizeof(command));
}

static unsigned int command(void)
{
	uint16_t val;

	vfio_peek(VFIO_CONFIG, PCIR_COMMAND, &val, sizeof(val));
	return le16toh(val);
}

/* INTx, four messages of MSI and eight of MSI-X, as Linux 6.1 has them; bus mastering is on. */
static int setup(void **state)
{
	static const unsigned char msi[] = { PCIY_MSI, MSIX, 0x84, 0 };
	static const unsigned char msix[] = { PCIY_MSIX, 0, 7, 0 };
	int ret = unit_setup(state);

	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	opts = (struct pcibar_irq_opts){ .size = sizeof(opts), .why = &why };
	vfio_create(&tree);
	tree_poke(&tree, VFIO_FUNCTION, "config", PCIR_STATUS, "\x10", 1);
	tree_poke(&tree, VFIO_FUNCTION, "config", PCIR_CAP_PTR, "\x40", 1);
	tree_poke(&tree, VFIO_FUNCTION, "config", PCIR_INTPIN, "\x01", 1);
	tree_poke(&tree, VFIO_FUNCTION, "config", MSI, msi, sizeof(msi));
	tree_poke(&tree, VFIO_FUNCTION, "config", MSIX, msix, sizeof(msix));
	set_command(7);
	memcpy(vfio.irq_count, (const uint32_t[]){ 1, 4, 8 }, sizeof(vfio.irq_count));
	memcpy(vfio.irq_flags, (const uint32_t[]){ 7, NORESIZE, NORESIZE },
	       sizeof(vfio.irq_flags));
	assert_int_equal(open_it(&dev), 0);
	other = NULL;
	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(other);
	pcibar_device_close(dev);
	dev = NULL;
	assert_int_equal(vfio.irq_type, -1);
	vfio_reset();
	tree_remove(&tree);
	return unit_teardown(state);
}

#define IRQ_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static int open_of(struct pcibar_device *of, uint32_t type, uint32_t first, uint32_t count,
		   struct pcibar_irq **to)
{
	opts.type = type;
	opts.first = first;
	opts.count = count;
	return pcibar_irq_open(of, &opts, to);
}

/* Into irqs[first] and what follows */
static void open_some(uint32_t type, uint32_t first, uint32_t count)
{
	if (open_of(dev, type, first, count, irqs + first))
		fail_msg("%s", why.reasons[0].what);
}

static void close_some(uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++)
		pcibar_irq_close(irqs[i]);
}

/* What VFIO was asked since the last call */
static void assert_requests(const char *expected)
{
	assert_string_equal(vfio.irq_requests, expected);
	*vfio.irq_requests = '\0';
}

static int read_of(uint32_t vector)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };
	int ret = pcibar_irq_read(irqs[vector], &event);

	assert_int_equal(event.flags, 0);
	assert_int_equal(event.time, 0);
	return ret ? ret : (int)event.count;
}

static int wait_of(uint32_t vector, int64_t timeout_ns)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };

	return pcibar_irq_wait(irqs[vector], timeout_ns, &event);
}

static struct pcibar_irq_info info_of(uint32_t type)
{
	struct pcibar_irq_info info = { .size = sizeof(info) };

	assert_int_equal(pcibar_irq_get_info(dev, type, &info), 0);
	return info;
}

static void what_it_can(void **state)
{
	(void)state;
	assert_int_equal(info_of(PCIBAR_IRQ_INTX).flags, PCIBAR_IRQ_LEVEL | PCIBAR_IRQ_CAN_MASK |
			 PCIBAR_IRQ_SHARED_LINE | PCIBAR_IRQ_CAN_TRIGGER);
	assert_int_equal(info_of(PCIBAR_IRQ_MSI).flags, PCIBAR_IRQ_CAN_TRIGGER);
	assert_int_equal(info_of(PCIBAR_IRQ_MSIX).flags, PCIBAR_IRQ_CAN_TRIGGER);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 0);

	open_some(PCIBAR_IRQ_MSIX, 1, 2);
	assert_int_equal(info_of(PCIBAR_IRQ_MSIX).flags, PCIBAR_IRQ_CAN_TRIGGER);
	assert_int_equal(info_of(PCIBAR_IRQ_MSIX).open, 2);
	assert_int_equal(info_of(PCIBAR_IRQ_MSI).open, 0);
	assert_int_equal(open_it(&other), 0);
	assert_int_equal(open_of(other, PCIBAR_IRQ_MSIX, 0, 1, irqs), 0);
	assert_int_equal(info_of(PCIBAR_IRQ_MSIX).open, 3);
	close_some(0, 3);

	/* As since Linux 6.2 */
	vfio.irq_flags[2] = VFIO_IRQ_INFO_EVENTFD;
	assert_int_equal(info_of(PCIBAR_IRQ_MSIX).flags,
			 PCIBAR_IRQ_CAN_TRIGGER | PCIBAR_IRQ_CAN_GROW);
	assert_false(info_of(PCIBAR_IRQ_INTX).flags & PCIBAR_IRQ_CAN_GROW);
}

/* One event for each done(), as long as the device holds the line. */
static void a_line(void **state)
{
	(void)state;
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	assert_requests("intx trigger 0+1:+\n");
	assert_int_equal(read_of(0), -EAGAIN);
	assert_false(unit_is_readable(pcibar_irq_fd(irqs[0])));

	vfio_line(true);
	assert_true(unit_is_readable(pcibar_irq_fd(irqs[0])));
	assert_int_equal(read_of(0), 1);
	assert_int_equal(read_of(0), -EAGAIN);
	assert_false(unit_is_readable(pcibar_irq_fd(irqs[0])));
	assert_int_equal(pcibar_irq_done(irqs[0]), 0);
	assert_requests("intx unmask 0+1\n");
	assert_int_equal(wait_of(0, -1), 0);
	vfio_line(false);
	assert_int_equal(pcibar_irq_done(irqs[0]), 0);
	assert_int_equal(wait_of(0, 0), -ETIMEDOUT);

	*vfio.irq_requests = '\0';
	assert_int_equal(pcibar_irq_mask(irqs[0]), 0);
	assert_int_equal(pcibar_irq_done(irqs[0]), 0);
	assert_requests("intx mask 0+1\n");
	vfio_line(true);
	assert_int_equal(read_of(0), -EAGAIN);
	assert_int_equal(pcibar_irq_unmask(irqs[0]), 0);
	assert_requests("intx unmask 0+1\n");
	assert_int_equal(read_of(0), 1);
	close_some(0, 1);
	assert_requests("intx trigger 0+0\n");
}

/* The line is held already: what comes before it is masked is not an event. */
static void a_line_that_begins_masked(void **state)
{
	int caller = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t count = 0;

	(void)state;
	vfio_line(true);
	opts.flags = PCIBAR_IRQ_OPEN_MASKED;
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	assert_requests("intx trigger 0+1:+\nintx mask 0+1\nintx trigger 0+1:+\n");
	assert_int_equal(read_of(0), -EAGAIN);
	assert_int_equal(pcibar_irq_done(irqs[0]), 0);
	assert_int_equal(read_of(0), -EAGAIN);
	assert_int_equal(pcibar_irq_unmask(irqs[0]), 0);
	assert_int_equal(read_of(0), 1);
	close_some(0, 1);

	opts.flags |= PCIBAR_IRQ_EVENTFD;
	opts.eventfds = &caller;
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	assert_int_equal(read(caller, &count, sizeof(count)), -1);
	assert_int_equal(pcibar_irq_unmask(irqs[0]), 0);
	assert_int_equal(read(caller, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 1);
	close_some(0, 1);
	close(caller);

	/* Messages cannot be masked. */
	opts = (struct pcibar_irq_opts){ .size = sizeof(opts), .why = &why,
					 .flags = PCIBAR_IRQ_OPEN_MASKED };
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSIX, 0, 1, irqs), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	opts.flags = 0;
	open_some(PCIBAR_IRQ_MSI, 0, 1);
	assert_int_equal(pcibar_irq_mask(irqs[0]), -EOPNOTSUPP);
	close_some(0, 1);
}

static void messages(void **state)
{
	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 1, 3);
	assert_requests("msix trigger 1+3:+++\n");
	vfio_message(3);
	vfio_message(1);
	vfio_message(3);
	assert_int_equal(read_of(2), -EAGAIN);
	assert_int_equal(read_of(3), 2);
	assert_int_equal(wait_of(1, -1), 0);
	assert_int_equal(read_of(1), -EAGAIN);
	assert_int_equal(pcibar_irq_done(irqs[1]), 0);
	assert_requests("");

	assert_int_equal(pcibar_irq_trigger(irqs[2]), 0);
	assert_requests("msix trigger 2+1:1\n");
	assert_int_equal(read_of(2), 1);

	/* Each for itself; the kernel keeps what it has for all until the last is closed. */
	close_some(2, 1);
	assert_requests("msix trigger 2+1:-\n");
	assert_int_equal(vfio.vector[2], -1);
	open_some(PCIBAR_IRQ_MSIX, 2, 1);
	assert_requests("msix trigger 2+1:+\n");
	vfio_message(2);
	assert_int_equal(read_of(2), 1);
	close_some(1, 2);
	assert_requests("msix trigger 1+1:-\nmsix trigger 2+1:-\n");
	close_some(3, 1);
	assert_requests("msix trigger 0+0\n");
	open_some(PCIBAR_IRQ_MSI, 0, 4);
	assert_requests("msi trigger 0+4:++++\n");
	close_some(0, 4);
}

/* Detaching the first would set the message of all to zero. */
static void the_first_of_msi_stays_attached(void **state)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t count;

	(void)state;
	open_some(PCIBAR_IRQ_MSI, 0, 3);
	assert_requests("msi trigger 0+3:+++\n");
	close_some(0, 2);
	assert_requests("msi trigger 1+1:-\n");
	open_some(PCIBAR_IRQ_MSI, 0, 1);
	assert_requests("msi trigger 0+1:+\n");
	vfio_message(0);
	assert_int_equal(read_of(0), 1);

	/* The caller's eventfd is signalled no more. */
	close_some(0, 1);
	opts.flags = PCIBAR_IRQ_EVENTFD;
	opts.eventfds = &fd;
	open_some(PCIBAR_IRQ_MSI, 0, 1);
	close_some(0, 1);
	assert_requests("msi trigger 0+1:+\nmsi trigger 0+1:+\n");
	vfio_message(0);
	assert_int_equal(read(fd, &count, sizeof(count)), -1);

	/* Without a descriptor it stays attached to that of the caller, rather than to none. */
	open_some(PCIBAR_IRQ_MSI, 0, 1);
	inject_always(INJECT_EVENTFD, EMFILE);
	close_some(0, 1);
	inject_reset();
	assert_requests("msi trigger 0+1:+\n");

	/* The kernel has detached the first before it refuses another one. */
	vfio.irq_fails = 1;
	vfio.irq_error = EINVAL;
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSI, 0, 1, irqs), -EINVAL);
	vfio.irq_fails = 0;
	assert_requests("msi trigger 0+1:+\nmsi trigger 0+1:+\n");
	close_some(2, 1);
	assert_requests("msi trigger 0+0\n");
	close(fd);
}

static void vectors_are_added_where_the_kernel_can(void **state)
{
	(void)state;
	opts.reserve = 4;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	assert_requests("msix trigger 0+4:+---\n");

	opts.reserve = 0;
	open_some(PCIBAR_IRQ_MSIX, 2, 2);
	assert_requests("msix trigger 2+2:++\n");
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSIX, 4, 1, irqs + 4), -EBUSY);
	assert_refused(&why, PCIBAR_REASON_VECTOR_BUSY, -EBUSY);
	assert_non_null(strstr(why.reasons[0].remedy, "reserve"));
	assert_requests("");

	vfio.irq_flags[2] = VFIO_IRQ_INFO_EVENTFD;
	open_some(PCIBAR_IRQ_MSIX, 6, 1);
	assert_requests("msix trigger 6+1:+\n");
	open_some(PCIBAR_IRQ_MSIX, 1, 1);
	vfio_message(6);
	assert_int_equal(read_of(6), 1);
	close_some(6, 1);
	close_some(0, 4);

	/* The kernel has said that it can, and then cannot. */
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	vfio.irq_fails = 1;
	vfio.irq_error = EINVAL;
	*vfio.irq_requests = '\0';
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSIX, 1, 1, irqs + 1), -EBUSY);
	assert_refused(&why, PCIBAR_REASON_VECTOR_BUSY, -EBUSY);
	vfio.irq_fails = 0;
	close_some(0, 1);
}

static void one_type_and_each_vector_once(void **state)
{
	(void)state;
	assert_int_equal(open_it(&other), 0);
	open_some(PCIBAR_IRQ_MSIX, 2, 1);
	for (int i = 0; i < 2; i++) {
		struct pcibar_device *of = i ? other : dev;

		assert_int_equal(open_of(of, PCIBAR_IRQ_MSIX, 1, 2, irqs), -EBUSY);
		assert_refused(&why, PCIBAR_REASON_VECTOR_BUSY, -EBUSY);
		assert_int_equal(open_of(of, PCIBAR_IRQ_INTX, 0, 1, irqs), -EBUSY);
		assert_refused(&why, PCIBAR_REASON_VECTOR_BUSY, -EBUSY);
	}

	assert_int_equal(open_of(other, PCIBAR_IRQ_MSIX, 0, 2, irqs), 0);
	close_some(2, 1);
	pcibar_device_close(dev);
	dev = other;
	other = NULL;
	assert_int_equal(open_of(dev, PCIBAR_IRQ_INTX, 0, 1, irqs + 2), -EBUSY);
	close_some(0, 2);
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	close_some(0, 1);
}

static void bus_mastering_as_long_as_it_is_needed(void **state)
{
	(void)state;
	set_command(3);
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSI, 0, 1, irqs), -ENXIO);
	assert_refused(&why, PCIBAR_REASON_BUS_MASTER_OFF, -ENXIO);

	opts.flags = PCIBAR_IRQ_BUS_MASTER;
	opts.reserve = 3;
	open_some(PCIBAR_IRQ_MSIX, 0, 2);
	assert_int_equal(command(), 7);
	set_command(7);
	opts.flags = opts.reserve = 0;
	open_some(PCIBAR_IRQ_MSIX, 2, 1);
	close_some(0, 1);
	assert_int_equal(command(), 7);
	close_some(1, 1);
	assert_int_equal(command(), 3);
	close_some(2, 1);

	/* It was on, or the program has turned it on in the meantime. */
	opts.flags = PCIBAR_IRQ_BUS_MASTER;
	set_command(7);
	open_some(PCIBAR_IRQ_MSI, 0, 1);
	close_some(0, 1);
	assert_int_equal(command(), 7);
	set_command(3);
	open_some(PCIBAR_IRQ_MSI, 0, 1);
	set_command(7);
	assert_int_equal(pcibar_device_set_enable(dev, PCIBAR_BUS_MASTER, PCIBAR_BUS_MASTER, 0), 0);
	close_some(0, 1);
	assert_int_equal(command(), 7);
}

/* What is restored when the device is closed must not silence a vector that outlives it. */
static void bus_mastering_outlives_the_handle(void **state)
{
	(void)state;
	set_command(3);
	assert_int_equal(open_it(&other), 0);
	tree_poke(&tree, VFIO_FUNCTION, "config", PCIR_COMMAND, "\x07", 1);
	assert_int_equal(pcibar_device_set_enable(other, PCIBAR_BUS_MASTER, PCIBAR_BUS_MASTER,
						  PCIBAR_ENABLE_F_RESTORE), 0);
	opts.flags = PCIBAR_IRQ_BUS_MASTER;
	assert_int_equal(open_of(other, PCIBAR_IRQ_MSI, 0, 1, irqs), 0);

	tree_poke(&tree, VFIO_FUNCTION, "config", PCIR_COMMAND, "\x03", 1);
	pcibar_device_close(other);
	other = NULL;
	assert_int_equal(command(), 7);
	close_some(0, 1);
	assert_int_equal(command(), 3);
}

/* What the hardware has while VFIO masks the line must not become what the program wants. */
static void an_interrupt_in_service_is_not_masked_for_good(void **state)
{
	(void)state;
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	set_command(3);
	tree_poke(&tree, VFIO_FUNCTION, "config", PCIR_COMMAND, "\x07\x04", 2);
	assert_int_equal(pcibar_device_set_enable(dev, PCIBAR_BUS_MASTER, PCIBAR_BUS_MASTER, 0), 0);
	assert_int_equal(command(), 7);
	close_some(0, 1);
}

static void assert_open_fails(uint32_t type, int error, int ret, uint32_t code)
{
	*vfio.irq_requests = '\0';
	vfio.irq_fails = 1;
	vfio.irq_error = error;
	assert_int_equal(open_of(dev, type, 0, 1, irqs), ret);
	assert_refused(&why, code, ret);
	vfio.irq_fails = 0;
}

static void what_the_kernel_refuses(void **state)
{
	(void)state;
	assert_open_fails(PCIBAR_IRQ_MSIX, ENOSPC, -ENOSPC, PCIBAR_REASON_EXHAUSTED);
	assert_open_fails(PCIBAR_IRQ_MSI, ENOMEM, -ENOMEM, PCIBAR_REASON_SYSTEM);
	assert_open_fails(PCIBAR_IRQ_INTX, EBUSY, -EBUSY, PCIBAR_REASON_VECTOR_BUSY);
	assert_open_fails(PCIBAR_IRQ_INTX, ENODEV, -ENXIO, PCIBAR_REASON_UNSUPPORTED);
	assert_open_fails(PCIBAR_IRQ_MSI, ENODEV, -ENODEV, PCIBAR_REASON_GONE);
	assert_open_fails(PCIBAR_IRQ_MSI, EINVAL, -EINVAL, PCIBAR_REASON_SYSTEM);

	vfio.irq_left = 3;
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSIX, 0, 5, irqs), -ENOSPC);
	assert_refused(&why, PCIBAR_REASON_EXHAUSTED, -ENOSPC);
	assert_non_null(strstr(why.reasons[0].what, "only 3"));

	vfio.irq_count[2] = 2;
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSIX, 0, 3, irqs), -ERANGE);
	assert_refused(&why, PCIBAR_REASON_NO_VECTOR, -ERANGE);
	memset(vfio.irq_count, 0, sizeof(vfio.irq_count));
	assert_int_equal(open_of(dev, PCIBAR_IRQ_INTX, 0, 1, irqs), -ENXIO);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -ENXIO);
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSIX, 0, 1, irqs), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	vfio.error[VFIO_STEP_IRQ_INFO] = EINVAL;
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSI, 0, 1, irqs), -EOPNOTSUPP);
}

/* Each step that fails leaves nothing: no descriptor, vector or bus mastering. */
static void fails_without_a_trace(void **state)
{
	static const enum inject_call calls[] = {
		INJECT_ALLOC, INJECT_EPOLL_CREATE, INJECT_EPOLL_CTL,
	};
	unsigned int before;
	int ret;

	(void)state;
	set_command(3);
	opts.flags = PCIBAR_IRQ_BUS_MASTER;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	close_some(0, 1);
	before = unit_count_fds();
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		for (unsigned int nth = 1; ; nth++) {
			inject(calls[i], nth, ENOMEM);
			ret = open_of(dev, PCIBAR_IRQ_MSIX, 1, 2, irqs);
			assert_int_equal(ret, inject_happened(calls[i]) ? -ENOMEM : 0);
			if (!ret)
				close_some(0, 2);
			assert_int_equal(unit_count_fds(), before);
			assert_int_equal(command(), 3);
			assert_int_equal(vfio.irq_type, -1);
			inject_reset();
			if (!ret)
				break;
		}

	/* The three steps of one that begins masked */
	opts.flags = PCIBAR_IRQ_OPEN_MASKED;
	for (vfio.irq_fails = 1; vfio.irq_fails < 4; vfio.irq_fails++) {
		*vfio.irq_requests = '\0';
		vfio.irq_error = EIO;
		assert_int_equal(open_of(dev, PCIBAR_IRQ_INTX, 0, 1, irqs), -EIO);
		assert_int_equal(unit_count_fds(), before);
		assert_int_equal(vfio.irq_type, -1);
	}
	vfio.irq_fails = 0;

	/* Vectors that are open do not notice. */
	opts.flags = 0;
	set_command(7);
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	vfio.irq_flags[2] = VFIO_IRQ_INFO_EVENTFD;
	*vfio.irq_requests = '\0';
	vfio.irq_fails = 1;
	vfio.irq_error = ENOSPC;
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSIX, 5, 2, irqs + 5), -ENOSPC);
	vfio.irq_fails = 0;
	vfio_message(0);
	assert_int_equal(read_of(0), 1);
	open_some(PCIBAR_IRQ_MSIX, 5, 2);
	close_some(5, 2);
	close_some(0, 1);
}

static void *wait_for_the_end(void *irq)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };
	int ret;

	while (!(ret = pcibar_irq_wait(irq, -1, &event)))
		;
	return ret == -ENODEV ? irq : NULL;
}

/* The system waits until the function is closed: all waits end, whatever has come. */
static void who_asks_for_the_function_ends_all(void **state)
{
	pthread_t threads[THREADS];
	void *seen;

	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 0, THREADS);
	for (uint32_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_the_end,
						irqs[i / 2]), 0);
	assert_int_equal(wait_of(2, 0), -ETIMEDOUT);
	vfio_signal(VFIO_PCI_REQ_IRQ_INDEX);
	for (uint32_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &seen), 0);
		assert_ptr_equal(seen, irqs[i / 2]);
	}
	vfio_message(3);
	assert_int_equal(read_of(3), -ENODEV);
	assert_int_equal(wait_of(2, -1), -ENODEV);
	assert_true(unit_is_readable(pcibar_irq_fd(irqs[2])));
	assert_false(pcibar_device_is_gone(dev));
	close_some(0, THREADS);

	/* The next one that has it open is not asked. */
	pcibar_device_close(dev);
	vfio_drop_signals();
	assert_int_equal(open_it(&dev), 0);
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	assert_int_equal(read_of(0), -EAGAIN);
	close_some(0, 1);
}

static void eventfds_of_the_caller(void **state)
{
	int fds[] = { eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
		      eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
	uint64_t count = 0;

	(void)state;
	opts.flags = PCIBAR_IRQ_EVENTFD;
	opts.eventfds = fds;
	open_some(PCIBAR_IRQ_MSI, 0, 2);

	vfio_message(1);
	vfio_message(1);
	assert_int_equal(read_of(1), -EAGAIN);
	assert_int_equal(read(fds[0], &count, sizeof(count)), -1);
	assert_int_equal(read(fds[1], &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 2);
	vfio_signal(VFIO_PCI_REQ_IRQ_INDEX);
	assert_int_equal(wait_of(1, -1), -ENODEV);
	close_some(0, 2);
	assert_int_equal(close(fds[0]) | close(fds[1]), 0);
}

static void outlive_the_handle(void **state)
{
	(void)state;
	set_command(3);
	opts.flags = PCIBAR_IRQ_BUS_MASTER;
	open_some(PCIBAR_IRQ_MSIX, 0, 2);
	pcibar_device_close(dev);
	close_some(0, 1);
	vfio_message(1);
	assert_int_equal(read_of(1), 1);

	/* It is still open, for the next handle as well. */
	assert_int_equal(open_it(&dev), 0);
	assert_int_equal(open_of(dev, PCIBAR_IRQ_MSIX, 1, 1, irqs), -EBUSY);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 1);

	pcibar_device_close(dev);
	assert_int_equal(command(), 7);
	close_some(1, 1);
	assert_int_equal(command(), 3);
	assert_int_equal(open_it(&dev), 0);
	open_some(PCIBAR_IRQ_MSIX, 1, 1);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 2);
	close_some(1, 1);
}

static void the_number_is_where_the_system_lists_it(void **state)
{
	(void)state;
	tree_set(&tree, NULL, "interrupts", "           CPU0\n"
		 "  9:  0  IO-APIC  vfio-msix[1](0000:04:00.0)\n"
		 " 28:  0  PCI-MSI  vfio-msix[11](" VFIO_FUNCTION ")\n"
		 " 31:  5  PCI-MSI  vfio-msix[1](" VFIO_FUNCTION ")\n"
		 " 16:  0  IO-APIC  ehci, vfio-intx(" VFIO_FUNCTION ")\n"
		 "NMI:  0  vfio-msi[0](" VFIO_FUNCTION ")\n");
	open_some(PCIBAR_IRQ_MSIX, 0, 2);
	assert_int_equal(pcibar_irq_number(irqs[1]), 31);
	assert_int_equal(pcibar_irq_number(irqs[0]), -EOPNOTSUPP);
	inject(INJECT_OPEN, 1, EACCES);
	assert_int_equal(pcibar_irq_number(irqs[1]), -EOPNOTSUPP);
	close_some(0, 2);
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	assert_int_equal(pcibar_irq_number(irqs[0]), 16);
	close_some(0, 1);
	open_some(PCIBAR_IRQ_MSI, 0, 1);
	assert_int_equal(pcibar_irq_number(irqs[0]), -EOPNOTSUPP);
	close_some(0, 1);
}

static void explain(uint32_t type, uint32_t flags)
{
	struct pcibar_open_opts open_opts = { .size = sizeof(open_opts),
					      .backend = PCIBAR_BACKEND_VFIO };
	struct pcibar_irq_opts wanted = { .size = sizeof(wanted), .type = type, .count = 1,
					  .flags = flags };
	struct pcibar_intent intent = { .size = sizeof(intent), .bar = PCIBAR_INTENT_IRQ,
					.irq = &wanted };
	struct pcibar_selector sel = { .size = sizeof(sel) };

	assert_int_equal(pcibar_selector_parse(VFIO_FUNCTION, &sel, NULL), 0);
	assert_int_equal(pcibar_explain(&sel, &intent, &open_opts, &why), 0);
}

/* Bus mastering is on, and would be off once the function is taken. */
static void explains_without_opening(void **state)
{
	(void)state;
	explain(PCIBAR_IRQ_INTX, 0);
	assert_int_equal(why.possible, 1u << PCIBAR_BACKEND_VFIO);
	assert_int_equal(why.count, 1);
	assert_int_equal(why.reasons[0].code, PCIBAR_REASON_RESETS);

	explain(PCIBAR_IRQ_MSI, 0);
	assert_int_equal(why.possible, 0);
	assert_non_null(unit_find_reason(&why, PCIBAR_REASON_BUS_MASTER_OFF));
	explain(PCIBAR_IRQ_MSI, PCIBAR_IRQ_BUS_MASTER);
	assert_int_equal(why.possible, 1u << PCIBAR_BACKEND_VFIO);
	assert_int_equal(vfio.calls[VFIO_STEP_DEVICE], 0);
	assert_requests("");

	open_some(PCIBAR_IRQ_MSI, 0, 1);
	explain(PCIBAR_IRQ_MSI, 0);
	assert_int_equal(why.possible, 1u << PCIBAR_BACKEND_VFIO);
	close_some(0, 1);
}

/* Each thread has a vector and a handle of its own. */
static void *open_and_close(void *arg)
{
	struct pcibar_open_opts open_opts = {
		.size = sizeof(open_opts), .flags = PCIBAR_OPEN_WRITE,
		.backend = PCIBAR_BACKEND_VFIO,
	};
	struct pcibar_irq_opts wanted = {
		.size = sizeof(wanted), .type = PCIBAR_IRQ_MSIX, .count = 1,
		.first = (uint32_t)(uintptr_t)arg, .flags = PCIBAR_IRQ_BUS_MASTER,
	};
	struct pcibar_irq_event event = { .size = sizeof(event) };
	struct pcibar_device *handle;
	struct pcibar_irq *irq;

	for (int i = 0; i < 200; i++) {
		MUST(!pcibar_device_open(VFIO_FUNCTION, &open_opts, &handle));
		MUST(!pcibar_irq_open(handle, &wanted, &irq));
		pcibar_device_close(handle);

		MUST(pcibar_irq_read(irq, &event) == -EAGAIN);
		pcibar_irq_close(irq);
	}
	return NULL;
}

static void threads_share_the_function(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	vfio.irq_flags[2] = VFIO_IRQ_INFO_EVENTFD;
	set_command(3);
	assert_int_equal(pcibar_config_write8(dev, PCIR_CACHELNSZ, 0), 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, (void *)i), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(command(), 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		IRQ_TEST(what_it_can),
		IRQ_TEST(a_line),
		IRQ_TEST(a_line_that_begins_masked),
		IRQ_TEST(messages),
		IRQ_TEST(vectors_are_added_where_the_kernel_can),
		IRQ_TEST(the_first_of_msi_stays_attached),
		IRQ_TEST(one_type_and_each_vector_once),
		IRQ_TEST(bus_mastering_as_long_as_it_is_needed),
		IRQ_TEST(bus_mastering_outlives_the_handle),
		IRQ_TEST(an_interrupt_in_service_is_not_masked_for_good),
		IRQ_TEST(what_the_kernel_refuses),
		IRQ_TEST(fails_without_a_trace),
		IRQ_TEST(who_asks_for_the_function_ends_all),
		IRQ_TEST(eventfds_of_the_caller),
		IRQ_TEST(outlive_the_handle),
		IRQ_TEST(the_number_is_where_the_system_lists_it),
		IRQ_TEST(explains_without_opening),
		IRQ_TEST(threads_share_the_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
