// SPDX-License-Identifier: BSD-2-Clause
/* Lists of functions. */
#include "unit.h"

#include <stdio.h>

#include "fake-backend.h"
#include "inject.h"
#include "internal.h"

static struct pcibar_refusal why;
static struct pcibar_open_opts opts;

static int setup(void **state)
{
	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	opts = (struct pcibar_open_opts){
		.size = sizeof(opts), .backend = FAKE_BACKEND, .why = &why,
	};
	return unit_setup(state);
}

#define SCAN_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

static int count(void *data, const struct pcibar_device_info *info)
{
	(void)info;
	(*(unsigned int *)data)++;
	return 0;
}

static int scan_sized(void *arg, void *data)
{
	unsigned int n = 0;

	(void)data;
	return pcibar_scan(NULL, arg, count, &n);
}

static int scan_by(void *arg, void *data)
{
	unsigned int n = 0;

	return pcibar_scan(arg, data, count, &n);
}

static int scan_with_why(void *arg, void *data)
{
	struct pcibar_open_opts with = opts;
	unsigned int n = 0;

	(void)data;
	with.why = arg;
	return pcibar_scan(NULL, &with, count, &n);
}

static void checks_arguments(void **state)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };
	unsigned int n = 0;

	(void)state;
	fake_add("0000:03:00.0");
	unit_check_sizes(&opts, sizeof(opts), scan_sized, NULL);
	unit_check_sizes(&sel, sizeof(sel), scan_by, &opts);
	unit_check_refusal_sizes(scan_with_why, NULL);
	sel.fields = PCIBAR_SEL_ADDRESS | PCIBAR_SEL_INDEX;
	assert_int_equal(pcibar_scan(&sel, &opts, count, &n), -EINVAL);
	sel.fields = 1u << 6;
	assert_int_equal(pcibar_scan(&sel, &opts, count, &n), -EINVAL);
	assert_int_equal(n, 0);
}

struct found {
	char text[256];
	int result;
};

static int note(void *data, const struct pcibar_device_info *info)
{
	struct found *found = data;
	size_t len = strlen(found->text);

	snprintf(found->text + len, sizeof(found->text) - len, "%x:%x:%x.%x ", info->domain,
		 info->bus, info->slot, info->func);
	return found->result;
}

static void scans_in_address_order(void **state)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct found found = { .text = "" };

	(void)state;
	fake_add("0000:03:00.1");
	fake_add("0001:00:00.0");
	fake_add("0000:03:00.0");
	fake_add("0000:02:1f.0")->id[PCIBAR_ID_DEVICE] = 0x2222;
	assert_int_equal(pcibar_scan(NULL, &opts, note, &found), 0);
	assert_string_equal(found.text, "0:2:1f.0 0:3:0.0 0:3:0.1 1:0:0.0 ");

	sel.fields = PCIBAR_SEL_DEVICE;
	sel.device = 0x11e8;
	found.text[0] = '\0';
	assert_int_equal(pcibar_scan(&sel, &opts, note, &found), 0);
	assert_string_equal(found.text, "0:3:0.0 0:3:0.1 1:0:0.0 ");

	sel.fields |= PCIBAR_SEL_INDEX;
	sel.index = 1;
	found.text[0] = '\0';
	assert_int_equal(pcibar_scan(&sel, &opts, note, &found), 0);
	assert_string_equal(found.text, "0:3:0.1 ");

	sel.device = 0x9999;
	found.text[0] = '\0';
	assert_int_equal(pcibar_scan(&sel, &opts, note, &found), 0);
	assert_string_equal(found.text, "");
}

static void scans_a_slot_of_any_bus(void **state)
{
	struct pcibar_selector sel = { .size = sizeof(sel), .fields = PCIBAR_SEL_SLOT, .slot = 3 };
	struct found found = { .text = "" };
	struct fake *other = fake_add("0000:00:03.1");

	(void)state;
	fake_add("0001:00:03.0");
	fake_add("0000:05:03.0");
	fake_add("0000:03:00.0");
	assert_int_equal(pcibar_scan(&sel, &opts, note, &found), 0);
	assert_string_equal(found.text, "0:5:3.0 1:0:3.0 ");
	assert_int_equal(other->count, 0);

	sel.fields |= PCIBAR_SEL_INDEX;
	sel.index = 1;
	found.text[0] = '\0';
	assert_int_equal(pcibar_scan(&sel, &opts, note, &found), 0);
	assert_string_equal(found.text, "1:0:3.0 ");
}

static void scans_a_class(void **state)
{
	struct pcibar_selector sel = { .size = sizeof(sel), .fields = PCIBAR_SEL_CLASS,
				       .class_code = 0x010000, .class_mask = 0xff0000 };
	struct found found = { .text = "" };

	(void)state;
	fake_add("0000:03:00.0")->id[PCIBAR_ID_CLASS] = 0x010802;
	fake_add("0000:04:00.0")->id[PCIBAR_ID_CLASS] = 0x020000;
	fake_add("0000:05:00.0")->id[PCIBAR_ID_CLASS] = 0x010601;
	assert_int_equal(pcibar_scan(&sel, &opts, note, &found), 0);
	assert_string_equal(found.text, "0:3:0.0 0:5:0.0 ");

	sel.class_code = 0x02;
	sel.class_mask = 0xff;
	found.text[0] = '\0';
	assert_int_equal(pcibar_scan(&sel, &opts, note, &found), 0);
	assert_string_equal(found.text, "0:3:0.0 ");
}

