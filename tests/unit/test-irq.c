// SPDX-License-Identifier: BSD-2-Clause
/* Vectors: what is checked, events, waiting, masking. */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake-backend.h"
#include "inject.h"
#include "internal.h"
#include "must.h"

#define FUNCTION	"0000:03:00.0"
#define VECTORS		8
#define THREADS		4
#define MSI		0x40
#define MSIX		0x50
#define NS_PER_MS	INT64_C(1000000)

/* A vector is a pipe of events: one that its writer has closed has ended. */
static struct {
	uint32_t flags[PCIBAR_IRQ_MSIX + 1];
	uint32_t open;			/* that the system knows */
	int open_error;
	int check_error;
	int mask_error;
	bool was_reset;
	struct pcibar_irq_request request;	/* the last one */
	int writer[VECTORS];		/* by the number of the vector; -1 */
	unsigned int opens, closes, unmasks, masks;
} irq;

static struct fake *fake;
static struct pcibar_device *dev;
static struct pcibar_refusal why;
static struct pcibar_irq_opts opts;
static struct pcibar_irq *irqs[VECTORS];

static int get_info(void *be, struct pcibar_irq_info *info)
{
	(void)be;
	info->flags = irq.flags[info->type];
	info->open = irq.open;
	return 0;
}

static void check(void *be, const struct pcibar_irq_request *req, struct pcibar_refuse_ctx *ctx)
{
	(void)be;
	(void)req;
	if (irq.check_error)
		pcibar_refuse(ctx, PCIBAR_REASON_ISOLATION, irq.check_error, "trust it",
			      "the test forbids it");
}

static int open_vectors(void *be, const struct pcibar_irq_request *req,
			struct pcibar_refuse_ctx *ctx, int *fds)
{
	int ends[2];

	(void)be;
	if (irq.open_error)
		return pcibar_refuse(ctx, PCIBAR_REASON_EXHAUSTED, irq.open_error, "ask for less",
				     "the test forbids it");
	irq.request = *req;
	for (uint32_t i = 0; i < req->count; i++) {
		MUST(!pipe2(ends, O_CLOEXEC | O_NONBLOCK));
		fds[i] = ends[0];
		irq.writer[req->first + i] = ends[1];
		irq.opens++;
	}
	return 0;
}

static void end_vector(uint32_t index)
{
	if (irq.writer[index] >= 0)
		close(irq.writer[index]);
	irq.writer[index] = -1;
}

static void close_vector(void *be, const struct pcibar_vector *vector)
{
	(void)be;
	end_vector(vector->index);
	close(vector->fd);
	irq.closes++;
}

static int read_vector(void *be, const struct pcibar_vector *vector,
		       struct pcibar_irq_event *event)
{
	ssize_t n = read(vector->fd, &event->count, sizeof(event->count));

	(void)be;
	if (irq.was_reset) {
		irq.was_reset = false;
		return -ECONNRESET;
	}
	if (n <= 0)
		return n ? -errno : -ENODEV;
	event->flags = PCIBAR_IRQ_EVENT_TIME;
	event->time = 1000 + event->count;
	return 0;
}

static int mask_vector(void *be, const struct pcibar_vector *vector, bool masked)
{
	(void)be;
	(void)vector;
	*(masked ? &irq.masks : &irq.unmasks) += 1;
	return irq.mask_error;
}

static void fire(uint32_t index, uint64_t count)
{
	MUST(write(irq.writer[index], &count, sizeof(count)) == sizeof(count));
}

static int trigger(void *be, const struct pcibar_vector *vector)
{
	(void)be;
	fire(vector->index, 1);
	return 0;
}

static int number(void *be, const struct pcibar_vector *vector)
{
	(void)be;
	return 40 + (int)vector->index;
}

static const struct pcibar_irq_ops irq_ops = {
	.get_info = get_info,
	.check = check,
	.open = open_vectors,
	.close = close_vector,
	.read = read_vector,
	.mask = mask_vector,
	.trigger = trigger,
	.number = number,
};

static struct pcibar_irq_ops bound_ops;

