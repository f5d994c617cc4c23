// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-nosy SECONDS REMOVALS FUNCTION BRIDGE...: two processes of uid 65534 make
 * every request that a read-only /dev/pci, or descriptor of a function, serves or refuses,
 * and check a BAR descriptor that was passed to them, while root removes the bridges and finds
 * them again: for so many seconds, or until there were so many removals. Prints
 * "ready" and how many removals and calls there were. Memory that SLUB has poisoned as freed
 * in anything that is returned is a failure.
 */
#define __FreeBSD_version	1500064
#include <poll.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "pciio-pass.h"

#define READERS		2
#define RECORDS		64
#define LISTINGS	256		/* of bridges for each of the other requests */
#define FREED		0x6b		/* SLUB's pattern for freed memory */
#define LEGACY_GETCONF	_IOWR('p', 5, struct pci_conf_io)
#define LEGACY_SIZE	offsetof(struct pci_conf, pd_numa_domain)
#define BRIDGES		6		/* base class */
#define ASKED		(9 + 3 + 10)	/* requests of ask(), none of them a list */

static struct shared {
	atomic_bool over;
	atomic_ulong calls, poisoned;
} *shared;

static int bar;

static void put_one(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) == 1 || errno == ENODEV) {
		close(fd);
		return;
	}
	perror(path);
	exit(1);
}

/* Two such bytes in a row are in no name and no number of these machines. */
static void check_poison(const char *what, const void *data, size_t len)
{
	const unsigned char *byte = data;

	for (size_t i = 1; i < len; i++) {
		if (byte[i - 1] != FREED || byte[i] != FREED)
			continue;
		if (!atomic_fetch_add(&shared->poisoned, 1)) {
			printf("freed memory in %s, at byte %zu of %zu\n", what, i - 1, len);
			fflush(stdout);
		}
		return;
	}
}

/* Lists bridges or everything, in either form; returns how many records there are. */
static unsigned int list(int pci, bool all, bool legacy, struct pci_conf *records)
{
	struct pci_match_conf pattern = { .pc_class = BRIDGES,
					  .flags = PCI_GETCONF_MATCH_CLASS };
	struct pci_conf_io io = { .match_buf_len = RECORDS * sizeof(*records),
				  .matches = records };
	size_t size = legacy ? LEGACY_SIZE : sizeof(*records);

	if (!all) {
		io.patterns = &pattern;
		io.pat_buf_len = sizeof(pattern);
		io.num_patterns = 1;
	}
	memset(records, 0xff, RECORDS * sizeof(*records));
	if (ioctl(pci, legacy ? LEGACY_GETCONF : PCIOCGETCONF, &io))
		return 0;

	check_poison(legacy ? "PCIOCGETCONF, short" : "PCIOCGETCONF, long", records,
		     io.num_matches * size);
	return legacy ? 0 : io.num_matches;
}

static void get_bars(int pci, struct pcisel sel)
{
	for (int reg = BAR(0); reg <= ROM; reg += 4) {
		struct pci_bar_io io = { .pbi_sel = sel, .pbi_reg = reg };

		if (!ioctl(pci, PCIOCGETBAR, &io))
			check_poison("PCIOCGETBAR", &io, sizeof(io));
	}
}

/* Which vectors it has; opening one takes more rights. */
static void count_vectors(int pci, struct pcisel sel)
{
	for (u_int32_t type = PCIIO_INTR_INTX; type <= PCIIO_INTR_MSIX; type++) {
		struct pci_intr_open io = { .pin_size = sizeof(io), .pin_sel = sel,
					    .pin_type = type };

		if (!ioctl(pci, PCIOCINTROPEN, &io))
			check_poison("PCIOCINTROPEN", &io, sizeof(io));
	}
}

