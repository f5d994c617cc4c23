// SPDX-License-Identifier: BSD-2-Clause
/* The guard and the program's own SIGBUS: who gets which fault. */
#include "unit.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake-backend.h"
#include "inject.h"

static volatile sig_atomic_t sysconf_calls, nanosleep_calls;

static long counted_sysconf(int name)
{
	sysconf_calls++;
	return sysconf(name);
}

static inline int counted_nanosleep(const struct timespec *duration, struct timespec *left)
{
	nanosleep_calls++;
	errno = EINTR;
	(void)duration;
	(void)left;
	return -1;
}

/*
 * The file itself, in place of the library's: its count of installations is
 * tested, and what it calls in the handler.
 */
#define sysconf(name)			counted_sysconf(name)
#define nanosleep(duration, left)	counted_nanosleep(duration, left)
#include "guard.c"
#undef sysconf
#undef nanosleep

#define LEN	0x4000

static struct fake *fake;
static struct pcibar_device *dev;
static struct pcibar_map *map;
static volatile char *elsewhere;	/* a mapping of the program's own that faults */

static void map_bar(void)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = PCIBAR_MAP_WRITE };

	assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), 0);
}

static int setup(void **state)
{
	int ret = unit_setup(state), fd = memfd_create("elsewhere", MFD_CLOEXEC);

	elsewhere = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(elsewhere != MAP_FAILED);
	close(fd);
	fake = fake_add("0000:03:00.0");
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, LEN);
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	map_bar();
	return ret;
}

static int teardown(void **state)
{
	pcibar_map_release(map);
	pcibar_device_close(dev);
	munmap((void *)(uintptr_t)elsewhere, 4096);
	return unit_teardown(state);
}

#define CHAIN_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void lose(void)
{
	if (ftruncate(fake->bar[0].fd, 0))
		fail();
}

static unsigned char touch_map(void)
{
	return *(volatile unsigned char *)pcibar_map_addr(map);
}

/* What the program's own handlers saw. The jump leaves the handler. */
static sigjmp_buf back;
static volatile sig_atomic_t calls, signal_seen, code_seen;
static void *volatile addr_seen;

static void own_siginfo(int sig, siginfo_t *info, void *context)
{
	(void)context;
	calls++;
	signal_seen = sig;
	code_seen = info->si_code;
	addr_seen = info->si_addr;
	if (info->si_code > 0)
		siglongjmp(back, 1);
}

static void own_plain(int sig)
{
	calls++;
	signal_seen = sig;
}

static void own_jump(int sig)
{
	own_plain(sig);
	siglongjmp(back, 1);
}

static void set_handler(void (*plain)(int), void (*full)(int, siginfo_t *, void *))
{
	struct sigaction action = { .sa_handler = plain };

	if (full) {
		action.sa_sigaction = full;
		action.sa_flags = SA_SIGINFO;
	}
	calls = 0;
	if (sigaction(SIGBUS, &action, NULL))
		fail();
}

/* 1 when the touch went the way of own_siginfo() or own_jump(). */
static int touch_elsewhere(void)
{
	if (sigsetjmp(back, 1))
		return 1;
	(void)*elsewhere;
	return 0;
}

static int fault_reaches_siginfo(void *data)
{
	(void)data;
	set_handler(NULL, own_siginfo);
	CHILD_CHECK(!pcibar_guard_install());
	CHILD_CHECK(touch_elsewhere());
	CHILD_CHECK(calls == 1 && signal_seen == SIGBUS && code_seen == BUS_ADRERR);
	CHILD_CHECK(addr_seen == elsewhere);
	lose();
	CHILD_CHECK(touch_map() == 0xff);
	CHILD_CHECK(calls == 1);
	CHILD_CHECK(touch_elsewhere());
	CHILD_CHECK(calls == 2);
	return 0;
}

static int fault_reaches_plain(void *data)
{
	(void)data;
	set_handler(own_jump, NULL);
	CHILD_CHECK(!pcibar_guard_install());
	CHILD_CHECK(touch_elsewhere());
	CHILD_CHECK(calls == 1 && signal_seen == SIGBUS);
	lose();
	CHILD_CHECK(touch_map() == 0xff);
	CHILD_CHECK(calls == 1);
	return 0;
}

static void a_fault_elsewhere_reaches_the_programs_handler(void **state)
{
	(void)state;
	assert_int_equal(unit_in_child(fault_reaches_siginfo, NULL), 0);
	assert_int_equal(unit_in_child(fault_reaches_plain, NULL), 0);
}

