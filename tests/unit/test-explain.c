// SPDX-License-Identifier: BSD-2-Clause
/* What pcibar_explain() reports. */
#include "unit.h"

#include <unistd.h>

#include "fake-backend.h"
#include "inject.h"
#include "internal.h"
#include "fake-sysfs.h"

static struct pcibar_refusal why;
static struct pcibar_intent intent;
static struct pcibar_open_opts opts;
static const struct pcibar_selector sel = {
	.size = sizeof(sel), .fields = PCIBAR_SEL_ADDRESS, .bus = 3,
};

static int setup(void **state)
{
	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	intent = (struct pcibar_intent){ .size = sizeof(intent) };
	opts = (struct pcibar_open_opts){ .size = sizeof(opts), .backend = FAKE_BACKEND };
	return unit_setup(state);
}

#define EXPLAIN_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, unit_teardown)

static struct fake *add_function(void)
{
	struct fake *fake = fake_add("0000:03:00.0");

	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, 0x10000);
	fake_add_bar(fake, 1, PCIBAR_BAR_KIND_MEM32, 0xfd010400, 0x100);
	fake_add_bar(fake, 4, PCIBAR_BAR_KIND_IO, 0xc000, 0x20);
	fake_add_bar(fake, PCIBAR_BAR_ROM, PCIBAR_BAR_KIND_ROM, 0xfe000000, 0x10000);
	return fake;
}

static void assert_reasons(const uint32_t *codes, uint32_t count)
{
	assert_refused(&why, codes[0], why.reasons[0].error);
	for (uint32_t i = 0; i < count && i < why.count; i++)
		assert_int_equal(why.reasons[i].code, codes[i]);
	assert_int_equal(why.count, count);
}

static void explains_everything_at_once(void **state)
{
	static const uint32_t codes[] = {
		PCIBAR_REASON_UNSUPPORTED, PCIBAR_REASON_DRIVER, PCIBAR_REASON_PAGE_SHARED,
		PCIBAR_REASON_DECODE_OFF, PCIBAR_REASON_CLAIMED,
	};
	struct fake *fake = add_function();

	(void)state;
	fake_ops.caps = 0;
	fake->error[FAKE_MAP] = -EBUSY;
	strcpy(fake->driver, "nvme");
	strcpy(fake->neighbour, "BAR 0 of 0000:03:00.1");
	fake_set_config(fake, PCIR_COMMAND, 2, 0);
	intent.bar = 1;
	intent.map_flags = PCIBAR_MAP_WRITE | PCIBAR_MAP_EXCLUSIVE;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_reasons(codes, sizeof(codes) / sizeof(*codes));
	assert_int_equal(why.backends, 1u << FAKE_BACKEND);
	assert_int_equal(why.possible, 0);
	assert_int_equal(fake->open, 0);
}

static void explains_that_nothing_prevents_it(void **state)
{
	struct fake *fake = add_function();

	(void)state;
	fake->sealed = true;
	intent.map_flags = PCIBAR_MAP_WRITE;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_int_equal(why.count, 0);
	assert_int_equal(why.possible, 1u << FAKE_BACKEND);
	assert_int_equal(fake_find(fake, FAKE_MAP, 0)->len, (uint64_t)sysconf(_SC_PAGESIZE));

	intent.bar = 4;
	intent.map_flags = PCIBAR_MAP_INDIRECT;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_int_equal(why.count, 0);

	intent.bar = PCIBAR_INTENT_DEVICE;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_int_equal(why.count, 0);
	assert_int_equal(pcibar_explain(&sel, NULL, &opts, &why), 0);
	assert_int_equal(why.count, 0);

	assert_int_equal(fake_count(fake, FAKE_CHANNEL_READ), 0);
	assert_int_equal(fake_count(fake, FAKE_CHANNEL_WRITE), 0);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_WRITE), 0);
}

static void explains_without_waking(void **state)
{
	struct fake *fake = add_function();

	(void)state;
	fake->asleep = true;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_refused(&why, PCIBAR_REASON_ASLEEP, -ENXIO);
	assert_int_equal(fake_count(fake, FAKE_CONFIG_READ), 0);
}

