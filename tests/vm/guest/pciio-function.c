// SPDX-License-Identifier: BSD-2-Clause
/*
 * Function descriptors.
 *
 *	pciio-function requests EDU OTHER	what they serve, and for whom
 *	pciio-function modify EDU		two processes at one register
 *	pciio-function stale EDU		after the function was removed and found again
 *	pciio-function reset FUNCTION [share]	says how that ended
 *
 * Decoding of EDU is on, except for "modify".
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "pciio-pass.h"

#define COMMAND		0x04
#define COMMAND_MASTER	0x0004u
#define LINE		0x3c		/* Interrupt Line: nothing but 8 bits of memory */
#define EDU_ID		0x010000edu
#define ROUNDS		3000
#define SOON		10000		/* ms */

static struct pcisel sel;

static int func_open(int pci, unsigned int flags)
{
	struct pci_func_open io = { .pfo_size = sizeof(io), .pfo_sel = sel, .pfo_flags = flags };

	return ioctl(pci, PCIOCFUNCOPEN, &io) ? -1 : io.pfo_fd;
}

static int conf(int fd, unsigned long request, int reg, int width, unsigned int *data)
{
	struct pci_io io = { .pi_sel = sel, .pi_reg = reg, .pi_width = width, .pi_data = *data };
	int ret = ioctl(fd, request, &io);

	*data = io.pi_data;
	return ret;
}

static int modify(int fd, int reg, int width, unsigned int mask, unsigned int value,
		  unsigned int *old)
{
	struct pci_modify io = { .pmo_size = sizeof(io), .pmo_sel = sel, .pmo_reg = reg,
				 .pmo_width = width, .pmo_mask = mask, .pmo_value = value };
	int ret = ioctl(fd, PCIOCMODIFY, &io);

	*old = io.pmo_old;
	return ret;
}

static int reset(int fd, unsigned int flags)
{
	struct pci_reset io = { .prs_size = sizeof(io), .prs_sel = sel, .prs_flags = flags };

	return ioctl(fd, PCIOCRESET, &io);
}

static int bario(int fd, unsigned int *value)
{
	struct pci_bar_ioreq io = { .pbi_sel = sel, .pbi_op = PCIBARIO_READ, .pbi_width = 4 };
	int ret = ioctl(fd, PCIOCBARIO, &io);

	*value = io.pbi_value;
	return ret;
}

static int getbar(int fd)
{
	struct pci_bar_io io = { .pbi_sel = sel, .pbi_reg = BAR(0) };

	return ioctl(fd, PCIOCGETBAR, &io);
}

static int vpd(int fd)
{
	struct pci_list_vpd_io io = { .plvi_sel = sel };

	return ioctl(fd, PCIOCLISTVPD, &io);
}

static int map(int fd, struct pci_bar_mmap *io)
{
	*io = (struct pci_bar_mmap){ .pbm_sel = sel, .pbm_reg = BAR(0), .pbm_memattr = UC };
	return ioctl(fd, PCIOCBARMMAP, io);
}

static void opening(int pci)
{
	struct pci_func_open io = { .pfo_size = sizeof(io), .pfo_sel = sel }, again;

	again = io;
	again.pfo_size = sizeof(io) - 4;
	REFUSED(ioctl(pci, PCIOCFUNCOPEN, &again), EINVAL);
	again = io;
	again.pfo_size = 8192;
	REFUSED(ioctl(pci, PCIOCFUNCOPEN, &again), E2BIG);
	again = io;
	again.pfo_flags = 2;
	REFUSED(ioctl(pci, PCIOCFUNCOPEN, &again), EINVAL);
	for (int i = 0; i < 3; i++) {
		again = io;
		again.pfo_reserved[i] = 1;
		REFUSED(ioctl(pci, PCIOCFUNCOPEN, &again), EINVAL);
	}

	again = io;
	again.pfo_sel.pc_dev = 31;
	again.pfo_sel.pc_func = 7;
	REFUSED(ioctl(pci, PCIOCFUNCOPEN, &again), ENODEV);
	REFUSED(ioctl(pci, PCIOCFUNCOPEN, (void *)16), EFAULT);
}

