// SPDX-License-Identifier: BSD-2-Clause
/* Vital product data. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "devpci.h"
#include "fake-backend.h"
#include "inject.h"
#include "internal.h"
#include "sysfs.h"
#include "fixture.h"

#define FUNCTION	"0000:03:00.0"

/* What was listed: "ident: Name; ro PN: 17; rw YA: tag; " */
static char listed[512];

static int note(void *data, const struct pcibar_vpd_field *field)
{
	size_t len = strlen(listed);

	assert_int_equal(field->size, sizeof(*field));
	if (field->flags & PCIBAR_VPD_DAMAGED) {
		snprintf(listed + len, sizeof(listed) - len, "at %u: %.*s", field->offset,
			 (int)field->length, (const char *)field->data);
		return 0;
	}
	if (field->flags & PCIBAR_VPD_IDENT)
		assert_string_equal(field->keyword, "");
	snprintf(listed + len, sizeof(listed) - len, "%s%s: %.*s; ",
		 field->flags & PCIBAR_VPD_IDENT ? "ident" :
		 field->flags & PCIBAR_VPD_WRITABLE ? "rw " : "ro ", field->keyword,
		 (int)field->length, (const char *)field->data);
	return *(int *)data;
}

static int setup(void **state)
{
	*listed = '\0';
	return fixture_sysfs(state, FUNCTION);
}

#define VPD_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

/* A name, two read-only fields, an unknown tag, two fields that may be written, the end */
static const uint8_t good[] =
	"\x82\x04\x00" "Name"
	"\x90\x0a\x00" "PN\x02" "17" "SN\x02" "42"
	"\x85\x02\x00" "??"
	"\x91\x09\x00" "YA\x03" "tag" "RW\x00"
	"\x78" "PN\x01x";
#define GOOD_END	(sizeof(good) - sizeof("PN\x01x"))	/* with its end tag */
#define GOOD_FIELDS	"ident: Name; ro PN: 17; ro SN: 42; rw YA: tag; rw RW: ; "

static int parse(const uint8_t *vpd, size_t len)
{
	int status = 0;

	*listed = '\0';
	return pcibar_sysfs_vpd_parse(vpd, len, note, &status);
}

static void lists_fields_in_order(void **state)
{
	int status = 0;

	(void)state;
	tree_set(&tree, FUNCTION, "vpd", "%s", "");
	tree_truncate(&tree, FUNCTION, "vpd", sizeof(good));
	tree_poke(&tree, FUNCTION, "vpd", 0, good, sizeof(good));
	assert_int_equal(pcibar_vpd_list(dev, note, &status), 0);
	assert_string_equal(listed, GOOD_FIELDS);
}

static void a_callback_can_end_the_list(void **state)
{
	int end = 7;

	(void)state;
	assert_int_equal(pcibar_sysfs_vpd_parse(good, sizeof(good), note, &end), 7);
	assert_string_equal(listed, "ident: Name; ");
}

/* Whatever is missing, what is before it is listed, and nothing after the end is touched. */
static void ends_where_the_data_ends(void **state)
{
	(void)state;
	for (size_t len = 0; len <= sizeof(good); len++) {
		uint8_t *exact = malloc(len ? len : 1);
		char *damage;

		assert_non_null(exact);
		memcpy(exact, good, len);
		assert_int_equal(parse(exact, len), len ? 0 : -ENOMSG);
		damage = strstr(listed, "at ");
		assert_int_equal(!damage, !len || len >= GOOD_END);
		if (damage)
			*damage = '\0';
		assert_int_equal(strncmp(listed, GOOD_FIELDS, strlen(listed)), 0);
		free(exact);
	}
}

#define NO_NAME	"there is no name of the product at its start"

