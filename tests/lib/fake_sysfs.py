# SPDX-License-Identifier: BSD-2-Clause
"""A directory that looks like /sys of a machine with PCI functions.

As in the kernel's, bus/pci/devices holds symbolic links to directories below devices, where the
functions of one bus are beside each other. A BAR's resource file is an ordinary sparse file:
it can be mapped, and truncated while it is mapped, which raises SIGBUS as a lost device does.
What an ordinary file cannot show: how many accesses were made, and of which width; the kernel's
refusals in mmap(); the protocol of the file rom.
"""

import mmap
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import config_space

PAGE = mmap.PAGESIZE

# Flags of the kernel's resources, as the file "resource" shows them
RES_IO, RES_MEM, RES_PREFETCH, RES_READONLY = 0x100, 0x200, 0x2000, 0x4000
RES_SIZEALIGN, RES_MEM_64, RES_UNSET = 0x40000, 0x100000, 0x20000000

ROM = 6
ENDPOINT_LINES, BRIDGE_LINES = 13, 17


@dataclass(frozen=True)
class Bar:
    """One line of the file "resource"."""

    start: int
    length: int
    flags: int

    is_io = property(lambda self: bool(self.flags & RES_IO))
    is_rom = property(lambda self: bool(self.flags & RES_READONLY))
    is_64 = property(lambda self: bool(self.flags & RES_MEM_64))
    prefetchable = property(lambda self: bool(self.flags & RES_PREFETCH) and not self.is_rom)

    @property
    def in_page(self):
        """Where a memory BAR begins in its page: the file shows whole pages of memory."""
        return 0 if self.is_io or self.is_rom else self.start % PAGE


def mem32(start, length, prefetchable=False):
    """A 32-bit memory BAR."""
    return Bar(start, length, RES_MEM | RES_SIZEALIGN | (RES_PREFETCH | 8 if prefetchable else 0))


def mem64(start, length, prefetchable=False):
    """A 64-bit memory BAR, which takes two indices."""
    bar = mem32(start, length, prefetchable)
    return Bar(start, length, bar.flags | RES_MEM_64 | 4)


def io_ports(start, length):
    """An I/O BAR."""
    return Bar(start, length, RES_IO | RES_SIZEALIGN | 1)


def rom(start, length):
    """An expansion ROM."""
    return Bar(start, length, RES_MEM | RES_PREFETCH | RES_READONLY | RES_SIZEALIGN)


@dataclass(frozen=True)
class Ids:
    """What says which device it is."""

    vendor: int
    device: int
    class_code: int
    revision: int = 0
    subsystem: tuple = (0x1af4, 0x1100)


@dataclass
class Definition:
    """All that FakeSysfs.add() needs to know of a function."""

    ids: Ids
    bars: dict = field(default_factory=dict)
    command: int = 0x0107
    capabilities: tuple = ()
    extended: tuple = ()
    header: int = config_space.TYPE_ENDPOINT
    secondary: int = 0      # the bus behind a bridge
    driver: str = None
    power_state: str = "unknown"


class Function:
    """One function of the tree: its directory and what tests do with it."""

    def __init__(self, tree, address, directory, definition):
        self.tree = tree
        self.address = address
        self.directory = directory
        self.bars = definition.bars

    def path(self, name):
        """The path of an attribute."""
        return self.directory / name

    def resource(self, index):
        """The path of a BAR's file."""
        return self.path("rom" if index == ROM else f"resource{index}")

    def poke(self, index, offset, data):
        """Let the device have these bytes at an offset of a BAR."""
        with open(self.resource(index), "r+b") as file:
            file.seek(self.bars[index].in_page + offset)
            file.write(data)

    def peek(self, index, offset, length):
        """The bytes the device has at an offset of a BAR."""
        with open(self.resource(index), "rb") as file:
            file.seek(self.bars[index].in_page + offset)
            return file.read(length)

    def poke_config(self, offset, data):
        """Let configuration space have these bytes."""
        with open(self.path("config"), "r+b") as file:
            file.seek(offset)
            file.write(data)

    def peek_config(self, offset, length):
        """Bytes of configuration space."""
        return self.path("config").read_bytes()[offset:offset + length]

    def lose(self, index, length=0):
        """Take the pages from length on away, under the maps there may be."""
        os.truncate(self.resource(index), length)

    def vanish(self):
        """Take the function out of the tree."""
        (self.tree.root / "bus/pci/devices" / self.address).unlink()
        shutil.rmtree(self.directory)

    def bind(self, driver):
        """Have a driver own the function; None: no driver."""
        link = self.path("driver")
        link.unlink(missing_ok=True)
        if driver:
            home = self.tree.root / "bus/pci/drivers" / driver
            home.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(home, self.directory))

    def set_power_state(self, state):
        """As the kernel names them: D0, D3hot, unknown."""
        self.path("power_state").write_text(f"{state}\n", encoding="ascii")

    def set_command(self, command):
        """The command register."""
        self.poke_config(config_space.COMMAND, command.to_bytes(2, "little"))

    def command(self):
        """The command register."""
        return int.from_bytes(self.peek_config(config_space.COMMAND, 2), "little")


