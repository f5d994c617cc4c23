# SPDX-License-Identifier: BSD-2-Clause
"""Interrupts through VFIO, delivered to an ordinary user who owns the node."""

import json
import time

from harness import python
from harness.devices import e1000e, edu, xhci_msi
from harness.holder import Holder, soon
from harness.kernels import NEWEST
from harness.pcibar import Script, numbers, refused, wait_for
from harness.scenario import scenario
from harness.vfio import IOMMU, LOG, REMAPPING, USER, bind, must_remap

# edu: what raises its interrupt, and what acknowledges it
RAISE, QUIET = "0:0x60=1", "0:0x64=1"


def clean(vm):
    """Nothing is left of vectors that were open."""
    vm.check("! grep vfio- /proc/interrupts")


@scenario(warm=IOMMU, log=LOG, devices={"edu": edu()})
def line(vm, edu):
    """Two thousand interrupts of a line, none lost; a message, which needs bus mastering."""
    bind(vm, edu)
    assert vm.check(f"pcibar-irq line {edu} 2000", timeout=90, **USER).stdout == "ok\n"
    clean(vm)

    # Nothing else has taken the function, of which the user may read 64 bytes only.
    refused(vm, f"pcibar irq wait --timeout 100ms --bus-master {edu}", 5, "with 0 events", **USER)
    wait = f"pcibar irq wait --timeout 20s -c 1 {edu} --start {RAISE} --ack {QUIET}"
    shown = vm.check(f"{wait} --type intx", **USER).stdout
    assert shown.endswith(" intx 0: 1\n"), shown
    refused(vm, wait, 1, "bus mastering is off, so that the device cannot send MSI messages; ",
            **USER)
    shown = json.loads(vm.check(f"{wait} --json --bus-master", **USER).stdout)
    assert (shown["type"], shown["vector"], shown["count"]) == ("msi", 0, 1)
    explained = vm.check(f"pcibar explain --irq msi {edu}", status=1, **USER).stdout
    assert "bus mastering is off" in explained.split("vfio:")[1]
    vm.check(f"pcibar explain --irq msi --bus-master {edu}", **USER)
    clean(vm)


@scenario(warm=IOMMU, log=LOG, devices={"net": e1000e()})
def messages(vm, net):
    """Five vectors, each for itself, closed and open again, and added where the kernel can."""
    bind(vm, net)
    grows = "does not grow" if vm.image.kernel.series == "6.1" else "grows"
    assert vm.check(f"pcibar-irq messages {net} {vm.e1000e_sends}", timeout=60,
                    **USER).stdout == f"{grows}\nok\n"
    clean(vm)
    script = Script(vm, net)
    script.send("irq trigger --bus-master --vector 0+5")
    script.replies += 4
    types = {each["type"]: each for each in
             json.loads(script.ask("irq --json"))["interrupts"]}
    assert types["msix"]["open"] == 5 and types["msix"]["grow"] == (grows == "grows")
    assert "vfio-msix[4]" in vm.check("cat /proc/interrupts").stdout
    refused(vm, f"pcibar irq wait {net}", 1, " has /dev/vfio/", "end it")
    script.end()
    clean(vm)


# Of xhci_msi(): its capability of MSI is at 0x70.
MESSAGE_ADDRESS = 0x74


@scenario(cold=REMAPPING, log=LOG, devices={"usb": xhci_msi()})
def one_message(vm, usb):
    """The vectors of MSI share a message, which closing the first must not take from the others."""
    def message():
        (address,) = numbers(vm, f"pcibar config read --backend sysfs {usb} {MESSAGE_ADDRESS:#x}")
        return address

    must_remap(vm)
    bind(vm, usb)
    user = Holder(vm, usb, "", program="pcibar-irq first")
    assert user.first == "open"
    before = message()
    assert before
    for state in ("closed", "open", "closed"):
        assert user.ask("") == state
        assert message() == before
    user.kill()
    clean(vm)


@scenario(warm=IOMMU, log=LOG, devices={"edu": edu()})
def ends(vm, edu):
    """Unbinding and removal do not wait for who waits for interrupts."""
    for path, text in ((f"{edu.sysfs}/driver/unbind", str(edu)), (f"{edu.sysfs}/remove", "1")):
        bind(vm, edu)
        user = vm.spawn(f"exec pcibar irq wait --type intx --start {RAISE} "
                        f"--ack {QUIET} -c 9 {edu}", **USER)
        wait_for(vm, user, "intx 0: 1")
        started = time.monotonic()
        vm.check(f"echo {text} >{path}")
        assert time.monotonic() - started < soon()
        assert "the vector has ended" in user.wait().expect(4).stderr
    clean(vm)


@scenario(warm=IOMMU, log=LOG)
def unplugged(vm):
    """Hot-unplug ends a wait, too."""
    device = vm.plug(edu())
    bind(vm, device)
    user = vm.spawn(f"exec pcibar irq wait --type intx --start {RAISE} --ack {QUIET} -c 9 {device}",
                    **USER)
    wait_for(vm, user, "intx 0: 1")
    vm.unplug(device)
    assert "the vector has ended" in user.wait().expect(4).stderr
    clean(vm)


@scenario(warm=IOMMU, log=LOG, devices={"edu": edu()})
def in_four_threads(vm, edu):
    """All that wait for one vector wake up when the function is asked for."""
    bind(vm, edu)
    user = vm.spawn(f"exec pcibar-irq wait {edu}", **USER)
    # In ppoll(), system call 271 of x86-64.
    vm.wait_until(f"[ $(cat /proc/$(cat /run/{user.number})/task/*/syscall | "
                  "grep -c '^271 ') = 4 ]")
    vm.check(f"echo {edu} >{edu.sysfs}/driver/unbind")
    assert user.wait().expect(0).stdout == "ok\n"
    clean(vm)


@scenario(warm=IOMMU, kernels=NEWEST, log=LOG, devices={"edu": edu()})
def calls(vm, edu):
    """What lets a vector interrupt again is one system call for INTx and none for a message."""
    bind(vm, edu)
    assert vm.check(f"pcibar-irq calls {edu}", **USER).stdout == "INTx 1\nMSI 0\nok\n"


PYTHON = """
import pcibar
from pcibar import IrqFlag

with pcibar.open("{edu}", write=True) as device:
    with device.map(0, write=True) as registers:
        for kind in ("intx", "msi"):
            with device.irq(kind, bus_master=kind == "msi") as irqs:
                assert irqs[0].wait(0.01) is None and irqs[0].number > 0
                registers.write32(0x60, 1)
                for count, event in enumerate(irqs[0], 1):
                    assert event.count == 1 and event.time_ns is None
                    registers.write32(0x64, 1)
                    if count == 5:
                        break
                    registers.write32(0x60, 1)
        with device.irq("intx") as irqs:
            assert device.irq_info("intx").flags & IrqFlag.LEVEL
            print("ready", flush=True)
            try:
                irqs[0].wait()
            except pcibar.PcibarError as error:
                print(error.errno)
"""


@scenario(warm=IOMMU, kernels=NEWEST, log=LOG, devices={"edu": edu()}, timeout=120)
def in_python(vm, edu):
    """By iteration, of a line and of a message, until it is unbound."""
    python.install(vm)
    bind(vm, edu)
    job = python.spawn(vm, PYTHON.format(edu=edu))
    wait_for(vm, job, "ready")
    vm.check(f"echo {edu} >{edu.sysfs}/driver/unbind")
    assert job.wait().expect(0).stdout == "ready\n19\n"
