# SPDX-License-Identifier: BSD-2-Clause
"""How a refusal reaches the program. The extension calls error()."""

from __future__ import annotations

import os
from errno import (EACCES, EBUSY, ECONNRESET, EINVAL, EIO, ENODEV, ENXIO, EOPNOTSUPP, EOVERFLOW,
                   EPERM, ERANGE, EROFS, ETIMEDOUT)

from ._types import Backend, Reason, ReasonCode, printable, reason

_LOST = (ReasonCode.GONE, "the device was lost: removed, reset, switched off or taken by a driver",
         "explain() shows the reason")
_NO_WRITE = (ReasonCode.READ_ONLY, "it was not opened for writing, or permission denied",
             "open it with write=True, as root")
_LOCKDOWN = (ReasonCode.LOCKDOWN, "kernel lockdown or a missing capability forbids it",
             "run as root, without lockdown")
_OUTSIDE_CONFIG = (ReasonCode.RANGE, "the offset is outside the function's configuration space",
                   "it has 256 bytes, or 4096 with PCI Express")
_ACCESS = {
    EINVAL: (ReasonCode.SYSTEM, "the address in the BAR is not a multiple of the width",
             "align it, or take a smaller width"),
    ERANGE: (ReasonCode.RANGE, "the access is outside the map", "stay below the map's length"),
    EACCES: (ReasonCode.READ_ONLY, "the map is read-only", "map with write=True"),
    EOPNOTSUPP: (ReasonCode.UNSUPPORTED,
                 "this platform or this kind of BAR does not support this width",
                 "take a smaller width"),
    ENODEV: _LOST,
}
# What was tried: {errno: (code, what, remedy)}, where the library gives no reasons of its own.
_SENTENCES = {
    "access": _ACCESS,
    "copy": _ACCESS | {
        EINVAL: (ReasonCode.SYSTEM, "the address in the BAR or the length is no multiple of the "
                 "width, or width 0 is not possible here",
                 "width 0 is for write-combining maps, or with memory=True, not with fixed=True"),
    },
    "bar": {
        EINVAL: (ReasonCode.NO_BAR, "there is no such BAR", "BARs are 0 to 5, and ROM"),
        ENODEV: _LOST,
    },
    "info": {ENODEV: _LOST},
    "config": {
        EINVAL: (ReasonCode.SYSTEM, "the offset is not a multiple of the width", "align it"),
        ERANGE: _OUTSIDE_CONFIG, EACCES: _NO_WRITE, EPERM: _LOCKDOWN, ENODEV: _LOST,
    },
    "capability": {
        EINVAL: (ReasonCode.SYSTEM, "no capability has this ID",
                 "they are 1 to 255, extended ones 1 to 65535"),
        EACCES: (ReasonCode.PERMISSION, "a user may read the first 64 bytes only", "run as root"),
        ENODEV: _LOST,
    },
    "enable": {
        EACCES: _NO_WRITE, EPERM: _LOCKDOWN, ENODEV: _LOST,
        EINVAL: (ReasonCode.SYSTEM, "there is no such bit", "they are IO, MEM and BUS_MASTER"),
        EBUSY: (ReasonCode.DRIVER, "a kernel driver owns the function, or another process has its "
                "IOMMU group", "explain() shows which; share_driver=True shares with a driver"),
        ENXIO: (ReasonCode.MOVED, "the register of a BAR does not hold the address that the system "
                "assigned", "explain() shows which"),
        EROFS: (ReasonCode.PERMISSION, "sysfs is mounted read-only", "mount it for writing"),
        EOPNOTSUPP: (ReasonCode.UNSUPPORTED, "decoding of a virtual function is turned on and off "
                     "by its physical function", "turn it on or off there, for all of them"),
        EIO: (ReasonCode.SYSTEM, "one of the bits does not stay as it was written", ""),
    },
    "bind": {EINVAL: (ReasonCode.NO_DRIVER, "it is not a valid name of a driver", "correct it")},
    "event": {
        EOPNOTSUPP: (ReasonCode.UNSUPPORTED, "this back end does not report events",
                     "the module's can: modprobe pciio (package pcibar-dkms)"),
        EINVAL: (ReasonCode.SYSTEM, "no events were requested yet", "call fileno() first"),
    },
    "irq": {
        ENODEV: (ReasonCode.GONE, "the vector has ended: the function was removed, or unbound from "
                 "its driver", "explain_irq() shows what there is now"),
        ECONNRESET: (ReasonCode.SYSTEM, "the function was reset, or the system slept",
                     "set the device up again: it may have forgotten that it is to interrupt"),
        EACCES: (ReasonCode.PERMISSION, "a user may read the first 64 bytes only", "run as root"),
        EOPNOTSUPP: (ReasonCode.UNSUPPORTED, "this back end cannot do that with this type",
                     "irq_info() has the flags that say what it can"),
    },
    "vpd": {
        EACCES: (ReasonCode.PERMISSION, "there is no permission to read vital product data",
                 "run as root"),
        EPERM: (ReasonCode.PERMISSION, "there is no permission to read vital product data",
                "run as root"),
        ETIMEDOUT: (ReasonCode.SYSTEM, "the device did not respond within the time that vital "
                    "product data may take", "it may after a reset"),
        EIO: (ReasonCode.SYSTEM, "vital product data cannot be read",
              "the kernel log may have the reason"),
        ENODEV: _LOST,
    },
    "guard": {
        EINVAL: (ReasonCode.SYSTEM, "the guard is not installed", "install it first"),
        EOVERFLOW: (ReasonCode.SYSTEM, "the guard was installed too often", ""),
    },
}


class PcibarError(OSError):
    """A call was refused: the errno and the reasons.

    reasons: all reasons known; the first is the one that decided
    subject: selector, address or BAR on which it was tried; "" if it concerns no device
    """

    # As users know it, in tracebacks.
    __module__ = "pcibar"

    def __init__(self, errno: int, text: str, reasons: tuple[Reason, ...] = (), subject: str = ""):
        super().__init__(errno, text)
        self.reasons = reasons
        self.subject = subject

    @property
    def code(self) -> ReasonCode:
        """Code of the reason."""
        return self.reasons[0].code if self.reasons else ReasonCode.SYSTEM

    @property
    def what(self) -> str:
        """The reason, as a sentence."""
        return self.reasons[0].what if self.reasons else str(self.strerror)

    @property
    def remedy(self) -> str:
        """What can be done, "" if nothing."""
        return self.reasons[0].remedy if self.reasons else ""

    def __str__(self) -> str:
        return printable(f"{self.subject}: {self.strerror}" if self.subject
                         else str(self.strerror))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.errno, self.strerror, self.reasons, self.subject)


def error(errno: int, call: str, numbers: list[tuple[int, int, int, str, str]],
          subject: object) -> PcibarError:
    """The exception for a call that failed."""
    reasons = tuple(map(reason, numbers))
    if not reasons:
        code, what, remedy = _SENTENCES.get(call, {}).get(
            errno, (ReasonCode.SYSTEM, os.strerror(errno), ""))
        reasons = (Reason(code, Backend.AUTO, errno, what, remedy),)
    return PcibarError(errno, str(reasons[0]), reasons, "" if subject is None else str(subject))
