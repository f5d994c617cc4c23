# SPDX-License-Identifier: BSD-2-Clause
"""The extension: libpcibar's calls as they are, with checked arguments."""

from typing import TypeVar

_D = TypeVar("_D", bound=Device)
_M = TypeVar("_M", bound=Map)
_I = TypeVar("_I", bound=Irq)
_Reason = tuple[int, int, int, str, str]

class Device:
    @property
    def gone(self) -> bool: ...
    @property
    def closed(self) -> bool: ...
    def info_numbers(self) -> tuple[int | str, ...]: ...
    def place_numbers(self) -> tuple[int, int]: ...
    def group_members(self) -> list[tuple[int | str, ...]]: ...
    def bar_info(self, bar: int, flags: int, /) -> tuple[int, int, int, int, int, int, str]: ...
    def config_read(self, offset: int, width: int, /) -> int: ...
    def config_write(self, offset: int, value: int, width: int, /) -> None: ...
    def list_capabilities(self) -> list[tuple[int, int]]: ...
    def list_extended(self) -> list[tuple[int, int]]: ...
    def find_capability(self, id: int, /) -> int | None: ...
    def find_extended(self, id: int, /) -> int | None: ...
    def get_enable(self) -> int: ...
    def set_enable(self, mask: int, value: int, flags: int, /) -> None: ...
    def change_driver(self, driver: str | None, flags: int, timeout_ms: int, /) -> None: ...
    def irq_numbers(self, type: int, /) -> tuple[int, int, int, int]: ...
    def fileno(self) -> int: ...
    def event_number(self) -> int | None: ...
    def vpd_fields(self) -> list[tuple[int, bytes, bytes]]: ...
    def close(self) -> None: ...

class Map:
    @property
    def length(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def attr_number(self) -> int: ...
    @property
    def lost(self) -> bool: ...
    @property
    def closed(self) -> bool: ...
    def read(self, offset: int, width: int, /) -> int: ...
    def write(self, offset: int, value: int, width: int, /) -> None: ...
    def copy_from(self, offset: int, length: int, width: int, flags: int, /) -> bytes: ...
    def copy_to(self, offset: int, data: bytes | bytearray | memoryview, width: int,
                flags: int, /) -> None: ...
    def close(self) -> None: ...

class Irq:
    @property
    def number(self) -> int | None: ...
    @property
    def closed(self) -> bool: ...
    def event_numbers(self) -> tuple[int, int | None] | None: ...
    def wait_ns(self, timeout: int, /) -> tuple[int, int | None] | None: ...
    def done(self) -> None: ...
    def mask(self) -> None: ...
    def unmask(self) -> None: ...
    def trigger(self) -> None: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...

def open(cls: type[_D], selector: str, flags: int, backend: int, root: str | None, /) -> _D: ...
def map(cls: type[_M], device: Device, bar: int, flags: int, attr: int, offset: int, length: int,
        /) -> _M: ...
def irqs(cls: type[_I], device: Device, type: int, first: int, count: int, reserve: int, flags: int,
         /) -> list[_I]: ...
def scan(selector: str | None, backend: int, root: str | None,
         /) -> list[tuple[int | str, ...]]: ...
def explain(selector: str, bar: int, flags: int, attr: int, offset: int, length: int, backend: int,
            root: str | None, /) -> tuple[list[_Reason], int, int]: ...
def explain_irq(selector: str, type: int, first: int, count: int, flags: int, backend: int,
                root: str | None, /) -> tuple[list[_Reason], int, int]: ...
def guard_install() -> None: ...
def guard_remove() -> None: ...
def wc_flush() -> None: ...
def version() -> str: ...
def forked() -> None: ...

BACKEND_AUTO: int
BACKEND_SYSFS: int
BACKEND_PCIIO: int
BACKEND_VFIO: int
BACKEND_FREEBSD: int
OPEN_WRITE: int
CAP_MAP_WC: int
CAP_ATTR_PROOF: int
CAP_EXCLUSIVE: int
CAP_ACTIVATE: int
CAP_REVOKE: int
CAP_EVENTS: int
CAP_IRQ: int
DEV_ASLEEP: int
DEV_DRIVER_OWNS: int
BAR_ROM: int
BAR_COUNT: int
BAR_KIND_NONE: int
BAR_KIND_MEM32: int
BAR_KIND_MEM64: int
BAR_KIND_IO: int
BAR_KIND_ROM: int
BAR_F_PREFETCHABLE: int
BAR_F_UPPER_HALF: int
BAR_F_UNASSIGNED: int
BAR_F_CONFIG_SEEN: int
BAR_F_DECODING: int
BAR_F_MAPPABLE: int
BAR_F_HAS_WC: int
BAR_F_MOVED: int
BAR_INFO_CONFIG: int
ATTR_UC: int
ATTR_WC: int
MAP_WRITE: int
MAP_EXCLUSIVE: int
MAP_ACTIVATE: int
MAP_SHARE_DRIVER: int
MAP_SHARE_PAGE: int
MAP_INDIRECT: int
COPY_FIXED: int
COPY_MEMORY: int
DECODE_IO: int
DECODE_MEM: int
BUS_MASTER: int
ENABLE_F_RESTORE: int
ENABLE_F_SHARE_DRIVER: int
EVENT_REVOKED: int
EVENT_GONE: int
EVENT_GIVE_BACK: int
EVENT_ERROR: int
INTENT_DEVICE: int
IRQ_BEST: int
IRQ_INTX: int
IRQ_MSI: int
IRQ_MSIX: int
IRQ_LEVEL: int
IRQ_CAN_MASK: int
IRQ_CAN_GROW: int
IRQ_HAS_TIME: int
IRQ_SHARED_LINE: int
IRQ_CAN_TRIGGER: int
IRQ_OPEN_MASKED: int
IRQ_BUS_MASTER: int
IRQ_EVENTFD: int
IRQ_EVENT_TIME: int
VPD_IDENT: int
VPD_WRITABLE: int
VPD_DAMAGED: int
REASON_NONE: int
REASON_SELECTOR: int
REASON_NO_DEVICE: int
REASON_AMBIGUOUS: int
REASON_NO_BACKEND: int
REASON_NO_BAR: int
REASON_UPPER_HALF: int
REASON_UNASSIGNED: int
REASON_IO_BAR: int
REASON_ROM: int
REASON_RANGE: int
REASON_ATTRIBUTE: int
REASON_UNSUPPORTED: int
REASON_DRIVER: int
REASON_CLAIMED: int
REASON_PAGE_SHARED: int
REASON_DECODE_OFF: int
REASON_ASLEEP: int
REASON_PERMISSION: int
REASON_LOCKDOWN: int
REASON_DENIED: int
REASON_READ_ONLY: int
REASON_GONE: int
REASON_SYSTEM: int
REASON_MOVED: int
REASON_NO_RESPONSE: int
REASON_NOT_BOUND: int
REASON_ISOLATION: int
REASON_GROUP: int
REASON_HELD: int
REASON_RESETS: int
REASON_NO_DRIVER: int
REASON_RESTORE: int
REASON_PROBE: int
REASON_TIMEOUT: int
BIND_GROUP: int
REASON_NO_VECTOR: int
REASON_VECTOR_BUSY: int
REASON_BUS_MASTER_OFF: int
REASON_EXHAUSTED: int
