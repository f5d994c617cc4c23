# SPDX-License-Identifier: BSD-2-Clause
"""What functions, BARs and refusals are described with."""

from __future__ import annotations

from enum import EnumMeta, IntEnum, IntFlag
from typing import NamedTuple, TypeVar

from . import _binding

_Enum = TypeVar("_Enum", bound=IntEnum)


class _Short(EnumMeta):
    """help() shows the members of an enumeration, not what every integer has."""

    def __dir__(cls) -> list[str]:
        return list(cls.__members__)


class Backend(IntEnum, metaclass=_Short):
    """How the library accesses the hardware."""

    AUTO = _binding.BACKEND_AUTO
    SYSFS = _binding.BACKEND_SYSFS
    PCIIO = _binding.BACKEND_PCIIO
    VFIO = _binding.BACKEND_VFIO
    FREEBSD = _binding.BACKEND_FREEBSD


class Capability(IntFlag, metaclass=_Short):
    """What a back end can do."""

    MAP_WC = _binding.CAP_MAP_WC
    ATTR_PROOF = _binding.CAP_ATTR_PROOF
    EXCLUSIVE = _binding.CAP_EXCLUSIVE
    ACTIVATE = _binding.CAP_ACTIVATE
    REVOKE = _binding.CAP_REVOKE
    EVENTS = _binding.CAP_EVENTS
    IRQ = _binding.CAP_IRQ


class BarKind(IntEnum, metaclass=_Short):
    """What a BAR asks for."""

    NONE = _binding.BAR_KIND_NONE
    MEM32 = _binding.BAR_KIND_MEM32
    MEM64 = _binding.BAR_KIND_MEM64
    IO = _binding.BAR_KIND_IO
    ROM = _binding.BAR_KIND_ROM


class BarFlag(IntFlag, metaclass=_Short):
    """What is known of a BAR."""

    PREFETCHABLE = _binding.BAR_F_PREFETCHABLE
    UPPER_HALF = _binding.BAR_F_UPPER_HALF
    UNASSIGNED = _binding.BAR_F_UNASSIGNED
    CONFIG_SEEN = _binding.BAR_F_CONFIG_SEEN
    DECODING = _binding.BAR_F_DECODING
    MAPPABLE = _binding.BAR_F_MAPPABLE
    HAS_WC = _binding.BAR_F_HAS_WC
    MOVED = _binding.BAR_F_MOVED


class MemoryAttribute(IntEnum, metaclass=_Short):
    """Memory attribute of a map: uncached or write-combining."""

    UC = _binding.ATTR_UC
    WC = _binding.ATTR_WC


class Enable(IntFlag, metaclass=_Short):
    """Bits of the command register."""

    IO = _binding.DECODE_IO
    MEM = _binding.DECODE_MEM
    BUS_MASTER = _binding.BUS_MASTER


class Event(IntEnum, metaclass=_Short):
    """What happened to a device with maps."""

    REVOKED = _binding.EVENT_REVOKED
    GONE = _binding.EVENT_GONE
    GIVE_BACK = _binding.EVENT_GIVE_BACK
    ERROR = _binding.EVENT_ERROR


class IrqType(IntEnum, metaclass=_Short):
    """How a function interrupts."""

    BEST = _binding.IRQ_BEST
    INTX = _binding.IRQ_INTX
    MSI = _binding.IRQ_MSI
    MSIX = _binding.IRQ_MSIX


class IrqFlag(IntFlag, metaclass=_Short):
    """What a back end can do with a type of interrupts."""

    LEVEL = _binding.IRQ_LEVEL
    CAN_MASK = _binding.IRQ_CAN_MASK
    CAN_GROW = _binding.IRQ_CAN_GROW
    HAS_TIME = _binding.IRQ_HAS_TIME
    SHARED_LINE = _binding.IRQ_SHARED_LINE
    CAN_TRIGGER = _binding.IRQ_CAN_TRIGGER


class ReasonCode(IntEnum, metaclass=_Short):
    """Why a call is refused. Codes that a newer library adds become SYSTEM."""

    NONE = _binding.REASON_NONE
    SELECTOR = _binding.REASON_SELECTOR
    NO_DEVICE = _binding.REASON_NO_DEVICE
    AMBIGUOUS = _binding.REASON_AMBIGUOUS
    NO_BACKEND = _binding.REASON_NO_BACKEND
    NO_BAR = _binding.REASON_NO_BAR
    UPPER_HALF = _binding.REASON_UPPER_HALF
    UNASSIGNED = _binding.REASON_UNASSIGNED
    IO_BAR = _binding.REASON_IO_BAR
    ROM = _binding.REASON_ROM
    RANGE = _binding.REASON_RANGE
    ATTRIBUTE = _binding.REASON_ATTRIBUTE
    UNSUPPORTED = _binding.REASON_UNSUPPORTED
    DRIVER = _binding.REASON_DRIVER
    CLAIMED = _binding.REASON_CLAIMED
    PAGE_SHARED = _binding.REASON_PAGE_SHARED
    DECODE_OFF = _binding.REASON_DECODE_OFF
    ASLEEP = _binding.REASON_ASLEEP
    PERMISSION = _binding.REASON_PERMISSION
    LOCKDOWN = _binding.REASON_LOCKDOWN
    DENIED = _binding.REASON_DENIED
    READ_ONLY = _binding.REASON_READ_ONLY
    GONE = _binding.REASON_GONE
    SYSTEM = _binding.REASON_SYSTEM
    MOVED = _binding.REASON_MOVED
    NO_RESPONSE = _binding.REASON_NO_RESPONSE
    NOT_BOUND = _binding.REASON_NOT_BOUND
    ISOLATION = _binding.REASON_ISOLATION
    GROUP = _binding.REASON_GROUP
    HELD = _binding.REASON_HELD
    RESETS = _binding.REASON_RESETS
    NO_DRIVER = _binding.REASON_NO_DRIVER
    RESTORE = _binding.REASON_RESTORE
    PROBE = _binding.REASON_PROBE
    TIMEOUT = _binding.REASON_TIMEOUT
    NO_VECTOR = _binding.REASON_NO_VECTOR
    VECTOR_BUSY = _binding.REASON_VECTOR_BUSY
    BUS_MASTER_OFF = _binding.REASON_BUS_MASTER_OFF
    EXHAUSTED = _binding.REASON_EXHAUSTED

    @classmethod
    def _missing_(cls, value: object) -> ReasonCode | None:
        return cls.SYSTEM if isinstance(value, int) else None


