/* SPDX-License-Identifier: BSD-2-Clause */
/* For the programs that test interrupt descriptors: opening them, their events, two devices. */
#ifndef PCIIO_INTR_H
#define PCIIO_INTR_H

#include <poll.h>
#include <stdint.h>

#include "pciio-check.h"

#define MAX_VECTORS	8
/* Longer than any interrupt takes to come; bounds what a broken build would wait for. */
#define LONG		20000
/* Long enough for an interrupt that must not come. */
#define SHORT		50

/* Of edu: the reasons to interrupt, and what raises and clears them. */
#define EDU_RAISE	0x60
#define EDU_CLEAR	0x64
/* Of e1000e: causes of its five vectors, the mask, those a message clears, their table. */
#define NET_CAUSES	0xc0
#define NET_RAISE	0xc8
#define NET_MASK	0xd0
#define NET_CLEAR	0xdc
#define NET_TABLE	0xe4
#define NET_VECTORS	5
#define NET_CAUSE(i)	(1u << (20 + (i)))

static struct pcisel sel;
static int pci;
static volatile uint32_t *regs;

static inline unsigned int type_of(const char *name)
{
	return !strcmp(name, "intx") ? PCIIO_INTR_INTX :
	       !strcmp(name, "msi") ? PCIIO_INTR_MSI : PCIIO_INTR_MSIX;
}

/* Opens vectors into FDS; returns 0, or -1 with errno. */
static inline int intr_open(unsigned int type, unsigned int first, unsigned int count,
			    unsigned int flags, int *fds)
{
	struct pci_intr_open io = { .pin_size = sizeof(io), .pin_sel = sel, .pin_type = type,
				    .pin_first = first, .pin_count = count, .pin_flags = flags,
				    .pin_fds = (uintptr_t)fds };

	return ioctl(pci, PCIOCINTROPEN, &io);
}

static inline int one(unsigned int type, unsigned int vector, unsigned int flags)
{
	int fd;

	MUST(intr_open(type, vector, 1, flags, &fd));
	return fd;
}

static inline void control(int fd, uint32_t command)
{
	EQUAL(write(fd, &command, sizeof(command)), sizeof(command));
}

static inline int events(int fd, int timeout)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN | POLLPRI };

	MUST(poll(&wait, 1, timeout));
	return wait.revents;
}

/* Takes an event that must come; returns how many interrupts it stands for. */
static inline uint64_t took(int fd)
{
	struct pci_intr_event event = { 0 };

	if (events(fd, LONG) != POLLIN)
		return 0;
	EQUAL(read(fd, &event, sizeof(event)), sizeof(event));
	return event.pie_count;
}

static inline bool quiet(int fd)
{
	return !events(fd, SHORT);
}

static inline void name(const char *address)
{
	sel = function(address);
	pci = node(O_RDWR);
}

/* The registers of BAR 0, through a descriptor that no one could forge messages with. */
static inline void map_regs(const char *address)
{
	int bar;
	void *base;

	name(address);
	bar = (int)MUST(bar_open(pci, sel, BAR(0), PCIIO_BAR_OPEN_RW | PCIIO_BAR_OPEN_ACTIVATE |
				 PCIIO_BAR_OPEN_NO_MSIX, UC));
	base = mmap(NULL, 0x20000, PROT_READ | PROT_WRITE, MAP_SHARED, bar, 0);
	MUST(base == MAP_FAILED ? -1 : 0);
	regs = base;
}

static inline void reg_write(unsigned int offset, uint32_t value)
{
	regs[offset / 4] = value;
}

/* Each cause has the vector of its number; the message clears it, and its bit of the mask. */
static inline void net_setup(void)
{
	unsigned int i, table = 0;

	for (i = 0; i < NET_VECTORS; i++)
		table |= (8 | i) << 4 * i;
	reg_write(NET_TABLE, table);
	reg_write(NET_CLEAR, 0x1f << 20);
}

/*
 * QEMU's device delays a message that follows another one of the vector within 128 us,
 * and repeats every message after it has once done so. It also ends QEMU when MSI-X is
 * turned off in that time. A timer of the guest that is set later expires later.
 */
static inline void unthrottle(void)
{
	poll(NULL, 0, 2);
}

/*
 * The last message of the vector has cleared the mask, too. Causes of the device's own,
 * such as a link that comes up, are no part of the test.
 */
static inline void net_fire(unsigned int vector)
{
	unthrottle();
	reg_write(NET_CAUSES, ~0u);
	reg_write(NET_MASK, NET_CAUSE(vector));
	reg_write(NET_RAISE, NET_CAUSE(vector));
}

#endif
