# SPDX-License-Identifier: BSD-2-Clause
"""Functions get other drivers and their own ones back."""

import random
import re
import time

from harness import python
from harness.devices import edu, nvme, rtl8139
from harness.helper_module import HelperModule
from harness.holder import soon
from harness.kernels import NEWEST
from harness.paths import SOURCE
from harness.pcibar import refused
from harness.pciio_module import LOG, load
from harness.scenario import comment, scenario
from harness.vfio import IOMMU, LOG as VFIO

# What the kernel says of a probe that fails, and of the first module that Debian did not sign.
FAILED = (r"(vfio-pci|awkward_driver) \S+: probe with driver \S+ failed",
          r"(vfio-pci|awkward_driver): probe of \S+ failed", r"awkward_driver: loading out-of-tree",
          r"awkward_driver: module verification failed")


def driver(vm, function):
    """The driver that is bound, "" if none is; and the attribute driver_override."""
    link = vm.run(f"readlink {function.sysfs}/driver").stdout.strip()
    override = vm.check(f"cat {function.sysfs}/driver_override").stdout.strip()
    return link.rpartition("/")[2], "" if override == "(null)" else override


def memory(vm):
    """The files of what is remembered."""
    return vm.run("ls /run/pcibar 2>/dev/null").stdout.split()


def load_vfio(vm):
    vm.modprobe("vfio-pci", "vfio_iommu_type1")
    vm.check("echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts")


def held_by_vfio(vm, function, *words):
    """A process that has the function open through VFIO."""
    job = vm.spawn(f"exec vfio-hold {function} {' '.join(words)}")
    vm.wait_until(f"grep -qx ready /host/run/{job.number}.out", timeout=soon())
    return job


def end(job):
    job.signal("KILL")
    job.wait(timeout=soon())


def wait_for_state(vm, function, own, override):
    """Waits until the function has a driver, "" for none, and a driver_override."""
    vm.wait_until(f'[ "$(readlink {function.sysfs}/driver | sed s,.*/,,)" = "{own}" ] && '
                  f'grep -qx "{override or "(null)"}" {function.sysfs}/driver_override',
                  timeout=soon())


@scenario(devices={"edu": edu()}, log=LOG)
def pciio(vm, edu):
    """A function without a driver goes to pciio and back."""
    load(vm)
    result = vm.check(f"pcibar -v bind {edu} pciio")
    assert f"{edu}: driver none -> pciio" in result.stderr
    assert driver(vm, edu) == ("pciio", "pciio")
    assert memory(vm) == [str(edu)]
    vm.check(f"pcibar bind {edu} pciio")
    vm.check(f"pcibar unbind {edu}")
    assert driver(vm, edu) == ("", "") and not memory(vm)
    vm.check(f"pcibar unbind {edu}")
    assert driver(vm, edu) == ("", "")


@scenario(devices={"disk": nvme()})
def none(vm, disk):
    """Without a driver, while it is loaded again; then the kernel's choice."""
    vm.modprobe("nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    refused(vm, f"pcibar unbind {disk}", 1, "nothing to restore", "driver nvme",
            f"pcibar bind {disk} none")
    vm.check(f"pcibar bind {disk} none")
    assert driver(vm, disk) == ("", "none")
    vm.check(f"echo {disk} >/sys/bus/pci/drivers_probe")
    assert driver(vm, disk) == ("", "none")
    vm.check(f"pcibar enable {disk} --mem; pcibar read {disk} 0 8")
    vm.check(f"pcibar unbind {disk}")
    assert driver(vm, disk) == ("nvme", "")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    # Forgotten: the kernel chooses.
    vm.check(f"pcibar bind {disk} none; rm /run/pcibar/{disk}; pcibar unbind {disk}")
    assert driver(vm, disk) == ("nvme", "")


