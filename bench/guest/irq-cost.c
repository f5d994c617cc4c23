// SPDX-License-Identifier: BSD-2-Clause
/*
 * irq-cost instructions WAY FUNCTION RUNS: of kernel and program for each interrupt of edu, whose
 * line is FUNCTION's alone, in its WAY: pciio-intx, pciio-msi, uio-intx, vfio-intx, vfio-msi; or
 * eventfd, which is without a device and its handler.
 * irq-cost time WAY FUNCTION RUNS: the same in nanoseconds.
 * irq-cost open WAY FUNCTION RUNS: instructions of opening 64 vectors of MSI-X, by pciio-msix or
 * vfio-msix.
 * Prints "FIGURE VALUE..." a line.
 *
 *	event		from the write that makes the device interrupt, in one thread, until
 *			read(2) returns, in which another one sleeps
 *	done		what the next interrupt needs, with the device quiet
 *	switches	all context switches of the thread that reads
 *	open, close	64 vectors by one request, with what must be made for it before
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include "clock.h"
#include "vfio-device.h"

#define MAX_RUNS	1000
#define VECTORS		64
/* Of edu. */
#define RAISE		0x60
#define CLEAR		0x64
#define COMMAND		4
#define MASTER		4	/* of COMMAND */

static int events_fd, control_fd;
static unsigned char command_high;	/* of uio: with the line unmasked */
static volatile uint32_t *regs;		/* NULL: there is no device */

static void map_regs(int fd, off_t offset)
{
	void *base = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	MUST(base == MAP_FAILED ? -1 : 0);
	regs = base;
}

/* BARs that cannot hold the MSI-X table leave the choice of messages. */
static int open_bar(int pci, struct pcisel sel)
{
	return (int)MUST(bar_open(pci, sel, BAR(0), PCIIO_BAR_OPEN_RW | PCIIO_BAR_OPEN_ACTIVATE |
				  PCIIO_BAR_OPEN_NO_MSIX, 0));
}

static void pciio_vectors(const char *address, unsigned int type, unsigned int count, int *fds)
{
	struct pci_intr_open io = { .pin_size = sizeof(io), .pin_sel = function(address),
				    .pin_type = type, .pin_count = count,
				    .pin_flags = PCIIO_INTR_OPEN_MASTER,
				    .pin_fds = (uintptr_t)fds };
	static int pci;

	if (!pci)
		pci = node(O_RDWR);
	MUST(ioctl(pci, PCIOCINTROPEN, &io));
}

static void pciio_open(const char *address, unsigned int type)
{
	map_regs(open_bar(node(O_RDWR), function(address)), 0);
	pciio_vectors(address, type, 1, &events_fd);
}

static void pciio_intx(const char *address)
{
	pciio_open(address, PCIIO_INTR_INTX);
}

static void pciio_msi(const char *address)
{
	pciio_open(address, PCIIO_INTR_MSI);
}

static void pciio_read(void)
{
	struct pci_intr_event event;

	MUST(read(events_fd, &event, sizeof(event)));
}

static void pciio_done(void)
{
	uint32_t unmask = PCIIO_INTR_UNMASK;

	MUST(write(events_fd, &unmask, sizeof(unmask)));
}

static int open_file(const char *address, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", address, name);
	return (int)MUST(open(path, O_RDWR | O_CLOEXEC));
}

/* As the kernel's "Userspace I/O HOWTO" does it. */
static void uio_intx(const char *address)
{
	map_regs(open_file(address, "resource0"), 0);
	events_fd = (int)MUST(open("/dev/uio0", O_RDWR | O_CLOEXEC));
	control_fd = open_file(address, "config");
	MUST(pread(control_fd, &command_high, 1, COMMAND + 1));
	command_high &= ~0x4;
	MUST(pwrite(control_fd, &command_high, 1, COMMAND + 1));
}

static void uio_read(void)
{
	uint32_t count;

	MUST(read(events_fd, &count, sizeof(count)));
}

static void uio_done(void)
{
	MUST(pwrite(control_fd, &command_high, 1, COMMAND + 1));
}

/* Has eventfds made for the vectors, too. */
static void vfio_vectors(unsigned int index, unsigned int count, int *fds)
{
	struct {
		struct vfio_irq_set set;
		int32_t fds[VECTORS];
	} irq = { .set = { .index = index, .count = count,
			   .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER } };

	irq.set.argsz = (uint32_t)(sizeof(irq.set) + count * sizeof(*irq.fds));
	for (unsigned int i = 0; i < count; i++)
		irq.fds[i] = fds[i] = (int)MUST(eventfd(0, EFD_CLOEXEC));
	MUST(ioctl(control_fd, VFIO_DEVICE_SET_IRQS, &irq));
}

static void vfio_master(void)
{
	struct vfio_region_info info = { .argsz = sizeof(info),
					 .index = VFIO_PCI_CONFIG_REGION_INDEX };
	uint16_t command;

	MUST(ioctl(control_fd, VFIO_DEVICE_GET_REGION_INFO, &info));
	MUST(pread(control_fd, &command, sizeof(command), (off_t)info.offset + COMMAND));
	command |= MASTER;
	MUST(pwrite(control_fd, &command, sizeof(command), (off_t)info.offset + COMMAND));
}

