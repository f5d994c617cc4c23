// SPDX-License-Identifier: BSD-2-Clause
/* Another driver for a function or its whole IOMMU group: all of them, or none. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcibar/driver.h>

#include "driver-change.h"
#include "sysfs.h"

#define DEFAULT_STATE_DIR	"/run/pcibar"
#define GROUP_FUNCTIONS		"iommu_group/devices"

struct bind {
	const struct pcibar_bind_request *request;
	const char *root;
	const char *state_dir;		/* NULL: nothing is remembered */
	uint32_t timeout_ms;
	struct pcibar_driver_change *changes;
	size_t count;
	size_t begun;
};

static int by_address(const void *a, const void *b)
{
	const struct pcibar_driver_change *one = a, *other = b;

	return strcmp(one->address, other->address);
}

/* Takes the ownership of @dir. */
static int add_function(struct bind *bind, int dir, const struct pcibar_address *addr)
{
	struct pcibar_driver_change *changes;

	changes = realloc(bind->changes, (bind->count + 1) * sizeof(*changes));
	if (!changes) {
		close(dir);
		return -ENOMEM;
	}
	bind->changes = changes;
	changes += bind->count++;
	*changes = (struct pcibar_driver_change){ .root = bind->root, .dir = dir, .child = -1 };
	pcibar_address_format(addr, changes->address);
	return 0;
}

/* The function of the call */
static int add_own(struct bind *bind, int dir)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : add_function(bind, copy, bind->request->addr);
}

static int add_member(struct bind *bind, DIR *group, const char *name)
{
	struct pcibar_address addr;
	uint8_t header, secondary;
	int dir, ret;

	if (pcibar_address_parse(name, &addr))
		return 0;
	dir = openat(dirfd(group), name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && errno == ENOENT)		/* it has vanished since */
		return 0;
	ret = dir < 0 ? -errno : pcibar_sysfs_header(dir, &header, &secondary);
	if (ret || header) {
		if (dir >= 0)
			close(dir);
		return ret;
	}
	return add_function(bind, dir, &addr);
}

/* A function without an IOMMU group is a group of its own. */
static int add_group(struct bind *bind, int dir)
{
	DIR *group = pcibar_sysfs_open_folder(dir, GROUP_FUNCTIONS);
	struct dirent *entry;
	int ret = 0;

	if (!group)
		return errno == ENOENT ? add_own(bind, dir) : -errno;
	while (!ret && (entry = readdir(group)))
		ret = add_member(bind, group, entry->d_name);
	closedir(group);
	if (!ret)
		ret = pcibar_sysfs_check_there(dir);
	if (!ret)
		qsort(bind->changes, bind->count, sizeof(*bind->changes), by_address);
	return ret;
}

static void set_target(struct bind *bind, struct pcibar_driver_change *change)
{
	const char *driver = bind->request->opts->driver;
	struct pcibar_driver_memory memory;

	if (driver) {
		snprintf(change->to.driver, sizeof(change->to.driver), "%s", driver);
		snprintf(change->to.override, sizeof(change->to.override), "%s",
			 *driver ? driver : PCIBAR_NO_DRIVER);
		return;
	}
	change->restore = true;
	/* No function has this: without a memory the kernel chooses. */
	snprintf(change->bound.override, sizeof(change->bound.override), "/");
	if (bind->state_dir && !pcibar_bound_read(bind->state_dir, change->address, &memory)) {
		change->bound = memory.bound;
		change->to = memory.before;
	}
}

/* The first memory of several is the one that counts: what was there before all of them */
static void remember(struct bind *bind, const struct pcibar_driver_change *change)
{
	const struct pcibar_driver_report *report = &change->report;
	struct pcibar_driver_memory memory;
	int ret;

	if (!bind->state_dir)
		return;
	if (change->restore) {
		pcibar_bound_forget(bind->state_dir, change->address);
		return;
	}

	if (pcibar_bound_read(bind->state_dir, change->address, &memory) ||
	    strcmp(memory.bound.driver, report->before.driver) ||
	    strcmp(memory.bound.override, report->before.override))
		memory.before = report->before;
	memory.bound = report->after;
	ret = pcibar_bound_write(bind->state_dir, change->address, &memory);
	if (ret)
		pcibar_log(bind->request->log, PCIBAR_LOG_WARNING,
			   "%s: what it had before cannot be remembered in %s: %s",
			   change->address, bind->state_dir, strerror(-ret));
}