/* Requests that need a function descriptor are unknown to the node. */
static void node_only(int pci)
{
	unsigned int old;

	REFUSED(reset(pci, 0), ENOTTY);
	REFUSED(modify(pci, LINE, 1, 0xff, 0, &old), ENOTTY);
}

static void served(int fd)
{
	struct pci_bar_mmap io;
	unsigned int value = 0;
	int bar;

	EQUAL(conf(fd, PCIOCREAD, 0, 4, &value), 0);
	EQUAL(value, 0x11e81234);
	value = 0x55;
	EQUAL(conf(fd, PCIOCWRITE, LINE, 1, &value), 0);
	EQUAL(conf(fd, PCIOCREAD, LINE, 1, &value), 0);
	EQUAL(value, 0x55);
	EQUAL(conf(fd, PCIOCATTACHED, 0, 0, &value), 0);
	EQUAL(value, 0);
	EQUAL(getbar(fd), 0);
	EQUAL(bario(fd, &value), 0);
	EQUAL(value, EDU_ID);
	REFUSED(vpd(fd), ENXIO);

	EQUAL(map(fd, &io), 0);
	EQUAL(*(volatile unsigned int *)io.pbm_map_base, EDU_ID);
	MUST(munmap(io.pbm_map_base, io.pbm_map_length));
	bar = bar_open(fd, sel, BAR(0), 0, UC);
	CHECK(bar >= 0);
	close(bar);
}

static void modified(int fd)
{
	unsigned int old, value;

	EQUAL(modify(fd, LINE, 1, 0xf0, 0xa0, &old), 0);
	EQUAL(old, 0x55);
	EQUAL(modify(fd, LINE, 1, 0x0f, 0x05, &old), 0);
	EQUAL(old, 0xa5);
	EQUAL(conf(fd, PCIOCREAD, LINE, 1, &value), 0);
	EQUAL(value, 0xa5);
	EQUAL(modify(fd, LINE, 1, 0, 0, &old), 0);
	EQUAL(old, 0xa5);

	REFUSED(modify(fd, LINE, 1, 0x0f, 0x10, &old), EINVAL);
	REFUSED(modify(fd, LINE, 1, 0x100, 0, &old), EINVAL);
	REFUSED(modify(fd, LINE, 2, 0x10000, 0, &old), EINVAL);
	REFUSED(modify(fd, LINE, 3, 1, 0, &old), EINVAL);
	REFUSED(modify(fd, LINE + 1, 2, 1, 0, &old), EINVAL);
	REFUSED(modify(fd, -4, 4, 1, 0, &old), EINVAL);
	REFUSED(modify(fd, 4096, 4, 1, 0, &old), EINVAL);
	EQUAL(modify(fd, BAR(0), 4, ~0u, ~0u, &old), 0);	/* takes the BAR away */
	EQUAL(modify(fd, BAR(0), 4, ~0u, old, &value), 0);
}

/* One function, and nothing that concerns more than that. */
static void own_only(int fd, struct pcisel other)
{
	struct pci_conf_io list = { 0 };
	struct pcisel own = sel;
	unsigned int value = 0;
	struct pci_bar_mmap io;

	REFUSED(ioctl(fd, PCIOCGETCONF, &list), ENOTTY);
	REFUSED(func_open(fd, 0), ENOTTY);
	REFUSED(reset(fd, 2), EINVAL);

	sel = other;
	REFUSED(conf(fd, PCIOCREAD, 0, 4, &value), EINVAL);
	REFUSED(conf(fd, PCIOCWRITE, LINE, 1, &value), EINVAL);
	REFUSED(conf(fd, PCIOCATTACHED, 0, 0, &value), EINVAL);
	REFUSED(getbar(fd), EINVAL);
	REFUSED(bario(fd, &value), EINVAL);
	REFUSED(vpd(fd), EINVAL);
	REFUSED(map(fd, &io), EINVAL);
	REFUSED(bar_open(fd, sel, BAR(0), 0, UC), EINVAL);
	REFUSED(modify(fd, LINE, 1, 0, 0, &value), EINVAL);
	REFUSED(reset(fd, 0), EINVAL);

	sel = own;
}

