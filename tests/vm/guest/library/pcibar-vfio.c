// SPDX-License-Identifier: BSD-2-Clause
/*
 * pcibar-vfio both A B | again A | fork A | events A | guard A: uses edu devices A and B
 * through the back end vfio in one process, and prints "ok" if all is as it should be.
 * pcibar-vfio calls A BAR: the same for the system calls of a map.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>
#include <pcibar/pcibar.h>

#define ID		0x00u
#define LIVENESS	0x04u	/* reads as the complement of what was written */
#define MARK		0x12345678u

#define COMMAND		4	/* in configuration space */

static void check(bool good, const char *what)
{
	if (good)
		return;
	printf("not as it should be: %s\n", what);
	exit(1);
}

static struct pcibar_device *open_it(const char *address)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_OPEN_WRITE, .why = &why,
	};
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pcibar_device *dev = NULL;

	check(!pcibar_device_open(address, &opts, &dev), why.reasons[0].what);
	check(!pcibar_device_get_info(dev, &info) && info.backend == PCIBAR_BACKEND_VFIO,
	      "the back end");
	return dev;
}

static int try_map(struct pcibar_device *dev, uint32_t flags, struct pcibar_map **mapp)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = flags };

	return pcibar_bar_map(dev, 0, &opts, mapp);
}

static struct pcibar_map *map(struct pcibar_device *dev)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_map_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_MAP_WRITE, .why = &why,
	};
	struct pcibar_map *map = NULL;

	check(!pcibar_bar_map(dev, 0, &opts, &map), why.reasons[0].what);
	return map;
}

static void works(struct pcibar_map *map, const char *what)
{
	uint64_t val = 0;

	check(!pcibar_map_write(map, LIVENESS, 4, MARK) &&
	      !pcibar_map_read(map, LIVENESS, 4, &val) && val == (uint32_t)~MARK, what);
}

/* Two functions of one group, which end in the other order */
static void both(char **argv)
{
	struct pcibar_device *a = open_it(argv[0]), *b = open_it(argv[1]);
	struct pcibar_map *first = map(a), *second = map(b);

	works(first, "the first function");
	works(second, "the second function");
	pcibar_map_release(first);
	pcibar_device_close(a);
	works(second, "the second function without the first");

	a = open_it(argv[0]);
	first = map(a);
	works(first, "the first function again");
	pcibar_map_release(second);
	pcibar_device_close(b);
	works(first, "the first function without the second");
	pcibar_map_release(first);
	pcibar_device_close(a);
}

/* Two handles of one function share what VFIO opens once, and one map may be exclusive. */
static void again(char **argv)
{
	struct pcibar_device *a = open_it(argv[0]), *b = open_it(argv[0]);
	struct pcibar_map *first = map(a), *second = map(b), *third;

	works(first, "the first handle");
	check(try_map(b, PCIBAR_MAP_EXCLUSIVE, &third) == -EBUSY, "exclusive beside another");
	pcibar_map_release(first);
	pcibar_device_close(a);
	works(second, "the second handle without the first");
	pcibar_map_release(second);
	check(!try_map(b, PCIBAR_MAP_EXCLUSIVE, &first), "exclusive alone");
	check(try_map(b, 0, &third) == -EBUSY, "beside an exclusive one");
	pcibar_map_release(first);
	pcibar_device_close(b);
}

/* The child keeps what it inherits and can open the function itself. */
static void forked(char **argv)
{
	struct pcibar_device *dev = open_it(argv[0]);
	struct pcibar_map *mine = map(dev);
	int status = 0;
	pid_t child;

	works(mine, "before the fork");
	child = fork();
	check(child >= 0, "fork");
	if (!child) {
		struct pcibar_device *own = open_it(argv[0]);
		struct pcibar_map *other = map(own);

		works(other, "in the child");
		pcibar_map_release(other);
		pcibar_device_close(own);
		exit(0);
	}
	check(waitpid(child, &status, 0) == child && !status, "the child");
	works(mine, "after the child");
	pcibar_map_release(mine);
	pcibar_device_close(dev);
}

