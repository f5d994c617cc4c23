// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-rights EDU: what a descriptor and a mapping are worth, and that neither
 * can be made into more. Decoding of EDU is on.
 */
#define _GNU_SOURCE
#include <sys/personality.h>
#include <sys/wait.h>

#include "pciio-pass.h"

static struct pcisel edu;

static void *map(int fd, int prot, int flags, off_t offset, size_t len)
{
	return mmap(NULL, len, prot, flags, fd, offset);
}

/* In a process of its own, because a personality cannot be taken back by halves. */
static void implied_exec(int pci, int fd)
{
	pid_t pid = (pid_t)MUST(fork());
	int status;

	if (!pid) {
		struct pci_bar_mmap io = { .pbm_sel = edu, .pbm_reg = BAR(0), .pbm_memattr = UC };
		char line[256];
		FILE *maps;
		int found = 0;

		personality(READ_IMPLIES_EXEC);
		if (map(fd, PROT_READ, MAP_SHARED, 0, PAGE) == MAP_FAILED ||
		    ioctl(pci, PCIOCBARMMAP, &io))
			_exit(1);
		maps = fopen("/proc/self/maps", "re");
		while (fgets(line, sizeof(line), maps))
			if (strstr(line, "pciio:[")) {
				char perms[5];

				found++;
				if (sscanf(line, "%*s %4s", perms) != 1 || strcmp(perms, "r--s"))
					_exit(2);
			}
		_exit(found == 3 ? 0 : 3);
	}
	MUST(waitpid(pid, &status, 0));
	EQUAL(status, 0);
}

static void read_only(int pci)
{
	int fd = bar_open(pci, edu, BAR(0), 0, UC);
	char path[64], target[128];
	unsigned int val;
	int by_path;
	void *base;

	CHECK(fd >= 0);
	base = map(fd, PROT_READ, MAP_SHARED, 0, 1 << 20);
	CHECK(base != MAP_FAILED);
	CHECK(touch(base, &val));
	EQUAL(val, 0x010000ed);
	REFUSED(mprotect(base, PAGE, PROT_READ | PROT_WRITE), EACCES);
	REFUSED(mprotect(base, PAGE, PROT_READ | PROT_EXEC), EACCES);
	CHECK(!store(base, 1));
	CHECK(map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 0, PAGE) == MAP_FAILED &&
	      errno == EACCES);
	CHECK(map(fd, PROT_READ | PROT_EXEC, MAP_SHARED, 0, PAGE) == MAP_FAILED && errno == EPERM);
	CHECK(map(fd, PROT_READ, MAP_PRIVATE, 0, PAGE) == MAP_FAILED && errno == EINVAL);
	implied_exec(pci, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	REFUSED(open(path, O_RDWR), ENXIO);
	REFUSED(open(path, O_RDONLY), ENXIO);

	/* A name that outlives the descriptor, and all that it stood for. */
	by_path = (int)MUST(open(path, O_PATH));
	MUST(munmap(base, 1 << 20));
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", by_path);
	memset(target, 0, sizeof(target));
	MUST(readlink(path, target, sizeof(target) - 1));
	CHECK(strstr(target, "pciio:[") && strstr(target, "BAR0]"));
	close(by_path);
}

static void windows(int pci)
{
	int fd = bar_open(pci, edu, BAR(0), PCIIO_BAR_OPEN_RW, UC);
	char *base;

	CHECK(fd >= 0);
	base = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, (1 << 20) - PAGE, PAGE);
	CHECK(base != MAP_FAILED);
	MUST(munmap(base, PAGE));
	CHECK(map(fd, PROT_READ, MAP_SHARED, 1 << 20, PAGE) == MAP_FAILED && errno == EINVAL);
	CHECK(map(fd, PROT_READ, MAP_SHARED, 0, (1 << 20) + 1) == MAP_FAILED && errno == EINVAL);
	CHECK(map(fd, PROT_READ, MAP_SHARED, (1 << 20) - PAGE, 2 * PAGE) == MAP_FAILED &&
	      errno == EINVAL);

	/* A refused MAP_FIXED leaves what was there. */
	base = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(base != MAP_FAILED);
	base[7] = 42;
	CHECK(mmap(base, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 1 << 20) == MAP_FAILED);
	CHECK(mmap(base, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED);
	EQUAL(base[7], 42);
	REFUSED(read(fd, base, 1), EINVAL);
	REFUSED(ioctl(fd, PCIOCGETCONF, base), ENOTTY);
	close(fd);
}

