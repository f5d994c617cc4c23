// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-hold FUNCTION|FILE BAR [rw] [activate] [exclusive] [share-driver]
 * [share-page] [small] [no-msix] [wc] [request] [giant|odd] [fork] [passed]: opens a
 * BAR descriptor, or a file of sysfs, maps all of it and executes commands from its
 * standard input, a line each, with a line of output for each:
 *
 *	read OFFSET		the word, or the signal, such as "SIGBUS"
 *	write OFFSET VALUE	"ok" or the signal
 *	poll			the events that are there: "live", "suspended", "dead"
 *	wait			the same, once there is one
 *	info			the descriptor's fdinfo
 *	map			one more mapping of the first page: "ok" or the errno
 *	leaf OFFSET		what tests/vm/modules/leaf.c says of the page table there
 *	sparse			one word in every 2 MiB is read: KiB of page tables made
 *	keep mapping		the descriptor is closed: "ok"
 *	keep descriptor		the mapping is undone: "ok"
 *	keep name		as an O_PATH descriptor, all else is given up: "ok"
 *
 * With "request" PCIOCBARMMAP makes the mapping, and there is no descriptor.
 * The mapping begins at a multiple of 1 GiB with "giant", a page after one with "odd".
 * With "fork" a child executes them instead, from the mapping it has inherited. With
 * "passed" it is a child of the user nobody, to which only the descriptor is passed.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "pciio-pass.h"

static const struct { const char *word; unsigned int flag; } words[] = {
	{ "rw", PCIIO_BAR_OPEN_RW },
	{ "activate", PCIIO_BAR_OPEN_ACTIVATE },
	{ "exclusive", PCIIO_BAR_OPEN_EXCLUSIVE },
	{ "share-driver", PCIIO_BAR_OPEN_SHARE_DRIVER },
	{ "share-page", PCIIO_BAR_OPEN_SHARE_PAGE },
	{ "small", PCIIO_BAR_OPEN_SMALL_PAGES },
	{ "no-msix", PCIIO_BAR_OPEN_NO_MSIX },
};

#define GIB	(1UL << 30)

static struct pci_bar_open bar;
static int fd = -1;
static char *base;
static bool placed;			/* at @place modulo 1 GiB */
static unsigned long place;

static void say_events(int timeout)
{
	struct pollfd poller = { .fd = fd, .events = POLLPRI };

	MUST(poll(&poller, 1, timeout));
	puts(poller.revents & POLLHUP ? "dead" : poller.revents & POLLPRI ? "suspended" : "live");
}

static void say_info(void)
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

static const char *signal_name(void)
{
	return caught == SIGBUS ? "SIGBUS" : "SIGSEGV";
}

static void map_page(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	puts(page == MAP_FAILED ? strerror(errno) : "ok");
}

static void say_leaf(volatile char *addr)
{
	int file = open("/sys/kernel/debug/leaf", O_RDWR | O_CLOEXEC);
	char text[32];
	ssize_t len;

	MUST(dprintf(file, "%lx", (unsigned long)addr));
	len = MUST(read(file, text, sizeof(text)));
	printf("%.*s\n", (int)len, text);
	close(file);
}

static void touch_sparsely(void)
{
	long before = status_kib("VmPTE");
	unsigned int val;

	for (u_int64_t off = 0; off < bar.pbo_map_length; off += PMD_BYTES)
		touch(base + off, &val);
	printf("%ld\n", status_kib("VmPTE") - before);
}

static void keep(const char *what)
{
	char path[64];
	int old = fd;

	if (!strcmp(what, "name")) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		fd = (int)MUST(open(path, O_PATH | O_CLOEXEC));
	}
	if (strcmp(what, "mapping"))
		MUST(munmap(base, bar.pbo_map_length));
	if (strcmp(what, "descriptor"))
		MUST(close(old));
	puts("ok");
}

static void obey(char *line)
{
	volatile char *registers = base + bar.pbo_bar_off;
	unsigned long off = 0;
	unsigned int val = 0;
	char word[16];

	if (sscanf(line, "read %li", (long *)&off) == 1) {
		if (touch(registers + off, &val))
			printf("0x%08x\n", val);
		else
			puts(signal_name());
	} else if (sscanf(line, "write %li %i", (long *)&off, (int *)&val) == 2) {
		puts(store(registers + off, val) ? "ok" : signal_name());
	} else if (!strcmp(line, "poll\n")) {
		say_events(0);
	} else if (!strcmp(line, "wait\n")) {
		/* Without an end, or a wake-up that never came would look like one. */
		say_events(-1);
	} else if (!strcmp(line, "info\n")) {
		say_info();
	} else if (!strcmp(line, "map\n")) {
		map_page();
	} else if (sscanf(line, "leaf %li", (long *)&off) == 1) {
		say_leaf(registers + off);
	} else if (!strcmp(line, "sparse\n")) {
		touch_sparsely();
	} else if (sscanf(line, "keep %15s", word) == 1) {
		keep(word);
	} else {
		puts("what?");
	}

	fflush(stdout);
}

