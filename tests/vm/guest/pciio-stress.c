// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-stress [-f] SECONDS SEED [ro:]FUNCTION...: processes that map BARs in
 * every way, at once, while others take the functions away. With -f allocations
 * fail in the kernel in the meantime. Functions marked "ro:" are not stored to.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "pciio-random.h"

enum kind {
	OPEN, BARMMAP, MMAP, MUNMAP, MPROTECT, MREMAP, MADVISE, LOAD, STORE, FORK, PASS, POLL,
	READ_INFO, KINDS
};

static const char *const names[KINDS] = {
	"PCIOCBAROPEN", "PCIOCBARMMAP", "mmap", "munmap", "mprotect", "mremap", "madvise", "load",
	"store", "fork", "pass", "poll", "read",
};

/* What a process has mapped; @len 0: nothing. The last ones lie in @arena. */
struct map {
	char *base;
	size_t len;
	bool writable;
};

#define MAPS	12
#define FIXED	4		/* as many lie at places of their own in the arena */
#define PLACE	((size_t)64 << 20)
static struct map maps[MAPS];
static char *arena;

static void touch_one(bool may_store)
{
	struct map map = maps[below(MAPS)];
	unsigned int val = (unsigned int)rnd();
	bool ok, write = may_store && map.writable && one_in(3);

	if (!map.len)
		return;

	fail_begin();
	/* Beyond the first words some devices raise interrupts, which no driver handles. */
	if (write)
		ok = store(map.base + 4 * below(2), val);
	else
		ok = touch(map.base + (rnd() % map.len & ~3UL), &val);
	errno = EFAULT;
	fail_end();
	counted(write ? STORE : LOAD, ok ? 0 : -1);
}

static void drop(struct map *map)
{
	size_t len = map->len;

	map->len = 0;
	if (!len)
		return;
	if (map->base >= arena && map->base < arena + FIXED * PLACE)
		mmap(map->base, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
		     MAP_FIXED, -1, 0);
	else
		counted(MUNMAP, munmap(map->base, len));
}

static int random_flags(int known, int likely)
{
	return ((int)rnd() & (int)rnd() & known) | (((int)rnd() | (int)rnd()) & likely);
}

/* Alone one time in 16: else there would be little to see. */
static int open_flags(void)
{
	int flags = random_flags(0x7f, PCIIO_BAR_OPEN_ACTIVATE | PCIIO_BAR_OPEN_RW);

	return one_in(4) ? flags : flags & ~PCIIO_BAR_OPEN_EXCLUSIVE;
}

static int open_one(const struct target *target, int flags)
{
	int fd;

	fail_begin();
	fd = bar_open(rw, target->sel, random_bar(target), (unsigned int)flags, one_in(3));
	fail_end();
	counted(OPEN, fd < 0 ? -1 : 0);
	return fd;
}

static bool map_window(int fd, int flags, bool writable, struct map *map)
{
	int prot = PROT_READ | (flags & PCIIO_BAR_OPEN_RW && one_in(2) ? PROT_WRITE : 0);
	size_t off = one_in(2) ? 0 : below(1 << below(10)) * PAGE;
	size_t len = PAGE << below(12);
	char *base;

	fail_begin();
	base = mmap(NULL, len, prot, MAP_SHARED, fd, (off_t)off);
	fail_end();
	counted(MMAP, base == MAP_FAILED ? -1 : 0);
	if (base == MAP_FAILED)
		return false;

	*map = (struct map){ base, len, writable && prot & PROT_WRITE && !off };
	return true;
}

static void map_by_descriptor(struct map *map)
{
	const struct target *target = random_target();
	int flags = open_flags(), fd = open_one(target, flags);

	if (fd < 0)
		return;
	drop(map);
	map_window(fd, flags, target->writable, map);
	close(fd);
}

static void map_by_request(struct map *map)
{
	const struct target *target = random_target();
	struct pci_bar_mmap io = {
		.pbm_sel = target->sel, .pbm_reg = random_bar(target), .pbm_memattr = one_in(3),
		.pbm_flags = random_flags(0, PCIIO_BAR_MMAP_RW | PCIIO_BAR_MMAP_ACTIVATE),
	};
	bool fixed = map >= maps + MAPS - FIXED;
	long ret;

	if (fixed) {
		io.pbm_flags |= PCIIO_BAR_MMAP_FIXED | random_flags(PCIIO_BAR_MMAP_EXCL, 0);
		io.pbm_map_base = arena + PLACE * (size_t)(map - (maps + MAPS - FIXED));
	} else {
		drop(map);
	}

	fail_begin();
	ret = counted(BARMMAP, ioctl(rw, PCIOCBARMMAP, &io));
	fail_end();
	if (!ret)
		*map = (struct map){ io.pbm_map_base, io.pbm_map_length, target->writable &&
				     io.pbm_flags & PCIIO_BAR_MMAP_RW };
}

/* From a page somewhere inside to the end; or, as another mapping, from its middle. */
static void unmap_part(struct map *map, char *at, size_t len)
{
	if (one_in(2)) {
		/* Nothing else may come to lie there: it would be taken for this map. */
		counted(MUNMAP, mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				     -1, 0) == MAP_FAILED ? -1 : 0);
		return;
	}
	len = map->len - (size_t)(at - map->base);
	map->len -= len;
	counted(MUNMAP, munmap(at, len));
}

static void move(struct map *map)
{
	char *moved = mremap(map->base, map->len, map->len + below(2) * PAGE, MREMAP_MAYMOVE);

	counted(MREMAP, moved == MAP_FAILED ? -1 : 0);
	if (moved != MAP_FAILED)
		map->base = moved;
}