/* The right comes first, whatever becomes of the function. */
static void ask_in_vain(int pci, struct pcisel sel)
{
	static const unsigned long requests[] = {
		PCIOCREAD, PCIOCWRITE, PCIOCATTACHED, PCIOCLISTVPD, PCIOCBARMMAP, PCIOCBARIO,
		PCIOCBAROPEN, PCIOCINTROPEN, PCIOCRESET, PCIOCMODIFY,
	};
	union {
		struct pci_io io;
		struct pci_list_vpd_io vpd;
		struct pci_bar_mmap map;
		struct pci_bar_ioreq access;
		struct pci_bar_open open;
		struct pci_intr_open vectors;
		struct pci_reset reset;
		struct pci_modify modify;
	} arg;

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		memset(&arg, 0, sizeof(arg));
		switch (requests[i]) {
		case PCIOCBAROPEN:
			arg.open.pbo_size = sizeof(arg.open);
			arg.open.pbo_sel = sel;
			arg.open.pbo_reg = BAR(0);
			break;
		case PCIOCINTROPEN:
			arg.vectors.pin_size = sizeof(arg.vectors);
			arg.vectors.pin_sel = sel;
			arg.vectors.pin_type = PCIIO_INTR_INTX;
			arg.vectors.pin_count = 1;
			break;
		case PCIOCBARMMAP:
			arg.map.pbm_sel = sel;
			arg.map.pbm_reg = BAR(0);
			break;
		default:
			arg.io.pi_sel = sel;
			arg.io.pi_width = 4;
		}
		REFUSED(ioctl(pci, requests[i], &arg), EPERM);
	}
}

static void ask(int pci, struct pcisel sel)
{
	get_bars(pci, sel);
	count_vectors(pci, sel);
	ask_in_vain(pci, sel);
}

/* The same through a descriptor of the function, which may have gone since it was listed. */
static void ask_function(int pci, struct pcisel sel)
{
	struct pci_func_open io = { .pfo_size = sizeof(io), .pfo_sel = sel };

	if (ioctl(pci, PCIOCFUNCOPEN, &io))
		return;
	check_poison("PCIOCFUNCOPEN", &io, sizeof(io));
	ask(io.pfo_fd, sel);
	close(io.pfo_fd);
}

static void read_fdinfo(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN | POLLPRI };
	char path[64], text[1024];
	ssize_t len;
	int info;

	MUST(poll(&poller, 1, 0));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = (int)MUST(open(path, O_RDONLY | O_CLOEXEC));
	len = MUST(read(info, text, sizeof(text)));
	check_poison("fdinfo", text, (size_t)len);
	close(info);
}

static void reader(void)
{
	static struct pci_conf records[RECORDS];
	unsigned long calls = 0, rounds = 0;
	unsigned int n;
	int pci;

	become_nobody();
	MUST(prctl(PR_SET_DUMPABLE, 1));
	pci = node(O_RDONLY);
	while (!atomic_load(&shared->over)) {
		/* Bridges most of all: they are what goes. */
		for (int i = 0; i < LISTINGS; i++)
			list(pci, false, false, records);
		list(pci, rounds++ & 1, true, records);
		n = list(pci, true, false, records);
		if (n) {
			ask(pci, records[rounds % n].pc_sel);
			ask_function(pci, records[rounds % n].pc_sel);
		}
		read_fdinfo(pci);
		read_fdinfo(bar);
		calls += LISTINGS + 2 + 2 * ASKED + 1 + 2;
	}

	atomic_fetch_add(&shared->calls, calls);
	exit(verdict());
}

static unsigned long churn(char **bridges, time_t seconds, unsigned long enough)
{
	time_t end = time(NULL) + seconds;
	unsigned long removals = 0;
	char path[128];

	while (time(NULL) < end && removals < enough) {
		for (char **bridge = bridges; *bridge; bridge++, removals++) {
			snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", *bridge);
			put_one(path);
		}
		put_one("/sys/bus/pci/rescan");
	}
	return removals;
}

int main(int argc, char **argv)
{
	unsigned long removals;
	int status;

	if (argc < 5)
		return 2;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	MUST((long)shared);
	bar = (int)MUST(bar_open(node(O_RDWR), function(argv[3]), BAR(0),
				 PCIIO_BAR_OPEN_ACTIVATE, UC));
	puts("ready");
	fflush(stdout);
	for (int i = 0; i < READERS; i++)
		if (!MUST(fork()))
			reader();
	removals = churn(argv + 4, atol(argv[1]), strtoul(argv[2], NULL, 0));
	atomic_store(&shared->over, true);
	while (wait(&status) > 0)
		EQUAL(status, 0);
	printf("%lu removals, %lu calls, %lu with freed memory\n", removals, shared->calls,
	       shared->poisoned);
	EQUAL(shared->poisoned, 0);
	return verdict();
}
