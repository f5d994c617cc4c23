// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-intr-edges WHAT EDU: interrupt descriptors apart from the device: "rights"
 * (reads and writes of every size, flags, eventfd, processes that share or received
 * one), "churn" (opened and closed while the device fires), "try TYPE FIRST COUNT
 * [master] [forger]" (says why not, perhaps with a BAR that can hold the MSI-X table),
 * "ask TYPE" (how many vectors there are, from who may only read), "message PLACE" (of
 * MSI, which all vectors share; PLACE is its capability).
 */
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "pciio-intr.h"
#include "pciio-pass.h"

#define CHURN	1000

/* What the compiler does not know to be no address. */
static void *volatile nowhere = NULL;

static void sizes(int fd)
{
	struct pci_intr_event event[3];
	uint32_t word;
	char byte = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);

	REFUSED(read(fd, event, 24), EAGAIN);
	REFUSED(read(fd, event, 0), EINVAL);
	REFUSED(read(fd, event, 3), EINVAL);
	REFUSED(read(fd, event, 23), EINVAL);

	control(fd, PCIIO_INTR_TRIGGER);
	control(fd, PCIIO_INTR_TRIGGER);
	EQUAL(events(fd, LONG), POLLIN);
	EQUAL(read(fd, event, 24), 24);
	EQUAL(event[0].pie_count, 2);
	EQUAL(event[0].pie_total, 2);
	CHECK(event[0].pie_time);
	EQUAL(events(fd, 0), 0);

	control(fd, PCIIO_INTR_TRIGGER);
	event[1].pie_count = 77;
	EQUAL(read(fd, event, 64), 24);
	EQUAL(event[0].pie_total, 3);
	EQUAL(event[1].pie_count, 77);
	control(fd, PCIIO_INTR_TRIGGER);
	EQUAL(read(fd, &word, 4), 4);
	EQUAL(word, 4);
	REFUSED(read(fd, nowhere, 24), EAGAIN);
	control(fd, PCIIO_INTR_TRIGGER);
	REFUSED(read(fd, nowhere, 24), EFAULT);

	word = 3;
	REFUSED(write(fd, &word, 4), EINVAL);
	REFUSED(write(fd, &byte, 1), EINVAL);
	REFUSED(write(fd, event, 8), EINVAL);
	REFUSED(write(fd, nowhere, 4), EFAULT);
	REFUSED(lseek(fd, 0, SEEK_SET), ESPIPE);
	REFUSED(pread(fd, event, 24, 0), ESPIPE);
	fcntl(fd, F_SETFL, 0);
}

static void shown(int fd)
{
	char path[64], text[1024] = "";
	int file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = (int)MUST(open(path, O_RDONLY));
	MUST(read(file, text, sizeof(text) - 1));
	close(file);
	CHECK(strstr(text, "interrupt:\tMSI\nvector:\t0\nirq:\t"));
	CHECK(!strstr(text, "irq:\t0\n"));
	CHECK(strstr(text, "count:\t5\nmasked:\tno\neventfd:\tno\nresets:\t0\nstate:\tlive\n"));
}

static struct pci_intr_open request(void)
{
	static int fds[MAX_VECTORS];

	return (struct pci_intr_open){ .pin_size = sizeof(struct pci_intr_open), .pin_sel = sel,
				       .pin_type = PCIIO_INTR_MSI, .pin_count = 1,
				       .pin_flags = PCIIO_INTR_OPEN_MASTER,
				       .pin_fds = (uintptr_t)fds };
}

static void structure(void)
{
	struct pci_intr_open io = request();
	struct {
		struct pci_intr_open io;
		uint32_t more;
	} longer = { .io = request(), .more = 1 };
	int reader = node(O_RDONLY);

	longer.io.pin_size = sizeof(longer);
	REFUSED(ioctl(pci, PCIOCINTROPEN, &longer), E2BIG);
	REFUSED(ioctl(reader, PCIOCINTROPEN, &io), EPERM);

	io.pin_size = 8;
	REFUSED(ioctl(pci, PCIOCINTROPEN, &io), EINVAL);
	io = request();
	io.pin_flags |= 0x100;
	REFUSED(ioctl(pci, PCIOCINTROPEN, &io), EINVAL);
	io = request();
	io.pin_type = 4;
	REFUSED(ioctl(pci, PCIOCINTROPEN, &io), EINVAL);
	io = request();
	io.pin_reserved[3] = 1;
	REFUSED(ioctl(pci, PCIOCINTROPEN, &io), EINVAL);

	io = request();
	io.pin_flags |= PCIIO_INTR_OPEN_EVENTFD;
	REFUSED(ioctl(pci, PCIOCINTROPEN, &io), EINVAL);
	io.pin_eventfds = (uintptr_t)&reader;
	REFUSED(ioctl(pci, PCIOCINTROPEN, &io), EINVAL);
	io = request();
	io.pin_fds = 0;
	REFUSED(ioctl(pci, PCIOCINTROPEN, &io), EFAULT);

	/* A read-only descriptor may ask. */
	io = request();
	io.pin_count = 0;
	MUST(ioctl(reader, PCIOCINTROPEN, &io));
	EQUAL(io.pin_vectors, 1);
	EQUAL(io.pin_open, 0);
	close(reader);
}

