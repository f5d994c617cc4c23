// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-intr WHAT FUNCTION | msix FUNCTION once|twice: interrupts that a device raises,
 * and what arrives of them: "intx" and "msi" of edu, "exclusive", which is its line
 * without INTx Disable, "msix" of e1000e, which may send a message twice.
 */
#include <time.h>

#include "pciio-intr.h"

#define ROUNDS	10000

static bool sent_twice;

static void raise_edu(void)
{
	reg_write(EDU_RAISE, 1);
}

static void clear_edu(void)
{
	reg_write(EDU_CLEAR, 1);
	(void)regs[0];
}

static void line_rounds(int fd)
{
	uint32_t total = 0;
	int i;

	for (i = 0; i < ROUNDS && !failures; i++) {
		raise_edu();
		EQUAL(read(fd, &total, sizeof(total)), sizeof(total));
		clear_edu();
		control(fd, PCIIO_INTR_UNMASK);
	}
	EQUAL(total, ROUNDS);
	CHECK(quiet(fd));
}

/* While the line is asserted there is one event for each time that it is unmasked. */
static void line_asserted(int fd)
{
	int i;

	raise_edu();
	for (i = 0; i < 100 && !failures; i++) {
		EQUAL(took(fd), 1);
		CHECK(i % 50 || quiet(fd));
		control(fd, PCIIO_INTR_UNMASK);
	}
	EQUAL(took(fd), 1);
	clear_edu();
	control(fd, PCIIO_INTR_UNMASK);
	CHECK(quiet(fd));
}

static void line_masks(int fd)
{
	control(fd, PCIIO_INTR_MASK);
	raise_edu();
	CHECK(quiet(fd));
	control(fd, PCIIO_INTR_UNMASK);
	EQUAL(took(fd), 1);
	/* An event has masked it; it is asserted still. */
	CHECK(quiet(fd));
	clear_edu();
	control(fd, PCIIO_INTR_UNMASK);
	CHECK(quiet(fd));
	control(fd, PCIIO_INTR_TRIGGER);
	EQUAL(took(fd), 1);
	control(fd, PCIIO_INTR_UNMASK);
	CHECK(quiet(fd));
}

/* Whatever is written to COMMAND, INTX_DISABLE follows the descriptor. */
static void line_command(int fd)
{
	struct pci_io io = { .pi_sel = sel, .pi_reg = 4, .pi_width = 2 };
	int i;

	MUST(ioctl(pci, PCIOCREAD, &io));
	EQUAL(io.pi_data & 0x400, 0);
	for (i = 0; i < 2; i++) {
		io.pi_data ^= 0x400;
		MUST(ioctl(pci, PCIOCWRITE, &io));
		raise_edu();
		EQUAL(took(fd), 1);
		clear_edu();
		control(fd, PCIIO_INTR_UNMASK);
	}
}

static uint32_t capabilities(unsigned int type)
{
	struct pci_intr_open io = { .pin_size = sizeof(io), .pin_sel = sel, .pin_type = type };

	MUST(ioctl(pci, PCIOCINTROPEN, &io));
	return io.pin_caps;
}

/* INTX_DISABLE works, but is not used. */
static void exclusive(void)
{
	int fd = one(PCIIO_INTR_INTX, 0, 0);

	EQUAL(capabilities(PCIIO_INTR_INTX), PCIIO_INTR_CAP_LEVEL);
	line_rounds(fd);
	line_asserted(fd);
	line_masks(fd);
	raise_edu();
	EQUAL(took(fd), 1);
	close(fd);
	fd = one(PCIIO_INTR_INTX, 0, 0);
	EQUAL(took(fd), 1);
	clear_edu();
	close(fd);
}

