// SPDX-License-Identifier: BSD-2-Clause
/* Processes side by side on one function of the sysfs back end. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"
#include "fake-sysfs.h"

#define FUNCTION	"0000:03:00.0"
#define IO		PCIBAR_DECODE_IO
#define MEM		PCIBAR_DECODE_MEM
#define MASTER		PCIBAR_BUS_MASTER
#define OTHERS		0x0540u		/* INTx off, SERR#, parity: not to be touched */
#define TOGGLES		10000
#define FEWER		5	/* of the repetitions under valgrind, where a process takes long */
#define WORKER_SECONDS	60	/* enough under valgrind; one that hangs is killed */

static struct tree tree;
static unsigned int warnings;

static void set_command(uint32_t val)
{
	unsigned char bytes[] = { (unsigned char)val, (unsigned char)(val >> 8) };

	tree_poke(&tree, FUNCTION, "config", PCIR_COMMAND, bytes, sizeof(bytes));
}

static uint32_t command(void)
{
	unsigned char bytes[2];

	tree_peek(&tree, FUNCTION, "config", PCIR_COMMAND, bytes, sizeof(bytes));
	return bytes[0] | (uint32_t)bytes[1] << 8;
}

static int setup(void **state)
{
	int ret = unit_setup(state);

	tree_create(&tree);
	tree_add(&tree, FUNCTION);
	tree_bar(&tree, FUNCTION, 0, 0xfd000000, 0x1000, TREE_MEM32);
	tree_bar(&tree, FUNCTION, 4, 0xc000, 0x20, TREE_IO);
	set_command(OTHERS);
	warnings = 0;
	return ret;
}

static int teardown(void **state)
{
	tree_remove(&tree);
	return unit_teardown(state);
}

#define HOLD_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void count_warnings(void *data, int level, const char *msg)
{
	(void)data;
	(void)msg;
	warnings += level <= PCIBAR_LOG_WARNING;
}

static struct pcibar_device *open_function(void)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .backend = PCIBAR_BACKEND_SYSFS, .flags = PCIBAR_OPEN_WRITE,
		.sysfs_root = tree.root, .log = count_warnings,
	};
	struct pcibar_device *dev = NULL;

	return pcibar_device_open(FUNCTION, &opts, &dev) ? NULL : dev;
}

static struct pcibar_map *activate(struct pcibar_device *dev, uint32_t bit)
{
	struct pcibar_map_opts opts = {
		.size = sizeof(opts),
		.flags = PCIBAR_MAP_ACTIVATE | (bit == IO ? PCIBAR_MAP_INDIRECT : 0),
	};
	struct pcibar_map *map = NULL;

	return pcibar_bar_map(dev, bit == IO ? 4 : 0, &opts, &map) ? NULL : map;
}

/* A process that has the BAR active from worker_begin() until its end. */
struct worker {
	pid_t pid;
	int fd;
};

/* One byte says that it is active; the other end's closing asks it to end. */
static int work(int fd, uint32_t bit)
{
	struct pcibar_device *dev = open_function();
	struct pcibar_map *map = dev ? activate(dev, bit) : NULL;
	char byte = 0;

	if (!map || write(fd, &byte, 1) != 1 || read(fd, &byte, 1))
		return 1;
	pcibar_map_release(map);
	pcibar_device_close(dev);
	return 0;
}

