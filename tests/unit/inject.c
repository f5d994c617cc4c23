// SPDX-License-Identifier: BSD-2-Clause
/* Calls of the C library that fail on request. */
#include "inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "fake-devpci.h"

static struct {
	atomic_uint countdown;	/* 0: no failure to come */
	atomic_bool always;
	atomic_bool happened;
	atomic_uint calls;
	int error;
} plans[INJECT_CALLS];

void inject_reset(void)
{
	inject_write_hook(NULL);
	for (size_t i = 0; i < INJECT_CALLS; i++) {
		atomic_store(&plans[i].countdown, 0);
		atomic_store(&plans[i].always, false);
		atomic_store(&plans[i].happened, false);
		atomic_store(&plans[i].calls, 0);
	}
}

void inject(enum inject_call call, unsigned int nth, int error)
{
	plans[call].error = error;
	atomic_store(&plans[call].happened, false);
	atomic_store(&plans[call].countdown, nth);
}

void inject_always(enum inject_call call, int error)
{
	plans[call].error = error;
	atomic_store(&plans[call].always, true);
}

bool inject_happened(enum inject_call call)
{
	return atomic_load(&plans[call].happened);
}

unsigned int inject_calls(enum inject_call call)
{
	return atomic_load(&plans[call].calls);
}

static bool fails(enum inject_call call)
{
	unsigned int left = atomic_load(&plans[call].countdown);

	atomic_fetch_add(&plans[call].calls, 1);
	if (!atomic_load(&plans[call].always)) {
		while (left && !atomic_compare_exchange_weak(&plans[call].countdown, &left,
							     left - 1))
			;
		if (left != 1)
			return false;
	}
	atomic_store(&plans[call].happened, true);
	errno = plans[call].error;
	return true;
}

/* The names are the linker's: __wrap_X replaces X, __real_X is the original. */
#define WRAP(call, failure, type, name, parameters, arguments)			\
type __real_##name parameters;							\
type __wrap_##name parameters;							\
type __wrap_##name parameters							\
{										\
	return fails(call) ? (failure) : __real_##name arguments;			\
}

WRAP(INJECT_ALLOC, NULL, void *, malloc, (size_t size), (size))
WRAP(INJECT_ALLOC, NULL, void *, calloc, (size_t count, size_t size), (count, size))
WRAP(INJECT_ALLOC, NULL, void *, realloc, (void *old, size_t size), (old, size))
WRAP(INJECT_PREAD, errno ? -1 : 0, ssize_t, pread64, (int fd, void *buf, size_t len, off_t off),
     (fd, buf, len, off))

static int (*write_hook)(const char *path, const char *text);

void inject_write_hook(int (*hook)(const char *path, const char *text))
{
	write_hook = hook;
}

ssize_t __real_pwrite64(int fd, const void *buf, size_t len, off_t off);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t len, off_t off);

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t len, off_t off)
{
	char link[32], path[PATH_MAX], text[64] = "";
	ssize_t n;
	int error;

	if (fails(INJECT_PWRITE))
		return errno ? -1 : 0;
	if (!write_hook || len >= sizeof(text))
		return __real_pwrite64(fd, buf, len, off);

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	memcpy(text, buf, len);
	error = write_hook(path, text);
	if (error < 0)
		return __real_pwrite64(fd, buf, len, off);
	errno = error;
	return error ? -1 : (ssize_t)len;
}

WRAP(INJECT_MEMFD, -1, int, memfd_create, (const char *name, unsigned int flags), (name, flags))
WRAP(INJECT_FDOPENDIR, NULL, DIR *, fdopendir, (int fd), (fd))

WRAP(INJECT_EPOLL_CREATE, -1, int, epoll_create1, (int flags), (flags))
WRAP(INJECT_EPOLL_CTL, -1, int, epoll_ctl, (int epoll, int op, int fd, struct epoll_event *event),
     (epoll, op, fd, event))
WRAP(INJECT_EVENTFD, -1, int, eventfd, (unsigned int count, int flags), (count, flags))

ssize_t __real_readlinkat(int dir, const char *path, char *buf, size_t len);
ssize_t __wrap_readlinkat(int dir, const char *path, char *buf, size_t len);

ssize_t __wrap_readlinkat(int dir, const char *path, char *buf, size_t len)
{
	char other[PATH_MAX];

	if (fails(INJECT_READLINK))
		return -1;
	return __real_readlinkat(dir, node_path(path, other), buf, len);
}

void *__real_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t off);
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t off);

void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	if (fails(INJECT_MMAP))
		return MAP_FAILED;
	fd = node_backing(fd, &off);
	return __real_mmap64(addr, len, prot, flags, fd, off);
}

int __wrap_open64(const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);

static mode_t mode(int flags, va_list args)
{
	return flags & O_CREAT ? va_arg(args, mode_t) : 0;
}

int __wrap_open64(const char *path, int flags, ...)
{
	va_list args;
	int fd;

	va_start(args, flags);
	fd = fails(INJECT_OPEN) ? -1 : node_openat(AT_FDCWD, path, flags, mode(flags, args));
	va_end(args);
	return fd;
}

int __wrap_openat64(int dir, const char *path, int flags, ...)
{
	va_list args;
	int fd;

	va_start(args, flags);
	fd = fails(INJECT_OPEN) ? -1 : node_openat(dir, path, flags, mode(flags, args));
	va_end(args);
	return fd;
}
