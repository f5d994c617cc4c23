# SPDX-License-Identifier: BSD-2-Clause
"""What a real kernel and a real device refuse, each with its sentence and its exit status."""

import json

from harness.backends import through
from harness.devices import e1000e, edu, ivshmem, nvme, rtl8139
from harness.kernels import NEWEST, OLDEST_AND_NEWEST
from harness.machine import Machine
from harness.pcibar import enable, is_refusal, numbers, refused, wait_for
from harness.scenario import scenario
from harness.vfio import IOMMU

UNBIND = ("unbind it", "--share-driver")


def reasons(vm, operands, **how):
    """The codes that `pcibar explain` names for the back end; () when it is possible."""
    result = vm.run(f"pcibar explain --json {operands}", **how)
    explanation = json.loads(result.stdout)
    assert result.status == int(not explanation["possible"])
    (backend,) = (each for each in explanation["backends"] if each["name"] == vm.backend)
    return tuple(reason["code"] for reason in backend["reasons"])


@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def not_root(vm, net):
    """An ordinary user sees all functions, and learns which right is missing for the rest."""
    enable(vm)
    user = {"user": "nobody"}
    vm.check(f"pcibar list -v && pcibar info {net} && pcibar explain {net} && "
             f"pcibar config read {net} COMMAND", **user)
    file = ("resource1", "run it as root")
    refused(vm, f"pcibar read {net} 1 0", 1, "no permission to read", *file, **user)
    refused(vm, f"pcibar write {net} 1 0 0", 1, "no permission to write", *file, **user)
    refused(vm, f"pcibar dump {net} 0", 1, "no permission to read", "resource0", **user)
    refused(vm, f"pcibar config read {net} 0x40", 1, "run it as root", **user)
    refused(vm, f"pcibar config write {net} COMMAND 0", 1, "run it as root", **user)
    refused(vm, f"pcibar disable {net}", 1, "run it as root", **user)
    assert reasons(vm, f"{net} 1", **user) == ("permission",)
    # The remedy: what root allows by the file's mode, the user may do, and no more.
    vm.check(f"chmod o+r {net.sysfs}/resource1")
    vm.check(f"pcibar read {net} 1 0 && pcibar explain {net} 1", **user)
    refused(vm, f"pcibar write {net} 1 0 0", 1, "no permission to write", *file, **user)


@scenario(cold=Machine(append="lockdown=integrity"),
          devices={"edu": edu(), "net": rtl8139(mac="52:54:00:12:34:56")},
          kernels=OLDEST_AND_NEWEST)
def lockdown(vm, edu, net):
    """Under lockdown root may not map or change anything, and reads what goes by system calls."""
    why = "kernel lockdown forbids"
    for command in ("read {} 0 0", "write {} 0 4 1", "dump {} 0 0+16", "load {} 0 /etc/passwd -w 1",
                    "read --share-page --share-driver {} 0 0"):
        refused(vm, f"pcibar {command.format(edu)}", 1, why, "boot without lockdown")
    refused(vm, f"pcibar write {net} 0 8 0", 1, why)
    for command in (f"config write {edu} COMMAND 2", f"disable {edu} --mem",
                    f"enable {edu} --bus-master"):
        refused(vm, f"pcibar {command}", 1, "locked down", "boot without lockdown")
    for operands in (f"{edu} 0", f"{edu} 0 --write", f"{net} 0 --write"):
        assert reasons(vm, operands) == ("lockdown",)
    assert reasons(vm, f"{net} 0") == ()
    assert numbers(vm, f"pcibar read {net} 0 0") == [0x12005452]
    assert numbers(vm, f"pcibar config read {net} VENDOR_ID") == [0x10ec]
    assert numbers(vm, f"pcibar read -w 2 --activate {net} rom 0") == [0xaa55]


