// SPDX-License-Identifier: BSD-2-Clause
/* Opening, closing and describing functions. */
#include "unit.h"

#include <stdio.h>

#include "fake-backend.h"
#include "inject.h"
#include "internal.h"
#include "fake-sysfs.h"

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

#define DEVICE_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

static int try_open(const char *selector)
{
	struct pcibar_device *dev = NULL;
	int ret = pcibar_device_open(selector, &opts, &dev);

	if (!ret)
		pcibar_device_close(dev);
	else
		assert_null(dev);
	return ret;
}

static void opens_an_address_and_touches_nothing_else(void **state)
{
	struct fake *wanted = fake_add("0000:03:00.0"), *other = fake_add("0000:03:00.1");
	struct pcibar_device *dev = unit_open("03:00.0", PCIBAR_OPEN_WRITE);

	(void)state;
	assert_int_equal(wanted->count, 1);
	assert_int_equal(wanted->events[0].op, FAKE_OPEN);
	assert_int_equal(other->count, 0);
	pcibar_device_close(dev);
	assert_int_equal(wanted->count, 1);
	assert_int_equal(wanted->open, 0);
}

static void opens_what_is_there_alone(void **state)
{
	struct fake *wanted = fake_add("0000:03:00.0");
	struct pcibar_device *dev;

	(void)state;
	fake_add("0000:04:00.0")->id[PCIBAR_ID_DEVICE] = 0x2222;
	fake_add("0000:05:00.0")->id[PCIBAR_ID_VENDOR] = 0x5555;
	assert_int_equal(pcibar_device_open("1234:11e8", &opts, &dev), 0);
	assert_int_equal(wanted->open, 1);
	pcibar_device_close(dev);
	assert_int_equal(try_open("*:2222"), 0);
	assert_int_equal(try_open("5555:*"), 0);
	assert_int_equal(try_open("*:11e8#1"), 0);
}

static void lists_what_is_ambiguous(void **state)
{
	(void)state;
	fake_add("0001:00:00.0");
	fake_add("0000:03:00.0");
	fake_add("0000:02:1f.7");
	assert_int_equal(try_open("1234:11e8"), -ENOTUNIQ);
	assert_refused(&why, PCIBAR_REASON_AMBIGUOUS, -ENOTUNIQ);
	assert_non_null(strstr(why.reasons[0].what, "0000:02:1f.7, 0000:03:00.0, 0001:00:00.0"));
	assert_non_null(strstr(why.reasons[0].what, "3 functions"));
	assert_non_null(strstr(why.reasons[0].remedy, "#N"));
}

static void lists_no_more_than_fits(void **state)
{
	char address[PCIBAR_ADDRESS_STRLEN];

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		snprintf(address, sizeof(address), "%08x:ff:1f.7", 0xffffff00 + i);
		fake_add(address);
	}
	assert_int_equal(try_open("*:*"), -ENOTUNIQ);
	assert_refused(&why, PCIBAR_REASON_AMBIGUOUS, -ENOTUNIQ);
	assert_non_null(strstr(why.reasons[0].what, "200 functions"));
	assert_non_null(strstr(why.reasons[0].what, "..."));
}

static void picks_by_number_in_address_order(void **state)
{
	static const char *const order[] = { "0000:02:1f.7", "0000:03:00.0", "0001:00:00.0" };
	char text[PCIBAR_SELECTOR_STRLEN];

	(void)state;
	fake_add(order[1]);
	fake_add(order[2]);
	fake_add(order[0]);
	fake_add("0000:00:00.0")->id[PCIBAR_ID_DEVICE] = 0;
	for (unsigned int i = 0; i < 3; i++) {
		struct pcibar_device_info info = { .size = sizeof(info) };
		struct pcibar_device *dev;

		snprintf(text, sizeof(text), "1234:11e8#%u", i);
		assert_int_equal(pcibar_device_open(text, &opts, &dev), 0);
		assert_int_equal(pcibar_device_get_info(dev, &info), 0);
		snprintf(text, sizeof(text), "%04x:%02x:%02x.%x", info.domain, info.bus, info.slot,
			 info.func);
		assert_string_equal(text, order[i]);
		pcibar_device_close(dev);
	}
	assert_int_equal(try_open("1234:11e8#3"), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_DEVICE, -ENODEV);
}