/* By PCIOCBARMMAP: false with errno. */
static bool map_by_request(int pci)
{
	struct pci_bar_mmap io = { .pbm_sel = bar.pbo_sel, .pbm_reg = bar.pbo_reg,
				   .pbm_memattr = (int)bar.pbo_memattr };

	if (bar.pbo_flags & PCIIO_BAR_OPEN_RW)
		io.pbm_flags |= PCIIO_BAR_MMAP_RW;
	if (bar.pbo_flags & PCIIO_BAR_OPEN_ACTIVATE)
		io.pbm_flags |= PCIIO_BAR_MMAP_ACTIVATE;
	if (ioctl(pci, PCIOCBARMMAP, &io))
		return false;

	base = io.pbm_map_base;
	bar.pbo_map_length = io.pbm_map_length;
	bar.pbo_bar_off = (u_int32_t)io.pbm_bar_off;
	return true;
}

static bool map_by_descriptor(void)
{
	int prot = PROT_READ | (bar.pbo_flags & PCIIO_BAR_OPEN_RW ? PROT_WRITE : 0);
	int flags = MAP_SHARED;
	char *room = NULL;

	if (placed) {
		room = mmap(NULL, bar.pbo_map_length + 2 * GIB, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		MUST((long)room);
		room += GIB - (unsigned long)room % GIB + place;
		flags |= MAP_FIXED;
	}
	base = mmap(room, bar.pbo_map_length, prot, flags, fd, 0);
	return base != MAP_FAILED;
}

/* Root, who opened it, has neither it nor its mapping any more. */
static void pass_on(void)
{
	int pair[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	if (MUST(fork())) {
		int status;

		send_fd(pair[0], fd);
		MUST(munmap(base, bar.pbo_map_length));
		MUST(close(fd));
		wait(&status);
		exit(status ? 1 : 0);
	}
	MUST(munmap(base, bar.pbo_map_length));
	MUST(close(fd));
	become_nobody();
	fd = receive_fd(pair[1]);
	if (!map_by_descriptor())
		exit(1);
}

static bool has_word(char **given, const char *word)
{
	while (*given)
		if (!strcmp(*given++, word))
			return true;
	return false;
}

/* A file of sysfs in place of a BAR descriptor. */
static bool map_file(const char *path)
{
	struct stat status;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status))
		return false;
	bar.pbo_map_length = (u_int64_t)status.st_size;
	return map_by_descriptor();
}

static bool map(char **given)
{
	int pci = node(O_RDWR);
	bool done = false;

	if (*given[1] == '/') {
		done = map_file(given[1]);
	} else if (has_word(given, "request")) {
		done = map_by_request(pci);
	} else if (!ioctl(pci, PCIOCBAROPEN, &bar)) {
		fd = bar.pbo_fd;
		done = map_by_descriptor();
	}
	if (!done)
		puts(strerror(errno));
	close(pci);
	return done;
}

int main(int argc, char **argv)
{
	char line[128];
	int status;

	if (argc < 3)
		return 2;

	bar = (struct pci_bar_open){ .pbo_size = sizeof(bar),
				     .pbo_reg = strcmp(argv[2], "rom") ? BAR(atoi(argv[2])) : ROM,
				     .pbo_memattr = has_word(argv, "wc") ? WC : UC };
	if (*argv[1] != '/')
		bar.pbo_sel = function(argv[1]);
	placed = has_word(argv, "giant") || has_word(argv, "odd");
	place = has_word(argv, "odd") ? PAGE : 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (has_word(argv, words[i].word))
			bar.pbo_flags |= words[i].flag;
	catch_bus_errors();
	if (!map(argv))
		return 1;
	if (has_word(argv, "passed"))
		pass_on();
	puts("ready");
	fflush(stdout);
	if (has_word(argv, "fork") && MUST(fork())) {
		wait(&status);
		return status ? 1 : 0;
	}
	while (fgets(line, sizeof(line), stdin))
		obey(line);

	return 0;
}