static const char *or_none(const char *driver)
{
	return *driver ? driver : "none";
}

static bool has_vanished(const struct bind *bind, const struct pcibar_driver_change *change)
{
	char own[PCIBAR_ADDRESS_STRLEN];

	pcibar_address_format(bind->request->addr, own);
	return strcmp(change->address, own) && pcibar_sysfs_check_there(change->dir) == -ENODEV;
}

/*
 * Those of a group that have nothing to restore are as they should be, and those that have
 * vanished are no longer of the group.
 */
static bool is_done(const struct bind *bind, const struct pcibar_driver_change *change)
{
	if (!change->report.error)
		return true;
	return bind->request->opts->flags & PCIBAR_BIND_GROUP &&
	       (change->report.step == PCIBAR_DRIVER_NOTHING || has_vanished(bind, change));
}

/*
 * A child that waited for this process would inherit the maps that it waits for. The driver
 * is read for messages, too: the function has none any more while it is unbound.
 */
static int check_user(struct pcibar_driver_change *change)
{
	char *driver = change->report.before.driver;

	pcibar_sysfs_read_link(change->dir, "driver", driver, PCIBAR_NAME_LEN);
	return strstr(driver, "vfio") && strcmp(driver, change->to.driver) &&
	       pcibar_vfio_is_mine(change->dir, change->address) ? -EBUSY : 0;
}

static int change_all(struct bind *bind)
{
	int ret = 0;

	while (!ret && bind->begun < bind->count) {
		struct pcibar_driver_change *change = &bind->changes[bind->begun++];

		set_target(bind, change);
		ret = check_user(change);
		if (!ret)
			ret = pcibar_driver_begin(change);
		if (!ret)
			ret = pcibar_driver_wait(change, bind->timeout_ms);
		if (!ret && !is_done(bind, change))
			ret = change->report.error;
	}
	return ret;
}

static void keep_all(struct bind *bind)
{
	for (size_t i = 0; i < bind->count; i++) {
		struct pcibar_driver_change *change = &bind->changes[i];

		if (!change->report.error) {
			remember(bind, change);
			pcibar_log(bind->request->log, PCIBAR_LOG_INFO, "%s: driver %s -> %s",
				   change->address, or_none(change->report.before.driver),
				   or_none(change->report.after.driver));
		}
		pcibar_driver_keep(change);
	}
}

/* All but the last, which has failed: its child has restored it, or is left to do so. */
static void undo_all(struct bind *bind)
{
	struct pcibar_driver_change *change = &bind->changes[bind->begun - 1];

	if (change->child >= 0)
		pcibar_driver_abandon(change);
	while (--bind->begun) {
		change = &bind->changes[bind->begun - 1];
		if (change->report.error)
			pcibar_driver_abandon(change);
		else if (!pcibar_driver_undo(change, bind->timeout_ms))
			pcibar_log(bind->request->log, PCIBAR_LOG_WARNING,
				   "%s: the driver %s could not be bound again", change->address,
				   or_none(change->report.before.driver));
	}
}

int pcibar_sysfs_bind(int dir, const char *root, const struct pcibar_bind_request *request,
		      struct pcibar_refuse_ctx *ctx)
{
	const struct pcibar_bind_opts *opts = request->opts;
	struct bind bind = {
		.request = request,
		.root = root,
		.state_dir = opts->state_dir ? opts->state_dir :
			     strcmp(root, "/sys") ? NULL : DEFAULT_STATE_DIR,
		.timeout_ms = pcibar_bind_timeout(opts),
	};
	int ret;

	if (opts->flags & PCIBAR_BIND_GROUP)
		ret = add_group(&bind, dir);
	else
		ret = add_own(&bind, dir);
	if (ret)
		ret = pcibar_refuse_change(ctx, NULL, request, ret);

	if (!ret)
		ret = change_all(&bind);
	if (!ret) {
		keep_all(&bind);
	} else if (bind.begun) {
		ret = pcibar_refuse_change(ctx, &bind.changes[bind.begun - 1], request, ret);
		undo_all(&bind);
	}

	for (size_t i = 0; i < bind.count; i++)
		close(bind.changes[i].dir);
	free(bind.changes);
	return ret;
}
