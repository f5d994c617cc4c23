# SPDX-License-Identifier: BSD-2-Clause
"""Emulated PCI devices, by what they are good for in a test, and how QEMU gets them."""

import json
from dataclasses import dataclass, field

# QMP's command and the option of the command line with the same arguments.
OPTIONS = {"object-add": "-object", "blockdev-add": "-blockdev", "device_add": "-device"}


@dataclass(frozen=True)
class Device:
    """memory and disk name a property that wants a backing file, with the file's size.

    aliases: {BAR: the BAR whose addresses its accesses have in QEMU's trace}
    """

    driver: str
    properties: dict = field(default_factory=dict)
    memory: dict = field(default_factory=dict)
    disk: dict = field(default_factory=dict)
    aliases: dict = field(default_factory=dict)
    big: bool = False

    def arguments(self, name, directory):
        """The device on QEMU's command line."""
        arguments = []
        for option, definition in self._definitions(name, directory):
            arguments += [OPTIONS[option], json.dumps(definition)]
        return arguments

    def attach(self, monitor, name, directory, **placement):
        """The device hot-plugged."""
        for command, definition in self._definitions(name, directory, **placement):
            monitor.execute(command, **definition)

    def _definitions(self, name, directory, **placement):
        for prop, size in self.memory.items():
            path = backing_file(directory, name, prop)
            yield "object-add", {"qom-type": "memory-backend-file", "id": f"{name}-{prop}",
                                 "share": True, "size": size, "mem-path": str(path)}
        for prop, size in self.disk.items():
            path = backing_file(directory, name, prop)
            with open(path, "wb") as image:
                image.truncate(size)
            yield "blockdev-add", {"driver": "file", "node-name": f"{name}-{prop}",
                                   "filename": str(path)}
        backends = {prop: f"{name}-{prop}" for prop in (*self.memory, *self.disk)}
        yield "device_add", ({"driver": self.driver, "id": name} | self.properties | backends
                             | placement)


def backing_file(directory, name, prop):
    """The file of the host, sparse, behind a device's memory or disk."""
    return directory / f"{name}-{prop}.bin"


def edu(**properties):
    """BAR 0: 1 MiB of registers: 0 id, 4 liveness, 8 factorial; 4-byte access, from 0x80 also 8."""
    return Device("edu", properties)


def rtl8139(**properties):
    """BAR 0: 256 B I/O, BAR 1: 256 B memory, both the same registers: 0 MAC; ROM 256 KiB."""
    return Device("rtl8139", properties, aliases={1: 0})


def ivshmem(size, **properties):
    """BAR 0: 256 B of registers, BAR 2: SIZE of prefetchable 64-bit RAM: a file of the host."""
    return Device("ivshmem-plain", properties, memory={"memdev": size}, big=size > 1 << 27)


def bochs_display(**properties):
    """BAR 0: 16 MiB frame buffer, prefetchable; BAR 2: 4 KiB registers, dispi from 0x500."""
    return Device("bochs-display", properties)


def nvme(disk=1 << 20, **properties):
    """BAR 0: 16 KiB, 64-bit; has a driver (module nvme) in both kernels."""
    return Device("nvme", {"serial": "pcibar"} | properties, disk={"drive": disk})


def sdhci(**properties):
    """BAR 0: 256 B of memory."""
    return Device("sdhci-pci", properties)


def am53c974(**properties):
    """BAR 0: 128 B of I/O, nothing else."""
    return Device("am53c974", properties)


def tpci200(**properties):
    """BARs 0, 2 and 3: 128 B, 256 B and 1 KiB of memory, which Linux packs into one page."""
    return Device("tpci200", properties)


def e1000e(**properties):
    """BARs 0 and 1: 128 KiB, 2: 32 B I/O, 3: 16 KiB; ROM 256 KiB; driver (module) e1000e."""
    return Device("e1000e", properties)


def xhci(**properties):
    """BAR 0: 16 KiB, 64-bit; MSI-X, PCI Express."""
    return Device("qemu-xhci", properties)


def xhci_msi(**properties):
    """BAR 0: 16 KiB, 64-bit; MSI with 16 vectors and without mask bits."""
    return Device("nec-usb-xhci", {"msi": "on", "msix": "off", **properties})


def nvme_sriov(functions, subsystem, **properties):
    """PF with up to FUNCTIONS VFs, in a nvme-subsys of the machine; BAR 0 of each: 16 KiB."""
    return Device("nvme", {"serial": "pcibar", "subsys": subsystem, "sriov_max_vfs": functions,
                           "sriov_vq_flexible": 2 * functions,
                           "sriov_vi_flexible": functions} | properties)
