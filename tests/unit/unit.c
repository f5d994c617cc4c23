// SPDX-License-Identifier: BSD-2-Clause
/* What the unit tests share. */
#include "unit.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-backend.h"
#include "inject.h"
#include "must.h"
#include "fake-devpci.h"

#define CHILD_SECONDS	60	/* enough under valgrind; a child that hangs is killed */
#define TAIL		8
#define TAIL_MAX	4096	/* what a later version may add */

static unsigned int fds_before;

unsigned int unit_count_fds(void)
{
	unsigned int count = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

bool unit_is_readable(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	assert_true(poll(&poller, 1, 0) >= 0);
	return poller.revents & POLLIN;
}

/* Mappings of resource files and of the fake back end's BARs. */
static unsigned int count_bar_maps(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int count = 0;
	char line[PATH_MAX + 128];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		count += strstr(line, "fake-bar") || strstr(line, "/resource");
	fclose(maps);
	return count;
}

int unit_setup(void **state)
{
	(void)state;
	inject_reset();
	node_reset();
	fake_reset();
	fds_before = unit_count_fds();
	return 0;
}

int unit_teardown(void **state)
{
	(void)state;
	inject_reset();
	node_reset();
	assert_int_equal(fake_reset(), 0);
	assert_int_equal(pcibar_guard_remove(), -EINVAL);
	assert_int_equal(unit_count_fds(), fds_before);
	assert_int_equal(count_bar_maps(), 0);
	return 0;
}

bool unit_under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "valgrind");
}

static sigjmp_buf after_fault;
static const char *volatile fault_addr;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	fault_addr = info->si_addr;
	siglongjmp(after_fault, 1);
}

const char *unit_fault_obstacle(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, old;
	size_t len = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("empty", MFD_CLOEXEC);
	const volatile char *page;
	bool right;

	MUST(fd >= 0);
	page = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	MUST(page != MAP_FAILED);
	close(fd);
	MUST(!sigaction(SIGBUS, &action, &old));
	if (!sigsetjmp(after_fault, 1))
		(void)*page;
	MUST(!sigaction(SIGBUS, &old, NULL));

	right = fault_addr == page;
	MUST(!munmap((void *)(uintptr_t)page, len));
	return right ? NULL : "SIGBUS has a wrong address, as in qemu-user of big-endian CPUs";
}

bool unit_can_map(uint64_t len)
{
	int fd = memfd_create("large", MFD_CLOEXEC);
	void *addr;

	MUST(fd >= 0);
	MUST(!ftruncate(fd, (off_t)len));
	addr = mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return addr != MAP_FAILED && !munmap(addr, (size_t)len);
}

int unit_skip_all(const char *reason)
{
	printf("1..1\nok 1 - all # SKIP %s\n", reason);
	return 0;
}

int unit_in_child(int (*fn)(void *data), void *data)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(CHILD_SECONDS);
		_exit(fn(data));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

int unit_child_failed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: in the child: not true: %s\n", file, line, condition);
	return 1;
}

static bool may_have_no_remedy(const struct pcibar_reason *reason)
{
	switch (reason->code) {
	case PCIBAR_REASON_DENIED:
	case PCIBAR_REASON_SYSTEM:
	case PCIBAR_REASON_NO_BACKEND:
		return true;
	default:
		return false;
	}
}

static bool is_clause(const char *text, size_t room)
{
	size_t len = strnlen(text, room);

	if (!len || len == room || text[len - 1] == '\n')
		return false;
	return text[len - 1] != '.' || (len > 3 && !strcmp(text + len - 4, " ..."));
}

void unit_assert_refused(const struct pcibar_refusal *why, uint32_t code, int error,
			 const char *file, int line)
{
	_assert_in_range(why->count, 1, PCIBAR_REASONS_MAX, file, line);
	_assert_int_equal(why->reasons[0].code, code, file, line);
	_assert_int_equal(cast_to_largest_integral_type(why->reasons[0].error),
			  cast_to_largest_integral_type(error), file, line);
	for (uint32_t i = 0; i < why->count; i++) {
		const struct pcibar_reason *reason = &why->reasons[i];

		_assert_true(reason->error < 0, "reason->error < 0", file, line);
		_assert_int_equal(reason->reserved, 0, file, line);
		_assert_true(is_clause(reason->what, sizeof(reason->what)),
			     reason->what, file, line);
		_assert_true(is_clause(reason->remedy, sizeof(reason->remedy)) ||
			     (!*reason->remedy && may_have_no_remedy(reason)),
			     reason->what, file, line);
	}
}

