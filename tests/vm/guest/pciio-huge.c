// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-huge IVSHMEM TOPIC: page tables of a 16 GiB BAR, and all that the kernel may
 * do to a 2 MiB page. What counts is that the values stay right and that the
 * kernel log stays clean; the scenario checks the log.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "pciio-check.h"

#define GIB	(1UL << 30)
#define ROUNDS	10000

static struct pcisel memory;
static int pci;

static void *map_bar(unsigned int flags, size_t len, int *fdp)
{
	int fd = bar_open(pci, memory, BAR(2), PCIIO_BAR_OPEN_RW | flags, UC);
	void *base;

	CHECK(fd >= 0);
	base = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		printf("mmap: %s\n", strerror(errno));
		exit(1);
	}
	*fdp = fd;
	return base;
}

static void touch_each(volatile char *base, size_t len)
{
	for (size_t off = 0; off < len; off += PMD_BYTES)
		(void)*(volatile unsigned int *)(base + off);
}

static void sparse(void)
{
	long before = status_kib("VmPTE");
	int fd;
	char *base = map_bar(0, 16 * GIB, &fd);

	EQUAL((unsigned long)base % PMD_BYTES, 0);
	touch_each(base, GIB);
	CHECK(status_kib("VmPTE") - before <= 64);
	*(volatile unsigned int *)(base + 12 * GIB) = 0xfeedf00d;
	EQUAL(*(volatile unsigned int *)(base + 12 * GIB), 0xfeedf00d);
	MUST(munmap(base, 16 * GIB));
	close(fd);
}

static void small_pages(void)
{
	long before = status_kib("VmPTE");
	int fd;
	char *base = map_bar(PCIIO_BAR_OPEN_SMALL_PAGES, 64 * PMD_BYTES, &fd);

	touch_each(base, 64 * PMD_BYTES);
	/* A page table of 4 KiB for each 2 MiB. */
	CHECK(status_kib("VmPTE") - before >= 64 * 4);
	MUST(munmap(base, 64 * PMD_BYTES));
	close(fd);
}

static long faults_of_touching(unsigned int flags)
{
	struct rusage before, after;
	int fd;
	volatile char *base = map_bar(flags, 64 * PMD_BYTES, &fd);

	/* Twice, so that it does not fault itself the time that counts. */
	MUST(getrusage(RUSAGE_SELF, &after));
	MUST(getrusage(RUSAGE_SELF, &before));
	for (size_t off = 0; off < 64 * PMD_BYTES; off += PAGE)
		(void)*(volatile unsigned int *)(base + off);
	MUST(getrusage(RUSAGE_SELF, &after));
	MUST(munmap((char *)base, 64 * PMD_BYTES));
	close(fd);
	return after.ru_minflt - before.ru_minflt;
}

/* One for each 2 MiB, whatever the size of its pages. */
static void faults(void)
{
	EQUAL(faults_of_touching(0), 64);
	EQUAL(faults_of_touching(PCIIO_BAR_OPEN_SMALL_PAGES), 64);
}

/* Parts that begin or end inside of a leaf. */
static void split(void)
{
	unsigned int val;
	int fd;
	char *base = map_bar(0, 16 * PMD_BYTES, &fd), *moved;

	touch_each(base, 16 * PMD_BYTES);

	MUST(munmap(base + PMD_BYTES + PAGE, PAGE));
	CHECK(!touch(base + PMD_BYTES + PAGE, &val));
	CHECK(touch(base + PMD_BYTES, &val));
	CHECK(touch(base + PMD_BYTES + 2 * PAGE, &val));

	MUST(mprotect(base + 4 * PMD_BYTES + PAGE, PMD_BYTES, PROT_READ));
	CHECK(!store(base + 4 * PMD_BYTES + PAGE, 1));
	CHECK(store(base + 4 * PMD_BYTES, 0x11));
	MUST(mprotect(base + 4 * PMD_BYTES + PAGE, PMD_BYTES, PROT_READ | PROT_WRITE));
	CHECK(store(base + 4 * PMD_BYTES + PAGE, 0x22));

	MUST(mprotect(base + 5 * PMD_BYTES, PMD_BYTES, PROT_NONE));
	CHECK(!touch(base + 5 * PMD_BYTES, &val));

	moved = mremap(base + 8 * PMD_BYTES, 2 * PMD_BYTES, 2 * PMD_BYTES,
		       MREMAP_MAYMOVE | MREMAP_FIXED, base + 12 * PMD_BYTES + PAGE);
	CHECK(moved != MAP_FAILED);
	CHECK(store(moved, 0x33));
	CHECK(mremap(base, PMD_BYTES, 40 * PMD_BYTES, MREMAP_MAYMOVE) == MAP_FAILED);

	MUST(munmap(base, 16 * PMD_BYTES));
	munmap(moved, 2 * PMD_BYTES);
	close(fd);
}

