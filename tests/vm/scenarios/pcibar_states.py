# SPDX-License-Identifier: BSD-2-Clause
"""States of a function: what explain reports is what each verb does, and each remedy that is
printed is run as it is printed, and changes that."""

import json
import re

from harness.backends import through
from harness.devices import e1000e, edu, ivshmem, nvme, nvme_sriov, tpci200
from harness.kernels import NEWEST, OLDEST_AND_NEWEST
from harness.machine import Machine
from harness.pcibar import enable, numbers, refused
from harness.scenario import scenario
from harness.vfio import IOMMU

# A command of a remedy is in brackets, or after a colon.
COMMAND = re.compile(r"(?:\(|: )((?:echo|pcibar|mount) [^)]+)")


def first_reason(vm, function, bar, *options):
    """The first reason that explain has for the back end, or None if it is possible."""
    result = vm.run(f"pcibar explain --json {function} {bar} {' '.join(options)}")
    report = json.loads(result.stdout)
    (backend,) = (each for each in report["backends"] if each["name"] == vm.backend)
    assert backend["possible"] == (not backend["reasons"])
    return backend["reasons"][0] if backend["reasons"] else None


def agree(vm, function, bar, code, status=1, verbs=("read {} 0", "dump {} 0+16", "watch {} 0")):
    """All verbs refuse the BAR for the reason that explain has; returns the remedy's commands."""
    reason = first_reason(vm, function, bar)
    assert reason and reason["code"] == code, reason
    for verb in verbs:
        verb, rest = verb.format(bar).split(" ", 1)
        refused(vm, f"pcibar {verb} {function} {rest}", status, reason["what"], reason["remedy"])
    assert vm.run(f"pcibar list -v {function}").status == 0
    return COMMAND.findall(reason["remedy"])


def helps(vm, function, bar, command):
    """Runs what a remedy has; options of pcibar are given to a read. Then the BAR can be read."""
    if command.startswith("pcibar --"):
        vm.check(f"{command} read {function} {bar} 0")
    else:
        # As it is printed: without the back end that through() adds.
        vm.check(f"PATH=/usr/bin:$PATH; {command}")
        vm.check(f"pcibar read {function} {bar} 0")
        assert first_reason(vm, function, bar) is None


def port_above(vm, function):
    """The port of a function's slot."""
    return vm.check(f"basename $(dirname $(readlink -f {function.sysfs}))").stdout.strip()


WRITERS = ("read {} 0", "write {} 4 1", "dump {} 0+16", "load {} /etc/passwd -w1",
           "watch {} 0", "read {} 0 --activate")


@through("pciio", "freebsd")
@scenario(devices={"edu": edu()}, kernels=OLDEST_AND_NEWEST)
def register_lost(vm, edu):
    """enable leaves decoding off, too; remove and rescan, as printed, brings the BAR back."""
    enable(vm)
    assert numbers(vm, f"pcibar read {edu} 0 0") == [0x010000ed]
    vm.check(f"pcibar config write {edu} BASE_ADDRESS_0 0")
    (command,) = agree(vm, edu, 0, "moved", verbs=WRITERS)
    assert "register holds 0x0" in vm.check(f"pcibar info {edu}").stdout
    vm.check(f"pcibar disable {edu}")
    reason = first_reason(vm, edu, 0)
    refused(vm, f"pcibar enable {edu}", 1, reason["what"], reason["remedy"])
    assert numbers(vm, f"pcibar config read {edu} COMMAND")[0] & 2 == 0
    vm.check(command)
    vm.check(f"pcibar enable {edu}")
    assert numbers(vm, f"pcibar read {edu} 0 0") == [0x010000ed]


@through("pciio", "freebsd")
@scenario(devices={"edu": edu()}, kernels=OLDEST_AND_NEWEST)
def hot_reset(vm, edu):
    """The bridge above resets what is behind it, and the kernel does not know."""
    enable(vm)
    port = port_above(vm, edu)
    vm.check(f"pcibar config write {port} BRIDGE_CONTROL 0x40:0x40")
    vm.check(f"pcibar config write {port} BRIDGE_CONTROL 0:0x40")
    (command,) = agree(vm, edu, 0, "moved")
    reason = first_reason(vm, edu, 0)
    refused(vm, f"pcibar enable {edu}", 1, reason["what"])
    vm.check(command)
    vm.check(f"pcibar enable {edu}")
    assert numbers(vm, f"pcibar read {edu} 0 0") == [0x010000ed]


@through("pciio", "freebsd")
@scenario(devices={"edu": edu()}, kernels=OLDEST_AND_NEWEST)
def no_power(vm, edu):
    """Its slot has no power: all-ones. The remedy says that it may help: it does with power."""
    enable(vm)
    port = port_above(vm, edu)
    vm.check(f"pcibar config write {port} CAP_EXP+0x18.W 0x500:0x700")
    assert numbers(vm, f"cat {edu.sysfs}/config | head -c 2 | od -An -tx2 | sed 's/ */0x/'") \
        == [0xffff]
    (command,) = agree(vm, edu, 0, "no-response", status=4)
    assert "may" in first_reason(vm, edu, 0)["remedy"]
    for verb in ("config read {} COMMAND", "config write {} 4.W 2:2", "enable {}"):
        refused(vm, f"pcibar {verb.format(edu)}", 4, "does not respond", command)
    assert "does not respond" in vm.check(f"pcibar info {edu}; pcibar list -v {edu}").stdout
    assert vm.run(f"pcibar explain {edu}").status == 1
    # Without power the kernel finds nothing; with it, the same command finds the function.
    vm.check(command)
    refused(vm, f"pcibar read {edu} 0 0", 3, "there is no function")
    vm.check(f"pcibar config write {port} CAP_EXP+0x18.W 0x100:0x700")
    vm.check(f"echo 1 >/sys/bus/pci/rescan; pcibar enable {edu}")
    assert numbers(vm, f"pcibar read {edu} 0 0") == [0x010000ed]


