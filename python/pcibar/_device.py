# SPDX-License-Identifier: BSD-2-Clause
"""Devices and maps."""

from __future__ import annotations

import os
import select
import time

from . import _binding
from ._irq import Irq, Irqs, irq_flags, irq_type, irq_window
from ._managed import Managed
from ._types import (BarInfo, Enable, Event, FunctionInfo, IrqInfo, IrqType, MemoryAttribute, Place,
                     VpdField, bar_info, function_info, irq_info, known, vpd_field)

ROM = _binding.BAR_ROM


class Map(Managed, _binding.Map):
    """A mapped window of a BAR, from Device.map().

    Offsets are in bytes, in the window; the address in the BAR must be a multiple of the width.
    There is no buffer of it: who copies from a buffer chooses the width of the accesses.
    """

    __slots__ = ("address", "bar")

    address: str
    bar: int

    def __str__(self) -> str:
        return f"{self.address} {'ROM' if self.bar == ROM else f'BAR {self.bar}'}"

    @property
    def attr(self) -> MemoryAttribute | int:
        """Memory attribute: read back where the back end can, else what was asked for."""
        return known(MemoryAttribute, self.attr_number)

    def read8(self, offset: int) -> int:
        """Read an 8-bit register."""
        return self.read(offset, 1)

    def read16(self, offset: int) -> int:
        """Read a 16-bit register."""
        return self.read(offset, 2)

    def read32(self, offset: int) -> int:
        """Read a 32-bit register."""
        return self.read(offset, 4)

    def read64(self, offset: int) -> int:
        """Read a 64-bit register."""
        return self.read(offset, 8)

    def write8(self, offset: int, value: int) -> None:
        """Write an 8-bit register."""
        self.write(offset, value, 1)

    def write16(self, offset: int, value: int) -> None:
        """Write a 16-bit register."""
        self.write(offset, value, 2)

    def write32(self, offset: int, value: int) -> None:
        """Write a 32-bit register."""
        self.write(offset, value, 4)

    def write64(self, offset: int, value: int) -> None:
        """Write a 64-bit register."""
        self.write(offset, value, 8)

    def wait_until(self, offset: int, value: int, mask: int | None = None, *, width: int = 4,
                   timeout: float | None = None, interval: float = 0.001) -> int:
        """Read a register until the bits of a mask have this value; returns what was read.

        mask: without one, all bits of the register
        timeout: seconds until TimeoutError, which names the register and its last value
        interval: seconds between two reads
        """
        if mask is None:
            mask = (1 << 8 * width) - 1
        if value & ~mask:
            raise ValueError(f"{value:#x} has bits outside the mask {mask:#x}")
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            last = self.read(offset, width)
            if last & mask == value:
                return last
            if end is not None and time.monotonic() >= end:
                raise TimeoutError(f"{self} offset {offset:#x}: {last:#0{2 * width + 2}x} after "
                                   f"{timeout} s instead of {value:#x}:{mask:#x}")
            time.sleep(interval)

    def read_bytes(self, offset: int, length: int, width: int, *, fixed: bool = False,
                   memory: bool = False) -> bytes:
        """Read a range, with one load of exactly width bytes per unit, in order.

        fixed: every unit at the same offset: a FIFO
        memory: the BAR is memory-like: width 0, which is any width, is allowed on a UC map too
        """
        return self.copy_from(offset, length, width, _copy_flags(fixed, memory))

    def write_bytes(self, offset: int, data: bytes | bytearray | memoryview, width: int, *,
                    fixed: bool = False, memory: bool = False) -> None:
        """Write a range, with one store of exactly width bytes per unit, in order.

        data: any object with a contiguous buffer; for fixed and memory see read_bytes()
        """
        self.copy_to(offset, data, width, _copy_flags(fixed, memory))