static void worker_begin(struct worker *worker, uint32_t bit)
{
	int fds[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	worker->pid = fork();
	assert_true(worker->pid >= 0);
	if (!worker->pid) {
		alarm(WORKER_SECONDS);
		close(fds[0]);
		_exit(work(fds[1], bit));
	}
	close(fds[1]);
	worker->fd = fds[0];
	assert_int_equal(read(worker->fd, &byte, 1), 1);
}

/* shutdown(), because later workers have a copy of the descriptor. */
static void worker_end(struct worker *worker, bool killed)
{
	int status;

	if (killed)
		kill(worker->pid, SIGKILL);
	else
		shutdown(worker->fd, SHUT_RDWR);
	assert_int_equal(waitpid(worker->pid, &status, 0), worker->pid);
	assert_int_equal(status, killed ? SIGKILL : 0);
	close(worker->fd);
}

/* Decoding is on while one holds it, and as before after the last, if that was not killed. */
struct model {
	bool on, owed;
	unsigned int holders;
};

static void model_begin(struct model *model)
{
	model->owed |= !model->on;
	model->on = true;
	model->holders++;
}

static void model_end(struct model *model, bool killed)
{
	if (--model->holders)
		return;
	if (model->owed && !killed)
		model->on = false;
	model->owed = false;
}

static void run_order(const char *order, unsigned int killed, uint32_t bit, bool on)
{
	struct model model = { .on = on };
	struct worker workers[3];

	set_command(OTHERS | (on ? bit : 0));
	for (const char *step = order; *step; step++) {
		unsigned int i = (unsigned int)(*step | 0x20) - 'a';
		bool kills = killed >> i & 1;

		if (*step >= 'a') {
			worker_end(&workers[i], kills);
			model_end(&model, kills);
		} else {
			worker_begin(&workers[i], bit);
			model_begin(&model);
		}
		if (command() != (OTHERS | (model.on ? bit : 0)))
			fail_msg("%s, killed %u, was %s: wrong after %c", order, killed,
				 on ? "on" : "off", *step);
	}
}

/* A begins, a ends it. */
static void decoding_stays_on_until_the_last_ends(void **state)
{
	static const char *const orders[] = {
		"AaBb", "ABab", "ABba", "BAab", "BAba", "BbAa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		for (unsigned int killed = 0; killed < 4; killed++)
			for (unsigned int on = 0; on < 2; on++)
				run_order(orders[i], killed, MEM, on);
}

static void the_duty_is_handed_on(void **state)
{
	static const char *const orders[] = { "ABaCbc", "ABCabc", "ABbCac", "ABabCc" };

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		for (unsigned int killed = 0; killed < 8;
		     killed += unit_under_valgrind() ? FEWER : 1)
			run_order(orders[i], killed, IO, false);
}

static void memory_and_io_are_apart(void **state)
{
	struct worker io, mem;

	(void)state;
	worker_begin(&io, IO);
	worker_begin(&mem, MEM);
	assert_int_equal(command(), OTHERS | IO | MEM);
	worker_end(&io, false);
	assert_int_equal(command(), OTHERS | MEM);
	worker_end(&mem, false);
	assert_int_equal(command(), OTHERS);
}

static void two_handles_are_two_holders(void **state)
{
	struct pcibar_device *one = open_function(), *other = open_function();
	struct pcibar_map *first = activate(one, MEM), *second = activate(other, MEM);

	(void)state;
	pcibar_map_release(first);
	pcibar_device_close(one);
	assert_int_equal(command(), OTHERS | MEM);
	pcibar_map_release(second);
	assert_int_equal(command(), OTHERS);
	pcibar_device_close(other);
	assert_int_equal(warnings, 0);
}

static int toggle(uint32_t bit)
{
	unsigned int toggles = unit_under_valgrind() ? TOGGLES / FEWER : TOGGLES;
	struct pcibar_device *dev = open_function();
	uint32_t value = 0;

	CHILD_CHECK(dev);
	for (unsigned int i = 0; i < toggles; i++) {
		CHILD_CHECK(!pcibar_device_get_enable(dev, &value));
		CHILD_CHECK((value & bit) == (i % 2 ? bit : 0));
		CHILD_CHECK(!pcibar_device_set_enable(dev, bit, i % 2 ? 0 : bit, 0));
	}
	CHILD_CHECK(!warnings);
	pcibar_device_close(dev);
	return 0;
}

static void no_change_is_lost(void **state)
{
	int ret, status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (!pid) {
		alarm(WORKER_SECONDS);
		_exit(toggle(IO));
	}
	ret = toggle(MASTER);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(ret, 0);
	assert_int_equal(status, 0);
	assert_int_equal(command(), OTHERS);
}

static int lock(int fd, short type, off_t start, off_t len)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len,
	};

	return fcntl(fd, F_OFD_SETLK, &lock);
}

