// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-hold FUNCTION BAR [rw] [activate] [exclusive] [share-driver] [share-page]
 * [small] [no-msix] [wc] [fork]: opens a BAR descriptor, maps all of it and does
 * what it is told on its standard input, a line each, answering a line each:
 *
 *	read OFFSET		the word, or "SIGBUS"
 *	write OFFSET VALUE	"ok" or "SIGBUS"
 *	poll			the events that are there: "live", "suspended", "dead"
 *	wait			the same, once there is one
 *	info			the descriptor's fdinfo
 *	map			one more mapping of the first page: "ok" or the errno
 *
 * With "fork" a child answers instead, from the mapping it has inherited.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/wait.h>

#include "pciio-check.h"

#define WAIT_MS	20000

static const struct { const char *word; unsigned int flag; } words[] = {
	{ "rw", PCIIO_BAR_OPEN_RW },
	{ "activate", PCIIO_BAR_OPEN_ACTIVATE },
	{ "exclusive", PCIIO_BAR_OPEN_EXCLUSIVE },
	{ "share-driver", PCIIO_BAR_OPEN_SHARE_DRIVER },
	{ "share-page", PCIIO_BAR_OPEN_SHARE_PAGE },
	{ "small", PCIIO_BAR_OPEN_SMALL_PAGES },
	{ "no-msix", PCIIO_BAR_OPEN_NO_MSIX },
};

static void say_events(int fd, int timeout)
{
	struct pollfd poller = { .fd = fd, .events = POLLPRI };

	MUST(poll(&poller, 1, timeout));
	puts(poller.revents & POLLHUP ? "dead" : poller.revents & POLLPRI ? "suspended" : "live");
}

static void say_info(int fd)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = ' ';
		fputs(line, stdout);
	}
	puts("");
	if (file)
		fclose(file);
}

static void obey(char *line, int fd, volatile char *base)
{
	unsigned long off = 0;
	unsigned int val = 0;

	if (sscanf(line, "read %li", (long *)&off) == 1) {
		if (touch(base + off, &val))
			printf("0x%08x\n", val);
		else
			puts("SIGBUS");
	} else if (sscanf(line, "write %li %i", (long *)&off, (int *)&val) == 2) {
		puts(store(base + off, val) ? "ok" : "SIGBUS");
	} else if (!strcmp(line, "poll\n")) {
		say_events(fd, 0);
	} else if (!strcmp(line, "wait\n")) {
		say_events(fd, WAIT_MS);
	} else if (!strcmp(line, "info\n")) {
		say_info(fd);
	} else if (!strcmp(line, "map\n")) {
		void *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

		puts(page == MAP_FAILED ? strerror(errno) : "ok");
	} else {
		puts("what?");
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct pci_bar_open io = { .pbo_size = sizeof(io) };
	bool child = false;
	volatile char *base;
	char line[128];
	int i;

	if (argc < 3)
		return 2;
	io.pbo_sel = function(argv[1]);
	io.pbo_reg = strcmp(argv[2], "rom") ? BAR(atoi(argv[2])) : ROM;
	for (i = 3; i < argc; i++) {
		for (size_t j = 0; j < sizeof(words) / sizeof(*words); j++)
			if (!strcmp(argv[i], words[j].word))
				io.pbo_flags |= words[j].flag;
		if (!strcmp(argv[i], "wc"))
			io.pbo_memattr = 1;
		child |= !strcmp(argv[i], "fork");
	}
	catch_bus_errors();
	if (ioctl(node(O_RDWR), PCIOCBAROPEN, &io)) {
		puts(strerror(errno));
		return 1;
	}
	base = mmap(NULL, io.pbo_map_length, PROT_READ |
		    (io.pbo_flags & PCIIO_BAR_OPEN_RW ? PROT_WRITE : 0), MAP_SHARED, io.pbo_fd, 0);
	if (base == MAP_FAILED) {
		puts(strerror(errno));
		return 1;
	}
	base += io.pbo_bar_off;
	puts("ready");
	fflush(stdout);
	if (child && MUST(fork())) {
		wait(&i);
		return i ? 1 : 0;
	}
	while (fgets(line, sizeof(line), stdin))
		obey(line, io.pbo_fd, base);
	return 0;
}