/* INTx, four messages of MSI, eight of MSI-X */
static int setup(void **state)
{
	int ret = unit_setup(state);

	memset(&irq, 0, sizeof(irq));
	irq.flags[PCIBAR_IRQ_INTX] = PCIBAR_IRQ_LEVEL | PCIBAR_IRQ_CAN_MASK;
	irq.flags[PCIBAR_IRQ_MSIX] = PCIBAR_IRQ_CAN_MASK | PCIBAR_IRQ_CAN_GROW |
				     PCIBAR_IRQ_CAN_TRIGGER;
	for (uint32_t i = 0; i < VECTORS; i++)
		irq.writer[i] = -1;

	fake = fake_add(FUNCTION);
	fake_set_config(fake, PCIR_COMMAND, 2, 7);
	fake_set_config(fake, PCIR_STATUS, 2, PCIM_STATUS_CAPPRESENT);
	fake_set_config(fake, PCIR_CAP_PTR, 1, MSI);
	fake_set_config(fake, PCIR_INTPIN, 1, 1);
	fake_set_config(fake, MSI, 4, 0x0084u << 16 | MSIX << 8 | PCIY_MSI);
	fake_set_config(fake, MSIX, 4, 0x0007u << 16 | PCIY_MSIX);
	fake_ops.irq = &irq_ops;
	dev = unit_open(FUNCTION, PCIBAR_OPEN_WRITE);

	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	opts = (struct pcibar_irq_opts){ .size = sizeof(opts), .count = 1, .why = &why };
	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(dev);
	dev = NULL;
	assert_int_equal(irq.opens, irq.closes);
	return unit_teardown(state);
}

#define IRQ_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void open_some(uint32_t type, uint32_t first, uint32_t count)
{
	opts.type = type;
	opts.first = first;
	opts.count = count;
	if (pcibar_irq_open(dev, &opts, irqs))
		fail_msg("%s", why.reasons[0].what);
}

static void close_some(uint32_t count)
{
	while (count--)
		pcibar_irq_close(irqs[count]);
}

static void assert_irq_refused(uint32_t code, int error)
{
	unsigned int opens = irq.opens;

	assert_int_equal(pcibar_irq_open(dev, &opts, irqs), error);
	assert_refused(&why, code, error);
	assert_int_equal(irq.opens, opens);
}

static struct pcibar_irq_info info_of(uint32_t type)
{
	struct pcibar_irq_info info = { .size = sizeof(info) };

	assert_int_equal(pcibar_irq_get_info(dev, type, &info), 0);
	return info;
}

static void counts_the_vectors_of_each_type(void **state)
{
	static const uint32_t counts[] = { 8, 1, 4, 8 };

	(void)state;
	for (uint32_t type = 0; type < 4; type++) {
		struct pcibar_irq_info info = info_of(type);

		assert_int_equal(info.type, type ? type : PCIBAR_IRQ_MSIX);
		assert_int_equal(info.count, counts[type]);
		assert_int_equal(info.flags, irq.flags[info.type]);
		assert_int_equal(info.open, 0);
	}
}

static void best_is_what_the_function_has(void **state)
{
	(void)state;
	fake_set_config(fake, MSI, 4, 0x0080u << 16 | PCIY_MSI);
	assert_int_equal(info_of(PCIBAR_IRQ_BEST).type, PCIBAR_IRQ_MSI);
	assert_int_equal(info_of(PCIBAR_IRQ_BEST).count, 1);
	assert_int_equal(info_of(PCIBAR_IRQ_MSIX).count, 0);
	fake_set_config(fake, PCIR_STATUS, 2, 0);
	assert_int_equal(info_of(PCIBAR_IRQ_BEST).type, PCIBAR_IRQ_INTX);
	fake_set_config(fake, PCIR_INTPIN, 1, 0);
	assert_int_equal(info_of(PCIBAR_IRQ_BEST).count, 0);
	assert_irq_refused(PCIBAR_REASON_NO_VECTOR, -ERANGE);
}

