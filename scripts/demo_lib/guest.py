# SPDX-License-Identifier: BSD-2-Clause
"""The virtual machine of the demo, whose terminal the user checks."""

import json
import os
import select
import shlex
from dataclasses import dataclass

from harness import devices, initramfs, kernels
from harness.image import Image
from harness.machine import BIG_PORT, PORTS, Machine
from harness.modules import Modules
from harness.pcibar import wait_for
from harness.qemu import VmError
from harness.vm import VM

from .report import INDENT, plain

SERIES = "6.12"
MIB, GIB = 1 << 20, 1 << 30
MAC = "52:54:00:12:34:56"
DEVICES = {"edu": devices.edu(), "net": devices.rtl8139(mac=MAC),
           "memory": devices.ivshmem(4 * MIB), "display": devices.bochs_display()}
# A folder behind a link of this speed, for progress that can be seen.
LINK = 4 * MIB
OPTIONS = ("-chardev", "pipe,id=terminal,path=terminal", "-device", "virtio-serial-pci",
           "-device", "virtconsole,chardev=terminal",
           "-fsdev", "local,id=link,path=link,security_model=none,"
           f"throttling.bps-total={LINK}",
           "-device", "virtio-9p-pci,fsdev=link,mount_tag=link")
END = "\x1e"
TIMEOUT = 300


@dataclass(frozen=True)
class DemoMachine(Machine):
    def arguments(self, kernel, initramfs, directory):
        """With two slots for hot-plugging: more would only make the list long."""
        arguments = super().arguments(kernel, initramfs, directory)
        pairs = zip(arguments, arguments[1:] + [""])
        ports = {at for at, (_, value) in enumerate(pairs) if _is_superfluous_port(value)}
        return [argument for at, argument in enumerate(arguments)
                if at not in ports and at - 1 not in ports]


def _is_superfluous_port(argument):
    kept = {PORTS[0], BIG_PORT}
    return "pcie-root-port" in argument and json.loads(argument)["id"] not in kept


def make_image(directory, stage):
    kernel = kernels.fetch(SERIES, say=lambda text: None)
    modules = Modules(kernel)
    archive = directory / "initramfs"
    archive.write_bytes(initramfs.build(modules, [stage]))
    return Image(kernel, modules, archive)


class Guest:
    def __init__(self, image, directory, report):
        self.report = report
        self.link = directory / "link"
        self.link.mkdir(parents=True)
        for end in ("in", "out"):
            os.mkfifo(directory / f"terminal.{end}")
        self.vm = VM(image, directory, DemoMachine(cpu="max", options=OPTIONS), DEVICES, TIMEOUT)
        self.terminal = os.open(directory / "terminal.out", os.O_RDONLY)
        self.vm.check("mkdir /link && mount -t 9p -o trans=virtio,version=9p2000.L link /link")
        # A terminal forgets its size when no process has it open any more.
        size = f"rows {report.lines} cols {report.columns - len(INDENT)}"
        keeper = self.vm.spawn(f"exec 3<>/dev/hvc0; stty {size} <&3; echo set; exec cat <&3")
        wait_for(self.vm, keeper, "set")

    def close(self):
        os.close(self.terminal)
        self.vm.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def shell(self, command, status=0, during=None):
        """Runs a command on the guest's terminal before the user's eyes; returns its output.

        DURING is (text, function): called once, when that text has been printed.
        """
        self.report.command(command)
        color = "" if self.report.color else "NO_COLOR=1"
        # The separator travels behind the output, the status beside it.
        job = self.vm.spawn(f"exec <>/dev/hvc0 >&0 2>&0; export TERM=linux {color}\n{command}\n"
                            f"status=$?; printf {shlex.quote(END)}; exit $status")
        text = self._relay(during)
        result = job.wait()
        if result.status != status:
            raise VmError(f"it ended with status {result.status}, not {status}")
        return plain(text)

    def _relay(self, during):
        screen = self.report.screen()
        deadline = self.vm.deadline.within(60)
        text = ""
        while not text.endswith(END):
            if not select.select([self.terminal], [], [], deadline.left())[0]:
                raise VmError(f"no end of it within {deadline.seconds:.0f} s")
            data = os.read(self.terminal, 1 << 16).decode("utf-8", "replace")
            if not data:
                raise VmError("QEMU ended")
            text += data
            screen.feed(data.removesuffix(END))
            if during and during[0] in text:
                during[1]()
                during = None
        screen.end()
        return text.removesuffix(END)
