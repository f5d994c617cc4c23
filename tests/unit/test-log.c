// SPDX-License-Identifier: BSD-2-Clause
/* Log lines. */
#include "unit.h"

#include "fake-backend.h"
#include "internal.h"

struct lines {
	unsigned int count;
	int level;
	char last[512];
};

static void take(void *data, int level, const char *msg)
{
	struct lines *lines = data;

	lines->count++;
	lines->level = level;
	assert_true(strlen(msg) < sizeof(lines->last));
	assert_null(strchr(msg, '\n'));
	strcpy(lines->last, msg);
	errno = ERANGE;
}

static void hands_a_line_over(void **state)
{
	struct lines lines = { 0 };
	const struct pcibar_log log = { take, &lines };

	(void)state;
	errno = 0;
	pcibar_log(&log, PCIBAR_LOG_WARNING, "%s is %d", "line", 42);
	assert_int_equal(errno, 0);
	assert_int_equal(lines.count, 1);
	assert_int_equal(lines.level, PCIBAR_LOG_WARNING);
	assert_string_equal(lines.last, "line is 42");
}

static void cuts_long_lines(void **state)
{
	struct lines lines = { 0 };
	const struct pcibar_log log = { take, &lines };

	(void)state;
	pcibar_log(&log, PCIBAR_LOG_INFO, "%0500d", 7);
	assert_int_equal(lines.count, 1);
	assert_in_range(strlen(lines.last), 100, 300);
}

static void is_silent_without_a_callback(void **state)
{
	const struct pcibar_log log = { 0 };

	(void)state;
	pcibar_log(&log, PCIBAR_LOG_WARNING, "%s line", "lost");
}

static void logs_what_was_done_to_the_device(void **state)
{
	struct lines lines = { 0 };
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_OPEN_WRITE, .backend = FAKE_BACKEND,
		.log = take, .log_data = &lines,
	};
	struct fake *fake = fake_add("0000:03:00.0");
	struct pcibar_device *dev;

	(void)state;
	fake_set_config(fake, PCIR_COMMAND, 2, 0x0100);
	assert_int_equal(pcibar_device_open("0000:03:00.0", &opts, &dev), 0);
	assert_int_equal(lines.level, PCIBAR_LOG_DEBUG);
	assert_non_null(strstr(lines.last, "0000:03:00.0"));
	assert_non_null(strstr(lines.last, "fake"));

	assert_int_equal(pcibar_device_set_enable(dev, PCIBAR_DECODE_MEM, PCIBAR_DECODE_MEM,
						  PCIBAR_ENABLE_F_RESTORE), 0);
	assert_int_equal(lines.level, PCIBAR_LOG_INFO);
	assert_non_null(strstr(lines.last, "0x0100 -> 0x0102"));

	fake->error[FAKE_CONFIG_WRITE] = -EIO;
	pcibar_device_close(dev);
	assert_int_equal(lines.level, PCIBAR_LOG_WARNING);
}

static void returns_its_version(void **state)
{
	(void)state;
	assert_string_equal(pcibar_version(), PCIBAR_VERSION);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		UNIT_TEST(hands_a_line_over),
		UNIT_TEST(cuts_long_lines),
		UNIT_TEST(is_silent_without_a_callback),
		UNIT_TEST(logs_what_was_done_to_the_device),
		UNIT_TEST(returns_its_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
