// SPDX-License-Identifier: BSD-2-Clause
/*
 * The guard runs in a signal handler: it takes no lock, allocates nothing and
 * calls only what is async-signal-safe, or a bare system call (memfd_create,
 * getrlimit, ftruncate, mmap) on the systems that have it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <pcibar/guard.h>

#include "internal.h"

#define ONES_LEN	((size_t)2 << 20)
/* Limit for one lost window, well below vm.max_map_count (65530). */
#define PIECES_MAX	8192
/* Nanoseconds between two checks of a window that another thread replaces */
#define PAUSE		50000

static _Atomic(struct pcibar_guard_slot *) slots;
static atomic_size_t page_size;	/* set before there is a slot: sysconf() may take a lock */

/* Covers what follows, and the taking of free slots; held over fork(). */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool watches_fork;
static unsigned int installed;
static struct sigaction previous;

static void on_sigbus(int sig, siginfo_t *info, void *context);

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* The thread that was replacing a window is in the parent only. */
static void after_fork_child(void)
{
	struct pcibar_guard_slot *slot;

	for (slot = atomic_load(&slots); slot; slot = slot->next)
		if (atomic_load(&slot->state) == PCIBAR_GUARD_REPLACING)
			atomic_store(&slot->state, PCIBAR_GUARD_PARTIAL);
	pthread_mutex_unlock(&lock);
}

/* Takes the lock held. */
static bool watch_fork(void)
{
	if (!watches_fork)
		watches_fork = !pthread_atfork(before_fork, after_fork_parent, after_fork_child);
	return watches_fork;
}

/*
 * Before the program registers handlers of its own, so that the lock is not held
 * while those run: they may map a BAR or remove the guard. A failure is reported
 * by the first map, which tries again.
 */
__attribute__((constructor))
static void watch_fork_early(void)
{
	pthread_mutex_lock(&lock);
	watch_fork();
	pthread_mutex_unlock(&lock);
}

struct pcibar_guard_slot *pcibar_guard_add(void *base, size_t len, bool write)
{
	struct pcibar_guard_slot *slot;

	atomic_store(&page_size, (size_t)sysconf(_SC_PAGESIZE));
	pthread_mutex_lock(&lock);
	for (slot = atomic_load(&slots); slot; slot = slot->next)
		if (atomic_load(&slot->state) == PCIBAR_GUARD_FREE)
			break;
	if (!slot && watch_fork()) {
		slot = calloc(1, sizeof(*slot));
		if (slot) {
			slot->next = atomic_load(&slots);
			atomic_store(&slots, slot);
		}
	}

	if (slot) {
		atomic_fetch_add(&slot->sequence, 1);
		atomic_store(&slot->base, base);
		atomic_store(&slot->len, len);
		atomic_store(&slot->writable, write);
		atomic_fetch_add(&slot->sequence, 1);
		atomic_store(&slot->state, PCIBAR_GUARD_LIVE);
	}
	pthread_mutex_unlock(&lock);
	return slot;
}

void pcibar_guard_unmap_all(void)
{
	struct pcibar_guard_slot *slot;

	for (slot = atomic_load(&slots); slot; slot = slot->next)
		if (atomic_load(&slot->state) != PCIBAR_GUARD_FREE)
			munmap(atomic_load(&slot->base), atomic_load(&slot->len));
}

void pcibar_guard_drop(struct pcibar_guard_slot *slot)
{
	atomic_store(&slot->state, PCIBAR_GUARD_FREE);
}

/*
 * Bytes of the file that @len is replaced with, a multiple of the page size or
 * @len; 0: there is no way. A file above RLIMIT_FSIZE would raise SIGXFSZ, which
 * ends the program.
 */
static size_t file_length(size_t len)
{
	size_t unit = ONES_LEN, page = atomic_load(&page_size);
	struct rlimit limit;

	while (len / unit > PIECES_MAX)
		unit *= 2;
	if (unit > len)
		unit = len;
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < (rlim_t)unit)
		unit = (size_t)limit.rlim_cur & ~(page - 1);
	return unit && len / unit <= PIECES_MAX ? unit : 0;
}

/*
 * Ones, as one small file mapped again and again over the window. Private, so
 * that a stray write stays in this process and out of the other pieces. Returns
 * the state of the slot after it: @before when nothing was done.
 */
