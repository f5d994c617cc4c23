// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-blocked FUNCTION BAR OFFSET: maps a BAR and prints "ready". For each line
 * on the standard input a thread touches a page that is not there yet, and once it
 * waits in that fault the others of the process must still be able to change their
 * mappings: prints "free" when they could, then what the touch gave.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "pciio-check.h"

static char *base;
static off_t off;
static int fd;
static atomic_int thread_id, done;

static void *touch_it(void *unused)
{
	static unsigned int val;

	(void)unused;
	atomic_store(&thread_id, (int)syscall(SYS_gettid));
	val = 0;
	if (!touch(base + off % (off_t)PAGE, &val))
		val = ~0u;
	atomic_store(&done, 1);
	return &val;
}

/* In a fault and asleep: root sees the stack. */
static bool waits(void)
{
	char path[64], text[4096];
	ssize_t len;
	int file;

	if (!atomic_load(&thread_id))
		return false;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stack", atomic_load(&thread_id));
	file = open(path, O_RDONLY | O_CLOEXEC);
	len = file < 0 ? 0 : read(file, text, sizeof(text) - 1);
	if (file >= 0)
		close(file);
	text[len > 0 ? len : 0] = 0;
	return strstr(text, "handle_mm_fault");
}

static void one_touch(void)
{
	pthread_t thread;
	void *val;

	base = mmap(base, PAGE, PROT_READ, MAP_SHARED | (base ? MAP_FIXED : 0), fd,
		    off & -(off_t)PAGE);
	MUST((long)base);
	atomic_store(&thread_id, 0);
	atomic_store(&done, 0);
	MUST(-pthread_create(&thread, NULL, touch_it, NULL));
	while (!atomic_load(&done) && !waits())
		;
	for (int i = 0; i < 4; i++) {
		void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		MUST((long)page);
		MUST(munmap(page, PAGE));
	}
	puts(atomic_load(&done) ? "done" : "free");
	fflush(stdout);
	pthread_join(thread, &val);
	printf("0x%08x\n", *(unsigned int *)val);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[16];

	if (argc < 4)
		return 2;

	off = strtol(argv[3], NULL, 0);
	catch_bus_errors();
	fd = (int)MUST(bar_open(node(O_RDWR), function(argv[1]), BAR(atoi(argv[2])),
				PCIIO_BAR_OPEN_ACTIVATE, UC));
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		one_touch();

	return 0;
}
