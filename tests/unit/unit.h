/* SPDX-License-Identifier: BSD-2-Clause */
/* What the unit tests share. */
#ifndef UNIT_H
#define UNIT_H

/* <cmocka.h> wants the first four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <pcibar/pcibar.h>

/*
 * Every test begins with no fake function and no injected failure, and must
 * leave as many descriptors open as it found, no BAR mapped and no guard
 * installed.
 */
#define UNIT_TEST(fn)	cmocka_unit_test_setup_teardown(fn, unit_setup, unit_teardown)

int unit_setup(void **state);
int unit_teardown(void **state);

unsigned int unit_count_fds(void);
bool unit_is_readable(int fd);
bool unit_under_valgrind(void);

/*
 * NULL, or why faults cannot be tested: a SIGBUS has to come with the address, or its page.
 * Before cmocka has begun, which handles the signals of a fault.
 */
const char *unit_fault_obstacle(void);
/*
 * Whether a file of so many bytes can be mapped: valgrind has less address space, and qemu-user
 * maps memory first, which the machine has to have.
 */
bool unit_can_map(uint64_t len);

/* Ends a test that cannot run here. */
#define unit_skip(reason)							\
	do {									\
		print_message("# skipped: %s\n", reason);			\
		skip();								\
	} while (0)

/* Ends a program whose tests cannot run here; the reason is shown and counted. */
int unit_skip_all(const char *reason);

/*
 * Run @fn in a child process that dies by SIGALRM if it hangs, and return its
 * wait status. @fn ends with 0, or with CHILD_CHECK()'s message and 1: cmocka's
 * assertions would run the other tests in the child.
 */
int unit_in_child(int (*fn)(void *data), void *data);

#define CHILD_CHECK(condition)							\
	do {									\
		if (!(condition))						\
			return unit_child_failed(__FILE__, __LINE__, #condition);	\
	} while (0)

int unit_child_failed(const char *file, int line, const char *condition);

/* The first reason is @code with @error, and each reason is a sentence. */
#define assert_refused(why, code, error)					\
	unit_assert_refused(why, code, error, __FILE__, __LINE__)
void unit_assert_refused(const struct pcibar_refusal *why, uint32_t code, int error,
			 const char *file, int line);
const struct pcibar_reason *unit_find_reason(const struct pcibar_refusal *why, uint32_t code);

/* Open a fake function; PCIBAR_OPEN_* in @flags. */
struct pcibar_device *unit_open(const char *selector, uint32_t flags);

/*
 * A struct with its size first is refused when it is smaller than @len and
 * when a byte behind it is not zero or there are more than 4096, and taken when
 * those are all zero. @fn makes the call with it.
 */
void unit_check_sizes(const void *arg, size_t len, int (*fn)(void *arg, void *data), void *data);
/* The same for the two sizes of a struct pcibar_refusal that @fn is called with. */
void unit_check_refusal_sizes(int (*fn)(void *arg, void *data), void *data);

#endif
