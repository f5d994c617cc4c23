// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-storm FUNCTION BAR OFFSET RESETS: two threads map the page with OFFSET and
 * read from it as fast as they can, while the function is reset through sysfs. A
 * SIGBUS ends the program.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "pciio-check.h"

/* What each thread faults before the next reset comes. */
#define FAULTS	20

static int fd;
static off_t off;
static atomic_bool over;

static void *faults(void *counter)
{
	atomic_ulong *count = counter;
	void *base = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, off & -PAGE);

	while (!atomic_load(&over)) {
		if (mmap(base, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, off & -PAGE) != base) {
			perror("mmap");
			exit(1);
		}
		(void)*(volatile unsigned int *)((char *)base + off % PAGE);
		atomic_fetch_add(count, 1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static atomic_ulong counts[2];
	pthread_t threads[2];
	char path[128];
	int reset, i;

	if (argc != 5)
		return 2;

	fd = (int)MUST(bar_open(node(O_RDWR), function(argv[1]), BAR(atoi(argv[2])),
				PCIIO_BAR_OPEN_ACTIVATE, 0));
	off = strtol(argv[3], NULL, 0);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", argv[1]);
	reset = (int)MUST(open(path, O_WRONLY | O_CLOEXEC));
	for (i = 0; i < 2; i++)
		MUST(-pthread_create(&threads[i], NULL, faults, &counts[i]));
	for (i = 1; i <= atoi(argv[4]); i++) {
		unsigned long enough = (unsigned long)i * FAULTS;

		MUST(pwrite(reset, "1", 1, 0));
		/* A reset has configuration space to itself: faults need a pause of it. */
		while (counts[0] < enough || counts[1] < enough)
			sched_yield();
	}
	atomic_store(&over, true);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%lu and %lu faults\n", counts[0], counts[1]);
	return 0;
}