static struct fake *matched, *newcomer;

/* Another function takes the address over, as soon as the IDs of the first have been read. */
static void replace(const struct fake_event *event)
{
	if (event->op == FAKE_GET_ID && event->off == PCIBAR_ID_DEVICE) {
		newcomer->addr = matched->addr;
		matched->addr.bus = 0xff;
	}
}

static void keeps_the_handle_that_matched(void **state)
{
	static const char *const selectors[] = { "1234:11e8", "1234:11e8#0" };
	struct pcibar_device *dev;

	(void)state;
	for (size_t i = 0; i < sizeof(selectors) / sizeof(*selectors); i++) {
		newcomer = fake_add("0000:0a:00.0");
		newcomer->id[PCIBAR_ID_VENDOR] = 0x8086;
		matched = fake_add("0000:03:00.0");
		matched->watch = replace;
		assert_int_equal(pcibar_device_open(selectors[i], &opts, &dev), 0);
		assert_int_equal(matched->open, 1);
		assert_int_equal(newcomer->open, 0);
		assert_int_equal(fake_count(matched, FAKE_OPEN), 1);
		pcibar_device_close(dev);
		assert_int_equal(fake_reset(), 0);
	}
}

/* What was picked first is closed when the rest of the list cannot be read. */
static void closes_the_match_after_an_error(void **state)
{
	struct fake *first = fake_add("0000:03:00.0"), *second = fake_add("0000:04:00.0");

	(void)state;
	second->error[FAKE_GET_ID] = -EIO;
	assert_int_equal(try_open("1234:11e8"), -EIO);
	assert_refused(&why, PCIBAR_REASON_SYSTEM, -EIO);
	assert_int_equal(first->open, 0);
	assert_int_equal(second->open, 0);
}

static void says_when_nothing_matches(void **state)
{
	(void)state;
	fake_add("0000:03:00.0");
	assert_int_equal(try_open("0000:03:00.1"), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_DEVICE, -ENODEV);
	assert_non_null(strstr(why.reasons[0].what, "0000:03:00.1"));
	assert_int_equal(try_open("1234:5678"), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_DEVICE, -ENODEV);
	assert_non_null(strstr(why.reasons[0].what, "1234:5678"));
	assert_int_equal(try_open("03:00"), -EINVAL);
	assert_refused(&why, PCIBAR_REASON_SELECTOR, -EINVAL);
}