static void forked(void)
{
	int fd, status;
	char *base = map_bar(0, 4 * PMD_BYTES, &fd);
	pid_t pid;

	CHECK(store(base, 0x44));
	touch_each(base, 4 * PMD_BYTES);
	pid = (pid_t)MUST(fork());
	if (!pid) {
		bool good = *(volatile unsigned int *)base == 0x44;

		*(volatile unsigned int *)(base + 64) = 0x55;
		_exit(good ? 0 : 1);
	}
	MUST(waitpid(pid, &status, 0));
	EQUAL(status, 0);
	EQUAL(*(volatile unsigned int *)(base + 64), 0x55);
	MUST(munmap(base, 4 * PMD_BYTES));
	close(fd);
}

/* After clearing, the next read makes a read-only leaf; a write to it must not fault for ever. */
static void soft_dirty(void)
{
	int clear = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC), fd;
	char *base = map_bar(0, 4 * PMD_BYTES, &fd);
	unsigned int val;

	for (int i = 0; i < 4; i++) {
		CHECK(touch(base + i * PMD_BYTES, &val));
		if (clear >= 0)
			EQUAL(write(clear, "4", 1), 1);
		CHECK(touch(base + i * PMD_BYTES, &val));
		CHECK(store(base + i * PMD_BYTES, 0x66));
	}
	MUST(munmap(base, 4 * PMD_BYTES));
	close(fd);
	close(clear);
}

/* Code that takes pages of a mapping for itself gets an error, not a page. */
static void taken(void)
{
	int fd, mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC), ends[2], file;
	char *base = map_bar(0, 4 * PMD_BYTES, &fd), *aligned;
	struct iovec iov = { base, PAGE }, copy, room = { &copy, sizeof(copy) };

	touch_each(base, 4 * PMD_BYTES);
	MUST(pipe(ends));
	REFUSED(vmsplice(ends[1], &iov, 1, 0), EFAULT);
	REFUSED(process_vm_readv(getpid(), &room, 1, &iov, 1, 0), EFAULT);
	REFUSED(pread(mem, &iov, sizeof(iov), (off_t)(unsigned long)base), EIO);
	file = open("/tmp", O_TMPFILE | O_RDWR | O_DIRECT, 0600);
	if (file >= 0) {
		aligned = base;
		if (write(file, aligned, PAGE) < 0)
			CHECK(errno == EFAULT || errno == EINVAL);
		close(file);
	}

	MUST(munmap(base, 4 * PMD_BYTES));
	close(mem);
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

static volatile char *_Atomic shared;
static atomic_int arrived;

static void *second_thread(void *unused)
{
	for (int round = 1; round <= ROUNDS; round++) {
		while (atomic_load(&arrived) < 2 * round - 1)
			sched_yield();
		(void)*(volatile unsigned int *)(atomic_load(&shared) + 8 * PAGE);
		atomic_fetch_add(&arrived, 1);
	}
	return unused;
}

/* Two threads touch one chunk for the first time, again and again. */
static void race(void)
{
	pthread_t thread;
	int fd;
	char *base = map_bar(0, 2 * PMD_BYTES, &fd);

	MUST(-pthread_create(&thread, NULL, second_thread, NULL));
	for (int round = 1; round <= ROUNDS; round++) {
		/* A new mapping of the chunk has nothing in its page table. */
		MUST(munmap(base, PMD_BYTES));
		CHECK(mmap(base, PMD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			   0) == base);
		atomic_store(&shared, base);
		atomic_fetch_add(&arrived, 1);
		(void)*(volatile unsigned int *)base;
		while (atomic_load(&arrived) < 2 * round)
			sched_yield();
	}
	pthread_join(thread, NULL);
	MUST(munmap(base, 2 * PMD_BYTES));
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(void); } topics[] = {
		{ "sparse", sparse }, { "small_pages", small_pages }, { "faults", faults },
		{ "split", split }, { "forked", forked }, { "soft_dirty", soft_dirty },
		{ "taken", taken }, { "race", race },
	};

	if (argc != 3)
		return 2;

	memory = function(argv[1]);
	pci = node(O_RDWR);
	catch_bus_errors();
	for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++)
		if (!strcmp(argv[2], topics[i].name)) {
			topics[i].run();
			return verdict();
		}

	return 2;
}
