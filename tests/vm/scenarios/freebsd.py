# SPDX-License-Identifier: BSD-2-Clause
"""Programs that were written for FreeBSD, unmodified, over the module."""

import re

from harness import pciutils
from harness.devices import e1000e, edu, nvme, xhci
from harness.kernels import NEWEST
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.scenario import scenario

FREEBSD = "-A fbsd-device -O fbsd.path=/dev/pci"
# What sysfs alone knows, and FreeBSD's requests have no place for.
SYSFS_ONLY = re.compile(r"\s*(Kernel driver in use|Kernel modules|NUMA node|IOMMU group|"
                        r"Physical Slot): ")
# FreeBSD's build of pciutils has 32 bits for an address.
LOW = Machine(slots=False, options=(
    "-device", "pcie-root-port,chassis=1", "-device", "i82801b11-bridge"))
RICH = {"edu": edu(), "disk": nvme(), "net": e1000e(), "usb": xhci()}


@scenario(devices={"edu": edu()}, log=LOG, kernels=NEWEST)
def program(vm, edu):
    load(vm)
    vm.check(f"echo 1 >{edu.sysfs}/enable")
    said = vm.check("freebsd-peek 0x1234 0x11e8 0 0").stdout
    bus, slot = (int(part, 16) for part in edu.address[5:-2].split(":"))
    where = f"@pci0:{bus}:{slot}:0 class 00ff memory on: 0x010000ed\n"
    assert said.startswith("none") and said.endswith(where), said
    refused = vm.check("freebsd-peek 0x1234 0x11e8 1 0", status=1)
    assert refused.stderr == "freebsd-peek: PCIOCBARMMAP: Invalid argument\n"


def without_sysfs(text):
    return [line for line in text.splitlines() if not SYSFS_ONLY.match(line)]


@scenario(cold=LOW, devices=RICH, log=LOG + ("nvme nvme0: ",), kernels=NEWEST)
def lspci(vm, edu, disk, net, usb):
    """pciutils' back end for FreeBSD reports the same of a rich machine as the one for sysfs."""
    load(vm)
    vm.modprobe("nvme", "e1000e")
    pciutils.install(vm)
    # -b: addresses and interrupts as the cards have them, as FreeBSD's requests report them.
    over_module = vm.check(f"/tmp/lspci-freebsd {FREEBSD} -b -vvnn")
    over_sysfs = vm.check("/tmp/lspci-linux -b -vvnn")
    assert over_module.stderr == ""
    assert without_sysfs(over_module.stdout) == without_sysfs(over_sysfs.stdout)
    assert "Capabilities: [100 v" in over_module.stdout
    registers = "VENDOR_ID DEVICE_ID COMMAND STATUS CAP_EXP+0.l CAP_PM+2.w 0.b 100.l"
    values = vm.check(f"/tmp/setpci-freebsd {FREEBSD} -s {net} {registers}").stdout
    assert values == vm.check(f"/tmp/setpci-linux -s {net} {registers}").stdout
    vm.check(f"/tmp/setpci-freebsd {FREEBSD} -s {edu} INTERRUPT_LINE=5a")
    assert vm.check(f"/tmp/setpci-linux -s {edu} INTERRUPT_LINE").stdout == "5a\n"


@scenario(cold=LOW, devices=RICH, log=LOG, kernels=NEWEST)
def lspci_as_user(vm, edu, disk, net, usb):
    """Who may not write sees the list, and hears why there is no more."""
    load(vm)
    pciutils.install(vm)
    seen = vm.check(f"/tmp/lspci-freebsd {FREEBSD} -nn", user="nobody")
    # Revision and programming interface are read from configuration space.
    known = re.sub(r" \((rev|prog-if) .*", "", vm.check("/tmp/lspci-linux -nn").stdout)
    assert seen.stdout == known
    assert set(seen.stderr.splitlines()) == {"pcilib: fbsd_read: missing permissions"}
    vm.check(f"/tmp/lspci-freebsd {FREEBSD} -vvnn", user="nobody")
    refused = vm.run(f"/tmp/setpci-freebsd {FREEBSD} -s {edu} 3c.b=5a", user="nobody")
    assert "fbsd_write: missing permissions" in refused.stderr, refused
