# SPDX-License-Identifier: BSD-2-Clause
"""Page tables of the guest's processes, read back by a module that only tests use."""

from dataclasses import dataclass

from .pciio_module import load_helper

# By index, as Linux sets it up: PAT, PCD and PWT of a leaf are its bits 2, 1 and 0.
PAT = ("WB", "WC", "UC-", "UC", "WB", "WP", "UC-", "WT")
# The lowest address bit of a large leaf is in its place: there it is one of the leaf's own.
PAT_SMALL, PAT_LARGE = 1 << 7, 1 << 12
PWT, PCD = 1 << 3, 1 << 4
WRITE, SPECIAL, DEVMAP, NO_EXEC = 1 << 1, 1 << 9, 1 << 58, 1 << 63
ADDRESS = (1 << 52) - 1
# arm64's by the index that Linux gives them, in bits 2 to 4. WRITE is what Linux allows: where the
# processor keeps no dirty bits, a leaf is read-only until it is written to.
MAIR = ("Normal", "Normal tagged", "Normal-NC", "Device-nGnRnE", "Device-nGnRE")
ARM64_WRITE, ARM64_NO_EXEC, ARM64_SPECIAL, ARM64_DEVMAP = 1 << 51, 1 << 54, 1 << 56, 1 << 57
ARM64_ADDRESS = (1 << 48) - 1
# What the kernel's list of memory types calls them.
MEMTYPES = {"uncached-minus": "UC-", "write-combining": "WC"}


@dataclass(frozen=True)
class Leaf:
    """size: 0 without one; special: no struct page belongs to it"""

    size: int
    address: int
    type: str
    writable: bool
    executable: bool
    special: bool


def load(vm):
    """Loads the module, and mounts debugfs for it."""
    load_helper(vm, "leaf")
    vm.check("mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug")


def leaf(holder, offset):
    """The Leaf behind a byte of a holder's mapping."""
    level, value = (int(word, 0) for word in holder.ask(f"leaf {offset:#x}").split())
    size = (0, 1 << 12, 1 << 21, 1 << 30)[level]
    return DECODERS[holder.vm.image.kernel.architecture.name](size, value)


def reserved(vm, start, size):
    """The types that the kernel's list has for parts of a range, by their names in page tables."""
    found = set()
    for line in vm.check("cat /sys/kernel/debug/x86/pat_memtype_list").stdout.splitlines():
        words = line.split()
        if words[-1] in MEMTYPES:
            first, end = (int(word, 16) for word in words[-2].strip("[]mem ").split("-"))
            if first < start + size and end > start:
                found.add(MEMTYPES[words[-1]])
    return found


def _amd64(size, value):
    pat = value & (PAT_SMALL if size == 1 << 12 else PAT_LARGE)
    index = bool(pat) << 2 | bool(value & PCD) << 1 | bool(value & PWT)
    return Leaf(size, value & ADDRESS & -size, PAT[index], bool(value & WRITE),
                not value & NO_EXEC, bool(value & (SPECIAL | DEVMAP)))


def _arm64(size, value):
    return Leaf(size, value & ARM64_ADDRESS & -size, MAIR[value >> 2 & 7],
                bool(value & ARM64_WRITE), not value & ARM64_NO_EXEC,
                bool(value & (ARM64_SPECIAL | ARM64_DEVMAP)))


DECODERS = {"amd64": _amd64, "arm64": _arm64}
