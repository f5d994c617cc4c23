# SPDX-License-Identifier: BSD-2-Clause
"""What a virtual machine is made of, as QEMU's arguments."""

import json
from dataclasses import dataclass

# Each was measured: together they save 1 to 2 s of a boot under TCG. lockdown stays, it is tested.
FAST = ("mitigations=off nokaslr lsm=lockdown audit=0 cryptomgr.notests rcupdate.rcu_expedited=1 "
        "random.trust_cpu=on")
# loglevel=5: warnings and worse reach the console, which is all that is left of a dead guest.
# A panic ends QEMU (panic=-1 with -no-reboot), so that no test waits for a dead guest.
ALWAYS = "loglevel=5 oops=panic panic=-1"

# Empty slots for hot-plugged devices. The windows are what firmware leaves open behind each.
PORTS = tuple(f"port{number}" for number in range(6))
WINDOWS = {"io-reserve": 4096, "mem-reserve": 64 << 20, "pref64-reserve": 256 << 20}
# One slot for a BAR of many GiB.
BIG_PORT = "bigport"
BIG_WINDOWS = WINDOWS | {"pref64-reserve": 64 << 30}


@dataclass(frozen=True)
class Machine:
    """What a scenario may choose. Those that choose nothing start from the snapshot of one that is
    made of the defaults.

    cpu: in place of the platform's
    append: further kernel arguments
    realistic: the packed kernel image, booted with Debian's own defaults: slower
    slots: empty ones for hot-plugged devices; their windows push 64-bit BARs beyond 4 GiB
    options: further arguments of QEMU
    """

    cpu: str = ""
    memory: str = "256M"
    smp: int = 1
    q35: str = ""
    append: str = ""
    realistic: bool = False
    slots: bool = True
    options: tuple = ()

    def arguments(self, kernel, initramfs, directory):
        platform = kernel.architecture.platform
        tuning = "" if self.realistic else FAST
        command_line = " ".join(f"{platform.append} {ALWAYS} {tuning} {kernel.append} "
                                f"{self.append}".split())
        return [
            platform.qemu, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-accel", "tcg,tb-size=512", "-machine", platform.machine + self.q35,
            "-cpu", self.cpu or platform.cpu, "-smp", str(self.smp),
            "-m", kernel.memory or self.memory,
            "-kernel", str(kernel.vmlinuz if self.realistic else kernel.vmlinux),
            "-initrd", str(initramfs), "-append", command_line,
            # The log backend of the trace events; files are named relative to the VM's folder.
            "-D", "trace.log",
            "-chardev", "file,id=console,path=console.log",
            *platform.ports,
            "-fsdev", "local,id=host,path=share,security_model=none",
            "-device", "virtio-9p-pci,fsdev=host,mount_tag=host,addr=2",
            *(_root_ports() if self.slots else ()), *self.options]


def _root_ports():
    arguments = []
    for number, name in enumerate((*PORTS, BIG_PORT)):
        windows = BIG_WINDOWS if name == BIG_PORT else WINDOWS
        port = {"driver": "pcie-root-port", "id": name, "chassis": number + 1,
                "addr": f"{0x10 + number:#x}"} | windows
        arguments += ["-device", json.dumps(port)]
    return arguments