/* A device that asserts its line when the program ends keeps it off. */
static void intx(void)
{
	struct pci_io io = { .pi_sel = sel, .pi_reg = 4, .pi_width = 2 };
	int fd = one(PCIIO_INTR_INTX, 0, 0);

	EQUAL(capabilities(PCIIO_INTR_INTX), PCIIO_INTR_CAP_LEVEL | PCIIO_INTR_CAP_SHARED);
	line_rounds(fd);
	line_asserted(fd);
	line_masks(fd);
	line_command(fd);
	close(fd);

	raise_edu();
	fd = one(PCIIO_INTR_INTX, 0, PCIIO_INTR_OPEN_MASKED);
	CHECK(quiet(fd));
	control(fd, PCIIO_INTR_UNMASK);
	EQUAL(took(fd), 1);
	close(fd);
	MUST(ioctl(pci, PCIOCREAD, &io));
	EQUAL(io.pi_data & 0x400, 0x400);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void message_time(int fd)
{
	struct pci_intr_event event;
	uint64_t before = now();

	raise_edu();
	EQUAL(read(fd, &event, sizeof(event)), sizeof(event));
	CHECK(event.pie_time >= before && event.pie_time <= now());
	EQUAL(event.pie_count, 1);
	clear_edu();
}

static void message_masks(int fd)
{
	control(fd, PCIIO_INTR_MASK);
	raise_edu();
	CHECK(quiet(fd));
	control(fd, PCIIO_INTR_UNMASK);
	EQUAL(took(fd), 1);
	clear_edu();
	CHECK(quiet(fd));

	control(fd, PCIIO_INTR_MASK);
	control(fd, PCIIO_INTR_TRIGGER);
	control(fd, PCIIO_INTR_TRIGGER);
	control(fd, PCIIO_INTR_MASK);
	CHECK(quiet(fd));
	control(fd, PCIIO_INTR_UNMASK);
	EQUAL(took(fd), 1);
	control(fd, PCIIO_INTR_UNMASK);
	CHECK(quiet(fd));
}

static uint32_t command(void)
{
	struct pci_io io = { .pi_sel = sel, .pi_reg = 4, .pi_width = 2 };

	MUST(ioctl(pci, PCIOCREAD, &io));
	return io.pi_data;
}

static void msi(void)
{
	uint32_t before = command();
	int fd = one(PCIIO_INTR_MSI, 0, PCIIO_INTR_OPEN_MASTER), i;

	EQUAL(command() & 4, 4);
	for (i = 0; i < 100 && !failures; i++) {
		raise_edu();
		EQUAL(took(fd), 1);
		clear_edu();
	}
	message_time(fd);
	message_masks(fd);
	close(fd);
	EQUAL(command(), before);

	/* Raised while it is closed, and again when it is open. */
	raise_edu();
	fd = one(PCIIO_INTR_MSI, 0, PCIIO_INTR_OPEN_MASTER);
	CHECK(quiet(fd));
	raise_edu();
	EQUAL(took(fd), 1);
	clear_edu();
	close(fd);

	fd = one(PCIIO_INTR_MSI, 0, PCIIO_INTR_OPEN_MASTER | PCIIO_INTR_OPEN_MASKED);
	raise_edu();
	CHECK(quiet(fd));
	control(fd, PCIIO_INTR_UNMASK);
	EQUAL(took(fd), 1);
	clear_edu();
	close(fd);
}

/* Whether one message has arrived, or it twice from a device that does that at once. */
static bool took_message(int fd)
{
	uint64_t count;

	unthrottle();
	count = took(fd);
	return count == 1 || (sent_twice && count == 2);
}

static void each_alone(const int *fds)
{
	unsigned int i, other;

	for (i = 0; i < NET_VECTORS && !failures; i++) {
		net_fire(i);
		CHECK(took_message(fds[i]));
		for (other = 0; other < NET_VECTORS; other++)
			EQUAL(events(fds[other], 0), 0);
	}
}

static void each_masked(const int *fds)
{
	unsigned int i;

	for (i = 0; i < NET_VECTORS && !failures; i++) {
		control(fds[i], PCIIO_INTR_MASK);
		net_fire(i);
		CHECK(quiet(fds[i]));
		control(fds[i], PCIIO_INTR_UNMASK);
		CHECK(took_message(fds[i]));
		CHECK(quiet(fds[i]));
	}
}

/* A cause that was raised without a message is still there, and its message may come. */
static void forget(int fd)
{
	reg_write(NET_CAUSES, ~0u);
	(void)regs[NET_CAUSES / 4];
	if (!quiet(fd))
		took(fd);
}

/* A vector that was closed may fire, and works when it is opened again. */
static void reopened(int *fds)
{
	MUST(close(fds[3]));
	net_fire(3);
	net_fire(2);
	CHECK(took_message(fds[2]));
	REFUSED(intr_open(PCIIO_INTR_MSIX, 2, 2, 0, fds + 2), EEXIST);
	fds[3] = one(PCIIO_INTR_MSIX, 3, 0);
	forget(fds[3]);
	net_fire(3);
	CHECK(took_message(fds[3]));
}

static void close_all(const int *fds, unsigned int count)
{
	unthrottle();
	while (count)
		MUST(close(fds[--count]));
}

/* Vectors that are added to those that are open, where the kernel can do that, or reserved. */
static void grown(void)
{
	struct pci_intr_open io = { .pin_size = sizeof(io), .pin_sel = sel,
				    .pin_type = PCIIO_INTR_MSIX };
	int fds[NET_VECTORS];

	MUST(ioctl(pci, PCIOCINTROPEN, &io));
	EQUAL(io.pin_vectors, NET_VECTORS);
	EQUAL(io.pin_open, 0);
	fds[0] = one(PCIIO_INTR_MSIX, 0, PCIIO_INTR_OPEN_MASTER);
	if (io.pin_caps & PCIIO_INTR_CAP_GROW) {
		MUST(intr_open(PCIIO_INTR_MSIX, 1, 4, 0, fds + 1));
		net_setup();
		each_alone(fds);
		close_all(fds, NET_VECTORS);
		return;
	}

	REFUSED(intr_open(PCIIO_INTR_MSIX, 1, 1, 0, fds + 1), ENOBUFS);
	close_all(fds, 1);
	io.pin_count = 1;
	io.pin_reserve = NET_VECTORS;
	io.pin_flags = PCIIO_INTR_OPEN_MASTER;
	io.pin_fds = (uintptr_t)fds;
	MUST(ioctl(pci, PCIOCINTROPEN, &io));
	MUST(intr_open(PCIIO_INTR_MSIX, 1, 4, 0, fds + 1));
	net_setup();
	each_alone(fds);
	close_all(fds, NET_VECTORS);
}

static void msix(void)
{
	int fds[NET_VECTORS];

	MUST(intr_open(PCIIO_INTR_MSIX, 0, NET_VECTORS, PCIIO_INTR_OPEN_MASTER, fds));
	net_setup();
	each_alone(fds);
	each_masked(fds);
	reopened(fds);
	close_all(fds, NET_VECTORS);
	net_setup();
	/* A cause that is not let through before the vector is there. */
	reg_write(NET_RAISE, NET_CAUSE(1));
	MUST(intr_open(PCIIO_INTR_MSIX, 0, NET_VECTORS, PCIIO_INTR_OPEN_MASTER, fds));
	CHECK(quiet(fds[1]));
	reg_write(NET_MASK, NET_CAUSE(1));
	CHECK(took_message(fds[1]));
	each_alone(fds);
	close_all(fds, NET_VECTORS);
	grown();
}

int main(int argc, char **argv)
{
	if (argc != 3 && (argc != 4 || strcmp(argv[1], "msix")))
		return 2;

	map_regs(argv[2]);
	if (argc == 4) {
		sent_twice = !strcmp(argv[3], "twice");
		msix();
	} else if (!strcmp(argv[1], "intx")) {
		intx();
	} else if (!strcmp(argv[1], "exclusive")) {
		exclusive();
	} else {
		msi();
	}
	return verdict();
}