@through("freebsd")
@scenario(devices={"disk": nvme()}, kernels=OLDEST_AND_NEWEST)
def driver(vm, disk):
    """A function that a driver has: refused, and refused again by the kernel when insisted.

    FreeBSD's request cannot insist.
    """
    vm.modprobe("nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    own = ("the kernel driver nvme owns the function", *UNBIND)
    kept = ("the kernel keeps the range for nvme (IO_STRICT_DEVMEM)", "iomem=relaxed")
    if vm.backend == "freebsd":
        kept = ("cannot ask to share", "the module's parameter share_driver")
    for command in (f"read {disk} 0 0", f"write {disk} 0 0x14 0", f"dump {disk} 0"):
        refused(vm, f"pcibar {command}", 1, *own)
        refused(vm, f"pcibar {command} --share-driver", 1, *kept)
    refused(vm, f"pcibar disable {disk}", 1, *own)
    assert reasons(vm, f"{disk} 0") == \
        (("driver",) if vm.backend == "freebsd" else ("driver", "claimed"))
    assert reasons(vm, f"{disk} 0 --share-driver") == ("claimed",)
    # Nothing of all that has disturbed the driver.
    vm.check("dd if=/dev/nvme0n1 of=/dev/null bs=4096 count=16 iflag=direct")
    vm.unbind(disk)
    assert reasons(vm, f"{disk} 0") == ()
    vm.check(f"pcibar read -w 8 {disk} 0 0")


@scenario(cold=Machine(append="iomem=relaxed"), devices={"disk": nvme()}, kernels=OLDEST_AND_NEWEST)
def driver_relaxed(vm, disk):
    """With a kernel that allows it, BARs can be shared with the driver: its version register."""
    vm.modprobe("nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    refused(vm, f"pcibar read {disk} 0 8", 1, "the kernel driver nvme owns the function", *UNBIND)
    assert numbers(vm, f"pcibar read --share-driver {disk} 0 8") == [0x00010400]
    vm.check("dd if=/dev/nvme0n1 of=/dev/null bs=4096 count=16 iflag=direct")


@through("pciio", "freebsd")
@scenario(devices={"net": rtl8139(mac="52:54:00:12:34:56")}, kernels=NEWEST)
def decoding_off(vm, net):
    """A BAR that does not respond is never read; --activate turns decoding on while it runs."""
    off = ("decoding is off", "pcibar enable", "--activate")
    assert numbers(vm, f"pcibar config read {net} COMMAND") == [0]
    for bar, kind, bit in ((0, "I/O", 1), (1, "memory", 2)):
        refused(vm, f"pcibar read {net} {bar} 0", 1, f"{kind} {off[0]}", *off[1:])
        refused(vm, f"pcibar write {net} {bar} 8 0", 1, f"{kind} {off[0]}", *off[1:])
        assert reasons(vm, f"{net} {bar}") == ("decode-off",)
        with vm.trace(config=True) as trace:
            read = numbers(vm, f"pcibar read --activate {net} {bar} 0")
        assert read == [0x12005452]
        assert [access.op for access in trace.bar(net, bar)] == ["read"]
        writes = [access[1:] for access in trace.config(net) if access[0] == "write"]
        if vm.backend == "sysfs":
            assert writes == [(4, bit), (4, 0)]
        # The kernel turns all decoding on, and the module INTx off; never bus mastering on.
        assert {offset for offset, _ in writes} == {4} and writes[-1] == (4, 0)
        assert any(value & bit for _, value in writes)
        assert not any(value & 4 for _, value in writes)
    refused(vm, f"pcibar read {net} 1 0", 1, *off)


@through("pciio")
@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def activated_and_ended(vm, net):
    """However the command ends, decoding is off again."""
    for signal, status in (("INT", 0), ("TERM", 128 + 15), ("HUP", 128 + 1)):
        job = vm.spawn(f"exec pcibar watch --activate {net} 1 0")
        wait_for(vm, job, "0x00000000: ")
        assert numbers(vm, f"pcibar config read {net} COMMAND") == \
            [2 if vm.backend == "sysfs" else 0x403]
        job.signal(signal)
        job.wait().expect(status)
        assert numbers(vm, f"pcibar config read {net} COMMAND") == [0], signal


@through("pciio")
@scenario(cold=IOMMU, devices={"net": e1000e()}, kernels=OLDEST_AND_NEWEST)
def asleep(vm, net):
    """vfio-pci puts an unused function to sleep; checking it does not wake it."""
    vm.modprobe("vfio-pci")
    vm.bind(net, "vfio-pci")
    vm.wait_until(f"grep -q D3hot {net.sysfs}/power_state")
    # VFIO would wake it.
    back_end = f"--backend {vm.backend}"
    refused(vm, f"pcibar read {back_end} {net} 0 0", 1, "low-power state",
            f"wake it: echo on >{net.sysfs}/power/control")
    assert reasons(vm, f"{net} 0") == ("asleep",)
    with vm.trace(config=True) as trace:
        listed = vm.check(f"pcibar list -v {net}; pcibar info {net}").stdout
        assert vm.run(f"pcibar explain {back_end} {net} 0").status == 1
    assert "driver vfio-pci  IOMMU group 1  asleep\n" in listed
    assert "  power       asleep\n" in listed
    assert not trace.config(net)
    vm.check(f"grep D3hot {net.sysfs}/power_state && echo on >{net.sysfs}/power/control")
    vm.check(f"pcibar read {back_end} {net} 0 0")


@through("vfio")
@through("pciio")
@scenario(devices={"memory": ivshmem(1 << 20), "net": rtl8139()}, kernels=NEWEST)
def no_such_place(vm, memory, net):
    """What is wrong with the question ends with 2 and touches nothing."""
    enable(vm)
    upper = ("BAR 3 is the upper half of a 64-bit BAR", "use the index before it")
    with vm.trace() as trace:
        refused(vm, f"pcibar read {memory} 3 0", 2, *upper)
        refused(vm, f"pcibar explain {memory} 3", 2, *upper)
        refused(vm, f"pcibar dump {net} 5", 2, "does not have BAR 5", "pcibar info")
        refused(vm, f"pcibar read {memory} rom 0", 2, "does not have the expansion ROM")
        refused(vm, f"pcibar write {net} 1 256 0", 2, "outside BAR 1", "0x100 bytes")
        refused(vm, f"pcibar read {net} 1 252 -c 2", 2, "outside BAR 1")
        refused(vm, f"pcibar read {net} 1 2", 2, "not a multiple of 4", "-w 2")
        refused(vm, f"pcibar load {net} 1 /etc/passwd --offset 255 -w 1", 2, "only 0x1")
    assert not trace.bar(net, 1)


@through("freebsd", "vfio")
@scenario(devices={"edu": edu()}, kernels=NEWEST)
def gone(vm, edu):
    """A function that is no longer there."""
    enable(vm)
    vm.check(f"pcibar read {edu} 0 0")
    vm.unplug(edu)
    for command in ("read {} 0 0", "info {}", "explain {} 0", "config read {} COMMAND", "list {}"):
        refused(vm, f"pcibar {command.format(edu)}", 3, "pcibar list")


@through("pciio")
@scenario(devices={"edu": edu()}, kernels=NEWEST)
def gone_in_between(vm, edu):
    """One that goes between two lines of a script, with the next line's own question."""
    for verb in ("config read COMMAND", "enable", "dump 0 0+16"):
        enable(vm)
        vm.check("rm -f /tmp/fifo && mkfifo /tmp/fifo")
        job = vm.spawn(f"exec pcibar script --stream {edu} <>/tmp/fifo")
        vm.check("echo 'config read VENDOR_ID' >/tmp/fifo")
        vm.wait_until(f"grep -q 0x1234 /host/run/{job.number}.out")
        vm.check(f"echo 1 >{edu.sysfs}/remove && echo '{verb}' >/tmp/fifo")
        is_refusal(job.wait().expect(4), "pcibar list")
        vm.check(f"echo 1 >/sys/bus/pci/rescan && [ -e {edu.sysfs} ]")