/* Says "ready" and waits for the request to give the function back, which it honours. */
static void events(char **argv)
{
	struct pcibar_event event = { .size = sizeof(event) };
	struct pcibar_device *dev = open_it(argv[0]);
	struct pollfd poller = { .fd = pcibar_device_get_event_fd(dev), .events = POLLIN };
	struct pcibar_map *mine;

	check(poller.fd >= 0 && !poll(&poller, 1, 0), "events before there are any");
	mine = map(dev);
	check(pcibar_device_read_event(dev, &event) == -EAGAIN, "no event");
	puts("ready");
	fflush(stdout);
	check(poll(&poller, 1, 60000) == 1 && !pcibar_device_read_event(dev, &event) &&
	      event.type == PCIBAR_EVENT_GIVE_BACK, "the request");
	works(mine, "after the request");
	check(!pcibar_device_is_gone(dev), "gone");
	pcibar_map_release(mine);
	pcibar_device_close(dev);
}

/* VFIO has accesses fault while the function does not decode: the map is lost, for good. */
static void guarded(char **argv)
{
	struct pcibar_device *dev = open_it(argv[0]);
	struct pcibar_map *lost = map(dev), *next;
	uint16_t command = 0;
	uint64_t val;

	check(!pcibar_guard_install(), "the guard");
	works(lost, "before the loss");
	check(!pcibar_config_read16(dev, COMMAND, &command) &&
	      !pcibar_config_write16(dev, COMMAND, 0), "decoding off");
	check(pcibar_map_read(lost, ID, 4, &val) == -ENODEV && pcibar_map_is_lost(lost),
	      "the loss");
	check(!pcibar_config_write16(dev, COMMAND, command), "decoding on");
	check(pcibar_map_read(lost, ID, 4, &val) == -ENODEV, "a lost map");
	next = map(dev);
	works(next, "the next map");
	pcibar_map_release(next);
	pcibar_map_release(lost);
	pcibar_device_close(dev);
}

#define MARKER	SYS_getppid	/* which the library does not call */

/* A map that is not the first, a touch and the end of it, between markers */
static void be_traced(const char *address, unsigned int bar)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = PCIBAR_MAP_WRITE };
	struct pcibar_device *dev = open_it(address);
	struct pcibar_map *mine = NULL;

	check(!ptrace(PTRACE_TRACEME, 0, NULL, NULL) && !raise(SIGSTOP), "tracing");
	for (int i = 0; i < 2; i++) {
		syscall(MARKER);
		check(!pcibar_bar_map(dev, bar, &opts, &mine), "the map");
		syscall(MARKER);
		(void)*(volatile uint32_t *)pcibar_map_addr(mine);
		syscall(MARKER);
		pcibar_map_release(mine);
		syscall(MARKER);
	}
	exit(0);
}

/* Number of the next system call that the child makes, or -1 when it has ended */
static long next_call(pid_t child)
{
	struct ptrace_syscall_info info = { 0 };
	int status;

	do {
		check(!ptrace(PTRACE_SYSCALL, child, NULL, NULL) &&
		      waitpid(child, &status, 0) == child, "a stop");
		if (WIFEXITED(status))
			return WEXITSTATUS(status) ? -2 : -1;
		check(ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) > 0, "a call");
	} while (info.op != PTRACE_SYSCALL_INFO_ENTRY);
	return (long)info.entry.nr;
}

/* A read sees whether the function responds and decodes; all else is what mmap() takes. */
static void calls(char **argv)
{
	static const long wanted[] = {
		SYS_pread64, SYS_mmap, MARKER, MARKER, SYS_munmap, MARKER,
	};
	pid_t child = fork();
	int status;
	long nr;

	check(child >= 0, "fork");
	if (!child)
		be_traced(argv[0], (unsigned int)atoi(argv[1]));

	check(waitpid(child, &status, 0) == child && WIFSTOPPED(status) &&
	      !ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD), "the child");
	for (int markers = 0; markers < 5;) {
		nr = next_call(child);
		check(nr >= 0, "the first map");
		markers += nr == MARKER;
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		nr = next_call(child);
		if (nr != wanted[i])
			printf("call %zu is number %ld\n", i, nr);
		check(nr == wanted[i], "the calls of a map");
	}
	while ((nr = next_call(child)) >= 0)
		;
	check(nr == -1, "the end");
}

static const struct {
	const char *name;
	int operands;
	void (*run)(char **argv);
} tests[] = {
	{ "both", 2, both }, { "again", 1, again }, { "fork", 1, forked }, { "events", 1, events },
	{ "guard", 1, guarded }, { "calls", 2, calls },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (strcmp(argv[1], tests[i].name) || argc != 2 + tests[i].operands)
			continue;
		tests[i].run(argv + 2);
		puts("ok");
		return 0;
	}
	return 2;
}
