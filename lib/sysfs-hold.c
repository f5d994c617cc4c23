// SPDX-License-Identifier: BSD-2-Clause
/*
 * How processes that work on one function get out of each other's way: by locks
 * on its file `config`, which end with the process, however it ends.
 *
 * A write lock is for those who may write to the file. Whoever may only read it
 * can take read locks, which keep write locks away: so a hold looks for a free
 * byte, no wait is unbounded, and what others hold is asked for with a read
 * lock, which only write locks are in the way of.
 *
 * The locks belong to the open file, not to the process as those of F_SETLK
 * would: two handles in one process are two holders, and closing some other
 * descriptor of the file ends nothing.
 *
 * Processes with different versions of this library meet here: the offsets must
 * never change.
 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <pcibar/enable.h>

#include "sysfs.h"

#define LOCKS		((off_t)1 << 40)	/* no configuration space ends there */
#define HOLDS		4096			/* room for the holds of one kind... */
#define HOLD_TRIES	256			/* ...of which so many are ever looked at */

/* 0.1 and 2 seconds. Counted, so that being kept from running is not taken for waiting. */
#define NAP_NS		1000000L
#define READER_TRIES	90
#define WRITER_TRIES	1800

static off_t holds_of(uint32_t bit, uint32_t hold)
{
	int mem = bit == PCIBAR_ENABLE_MEM, off = hold == PCIBAR_HOLD_WAS_OFF;

	return LOCKS + HOLDS * (1 + 2 * mem + off);
}

static int set_lock(int config, short type, off_t start, off_t len)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len,
	};

	return fcntl(config, F_OFD_SETLK, &lock) ? -errno : 0;
}

static bool is_taken(int ret)
{
	return ret == -EAGAIN || ret == -EACCES;
}

/* Whether a write lock of another open file is in the range. */
static bool is_held(int config, off_t start, off_t len)
{
	struct flock lock = {
		.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = len,
	};

	return !fcntl(config, F_OFD_GETLK, &lock) && lock.l_type == F_WRLCK;
}

/*
 * A writer has the lock for a few system calls, unless it is stopped amidst
 * them. A reader has no business there: it is waited for only as long as it
 * might be a writer that has just ended.
 */
int pcibar_sysfs_lock(int config, enum pcibar_sysfs_lock which)
{
	static const struct timespec nap = { .tv_nsec = NAP_NS };
	unsigned int tries = 0, unseen = 0;	/* unseen: in a row, with no writer there */
	int ret;

	for (;;) {
		ret = set_lock(config, F_WRLCK, LOCKS + which, 1);
		if (!is_taken(ret))
			return ret;
		unseen = is_held(config, LOCKS + which, 1) ? 0 : unseen + 1;
		if (unseen > READER_TRIES || ++tries > WRITER_TRIES)
			return -EBUSY;
		nanosleep(&nap, NULL);
	}
}

void pcibar_sysfs_unlock(int config, enum pcibar_sysfs_lock which)
{
	set_lock(config, F_UNLCK, LOCKS + which, 1);
}

static uint32_t holds_of_others(int config, uint32_t bit)
{
	uint32_t holds = 0;

	if (is_held(config, holds_of(bit, PCIBAR_HOLD_WAS_ON), HOLDS))
		holds |= PCIBAR_HOLD_WAS_ON;
	if (is_held(config, holds_of(bit, PCIBAR_HOLD_WAS_OFF), HOLDS))
		holds |= PCIBAR_HOLD_WAS_OFF;
	return holds;
}

static int set_hold(int config, uint32_t bit, uint32_t hold)
{
	off_t start = holds_of(bit, hold);
	int ret = 0;

	if (!hold) {
		set_lock(config, F_UNLCK, holds_of(bit, PCIBAR_HOLD_WAS_ON), HOLDS);
		set_lock(config, F_UNLCK, holds_of(bit, PCIBAR_HOLD_WAS_OFF), HOLDS);
		return 0;
	}
	for (off_t i = 0; i < HOLD_TRIES; i++) {
		ret = set_lock(config, F_WRLCK, start + i, 1);
		if (!is_taken(ret))
			return ret;
	}
	return -EBUSY;
}

int pcibar_sysfs_hold_lock(int config, uint32_t bit, uint32_t *others)
{
	int ret = pcibar_sysfs_lock(config, PCIBAR_SYSFS_LOCK_HOLDS);

	*others = holds_of_others(config, bit);
	return ret;
}

int pcibar_sysfs_hold_unlock(int config, uint32_t bit, uint32_t hold)
{
	int ret = set_hold(config, bit, hold);

	pcibar_sysfs_unlock(config, PCIBAR_SYSFS_LOCK_HOLDS);
	return ret;
}