/* What a descriptor that was opened read-only serves; @vpd_error: of the rights of its node. */
static void only_looks(int node_fd, int vpd_error)
{
	unsigned int value = 0;
	struct pci_bar_mmap io;
	int fd;

	REFUSED(func_open(node_fd, PCIIO_FUNC_OPEN_RW), EPERM);
	fd = (int)MUST(func_open(node_fd, 0));
	EQUAL(getbar(fd), 0);
	REFUSED(vpd(fd), vpd_error);
	REFUSED(conf(fd, PCIOCREAD, 0, 4, &value), EPERM);
	REFUSED(conf(fd, PCIOCWRITE, LINE, 1, &value), EPERM);
	REFUSED(conf(fd, PCIOCATTACHED, 0, 0, &value), EPERM);
	REFUSED(bario(fd, &value), EPERM);
	REFUSED(map(fd, &io), EPERM);
	REFUSED(bar_open(fd, sel, BAR(0), 0, UC), EPERM);
	REFUSED(modify(fd, LINE, 1, 0, 0, &value), EPERM);
	REFUSED(reset(fd, 0), EPERM);
	REFUSED(func_open(fd, 0), EPERM);
	REFUSED(ioctl(fd, _IO('p', 0xff)), EPERM);
	close(fd);
}

/* It cannot be opened again with more rights, and says what it is. */
static void described(int pci, int fd)
{
	int other = (int)MUST(func_open(pci, 0));
	struct stat st, st_other;
	struct pollfd poller = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };
	char path[64], text[256] = "";
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	REFUSED(open(path, O_RDWR), ENXIO);

	/* One file system for all of them: each user may have many descriptors. */
	MUST(fstat(fd, &st));
	MUST(fstat(other, &st_other));
	EQUAL(st.st_dev, st_other.st_dev);
	close(other);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	CHECK(info && fread(text, 1, sizeof(text) - 1, info));
	CHECK(strstr(text, "right:\trw\n") && strstr(text, "state:\tlive\n"));
	fclose(info);
	EQUAL(poll(&poller, 1, 0), 0);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
}

static void requests(const char *other)
{
	int pci = node(O_RDWR), reader = node(O_RDONLY), fd;

	opening(pci);
	node_only(pci);
	fd = (int)MUST(func_open(pci, PCIIO_FUNC_OPEN_RW));
	served(fd);
	modified(fd);
	own_only(fd, function(other));
	described(pci, fd);
	only_looks(reader, ENXIO);

	/* Rights are those of who opened the node. */
	become_nobody();
	served(fd);
	only_looks(reader, ENXIO);
	only_looks(node(O_RDONLY), EPERM);
}

static atomic_bool enough;

/* Each bit that this thread changes must be found as it left it. */
static void *toggle_master(void *arg)
{
	unsigned int have = 0, old;
	int fd = *(int *)arg;

	for (int i = 0; i < ROUNDS; i++) {
		MUST(modify(fd, COMMAND, 2, COMMAND_MASTER, have ^ COMMAND_MASTER, &old));
		EQUAL(old & COMMAND_MASTER, have);
		have ^= COMMAND_MASTER;
	}
	MUST(modify(fd, COMMAND, 2, COMMAND_MASTER, 0, &old));
	atomic_store(&enough, true);
	return NULL;
}

