/* SPDX-License-Identifier: BSD-2-Clause */
/* The SIGBUS guard: surviving an access to a device that is gone */
#ifndef PCIBAR_GUARD_H
#define PCIBAR_GUARD_H

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: The guard
 *
 * An access to a revoked mapping raises SIGBUS. With the guard installed, the
 * first such fault inside a pcibar map replaces the whole window at once by
 * memory that reads as all-ones, which is what a bus returns for a function that
 * is not present, and marks the map as lost. The program continues: raw pointers
 * read all-ones, checked calls return -ENODEV, and pcibar_map_is_lost() returns
 * true. A lost map stays lost, even if the function returns: release it and map
 * again. The effect of a raw write to a lost map is undefined, but it does not
 * reach a device.
 *
 * A process has one handler for SIGBUS, so the order of installation matters.
 * Install the guard last. The guard passes faults elsewhere, and signals that
 * were sent, to the handler that it found, with that handler's signal mask. If
 * there was no handler, they have their default effect. This suits the handlers
 * of crash reporters, such as Python's faulthandler, of the JVM, and of the Go
 * runtime, which are installed when the program starts or a library is loaded.
 *
 * A handler that is installed after the guard replaces it. The guard still works
 * if that handler passes faults that it does not know to the one that it found,
 * as the Go runtime in a shared library and HotSpot are documented to do, or
 * calls pcibar_guard_handle(). A handler that does neither, such as faulthandler,
 * disables the guard: the first access to a lost map terminates the program. To
 * use both, remove the guard, enable faulthandler, and install the guard again.
 *
 * Some faults inside a map are not a loss, and are treated like those elsewhere:
 * unaligned accesses that the CPU does not support (BUS_ADRALN), and memory
 * errors (BUS_MCEERR_AR, BUS_MCEERR_AO).
 */

/**
 * pcibar_guard_install() - install the SIGBUS guard in this process
 *
 * Installations are counted: each success needs one pcibar_guard_remove(). The
 * guard covers all maps, including existing ones. At a fault it needs one free
 * descriptor, 2 MiB of memory and one mapping per 2 MiB of the window (fewer above
 * 16 GiB). Without them, the fault is treated like one elsewhere. If RLIMIT_FSIZE
 * is below 2 MiB, the guard needs one mapping per that many bytes, of which there
 * may be 8192.
 *
 * Threads: any. A program that changes its own SIGBUS handler at the same time must
 * serialise the two.
 *
 * Return:
 * * 0 - success
 * * -EOVERFLOW - it was installed too often
 */
int pcibar_guard_install(void);

/**
 * pcibar_guard_remove() - undo one installation of the guard
 *
 * The last call restores the handler that the guard had found. If the program has
 * replaced the guard's handler in the meantime, the signal action stays unchanged.
 * A program whose own handler calls the guard's must not install the guard again
 * after that, or the two handlers would call each other endlessly.
 *
 * Return:
 * * 0 - success
 * * -EINVAL - the guard is not installed
 */
int pcibar_guard_remove(void);

/* Strict ISO C has no siginfo_t; a program that uses it asks for POSIX. */
#ifdef SA_SIGINFO
/**
 * pcibar_guard_handle() - handle SIGBUS for a program that owns the signal
 * @sig: signal number, as given to the program's handler
 * @info: its siginfo_t
 * @context: its ucontext_t, which is not used
 *
 * A program that installs its own handler with SA_SIGINFO calls this function
 * first, and returns from the handler if it returns 1. The function is
 * async-signal-safe and does not require pcibar_guard_install().
 *
 * Return:
 * * 1 - the fault was inside a pcibar map, which is lost now: return from the
 *   handler, and the access is repeated
 * * 0 - the fault does not concern the library
 */
int pcibar_guard_handle(int sig, siginfo_t *info, void *context);
#endif

#ifdef __cplusplus
}
#endif

#endif