static void explains_without_reaching_outside(void **state)
{
	struct fake *fake = add_function();

	(void)state;
	intent.offset = 0x10000;
	intent.length = 0x1000;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_refused(&why, PCIBAR_REASON_RANGE, -ERANGE);
	assert_int_equal(why.count, 1);
	assert_int_equal(fake_count(fake, FAKE_MAP), 0);
	intent = (struct pcibar_intent){ .size = sizeof(intent), .bar = 2 };
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_refused(&why, PCIBAR_REASON_NO_BAR, -EINVAL);
	assert_int_equal(why.count, 1);
}

static void explains_each_back_end(void **state)
{
	struct fake *fake = add_function();
	struct tree tree;

	(void)state;
	tree_create(&tree);
	tree_add(&tree, "0000:03:00.0");
	tree_bar(&tree, "0000:03:00.0", 0, 0xfd000000, 0x10000, TREE_MEM32);
	tree_poke(&tree, "0000:03:00.0", "config", PCIR_COMMAND, "\x03", 1);
	opts.backend = PCIBAR_BACKEND_AUTO;
	opts.sysfs_root = tree.root;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_int_equal(why.count, 0);
	assert_int_equal(why.backends, 1u << FAKE_BACKEND | 1u << PCIBAR_BACKEND_SYSFS);
	assert_int_equal(why.possible, why.backends);

	strcpy(fake->driver, "nvme");
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_int_equal(why.count, 1);
	assert_int_equal(why.reasons[0].backend, FAKE_BACKEND);
	assert_int_equal(why.possible, 1u << PCIBAR_BACKEND_SYSFS);

	tree_driver(&tree, "0000:03:00.0", "nvme");
	fake->driver[0] = '\0';
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_int_equal(why.count, 1);
	assert_int_equal(why.reasons[0].backend, PCIBAR_BACKEND_SYSFS);
	assert_int_equal(why.possible, 1u << FAKE_BACKEND);

	fake_scan_error = -ENOENT;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_int_equal(why.count, 2);
	assert_refused(&why, PCIBAR_REASON_NO_BACKEND, -ENODEV);
	tree_remove(&tree);
}

static void explains_selectors_without_a_match(void **state)
{
	struct pcibar_selector ids = { .size = sizeof(ids), .fields = PCIBAR_SEL_VENDOR,
				       .vendor = 0x1234 };

	(void)state;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), 0);
	assert_refused(&why, PCIBAR_REASON_NO_DEVICE, -ENODEV);
	assert_int_equal(pcibar_explain(&ids, &intent, &opts, &why), 0);
	assert_refused(&why, PCIBAR_REASON_NO_DEVICE, -ENODEV);
	fake_add("0000:04:00.0");
	fake_add("0000:04:00.1");
	assert_int_equal(pcibar_explain(&ids, &intent, &opts, &why), 0);
	assert_refused(&why, PCIBAR_REASON_AMBIGUOUS, -ENOTUNIQ);
	assert_int_equal(why.reasons[0].backend, PCIBAR_BACKEND_AUTO);
	assert_int_equal(why.possible, 0);
}

static struct fake *matched, *newcomer;
static unsigned int ids_left;

/* Another function takes the address over, once the IDs have been read so many times. */
static void replace(const struct fake_event *event)
{
	if (event->op == FAKE_GET_ID && !--ids_left) {
		newcomer->addr = matched->addr;
		matched->addr.bus = 0xff;
	}
}

static void explains_no_function_but_the_one_that_matched(void **state)
{
	struct pcibar_selector ids = { .size = sizeof(ids), .fields = PCIBAR_SEL_VENDOR,
				       .vendor = 0x1234 };

	(void)state;
	newcomer = fake_add("0000:0a:00.0");
	newcomer->id[PCIBAR_ID_VENDOR] = 0x8086;
	matched = add_function();
	matched->watch = replace;
	ids_left = 1;
	assert_int_equal(pcibar_explain(&ids, &intent, &opts, &why), 0);
	assert_refused(&why, PCIBAR_REASON_GONE, -ENODEV);
	assert_int_equal(why.count, 1);
	assert_int_equal(why.possible, 0);
	assert_int_equal(fake_count(newcomer, FAKE_GET_RESOURCE), 0);
	assert_int_equal(fake_count(newcomer, FAKE_MAP), 0);
}

static int explain_refusal(void *arg, void *data)
{
	(void)data;
	return pcibar_explain(&sel, &intent, &opts, arg);
}