static void ends_where_it_is_malformed(void **state)
{
	static const struct {
		const char *vpd;
		size_t len;
		int result;
		const char *fields;
	} cases[] = {
		{ "\x90\x05\x00" "PN\x02" "17" "\x78", 9, 0, "ro PN: 17; at 0: " NO_NAME },
		{ "\x90\x05\x00" "PN\x02" "17" "\x82\x01\x00" "N", 12, 0,
		  "ro PN: 17; ident: N; at 0: " NO_NAME },
		{ "\x82\x01\x00" "N" "\x90\x05\x00" "PN\x03" "17" "\x78", 13, 0,
		  "ident: N; at 7: a field is longer than its section" },
		{ "\x82\x01\x00" "N" "\x90\xff\xff" "PN\x02" "17", 12, 0,
		  "ident: N; at 4: a section is longer than the data" },
		{ "\x82\x00\x00" "\x90\x02\x00" "PN", 8, 0,
		  "ident: ; at 6: a field is longer than its section" },
		{ "\x82\x01\x00" "N" "\x90\x05\x00" "PN\x02" "17", 12, 0,
		  "ident: N; ro PN: 17; at 12: there is no end tag" },
		{ "\x82\x01\x00" "N" "\x0a\x90\x05\x00" "PN\x02" "17\x78", 14, 0,
		  "ident: N; at 4: there is no tag" },
		/* The sum of all bytes up to the second one of RV is 0. */
		{ "\x82\x01\x00" "N" "\x90\x05\x00" "RV\x02\xf0" "x\x78", 13, 0,
		  "ident: N; ro RV: \xf0x; " },
		{ "\x82\x01\x00" "M" "\x90\x05\x00" "RV\x02\xf0" "x\x78", 13, 0,
		  "ident: M; ro RV: \xf0x; at 10: the checksum is wrong" },
		{ "\x82\x01\x00" "N" "\x90\x03\x00" "RV\x00" "\x78", 11, 0,
		  "ident: N; ro RV: ; at 10: the checksum is wrong" },
		{ "\xff\xff\xff\xff", 4, -ENOMSG, "" },
		{ "\0\0\0\0", 4, -ENOMSG, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(parse((const uint8_t *)cases[i].vpd, cases[i].len),
				 cases[i].result);
		assert_string_equal(listed, cases[i].fields);
	}
}

/* Garbage of all kinds: the sanitizers and valgrind watch. */
static void survives_anything(void **state)
{
	uint8_t *vpd = calloc(1, 256);

	(void)state;
	assert_non_null(vpd);
	srandom(1);
	for (unsigned int round = 0; round < 2000; round++) {
		size_t len = (size_t)random() % 64;
		uint8_t *end = vpd + 256;

		memcpy(end - len, good, len < sizeof(good) ? len : sizeof(good));
		for (size_t i = 0; i < 4 && len; i++)
			end[-1 - (ssize_t)((size_t)random() % len)] = (uint8_t)random();
		parse(end - len, len);
	}
	free(vpd);
}

/* What the module makes of the same data; FreeBSD does the same. */
static void takes_elements_apart(void **state)
{
	static const uint8_t elements[] =
		"\0\0\x01\x04" "Name" "PN\0\x02" "17" "SN\0\x02" "42"
		"YA\x02\x03" "tag" "RW\x02";
	int status = 0, end = 7;

	(void)state;
	/* The last length is the NUL behind the text. */
	assert_int_equal(pcibar_devpci_vpd_parse(elements, sizeof(elements), note, &status), 0);
	assert_string_equal(listed, GOOD_FIELDS);
	for (size_t len = 0; len < sizeof(elements); len++) {
		uint8_t *exact = malloc(len ? len : 1);

		assert_non_null(exact);
		memcpy(exact, elements, len);
		*listed = '\0';
		assert_int_equal(pcibar_devpci_vpd_parse(exact, len, note, &status), 0);
		assert_int_equal(strncmp(listed, GOOD_FIELDS, strlen(listed)), 0);
		assert_true(strlen(listed) < strlen(GOOD_FIELDS));
		free(exact);
	}
	*listed = '\0';
	assert_int_equal(pcibar_devpci_vpd_parse(elements, sizeof(elements), note, &end), 7);
	assert_string_equal(listed, "ident: Name; ");
}

static void distinguishes_none_from_gone(void **state)
{
	int status = 0;

	(void)state;
	assert_int_equal(pcibar_vpd_list(dev, note, &status), -ENOENT);
	tree_set(&tree, FUNCTION, "vpd", "%s", "");
	assert_int_equal(pcibar_vpd_list(dev, note, &status), -ETIMEDOUT);
	inject(INJECT_OPEN, 1, ENODEV);
	assert_int_equal(pcibar_vpd_list(dev, note, &status), -ENOENT);
	inject(INJECT_OPEN, 1, EACCES);
	assert_int_equal(pcibar_vpd_list(dev, note, &status), -EACCES);
	inject(INJECT_ALLOC, 1, ENOMEM);
	assert_int_equal(pcibar_vpd_list(dev, note, &status), -ENOMEM);
	tree_drop(&tree, FUNCTION);
	assert_int_equal(pcibar_vpd_list(dev, note, &status), -ENODEV);
	assert_string_equal(listed, "");
}

static void hands_on_what_the_back_end_says(void **state)
{
	struct fake *fake = fake_add("0000:04:00.0");
	struct pcibar_device *other = unit_open("0000:04:00.0", 0);
	int status = 0;

	(void)state;
	assert_int_equal(pcibar_vpd_list(other, note, &status), 0);
	assert_string_equal(listed, "ident: fake; ");
	fake->error[FAKE_VPD_LIST] = -ETIMEDOUT;
	assert_int_equal(pcibar_vpd_list(other, note, &status), -ETIMEDOUT);
	pcibar_device_close(other);
}

/* All that a back end may see of a loss is what was read. */
static void keeps_back_what_a_lost_function_has_read(void **state)
{
	static const uint8_t none[16] = { 0xff };
	char config[64];
	int status = 0;

	(void)state;
	memset(config, 0xff, sizeof(config));
	tree_set(&tree, FUNCTION, "vpd", "%s", "");
	tree_truncate(&tree, FUNCTION, "vpd", sizeof(good));
	tree_poke(&tree, FUNCTION, "vpd", 0, none, sizeof(none));
	assert_int_equal(pcibar_vpd_list(dev, note, &status), -ENOENT);
	assert_false(pcibar_device_is_gone(dev));
	tree_poke(&tree, FUNCTION, "config", 0, config, sizeof(config));
	assert_int_equal(pcibar_vpd_list(dev, note, &status), -ENODEV);
	tree_poke(&tree, FUNCTION, "vpd", 0, good, sizeof(good));
	assert_int_equal(pcibar_vpd_list(dev, note, &status), -ENODEV);
	assert_string_equal(listed, "");
	assert_true(pcibar_device_is_gone(dev));
}

static void asks_once_for_the_function(void **state)
{
	struct fake *fake = fake_add("0000:04:00.0");
	struct pcibar_device *other = unit_open("0000:04:00.0", 0);
	int status = 0;

	(void)state;
	fake_forget(fake);
	assert_int_equal(pcibar_vpd_list(other, note, &status), 0);
	assert_int_equal(fake->count, 2);
	assert_int_equal(fake->events[0].op, FAKE_VPD_LIST);
	assert_int_equal(fake->events[1].op, FAKE_CONFIG_READ);

	/* No data, no access: the function may be asleep. */
	fake->error[FAKE_VPD_LIST] = -ENOENT;
	fake_forget(fake);
	assert_int_equal(pcibar_vpd_list(other, note, &status), -ENOENT);
	assert_int_equal(fake->count, 1);
	fake->error[FAKE_VPD_LIST] = 0;
	inject(INJECT_ALLOC, 1, ENOMEM);
	assert_int_equal(pcibar_vpd_list(other, note, &status), -ENOMEM);
	pcibar_device_close(other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		VPD_TEST(lists_fields_in_order),
		VPD_TEST(a_callback_can_end_the_list),
		VPD_TEST(ends_where_the_data_ends),
		VPD_TEST(ends_where_it_is_malformed),
		VPD_TEST(survives_anything),
		VPD_TEST(takes_elements_apart),
		VPD_TEST(distinguishes_none_from_gone),
		VPD_TEST(hands_on_what_the_back_end_says),
		VPD_TEST(keeps_back_what_a_lost_function_has_read),
		VPD_TEST(asks_once_for_the_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
