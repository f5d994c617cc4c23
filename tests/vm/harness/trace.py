# SPDX-License-Identifier: BSD-2-Clause
"""Counts what a device sees, from outside: QEMU's trace events of register accesses.

RAM-like BARs (ivshmem BAR 2, frame buffers) have no such events.
"""

import re
from dataclasses import dataclass

MEMORY_EVENTS = ("memory_region_ops_read", "memory_region_ops_write")
CONFIG_EVENTS = ("pci_cfg_read", "pci_cfg_write")
MEMORY_LINE = re.compile(r"memory_region_ops_(read|write) cpu \d+ mr \S+ addr (\S+) "
                         r"value (\S+) size (\d+) name '(.*)'")
CONFIG_LINE = re.compile(r"pci_cfg_(read|write) \S+ (\w+:\w+\.\w) @(\S+) (?:->|<-) (\S+)")


@dataclass(frozen=True)
class Access:
    op: str
    address: int
    size: int
    value: int


class Trace:
    """What was recorded between start and end of a `with` block; readable inside it, too."""

    def __init__(self, monitor, log, config):
        self.monitor = monitor
        self.log = log
        self.events = MEMORY_EVENTS + (CONFIG_EVENTS if config else ())
        self.start = self.end = None

    def __enter__(self):
        self.start = self.log.stat().st_size
        self._set(True)
        return self

    def __exit__(self, *_):
        self._set(False)
        self.end = self.log.stat().st_size

    def accesses(self, region):
        """The accesses to a memory region of QEMU by its name, such as "edu-mmio"."""
        return [access for name, access in self._memory() if name == region]

    def bar(self, function, index):
        """The accesses to a BAR, which are known by their addresses, as offsets into the BAR."""
        start, size = function.bar(function.device.aliases.get(index, index))
        return [Access(access.op, access.address - start, access.size, access.value)
                for _, access in self._memory() if start <= access.address < start + size]

    def config(self, function):
        """[(op, offset, value)] of the accesses to the function's configuration space."""
        place = function.address.partition(":")[2]
        return [(match[1], int(match[3], 0), int(match[4], 0))
                for match in map(CONFIG_LINE.search, self._lines()) if match and match[2] == place]

    def _memory(self):
        for line in self._lines():
            match = MEMORY_LINE.search(line)
            if match:
                size = int(match[4])
                # A device may return more bits than were requested.
                value = int(match[3], 0) & (1 << 8 * size) - 1
                yield match[5], Access(match[1], int(match[2], 0), size, value)

    def _lines(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            log.seek(self.start)
            text = log.read() if self.end is None else log.read(self.end - self.start)
        return text.splitlines()

    def _set(self, enable):
        for event in self.events:
            self.monitor.execute("trace-event-set-state", name=event, enable=enable)