static void passes_errors_on_with_a_reason(void **state)
{
	struct fake *fake = fake_add("0000:03:00.0");

	(void)state;
	fake->error[FAKE_OPEN] = -EACCES;
	assert_int_equal(try_open("0000:03:00.0"), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
	assert_int_equal(try_open("1234:11e8"), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
	fake->error[FAKE_OPEN] = 0;
	fake->error[FAKE_GET_ID] = -EACCES;
	assert_int_equal(try_open("1234:11e8"), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
	fake_scan_error = -EACCES;
	assert_int_equal(try_open("1234:11e8"), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
	fake_scan_error = -EIO;
	assert_int_equal(try_open("1234:11e8"), -EIO);
	assert_refused(&why, PCIBAR_REASON_SYSTEM, -EIO);
}

static void refuses_bad_options(void **state)
{
	const struct pcibar_open_opts good = opts;

	(void)state;
	fake_add("0000:03:00.0");
	opts.flags = 1u << 1;
	assert_int_equal(try_open("0000:03:00.0"), -EINVAL);
	opts = good;
	opts.reserved = 1;
	assert_int_equal(try_open("0000:03:00.0"), -EINVAL);
	opts = good;
	opts.backend = 30;
	assert_int_equal(try_open("0000:03:00.0"), -EINVAL);
	opts = good;
	assert_int_equal(try_open("0000:03:00.0"), 0);
}

static int open_sized(void *arg, void *data)
{
	struct pcibar_device *dev;
	int ret = pcibar_device_open(data, arg, &dev);

	if (!ret)
		pcibar_device_close(dev);
	return ret;
}

static int open_by(void *arg, void *data)
{
	struct pcibar_device *dev;
	int ret = pcibar_device_open_selector(arg, data, &dev);

	if (!ret)
		pcibar_device_close(dev);
	return ret;
}

static int info_sized(void *arg, void *data)
{
	return pcibar_device_get_info(data, arg);
}

static void checks_sizes(void **state)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pcibar_device *dev;

	(void)state;
	fake_add("0000:03:00.0");
	opts.why = NULL;
	unit_check_sizes(&opts, sizeof(opts), open_sized, (void *)(uintptr_t)"0000:03:00.0");
	unit_check_sizes(&sel, sizeof(sel), open_by, &opts);
	dev = unit_open("0000:03:00.0", 0);
	unit_check_sizes(&info, sizeof(info), info_sized, dev);
	pcibar_device_close(dev);
}

static void refuses_selectors_that_are_none(void **state)
{
	const struct pcibar_selector good = { .size = sizeof(good), .fields = PCIBAR_SEL_ADDRESS,
					      .bus = 3 };
	struct pcibar_selector bad[] = { good, good, good, good, good };

	(void)state;
	fake_add("0000:03:00.0");
	assert_int_equal(open_by((void *)(uintptr_t)&good, &opts), 0);
	bad[0].fields |= PCIBAR_SEL_INDEX;
	bad[1].fields |= 1u << 31;
	bad[2].slot = 32;
	bad[3].func = 8;
	bad[4].reserved = 1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(open_by(&bad[i], &opts), -EINVAL);
}

static void opens_without_memory(void **state)
{
	(void)state;
	fake_add("0000:03:00.0");
	inject(INJECT_ALLOC, 1, ENOMEM);
	assert_int_equal(try_open("0000:03:00.0"), -ENOMEM);
	assert_refused(&why, PCIBAR_REASON_SYSTEM, -ENOMEM);
}

static void closes_nothing(void **state)
{
	(void)state;
	pcibar_device_close(NULL);
}

/* The same function is in both back ends; the driver's name shows which one was used. */
static void auto_continues_only_without_a_back_end(void **state)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev;
	struct tree tree;

	(void)state;
	tree_create(&tree);
	tree_add(&tree, "0000:03:00.0");
	tree_add(&tree, "0000:04:00.0");
	opts.backend = PCIBAR_BACKEND_AUTO;
	opts.sysfs_root = tree.root;
	assert_int_equal(pcibar_device_open("0000:03:00.0", &opts, &dev), 0);
	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_int_equal(info.backend, FAKE_BACKEND);
	pcibar_device_close(dev);

	fake->error[FAKE_OPEN] = -ENOENT;
	assert_int_equal(pcibar_device_open("0000:03:00.0", &opts, &dev), 0);
	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_int_equal(info.backend, PCIBAR_BACKEND_SYSFS);
	pcibar_device_close(dev);

	fake->error[FAKE_OPEN] = -EACCES;
	assert_int_equal(try_open("0000:03:00.0"), -EACCES);
	fake->error[FAKE_OPEN] = -EBUSY;
	assert_int_equal(try_open("0000:03:00.0"), -EBUSY);
	assert_int_equal(try_open("0000:04:00.0"), -ENODEV);

	fake_scan_error = -ENOENT;
	assert_int_equal(try_open("1234:11e8#1"), 0);
	fake_scan_error = -EACCES;
	assert_int_equal(try_open("1234:11e8#1"), -EACCES);
	tree_remove(&tree);
}

static void a_named_back_end_is_the_only_one(void **state)
{
	struct tree tree;

	(void)state;
	tree_create(&tree);
	tree_add(&tree, "0000:03:00.0");
	opts.sysfs_root = tree.root;
	fake_scan_error = -ENOENT;
	assert_int_equal(try_open("0000:03:00.0"), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_BACKEND, -ENODEV);
	assert_int_equal(try_open("1234:11e8"), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_NO_BACKEND, -ENODEV);
	fake_scan_error = 0;
	opts.backend = PCIBAR_BACKEND_SYSFS;
	fake_add("0000:05:00.0");
	assert_int_equal(try_open("0000:05:00.0"), -ENODEV);
	assert_int_equal(try_open("0000:03:00.0"), 0);
	tree_remove(&tree);
}

static void names_back_ends(void **state)
{
	(void)state;
	assert_string_equal(pcibar_backend_name(PCIBAR_BACKEND_SYSFS), "sysfs");
	assert_string_equal(pcibar_backend_name(FAKE_BACKEND), "fake");
	assert_null(pcibar_backend_name(PCIBAR_BACKEND_AUTO));
	assert_null(pcibar_backend_name(30));
}

static void describes_a_function(void **state)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct fake *fake = fake_add("10000:e1:1f.7");
	struct pcibar_device *dev = unit_open("10000:e1:1f.7", 0);

	(void)state;
	fake->id[PCIBAR_ID_SUBVENDOR] = 0x1af4;
	fake->id[PCIBAR_ID_SUBDEVICE] = 0x1100;
	fake->id[PCIBAR_ID_CLASS] = 0x010802;
	fake->id[PCIBAR_ID_REVISION] = 0xfe;
	strcpy(fake->driver, "nvme");
	fake->asleep = true;
	fake->header = 1;
	fake->secondary = 0xe2;
	fake_forget(fake);

	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_int_equal(info.flags, PCIBAR_DEV_ASLEEP | PCIBAR_DEV_DRIVER_OWNS);
	assert_int_equal(info.domain, 0x10000);
	assert_int_equal(info.bus, 0xe1);
	assert_int_equal(info.slot, 31);
	assert_int_equal(info.func, 7);
	assert_int_equal(info.vendor, 0x1234);
	assert_int_equal(info.device, 0x11e8);
	assert_int_equal(info.subvendor, 0x1af4);
	assert_int_equal(info.subdevice, 0x1100);
	assert_int_equal(info.class_code, 0x010802);
	assert_int_equal(info.revision, 0xfe);
	assert_int_equal(info.backend, FAKE_BACKEND);
	assert_int_equal(info.caps, fake_ops.caps);
	assert_int_equal(info.header, 1);
	assert_int_equal(info.secondary, 0xe2);
	assert_int_equal(info.reserved, 0);
	assert_string_equal(info.driver, "nvme");

	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 0);
	pcibar_device_close(dev);
}