static void scans_one_address(void **state)
{
	struct pcibar_selector sel = { .size = sizeof(sel), .fields = PCIBAR_SEL_ADDRESS,
				       .bus = 3 };
	struct fake *other = fake_add("0000:03:00.1");
	struct found found = { .text = "", .result = 42 };

	(void)state;
	assert_int_equal(pcibar_scan(&sel, &opts, note, &found), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_DEVICE, -ENODEV);
	fake_add("0000:03:00.0");
	assert_int_equal(pcibar_scan(&sel, &opts, note, &found), 42);
	assert_string_equal(found.text, "0:3:0.0 ");
	assert_int_equal(other->count, 0);
}

static void a_callback_can_end_the_scan(void **state)
{
	struct found found = { .text = "", .result = -42 };

	(void)state;
	fake_add("0000:03:00.1");
	fake_add("0000:03:00.0");
	assert_int_equal(pcibar_scan(NULL, &opts, note, &found), -42);
	assert_string_equal(found.text, "0:3:0.0 ");
}

static void a_scan_leaves_out_what_disappears(void **state)
{
	struct found found = { .text = "" };

	(void)state;
	fake_add("0000:03:00.0")->error[FAKE_OPEN] = -ENODEV;
	fake_add("0000:03:00.1")->error[FAKE_GET_ID] = -ENODEV;
	fake_add("0000:03:00.2")->error[FAKE_GET_DRIVER] = -ENODEV;
	fake_add("0000:03:00.3");
	assert_int_equal(pcibar_scan(NULL, &opts, note, &found), 0);
	assert_string_equal(found.text, "0:3:0.3 ");
}

static void a_scan_ends_with_errors_that_matter(void **state)
{
	struct pcibar_selector sel = { .size = sizeof(sel), .fields = PCIBAR_SEL_VENDOR };
	struct fake *fake = fake_add("0000:03:00.0");
	unsigned int n = 0;

	(void)state;
	fake->error[FAKE_OPEN] = -EACCES;
	assert_int_equal(pcibar_scan(NULL, &opts, count, &n), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);

	fake->error[FAKE_OPEN] = 0;
	fake->error[FAKE_GET_ID] = -EACCES;
	assert_int_equal(pcibar_scan(&sel, &opts, count, &n), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
	assert_int_equal(pcibar_scan(NULL, &opts, count, &n), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);

	fake_scan_error = -ENOENT;
	assert_int_equal(pcibar_scan(NULL, &opts, count, &n), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_BACKEND, -ENODEV);
	assert_int_equal(n, 0);

	opts.flags = 1u << 1;
	assert_int_equal(pcibar_scan(NULL, &opts, count, &n), -EINVAL);
}

static void a_function_that_fails_hides_no_other(void **state)
{
	struct found found = { .text = "" };

	(void)state;
	fake_add("0000:03:00.0");
	fake_add("0000:03:00.1")->error[FAKE_GET_ID] = -EIO;
	fake_add("0000:03:00.2")->error[FAKE_GET_DRIVER] = -EACCES;
	fake_add("0000:03:00.3");
	assert_int_equal(pcibar_scan(NULL, &opts, note, &found), -EIO);
	assert_string_equal(found.text, "0:3:0.0 0:3:0.3 ");
	assert_int_equal(why.count, 2);
	assert_non_null(strstr(why.reasons[0].what, "0000:03:00.1"));
	assert_non_null(strstr(why.reasons[1].what, "0000:03:00.2"));
}

static void a_scan_touches_no_device(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");
	unsigned int n = 0;

	(void)state;
	assert_int_equal(pcibar_scan(NULL, &opts, count, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 0);
	assert_int_equal(fake_count(fake, FAKE_MAP), 0);
	assert_int_equal(fake->open, 0);
}

/* More than the library makes room for at first. */
#define FUNCTIONS	70

static int scan_all(void)
{
	unsigned int n = 0;
	int ret = pcibar_scan(NULL, &opts, count, &n);

	if (!ret)
		assert_int_equal(n, FUNCTIONS);
	return ret;
}

static int open_by_ids(void)
{
	struct pcibar_device *dev = NULL;
	int ret = pcibar_device_open("1234:11e8#69", &opts, &dev);

	if (!ret)
		pcibar_device_close(dev);
	else
		assert_null(dev);
	return ret;
}

/* Each allocation fails in turn, until a run needs no more of them. */
static void survives_without_memory(void **state)
{
	static int (*const calls[])(void) = { scan_all, open_by_ids };
	char address[PCIBAR_ADDRESS_STRLEN];
	struct fake *fakes[FUNCTIONS];

	(void)state;
	for (unsigned int i = 0; i < FUNCTIONS; i++) {
		snprintf(address, sizeof(address), "0000:%02x:00.0", i);
		fakes[i] = fake_add(address);
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		unsigned int nth = 1;

		while (true) {
			inject(INJECT_ALLOC, nth, ENOMEM);
			if (!calls[i]())
				break;
			assert_true(inject_happened(INJECT_ALLOC));
			assert_refused(&why, PCIBAR_REASON_SYSTEM, -ENOMEM);
			for (unsigned int f = 0; f < FUNCTIONS; f++)
				fake_forget(fakes[f]);
			nth++;
		}
		assert_false(inject_happened(INJECT_ALLOC));
		assert_true(nth > 1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCAN_TEST(checks_arguments),
		SCAN_TEST(scans_in_address_order),
		SCAN_TEST(scans_a_slot_of_any_bus),
		SCAN_TEST(scans_a_class),
		SCAN_TEST(scans_one_address),
		SCAN_TEST(a_callback_can_end_the_scan),
		SCAN_TEST(a_scan_leaves_out_what_disappears),
		SCAN_TEST(a_scan_ends_with_errors_that_matter),
		SCAN_TEST(a_function_that_fails_hides_no_other),
		SCAN_TEST(a_scan_touches_no_device),
		SCAN_TEST(survives_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
