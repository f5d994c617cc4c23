// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-late KIND FUNCTION: a process of uid 65534 does one thing over and
 * over that reads configuration space, until it is killed, whatever it gets:
 *
 *	bar	PCIOCGETBAR on a read-only /dev/pci
 *	read	PCIOCREAD on a writable one, which root has opened
 *	access	PCIOCBARIO on a writable one
 *	open	PCIOCBAROPEN on a writable one
 *	info	fdinfo of a BAR descriptor that root has opened
 *	fault	touches of a mapping, each the first one of a page
 *
 * Prints "ready" before the first one.
 */
#include <sched.h>
#include <sys/prctl.h>

#include "pciio-pass.h"

static struct pcisel sel;
static int pci, bar = -1;
static void *page;

static void ask_bar(void)
{
	struct pci_bar_io io = { .pbi_sel = sel, .pbi_reg = BAR(0) };

	ioctl(pci, PCIOCGETBAR, &io);
}

static void ask_read(void)
{
	struct pci_io io = { .pi_sel = sel, .pi_width = 4 };

	ioctl(pci, PCIOCREAD, &io);
}

static void ask_access(void)
{
	struct pci_bar_ioreq io = { .pbi_sel = sel, .pbi_op = PCIBARIO_READ, .pbi_width = 4 };

	ioctl(pci, PCIOCBARIO, &io);
}

static void ask_open(void)
{
	int fd = bar_open(pci, sel, BAR(0), PCIIO_BAR_OPEN_ACTIVATE, UC);

	if (fd >= 0)
		close(fd);
}

static void ask_info(void)
{
	char path[64], text[1024];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bar);
	fd = (int)MUST(open(path, O_RDONLY | O_CLOEXEC));
	MUST(read(fd, text, sizeof(text)));
	close(fd);
}

static void ask_fault(void)
{
	unsigned int val;

	/* Fails once the function is gone. */
	if (mmap(page, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, bar, 0) != MAP_FAILED)
		touch(page, &val);
}

static const struct { const char *name; int mode; void (*ask)(void); } kinds[] = {
	{ "bar", O_RDONLY, ask_bar }, { "read", O_RDWR, ask_read },
	{ "access", O_RDWR, ask_access }, { "open", O_RDWR, ask_open },
	{ "info", O_RDWR, ask_info }, { "fault", O_RDWR, ask_fault },
};

int main(int argc, char **argv)
{
	size_t kind = 0;

	if (argc != 3)
		return 2;

	while (strcmp(kinds[kind].name, argv[1]))
		kind++;
	sel = function(argv[2]);
	catch_bus_errors();
	pci = node(kinds[kind].mode);
	if (kinds[kind].ask == ask_info || kinds[kind].ask == ask_fault)
		bar = (int)MUST(bar_open(pci, sel, BAR(0), PCIIO_BAR_OPEN_ACTIVATE, UC));
	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST((long)page);
	become_nobody();
	MUST(prctl(PR_SET_DUMPABLE, 1));
	puts("ready");
	fflush(stdout);
	for (;;) {
		kinds[kind].ask();
		sched_yield();
	}
}