static int place_sized(void *arg, void *data)
{
	return pcibar_device_get_place(data, arg);
}

static void finds_the_place(void **state)
{
	struct pcibar_device_place place = { .size = sizeof(place) };
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);

	(void)state;
	fake->numa_node = 1;
	fake->iommu_group = -1;
	assert_int_equal(pcibar_device_get_place(dev, &place), 0);
	assert_int_equal(place.numa_node, 1);
	assert_int_equal(place.iommu_group, -1);
	assert_int_equal(place.size, sizeof(place));
	unit_check_sizes(&place, sizeof(place), place_sized, dev);

	fake->error[FAKE_GET_PLACE] = -ENODEV;
	assert_int_equal(pcibar_device_get_place(dev, &place), -ENODEV);
	pcibar_device_close(dev);
}

static void knows_drivers_that_share(void **state)
{
	static const char *const sharing[] = {
		"", "vfio-pci", "pci-stub", "uio_pci_generic", "pcieport", "pciio",
	};
	static const char *const owning[] = { "nvme", "e1000e", "vfio", "vfio-pci-x", "uio" };
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);

	(void)state;
	for (size_t i = 0; i < sizeof(sharing) / sizeof(*sharing); i++) {
		strcpy(fake->driver, sharing[i]);
		assert_int_equal(pcibar_device_get_info(dev, &info), 0);
		assert_string_equal(info.driver, sharing[i]);
		assert_int_equal(info.flags, 0);
	}

	for (size_t i = 0; i < sizeof(owning) / sizeof(*owning); i++) {
		strcpy(fake->driver, owning[i]);
		assert_int_equal(pcibar_device_get_info(dev, &info), 0);
		assert_int_equal(info.flags, PCIBAR_DEV_DRIVER_OWNS);
	}
	pcibar_device_close(dev);
}