@through("pciio", "freebsd")
@scenario(devices={"edu": edu()}, kernels=NEWEST)
def disabled(vm, edu):
    """Both remedies: for as long as it is mapped, and for good."""
    vm.check(f"pcibar disable {edu}")
    for_good, while_mapped = agree(vm, edu, 0, "decode-off", verbs=WRITERS[:-1])
    helps(vm, edu, 0, while_mapped)
    assert first_reason(vm, edu, 0)["code"] == "decode-off"
    helps(vm, edu, 0, for_good)


@through("pciio")
@scenario(cold=IOMMU, devices={"net": e1000e()}, kernels=OLDEST_AND_NEWEST)
def asleep(vm, net):
    """vfio-pci puts a function without a user to sleep."""
    vm.modprobe("vfio-pci")
    vm.bind(net, "vfio-pci")
    vm.wait_until(f"grep -q D3hot {net.sysfs}/power_state")
    bar = f"--backend {vm.backend} 0"    # VFIO would wake it.
    (command,) = agree(vm, net, bar, "asleep")
    helps(vm, net, bar, command)


@through("pciio", "freebsd")
@scenario(devices={"disk": nvme()}, kernels=OLDEST_AND_NEWEST)
def held(vm, disk):
    """Where the kernel forbids to share with a driver that claims the range, that is said then."""
    vm.modprobe("nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    unbind, share = agree(vm, disk, 0, "driver")
    kept = first_reason(vm, disk, 0, "--share-driver")
    if kept:
        refused(vm, f"{share} read {disk} 0 0", 1, kept["what"])
    else:
        helps(vm, disk, 0, share)
    helps(vm, disk, 0, unbind)


@through("pciio")
@scenario(devices={"card": tpci200()}, kernels=NEWEST)
def page_shared(vm, card):
    """BARs of one card in one page."""
    enable(vm)
    (share,) = agree(vm, card, 0, "page-shared")
    helps(vm, card, 0, share)


@through("pciio")
@scenario(cold=Machine(options=("-device", "nvme-subsys,id=subsystem")),
          devices={"disk": nvme_sriov(2, "subsystem", bus="port0")}, kernels=OLDEST_AND_NEWEST)
def virtual_function(vm, disk):
    """Only the physical function can turn memory decoding of its virtual ones on."""
    vm.modprobe("pci-pf-stub")
    vm.bind(disk, "pci-pf-stub")
    vm.check(f"echo 1 >{disk.sysfs}/sriov_numvfs")
    virtual = vm.check(f"basename $(readlink {disk.sysfs}/virtfn0)").stdout.strip()
    # QEMU checks the bit of the virtual function, too.
    vm.check(f"pcibar enable {virtual}; pcibar read {virtual} 0 0")
    shown = vm.check(f"pcibar list -v {virtual}").stdout
    assert "decoding on" in shown and "bus address" not in shown
    vm.check(f"pcibar config write {disk} ECAP_SRIOV+8.W 0:8; "
             f"pcibar config write {virtual} COMMAND 0")
    reason = first_reason(vm, virtual, 0)
    assert reason["code"] == "decode-off" and first_reason(vm, virtual, 0, "--activate") == reason
    for command in ("read {} 0 0", "read --activate {} 0 0", "write {} 0 0 0", "enable {} --mem"):
        refused(vm, f"pcibar {command.format(virtual)}", 1, reason["what"], reason["remedy"])
    result = vm.check(f"pciconf -R {virtual} 0x10 0", 1)
    assert reason["remedy"] in result.stderr
    assert "decoding off" in vm.check(f"pcibar info {virtual}").stdout
    (command,) = COMMAND.findall(reason["remedy"])
    vm.check(command)
    assert first_reason(vm, virtual, 0) is None
    vm.check(f"pcibar enable {virtual}; pcibar read {virtual} 0 0")


@through("pciio", "freebsd")
@scenario(cold=Machine(options=("-device", "VGA,id=display")), kernels=OLDEST_AND_NEWEST)
def rom_copied(vm):
    """The ROM of a boot display is a copy in RAM: the module cannot map it, sysfs reads it."""
    display = vm.check("pcibar list 1234:1111 | cut -d' ' -f1 | head -n1").stdout.strip()
    flags = vm.check(f"sed -n 7p /sys/bus/pci/devices/{display}/resource").stdout.split()[2]
    assert int(flags, 16) & 2, flags
    if vm.backend == "sysfs":
        assert first_reason(vm, display, "rom") is None
        assert numbers(vm, f"pcibar read -w 2 {display} rom 0") == [0xaa55]
        return
    (command,) = agree(vm, display, "rom", "rom", verbs=("read {} 0", "dump {} 0+16"))
    assert numbers(vm, f"{command} read -w 2 {display} rom 0") == [0xaa55]


@scenario(cold=Machine(cpu="qemu64,phys-bits=36"), devices={"memory": ivshmem(64 << 30)},
          kernels=OLDEST_AND_NEWEST, log=("can't assign", "failed to assign", "no space"))
def no_address(vm, memory):
    """The CPU has too few address lines for it. The remedies say that they may help."""
    agree(vm, memory, 2, "unassigned")
    assert "each may help" in first_reason(vm, memory, 2)["remedy"]
    assert "no address" in vm.check(f"pcibar info {memory}").stdout
    refused(vm, f"pcibar read {memory} 5 0", 2, "does not have BAR 5")