static int die_of_a_fault(void *handler)
{
	set_handler(*(void (**)(int))handler, NULL);
	CHILD_CHECK(!pcibar_guard_install());
	touch_elsewhere();
	return 0;
}

static int die_without_a_guard(void *data)
{
	(void)data;
	set_handler(SIG_DFL, NULL);
	lose();
	CHILD_CHECK(touch_map() != 0xff);
	return 0;
}

static void a_fault_without_a_handler_ends_the_program(void **state)
{
	void (*dispositions[])(int) = { SIG_DFL, SIG_IGN };
	int status;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		status = unit_in_child(die_of_a_fault, &dispositions[i]);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	}
	status = unit_in_child(die_without_a_guard, NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

static int sent_signal_reaches_handlers(void *data)
{
	(void)data;
	set_handler(NULL, own_siginfo);
	CHILD_CHECK(!pcibar_guard_install());
	CHILD_CHECK(!kill(getpid(), SIGBUS));
	CHILD_CHECK(calls == 1 && code_seen == SI_USER);
	CHILD_CHECK(!pcibar_guard_remove());
	set_handler(own_plain, NULL);
	CHILD_CHECK(!pcibar_guard_install());
	CHILD_CHECK(!kill(getpid(), SIGBUS));
	CHILD_CHECK(calls == 1);
	CHILD_CHECK(!pcibar_guard_remove());
	set_handler(SIG_IGN, NULL);
	CHILD_CHECK(!pcibar_guard_install());
	CHILD_CHECK(!kill(getpid(), SIGBUS));
	CHILD_CHECK(!pcibar_map_is_lost(map));
	return 0;
}

static int die_of_a_sent_signal(void *data)
{
	(void)data;
	set_handler(SIG_DFL, NULL);
	CHILD_CHECK(!pcibar_guard_install());
	kill(getpid(), SIGBUS);
	return 0;
}

static void a_sent_signal_is_passed_on(void **state)
{
	int status;

	(void)state;
	assert_int_equal(unit_in_child(sent_signal_reaches_handlers, NULL), 0);
	status = unit_in_child(die_of_a_sent_signal, NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}

static void own_with_guard(int sig, siginfo_t *info, void *context)
{
	if (!pcibar_guard_handle(sig, info, context))
		own_siginfo(sig, info, context);
}

static int handle_by_hand(void *data)
{
	siginfo_t info = { .si_code = BUS_ADRERR };

	(void)data;
	set_handler(NULL, own_with_guard);
	lose();
	CHILD_CHECK(touch_map() == 0xff);
	CHILD_CHECK(pcibar_map_is_lost(map) && !calls);
	CHILD_CHECK(touch_elsewhere() && calls == 1);
	CHILD_CHECK(!kill(getpid(), SIGBUS) && calls == 2);
	info.si_addr = (void *)(uintptr_t)pcibar_map_addr(map);
	CHILD_CHECK(pcibar_guard_handle(SIGBUS, &info, NULL) == 1);
	CHILD_CHECK(pcibar_guard_handle(SIGSEGV, &info, NULL) == 0);
	info.si_code = BUS_OBJERR;
	CHILD_CHECK(pcibar_guard_handle(SIGBUS, &info, NULL) == 1);
	info.si_code = SI_USER;
	CHILD_CHECK(pcibar_guard_handle(SIGBUS, &info, NULL) == 0);
	info.si_code = BUS_ADRERR;
	info.si_addr = (char *)info.si_addr + LEN;
	CHILD_CHECK(pcibar_guard_handle(SIGBUS, &info, NULL) == 0);
	info.si_addr = (char *)info.si_addr - LEN - 1;
	CHILD_CHECK(pcibar_guard_handle(SIGBUS, &info, NULL) == 0);

	return 0;
}

static void a_program_that_owns_the_signal_can_ask(void **state)
{
	(void)state;
	assert_int_equal(unit_in_child(handle_by_hand, NULL), 0);
}

static void own_note(int sig, siginfo_t *info, void *context)
{
	(void)context;
	calls++;
	signal_seen = sig;
	code_seen = info->si_code;
}

/* Not by a signal: valgrind dies of a sent one that looks like the kernel's. */
static int fault_without_a_loss(void *data)
{
	static const int codes[] = { BUS_ADRALN, BUS_MCEERR_AR, BUS_MCEERR_AO };
	siginfo_t info = { .si_signo = SIGBUS };

	(void)data;
	info.si_addr = (char *)(uintptr_t)pcibar_map_addr(map) + 1;
	set_handler(NULL, own_note);
	CHILD_CHECK(!pcibar_guard_install());
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		info.si_code = codes[i];
		CHILD_CHECK(!pcibar_guard_handle(SIGBUS, &info, NULL));
		on_sigbus(SIGBUS, &info, NULL);
		CHILD_CHECK(calls == (int)i + 1 && code_seen == codes[i]);
		CHILD_CHECK(!pcibar_map_is_lost(map) && !touch_map());
	}
	return 0;
}

static void a_fault_that_is_no_loss_is_passed_on(void **state)
{
	(void)state;
	assert_int_equal(unit_in_child(fault_without_a_loss, NULL), 0);
}

/* As when another thread's guard is at work, and the device is back before it is done. */
static void half_replaced(int sig, siginfo_t *info, void *context)
{
	char *half = (char *)(uintptr_t)pcibar_map_addr(map) + LEN / 2;

	calls++;
	if (!pcibar_guard_handle(sig, info, context) || ftruncate(fake->bar[0].fd, LEN) ||
	    mmap(half, LEN / 2, PROT_READ, MAP_SHARED | MAP_FIXED, fake->bar[0].fd, LEN / 2) !=
	    half)
		abort();
}

static int copy_what_is_half_replaced(void *data)
{
	static const unsigned int widths[] = { 0, 1, 4, 8 };
	static unsigned char buf[LEN];

	(void)data;
	set_handler(NULL, half_replaced);
	for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
		lose();
		CHILD_CHECK(pcibar_map_copy_from(map, 0, buf, LEN, widths[i],
						 PCIBAR_COPY_MEMORY) == -ENODEV);
		CHILD_CHECK(calls == (int)i + 1 && buf[0] == 0xff && !buf[LEN - 1]);
		pcibar_map_release(map);
		map_bar();
	}
	return 0;
}