class Reason(NamedTuple):
    """One reason. The sentences are for people; programs use the code.

    backend: the one it concerns, AUTO for all of them
    errno: what a call fails with because of it
    what: the reason
    remedy: what can be done, "" if nothing
    """

    code: ReasonCode
    backend: Backend | int
    errno: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return printable(f"{self.what}; {self.remedy}" if self.remedy else self.what)


class Explanation(NamedTuple):
    """The reasons on each back end that was checked, and the back ends without any."""

    reasons: tuple[Reason, ...]
    backends: tuple[Backend | int, ...]
    possible: tuple[Backend | int, ...]


# Written in hexadecimal everywhere, and so in repr()
_IDS = frozenset(("vendor", "device", "subvendor", "subdevice", "class_code"))


class FunctionInfo(NamedTuple):
    """What a function is.

    address: a selector for it
    class_code: base class << 16 | subclass << 8 | programming interface
    asleep: in D1, D2 or D3, or runtime-suspended
    driver_owns: a driver is bound that takes the BARs for itself
    header: 0 a function as most are, 1 a PCI bridge, 2 a CardBus bridge
    secondary: number of the bus behind a bridge, else 0
    driver: the kernel driver that is bound, "" if no driver is
    """

    address: str
    domain: int
    bus: int
    slot: int
    func: int
    revision: int
    vendor: int
    device: int
    subvendor: int
    subdevice: int
    class_code: int
    asleep: bool
    driver_owns: bool
    header: int
    secondary: int
    backend: Backend | int
    caps: Capability
    driver: str


    def __repr__(self) -> str:
        fields = (f"{name}={value:#06x}" if name in _IDS else f"{name}={value!r}"
                  for name, value in self._asdict().items())
        return f"FunctionInfo({', '.join(fields)})"


class Place(NamedTuple):
    """Where a function is in the machine: NUMA node and IOMMU group, None if it has none."""

    numa_node: int | None
    iommu_group: int | None


class BarInfo(NamedTuple):
    """What a BAR is.

    length: size in bytes; 0 if the BAR is not implemented
    cpu_addr: address as the CPU sees it; for I/O the port number
    bus_addr: address in the BAR register, with BarFlag.CONFIG_SEEN
    holder: the kernel driver that owns the function, "" if no driver does
    """

    index: int
    kind: BarKind | int
    flags: BarFlag
    length: int
    cpu_addr: int
    bus_addr: int
    holder: str


class VpdField(NamedTuple):
    """A field of the vital product data; the name of the product has the keyword ""."""

    keyword: str
    data: bytes
    writable: bool


class IrqInfo(NamedTuple):
    """Interrupts of one type: how many vectors the function has, and how many are open."""

    type: IrqType
    flags: IrqFlag
    count: int
    open: int


class IrqEvent(NamedTuple):
    """Interrupts since the last event.

    count: how many, at least
    time_ns: when the kernel handled the last one, as of time.monotonic_ns(); None if not known
    """

    count: int
    time_ns: int | None


def printable(text: str) -> str:
    """For a terminal, which would obey the control characters in the name of a driver."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def known(enum: type[_Enum], number: int) -> _Enum | int:
    """The member of an enum; what only a newer library knows stays a number."""
    try:
        return enum(number)
    except ValueError:
        return number


def reason(numbers: tuple[int, int, int, str, str]) -> Reason:
    """A Reason from what the extension returns."""
    code, backend, error, what, remedy = numbers
    return Reason(ReasonCode(code), known(Backend, backend), error, what, remedy)


def function_info(numbers: tuple[int | str, ...]) -> FunctionInfo:
    """A FunctionInfo from what the extension returns."""
    (domain, bus, slot, func, revision, vendor, device, subvendor, subdevice, class_code, flags,
     header, secondary, backend, caps, driver) = numbers
    return FunctionInfo(f"{domain:04x}:{bus:02x}:{slot:02x}.{func}", domain, bus, slot, func,
                        revision, vendor, device, subvendor, subdevice, class_code,
                        bool(flags & _binding.DEV_ASLEEP), bool(flags & _binding.DEV_DRIVER_OWNS),
                        header, secondary, known(Backend, backend), Capability(caps), driver)


def bar_info(numbers: tuple[int, int, int, int, int, int, str]) -> BarInfo:
    """A BarInfo from what the extension returns."""
    index, kind, flags, *addresses = numbers
    return BarInfo(index, known(BarKind, kind), BarFlag(flags), *addresses)


def irq_info(numbers: tuple[int, int, int, int]) -> IrqInfo:
    """An IrqInfo from what the extension returns."""
    kind, flags, count, opened = numbers
    return IrqInfo(IrqType(kind), IrqFlag(flags), count, opened)


def vpd_field(numbers: tuple[int, bytes, bytes]) -> VpdField:
    """A VpdField from what the extension returns."""
    flags, keyword, data = numbers
    return VpdField(keyword.decode("latin-1"), data, bool(flags & _binding.VPD_WRITABLE))
