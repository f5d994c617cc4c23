// SPDX-License-Identifier: BSD-2-Clause
/* Events of a device. */
#include "unit.h"

#include "fake-backend.h"

#define EVENT_FD	77

static struct pcibar_device *dev;
static int next_result;
static uint32_t next_type;

static int event_fd(void *be)
{
	(void)be;
	return EVENT_FD;
}

static int event_next(void *be, uint32_t *type)
{
	(void)be;
	*type = next_type;
	return next_result;
}

static int setup(void **state)
{
	int ret = unit_setup(state);

	fake_add("0000:03:00.0");
	dev = unit_open("0000:03:00.0", 0);
	fake_ops.event_fd = event_fd;
	fake_ops.event_next = event_next;
	next_result = 0;
	next_type = PCIBAR_EVENT_REVOKED;
	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(dev);
	return unit_teardown(state);
}

#define EVENT_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void a_back_end_may_have_none(void **state)
{
	struct pcibar_event event = { .size = sizeof(event) };

	(void)state;
	fake_ops.event_fd = NULL;
	fake_ops.event_next = NULL;
	assert_int_equal(pcibar_device_get_event_fd(dev), -EOPNOTSUPP);
	assert_int_equal(pcibar_device_read_event(dev, &event), -EOPNOTSUPP);
	assert_false(pcibar_device_is_gone(dev));
}

static void hands_events_on(void **state)
{
	struct pcibar_event event = { .size = sizeof(event) };

	(void)state;
	assert_int_equal(pcibar_device_get_event_fd(dev), EVENT_FD);
	assert_int_equal(pcibar_device_read_event(dev, &event), 0);
	assert_int_equal(event.type, PCIBAR_EVENT_REVOKED);
	assert_int_equal(event.size, sizeof(event));
	assert_false(pcibar_device_is_gone(dev));
	next_result = -EAGAIN;
	next_type = PCIBAR_EVENT_GONE;
	assert_int_equal(pcibar_device_read_event(dev, &event), -EAGAIN);
	assert_false(pcibar_device_is_gone(dev));
}

static void gone_stays_gone(void **state)
{
	struct pcibar_event event = { .size = sizeof(event) };

	(void)state;
	next_type = PCIBAR_EVENT_GONE;
	assert_int_equal(pcibar_device_read_event(dev, &event), 0);
	assert_int_equal(event.type, PCIBAR_EVENT_GONE);
	assert_true(pcibar_device_is_gone(dev));
	next_type = PCIBAR_EVENT_REVOKED;
	assert_int_equal(pcibar_device_read_event(dev, &event), 0);
	assert_true(pcibar_device_is_gone(dev));
}

static int read_event(void *arg, void *data)
{
	(void)data;
	return pcibar_device_read_event(dev, arg);
}

static void checks_the_size(void **state)
{
	struct pcibar_event event = { .size = sizeof(event) };

	(void)state;
	unit_check_sizes(&event, sizeof(event), read_event, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EVENT_TEST(a_back_end_may_have_none),
		EVENT_TEST(hands_events_on),
		EVENT_TEST(gone_stays_gone),
		EVENT_TEST(checks_the_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
