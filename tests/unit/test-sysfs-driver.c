// SPDX-License-Identifier: BSD-2-Clause
/* Binding functions to drivers, in a tree with a fake kernel. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pcibar/driver.h>

#include "fake-sysfs.h"
#include "inject.h"
#include "must.h"

#define FIRST		"0000:03:00.0"
#define SECOND		"0000:03:00.1"
#define BRIDGE		"0000:02:00.0"
#define GROUP		"iommu_group/devices"
#define PATH_LEN	(PATH_MAX + 128)

static struct tree tree;
static char state[PATH_LEN], gate[PATH_LEN];
static char warning[256];
static const char *vanishing;	/* a function that the kernel removes during the first change */

/* Everything a fake kernel has to know of a path: the last two parts */
static const char *last_parts(const char *path, char driver[64])
{
	const char *file = strrchr(path, '/'), *folder = file;

	while (folder > path && folder[-1] != '/')
		folder--;
	snprintf(driver, 64, "%.*s", (int)(file - folder), folder);
	return file + 1;
}

static void read_override(const char *address, char line[64])
{
	size_t n;

	memset(line, 0, 64);
	tree_peek(&tree, address, "driver_override", 0, line, 8);
	n = strcspn(line, "\n");
	line[n] = '\0';
}

static int bind_driver(const char *driver, const char *address)
{
	char override[64];

	read_override(address, override);
	if (strcmp(override, driver))
		return ENODEV;
	if (!strcmp(driver, "refuses") ||
	    (!strcmp(driver, "picky") && strcmp(address, FIRST)))
		return EINVAL;

	tree_driver(&tree, address, driver);
	return 0;
}

/* Waits until the test has opened the gate, and closed it again. */
static void pass_gate(void)
{
	int fd = open(gate, O_RDONLY);
	char byte;

	MUST(fd >= 0 && !read(fd, &byte, 1));
	close(fd);
}

static bool maps_a_bar(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_LEN];
	bool found = false;

	MUST(maps);
	while (!found && fgets(line, sizeof(line), maps))
		found = strstr(line, "/resource0\n");
	fclose(maps);
	return found;
}

/*
 * What the kernel does when a file is written to. The driver "held" is released at the
 * gate; "nvme" is what the kernel chooses.
 */
static int kernel(const char *path, const char *text)
{
	char driver[64], override[64], line[65];
	const char *file = last_parts(path, driver);

	if (!strcmp(file, "driver_override")) {
		if (maps_a_bar())
			tree_set(&tree, NULL, "child-has-map", "%s", "");
		if (vanishing)
			tree_drop(&tree, vanishing);
		vanishing = NULL;
		snprintf(line, sizeof(line), "%-7.*s", (int)strcspn(text, "\n"), text);
		for (char *c = line; *c; c++)
			*c = *c == ' ' ? '\n' : *c;
		tree_set(&tree, driver, file, "%s\n", line);
	} else if (!strcmp(file, "unbind")) {
		if (!strcmp(driver, "held"))
			pass_gate();
		tree_driver(&tree, text, NULL);
	} else if (!strcmp(file, "bind")) {
		return bind_driver(driver, text);
	} else if (!strcmp(file, "drivers_probe")) {
		read_override(text, override);
		tree_driver(&tree, text, *override ? override : "nvme");
	} else {
		return -1;
	}
	return 0;
}

static void add(const char *address, const char *driver)
{
	tree_add(&tree, address);
	tree_set(&tree, address, "driver_override", "(null)\n\n");
	if (driver)
		tree_driver(&tree, address, driver);
}

static void add_driver(const char *driver)
{
	char file[PATH_LEN];

	snprintf(file, sizeof(file), "bus/pci/drivers/%s/bind", driver);
	tree_set(&tree, NULL, file, "%s", "");
	snprintf(file, sizeof(file), "bus/pci/drivers/%s/unbind", driver);
	tree_set(&tree, NULL, file, "%s", "");
}

