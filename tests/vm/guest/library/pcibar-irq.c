// SPDX-License-Identifier: BSD-2-Clause
/*
 * pcibar-irq line EDU COUNT | messages E1000E once|twice | wait EDU | calls EDU | first FUNCTION:
 * vectors through the library, and prints "ok" if all is as it should be. E1000E may send each
 * message twice. "wait": in four threads, until the function is asked for. "calls": how many
 * system calls pcibar_irq_done() makes, of INTx and of MSI. "first": of three vectors of MSI, says
 * when they are open, and for each line of input closes the first or opens it again.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pcibar/pcibar.h>

/* edu: what raises its interrupt, and what acknowledges it */
#define RAISE		0x60u
#define QUIET		0x64u
/* e1000e: a write of CAUSE << N to SEND sends vector N, once it is set up */
#define SEND		0xc8u
#define CAUSE		(UINT32_C(1) << 20)
#define ALL		UINT32_C(0x1f00000)
#define INTERRUPTS	0xd0u
#define CLEARED_BY_MESSAGE	0xdcu
#define VECTOR_OF_CAUSE	0xe4u
#define IN_ORDER	0x800cba98u
#define VECTORS		5u
#define WAITERS		4
#define LONG		(INT64_C(20) * 1000000000)
#define SHORT		INT64_C(5000000)

static struct pcibar_device *dev;
static struct pcibar_map *registers;
static struct pcibar_irq *irqs[VECTORS];
static uint64_t most = 1;

static void check(bool good, const char *what)
{
	if (good)
		return;
	printf("not as it should be: %s\n", what);
	exit(1);
}

static void open_device(const char *address)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_OPEN_WRITE, .why = &why,
	};

	check(!pcibar_device_open(address, &opts, &dev), why.reasons[0].what);
}

static void open_it(const char *address)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_map_opts map = {
		.size = sizeof(map), .flags = PCIBAR_MAP_WRITE | PCIBAR_MAP_ACTIVATE, .why = &why,
	};

	open_device(address);
	check(!pcibar_bar_map(dev, 0, &map, &registers), why.reasons[0].what);
}

static void set(uint64_t offset, uint32_t value)
{
	check(!pcibar_map_write(registers, offset, 4, value), "a write");
}

static int open_some(uint32_t type, uint32_t first, uint32_t count, uint32_t flags)
{
	struct pcibar_irq_opts opts = {
		.size = sizeof(opts), .type = type, .first = first, .count = count, .flags = flags,
	};

	return pcibar_irq_open(dev, &opts, irqs + first);
}

static void comes(uint32_t vector, const char *what)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };
	int ret = pcibar_irq_wait(irqs[vector], LONG, &event);

	if (ret || !event.count || event.count > most)
		printf("vector %u: %s, %" PRIu64 "\n", vector, strerror(-ret), event.count);
	check(!ret && event.count && event.count <= most, what);
}

static void does_not(uint32_t vector, int64_t timeout_ns, const char *what)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };

	check(pcibar_irq_wait(irqs[vector], timeout_ns, &event) == -ETIMEDOUT, what);
}

/* None is lost, and one that is not acknowledged is one event for each done(). */
static void line(char **argv)
{
	open_it(argv[0]);
	check(!open_some(PCIBAR_IRQ_INTX, 0, 1, 0), "opening INTx");
	for (long left = atol(argv[1]); left; left--) {
		set(RAISE, 1);
		comes(0, "an interrupt");
		set(QUIET, 1);
		check(!pcibar_irq_done(irqs[0]), "done");
		does_not(0, 0, "an event too many");
	}

	set(RAISE, 1);
	for (int i = 0; i < 3; i++) {
		comes(0, "an interrupt that was not acknowledged");
		does_not(0, SHORT, "a second event before done");
		check(!pcibar_irq_done(irqs[0]), "done");
	}
	comes(0, "the last");
	set(QUIET, 1);
	check(!pcibar_irq_mask(irqs[0]) && !pcibar_irq_done(irqs[0]), "masking");
	set(RAISE, 1);
	does_not(0, SHORT, "an event while masked");
	check(!pcibar_irq_unmask(irqs[0]), "unmasking");
	comes(0, "an event after unmasking");
	pcibar_irq_close(irqs[0]);

	/* The line is held all the time. */
	check(!open_some(PCIBAR_IRQ_INTX, 0, 1, PCIBAR_IRQ_OPEN_MASKED), "opening it masked");
	does_not(0, SHORT, "an event while it begins masked");
	/* A change of the command register does not mask it for good. */
	check(!pcibar_device_set_enable(dev, PCIBAR_BUS_MASTER, PCIBAR_BUS_MASTER, 0), "enabling");
	check(!pcibar_irq_unmask(irqs[0]), "unmasking");
	comes(0, "an event of the line that was held");
	set(QUIET, 1);
	check(!pcibar_irq_done(irqs[0]), "done");
	set(RAISE, 1);
	comes(0, "an interrupt after that");
	set(QUIET, 1);
	check(open_some(PCIBAR_IRQ_MSI, 0, 1, 0) == -EBUSY, "a second type");
	pcibar_irq_close(irqs[0]);
}