static void counts_what_is_open(void **state)
{
	struct pcibar_irq_info info;

	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 2, 3);
	assert_int_equal(info_of(PCIBAR_IRQ_MSIX).open, 3);
	assert_int_equal(info_of(PCIBAR_IRQ_MSI).open, 0);
	irq.open = 5;
	assert_int_equal(info_of(PCIBAR_IRQ_MSIX).open, 5);
	irq.open = 0;
	close_some(3);
	assert_int_equal(info_of(PCIBAR_IRQ_MSIX).open, 0);

	info.size = sizeof(info);
	assert_int_equal(pcibar_irq_get_info(dev, 4, &info), -EINVAL);
	fake->error[FAKE_CONFIG_READ] = -EACCES;
	assert_int_equal(pcibar_irq_get_info(dev, PCIBAR_IRQ_MSI, &info), -EACCES);
}

static void a_back_end_may_have_none(void **state)
{
	(void)state;
	fake_ops.irq = NULL;
	assert_int_equal(info_of(PCIBAR_IRQ_MSI).count, 4);
	assert_int_equal(info_of(PCIBAR_IRQ_MSI).flags, 0);
	assert_irq_refused(PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
}

static void opens_and_closes(void **state)
{
	(void)state;
	opts.flags = PCIBAR_IRQ_BUS_MASTER;
	opts.reserve = 7;
	open_some(PCIBAR_IRQ_BEST, 1, 2);

	assert_int_equal(irq.request.type, PCIBAR_IRQ_MSIX);
	assert_int_equal(irq.request.first, 1);
	assert_int_equal(irq.request.count, 2);
	assert_int_equal(irq.request.reserve, 7);
	assert_int_equal(irq.request.flags, PCIBAR_IRQ_BUS_MASTER);
	assert_null(irq.request.eventfds);
	assert_int_equal(pcibar_irq_number(irqs[1]), 42);

	/* They outlive the handle. */
	pcibar_device_close(dev);
	dev = NULL;
	fire(1, 3);
	assert_int_equal(pcibar_irq_read(irqs[0], &(struct pcibar_irq_event){
				.size = sizeof(struct pcibar_irq_event) }), 0);
	close_some(2);
	pcibar_irq_close(NULL);
}

static int open_sized(void *arg, void *data)
{
	int ret = pcibar_irq_open(dev, arg, irqs);

	(void)data;
	if (!ret)
		pcibar_irq_close(irqs[0]);
	return ret;
}

static int open_with_refusal(void *arg, void *data)
{
	struct pcibar_irq_opts with = { .size = sizeof(with), .count = 1, .why = arg };

	return open_sized(&with, data);
}

static int info_sized(void *arg, void *data)
{
	(void)data;
	return pcibar_irq_get_info(dev, PCIBAR_IRQ_MSI, arg);
}

static int read_sized(void *arg, void *data)
{
	(void)data;
	fire(0, 1);
	return pcibar_irq_read(irqs[0], arg);
}

static void checks_the_arguments(void **state)
{
	const struct pcibar_irq_opts wrong[] = {
		{ .flags = 8, .count = 1 }, { .type = 4, .count = 1 }, { .count = 0 },
		{ .flags = PCIBAR_IRQ_EVENTFD, .count = 1 },
		{ .count = 1, .eventfds = (const int[]){ 0 } },
	};
	struct pcibar_irq_event event = { .size = sizeof(event) };
	struct pcibar_irq_info info = { .size = sizeof(info) };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		opts = wrong[i];
		opts.size = sizeof(opts);
		assert_int_equal(pcibar_irq_open(dev, &opts, irqs), -EINVAL);
	}

	opts = (struct pcibar_irq_opts){ .size = sizeof(opts), .count = 1 };
	unit_check_sizes(&opts, sizeof(opts), open_sized, NULL);
	unit_check_refusal_sizes(open_with_refusal, NULL);
	unit_check_sizes(&info, sizeof(info), info_sized, NULL);
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	unit_check_sizes(&event, sizeof(event), read_sized, NULL);
	close_some(1);
}