static void read_only_node(void)
{
	static const unsigned long refused[] = {
		PCIOCREAD, PCIOCWRITE, PCIOCATTACHED, PCIOCBARMMAP, PCIOCBARIO, PCIOCBAROPEN,
	};
	struct pci_bar_io bar = { .pbi_sel = edu, .pbi_reg = BAR(0) };
	struct pci_conf_io conf = { 0 };
	int pci = node(O_RDONLY);

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		REFUSED(ioctl(pci, refused[i], NULL), EPERM);
	REFUSED(ioctl(pci, _IO('p', 99)), EPERM);
	REFUSED(ioctl(pci, 0), EPERM);
	EQUAL(ioctl(pci, PCIOCGETBAR, &bar), 0);
	EQUAL(ioctl(pci, PCIOCGETCONF, &conf), 0);
	close(pci);
}

/* Every request by its number, with both directions: a BAR descriptor has none of them. */
static void no_requests(int fd)
{
	char room[256] = { 0 };

	for (unsigned int nr = 0; nr < 256; nr++)
		for (unsigned int size = 0; size <= sizeof(struct pci_bar_mmap); size += 4)
			REFUSED(ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 'p', nr, size), room),
				ENOTTY);
	REFUSED(ioctl(fd, PCIOCBAROPEN, room), ENOTTY);
}

/* As the user nobody, with two BAR descriptors that root has handed over. */
static int unprivileged(int sock)
{
	int rw, ro;
	unsigned int val;
	void *base;

	become_nobody();
	REFUSED(open("/dev/pci", O_RDWR), EACCES);
	rw = receive_fd(sock);
	base = map(rw, PROT_READ | PROT_WRITE, MAP_SHARED, 0, PAGE);
	CHECK(base != MAP_FAILED);
	CHECK(store((char *)base + 4, 0x01020304));
	CHECK(touch((char *)base + 4, &val));
	EQUAL(val, ~0x01020304u);
	no_requests(rw);

	/* The pages after the last one are another BAR's, or unused. */
	CHECK(map(rw, PROT_READ, MAP_SHARED, 1 << 20, PAGE) == MAP_FAILED && errno == EINVAL);
	ro = receive_fd(sock);
	CHECK(map(ro, PROT_READ | PROT_WRITE, MAP_SHARED, 0, PAGE) == MAP_FAILED &&
	      errno == EACCES);
	base = map(ro, PROT_READ, MAP_SHARED, 0, PAGE);
	CHECK(base != MAP_FAILED);
	REFUSED(mprotect(base, PAGE, PROT_READ | PROT_WRITE), EACCES);
	CHECK(touch(base, &val));
	EQUAL(val, 0x010000ed);
	return verdict();
}

static void passed_on(int pci)
{
	int rw = bar_open(pci, edu, BAR(0), PCIIO_BAR_OPEN_RW, UC);
	int ro = bar_open(pci, edu, BAR(0), 0, UC);
	int pair[2], status;
	pid_t pid;

	CHECK(rw >= 0 && ro >= 0);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fflush(stdout);
	pid = (pid_t)MUST(fork());
	if (!pid) {
		close(pci);
		close(rw);
		close(ro);
		exit(unprivileged(pair[1]));
	}

	send_fd(pair[0], rw);
	send_fd(pair[0], ro);
	MUST(waitpid(pid, &status, 0));
	EQUAL(status, 0);
	close(rw);
	close(ro);
}

/* A lesser mapping by request cannot grow either. */
static void request(int pci)
{
	struct pci_bar_mmap io = { .pbm_sel = edu, .pbm_reg = BAR(0), .pbm_memattr = UC };
	char path[80];

	MUST(ioctl(pci, PCIOCBARMMAP, &io));
	REFUSED(mprotect(io.pbm_map_base, PAGE, PROT_READ | PROT_WRITE), EACCES);
	REFUSED(mprotect(io.pbm_map_base, PAGE, PROT_EXEC), EACCES);
	CHECK(!store(io.pbm_map_base, 1));

	/* It has no descriptor, but a name by which root might open it. */
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)io.pbm_map_base,
		 (unsigned long)io.pbm_map_base + (unsigned long)io.pbm_map_length);
	REFUSED(open(path, O_RDWR), ENXIO);
	REFUSED(open(path, O_RDONLY), ENXIO);
	MUST(munmap(io.pbm_map_base, io.pbm_map_length));
}

int main(int argc, char **argv)
{
	int pci;

	if (argc != 2)
		return 2;

	edu = function(argv[1]);
	catch_bus_errors();
	pci = node(O_RDWR);
	read_only(pci);
	windows(pci);
	read_only_node();
	request(pci);
	passed_on(pci);
	return verdict();
}
