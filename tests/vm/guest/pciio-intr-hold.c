// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-intr-hold FUNCTION BAR TYPE idle|raised|read|poll|fire: holds an interrupt vector
 * until it is killed, with an untaken interrupt of edu if it is "raised"; or
 * four threads wait for an event by read(2) or poll(2) and say what has woken them; or
 * for each line of input "read" it says what there is to read, and for "fire" whether an
 * interrupt of e1000e comes.
 */
#include <pthread.h>

#include "pciio-intr.h"

#define WAITERS	4

static int shared;
static bool by_poll;

static void *waiter(void *arg)
{
	struct pci_intr_event event;
	struct pollfd wait = { .fd = shared, .events = POLLIN | POLLPRI };
	intptr_t number = (intptr_t)arg;
	static char said[WAITERS][64];

	if (by_poll) {
		MUST(poll(&wait, 1, -1));
		snprintf(said[number], sizeof(said[number]), "%s%s%s",
			 wait.revents & POLLIN ? "event" : "",
			 wait.revents & POLLPRI ? "disturbed" : "",
			 wait.revents & POLLHUP ? "dead" : "");
	} else if (read(shared, &event, sizeof(event)) == sizeof(event)) {
		strcpy(said[number], "event");
	} else {
		snprintf(said[number], sizeof(said[number]), "%s", strerror(errno));
	}
	return said[number];
}

/* Waits until they sleep, as this thread does: they have no other system call to sleep in. */
static void wait_for_waiters(void)
{
	char line[64];
	int asleep = 0;

	while (asleep < WAITERS + 1) {
		FILE *file = popen("cat /proc/$PPID/task/*/stat | cut -d' ' -f3 | grep -c S", "re");

		asleep = fgets(line, sizeof(line), file) ? atoi(line) : 0;
		pclose(file);
	}
}

static void wait_in_four(void)
{
	pthread_t threads[WAITERS];
	void *said;
	int i;

	for (i = 0; i < WAITERS; i++)
		MUST(-!!pthread_create(&threads[i], NULL, waiter, (void *)(intptr_t)i));
	wait_for_waiters();
	printf("ready\n");
	fflush(stdout);
	for (i = 0; i < WAITERS; i++) {
		pthread_join(threads[i], &said);
		printf("%s\n", (char *)said);
	}
}

static const char *outcome(void)
{
	struct pci_intr_event event;

	return read(shared, &event, sizeof(event)) == sizeof(event) ? "event" : strerror(errno);
}

static void serve(void)
{
	char line[16];

	MUST(fcntl(shared, F_SETFL, O_NONBLOCK));
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "fire\n")) {
			net_setup();
			net_fire(0);
			/* One event, also of a device that sends it twice. */
			unthrottle();
			events(shared, LONG);
		}
		printf("%s\n", outcome());
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;

	if (!strcmp(argv[4], "raised") || !strcmp(argv[4], "fire"))
		map_regs(argv[1]);
	else
		name(argv[1]);
	shared = one(type_of(argv[3]), 0, PCIIO_INTR_OPEN_MASTER);
	by_poll = !strcmp(argv[4], "poll");
	if (by_poll || !strcmp(argv[4], "read")) {
		wait_in_four();
		return 0;
	}
	if (!strcmp(argv[4], "fire")) {
		serve();
		return 0;
	}

	if (!strcmp(argv[4], "raised"))
		reg_write(EDU_RAISE, 1);
	printf("ready\n");
	fflush(stdout);
	pause();
	return 0;
}