static void refuses_vectors_that_do_not_exist(void **state)
{
	static const struct { uint32_t type, first, count, reserve; } wrong[] = {
		{ PCIBAR_IRQ_MSIX, 8, 1, 0 }, { PCIBAR_IRQ_MSIX, 7, 2, 0 },
		{ PCIBAR_IRQ_MSIX, UINT32_MAX, 2, 0 }, { PCIBAR_IRQ_MSIX, 0, 1, 9 },
		{ PCIBAR_IRQ_INTX, 1, 1, 0 }, { PCIBAR_IRQ_MSI, 0, 5, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		opts.type = wrong[i].type;
		opts.first = wrong[i].first;
		opts.count = wrong[i].count;
		opts.reserve = wrong[i].reserve;
		assert_irq_refused(PCIBAR_REASON_NO_VECTOR, -ERANGE);
	}
}

static void refuses_by_the_state_of_the_function(void **state)
{
	(void)state;
	fake->asleep = true;
	fake_forget(fake);
	assert_irq_refused(PCIBAR_REASON_ASLEEP, -ENXIO);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 0);
	fake->asleep = false;

	fake_set_config(fake, PCIR_COMMAND, 2, 3);
	opts.type = PCIBAR_IRQ_MSI;
	assert_irq_refused(PCIBAR_REASON_BUS_MASTER_OFF, -ENXIO);
	opts.flags = PCIBAR_IRQ_BUS_MASTER;
	open_some(PCIBAR_IRQ_MSI, 0, 1);
	close_some(1);
	opts.flags = 0;
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	close_some(1);

	memset(fake->config, 0xff, fake->config_len);
	assert_irq_refused(PCIBAR_REASON_NO_RESPONSE, -ENODEV);
}

static void refuses_without_a_right_or_an_ability(void **state)
{
	struct pcibar_device *writer = dev;

	(void)state;
	dev = unit_open(FUNCTION, 0);
	assert_irq_refused(PCIBAR_REASON_READ_ONLY, -EACCES);
	pcibar_device_close(dev);
	dev = writer;

	opts.type = PCIBAR_IRQ_MSI;
	opts.flags = PCIBAR_IRQ_OPEN_MASKED;
	assert_irq_refused(PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
	opts.flags = 0;
	irq.check_error = -EPERM;
	assert_irq_refused(PCIBAR_REASON_ISOLATION, -EPERM);
	irq.check_error = 0;
	irq.open_error = -ENOSPC;
	assert_irq_refused(PCIBAR_REASON_EXHAUSTED, -ENOSPC);
}

static void refuses_another_driver_with_a_command_to_bind(void **state)
{
	(void)state;
	bound_ops = irq_ops;
	bound_ops.driver = "pciio";
	fake_ops.irq = &bound_ops;
	assert_irq_refused(PCIBAR_REASON_NOT_BOUND, -EBUSY);
	assert_non_null(strstr(why.reasons[0].remedy, "pcibar bind " FUNCTION " pciio"));
	strcpy(fake->driver, "e1000e");
	assert_irq_refused(PCIBAR_REASON_NOT_BOUND, -EBUSY);
	assert_non_null(strstr(why.reasons[0].what, "e1000e"));
	strcpy(fake->driver, "pciio");
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	close_some(1);
}

static void refuses_a_second_type_and_the_same_vector(void **state)
{
	struct pcibar_irq *first;

	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 2, 1);
	first = irqs[0];
	opts.first = 0;
	opts.count = 3;
	assert_irq_refused(PCIBAR_REASON_VECTOR_BUSY, -EBUSY);
	opts.type = PCIBAR_IRQ_INTX;
	opts.count = 1;
	assert_irq_refused(PCIBAR_REASON_VECTOR_BUSY, -EBUSY);
	open_some(PCIBAR_IRQ_MSIX, 0, 2);
	close_some(2);
	pcibar_irq_close(first);
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	close_some(1);
}

static void fails_before_anything_is_open_when_memory_is_short(void **state)
{
	int ret = -ENOMEM;

	(void)state;
	opts.count = 3;
	for (unsigned int nth = 1; ret; nth++) {
		inject(INJECT_ALLOC, nth, ENOMEM);
		ret = pcibar_irq_open(dev, &opts, irqs);
		assert_int_equal(ret, inject_happened(INJECT_ALLOC) ? -ENOMEM : 0);
		assert_int_equal(irq.opens, ret ? 0 : 3);
		assert_true(nth < 10);
	}
	close_some(3);
}

