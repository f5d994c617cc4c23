// SPDX-License-Identifier: BSD-2-Clause
/*
 * Another driver for one function. A child process makes the change, so that its parent
 * can stop waiting: a write to `unbind` blocks for as long as a program has the function
 * open through VFIO, a write to `bind` as long as the driver's probe takes. A thread would
 * not do, because a process does not end before its threads have left the kernel.
 *
 * The child reports what came of it and waits for a byte that says to keep it. The end of
 * the connection, also because the parent was killed, means to restore what was there.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "driver-change.h"
#include "sysfs.h"

/* The child's descriptors, before all that it opens itself */
#define CHILD_DIR	0
#define CHILD_SOCKET	1

/* A file of the function for the lock: only root can open it, so no user can keep it locked. */
#define LOCK_FILE	"rescan"

static int write_file(int dir, const char *name, const char *text)
{
	int fd = pcibar_sysfs_open(dir, name, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = pwrite(fd, text, strlen(text), 0);
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

/* An empty write does not clear the attribute, an empty line does. */
static int set_override(const char *driver)
{
	char line[PCIBAR_NAME_LEN + 1];

	snprintf(line, sizeof(line), "%s\n", driver);
	return write_file(CHILD_DIR, "driver_override", line);
}

static int get_state(struct pcibar_driver_state *state)
{
	char line[PCIBAR_NAME_LEN + 1];
	int ret = pcibar_sysfs_read(CHILD_DIR, "driver_override", line, sizeof(line));

	if (ret)
		return ret;
	line[strcspn(line, "\n")] = '\0';
	if (strlen(line) >= sizeof(state->override))
		return -EIO;
	strcpy(state->override, strcmp(line, "(null)") ? line : "");
	return pcibar_sysfs_read_link(CHILD_DIR, "driver", state->driver, sizeof(state->driver));
}

/* Whether the parent has stopped waiting: then nothing may change. */
static bool is_abandoned(void)
{
	struct pollfd parent = { .fd = CHILD_SOCKET, .events = POLLIN };

	return poll(&parent, 1, 0) > 0;
}

/* The file to write the address to; "" if @to is no driver, and without @to the kernel chooses. */
static int find_probe(const struct pcibar_driver_change *change,
		      const struct pcibar_driver_state *to, char path[PATH_MAX])
{
	int len;

	*path = '\0';
	if (to && !*to->driver)
		return 0;
	len = to ? snprintf(path, PATH_MAX, "%s/bus/pci/drivers/%s/bind", change->root, to->driver)
		 : snprintf(path, PATH_MAX, "%s/bus/pci/drivers_probe", change->root);
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	return access(path, F_OK) ? -errno : 0;
}

/*
 * Gives the function what @to says; without @to, the kernel chooses a driver. The
 * attribute is set before a driver is unbound: no other one must take the function then.
 */
static int apply(const struct pcibar_driver_change *change, const struct pcibar_driver_state *to,
		 bool undo, uint32_t *step)
{
	char probe[PATH_MAX], now[PCIBAR_NAME_LEN];
	int ret;

	*step = PCIBAR_DRIVER_READ;
	ret = pcibar_sysfs_read_link(CHILD_DIR, "driver", now, sizeof(now));
	if (ret)
		return ret;

	*step = PCIBAR_DRIVER_FIND;
	ret = find_probe(change, to, probe);
	if (ret)
		return ret;

	*step = PCIBAR_DRIVER_OVERRIDE;
	if (to && !strcmp(now, to->driver))
		return set_override(to->override);
	ret = set_override(!to ? "" : *to->driver ? to->driver : PCIBAR_NO_DRIVER);
	if (ret)
		return ret;

	if (*now) {
		*step = PCIBAR_DRIVER_UNBIND;
		ret = write_file(CHILD_DIR, "driver/unbind", change->address);
		if (ret)
			return ret;
		if (!undo && is_abandoned())
			return -ECANCELED;
	}
	if (*probe) {
		*step = PCIBAR_DRIVER_BIND;
		ret = write_file(AT_FDCWD, probe, change->address);
		if (ret)
			return ret;
	}
	if (!to)
		return 0;

	*step = PCIBAR_DRIVER_OVERRIDE;
	return set_override(to->override);
}

/* A tree that is not the kernel's takes what is written to it and does nothing. */
static int apply_checked(const struct pcibar_driver_change *change,
			 const struct pcibar_driver_state *to, struct pcibar_driver_report *report)
{
	int ret = apply(change, to, false, &report->step);

	if (!ret)
		ret = get_state(&report->after);
	if (!ret && to && strcmp(report->after.driver, to->driver))
		ret = -EIO;
	return ret;
}

/* What is remembered is true as long as the function has what it was bound to. */
static int choose(const struct pcibar_driver_change *change,
		  const struct pcibar_driver_report *report, const struct pcibar_driver_state **to)
{
	const struct pcibar_driver_state *now = &report->before;

	*to = &change->to;
	if (!change->restore || (!strcmp(now->driver, change->bound.driver) &&
				 !strcmp(now->override, change->bound.override)))
		return 0;

	*to = NULL;
	return *now->override || !*now->driver ? 0 : -ENOENT;
}

static bool send_report(const struct pcibar_driver_report *report)
{
	return send(CHILD_SOCKET, report, sizeof(*report), MSG_NOSIGNAL) == sizeof(*report);
}

static bool is_kept(void)
{
	char byte;

	return recv(CHILD_SOCKET, &byte, 1, 0) == 1;
}

static void change_driver(const struct pcibar_driver_change *change)
{
	struct pcibar_driver_report report = { .step = PCIBAR_DRIVER_READ };
	const struct pcibar_driver_state *to = NULL;
	uint32_t step;
	int lock;

	/* Held until the end of the process: one change at a time */
	lock = pcibar_sysfs_open(CHILD_DIR, LOCK_FILE, O_WRONLY);
	report.error = lock < 0 ? lock : flock(lock, LOCK_EX) ? -errno : 0;
	if (!report.error)
		report.error = get_state(&report.before);
	if (!report.error) {
		report.step = PCIBAR_DRIVER_NOTHING;
		report.error = choose(change, &report, &to);
	}
	report.restored = true;
	if (report.error || is_abandoned()) {
		send_report(&report);
		return;
	}

	report.error = apply_checked(change, to, &report);
	if (!report.error && send_report(&report) && is_kept())
		return;
	if (report.step > PCIBAR_DRIVER_FIND)
		report.restored = !apply(change, &report.before, true, &step);
	send_report(&report);
}

/* What the program has open must not stay open because a child waits: it may be waited for. */
static void run_child(const struct pcibar_driver_change *change, int dir, int sock)
{
	setsid();
	if (dup2(dir, CHILD_DIR) < 0 || dup2(sock, CHILD_SOCKET) < 0)
		return;
	close_range(CHILD_SOCKET + 1, ~0u, 0);
	pcibar_guard_unmap_all();
	change_driver(change);
}

/* Twice, so that a child that has to wait for long is not one of the program. */
static pid_t fork_twice(const struct pcibar_driver_change *change, int dir, int sock)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	pid = fork();
	if (!pid)
		run_child(change, dir, sock);
	_exit(pid < 0);
}

/* Copies of the two out of the way of the child's own numbers */
static int start_child(const struct pcibar_driver_change *change, int sock)
{
	int high_dir = fcntl(change->dir, F_DUPFD_CLOEXEC, CHILD_SOCKET + 1);
	int high_sock = fcntl(sock, F_DUPFD_CLOEXEC, CHILD_SOCKET + 1);
	int ret = -EMFILE, cancel;
	sigset_t all, old;
	pid_t pid;

	/* A signal, or the end of the thread, must not come in between. */
	if (high_dir >= 0 && high_sock >= 0) {
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		pid = fork_twice(change, high_dir, high_sock);
		ret = pid < 0 ? -errno : 0;
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		pthread_setcancelstate(cancel, NULL);
	}

	if (high_dir >= 0)
		close(high_dir);
	if (high_sock >= 0)
		close(high_sock);
	return ret;
}

int pcibar_driver_begin(struct pcibar_driver_change *change)
{
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	ret = start_child(change, pair[1]);
	close(pair[1]);
	if (ret)
		close(pair[0]);
	else
		change->child = pair[0];
	return ret;
}

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int pcibar_driver_wait(struct pcibar_driver_change *change, uint32_t timeout_ms)
{
	struct pollfd child = { .fd = change->child, .events = POLLIN };
	int64_t end = clock_ms() + timeout_ms, left = timeout_ms;
	ssize_t n;
	int ret;

	do {
		ret = poll(&child, 1, left > INT_MAX ? INT_MAX : (int)left);
		left = end - clock_ms();
	} while (left > 0 && (!ret || (ret < 0 && errno == EINTR)));
	if (ret <= 0)
		return -ETIMEDOUT;

	/* A child that ends without a report had not begun. */
	n = recv(change->child, &change->report, sizeof(change->report), 0);
	return n == sizeof(change->report) ? 0 : -EAGAIN;
}

static void end_child(struct pcibar_driver_change *change)
{
	close(change->child);
	change->child = -1;
}

void pcibar_driver_abandon(struct pcibar_driver_change *change)
{
	shutdown(change->child, SHUT_RDWR);
	end_child(change);
}

void pcibar_driver_keep(struct pcibar_driver_change *change)
{
	send(change->child, "", 1, MSG_NOSIGNAL);
	end_child(change);
}

bool pcibar_driver_undo(struct pcibar_driver_change *change, uint32_t timeout_ms)
{
	bool undone;

	shutdown(change->child, SHUT_WR);
	undone = !pcibar_driver_wait(change, timeout_ms) && change->report.restored;
	end_child(change);
	return undone;
}