static void info_passes_errors_on(void **state)
{
	static const enum fake_op ops[] = { FAKE_GET_ID, FAKE_GET_DRIVER, FAKE_GET_ASLEEP,
					    FAKE_GET_HEADER };
	static const int errors[] = { -ENODEV, -EACCES, -EIO };
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev = unit_open("0000:03:00.0", 0);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			fake->error[ops[i]] = errors[j];
			assert_int_equal(pcibar_device_get_info(dev, &info), errors[j]);
			fake->error[ops[i]] = 0;
		}
	pcibar_device_close(dev);
}

static struct fake *vanishing;

/* The kernel has removed the function since this was read. */
static void remove_after(const struct fake_event *event)
{
	if (event->op == FAKE_GET_DRIVER || event->op == FAKE_GET_ASLEEP ||
	    event->op == FAKE_GET_HEADER)
		vanishing->error[FAKE_GET_ID] = vanishing->error[FAKE_GET_RESOURCE] = -ENODEV;
}

/* What a function may lack looks as if it lacked it, also when it is just being removed. */
static void asks_last_for_what_every_function_has(void **state)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pcibar_bar_info bar = { .size = sizeof(bar) };
	struct pcibar_device *dev;

	(void)state;
	vanishing = fake_add("0000:03:00.0");
	dev = unit_open("0000:03:00.0", 0);
	vanishing->watch = remove_after;
	assert_int_equal(pcibar_device_get_info(dev, &info), -ENODEV);
	memset(vanishing->error, 0, sizeof(vanishing->error));
	assert_int_equal(pcibar_bar_get_info(dev, 0, 0, &bar), -ENODEV);
	pcibar_device_close(dev);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		DEVICE_TEST(opens_an_address_and_touches_nothing_else),
		DEVICE_TEST(opens_what_is_there_alone),
		DEVICE_TEST(lists_what_is_ambiguous),
		DEVICE_TEST(lists_no_more_than_fits),
		DEVICE_TEST(picks_by_number_in_address_order),
		DEVICE_TEST(keeps_the_handle_that_matched),
		DEVICE_TEST(closes_the_match_after_an_error),
		DEVICE_TEST(says_when_nothing_matches),
		DEVICE_TEST(passes_errors_on_with_a_reason),
		DEVICE_TEST(refuses_bad_options),
		DEVICE_TEST(checks_sizes),
		DEVICE_TEST(refuses_selectors_that_are_none),
		DEVICE_TEST(opens_without_memory),
		DEVICE_TEST(closes_nothing),
		DEVICE_TEST(auto_continues_only_without_a_back_end),
		DEVICE_TEST(a_named_back_end_is_the_only_one),
		DEVICE_TEST(names_back_ends),
		DEVICE_TEST(describes_a_function),
		DEVICE_TEST(finds_the_place),
		DEVICE_TEST(knows_drivers_that_share),
		DEVICE_TEST(info_passes_errors_on),
		DEVICE_TEST(asks_last_for_what_every_function_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