static void change_one(struct map *map)
{
	static const int advices[] = { MADV_DONTNEED, MADV_NOHUGEPAGE, MADV_HUGEPAGE,
				       MADV_SEQUENTIAL, MADV_DONTFORK, MADV_PAGEOUT };
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_EXEC };
	unsigned int pages = (unsigned int)(map->len / PAGE), first;
	char *at;
	size_t len;

	if (!pages)
		return;

	first = below(pages);
	len = (1 + below(pages - first)) * PAGE;
	at = map->base + first * PAGE;
	fail_begin();
	switch (below(4)) {
	case 0:
		counted(MPROTECT, mprotect(at, len, prots[below(ARRAY_SIZE(prots))]));
		break;
	case 1:
		counted(MADVISE, madvise(at, len, advices[below(ARRAY_SIZE(advices))]));
		break;
	case 2:
		if (map < maps + MAPS - FIXED)
			unmap_part(map, at, len);
		break;
	default:
		if (map < maps + MAPS - FIXED)
			move(map);
	}
	fail_end();
}

/* Beside a mapper, whose table may change in the meantime: a store might reach another function. */
static void *touch_all(void *from)
{
	reseed((uint64_t)(uintptr_t)from, 99);
	while (time_left())
		touch_one(false);
	return NULL;
}

static void mapper_step(void)
{
	struct map *map = &maps[below(MAPS)];

	switch (below(8)) {
	case 0:
		if (map < maps + MAPS - FIXED)
			map_by_descriptor(map);
		break;
	case 1:
		map_by_request(map);
		break;
	case 2:
		drop(map);
		break;
	case 3:
		change_one(map);
		break;
	default:
		touch_one(true);
	}
}

static void mapper(void)
{
	while (time_left())
		mapper_step();
}

static void threads(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, touch_all, (void *)(uintptr_t)rnd());
	MUST(errno ? -1 : 0);
	mapper();
	pthread_join(thread, NULL);
}

/* Maps, forks, and both sides touch and take apart what they have. */
static void forker(void)
{
	pid_t child;
	int i;

	while (time_left()) {
		for (i = 0; i < 20; i++)
			mapper_step();
		child = fork();
		counted(FORK, child);
		if (!child)
			fail_reopen();
		for (i = 0; i < 20; i++)
			mapper_step();
		if (!child)
			_exit(0);
		if (child > 0)
			MUST(waitpid(child, NULL, 0));
	}
}

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static struct msghdr message(struct iovec *iov, union control *control)
{
	return (struct msghdr){ .msg_iov = iov, .msg_iovlen = 1, .msg_control = control->bytes,
				.msg_controllen = sizeof(control->bytes) };
}

static void pass(int sock, int fd)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union control control = { .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
					      .cmsg_len = CMSG_LEN(sizeof(fd)) } };
	struct msghdr msg = message(&iov, &control);

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	counted(PASS, sendmsg(sock, &msg, 0) < 0 ? -1 : 0);
}

/* An unprivileged process, which has nothing but the descriptors that it is given. */
static void receive(int sock)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union control control;
	int fd;

	fail_reopen();
	MUST(setuid(65534));
	for (;;) {
		struct msghdr msg = message(&iov, &control);

		if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) <= 0)
			_exit(0);
		if (!CMSG_FIRSTHDR(&msg))
			continue;
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
		drop(&maps[0]);
		map_window(fd, below(2) ? PCIIO_BAR_OPEN_RW : 0, false, &maps[0]);
		close(fd);
		for (int i = 0; i < 20; i++)
			touch_one(false);
	}
}

static void passer(void)
{
	int fd, pair[2];
	pid_t child;

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	child = (pid_t)MUST(fork());
	if (!child) {
		close(pair[1]);
		receive(pair[0]);
	}
	close(pair[0]);
	while (time_left()) {
		fd = open_one(random_target(), open_flags());
		if (fd < 0)
			continue;
		pass(pair[1], fd);
		close(fd);
	}
	close(pair[1]);
	MUST(waitpid(child, NULL, 0));
}

static void read_all(const char *path)
{
	char buf[1 << 12];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0)
		n = read(fd, buf, sizeof(buf));
	counted(READ_INFO, n);
	if (fd >= 0)
		close(fd);
}

static void poller(void)
{
	char fdinfo[64];
	int fd;

	while (time_left()) {
		mapper_step();
		fd = open_one(random_target(), open_flags());
		if (fd >= 0) {
			struct pollfd fds = { .fd = fd, .events = POLLPRI };

			counted(POLL, poll(&fds, 1, (int)below(20)) < 0 ? -1 : 0);
			snprintf(fdinfo, sizeof(fdinfo), "/proc/self/fdinfo/%d", fd);
			read_all(fdinfo);
			close(fd);
		}
		read_all("/sys/kernel/debug/pciio/maps");
		read_all(one_in(2) ? "/proc/self/smaps" : "/proc/self/numa_maps");
	}
}

static void (*const roles[])(void) = { mapper, threads, forker, passer, poller };

static void work(unsigned int who, uint64_t from, bool fail)
{
	reseed(from, who);
	arena = mmap(NULL, FIXED * PLACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		     -1, 0);
	MUST(arena == MAP_FAILED ? -1 : 0);
	if (fail)
		fail_open();
	roles[who]();
	exit(verdict());
}

int main(int argc, char **argv)
{
	unsigned int who;
	uint64_t from;
	bool fail;
	int status;

	from = begin(argc, argv, KINDS, &fail);
	for (who = 0; who < ARRAY_SIZE(roles); who++)
		if (!MUST(fork()))
			work(who, from, fail);
	while (wait(&status) > 0)
		EQUAL(status, 0);
	tally_print(names, KINDS);
	return verdict();
}