static void a_loss_that_spares_the_end_is_a_loss(void **state)
{
	(void)state;
	assert_int_equal(unit_in_child(copy_what_is_half_replaced, NULL), 0);
}

/* POSIX.1-2017, 2.4.3, does not list sysconf() among what a handler may call. */
static void the_handler_asks_for_no_page_size(void **state)
{
	(void)state;
	assert_int_equal(pcibar_guard_install(), 0);
	assert_true(sysconf_calls);
	sysconf_calls = 0;
	lose();
	assert_int_equal(touch_map(), 0xff);
	assert_int_equal(sysconf_calls, 0);
	assert_int_equal(pcibar_guard_remove(), 0);
}

/* Or a thread of a higher priority would keep the other from ever being done. */
static void a_thread_that_waits_for_another_sleeps(void **state)
{
	siginfo_t info = { .si_code = BUS_ADRERR };

	(void)state;
	info.si_addr = (void *)(uintptr_t)pcibar_map_addr(map);
	nanosleep_calls = 0;
	atomic_store(&map->slot->state, PCIBAR_GUARD_REPLACING);
	errno = ENOTTY;
	assert_int_equal(pcibar_guard_handle(SIGBUS, &info, NULL), 1);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(nanosleep_calls, 1);
	atomic_store(&map->slot->state, PCIBAR_GUARD_LOST);
	assert_int_equal(pcibar_guard_handle(SIGBUS, &info, NULL), 1);
	assert_int_equal(nanosleep_calls, 1);
}

static struct sigaction current(void)
{
	struct sigaction action;

	assert_int_equal(sigaction(SIGBUS, NULL, &action), 0);
	return action;
}

static void installations_are_counted(void **state)
{
	const struct sigaction before = current();

	(void)state;
	assert_int_equal(pcibar_guard_remove(), -EINVAL);
	assert_int_equal(pcibar_guard_install(), 0);
	assert_int_equal(pcibar_guard_install(), 0);
	assert_int_equal(pcibar_guard_remove(), 0);
	assert_ptr_not_equal(current().sa_handler, before.sa_handler);
	lose();
	assert_int_equal(touch_map(), 0xff);
	assert_int_equal(pcibar_guard_remove(), 0);
	assert_ptr_equal(current().sa_handler, before.sa_handler);
	assert_int_equal(current().sa_flags, before.sa_flags);
	assert_int_equal(pcibar_guard_remove(), -EINVAL);
}

static void installations_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(pcibar_guard_install(), 0);
	installed = UINT32_MAX;
	assert_int_equal(pcibar_guard_install(), -EOVERFLOW);
	assert_int_equal(installed, UINT32_MAX);
	installed = 1;
	assert_int_equal(pcibar_guard_remove(), 0);
}

static struct sigaction found;

static void pass_on(int sig, siginfo_t *info, void *context)
{
	calls++;
	found.sa_sigaction(sig, info, context);
}