/* The functions of one group */
static void make_group(void)
{
	static const char *const members[] = { FIRST, SECOND, BRIDGE };
	char path[PATH_LEN], target[PATH_LEN];

	tree_set(&tree, NULL, "kernel/iommu_groups/7/devices/ignored", "%s", "");
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/kernel/iommu_groups/7/devices/%s", tree.root,
			 members[i]);
		snprintf(target, sizeof(target), "%s/bus/pci/devices/%s", tree.root, members[i]);
		MUST(!symlink(target, path));
		snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/iommu_group", tree.root,
			 members[i]);
		MUST(!symlink("../../../kernel/iommu_groups/7", path));
	}
}

static int setup(void **unused)
{
	static const char *const drivers[] = {
		"nvme", "vfio-pc", "pciio", "refuses", "picky", "held",
	};
	int ret = unit_setup(unused);

	tree_create(&tree);

	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++)
		add_driver(drivers[i]);
	tree_set(&tree, NULL, "bus/pci/drivers_probe", "%s", "");

	add(FIRST, "nvme");
	add(SECOND, NULL);
	add(BRIDGE, "held");
	tree_set(&tree, BRIDGE, "secondary_bus_number", "3\n");
	tree_set(&tree, BRIDGE, "class", "0x060400\n");
	snprintf(state, sizeof(state), "%s/state", tree.root);
	snprintf(gate, sizeof(gate), "%s/gate", tree.root);
	MUST(!mkfifo(gate, 0600));
	inject_write_hook(kernel);
	*warning = '\0';
	vanishing = NULL;
	return ret;
}

static int teardown(void **unused)
{
	tree_remove(&tree);
	return unit_teardown(unused);
}

#define DRIVER_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void keep_warning(void *data, int level, const char *msg)
{
	(void)data;
	if (level == PCIBAR_LOG_WARNING)
		snprintf(warning, sizeof(warning), "%s", msg);
}

static struct pcibar_device *open_function(const char *address, uint32_t flags)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .backend = PCIBAR_BACKEND_SYSFS, .flags = flags,
		.sysfs_root = tree.root, .log = keep_warning,
	};
	struct pcibar_device *dev = NULL;

	MUST(!pcibar_device_open(address, &opts, &dev));
	return dev;
}

static struct pcibar_refusal why;

static int bind_with(const char *address, const char *driver, uint32_t flags, uint32_t timeout_ms)
{
	struct pcibar_device *dev = open_function(address, PCIBAR_OPEN_WRITE);
	struct pcibar_bind_opts opts = {
		.size = sizeof(opts), .flags = flags, .timeout_ms = timeout_ms, .driver = driver,
		.state_dir = state, .why = &why,
	};
	int ret;

	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	ret = pcibar_device_bind(dev, &opts);
	pcibar_device_close(dev);
	return ret;
}

static int bind_to(const char *driver)
{
	return bind_with(FIRST, driver, 0, 0);
}

static void assert_has(const char *address, const char *driver, const char *override)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pcibar_device *dev = open_function(address, 0);
	char line[64];

	assert_int_equal(pcibar_device_get_info(dev, &info), 0);
	assert_string_equal(info.driver, driver);
	pcibar_device_close(dev);
	read_override(address, line);
	assert_string_equal(strcmp(line, "(null)") ? line : "", override);
}

static bool is_remembered(const char *address)
{
	char path[PATH_LEN];

	MUST(snprintf(path, sizeof(path), "%.4000s/%s", state, address) > 0);
	return !access(path, F_OK);
}

/* Waits until no child works on the function: they hold a lock until they end. */
static void wait_for_children(const char *address)
{
	int fd = tree_open(&tree, address, "rescan");

	assert_int_equal(flock(fd, LOCK_EX), 0);
	close(fd);
}

static void open_gate(void)
{
	close(open(gate, O_WRONLY));
}