class Device(Managed, _binding.Device):
    """An open PCI function, from open()."""

    __slots__ = ("address",)

    address: str

    def __str__(self) -> str:
        return getattr(self, "address", "PCI function")

    def info(self) -> FunctionInfo:
        """What the function is. It is not accessed and not woken."""
        return function_info(self.info_numbers())

    def place(self) -> Place:
        """Where the function is in the machine. It is not accessed and not woken."""
        return Place(*(None if number < 0 else number for number in self.place_numbers()))

    def group(self) -> tuple[FunctionInfo, ...]:
        """The functions of its IOMMU group, itself too, by address; without one, none."""
        return tuple(map(function_info, self.group_members()))

    def bar(self, index: int, *, config: bool = False) -> BarInfo:
        """What a BAR is; with config, whether it is decoding, too, which needs a right."""
        return bar_info(self.bar_info(index, _binding.BAR_INFO_CONFIG if config else 0))

    def bars(self, *, config: bool = False) -> tuple[BarInfo, ...]:
        """The BARs that the function has, and its ROM."""
        every = (self.bar(index, config=config) for index in range(_binding.BAR_COUNT))
        return tuple(bar for bar in every if bar.kind)

    def map(self, bar: int, offset: int = 0, length: int | None = None, *, write: bool = False,
            wc: bool = False, exclusive: bool = False, activate: bool = False,
            share_driver: bool = False, share_page: bool = False, indirect: bool = False) -> Map:
        """Map a window of a BAR; without a length, to its end. It outlives close().

        write: for reading and writing
        wc: write-combining, for memory-like BARs
        exclusive: refuse if anyone else has it, and keep all others out
        activate: turn decoding on while such maps live, put it back after
        share_driver: proceed even if a kernel driver owns the function
        share_page: also when the pages hold something else
        indirect: through the back end, without an address: I/O BARs, and the ROM on sysfs
        """
        window = _binding.map(Map, self, bar, map_flags(write, exclusive, activate, share_driver,
                                                        share_page, indirect),
                              _binding.ATTR_WC if wc else _binding.ATTR_UC, offset,
                              window_length(length))
        window.address, window.bar = self.address, bar
        return window

    def enabled(self) -> Enable:
        """The bits of the command register that are on. Wakes a suspended device."""
        return Enable(self.get_enable())

    def enable(self, bits: Enable, *, restore: bool = False, share_driver: bool = False) -> None:
        """Turn decoding or bus mastering on.

        restore: put the bits back when the device is closed
        share_driver: proceed even if a kernel driver owns the function
        """
        self.set_enable(bits, bits, _enable_flags(restore, share_driver))

    def disable(self, bits: Enable, *, restore: bool = False, share_driver: bool = False) -> None:
        """Turn decoding or bus mastering off. Maps of other programs read all-ones then, too."""
        self.set_enable(bits, 0, _enable_flags(restore, share_driver))

    def bind(self, driver: str, *, group: bool = False, timeout: float = 10) -> None:
        """Bind another driver, which must be loaded; "": no driver. unbind() restores the first.

        The present driver is unbound, with the disk or network interface that it provides.
        group: all functions of the IOMMU group, except bridges, or none if one fails
        timeout: seconds to wait for each function, which a program may keep open
        """
        self._change_driver(driver, group, timeout)

    def unbind(self, *, group: bool = False, timeout: float = 10) -> None:
        """Restore the driver from before bind(); else the kernel chooses by the IDs."""
        self._change_driver(None, group, timeout)

    def _change_driver(self, driver: str | None, group: bool, timeout: float) -> None:
        milliseconds = max(1, round(timeout * 1000))
        self.change_driver(driver, _binding.BIND_GROUP if group else 0, milliseconds)

    def vpd(self) -> tuple[VpdField, ...]:
        """The vital product data; empty if the device has none. It takes up to seconds.

        Of damaged data, all that can be read; a RuntimeWarning says where the damage is.
        """
        return tuple(map(vpd_field, self.vpd_fields()))

    def irq_info(self, type: str | IrqType = IrqType.BEST) -> IrqInfo:
        """What interrupts of a type the function has. Wakes a suspended device."""
        return irq_info(self.irq_numbers(irq_type(type)))

    def irq(self, type: str | IrqType = IrqType.BEST, vectors: range = range(1), *,
            reserve: int = 0, masked: bool = False, bus_master: bool = False) -> Irqs:
        """Open interrupt vectors, all of them or none. They outlive close().

        type: "intx", "msi", "msix", or "best": MSI-X, else MSI, else INTx
        vectors: which, one after the other
        reserve: so many, from vector 0 on, can be opened while these are open
        masked: until unmask()
        bus_master: turn bus mastering on while they are open: a message needs it
        """
        irqs = Irqs(_binding.irqs(Irq, self, irq_type(type), *irq_window(vectors), reserve,
                                  irq_flags(masked, bus_master)))
        # Through VFIO an ordinary user may read the capabilities only now.
        try:
            kind = self.irq_info(type).type
        except BaseException:
            irqs.close()
            raise
        for vector, irq in zip(vectors, irqs):
            irq.address, irq.type, irq.vector = self.address, kind, vector
            irq._epoll = irq._waiter = None
        return irqs

    def read_event(self) -> Event | int | None:
        """Read the next event; None if no event is pending. Call fileno() before."""
        number = self.event_number()
        return None if number is None else known(Event, number)

    def wait(self, timeout: float | None = None) -> Event | int | None:
        """Wait for an event, for so many seconds at most; None when none has come.

        Events come from mapped BARs: without a map there are none.
        """
        # A number of our own: another thread may close the device, and the next file that is
        # opened has its number.
        with open(os.dup(self.fileno()), "rb", buffering=0) as descriptor:
            event = self.read_event()
            if event is None:
                poll = select.poll()
                poll.register(descriptor, select.POLLIN)
                poll.poll(None if timeout is None else timeout * 1000)
                event = self.read_event()
            return event


def _copy_flags(fixed: bool, memory: bool) -> int:
    return (_binding.COPY_FIXED if fixed else 0) | (_binding.COPY_MEMORY if memory else 0)


def _enable_flags(restore: bool, share_driver: bool) -> int:
    return ((_binding.ENABLE_F_RESTORE if restore else 0)
            | (_binding.ENABLE_F_SHARE_DRIVER if share_driver else 0))


def map_flags(write: bool, exclusive: bool, activate: bool, share_driver: bool, share_page: bool,
              indirect: bool) -> int:
    """What the library calls PCIBAR_MAP_*."""
    return ((_binding.MAP_WRITE if write else 0)
            | (_binding.MAP_EXCLUSIVE if exclusive else 0)
            | (_binding.MAP_ACTIVATE if activate else 0)
            | (_binding.MAP_SHARE_DRIVER if share_driver else 0)
            | (_binding.MAP_SHARE_PAGE if share_page else 0)
            | (_binding.MAP_INDIRECT if indirect else 0))


def window_length(length: int | None) -> int:
    """The library's 0, to the end, is None here: a length that was computed may be 0."""
    if length is None:
        return 0
    if length == 0:
        raise ValueError("a window has at least one byte")
    return length
