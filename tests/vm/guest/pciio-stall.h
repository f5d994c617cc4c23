/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies from the kernel that wait for as long as the caller likes: pages of a
 * userfaultfd that are absent, or that may be read and not be written.
 */
#ifndef PCIIO_STALL_H
#define PCIIO_STALL_H

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <linux/userfaultfd.h>

#include "pciio-check.h"

static int stalled = -1;		/* the userfaultfd */

static inline void stall_register(void *base, size_t len, unsigned long mode)
{
	struct uffdio_register range = { .range = { (unsigned long)base, len }, .mode = mode };

	MUST(ioctl(stalled, UFFDIO_REGISTER, &range));
}

/* Pages whose first touch stalls. */
static inline void *stall_absent(size_t len)
{
	void *base = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST((long)base);
	stall_register(base, len, UFFDIO_REGISTER_MODE_MISSING);
	return base;
}

/* Writes stall from now on, reads do not. */
static inline void stall_writes(void *base, size_t len)
{
	struct uffdio_writeprotect protect = {
		.range = { (unsigned long)base, len }, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	stall_register(base, len, UFFDIO_REGISTER_MODE_WP);
	MUST(ioctl(stalled, UFFDIO_WRITEPROTECT, &protect));
}

/* poll() of one that blocks says POLLERR and no more. */
static inline void stall_begin(void)
{
	struct uffdio_api api = { .api = UFFD_API };

	stalled = (int)MUST(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
	MUST(ioctl(stalled, UFFDIO_API, &api));
}

/* Until a thread is stalled. */
static inline void stall_wait(void)
{
	struct pollfd poller = { .fd = stalled, .events = POLLIN };
	struct uffd_msg msg;

	MUST(poll(&poller, 1, -1));
	MUST(read(stalled, &msg, sizeof(msg)));
}

static inline void stall_end_absent(void *base, size_t len)
{
	struct uffdio_zeropage zero = { .range = { (unsigned long)base, len } };

	MUST(ioctl(stalled, UFFDIO_ZEROPAGE, &zero));
}

static inline void stall_end_writes(void *base, size_t len)
{
	struct uffdio_writeprotect protect = { .range = { (unsigned long)base, len } };

	MUST(ioctl(stalled, UFFDIO_WRITEPROTECT, &protect));
}

#endif