static void to_a_driver_and_back(void **unused)
{
	(void)unused;
	assert_int_equal(bind_to("vfio-pc"), 0);
	assert_has(FIRST, "vfio-pc", "vfio-pc");
	assert_true(is_remembered(FIRST));
	assert_int_equal(bind_to("vfio-pc"), 0);
	assert_int_equal(bind_to("pciio"), 0);
	assert_has(FIRST, "pciio", "pciio");
	assert_int_equal(bind_to(""), 0);
	assert_has(FIRST, "", "none");
	assert_int_equal(bind_to(NULL), 0);
	assert_has(FIRST, "nvme", "");
	assert_false(is_remembered(FIRST));
}

static void back_to_an_override(void **unused)
{
	(void)unused;
	tree_set(&tree, FIRST, "driver_override", "nvme\n\n\n\n");
	assert_int_equal(bind_to("pciio"), 0);
	assert_int_equal(bind_to(NULL), 0);
	assert_has(FIRST, "nvme", "nvme");

	assert_int_equal(bind_with(SECOND, "pciio", 0, 0), 0);
	assert_int_equal(bind_with(SECOND, NULL, 0, 0), 0);
	assert_has(SECOND, "", "");
}

static void without_a_memory(void **unused)
{
	(void)unused;
	tree_set(&tree, NULL, "state", "%s", "");
	assert_int_equal(bind_to("pciio"), 0);
	assert_non_null(strstr(warning, "cannot be remembered in"));
	assert_int_equal(bind_to(NULL), 0);
	assert_has(FIRST, "nvme", "");

	assert_int_equal(bind_to(NULL), -ENOENT);
	assert_refused(&why, PCIBAR_REASON_RESTORE, -ENOENT);
	assert_has(FIRST, "nvme", "");
}

/* What another program has done since counts, not what is remembered. */
static void an_old_memory(void **unused)
{
	(void)unused;
	assert_int_equal(bind_to("pciio"), 0);
	tree_driver(&tree, FIRST, NULL);
	tree_driver(&tree, FIRST, "vfio-pc");
	tree_set(&tree, FIRST, "driver_override", "vfio-pc\n");
	assert_int_equal(bind_to("pciio"), 0);
	assert_int_equal(bind_to(NULL), 0);
	assert_has(FIRST, "vfio-pc", "vfio-pc");

	tree_set(&tree, NULL, "state/" FIRST, "vfio-pc\n");
	assert_int_equal(bind_to(NULL), 0);
	assert_has(FIRST, "nvme", "");
}

static void a_driver_that_refuses(void **unused)
{
	(void)unused;
	assert_int_equal(bind_to("refuses"), -EIO);
	assert_refused(&why, PCIBAR_REASON_PROBE, -EIO);
	assert_non_null(strstr(why.reasons[0].what, "refuses refused " FIRST ": Invalid argument"));
	assert_has(FIRST, "nvme", "");
	assert_false(is_remembered(FIRST));

	assert_int_equal(bind_to("absent"), -ENOENT);
	assert_refused(&why, PCIBAR_REASON_NO_DRIVER, -ENOENT);
	assert_has(FIRST, "nvme", "");
}

/* One for which it is too late: the driver that was there refuses, too. */
static void a_driver_that_does_not_return(void **unused)
{
	(void)unused;
	tree_driver(&tree, SECOND, "refuses");
	assert_int_equal(bind_with(SECOND, "picky", 0, 0), -EIO);
	assert_refused(&why, PCIBAR_REASON_PROBE, -EIO);
	assert_non_null(strstr(why.reasons[0].what, "it has lost its driver refuses"));
}