static int explain_intent(void *arg, void *data)
{
	(void)data;
	return pcibar_explain(&sel, arg, &opts, &why);
}

static int explain_selector(void *arg, void *data)
{
	(void)data;
	return pcibar_explain(arg, &intent, &opts, &why);
}

static int explain_opts(void *arg, void *data)
{
	(void)data;
	return pcibar_explain(&sel, &intent, arg, &why);
}

static void checks_arguments(void **state)
{
	const struct pcibar_intent good = intent;

	(void)state;
	add_function();
	unit_check_refusal_sizes(explain_refusal, NULL);
	unit_check_sizes(&intent, sizeof(intent), explain_intent, NULL);
	unit_check_sizes(&sel, sizeof(sel), explain_selector, NULL);
	unit_check_sizes(&opts, sizeof(opts), explain_opts, NULL);
	intent.bar = PCIBAR_BAR_COUNT;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), -EINVAL);
	intent = good;
	intent.map_flags = 1u << 6;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), -EINVAL);
	intent = good;
	intent.attr = 2;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), -EINVAL);
	intent = good;
	opts.flags = 1u << 1;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), -EINVAL);
}

static void explains_without_memory(void **state)
{
	(void)state;
	add_function();
	inject(INJECT_ALLOC, 1, ENOMEM);
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, &why), -ENOMEM);
}

/* More objections than there is room for must neither overflow nor change the result. */
static void keeps_to_the_room_there_is(void **state)
{
	struct fake *fake = add_function();
	struct pcibar_refuse_ctx v;

	(void)state;
	assert_int_equal(pcibar_refuse_init(&v, &why), 0);
	v.all = true;
	pcibar_refuse(&v, PCIBAR_REASON_DRIVER, -EBUSY, "do not", "number %d", 0);
	for (int i = 1; i < 2 * PCIBAR_REASONS_MAX; i++)
		pcibar_refuse(&v, PCIBAR_REASON_ASLEEP, -ENXIO, "do not", "number %d", i);
	assert_int_equal(v.error, -EBUSY);
	assert_int_equal(why.count, PCIBAR_REASONS_MAX);
	assert_string_equal(why.reasons[PCIBAR_REASONS_MAX - 1].what, "number 11");
	assert_int_equal(fake->count, 0);
}

/* A program compiled with newer headers, whose reasons have one member more */
static void keeps_to_the_stride_of_the_program(void **state)
{
	static struct {
		uint32_t size, reason_size, count, backends, possible, reserved;
		struct {
			struct pcibar_reason known;
			char added[64];
		} reasons[PCIBAR_REASONS_MAX];
	} newer;
	struct fake *fake = add_function();

	(void)state;
	strcpy(fake->driver, "nvme");
	fake_set_config(fake, PCIR_COMMAND, 2, 0);
	memset(&newer, 0xaa, sizeof(newer));
	newer.size = sizeof(newer);
	newer.reason_size = sizeof(newer.reasons[0]);
	newer.reserved = 0;
	assert_int_equal(pcibar_explain(&sel, &intent, &opts, (struct pcibar_refusal *)&newer), 0);
	assert_int_equal(newer.count, 2);
	assert_int_equal(newer.reasons[0].known.code, PCIBAR_REASON_DRIVER);
	assert_int_equal(newer.reasons[1].known.code, PCIBAR_REASON_DECODE_OFF);

	for (size_t i = 0; i < sizeof(newer.reasons[1].added); i++)
		assert_int_equal(newer.reasons[1].added[i], 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EXPLAIN_TEST(explains_everything_at_once),
		EXPLAIN_TEST(explains_that_nothing_prevents_it),
		EXPLAIN_TEST(explains_without_waking),
		EXPLAIN_TEST(explains_without_reaching_outside),
		EXPLAIN_TEST(explains_each_back_end),
		EXPLAIN_TEST(explains_selectors_without_a_match),
		EXPLAIN_TEST(explains_no_function_but_the_one_that_matched),
		EXPLAIN_TEST(checks_arguments),
		EXPLAIN_TEST(explains_without_memory),
		EXPLAIN_TEST(keeps_to_the_room_there_is),
		EXPLAIN_TEST(keeps_to_the_stride_of_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