/*
 * A message turns its cause off. A device that sends it twice does so after 128 us, which
 * end before a timer of the guest that is set later.
 */
static void send(uint32_t vector)
{
	set(INTERRUPTS, ALL);
	set(SEND, CAUSE << vector);
	poll(NULL, 0, 2);
}

static void each_for_itself(uint32_t count)
{
	for (uint32_t vector = 0; vector < count; vector++) {
		send(vector);
		comes(vector, "a message");
		for (uint32_t i = 0; i < count; i++)
			does_not(i, 0, "a message of another vector");
	}
}

/* Where the kernel cannot add vectors, only those that were reserved can follow. */
static void add(void)
{
	struct pcibar_irq_info info = { .size = sizeof(info) };
	bool grows;

	check(!open_some(PCIBAR_IRQ_MSIX, 0, 2, PCIBAR_IRQ_BUS_MASTER), "two vectors");
	check(!pcibar_irq_get_info(dev, PCIBAR_IRQ_MSIX, &info) && info.open == 2 &&
	      info.count == VECTORS, "what is open");
	grows = info.flags & PCIBAR_IRQ_CAN_GROW;
	puts(grows ? "grows" : "does not grow");
	check(open_some(PCIBAR_IRQ_MSIX, 2, 3, 0) == (grows ? 0 : -EBUSY), "adding vectors");
	each_for_itself(grows ? VECTORS : 2);
	for (uint32_t i = 0; i < (grows ? VECTORS : 2); i++)
		pcibar_irq_close(irqs[i]);
}

/* What is sent while a vector is closed arrives when it is open again. */
static void messages(char **argv)
{
	uint32_t enabled = 0;

	most = strcmp(argv[1], "twice") ? 1 : 2;
	open_it(argv[0]);
	set(VECTOR_OF_CAUSE, IN_ORDER);
	set(CLEARED_BY_MESSAGE, ALL);
	check(open_some(PCIBAR_IRQ_MSIX, 0, 1, 0) == -ENXIO, "without bus mastering");
	add();
	check(!pcibar_device_get_enable(dev, &enabled) && !(enabled & PCIBAR_BUS_MASTER),
	      "bus mastering without a vector");

	check(!open_some(PCIBAR_IRQ_MSIX, 0, VECTORS, PCIBAR_IRQ_BUS_MASTER), "five vectors");
	check(open_some(PCIBAR_IRQ_MSIX, 4, 1, 0) == -EBUSY, "a vector that is open");
	check(open_some(PCIBAR_IRQ_MSIX, 4, 2, 0) == -ERANGE, "a vector beyond the table");
	each_for_itself(VECTORS);
	pcibar_irq_close(irqs[2]);
	send(2);
	send(3);
	comes(3, "a message beside a closed vector");
	check(!open_some(PCIBAR_IRQ_MSIX, 2, 1, 0), "opening a vector again");
	comes(2, "what was sent while it was closed");
	check(!pcibar_irq_trigger(irqs[1]), "a trigger");
	comes(1, "what was triggered");

	/* Vectors outlive the handle. */
	pcibar_device_close(dev);
	each_for_itself(VECTORS);
	for (uint32_t i = 0; i < VECTORS; i++)
		pcibar_irq_close(irqs[i]);
}