static int open_as_reader(void)
{
	char path[PATH_MAX + 64];
	int fd;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/" FUNCTION "/config", tree.root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* Everything works on as if there were no other process, with a warning. */
static void a_reader_cannot_block_a_user(void **state)
{
	struct pcibar_device *dev = open_function();
	int reader = open_as_reader();
	struct pcibar_map *map;

	(void)state;
	tree_unset(&tree, FUNCTION, "rescan");
	assert_int_equal(lock(reader, F_RDLCK, 0, 0), 0);
	map = activate(dev, MEM);
	assert_non_null(map);
	assert_int_equal(command(), OTHERS | MEM);
	assert_true(warnings);
	assert_int_equal(pcibar_device_set_enable(dev, MASTER, MASTER, PCIBAR_ENABLE_F_RESTORE), 0);
	pcibar_map_release(map);
	assert_int_equal(command(), OTHERS | MASTER);
	pcibar_device_close(dev);
	assert_int_equal(command(), OTHERS);
	close(reader);
}

/* The first to begin ends first: decoding stays on until the other ends, too. Closes both. */
static void hold_one_after_the_other(struct pcibar_device *one, struct pcibar_device *other)
{
	struct pcibar_map *first = activate(one, MEM), *second = activate(other, MEM);

	pcibar_map_release(first);
	assert_int_equal(command(), OTHERS | MEM);
	pcibar_map_release(second);
	assert_int_equal(command(), OTHERS);
	assert_int_equal(warnings, 0);
	pcibar_device_close(one);
	pcibar_device_close(other);
}

/* Read locks where holders lock: the next byte is as good, and none of them is a holder. */
static void a_reader_cannot_pass_for_a_holder(void **state)
{
	struct pcibar_device *one = open_function(), *other = open_function();
	struct flock held = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int reader = open_as_reader();
	struct pcibar_map *first;

	(void)state;
	first = activate(one, MEM);
	assert_int_equal(fcntl(reader, F_OFD_GETLK, &held), 0);
	assert_int_equal(held.l_type, F_WRLCK);
	pcibar_map_release(first);
	assert_int_equal(lock(reader, F_RDLCK, held.l_start, 16), 0);

	hold_one_after_the_other(one, other);
	close(reader);
}

/* A process that can open the other file as well has its locks there. */
static void a_reader_cannot_block_root(void **state)
{
	struct pcibar_device *one = open_function(), *other = open_function();
	int reader = open_as_reader();

	(void)state;
	assert_int_equal(lock(reader, F_RDLCK, (off_t)1 << 40, 0), 0);
	hold_one_after_the_other(one, other);
	close(reader);
}

/* One who was given `config` and one who is root. */
static void meets_those_with_fewer_rights(void **state)
{
	struct pcibar_device *one, *other;
	struct pcibar_map *first, *second;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		one = open_function();
		other = open_function();
		tree_unset(&tree, FUNCTION, "rescan");
		first = activate(i ? other : one, MEM);
		tree_set(&tree, FUNCTION, "rescan", "%s", "");
		second = activate(i ? one : other, MEM);
		pcibar_map_release(first);
		assert_int_equal(command(), OTHERS | MEM);
		pcibar_map_release(second);
		assert_int_equal(command(), OTHERS);
		pcibar_device_close(one);
		pcibar_device_close(other);
	}
	assert_int_equal(warnings, 0);
}

/* With a map of its own or without. */
static void restoring_waits_for_others(void **state)
{
	(void)state;
	for (unsigned int maps = 0; maps < 2; maps++) {
		struct pcibar_device *one = open_function(), *other = open_function();
		struct pcibar_map *first, *second;

		assert_int_equal(pcibar_device_set_enable(one, MEM, MEM,
							  PCIBAR_ENABLE_F_RESTORE), 0);
		first = maps ? activate(one, MEM) : NULL;
		second = activate(other, MEM);
		pcibar_device_close(one);
		assert_int_equal(command(), OTHERS | MEM);
		pcibar_map_release(first);
		assert_int_equal(command(), OTHERS | MEM);
		pcibar_map_release(second);
		assert_int_equal(command(), OTHERS);
		pcibar_device_close(other);
	}
}

/* What is turned on to be restored stays on when others end. */
static void others_wait_for_restoring(void **state)
{
	const uint32_t both = IO | MEM;
	struct pcibar_device *one = open_function(), *other = open_function();
	struct pcibar_map *map = activate(one, MEM);

	(void)state;
	assert_int_equal(pcibar_device_set_enable(other, both, both, PCIBAR_ENABLE_F_RESTORE), 0);
	pcibar_map_release(map);
	assert_int_equal(command(), OTHERS | both);
	map = activate(one, IO);
	pcibar_device_close(other);
	assert_int_equal(command(), OTHERS | IO);
	pcibar_map_release(map);
	assert_int_equal(command(), OTHERS);
	pcibar_device_close(one);
}

/* Later ones do not learn that it was off before. */
static void an_explicit_enable_stays_after_others(void **state)
{
	struct pcibar_device *one = open_function(), *other = open_function();
	struct pcibar_map *first = activate(one, MEM), *second;

	(void)state;
	assert_int_equal(pcibar_device_set_enable(one, MEM, MEM, 0), 0);
	second = activate(other, MEM);
	pcibar_map_release(first);
	pcibar_map_release(second);
	assert_int_equal(command(), OTHERS | MEM);
	pcibar_device_close(one);
	pcibar_device_close(other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		HOLD_TEST(decoding_stays_on_until_the_last_ends),
		HOLD_TEST(the_duty_is_handed_on),
		HOLD_TEST(memory_and_io_are_apart),
		HOLD_TEST(two_handles_are_two_holders),
		HOLD_TEST(no_change_is_lost),
		HOLD_TEST(a_reader_cannot_block_a_user),
		HOLD_TEST(a_reader_cannot_pass_for_a_holder),
		HOLD_TEST(a_reader_cannot_block_root),
		HOLD_TEST(meets_those_with_fewer_rights),
		HOLD_TEST(restoring_waits_for_others),
		HOLD_TEST(others_wait_for_restoring),
		HOLD_TEST(an_explicit_enable_stays_after_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
