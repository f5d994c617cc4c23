/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PCIBAR_GUARD_H
#define PCIBAR_GUARD_H

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: The guard
 *
 * A touch of a revoked mapping raises SIGBUS. With the guard installed, the
 * first such fault inside a pcibar map replaces the whole window at once by
 * memory that reads all-ones, which is what a bus returns for a function that
 * is not there, marks the map as lost, and the program goes on: raw pointers
 * read all-ones, checked calls return -ENODEV, pcibar_map_is_lost() is true.
 * A lost map never comes back, even if the function does: release it and map
 * again. What a raw write to a lost map does is undefined until then (it does
 * not reach a device).
 *
 * A process has one handler of SIGBUS, so the order of installation matters.
 * Install the guard last. Faults elsewhere, and signals that were sent, go to
 * the handler that was there before, with its signal mask, or, without one, do
 * what they would have done. This serves the handlers of crash reporters, such
 * as Python's faulthandler, of the JVM, and of the Go runtime, which are there
 * when the program starts or a library is loaded.
 *
 * A handler that is installed after the guard replaces it. The guard works on if
 * that handler passes the faults that it does not know on to the one it found,
 * as the Go runtime in a shared library and HotSpot are documented to do, or
 * calls pcibar_guard_handle(). One that does neither, such as faulthandler, makes
 * the guard useless: the first touch of a lost map ends the program. To have
 * both, remove the guard, enable faulthandler, and install the guard again.
 *
 * Faults inside a map that are no loss are treated as those elsewhere: unaligned
 * accesses where the CPU has none (BUS_ADRALN), and memory errors
 * (BUS_MCEERR_AR, BUS_MCEERR_AO).
 */

/**
 * pcibar_guard_install() - install the SIGBUS guard in this process
 *
 * Counted: each success needs one pcibar_guard_remove(). It covers all maps,
 * older ones too. At a fault it needs one free descriptor, 2 MiB of memory and
 * one mapping per 2 MiB of the window (fewer above 16 GiB); without them the
 * fault goes the way of one elsewhere. An RLIMIT_FSIZE below 2 MiB takes one
 * mapping per so many bytes, of which there may be 8192. Threads: any; a program
 * that changes its own SIGBUS handler at the same time must serialise.
 *
 * Return:
 * * 0 - installed
 * * -EOVERFLOW - installed too often
 */
int pcibar_guard_install(void);

/**
 * pcibar_guard_remove() - take one installation of the guard back
 *
 * The last one restores the handler that was there before, unless the program
 * has replaced the guard's in the meantime: then the signal action is left alone. A
 * program whose own handler calls the guard's must not install the guard again
 * after that, or the two handlers would call each other endlessly.
 *
 * Return:
 * * 0 - done
 * * -EINVAL - it is not installed
 */
int pcibar_guard_remove(void);

/* Strict ISO C has no siginfo_t; a program that uses it asks for POSIX. */
#ifdef SA_SIGINFO
/**
 * pcibar_guard_handle() - handle SIGBUS for a program that owns the signal
 * @sig: signal number, as given to the program's handler
 * @info: its siginfo_t
 * @context: its ucontext, not used
 *
 * For programs that install their own handler with SA_SIGINFO: call this
 * first, and return from the handler when it returns 1. It is
 * async-signal-safe and needs no pcibar_guard_install().
 *
 * Return:
 * * 1 - the fault was inside a pcibar map, which is lost now: return and the
 *   access is repeated
 * * 0 - not ours
 */
int pcibar_guard_handle(int sig, siginfo_t *info, void *context);
#endif

#ifdef __cplusplus
}
#endif

#endif