static void explain(struct pcibar_intent *intent)
{
	struct pcibar_open_opts open_opts = { .size = sizeof(open_opts), .backend = FAKE_BACKEND };
	struct pcibar_selector sel = { .size = sizeof(sel) };

	assert_int_equal(pcibar_selector_parse(FUNCTION, &sel, NULL), 0);
	assert_int_equal(pcibar_explain(&sel, intent, &open_opts, &why), 0);
}

static void explains_all_reasons_without_an_effect(void **state)
{
	struct pcibar_intent intent = { .size = sizeof(intent), .bar = PCIBAR_INTENT_IRQ,
					.irq = &opts };

	(void)state;
	opts.why = NULL;
	explain(&intent);
	assert_int_equal(why.possible, 1u << FAKE_BACKEND);
	assert_int_equal(why.count, 0);

	fake_set_config(fake, PCIR_COMMAND, 2, 3);
	irq.check_error = -EPERM;
	irq.open_error = -ENOSPC;
	explain(&intent);
	assert_int_equal(why.possible, 0);
	assert_int_equal(why.count, 2);
	assert_refused(&why, PCIBAR_REASON_ISOLATION, -EPERM);
	assert_non_null(unit_find_reason(&why, PCIBAR_REASON_BUS_MASTER_OFF));

	fake->asleep = true;
	fake_forget(fake);
	explain(&intent);
	assert_refused(&why, PCIBAR_REASON_ASLEEP, -ENXIO);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 0);

	/* A user who may not read the capabilities learns the rest. */
	fake->asleep = false;
	fake->config_len = 64;
	fake_set_config(fake, PCIR_STATUS, 2, PCIM_STATUS_CAPPRESENT);
	explain(&intent);
	assert_int_equal(irq.opens, 0);
}

static void explain_checks_its_arguments(void **state)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };
	const struct pcibar_intent wrong[] = {
		{ .bar = PCIBAR_INTENT_IRQ }, { .bar = 0, .irq = &opts },
		{ .bar = PCIBAR_INTENT_IRQ, .irq = &opts, .length = 4 },
		{ .bar = PCIBAR_INTENT_IRQ, .irq = &opts, .offset = 4 },
		{ .bar = PCIBAR_INTENT_IRQ, .irq = &opts, .attr = PCIBAR_ATTR_WC },
		{ .bar = PCIBAR_INTENT_IRQ, .irq = &opts, .map_flags = PCIBAR_MAP_WRITE },
		{ .bar = PCIBAR_INTENT_IRQ, .irq = &(struct pcibar_irq_opts){ 0 } },
	};
	struct pcibar_intent intent;

	(void)state;
	assert_int_equal(pcibar_selector_parse(FUNCTION, &sel, NULL), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		intent = wrong[i];
		intent.size = sizeof(intent);
		assert_int_equal(pcibar_explain(&sel, &intent, NULL, &why), -EINVAL);
	}
}

static int read_event(struct pcibar_irq_event *event)
{
	*event = (struct pcibar_irq_event){ .size = sizeof(*event) };
	return pcibar_irq_read(irqs[0], event);
}

static int wait_event(int64_t timeout_ns)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };

	return pcibar_irq_wait(irqs[0], timeout_ns, &event);
}

static void reads_without_waiting(void **state)
{
	struct pcibar_irq_event event;
	struct pollfd poller;

	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	poller = (struct pollfd){ .fd = pcibar_irq_fd(irqs[0]), .events = POLLIN };
	assert_int_equal(read_event(&event), -EAGAIN);
	assert_int_equal(poll(&poller, 1, 0), 0);
	fire(0, 7);
	assert_int_equal(poll(&poller, 1, 0), 1);
	assert_int_equal(read_event(&event), 0);
	assert_int_equal(event.size, sizeof(event));
	assert_int_equal(event.count, 7);
	assert_int_equal(event.flags, PCIBAR_IRQ_EVENT_TIME);
	assert_int_equal(event.time, 1007);
	assert_int_equal(read_event(&event), -EAGAIN);
	close_some(1);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 * NS_PER_MS + ts.tv_nsec;
}