static void vfio_open(const char *address, unsigned int index)
{
	off_t offset;

	control_fd = vfio_device(address, 0, &offset);
	map_regs(control_fd, offset);
	vfio_master();
	vfio_vectors(index, 1, &events_fd);
}

static void vfio_intx(const char *address)
{
	vfio_open(address, VFIO_PCI_INTX_IRQ_INDEX);
}

static void vfio_msi(const char *address)
{
	vfio_open(address, VFIO_PCI_MSI_IRQ_INDEX);
}

static void vfio_read(void)
{
	uint64_t count;

	MUST(read(events_fd, &count, sizeof(count)));
}

static void vfio_done(void)
{
	struct vfio_irq_set set = { .argsz = sizeof(set), .index = VFIO_PCI_INTX_IRQ_INDEX,
				    .count = 1, .flags = VFIO_IRQ_SET_DATA_NONE |
							 VFIO_IRQ_SET_ACTION_UNMASK };

	MUST(ioctl(control_fd, VFIO_DEVICE_SET_IRQS, &set));
}

static void eventfd_open(const char *unused)
{
	(void)unused;
	events_fd = (int)MUST(eventfd(0, EFD_CLOEXEC));
}

static const struct way {
	const char *name;
	void (*open)(const char *address);
	void (*read)(void);
	void (*done)(void);		/* NULL: there is nothing to do */
} ways[] = {
	{ "pciio-intx", pciio_intx, pciio_read, pciio_done },
	{ "pciio-msi", pciio_msi, pciio_read, NULL },
	{ "uio-intx", uio_intx, uio_read, uio_done },
	{ "vfio-intx", vfio_intx, vfio_read, vfio_done },
	{ "vfio-msi", vfio_msi, vfio_read, NULL },
	{ "eventfd", eventfd_open, vfio_read, NULL },
};

static const struct way *way;
static long long (*now)(void) = instructions;
static int runs, served;
static long long raised, event[MAX_RUNS], done[MAX_RUNS];
static long switches;

static long own_switches(void)
{
	struct rusage usage;

	MUST(getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static void *reader(void *unused)
{
	long before = own_switches();

	(void)unused;
	for (int i = 0; i < runs; i++) {
		way->read();
		event[i] = now() - raised;
		if (regs)
			regs[CLEAR / 4] = 1;
		done[i] = now();
		if (way->done)
			way->done();
		done[i] = now() - done[i];
		__atomic_add_fetch(&served, 1, __ATOMIC_RELEASE);
	}
	switches = own_switches() - before;
	return NULL;
}

/* On the only processor; it runs when it can, so that the other thread finds it asleep. */
static pthread_t start_reader(void)
{
	struct sched_param param = { .sched_priority = 1 };
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	MUST(-!!pthread_create(&thread, &attr, reader, NULL));
	return thread;
}

static void print(const char *figure, const long long *values)
{
	printf("%s", figure);
	for (int i = 0; i < runs; i++)
		printf(" %lld", values[i]);
	printf("\n");
}

static void interrupt(void)
{
	uint64_t one = 1;

	if (regs)
		regs[RAISE / 4] = 1;
	else
		MUST(write(events_fd, &one, sizeof(one)));
}

static void measure_events(const char *address)
{
	pthread_t thread;

	way->open(address);
	thread = start_reader();
	for (int i = 0; i < runs; i++) {
		raised = now();
		interrupt();
		while (__atomic_load_n(&served, __ATOMIC_ACQUIRE) == i)
			;
	}
	pthread_join(thread, NULL);
	print("event", event);
	print("done", done);
	printf("switches %ld\n", switches);
}

static void measure_open(const char *name, const char *address)
{
	bool module = !strcmp(name, "pciio-msix");
	int fds[VECTORS];
	off_t offset;

	if (!module) {
		control_fd = vfio_device(address, 0, &offset);
		vfio_master();
	}
	for (int i = 0; i < runs; i++) {
		event[i] = instructions();
		if (module)
			pciio_vectors(address, PCIIO_INTR_MSIX, VECTORS, fds);
		else
			vfio_vectors(VFIO_PCI_MSIX_IRQ_INDEX, VECTORS, fds);
		event[i] = instructions() - event[i];
		done[i] = instructions();
		if (!module) {
			struct vfio_irq_set none = { .argsz = sizeof(none),
						     .index = VFIO_PCI_MSIX_IRQ_INDEX,
						     .flags = VFIO_IRQ_SET_DATA_NONE |
							      VFIO_IRQ_SET_ACTION_TRIGGER };

			MUST(ioctl(control_fd, VFIO_DEVICE_SET_IRQS, &none));
		}
		for (int j = 0; j < VECTORS; j++)
			MUST(close(fds[j]));
		done[i] = instructions() - done[i];
	}
	print("open", event);
	print("close", done);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;

	if (!strcmp(argv[1], "time"))
		now = nanoseconds;
	else
		check_instructions();
	runs = atoi(argv[4]);
	if (runs > MAX_RUNS)
		return 2;
	if (!strcmp(argv[1], "open")) {
		measure_open(argv[2], argv[3]);
		return 0;
	}

	for (way = ways; strcmp(way->name, argv[2]); way++)
		if (way == ways + sizeof(ways) / sizeof(*ways) - 1)
			return 2;
	measure_events(argv[3]);
	return 0;
}