static int install_after_the_guard(void *data)
{
	struct sigaction later = { .sa_sigaction = pass_on, .sa_flags = SA_SIGINFO };

	(void)data;
	set_handler(own_jump, NULL);
	CHILD_CHECK(!pcibar_guard_install());
	CHILD_CHECK(!sigaction(SIGBUS, &later, &found));
	lose();
	CHILD_CHECK(touch_map() == 0xff && pcibar_map_is_lost(map) && calls == 1);
	CHILD_CHECK(touch_elsewhere() && calls == 3);

	pcibar_map_release(map);
	CHILD_CHECK(!ftruncate(fake->bar[0].fd, LEN));
	map_bar();
	set_handler(NULL, own_siginfo);
	lose();
	if (!sigsetjmp(back, 1))
		touch_map();
	CHILD_CHECK(calls == 1 && !pcibar_map_is_lost(map));
	return 0;
}

static void a_later_handler_decides(void **state)
{
	(void)state;
	assert_int_equal(unit_in_child(install_after_the_guard, NULL), 0);
}

static volatile sig_atomic_t blocked;

static void own_mask(int sig)
{
	sigset_t set;

	own_plain(sig);
	sigprocmask(SIG_BLOCK, NULL, &set);
	blocked = sigismember(&set, SIGUSR1);
}

static int send_with_a_mask(void *data)
{
	struct sigaction action = { .sa_handler = own_mask };

	(void)data;
	sigaddset(&action.sa_mask, SIGUSR1);
	CHILD_CHECK(!sigaction(SIGBUS, &action, NULL));
	CHILD_CHECK(!pcibar_guard_install());
	CHILD_CHECK(!raise(SIGBUS) && calls == 1 && blocked == 1);
	return 0;
}

static void an_earlier_handler_keeps_its_mask(void **state)
{
	(void)state;
	calls = 0;
	assert_int_equal(unit_in_child(send_with_a_mask, NULL), 0);
}

static void a_later_handler_is_left_alone(void **state)
{
	const struct sigaction before = current();

	(void)state;
	assert_int_equal(pcibar_guard_install(), 0);
	set_handler(own_plain, NULL);
	assert_int_equal(pcibar_guard_remove(), 0);
	assert_ptr_equal(current().sa_handler, own_plain);
	assert_int_equal(sigaction(SIGBUS, &before, NULL), 0);
}

static int lack_what_it_needs(void *data)
{
	static const enum inject_call needs[] = { INJECT_MEMFD, INJECT_MMAP };

	(void)data;
	set_handler(NULL, own_siginfo);
	CHILD_CHECK(!pcibar_guard_install());
	lose();
	for (size_t i = 0; i < 2; i++) {
		unsigned int fds = unit_count_fds();

		inject_always(needs[i], ENFILE);
		if (!sigsetjmp(back, 1)) {
			touch_map();
			return unit_child_failed(__FILE__, __LINE__, "the touch raises SIGBUS");
		}
		CHILD_CHECK(addr_seen == pcibar_map_addr(map));
		CHILD_CHECK(!pcibar_map_is_lost(map));
		CHILD_CHECK(unit_count_fds() == fds);
		inject_reset();
	}
	CHILD_CHECK(calls == 2);
	CHILD_CHECK(touch_map() == 0xff);
	CHILD_CHECK(calls == 2 && pcibar_map_is_lost(map));
	return 0;
}

static void without_means_a_fault_is_one_elsewhere(void **state)
{
	(void)state;
	assert_int_equal(unit_in_child(lack_what_it_needs, NULL), 0);
}

/* SIGXFSZ, which a file above the limit raises, would end the child. */
static int lose_with_small_files(void *data)
{
	static const rlim_t limits[] = { 4096, 3 * 4096 + 1, LEN };
	struct rlimit limit;

	(void)data;
	set_handler(NULL, own_siginfo);
	CHILD_CHECK(!pcibar_guard_install());
	CHILD_CHECK(!getrlimit(RLIMIT_FSIZE, &limit));
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const volatile unsigned char *bytes = (volatile void *)pcibar_map_addr(map);

		limit.rlim_cur = limits[i];
		lose();
		CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
		CHILD_CHECK(touch_map() == 0xff && pcibar_map_is_lost(map) && !calls);
		for (size_t at = 0; at < LEN; at++)
			CHILD_CHECK(bytes[at] == 0xff);
		limit.rlim_cur = limit.rlim_max;
		CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
		CHILD_CHECK(!ftruncate(fake->bar[0].fd, LEN));
		pcibar_map_release(map);
		map_bar();
	}

	limit.rlim_cur = 4095;
	lose();
	CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
	if (!sigsetjmp(back, 1))
		touch_map();
	CHILD_CHECK(calls == 1 && !pcibar_map_is_lost(map));
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_FSIZE, &limit);
}