static void a_group(void **unused)
{
	(void)unused;
	make_group();
	assert_int_equal(bind_with(SECOND, "pciio", PCIBAR_BIND_GROUP, 0), 0);
	assert_has(FIRST, "pciio", "pciio");
	assert_has(SECOND, "pciio", "pciio");
	assert_has(BRIDGE, "held", "");
	assert_int_equal(bind_with(FIRST, NULL, PCIBAR_BIND_GROUP, 0), 0);
	assert_has(FIRST, "nvme", "");
	assert_has(SECOND, "", "");

	/* Nothing to restore in one of them */
	assert_int_equal(bind_with(SECOND, "pciio", 0, 0), 0);
	assert_int_equal(bind_with(FIRST, NULL, PCIBAR_BIND_GROUP, 0), 0);
	assert_has(SECOND, "", "");
}

static void a_group_is_all_or_nothing(void **unused)
{
	(void)unused;
	make_group();
	assert_int_equal(bind_with(FIRST, "picky", PCIBAR_BIND_GROUP, 0), -EIO);
	assert_non_null(strstr(why.reasons[0].what, SECOND));
	assert_has(FIRST, "nvme", "");
	assert_has(SECOND, "", "");
	assert_false(is_remembered(FIRST) || is_remembered(SECOND));
}

static void a_function_of_the_group_that_vanishes(void **unused)
{
	(void)unused;
	make_group();
	vanishing = SECOND;
	assert_int_equal(bind_with(FIRST, "pciio", PCIBAR_BIND_GROUP, 0), 0);
	assert_has(FIRST, "pciio", "pciio");
	/* Only its link is left. */
	vanishing = NULL;
	assert_int_equal(bind_with(FIRST, "vfio-pc", PCIBAR_BIND_GROUP, 0), 0);
	assert_has(FIRST, "vfio-pc", "vfio-pc");

	add(SECOND, NULL);
	vanishing = SECOND;
	assert_int_equal(bind_with(SECOND, "pciio", PCIBAR_BIND_GROUP, 0), -ENODEV);
	assert_refused(&why, PCIBAR_REASON_GONE, -ENODEV);
	assert_has(FIRST, "vfio-pc", "vfio-pc");
}

static void descriptors_that_run_out(void **unused)
{
	struct pcibar_bind_opts opts = { .size = sizeof(opts), .driver = "pciio", .why = &why };
	struct pcibar_device *dev;
	struct rlimit old, none;
	int next, ret;

	(void)unused;
	if (unit_under_valgrind())
		unit_skip("valgrind has no soft limit of descriptors");

	dev = open_function(FIRST, PCIBAR_OPEN_WRITE);
	next = dup(STDIN_FILENO);
	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	MUST(next >= 0 && !close(next) && !getrlimit(RLIMIT_NOFILE, &old));
	none = (struct rlimit){ .rlim_cur = (rlim_t)next, .rlim_max = old.rlim_max };
	MUST(!setrlimit(RLIMIT_NOFILE, &none));
	ret = pcibar_device_bind(dev, &opts);
	MUST(!setrlimit(RLIMIT_NOFILE, &old));

	assert_int_equal(ret, -EMFILE);
	assert_refused(&why, PCIBAR_REASON_SYSTEM, -EMFILE);
	assert_false(pcibar_device_is_gone(dev));
	pcibar_device_close(dev);
}

static void a_holder(void **unused)
{
	(void)unused;
	tree_driver(&tree, FIRST, NULL);
	tree_driver(&tree, FIRST, "held");
	assert_int_equal(bind_with(FIRST, "pciio", 0, 100), -ETIMEDOUT);
	assert_refused(&why, PCIBAR_REASON_TIMEOUT, -ETIMEDOUT);
	/* Another change waits for the first, and does nothing after it has given up. */
	assert_int_equal(bind_with(FIRST, "vfio-pc", 0, 100), -ETIMEDOUT);
	open_gate();
	wait_for_children(FIRST);
	wait_for_children(FIRST);
	assert_has(FIRST, "held", "");
	assert_false(is_remembered(FIRST));
}