class FakeSysfs:
    """A tree below root, which is an empty or missing directory."""

    def __init__(self, root):
        self.root = Path(root)
        (self.root / "bus/pci/devices").mkdir(parents=True)
        (self.root / "bus/pci/drivers").mkdir()
        self.set_lockdown("none")

    def set_lockdown(self, mode):
        """none, integrity or confidentiality."""
        modes = " ".join(f"[{m}]" if m == mode else m
                         for m in ("none", "integrity", "confidentiality"))
        path = self.root / "kernel/security/lockdown"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{modes}\n", encoding="ascii")

    def add(self, address, definition, bridge=None):
        """A function on its root bus, or below a bridge that was added before."""
        above = bridge.directory if bridge else self.root / "devices" / f"pci{address[:-5]}"
        function = Function(self, address, above / address, definition)
        function.directory.mkdir(parents=True)
        self._write_attributes(function, definition)
        if definition.header != config_space.TYPE_ENDPOINT:
            self._make_bridge(function, definition.secondary)
        for index, bar in definition.bars.items():
            self._make_bar(function, index, bar)
        function.bind(definition.driver)
        self.link(address, function)
        return function

    def link(self, address, function):
        """Another name for a function in the list: a crowd without the cost of one."""
        entry = self.root / "bus/pci/devices" / address
        entry.symlink_to(os.path.relpath(function.directory, entry.parent))

    def group(self, number, *functions):
        """Puts functions into an IOMMU group."""
        group = self.root / f"kernel/iommu_groups/{number}"
        (group / "devices").mkdir(parents=True, exist_ok=True)
        for function in functions:
            for link, target in ((group / "devices" / function.address, function.directory),
                                 (function.path("iommu_group"), group)):
                link.symlink_to(os.path.relpath(target, link.parent))

    @staticmethod
    def share_page(one, index, other, other_index):
        """Two BARs smaller than a page become parts of the same page of memory."""
        other.resource(other_index).unlink()
        os.link(one.resource(index), other.resource(other_index))

    @staticmethod
    def _write_attributes(function, definition):
        ids = definition.ids
        attributes = {
            "vendor": f"0x{ids.vendor:04x}",
            "device": f"0x{ids.device:04x}",
            "class": f"0x{ids.class_code:06x}",
            "revision": f"0x{ids.revision:02x}",
            "subsystem_vendor": f"0x{ids.subsystem[0]:04x}",
            "subsystem_device": f"0x{ids.subsystem[1]:04x}",
            "power_state": definition.power_state,
            "enable": "0",
            "irq": "11",
            "numa_node": "-1",
            "rescan": "",
            "driver_override": "(null)",
            "resource": resource_lines(definition),
        }
        function.path("power").mkdir()
        attributes["power/control"] = "on"
        for name, text in attributes.items():
            function.path(name).write_text(f"{text}\n", encoding="ascii")
        function.path("config").write_bytes(config_space.build(
            ids, definition.bars, definition.command, definition.capabilities,
            definition.extended, definition.header))

    @staticmethod
    def _make_bridge(function, secondary):
        """The attribute is read from the device; the folder is named by the kernel."""
        function.path("secondary_bus_number").write_text(f"{secondary}\n", encoding="ascii")
        if secondary:
            bus = f"{function.address.rpartition(':')[0].rpartition(':')[0]}:{secondary:02x}"
            function.path(f"pci_bus/{bus}").mkdir(parents=True)

    @staticmethod
    def _make_bar(function, index, bar):
        path = function.resource(index)
        with open(path, "wb") as file:
            file.truncate(bar.length if bar.is_io or bar.is_rom else -(-bar.length // PAGE) * PAGE)
        if bar.prefetchable:
            os.link(path, function.path(f"resource{index}_wc"))


def resource_lines(definition):
    """The file "resource", without its last newline."""
    bridge = definition.header != config_space.TYPE_ENDPOINT
    lines = [(0, 0, 0)] * (BRIDGE_LINES if bridge else ENDPOINT_LINES)
    for index, bar in definition.bars.items():
        lines[index] = (bar.start, bar.start + bar.length - 1, bar.flags)
    return "\n".join(" ".join(f"0x{number:016x}" for number in line) for line in lines)


EDU = "0000:00:04.0"
RTL8139 = "0000:00:05.0"
IVSHMEM = "0000:00:06.0"
NVME = "0000:00:07.0"
HUGE = "0000:00:08.0"
PORT = "0000:00:09.0"
PAIR = "0000:00:0a.0"
BEYOND = "0000:01:00.0"

PM_BODY = bytes.fromhex("03000800 0000")
MSI_BODY = bytes.fromhex("8000 00000000 00000000 0000")
MSIX_BODY = bytes.fromhex("4000 00200000 00300000")
EXP_BODY = bytes.fromhex("0200 01800010 0f280900") + bytes(50)

DEVICES = {
    EDU: Definition(Ids(0x1234, 0x11e8, 0x00ff00, 0x10), {0: mem32(0xfea00000, 1 << 20)},
                    command=0x0103, capabilities=((config_space.CAP_MSI, 0x40, MSI_BODY),)),
    RTL8139: Definition(Ids(0x10ec, 0x8139, 0x020000, 0x20),
                        {0: io_ports(0xc000, 256), 1: mem32(0xfebd1000, 256),
                         ROM: rom(0xfeb80000, 256 << 10)},
                        capabilities=((config_space.CAP_PM, 0xdc, PM_BODY),)),
    IVSHMEM: Definition(Ids(0x1af4, 0x1110, 0x050000, 0x01),
                        {0: mem32(0xfebd2100, 256), 2: mem64(0x380000000000, 4 << 20, True)},
                        command=0x0103),
    NVME: Definition(Ids(0x1b36, 0x0010, 0x010802, 0x02), {0: mem64(0xfebd4000, 16 << 10)},
                     command=0x0507, driver="nvme", power_state="D0",
                     capabilities=((config_space.CAP_PM, 0x60, PM_BODY),
                                   (config_space.CAP_EXP, 0x80, EXP_BODY),
                                   (config_space.CAP_MSIX, 0x40, MSIX_BODY)),
                     extended=((config_space.ECAP_AER, 0x100, bytes(range(0x10, 0x54))),
                               (config_space.ECAP_DSN, 0x148, bytes(range(8))))),
    HUGE: Definition(Ids(0x1af4, 0x1110, 0x050000, 0x01),
                     {0: mem32(0xfebd8000, 4096), 2: mem64(0x384000000000, 16 << 30, True)},
                     command=0x0103),
    PORT: Definition(Ids(0x1b36, 0x000c, 0x060400, 0x00, (0, 0)), {0: mem32(0xfebd9000, 4096)},
                     header=config_space.TYPE_BRIDGE, secondary=1, driver="pcieport",
                     power_state="D0"),
    PAIR: Definition(Ids(0x1af4, 0x1110, 0x050000, 0x01), {0: mem32(0xfebd2200, 256)},
                     command=0x0103),
}
BEYOND_PORT = Definition(Ids(0x1234, 0x1111, 0x038000, 0x02),
                         {0: mem32(0xfd000000, 16 << 20, True), 2: mem32(0xfe800000, 4096)},
                         command=0x0103)


def machine(root):
    """A tree of devices as QEMU has them, by address."""
    tree = FakeSysfs(root)
    functions = {address: tree.add(address, definition)
                 for address, definition in DEVICES.items()}
    functions[BEYOND] = tree.add(BEYOND, BEYOND_PORT, bridge=functions[PORT])
    tree.share_page(functions[IVSHMEM], 0, functions[PAIR], 0)
    return tree, functions