static int replace(const struct pcibar_guard_slot *slot, int before)
{
	char *base = atomic_load(&slot->base);
	size_t len = atomic_load(&slot->len), unit = file_length(len);
	int prot = PROT_READ | (atomic_load(&slot->writable) ? PROT_WRITE : 0);
	int fd, state = before;
	void *ones;

	if (!unit)
		return before;

	fd = memfd_create("pcibar-lost", MFD_CLOEXEC);
	if (fd < 0)
		return before;
	if (ftruncate(fd, (off_t)unit))
		goto out;

	ones = mmap(NULL, unit, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ones == MAP_FAILED)
		goto out;

	memset(ones, 0xff, unit);
	munmap(ones, unit);
	for (size_t off = 0; off < len; off += unit) {
		if (mmap(base + off, len - off < unit ? len - off : unit, prot,
			 MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
			goto out;
		state = PCIBAR_GUARD_PARTIAL;
	}
	state = PCIBAR_GUARD_LOST;
out:
	close(fd);
	return state;
}

/* A slot that is being changed is of another thread's next map: not the one that faulted. */
static bool contains(const struct pcibar_guard_slot *slot, const char *addr)
{
	unsigned int before = atomic_load(&slot->sequence);
	const char *base = atomic_load(&slot->base);
	size_t len = atomic_load(&slot->len);

	return !(before & 1) && before == atomic_load(&slot->sequence) &&
	       atomic_load(&slot->state) != PCIBAR_GUARD_FREE && addr >= base &&
	       (size_t)(addr - base) < len;
}

static struct pcibar_guard_slot *find(const char *addr)
{
	struct pcibar_guard_slot *slot;

	for (slot = atomic_load(&slots); slot; slot = slot->next)
		if (contains(slot, addr))
			break;
	return slot;
}

/*
 * Only what a revoked or absent page raises. A kill() or sigqueue() has no
 * address. BUS_ADRALN is an unaligned access of the program to a device that is
 * still there, BUS_MCEERR_* a memory error.
 */
static bool is_loss(const siginfo_t *info)
{
	return info->si_code == BUS_ADRERR || info->si_code == BUS_OBJERR;
}

/*
 * Another thread replaces the window. It may have a lower priority than this one,
 * on the same CPU: a SCHED_FIFO thread that faulted again at once would keep it
 * from ever getting done.
 */
static void let_others_run(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = PAUSE }, NULL);
}

PCIBAR_API int pcibar_guard_handle(int sig, siginfo_t *info, void *context)
{
	struct pcibar_guard_slot *slot;
	int saved = errno, state, handled = 1;

	(void)context;
	if (sig != SIGBUS || !is_loss(info))
		return 0;

	slot = find(info->si_addr);
	if (!slot)
		return 0;

	state = atomic_load(&slot->state);
	if ((state == PCIBAR_GUARD_LIVE || state == PCIBAR_GUARD_PARTIAL) &&
	    atomic_compare_exchange_strong(&slot->state, &state, PCIBAR_GUARD_REPLACING)) {
		state = replace(slot, state);
		handled = state == PCIBAR_GUARD_LOST;
		atomic_store(&slot->state, state);
	} else if (state == PCIBAR_GUARD_REPLACING) {
		let_others_run();
	}
	errno = saved;
	return handled;
}

/* What would have happened without the guard. */
static void chain(int sig, siginfo_t *info, void *context)
{
	if (previous.sa_flags & SA_SIGINFO) {
		previous.sa_sigaction(sig, info, context);
	} else if (previous.sa_handler == SIG_IGN && info->si_code <= 0) {
		return;
	} else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
		/* A fault is repeated on return and ends the program; a kill() is not. */
		signal(sig, SIG_DFL);
		if (info->si_code <= 0)
			raise(sig);
	} else {
		previous.sa_handler(sig);
	}
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	if (!pcibar_guard_handle(sig, info, context))
		chain(sig, info, context);
}

PCIBAR_API int pcibar_guard_install(void)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	int ret = 0;

	pthread_mutex_lock(&lock);
	if (installed == UINT32_MAX) {
		ret = -EOVERFLOW;
	} else if (!installed++) {
		sigaction(SIGBUS, NULL, &previous);
		action.sa_mask = previous.sa_mask;
		sigaction(SIGBUS, &action, NULL);
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

PCIBAR_API int pcibar_guard_remove(void)
{
	struct sigaction now;
	int ret = 0;

	pthread_mutex_lock(&lock);
	if (!installed) {
		ret = -EINVAL;
	} else if (!--installed) {
		sigaction(SIGBUS, NULL, &now);
		if (now.sa_flags & SA_SIGINFO && now.sa_sigaction == on_sigbus)
			sigaction(SIGBUS, &previous, NULL);
	}
	pthread_mutex_unlock(&lock);
	return ret;
}