/* Decoding, in the same register, is the module's to change in the meantime. */
static void together(void)
{
	int pci = node(O_RDWR), one = (int)MUST(func_open(pci, PCIIO_FUNC_OPEN_RW));
	unsigned int val, command = 0, before = 0;
	pthread_t thread;

	catch_bus_errors();
	MUST(conf(one, PCIOCREAD, COMMAND, 2, &before));
	pthread_create(&thread, NULL, toggle_master, &one);
	while (!atomic_load(&enough)) {
		int bar = (int)MUST(bar_open(pci, sel, BAR(0), PCIIO_BAR_OPEN_ACTIVATE, UC));
		void *base = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, bar, 0);

		CHECK(base != MAP_FAILED);
		for (int i = 0; i < 20; i++) {
			CHECK(touch(base, &val));
			EQUAL(val, EDU_ID);
		}
		MUST(munmap(base, PAGE));
		close(bar);
	}
	pthread_join(thread, NULL);
	MUST(conf(one, PCIOCREAD, COMMAND, 2, &command));
	EQUAL(command, before & ~COMMAND_MASTER);
}

static void write_file(const char *path, const char *text)
{
	int fd = (int)MUST(open(path, O_WRONLY | O_CLOEXEC));

	MUST(write(fd, text, strlen(text)));
	close(fd);
}

/* Waits for the end of the function. */
static void *wait_for_end(void *arg)
{
	struct pollfd poller = { .fd = *(int *)arg };

	EQUAL(poll(&poller, 1, SOON), 1);
	EQUAL(poller.revents, POLLHUP | POLLERR);
	return NULL;
}

static void dead(int fd)
{
	unsigned int value = 0x77;
	struct pci_bar_mmap io;

	REFUSED(conf(fd, PCIOCWRITE, LINE, 1, &value), ENODEV);
	REFUSED(conf(fd, PCIOCREAD, LINE, 1, &value), ENODEV);
	REFUSED(conf(fd, PCIOCATTACHED, 0, 0, &value), ENODEV);
	REFUSED(getbar(fd), ENODEV);
	REFUSED(bario(fd, &value), ENODEV);
	REFUSED(vpd(fd), ENODEV);
	REFUSED(map(fd, &io), ENODEV);
	REFUSED(bar_open(fd, sel, BAR(0), 0, UC), ENODEV);
	REFUSED(modify(fd, LINE, 1, 0xff, 0x77, &value), ENODEV);
	REFUSED(reset(fd, 0), ENODEV);
}

static void stale(const char *address)
{
	int pci = node(O_RDWR), fd = (int)MUST(func_open(pci, PCIIO_FUNC_OPEN_RW)), fresh;
	unsigned int value = 0x11;
	pthread_t thread;
	char path[128];

	MUST(conf(fd, PCIOCWRITE, LINE, 1, &value));
	pthread_create(&thread, NULL, wait_for_end, &fd);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", address);
	write_file(path, "1");
	pthread_join(thread, NULL);
	dead(fd);
	REFUSED(func_open(pci, 0), ENODEV);

	write_file("/sys/bus/pci/rescan", "1");
	dead(fd);
	fresh = (int)MUST(func_open(pci, PCIIO_FUNC_OPEN_RW));
	MUST(conf(fresh, PCIOCREAD, LINE, 1, &value));
	CHECK(value != 0x77);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (argc < 3)
		return 2;

	sel = function(argv[2]);
	if (!strcmp(what, "requests") && argc == 4)
		requests(argv[3]);
	else if (!strcmp(what, "modify"))
		together();
	else if (!strcmp(what, "stale"))
		stale(argv[2]);
	else if (!strcmp(what, "reset"))
		puts(reset((int)MUST(func_open(node(O_RDWR), PCIIO_FUNC_OPEN_RW)),
			   argc > 3 ? PCIIO_RESET_SHARE_DRIVER : 0) ? strerror(errno) : "ok");
	else
		return 2;

	return verdict();
}
