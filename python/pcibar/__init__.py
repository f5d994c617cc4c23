# SPDX-License-Identifier: BSD-2-Clause
"""Map the BARs of PCI devices, and read and write registers at exact width.

    with pcibar.open("1234:11e8", write=True) as device, device.map(0, write=True) as registers:
        registers.write32(0x04, 0x12345678)
        print(f"{registers.read32(0x04):#010x}")

A selector is an address ("0000:00:03.0", "0:3.0"), device and function on any bus ("3.0"), IDs
("1234:11e8", "10ee:"), a class ("::0108") or a path below /sys; pcibar(1) has all forms. A
refused call raises PcibarError, which has the reasons, each with a remedy. An integer is never
cut: one that is too large raises ValueError, what is no unsigned integer (negative, bool, float)
TypeError. What is closed raises ValueError.

Threads: all may be used by several at a time. Bulk copies and what waits for the system let other
threads run. A child after fork() has no use of the parent's devices and maps.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from . import _binding
from ._binding import guard_install, guard_remove, version, wc_flush
from ._device import ROM, Device, Map, map_flags, window_length
from ._errors import PcibarError
from ._irq import Irq, Irqs, irq_flags, irq_type, irq_window
from ._types import (Backend, BarFlag, BarInfo, BarKind, Capability, Enable, Event, Explanation,
                     FunctionInfo, IrqEvent, IrqFlag, IrqInfo, IrqType, MemoryAttribute, Place,
                     Reason, ReasonCode, VpdField, function_info, known, reason)

__all__ = ["Backend", "BarFlag", "BarInfo", "BarKind", "Capability", "Device", "Enable", "Event",
           "Explanation", "FunctionInfo", "Irq", "IrqEvent", "IrqFlag", "IrqInfo", "IrqType",
           "Irqs", "Map", "MemoryAttribute", "PcibarError", "Place", "ROM",
           "Reason", "ReasonCode", "VpdField", "explain", "explain_irq", "guard", "guard_install",
           "guard_remove", "open", "scan", "version", "wc_flush"]

_Path = str | os.PathLike[str] | None

os.register_at_fork(after_in_child=_binding.forked)


def open(selector: str, *, write: bool = False, backend: Backend = Backend.AUTO,
         sysfs_root: _Path = None) -> Device:
    """Open a function. Changes nothing in it and does not wake it.

    write: for calls that change the device
    backend: the way to it; the best one when nothing is said
    sysfs_root: where sysfs is mounted, if not at /sys
    """
    device = _binding.open(Device, selector, _binding.OPEN_WRITE if write else 0, backend,
                           _path(sysfs_root))
    try:
        device.address = device.info().address
    except BaseException:
        device.close()
        raise
    return device


def scan(selector: str | None = None, *, backend: Backend = Backend.AUTO,
         sysfs_root: _Path = None) -> tuple[FunctionInfo, ...]:
    """The functions that a selector means, or all, in address order. None is woken."""
    return tuple(map(function_info, _binding.scan(selector, backend, _path(sysfs_root))))


def explain(selector: str, bar: int | None = None, offset: int = 0, length: int | None = None, *,
            write: bool = False, wc: bool = False, exclusive: bool = False,
            activate: bool = False, share_driver: bool = False, share_page: bool = False,
            indirect: bool = False, backend: Backend = Backend.AUTO,
            sysfs_root: _Path = None) -> Explanation:
    """Report what would make Device.map() fail, or open() without a BAR.

    It needs no right, and changes nothing in the device.
    """
    reasons, examined, possible = _binding.explain(
        selector, _binding.INTENT_DEVICE if bar is None else bar,
        map_flags(write, exclusive, activate, share_driver, share_page, indirect),
        _binding.ATTR_WC if wc else _binding.ATTR_UC, offset, window_length(length), backend,
        _path(sysfs_root))
    return Explanation(tuple(map(reason, reasons)), _backends(examined), _backends(possible))


def explain_irq(selector: str, type: str | IrqType = IrqType.BEST, vectors: range = range(1), *,
                masked: bool = False, bus_master: bool = False, backend: Backend = Backend.AUTO,
                sysfs_root: _Path = None) -> Explanation:
    """Report what would make Device.irq() fail.

    It needs no right, and changes nothing in the device. What only the system knows is left out.
    """
    reasons, examined, possible = _binding.explain_irq(
        selector, irq_type(type), *irq_window(vectors), irq_flags(masked, bus_master), backend,
        _path(sysfs_root))
    return Explanation(tuple(map(reason, reasons)), _backends(examined), _backends(possible))


@contextlib.contextmanager
def guard() -> Iterator[None]:
    """Survive touching a map whose device is gone: it raises PcibarError instead of SIGBUS.

    Enable faulthandler before it (or with python3 -X faulthandler): other faults are reported as
    ever. Enabled after it, faulthandler takes its place, and the loss ends the process.
    """
    guard_install()
    try:
        yield
    finally:
        guard_remove()


def _path(path: _Path) -> str | None:
    return None if path is None else os.fspath(path)


def _backends(bits: int) -> tuple[Backend | int, ...]:
    return tuple(known(Backend, number) for number in range(1, 32) if bits & 1 << number)