/* The function of which the program has a map may have to wait for that map. */
static void a_child_has_no_map_of_the_program(void **unused)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts) };
	struct pcibar_device *dev;
	struct pcibar_map *map;
	char mark[PATH_LEN];
	uint64_t val;

	(void)unused;
	tree_bar(&tree, SECOND, 0, 0xfd000000, 0x1000, TREE_MEM32);
	dev = open_function(SECOND, 0);
	assert_int_equal(pcibar_bar_map(dev, 0, &opts, &map), 0);
	assert_true(maps_a_bar());
	assert_int_equal(bind_to("pciio"), 0);
	MUST(snprintf(mark, sizeof(mark), "%.4000s/child-has-map", tree.root) > 0);
	assert_int_not_equal(access(mark, F_OK), 0);

	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	pcibar_map_release(map);
	pcibar_device_close(dev);
}

static int bind_and_wait(void *data)
{
	(void)data;
	return bind_with(FIRST, "pciio", 0, 60000);
}

static void a_program_that_is_killed(void **unused)
{
	pid_t pid;

	(void)unused;
	tree_driver(&tree, FIRST, NULL);
	tree_driver(&tree, FIRST, "held");
	pid = fork();
	if (!pid)
		_exit(bind_and_wait(NULL));
	/* Opens when the child is there to read. */
	int fd = open(gate, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(fd);
	wait_for_children(FIRST);
	assert_has(FIRST, "held", "");
}

static int bind_sized(void *arg, void *data)
{
	return pcibar_device_bind(data, arg);
}

static void arguments(void **unused)
{
	static const char *const names[] = { "a/b", "..", ".", "a\nb" };
	struct pcibar_bind_opts opts = { .size = sizeof(opts), .driver = "nvme", .why = &why };
	struct pcibar_device *dev = open_function(FIRST, 0);

	(void)unused;
	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	assert_int_equal(pcibar_device_bind(dev, &opts), -EACCES);
	assert_refused(&why, PCIBAR_REASON_READ_ONLY, -EACCES);
	pcibar_device_close(dev);

	dev = open_function(FIRST, PCIBAR_OPEN_WRITE);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		opts.driver = names[i];
		assert_int_equal(pcibar_device_bind(dev, &opts), -EINVAL);
	}
	opts.driver = "nvme";
	opts.flags = 1u << 1;
	assert_int_equal(pcibar_device_bind(dev, &opts), -EINVAL);
	opts.flags = 0;
	opts.reserved = 1;
	assert_int_equal(pcibar_device_bind(dev, &opts), -EINVAL);
	opts.reserved = 0;
	opts.why = NULL;
	unit_check_sizes(&opts, sizeof(opts), bind_sized, dev);
	pcibar_device_close(dev);

	assert_int_equal(bind_with(BRIDGE, "pciio", 0, 0), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
}

static void what_is_no_sysfs(void **unused)
{
	(void)unused;
	/* Ordinary files take what is written, and nothing happens. */
	inject_write_hook(NULL);
	assert_int_equal(bind_to("pciio"), -EIO);
	assert_refused(&why, PCIBAR_REASON_SYSTEM, -EIO);
	tree_unset(&tree, FIRST, "driver_override");
	assert_int_equal(bind_to("pciio"), -EOPNOTSUPP);
	assert_refused(&why, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRIVER_TEST(to_a_driver_and_back),
		DRIVER_TEST(back_to_an_override),
		DRIVER_TEST(without_a_memory),
		DRIVER_TEST(an_old_memory),
		DRIVER_TEST(a_driver_that_refuses),
		DRIVER_TEST(a_driver_that_does_not_return),
		DRIVER_TEST(a_group),
		DRIVER_TEST(a_group_is_all_or_nothing),
		DRIVER_TEST(a_function_of_the_group_that_vanishes),
		DRIVER_TEST(descriptors_that_run_out),
		DRIVER_TEST(a_holder),
		DRIVER_TEST(a_child_has_no_map_of_the_program),
		DRIVER_TEST(a_program_that_is_killed),
		DRIVER_TEST(arguments),
		DRIVER_TEST(what_is_no_sysfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