static void *wait_for_the_end(void *unused)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };

	(void)unused;
	return (void *)(intptr_t)pcibar_irq_wait(irqs[0], -1, &event);
}

static void wait_in_four(char **argv)
{
	pthread_t threads[WAITERS];
	void *ret;

	open_device(argv[0]);
	check(!open_some(PCIBAR_IRQ_INTX, 0, 1, 0), "opening INTx");
	for (int i = 0; i < WAITERS; i++)
		check(!pthread_create(&threads[i], NULL, wait_for_the_end, NULL), "a thread");
	for (int i = 0; i < WAITERS; i++) {
		pthread_join(threads[i], &ret);
		check((intptr_t)ret == -ENODEV, "the end of a wait");
	}
	pcibar_irq_close(irqs[0]);
	pcibar_device_close(dev);
}

/* Stops before and after nothing, and after pcibar_irq_done(). */
static void be_counted(const char *address, uint32_t type)
{
	check(!ptrace(PTRACE_TRACEME, 0, NULL, NULL), "being traced");
	open_device(address);
	check(!open_some(type, 0, 1, PCIBAR_IRQ_BUS_MASTER), "opening a vector");
	raise(SIGSTOP);
	raise(SIGSTOP);
	check(!pcibar_irq_done(irqs[0]), "done");
	raise(SIGSTOP);
	exit(0);
}

/* System calls of the child until it stops itself the next time */
static int calls_until_stop(pid_t child)
{
	int stops = 0, status;

	for (;;) {
		check(waitpid(child, &status, 0) == child && WIFSTOPPED(status), "a stop");
		if (WSTOPSIG(status) == SIGSTOP)
			return stops / 2;
		stops++;
		check(!ptrace(PTRACE_SYSCALL, child, NULL, NULL), "the next call");
	}
}

static int calls_of_done(const char *address, uint32_t type)
{
	pid_t child = fork();
	int calls[2], status;

	check(child >= 0, "a process");
	if (!child)
		be_counted(address, type);
	calls_until_stop(child);
	for (int i = 0; i < 2; i++) {
		check(!ptrace(PTRACE_SYSCALL, child, NULL, NULL), "continuing");
		calls[i] = calls_until_stop(child);
	}
	check(!ptrace(PTRACE_DETACH, child, NULL, NULL), "letting go");
	check(waitpid(child, &status, 0) == child && !status, "the other process");
	return calls[1] - calls[0];
}

static void count_calls(char **argv)
{
	int line = calls_of_done(argv[0], PCIBAR_IRQ_INTX);
	int message = calls_of_done(argv[0], PCIBAR_IRQ_MSI);

	printf("INTx %d\nMSI %d\n", line, message);
}

static void close_the_first(char **argv)
{
	open_device(argv[0]);
	check(!open_some(PCIBAR_IRQ_MSI, 0, 3, PCIBAR_IRQ_BUS_MASTER), "three vectors open");
	do {
		puts(irqs[0] ? "open" : "closed");
		fflush(stdout);
		if (getchar() != '\n')
			break;
		if (irqs[0]) {
			pcibar_irq_close(irqs[0]);
			irqs[0] = NULL;
		} else {
			check(!open_some(PCIBAR_IRQ_MSI, 0, 1, PCIBAR_IRQ_BUS_MASTER), "again");
		}
	} while (true);
	for (uint32_t i = 0; i < 3; i++)
		pcibar_irq_close(irqs[i]);
	pcibar_device_close(dev);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "line"))
		line(argv + 2);
	else if (argc == 4 && !strcmp(argv[1], "messages"))
		messages(argv + 2);
	else if (argc == 3 && !strcmp(argv[1], "wait"))
		wait_in_four(argv + 2);
	else if (argc == 3 && !strcmp(argv[1], "calls"))
		count_calls(argv + 2);
	else if (argc == 3 && !strcmp(argv[1], "first"))
		close_the_first(argv + 2);
	else
		return 2;
	puts("ok");
	return 0;
}