@scenario(devices={"disk": nvme()})
def task(vm, disk):
    """Task 14 of docs/tasks.md: take a function from its driver, and give it back."""
    page = (SOURCE / "docs/tasks.md").read_text(encoding="utf-8")
    take, give_back = re.search(r"\n14\. .*\n\n       \$ (.*)\n       \$ (.*)\n", page).groups()
    vm.modprobe("nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    vm.check(take.replace("7.0", str(disk)))
    assert driver(vm, disk) == ("", "none")
    vm.check(give_back.replace("7.0", str(disk)))
    assert driver(vm, disk) == ("nvme", "")


@scenario(warm=IOMMU, devices={"disk": nvme(), "net": rtl8139()},
          log=(*LOG, *VFIO))
def vfio(vm, disk, net):
    """From a kernel driver to vfio-pci, on to pciio, and back to the first."""
    load(vm)
    vm.modprobe("nvme", "8139cp", "vfio-pci")
    for function, own in ((disk, "nvme"), (net, "8139cp")):
        assert driver(vm, function) == (own, "")
        vm.check(f"pcibar bind {function} vfio-pci")
        assert driver(vm, function) == ("vfio-pci", "vfio-pci")
        vm.check(f"pcibar bind {function} pciio")
        assert driver(vm, function) == ("pciio", "pciio")
        vm.check(f"pcibar unbind {function}")
        assert driver(vm, function) == (own, "")
    assert not memory(vm)


@scenario(devices={"disk": nvme()}, log=FAILED)
def probe_fails(vm, disk):
    """What a driver refuses gets its own one back."""
    vm.modprobe("nvme", "vfio-pci")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    refused(vm, f"pcibar bind {disk} vfio-pci", 1, "vfio-pci refused", "Invalid argument",
            "IOMMU")
    assert driver(vm, disk) == ("nvme", "") and not memory(vm)
    awkward = HelperModule(vm, "awkward_driver")
    awkward.set("fail", 5)
    refused(vm, f"pcibar bind {disk} awkward_driver", 1, "awkward_driver refused",
            "Input/output error")
    assert driver(vm, disk) == ("nvme", "") and not memory(vm)
    refused(vm, f"pcibar bind {disk} absent", 1, "no driver absent")
    assert driver(vm, disk) == ("nvme", "")


@scenario(warm=IOMMU, devices={"edu": edu()}, log=(*LOG, *VFIO))
def holder(vm, edu):
    """A program has the function open through VFIO: it is named, or gives the function back."""
    load(vm)
    load_vfio(vm)
    vm.check(f"pcibar bind {edu} vfio-pci")
    program = held_by_vfio(vm, edu)
    started = time.monotonic()
    for command in (f"bind {edu} pciio", f"unbind {edu}"):
        refused(vm, f"pcibar {command} --timeout 200ms", 5,
                f"has not released {edu} within 0.2 s", "(vfio-hold) has it open")
    assert time.monotonic() - started < 2 * soon()
    end(program)
    wait_for_state(vm, edu, "vfio-pci", "vfio-pci")
    # What is to be bound already takes no time, and a program that is asked returns it.
    program = held_by_vfio(vm, edu, "returns")
    vm.check(f"pcibar bind {edu} vfio-pci --timeout 1ms || [ $? = 5 ]")
    vm.check(f"pcibar bind {edu} pciio", timeout=soon())
    program.wait(timeout=soon()).expect(0)
    vm.check(f"pcibar unbind {edu}")
    assert driver(vm, edu) == ("", "") and not memory(vm)


OWN = """
import errno, pcibar
from pcibar import Backend, ReasonCode

with pcibar.open("{edu}", write=True, backend=Backend.VFIO) as device:
    with device.map(0) as registers:
        assert registers.read32(0) == 0x010000ed
    device.bind("vfio-pci")
    try:
        device.bind("pciio")
    except pcibar.PcibarError as error:
        assert (error.errno, error.code) == (errno.EBUSY, ReasonCode.HELD), error
    else:
        raise AssertionError("bound")
with pcibar.open("{edu}", write=True) as device:
    device.bind("pciio")
    assert device.info().driver == "pciio"
    device.unbind()
"""


@scenario(warm=IOMMU, devices={"edu": edu()}, log=(*LOG, *VFIO))
def own(vm, edu):
    """A program that has the function open through VFIO itself is not kept waiting."""
    python.install(vm)
    load(vm)
    load_vfio(vm)
    vm.check(f"pcibar bind {edu} vfio-pci")
    python.run(vm, OWN.format(edu=edu))
    assert driver(vm, edu) == ("", "") and not memory(vm)


@scenario(devices={"disk": nvme()}, log=FAILED)
def slow(vm, disk):
    """A driver that hangs in probe or remove; who waited gets back what the function had."""
    vm.modprobe("nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    awkward = HelperModule(vm, "awkward_driver")
    awkward.set("probe_waits", 1)
    refused(vm, f"pcibar bind {disk} awkward_driver --timeout 200ms", 5, "within 0.2 s",
            "gets back the driver it had")
    # Another one waits for the first to end, and does nothing when its own time is over.
    refused(vm, f"pcibar bind {disk} none --timeout 200ms", 5, "within 0.2 s")
    awkward.set("probe_waits", 0)
    wait_for_state(vm, disk, "nvme", "")
    # Killed while the driver probes the function.
    awkward.set("probe_waits", 1)
    job = vm.spawn(f"exec pcibar bind {disk} awkward_driver")
    awkward.wait_for("state", "probing")
    end(job)
    awkward.set("probe_waits", 0)
    wait_for_state(vm, disk, "nvme", "")
    vm.check(f"pcibar bind {disk} awkward_driver")
    awkward.set("remove_waits", 1)
    refused(vm, f"pcibar unbind {disk} --timeout 200ms", 5, "awkward_driver", "within 0.2 s")
    awkward.set("remove_waits", 0)
    wait_for_state(vm, disk, "awkward_driver", "awkward_driver")
    vm.check(f"pcibar unbind {disk}")
    assert driver(vm, disk) == ("nvme", "") and not memory(vm)


@scenario(devices={"disk": nvme()}, log=LOG)
def at_once(vm, disk):
    """Many that bind the function at once: one after the other, and all is restored."""
    load(vm)
    vm.modprobe("nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    vm.check(f"echo nvme >{disk.sysfs}/driver_override")
    jobs = [vm.spawn(f"pcibar bind {disk} {name}") for name in ("pciio", "none") * 4]
    for job in jobs:
        job.wait(timeout=soon() * len(jobs)).expect(0)
    assert driver(vm, disk) in (("pciio", "pciio"), ("", "none"))
    vm.check(f"pcibar unbind {disk}")
    assert driver(vm, disk) == ("nvme", "nvme") and not memory(vm)


@scenario(warm=IOMMU, log=(*LOG, *VFIO, *FAILED))
def group(vm):
    """All functions of a group, or none."""
    load(vm)
    vm.modprobe("nvme", "8139cp", "vfio-pci")
    disk, net = vm.plug_together({"disk": nvme(), "net": rtl8139()})
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    own = {disk: ("nvme", ""), net: ("8139cp", "")}
    assert {function: driver(vm, function) for function in own} == own
    vm.check(f"pcibar bind --group {net} vfio-pci")
    for function in own:
        assert driver(vm, function) == ("vfio-pci", "vfio-pci")
    vm.check(f"pcibar unbind --group {disk}")
    assert {function: driver(vm, function) for function in own} == own
    # The second one fails: the first one is restored.
    awkward = HelperModule(vm, "awkward_driver")
    vm.check(f"pcibar bind {net} awkward_driver")
    awkward.set("remove_waits", 1)
    refused(vm, f"pcibar bind --group {disk} pciio --timeout 200ms", 5, str(net), "within 0.2 s")
    assert driver(vm, disk) == own[disk]
    awkward.set("remove_waits", 0)
    wait_for_state(vm, net, "awkward_driver", "awkward_driver")
    vm.check(f"pcibar unbind --group {net}")
    assert {function: driver(vm, function) for function in own} == own and not memory(vm)


STEPS = 100


@scenario(warm=IOMMU, devices={"disk": nvme()}, kernels=NEWEST, log=(*LOG, *VFIO, *FAILED),
          timeout=600)
def random_order(vm, disk):
    """All drivers in random order, with programs that have the function open in between."""
    load(vm)
    load_vfio(vm)
    vm.modprobe("nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    HelperModule(vm, "awkward_driver", "fail=5")
    own = ("nvme", "")
    seed = random.getrandbits(32)
    choose = random.Random(seed)
    comment(f"seed {seed}")
    counts = dict.fromkeys((0, 1, 5), 0)
    for _ in range(STEPS):
        before = driver(vm, disk)
        name = choose.choice(("vfio-pci", "pciio", "none", "nvme", "awkward_driver", None))
        program = keep = None
        if before[0] == "vfio-pci" and choose.random() < 0.7:
            keep = choose.random() < 0.6
            program = held_by_vfio(vm, disk, *() if keep else ("returns",))
        verb = f"bind {disk} {name}" if name else f"unbind {disk}"
        started = time.monotonic()
        status = vm.run(f"pcibar {verb} --timeout {'300ms' if keep else '10s'}").status
        assert time.monotonic() - started < (0.3 if keep else 10) + soon()
        if program and not keep and name != "vfio-pci":
            program.wait(timeout=soon()).expect(0)
        elif program:
            end(program)
        after = {None: own, "none": ("", "none")}.get(name, (name, name))
        if keep and name != "vfio-pci":
            assert status == 5
        elif name == "awkward_driver":
            assert status == 1
        else:
            assert status == 0 or (status == 1 and not name and before == own)
        wait_for_state(vm, disk, *(before if status else after))
        counts[status] += 1
    comment(f"{counts[0]} changes, {counts[1]} refused, {counts[5]} timed out")
    vm.check(f"pcibar bind {disk} none; pcibar unbind {disk}")
    assert driver(vm, disk) == own and not memory(vm)
