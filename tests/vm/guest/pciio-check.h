/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the programs that test the module from inside a guest: requests by hand,
 * without the library, and checks that say where they failed.
 */
#ifndef PCIIO_CHECK_H
#define PCIIO_CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <machine/vm.h>
#include <sys/pciio.h>

#define PAGE		4096UL
#define PMD_BYTES	(2UL << 20)
#define BAR(index)	(0x10 + 4 * (index))
#define ROM		0x30

#define UC		VM_MEMATTR_DEVICE
#define WC		VM_MEMATTR_WRITE_COMBINING

static int failures;

#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			failures++;					\
			printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		}							\
	} while (0)

#define EQUAL(got, wanted)						\
	do {								\
		long long got_ = (long long)(got), wanted_ = (long long)(wanted); \
		if (got_ != wanted_) {					\
			failures++;					\
			printf("%s:%d: %s is %lld (%#llx), not %lld (%#llx)\n", __FILE__, \
			       __LINE__, #got, got_, got_, wanted_, wanted_); \
		}							\
	} while (0)

/* The call must fail with this errno. */
#define REFUSED(call, error)						\
	do {								\
		errno = 0;						\
		long ret_ = (long)(call);				\
		if (ret_ != -1 || errno != (error)) {			\
			failures++;					\
			printf("%s:%d: %s: %ld, errno %d (%s), not %s\n", __FILE__, __LINE__, \
			       #call, ret_, errno, strerror(errno), #error); \
		}							\
	} while (0)

#define MUST(call)							\
	({								\
		long must_ = (long)(call);				\
		if (must_ == -1) {					\
			printf("%s:%d: %s: %s\n", __FILE__, __LINE__, #call, strerror(errno)); \
			exit(1);					\
		}							\
		must_;							\
	})

static inline struct pcisel function(const char *address)
{
	unsigned int domain, bus, slot, func;

	if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &func) != 4) {
		printf("%s is no address\n", address);
		exit(1);
	}
	return (struct pcisel){ .pc_domain = domain, .pc_bus = (u_int8_t)bus,
				.pc_dev = (u_int8_t)slot, .pc_func = (u_int8_t)func };
}

static inline int node(int mode)
{
	return (int)MUST(open("/dev/pci", mode | O_CLOEXEC));
}

static _Thread_local sigjmp_buf on_bus_error;
static _Thread_local volatile sig_atomic_t caught;	/* the last signal */

static void bus_error(int sig)
{
	caught = sig;
	siglongjmp(on_bus_error, sig);
}

/* Reads a word; false when the access faults. */
static inline bool touch(const volatile void *addr, unsigned int *val)
{
	if (sigsetjmp(on_bus_error, 1))
		return false;
	*val = *(const volatile unsigned int *)addr;
	return true;
}

static inline bool store(volatile void *addr, unsigned int val)
{
	if (sigsetjmp(on_bus_error, 1))
		return false;
	*(volatile unsigned int *)addr = val;
	return true;
}

static inline void catch_bus_errors(void)
{
	struct sigaction action = { .sa_handler = bus_error };

	MUST(sigaction(SIGBUS, &action, NULL));
	MUST(sigaction(SIGSEGV, &action, NULL));
}

/* Open a BAR descriptor, or -1 with errno. */
static inline int bar_open(int pci, struct pcisel sel, int reg, unsigned int flags, int memattr)
{
	struct pci_bar_open io = { .pbo_size = sizeof(io), .pbo_sel = sel, .pbo_reg = reg,
				   .pbo_flags = flags, .pbo_memattr = (u_int32_t)memattr };

	return ioctl(pci, PCIOCBAROPEN, &io) ? -1 : io.pbo_fd;
}

/* One number of /proc/self/status in KiB. */
static inline long status_kib(const char *name)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	long val = -1;

	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			val = atol(line + strlen(name) + 1);
	fclose(file);
	return val;
}

static inline int verdict(void)
{
	if (failures)
		printf("%d checks failed\n", failures);
	return failures ? 1 : 0;
}

#endif