static void waits_no_longer_than_asked(void **state)
{
	int64_t start;

	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	assert_int_equal(wait_event(0), -ETIMEDOUT);
	start = now();
	assert_int_equal(wait_event(20 * NS_PER_MS), -ETIMEDOUT);
	assert_true(now() - start >= 20 * NS_PER_MS);
	fire(0, 1);
	assert_int_equal(wait_event(0), 0);
	fire(0, 1);
	assert_int_equal(wait_event(-1), 0);
	fire(0, 1);
	assert_int_equal(wait_event(INT64_MAX), 0);
	close_some(1);
}

static void *fire_later(void *unused)
{
	(void)unused;
	fire(0, 1);
	return NULL;
}

static void an_event_ends_a_wait(void **state)
{
	pthread_t thread;

	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(pthread_create(&thread, NULL, fire_later, NULL), 0);
		assert_int_equal(wait_event(i & 1 ? -1 : INT64_MAX), 0);
		pthread_join(thread, NULL);
	}
	close_some(1);
}

static void interrupted(int number_of_signal)
{
	(void)number_of_signal;
}

static void a_signal_ends_a_wait(void **state)
{
	struct itimerspec soon = { .it_value.tv_nsec = 10 * NS_PER_MS };
	struct sigaction action = { .sa_handler = interrupted }, old;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	timer_t timer;

	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &soon, NULL), 0);
	assert_int_equal(wait_event(-1), -EINTR);
	timer_delete(timer);
	sigaction(SIGUSR1, &old, NULL);
	close_some(1);
}

/* What came before the end is not lost. An unbound function is still there. */
static void the_end_of_a_vector(void **state)
{
	struct pcibar_irq_event event;

	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	fire(0, 1);
	end_vector(0);
	assert_int_equal(wait_event(-1), 0);
	assert_int_equal(wait_event(-1), -ENODEV);
	assert_int_equal(read_event(&event), -ENODEV);
	assert_false(pcibar_device_is_gone(dev));
	memset(fake->config, 0xff, fake->config_len);
	assert_int_equal(wait_event(-1), -ENODEV);
	assert_true(pcibar_device_is_gone(dev));
	close_some(1);
}

static void a_reset_ends_a_wait_once(void **state)
{
	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	irq.was_reset = true;
	assert_int_equal(wait_event(-1), -ECONNRESET);
	assert_int_equal(wait_event(0), -ETIMEDOUT);
	close_some(1);
}

/* A socket has urgent data, which is POLLPRI, and nothing to read. */
static void a_function_that_sleeps(void **state)
{
	int pair[2], fd;

	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	fd = pcibar_irq_fd(irqs[0]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(dup2(pair[0], fd), fd);
	close(pair[0]);
	end_vector(0);
	irq.writer[0] = pair[1];
	assert_int_equal(send(pair[1], "x", 1, MSG_OOB), 1);
	assert_int_equal(wait_event(150 * NS_PER_MS), -ETIMEDOUT);
	fire(0, 1);
	assert_int_equal(wait_event(-1), 0);
	close_some(1);
}

static atomic_uint events, ends;

static void *take_until_the_end(void *unused)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };

	(void)unused;
	while (!pcibar_irq_wait(irqs[0], -1, &event))
		atomic_fetch_add(&events, (unsigned int)event.count);
	atomic_fetch_add(&ends, 1);
	return NULL;
}

static void several_threads_wait(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	atomic_store(&events, 0);
	atomic_store(&ends, 0);
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_until_the_end, NULL), 0);
	for (unsigned int i = 0; i < 1000; i++)
		fire(0, 1);
	end_vector(0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&events), 1000);
	assert_int_equal(atomic_load(&ends), THREADS);
	close_some(1);
}

static void done_is_for_levels(void **state)
{
	(void)state;
	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	assert_int_equal(pcibar_irq_done(irqs[0]), 0);
	assert_int_equal(irq.unmasks, 0);
	close_some(1);

	open_some(PCIBAR_IRQ_INTX, 0, 1);
	assert_int_equal(pcibar_irq_done(irqs[0]), 0);
	assert_int_equal(irq.unmasks, 1);
	irq.mask_error = -ENODEV;
	assert_int_equal(pcibar_irq_done(irqs[0]), -ENODEV);
	close_some(1);
}

