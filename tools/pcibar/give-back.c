// SPDX-License-Identifier: BSD-2-Clause
/* The end of a script when its function is to be unbound or removed. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <pcibar/event.h>

#include "common/interrupt.h"

#include "give-back.h"

static struct {
	bool running;
	pthread_t thread, user;
	struct pcibar_device *dev;
	int events;
	int stop[2];			/* a pipe; its end ends the thread */
	atomic_bool requested;
} watcher;

static void *watch(void *data)
{
	struct pcibar_event event = { .size = sizeof(event) };
	struct pollfd pollers[] = {
		{ .fd = watcher.events, .events = POLLIN }, { .fd = watcher.stop[0] },
	};

	(void)data;
	while (!atomic_load(&watcher.requested)) {
		poll(pollers, 2, -1);
		if (pollers[1].revents)
			return NULL;
		while (!pcibar_device_read_event(watcher.dev, &event))
			if (event.type == PCIBAR_EVENT_GIVE_BACK)
				atomic_store(&watcher.requested, true);
	}
	interrupt_thread(watcher.user);
	return NULL;
}

/* A signal of another process is for the thread that runs the script. */
static int start(void)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&watcher.thread, NULL, watch, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -error;
}

int give_back_begin(struct pcibar_device *dev)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	int ret = pcibar_device_get_info(dev, &info);

	if (ret || info.backend != PCIBAR_BACKEND_VFIO)
		return ret;

	watcher.dev = dev;
	watcher.user = pthread_self();
	watcher.events = pcibar_device_get_event_fd(dev);
	if (watcher.events < 0)
		return watcher.events;
	if (pipe2(watcher.stop, O_CLOEXEC))
		return -errno;

	interrupt_catch(false);
	ret = start();
	watcher.running = !ret;
	if (ret) {
		close(watcher.stop[0]);
		close(watcher.stop[1]);
	}
	return ret;
}

bool give_back_end(void)
{
	if (!watcher.running)
		return false;

	close(watcher.stop[1]);
	pthread_join(watcher.thread, NULL);
	close(watcher.stop[0]);
	watcher.running = false;
	if (!atomic_load(&watcher.requested))
		return false;

	interrupt_clear();
	return true;
}
