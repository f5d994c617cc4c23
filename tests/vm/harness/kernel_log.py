# SPDX-License-Identifier: BSD-2-Clause
"""Judges a guest's kernel log: nothing may be in it but what is expected by name."""

import re

WARNING = 4
# Bad at any level: the rest of a report has lower levels than its first line.
ALWAYS_BAD = re.compile(r"WARNING|BUG|Oops|Call Trace|KASAN|UBSAN|lockdep|DEBUG_LOCKS"
                        r"|possible (?:circular|recursive|irq)|suspicious RCU|inconsistent lock"
                        r"|ODEBUG|blocked for more than|new suspected memory leaks")
# What a stock kernel prints at level "warning" or worse when it boots in QEMU, and why.
BOOT = (
    # QEMU's firmware has no CPPC tables.
    r"amd_pstate: the _CPC object is not present in SBIOS",
    # QEMU's firmware sets up the first processor only.
    r"mtrr: your CPUs had inconsistent",
    # Emulated timers that are late on a busy host.
    r"Unable to read current time from RTC",
    r"tsc: Unable to calibrate against PIT",
    r"APIC calibration not consistent with PM-Timer",
    r"hpet: Lost \d+ RTC interrupts",
    r"hrtimer: interrupt took \d+ ns",
    # The window for 64-bit BARs of QEMU's arm64 machine is not marked as prefetchable.
    r"pci-host-generic \S+ Memory resource size exceeds max for 32 bits",
    # Lockdown's notices when one refusal follows another, printed when the next interval begins.
    r"lockdown_is_locked_down: \d+ callbacks suppressed",
    # The box around the notice that addresses are shown, which slub_debug brings with it.
    r"^<4>\*\*.*\*\*$",
    # The debug kernel has nothing that mitigations=off could turn off, and introduces lockdep.
    r"Kernel compiled without mitigations",
    r"RCU lockdep checking is enabled",
    r"Lock dependency validator: Copyright",
    r"\.\.\. (?:MAX_LOCK|CLASSHASH_|CHAINHASH_)\w+: ",
    r"memory used by lock dependency info|memory used for stack traces|per task-struct memory",
)


def unexpected(lines, expected=()):
    """Those of dmesg's raw lines (with <level>) that neither a boot nor EXPECTED explains."""
    known = re.compile("|".join(f"(?:{pattern})" for pattern in (*BOOT, *expected)))
    return [line for line in lines if _is_bad(line) and not known.search(line)]


def _is_bad(line):
    level = re.match(r"<(\d+)>", line)
    # The priority's low three bits are the level, the others the facility.
    return bool(level and int(level[1]) & 7 <= WARNING or ALWAYS_BAD.search(line))