/* As KVM uses it: poll(2), and reads that do not block. */
static void with_eventfd(void)
{
	struct pci_intr_open io = request();
	int count = (int)MUST(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), fd;
	struct pollfd wait = { .fd = count, .events = POLLIN };
	uint64_t val;

	io.pin_flags |= PCIIO_INTR_OPEN_EVENTFD;
	io.pin_eventfds = (uintptr_t)&count;
	io.pin_fds = (uintptr_t)&fd;
	MUST(ioctl(pci, PCIOCINTROPEN, &io));

	EQUAL(poll(&wait, 1, 0), 0);
	reg_write(EDU_RAISE, 1);
	EQUAL(poll(&wait, 1, LONG), 1);
	EQUAL(read(count, &val, sizeof(val)), sizeof(val));
	EQUAL(val, 1);
	reg_write(EDU_CLEAR, 1);
	REFUSED(read(fd, &val, 4), EOPNOTSUPP);
	control(fd, PCIIO_INTR_TRIGGER);
	control(fd, PCIIO_INTR_TRIGGER);
	EQUAL(read(count, &val, sizeof(val)), sizeof(val));
	EQUAL(val, 2);
	REFUSED(read(count, &val, sizeof(val)), EAGAIN);
	EQUAL(events(fd, 0), 0);
	close(count);
	control(fd, PCIIO_INTR_TRIGGER);
	close(fd);
}

/* Who has received it may wait, mask and trigger, and nothing else. */
static void as_nobody(int sock)
{
	struct pci_intr_open io = request();
	struct pci_io command = { .pi_sel = sel, .pi_reg = 4, .pi_width = 2 };
	int fd = receive_fd(sock);

	become_nobody();
	failures = 0;
	EQUAL(took(fd), 1);
	control(fd, PCIIO_INTR_MASK);
	control(fd, PCIIO_INTR_UNMASK);
	REFUSED(ioctl(fd, PCIOCINTROPEN, &io), ENOTTY);
	REFUSED(ioctl(fd, PCIOCREAD, &command), ENOTTY);
	REFUSED(ioctl(fd, PCIOCWRITE, &command), ENOTTY);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	REFUSED(open("/dev/pci", O_RDWR), EACCES);
	exit(verdict());
}

static void passed(int fd)
{
	int socks[2], status;
	pid_t child;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	child = (pid_t)MUST(fork());
	if (!child)
		as_nobody(socks[1]);
	send_fd(socks[0], fd);
	reg_write(EDU_RAISE, 1);
	MUST(waitpid(child, &status, 0));
	EQUAL(status, 0);
	reg_write(EDU_CLEAR, 1);
}

/* An event is for the first reader; the vector lives as long as a descriptor of it. */
static void forked(int fd)
{
	int copy = (int)MUST(dup(fd)), again, status;
	pid_t child = (pid_t)MUST(fork());

	if (!child) {
		close(fd);
		close(copy);
		exit(0);
	}
	MUST(waitpid(child, &status, 0));
	MUST(close(fd));
	REFUSED(intr_open(PCIIO_INTR_MSI, 0, 1, PCIIO_INTR_OPEN_MASTER, &again), EEXIST);
	reg_write(EDU_RAISE, 1);
	EQUAL(took(copy), 1);
	reg_write(EDU_CLEAR, 1);
	close(copy);
}

static void *read_one(void *arg)
{
	struct pci_intr_event event;
	int fd = *(int *)arg;

	return (void *)(intptr_t)read(fd, &event, sizeof(event));
}

static void wait_asleep(void)
{
	char line[64] = "";

	/* The other thread sleeps in the kernel. */
	while (!strstr(line, "S")) {
		FILE *file = popen("cat /proc/$PPID/task/*/stat | tail -1 | cut -d' ' -f3", "re");

		if (!fgets(line, sizeof(line), file))
			line[0] = 0;
		pclose(file);
	}
}

/* Another thread waits in read(2); it has what it waits for afterwards. */
static void closed_while_waiting(void)
{
	int fd = one(PCIIO_INTR_MSI, 0, PCIIO_INTR_OPEN_MASTER), arg = fd;
	pthread_t thread;
	void *ret;

	MUST(-!!pthread_create(&thread, NULL, read_one, &arg));
	wait_asleep();
	MUST(close(fd));
	reg_write(EDU_RAISE, 1);
	pthread_join(thread, &ret);
	EQUAL((intptr_t)ret, 24);
	reg_write(EDU_CLEAR, 1);
}