const struct pcibar_reason *unit_find_reason(const struct pcibar_refusal *why, uint32_t code)
{
	for (uint32_t i = 0; i < why->count; i++)
		if (why->reasons[i].code == code)
			return &why->reasons[i];
	return NULL;
}

struct pcibar_device *unit_open(const char *selector, uint32_t flags)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .flags = flags, .backend = FAKE_BACKEND, .why = &why,
	};
	struct pcibar_device *dev = NULL;

	if (pcibar_device_open(selector, &opts, &dev))
		fail_msg("%s: %s", selector, why.reasons[0].what);
	return dev;
}

/* With this size and zeros after what is known */
static int call_sized(const void *arg, size_t len, uint32_t size, unsigned char *copy,
		      int (*fn)(void *arg, void *data), void *data)
{
	memcpy(copy, arg, len);
	memset(copy + len, 0, TAIL_MAX + 1);
	memcpy(copy, &size, sizeof(size));
	return fn(copy, data);
}

void unit_check_sizes(const void *arg, size_t len, int (*fn)(void *arg, void *data), void *data)
{
	uint32_t sizes[] = { 0, (uint32_t)len - 1 }, larger = (uint32_t)len + TAIL;
	unsigned char *copy = malloc(len + TAIL_MAX + 1);

	assert_non_null(copy);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		memcpy(copy, arg, len);
		memcpy(copy, &sizes[i], sizeof(*sizes));
		assert_int_equal(fn(copy, data), -EINVAL);
	}
	for (size_t i = 0; i < TAIL; i++) {
		memcpy(copy, arg, len);
		memset(copy + len, 0, TAIL);
		memcpy(copy, &larger, sizeof(larger));
		copy[len + i] = 1;
		assert_int_equal(fn(copy, data), -E2BIG);
	}
	copy[len + TAIL - 1] = 0;
	assert_int_equal(fn(copy, data), 0);
	assert_memory_equal(copy, &larger, sizeof(larger));

	/* Garbage as a size must not have the library search gigabytes for a byte that is set. */
	larger = (uint32_t)len + TAIL_MAX;
	assert_int_equal(call_sized(arg, len, larger, copy, fn, data), 0);
	assert_int_equal(call_sized(arg, len, larger + 1, copy, fn, data), -E2BIG);
	assert_int_equal(call_sized(arg, len, UINT32_MAX, copy, fn, data), -E2BIG);
	free(copy);
}

static int call_with_refusal(uint32_t size, uint32_t reason_size, uint32_t reserved,
			     int (*fn)(void *arg, void *data), void *data)
{
	struct pcibar_refusal *why = calloc(1, sizeof(*why) + TAIL_MAX + 1);
	int ret;

	assert_non_null(why);
	why->size = size;
	why->reason_size = reason_size;
	why->reserved = reserved;
	ret = fn(why, data);
	assert_int_equal(why->size, size);
	assert_int_equal(why->reason_size, reason_size);
	free(why);
	return ret;
}

void unit_check_refusal_sizes(int (*fn)(void *arg, void *data), void *data)
{
	const uint32_t size = sizeof(struct pcibar_refusal), reason = sizeof(struct pcibar_reason);
	const struct {
		uint32_t size, reason_size, reserved;
		int error;
	} cases[] = {
		{ 0, reason, 0, -EINVAL },
		{ size - 1, reason, 0, -EINVAL },
		{ size, 0, 0, -EINVAL },
		{ size, reason - 4, 0, -EINVAL },
		{ size, reason + 1, 0, -EINVAL },
		{ size, size, 0, -EINVAL },
		{ size, UINT32_MAX - 3, 0, -EINVAL },
		{ size, reason, 1, -EINVAL },
		{ size, reason + 4, 0, 0 },
		{ size + TAIL_MAX, reason + 8, 0, 0 },
		{ size + TAIL_MAX + 1, reason, 0, -E2BIG },
		{ UINT32_MAX, reason, 0, -E2BIG },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(call_with_refusal(cases[i].size, cases[i].reason_size,
						   cases[i].reserved, fn, data), cases[i].error);
}