static void a_limit_on_files_is_kept(void **state)
{
	(void)state;
	assert_int_equal(unit_in_child(lose_with_small_files, NULL), 0);
}

/* Without room for all pieces the window is lost all the same, and a later fault continues. */
static int run_out_of_mappings(void *data)
{
	const volatile unsigned char *bytes = (volatile void *)pcibar_map_addr(map);
	struct rlimit limit;

	(void)data;
	set_handler(NULL, own_siginfo);
	CHILD_CHECK(!pcibar_guard_install());
	CHILD_CHECK(!getrlimit(RLIMIT_FSIZE, &limit));
	limit.rlim_cur = 4096;
	lose();
	CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));

	/* The file of ones, the first page, the second. */
	inject(INJECT_MMAP, 3, ENOMEM);
	if (!sigsetjmp(back, 1))
		(void)bytes[LEN - 1];
	CHILD_CHECK(calls == 1 && inject_happened(INJECT_MMAP));
	CHILD_CHECK(pcibar_map_is_lost(map) && bytes[0] == 0xff && calls == 1);
	CHILD_CHECK(bytes[LEN - 1] == 0xff && calls == 1);
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_FSIZE, &limit);
}

static void half_a_replacement_is_a_loss(void **state)
{
	(void)state;
	assert_int_equal(unit_in_child(run_out_of_mappings, NULL), 0);
}

static int finish_what_the_parent_began(void *data)
{
	(void)data;
	CHILD_CHECK(pcibar_map_is_lost(map));
	CHILD_CHECK(touch_map() == 0xff);
	CHILD_CHECK(atomic_load(&map->slot->state) == PCIBAR_GUARD_LOST);
	return 0;
}

/* The thread that is at it does not exist in the child, which must not wait for it. */
static void a_fork_during_a_replacement(void **state)
{
	(void)state;
	assert_int_equal(pcibar_guard_install(), 0);
	lose();
	atomic_store(&map->slot->state, PCIBAR_GUARD_REPLACING);
	assert_int_equal(unit_in_child(finish_what_the_parent_began, NULL), 0);
	assert_int_equal(atomic_load(&map->slot->state), PCIBAR_GUARD_REPLACING);
	assert_int_equal(pcibar_guard_remove(), 0);
}

static int touch_what_was_a_map(void *data)
{
	volatile char *old = pcibar_map_addr(map);
	int fd = memfd_create("after", MFD_CLOEXEC);

	(void)data;
	set_handler(NULL, own_siginfo);
	CHILD_CHECK(!pcibar_guard_install());
	pcibar_map_release(map);
	CHILD_CHECK(mmap((void *)(uintptr_t)old, LEN, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    old);
	if (!sigsetjmp(back, 1))
		(void)*old;
	CHILD_CHECK(calls == 1 && addr_seen == old);
	return 0;
}

static void a_released_map_is_forgotten(void **state)
{
	(void)state;
	assert_int_equal(unit_in_child(touch_what_was_a_map, NULL), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CHAIN_TEST(a_fault_elsewhere_reaches_the_programs_handler),
		CHAIN_TEST(a_fault_without_a_handler_ends_the_program),
		CHAIN_TEST(a_sent_signal_is_passed_on),
		CHAIN_TEST(a_program_that_owns_the_signal_can_ask),
		CHAIN_TEST(a_fault_that_is_no_loss_is_passed_on),
		CHAIN_TEST(a_loss_that_spares_the_end_is_a_loss),
		CHAIN_TEST(the_handler_asks_for_no_page_size),
		CHAIN_TEST(a_thread_that_waits_for_another_sleeps),
		CHAIN_TEST(installations_are_counted),
		CHAIN_TEST(installations_do_not_overflow),
		CHAIN_TEST(a_later_handler_decides),
		CHAIN_TEST(an_earlier_handler_keeps_its_mask),
		CHAIN_TEST(a_later_handler_is_left_alone),
		CHAIN_TEST(without_means_a_fault_is_one_elsewhere),
		CHAIN_TEST(a_limit_on_files_is_kept),
		CHAIN_TEST(half_a_replacement_is_a_loss),
		CHAIN_TEST(a_fork_during_a_replacement),
		CHAIN_TEST(a_released_map_is_forgotten),
	};
	const char *obstacle = unit_fault_obstacle();

	if (obstacle)
		return unit_skip_all(obstacle);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
