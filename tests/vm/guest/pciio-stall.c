// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-stall list VENDOR, pciio-stall bar FUNCTION: a request of a read-only
 * /dev/pci whose result is not copied out before a line comes on the standard
 * input: PCIOCGETCONF of all functions of a vendor, or PCIOCGETBAR of a BAR 0.
 * Prints "stalled", and in the end a line for each record: domain, bus, slot and
 * function, vendor and device ID, NUMA node; or the length of the BAR.
 *
 * pciio-stall often SECONDS FUNCTION: both by turns, for so many seconds, each time
 * while a few lists are read, whatever the result. Freed memory in one is a failure.
 */
#define __FreeBSD_version	1500064
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>

#include "pciio-stall.h"

#define ROOM	(64 * PAGE)
#define FREED	0x6b6b6b6b	/* SLUB's pattern */
#define LISTS	16		/* read during one stall, at most */

static struct pci_conf *records;
static struct pci_bar_io *bar;
static struct pci_conf_io list;
static int pci, result;
static int done = -1;		/* an eventfd */

static void *ask_list(void *unused)
{
	(void)unused;
	result = ioctl(pci, PCIOCGETCONF, &list) ? errno : 0;
	MUST(eventfd_write(done, 1));
	return NULL;
}

static void *ask_bar(void *unused)
{
	(void)unused;
	result = ioctl(pci, PCIOCGETBAR, bar) ? errno : 0;
	MUST(eventfd_write(done, 1));
	return NULL;
}

static void wait_for_a_line(void)
{
	char line[16];

	stall_wait();
	puts("stalled");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		exit(1);
}

static void stall_list(unsigned int vendor)
{
	struct pci_match_conf pattern = { .pc_vendor = (u_int16_t)vendor,
					  .flags = PCI_GETCONF_MATCH_VENDOR };
	pthread_t thread;

	records = stall_absent(ROOM);
	list = (struct pci_conf_io){
		.patterns = &pattern, .pat_buf_len = sizeof(pattern), .num_patterns = 1,
		.matches = records, .match_buf_len = ROOM,
	};
	MUST(-pthread_create(&thread, NULL, ask_list, NULL));
	wait_for_a_line();
	stall_end_absent(records, ROOM);
	pthread_join(thread, NULL);
	EQUAL(result, 0);
	for (unsigned int i = 0; i < list.num_matches; i++)
		printf("%x:%02x:%02x.%x %04x:%04x node %d\n", records[i].pc_sel.pc_domain,
		       records[i].pc_sel.pc_bus, records[i].pc_sel.pc_dev,
		       records[i].pc_sel.pc_func, records[i].pc_vendor, records[i].pc_device,
		       records[i].pd_numa_domain);
}

static void stall_bar(struct pcisel sel)
{
	pthread_t thread;

	bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST((long)bar);
	*bar = (struct pci_bar_io){ .pbi_sel = sel, .pbi_reg = BAR(0) };
	stall_writes(bar, PAGE);
	MUST(-pthread_create(&thread, NULL, ask_bar, NULL));
	wait_for_a_line();
	stall_end_writes(bar, PAGE);
	pthread_join(thread, NULL);
	EQUAL(result, 0);
	printf("%llu\n", (unsigned long long)bar->pbi_length);
}

static void check_records(const struct pci_conf_io *io)
{
	for (unsigned int i = 0; i < io->num_matches; i++)
		CHECK(io->matches[i].pc_sel.pc_domain != FREED &&
		      io->matches[i].pd_numa_domain != FREED);
}

/* A function that is gone gives nothing to copy, and no copy stalls. */
static void linger(void)
{
	static char room[ROOM];
	struct pollfd pollers[] = { { .fd = stalled, .events = POLLIN },
				    { .fd = done, .events = POLLIN } };
	struct uffd_msg msg;

	MUST(poll(pollers, 2, -1));
	if (!pollers[0].revents)
		return;

	MUST(read(stalled, &msg, sizeof(msg)));
	for (int n = rand() % LISTS; n; n--) {
		struct pci_conf_io other = { .matches = (void *)room, .match_buf_len = ROOM };

		if (!ioctl(pci, PCIOCGETCONF, &other))
			check_records(&other);
	}
}

static void join(pthread_t thread)
{
	eventfd_t count;

	pthread_join(thread, NULL);
	MUST(eventfd_read(done, &count));
}

static void list_once(void)
{
	pthread_t thread;

	records = stall_absent(ROOM);
	list = (struct pci_conf_io){ .matches = records, .match_buf_len = ROOM };
	MUST(-pthread_create(&thread, NULL, ask_list, NULL));
	linger();
	stall_end_absent(records, ROOM);
	join(thread);
	if (!result)
		check_records(&list);
	MUST(munmap(records, ROOM));
}

static void bar_once(struct pcisel sel)
{
	pthread_t thread;

	bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST((long)bar);
	*bar = (struct pci_bar_io){ .pbi_sel = sel, .pbi_reg = BAR(0) };
	stall_writes(bar, PAGE);
	MUST(-pthread_create(&thread, NULL, ask_bar, NULL));
	linger();
	stall_end_writes(bar, PAGE);
	join(thread);
	MUST(munmap(bar, PAGE));
}

static void stall_often(time_t seconds, struct pcisel sel)
{
	time_t end = time(NULL) + seconds;
	unsigned int rounds = 0;

	while (time(NULL) < end && !failures) {
		list_once();
		bar_once(sel);
		rounds++;
	}
	printf("%u rounds\n", rounds);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	pci = node(O_RDONLY);
	done = MUST(eventfd(0, EFD_CLOEXEC));
	stall_begin();
	if (argc > 3)
		stall_often(atol(argv[2]), function(argv[3]));
	else if (!strcmp(argv[1], "list"))
		stall_list((unsigned int)strtoul(argv[2], NULL, 16));
	else
		stall_bar(function(argv[2]));
	return verdict();
}
