// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-tables FUNCTION BAR OTHER MIB: makes so many MiB of page tables for a BAR
 * of one function, in several processes, and takes its decoding away, which empties
 * all of them. In the meantime BAR 0 of another function is opened and closed once
 * a millisecond. Prints in microseconds how long the revocation took, and of the opens
 * their number, the median and the longest; of as many undisturbed ones before it,
 * too. That no open was done before the revocation was is a failure.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#include "pciio-check.h"

#define COMMAND		4
#define MEMORY		2u
#define OPENS		100
#define ROOM		65536
#define COPIES		64

static struct pcisel sel;
static int pci;
static atomic_bool begun, over;
static long took[ROOM];
static pid_t copies[COPIES];
static unsigned int copy_count;
static unsigned int opens;

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000L + ts.tv_nsec / 1000;
}

static long open_once(void)
{
	long start = now();

	MUST(close((int)MUST(bar_open(pci, sel, BAR(0), PCIIO_BAR_OPEN_ACTIVATE, UC))));
	return now() - start;
}

static void *open_often(void *unused)
{
	const struct itimerspec millisecond = { { 0, 1000000 }, { 0, 1000000 } };
	int timer = (int)MUST(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	u_int64_t ticks;

	(void)unused;
	MUST(timerfd_settime(timer, 0, &millisecond, NULL));
	while (!atomic_load(&over) && opens < ROOM) {
		long time = open_once();

		/* One that was done before the end, and not begun before the begin. */
		if (atomic_load(&begun) && !atomic_load(&over))
			took[opens++] = time;
		MUST(read(timer, &ticks, sizeof(ticks)));
	}
	close(timer);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static void report(const char *what, unsigned int count)
{
	qsort(took, count, sizeof(*took), by_size);
	printf("%s: %u opens, median %ld, longest %ld\n", what, count, took[count / 2],
	       took[count ? count - 1 : 0]);
}

/* A process for each copy of the tables; fork() copies those of a BAR. */
static void make_tables(const char *address, int bar, unsigned long mib)
{
	struct pci_bar_open io = {
		.pbo_size = sizeof(io), .pbo_sel = function(address), .pbo_reg = BAR(bar),
		.pbo_flags = PCIIO_BAR_OPEN_ACTIVATE | PCIIO_BAR_OPEN_SMALL_PAGES,
	};
	unsigned long each;
	unsigned int val;
	char *base;

	MUST(ioctl(pci, PCIOCBAROPEN, &io));
	base = mmap(NULL, io.pbo_map_length, PROT_READ, MAP_SHARED, io.pbo_fd, 0);
	MUST((long)base);
	for (u_int64_t off = 0; off < io.pbo_map_length; off += PMD_BYTES)
		CHECK(touch(base + off, &val));

	each = io.pbo_map_length / PAGE * 8;
	for (unsigned long made = each; made < mib << 20 && copy_count < COPIES; made += each) {
		copies[copy_count] = (pid_t)MUST(fork());
		if (!copies[copy_count++])
			for (;;)
				pause();
	}
}

static void stop_decoding(const char *address)
{
	struct pci_io io = { .pi_sel = function(address), .pi_reg = COMMAND, .pi_width = 2 };
	long start;

	MUST(ioctl(pci, PCIOCREAD, &io));
	io.pi_data &= ~MEMORY;
	start = now();
	atomic_store(&begun, true);
	MUST(ioctl(pci, PCIOCWRITE, &io));
	atomic_store(&over, true);
	printf("revocation: %ld\n", now() - start);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	unsigned int i;

	if (argc != 5)
		return 2;

	sel = function(argv[3]);
	pci = node(O_RDWR);
	catch_bus_errors();
	make_tables(argv[1], atoi(argv[2]), strtoul(argv[4], NULL, 0));
	for (i = 0; i < OPENS; i++)
		took[i] = open_once();
	report("undisturbed", OPENS);
	MUST(-pthread_create(&thread, NULL, open_often, NULL));
	stop_decoding(argv[1]);
	pthread_join(thread, NULL);
	report("disturbed", opens);
	CHECK(opens);
	for (i = 0; i < copy_count; i++) {
		MUST(kill(copies[i], SIGKILL));
		MUST(waitpid(copies[i], NULL, 0));
	}
	return verdict();
}