/* What the program has masked stays so until it says otherwise. */
static void done_does_not_unmask(void **state)
{
	(void)state;
	opts.flags = PCIBAR_IRQ_OPEN_MASKED;
	open_some(PCIBAR_IRQ_INTX, 0, 1);
	assert_int_equal(pcibar_irq_done(irqs[0]), 0);
	assert_int_equal(irq.unmasks, 0);
	assert_int_equal(pcibar_irq_unmask(irqs[0]), 0);
	assert_int_equal(irq.unmasks, 1);
	assert_int_equal(pcibar_irq_mask(irqs[0]), 0);
	assert_int_equal(irq.masks, 1);
	assert_int_equal(pcibar_irq_done(irqs[0]), 0);
	assert_int_equal(irq.unmasks, 1);
	assert_int_equal(pcibar_irq_unmask(irqs[0]), 0);
	assert_int_equal(pcibar_irq_done(irqs[0]), 0);
	assert_int_equal(irq.unmasks, 3);
	close_some(1);
}

static void says_what_a_type_cannot(void **state)
{
	(void)state;
	open_some(PCIBAR_IRQ_MSI, 0, 1);
	assert_int_equal(pcibar_irq_mask(irqs[0]), -EOPNOTSUPP);
	assert_int_equal(pcibar_irq_unmask(irqs[0]), -EOPNOTSUPP);
	assert_int_equal(pcibar_irq_trigger(irqs[0]), -EOPNOTSUPP);
	close_some(1);

	open_some(PCIBAR_IRQ_MSIX, 0, 1);
	assert_int_equal(pcibar_irq_trigger(irqs[0]), 0);
	assert_int_equal(wait_event(0), 0);
	close_some(1);
}

static void hands_eventfds_on_and_reports_the_end(void **state)
{
	struct pcibar_irq_event event;
	const int eventfds[] = { 5, 6 };

	(void)state;
	opts.flags = PCIBAR_IRQ_EVENTFD;
	opts.eventfds = eventfds;
	open_some(PCIBAR_IRQ_MSIX, 0, 2);
	assert_ptr_equal(irq.request.eventfds, eventfds);
	assert_int_equal(read_event(&event), -EAGAIN);
	end_vector(0);
	assert_int_equal(wait_event(-1), -ENODEV);
	close_some(2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		IRQ_TEST(counts_the_vectors_of_each_type),
		IRQ_TEST(best_is_what_the_function_has),
		IRQ_TEST(counts_what_is_open),
		IRQ_TEST(a_back_end_may_have_none),
		IRQ_TEST(opens_and_closes),
		IRQ_TEST(checks_the_arguments),
		IRQ_TEST(refuses_vectors_that_do_not_exist),
		IRQ_TEST(refuses_by_the_state_of_the_function),
		IRQ_TEST(refuses_without_a_right_or_an_ability),
		IRQ_TEST(refuses_another_driver_with_a_command_to_bind),
		IRQ_TEST(refuses_a_second_type_and_the_same_vector),
		IRQ_TEST(fails_before_anything_is_open_when_memory_is_short),
		IRQ_TEST(explains_all_reasons_without_an_effect),
		IRQ_TEST(explain_checks_its_arguments),
		IRQ_TEST(reads_without_waiting),
		IRQ_TEST(waits_no_longer_than_asked),
		IRQ_TEST(an_event_ends_a_wait),
		IRQ_TEST(a_signal_ends_a_wait),
		IRQ_TEST(the_end_of_a_vector),
		IRQ_TEST(a_reset_ends_a_wait_once),
		IRQ_TEST(a_function_that_sleeps),
		IRQ_TEST(several_threads_wait),
		IRQ_TEST(done_is_for_levels),
		IRQ_TEST(done_does_not_unmask),
		IRQ_TEST(says_what_a_type_cannot),
		IRQ_TEST(hands_eventfds_on_and_reports_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