static void rights(void)
{
	int fd;

	structure();
	fd = one(PCIIO_INTR_MSI, 0, PCIIO_INTR_OPEN_MASTER);
	sizes(fd);
	shown(fd);
	passed(fd);
	forked(fd);
	with_eventfd();
	closed_while_waiting();
}

static bool stop;

static void *raiser(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		reg_write(EDU_RAISE, 1);
		reg_write(EDU_CLEAR, 1);
	}
	return NULL;
}

static void churn(void)
{
	pthread_t thread;
	int i;

	MUST(-!!pthread_create(&thread, NULL, raiser, NULL));
	for (i = 0; i < CHURN; i++) {
		int fd = one(i % 2 ? PCIIO_INTR_INTX : PCIIO_INTR_MSI, 0, PCIIO_INTR_OPEN_MASTER);

		if (i % 2)
			control(fd, PCIIO_INTR_UNMASK);
		MUST(close(fd));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void try(char **argv)
{
	const struct rlimit limit = { 4096, 4096 };
	static int fds[4096];
	unsigned int flags = 0;
	int i;

	for (i = 6; argv[i]; i++) {
		if (!strcmp(argv[i], "master"))
			flags |= PCIIO_INTR_OPEN_MASTER;
		else
			MUST(bar_open(pci, sel, BAR(0), PCIIO_BAR_OPEN_RW | PCIIO_BAR_OPEN_ACTIVATE,
				      UC));
	}
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	if (intr_open(type_of(argv[3]), (unsigned int)atoi(argv[4]), (unsigned int)atoi(argv[5]),
		      flags, fds))
		puts(strerror(errno));
	else
		puts("ok");
}

static void ask(const char *type)
{
	struct pci_intr_open io = { .pin_size = sizeof(io), .pin_sel = sel,
				    .pin_type = type_of(type) };

	if (ioctl(pci, PCIOCINTROPEN, &io))
		puts(strerror(errno));
	else
		printf("%u\n", io.pin_vectors);
}

static uint32_t config(int place, int width)
{
	struct pci_io io = { .pi_sel = sel, .pi_reg = place, .pi_width = width };

	MUST(ioctl(pci, PCIOCREAD, &io));
	return io.pi_data;
}

static uint32_t count_open(void)
{
	struct pci_intr_open io = { .pin_size = sizeof(io), .pin_sel = sel,
				    .pin_type = PCIIO_INTR_MSI };

	MUST(ioctl(pci, PCIOCINTROPEN, &io));
	return io.pin_open;
}

/* The vectors of MSI have one message, whichever of them is closed or opened again. */
static void message(int cap)
{
	const int order[] = { 0, 1, 0, 2 };
	uint32_t address, flags;
	int fds[3], i;

	MUST(intr_open(PCIIO_INTR_MSI, 0, 3, PCIIO_INTR_OPEN_MASTER, fds));
	flags = config(cap + 2, 2);
	address = config(cap + 4, 4);
	CHECK(flags & 1);
	CHECK(address);

	for (i = 0; i < 4; i++) {
		int vector = order[i];

		MUST(close(fds[vector]));
		EQUAL(count_open(), 2);
		EQUAL(config(cap + 2, 2), flags);
		EQUAL(config(cap + 4, 4), address);
		fds[vector] = one(PCIIO_INTR_MSI, (unsigned int)vector, PCIIO_INTR_OPEN_MASTER);
		EQUAL(count_open(), 3);
		EQUAL(config(cap + 2, 2), flags);
		EQUAL(config(cap + 4, 4), address);
		control(fds[vector], PCIIO_INTR_TRIGGER);
		EQUAL(took(fds[vector]), 1);
	}
	REFUSED(intr_open(PCIIO_INTR_MSI, 2, 2, PCIIO_INTR_OPEN_MASTER, fds), EEXIST);
	EQUAL(config(cap + 2, 2), flags);
	for (i = 0; i < 3; i++)
		MUST(close(fds[i]));
	EQUAL(count_open(), 0);
	EQUAL(config(cap + 2, 2) & 1, 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (argc < 3)
		return 2;

	if (!strcmp(what, "try") && argc >= 6) {
		name(argv[2]);
		try(argv);
		return 0;
	}

	if (!strcmp(what, "ask") && argc == 4) {
		sel = function(argv[2]);
		pci = node(O_RDONLY);
		ask(argv[3]);
		return 0;
	}

	if (!strcmp(what, "message") && argc == 4) {
		name(argv[2]);
		message(atoi(argv[3]));
		return verdict();
	}

	map_regs(argv[2]);
	if (!strcmp(what, "rights"))
		rights();
	else if (!strcmp(what, "churn"))
		churn();
	return verdict();
}
