// SPDX-License-Identifier: BSD-2-Clause
/*
 * Processes that work on one function coordinate by locks on its files. The locks end
 * with the process, even if it is killed, and with the children that survive it.
 *
 * A write lock requires write access to the file. A process that can only read
 * `config` can take read locks, which prevent write locks. So the same bytes are
 * locked in `rescan` too, which only root can open, and one of both is enough;
 * `config` is for users who were given that file and no other. There a hold looks
 * for a free byte, no wait is unbounded, and a read-lock query shows what others
 * hold, because only write locks conflict with it.
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
#define HOLD_TRIES	256			/* ...of which at most this many are tried */

/*
 * 0.1, 2 and 5 seconds. Counted, so that being kept from running is not taken for
 * waiting. HOLDS is held while MODIFY is waited for, twice when a change is undone.
 */
#define NAP_NS		1000000L
#define READER_TRIES	90
#define MODIFY_TRIES	1800
#define HOLDS_TRIES	4500

/* Where the holds of one bit are: those of one kind lie behind the other's. */
static off_t holds_of(uint32_t bit, bool was_off)
{
	int mem = bit == PCIBAR_DECODE_MEM;

	return LOCKS + HOLDS * (1 + 2 * mem + was_off);
}

static int set_lock(int fd, short type, off_t start, off_t len)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len,
	};

	return fcntl(fd, F_OFD_SETLK, &lock) ? -errno : 0;
}

static bool is_taken(int ret)
{
	return ret == -EAGAIN || ret == -EACCES;
}

/* Where a write lock of another open file is in the range, or -1. */
static off_t find_lock(int fd, off_t start, off_t len)
{
	struct flock lock = {
		.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = len,
	};

	return !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type == F_WRLCK ? lock.l_start : -1;
}

/*
 * A writer has the lock for a few system calls, unless it is stopped amidst
 * them. A reader has no business there: it is waited for only as long as it
 * might be a writer that has just ended.
 */
static int take(int fd, enum pcibar_sysfs_lock which, unsigned int limit)
{
	static const struct timespec nap = { .tv_nsec = NAP_NS };
	unsigned int tries = 0, unseen = 0;	/* unseen: in a row, with no writer there */
	int ret;

	for (;;) {
		ret = set_lock(fd, F_WRLCK, LOCKS + which, 1);
		if (!is_taken(ret))
			return ret;
		unseen = find_lock(fd, LOCKS + which, 1) < 0 ? unseen + 1 : 0;
		if (unseen > READER_TRIES || ++tries > limit)
			return -EBUSY;
		nanosleep(&nap, NULL);
	}
}

/* Who was waited for in vain in one file is not waited for in the other. */
int pcibar_sysfs_lock(const struct pcibar_sysfs_hold *hold, enum pcibar_sysfs_lock which)
{
	unsigned int limit = which == PCIBAR_SYSFS_LOCK_HOLDS ? HOLDS_TRIES : MODIFY_TRIES;
	int rescan = -ENOENT, config;

	if (hold->rescan >= 0)
		rescan = take(hold->rescan, which, limit);
	config = take(hold->config, which, rescan == -EBUSY ? 0 : limit);
	return rescan ? config : 0;
}

void pcibar_sysfs_unlock(const struct pcibar_sysfs_hold *hold, enum pcibar_sysfs_lock which)
{
	set_lock(hold->config, F_UNLCK, LOCKS + which, 1);
	if (hold->rescan >= 0)
		set_lock(hold->rescan, F_UNLCK, LOCKS + which, 1);
}

/* Mostly there is no other holder, which one call shows. */
static void find_others(int fd, uint32_t bit, struct pcibar_holds *others)
{
	off_t on = holds_of(bit, false), off = holds_of(bit, true);

	if (find_lock(fd, on, 2 * HOLDS) < 0)
		return;
	if (find_lock(fd, on, HOLDS) >= 0)
		others->was_on |= bit;
	if (find_lock(fd, off, HOLDS) >= 0)
		others->was_off |= bit;
}

int pcibar_sysfs_hold_lock(const struct pcibar_sysfs_hold *hold, uint32_t bits,
			   struct pcibar_holds *others)
{
	int ret = pcibar_sysfs_lock(hold, PCIBAR_SYSFS_LOCK_HOLDS);

	for (uint32_t bit = PCIBAR_DECODE_IO; bit <= PCIBAR_DECODE_MEM; bit <<= 1) {
		if (!(bits & bit))
			continue;
		find_others(hold->config, bit, others);
		if (hold->rescan >= 0)
			find_others(hold->rescan, bit, others);
	}
	return ret;
}

static int take_byte(int fd, off_t start)
{
	int ret;

	for (off_t i = 0; i < HOLD_TRIES; i++) {
		ret = set_lock(fd, F_WRLCK, start + i, 1);
		if (!is_taken(ret))
			return ret;
	}
	return -EBUSY;
}

static void release(const struct pcibar_sysfs_hold *hold, off_t start, off_t len)
{
	set_lock(hold->config, F_UNLCK, start, len);
	if (hold->rescan >= 0)
		set_lock(hold->rescan, F_UNLCK, start, len);
}

/* The new byte is there before the old one goes: others must not find none. */
static int set_mine(const struct pcibar_sysfs_hold *hold, uint32_t bit, bool was_off, bool other)
{
	int rescan = -ENOENT, config;

	if (hold->rescan >= 0)
		rescan = take_byte(hold->rescan, holds_of(bit, was_off));
	config = take_byte(hold->config, holds_of(bit, was_off));
	if (other)
		release(hold, holds_of(bit, !was_off), HOLDS);
	return rescan ? config : 0;
}

static int set_hold(struct pcibar_sysfs_hold *hold, uint32_t bit, bool on, bool off)
{
	bool had_on = hold->mine.was_on & bit, had_off = hold->mine.was_off & bit;
	int ret = 0;

	if (on == had_on && off == had_off)
		return 0;
	if (on || off)
		ret = set_mine(hold, bit, off, off ? had_on : had_off);
	else
		release(hold, holds_of(bit, false), 2 * HOLDS);
	hold->mine.was_on = (hold->mine.was_on & ~bit) | (on ? bit : 0);
	hold->mine.was_off = (hold->mine.was_off & ~bit) | (off ? bit : 0);
	return ret;
}

int pcibar_sysfs_hold_unlock(struct pcibar_sysfs_hold *hold, uint32_t bits,
			     const struct pcibar_holds *mine)
{
	int ret = 0;

	for (uint32_t bit = PCIBAR_DECODE_IO; bit <= PCIBAR_DECODE_MEM; bit <<= 1) {
		int error = 0;

		if (bits & bit)
			error = set_hold(hold, bit, mine->was_on & bit, mine->was_off & bit);
		ret = ret ? ret : error;
	}
	pcibar_sysfs_unlock(hold, PCIBAR_SYSFS_LOCK_HOLDS);
	return ret;
}
