// SPDX-License-Identifier: BSD-2-Clause
/* A program with handlers of fork() that use the library, registered before its first map. */
#include "unit.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-backend.h"

#define LEN	0x4000
#define SECONDS	10	/* a deadlock ends by SIGALRM, in the child of fork() as well */

static struct pcibar_device *dev;
static bool active;
static int prepared, in_parent, in_child;	/* 1: worked, negative: failed */

static int setup(void **state)
{
	int ret = unit_setup(state);

	fake_add_bar(fake_add("0000:03:00.0"), 0, PCIBAR_BAR_KIND_MEM32, 0xfd000000, LEN);
	dev = unit_open("0000:03:00.0", PCIBAR_OPEN_WRITE);
	return ret;
}

static int teardown(void **state)
{
	pcibar_device_close(dev);
	return unit_teardown(state);
}

static int use_the_library(void)
{
	struct pcibar_map *map;
	int ret = pcibar_guard_install();

	if (!ret)
		ret = pcibar_guard_remove();
	if (!ret)
		ret = pcibar_bar_map(dev, 0, NULL, &map);
	if (!ret)
		pcibar_map_release(map);
	return ret ? ret : 1;
}

static void prepare(void)
{
	if (active)
		prepared = use_the_library();
}

static void parent(void)
{
	if (active)
		in_parent = use_the_library();
}

static void child(void)
{
	if (!active)
		return;
	alarm(SECONDS);
	in_child = use_the_library();
}

static int fork_with_handlers(void *data)
{
	int status;
	pid_t pid;

	(void)data;
	active = true;
	pid = fork();
	CHILD_CHECK(pid >= 0);
	if (!pid)
		_exit(in_child == 1 ? 0 : 1);
	CHILD_CHECK(prepared == 1 && in_parent == 1);
	CHILD_CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

static void handlers_of_fork_may_use_the_library(void **state)
{
	struct pcibar_map *map;

	(void)state;
	assert_int_equal(pcibar_bar_map(dev, 0, NULL, &map), 0);
	assert_int_equal(unit_in_child(fork_with_handlers, NULL), 0);
	pcibar_map_release(map);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(handlers_of_fork_may_use_the_library, setup,
						teardown),
	};

	if (pthread_atfork(prepare, parent, child))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
