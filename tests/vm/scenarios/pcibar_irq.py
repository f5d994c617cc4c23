# SPDX-License-Identifier: BSD-2-Clause
"""Interrupts in the command and in the package for Python, on the module's descriptors."""

import json
import re

from harness import python
from harness.devices import e1000e, edu
from harness.kernels import NEWEST
from harness.pcibar import Script, is_refusal, refused, wait_for
from harness.pciio_module import LOG, load
from harness.scenario import scenario

# edu: what raises its interrupt, and what acknowledges it
RAISE, QUIET = "0:0x60=1", "0:0x64=1"
# e1000e: cause 20 + N is vector N; they clear themselves; all are on
SET_UP = ("write 0 0xe4 0x800cba98", "write 0 0xdc 0x1f00000", "write 0 0xd0 0x1f00000")


def bound(vm, function):
    """Loads the module and binds its driver, with decoding on."""
    load(vm)
    vm.bind(function, "pciio")
    vm.check(f"pcibar enable {function}")


def events(result):
    """What irq wait has printed, without the times."""
    lines = result.stdout.splitlines()
    for line in lines:
        assert re.fullmatch(r"\d+\.\d{6} (intx|msi|msix) \d+: \d+", line), line
    return [line.split(maxsplit=1)[1] for line in lines]


def master(vm, function):
    """Whether bus mastering is on."""
    return bool(int(vm.check(f"pcibar config read {function} COMMAND").stdout, 0) & 4)


@scenario(devices={"edu": edu()}, kernels=NEWEST, log=LOG)
def line(vm, edu):
    """INTx: an event for each acknowledgement, and one only where nothing acknowledges."""
    bound(vm, edu)
    wait = f"pcibar irq wait --type intx --timeout 20s {edu}"
    assert events(vm.check(f"{wait} --start {RAISE}")) == ["intx 0: 1"]
    assert events(vm.check(f"{wait} -c 3")) == 3 * ["intx 0: 1"]
    assert len(events(vm.check(
        f"{wait} -c 2 --exec 'echo $PCIBAR_VECTOR $PCIBAR_COUNT >>/tmp/seen'"))) == 2
    assert vm.check("cat /tmp/seen").stdout == 2 * "0 1\n"
    is_refusal(vm.check(f"{wait} -c 2 --exec 'exit 7'", status=1), "ended with exit status 7")

    # Acknowledged, it is quiet.
    quiet = f"pcibar irq wait --type intx --timeout 200ms {edu}"
    result = vm.check(f"{quiet} --ack {QUIET}", status=5)
    assert events(result) == ["intx 0: 1"]
    is_refusal(result, "timed out after 0.2 s, with 1 event")
    refused(vm, quiet, 5, "timed out after 0.2 s, with 0 events")


@scenario(devices={"edu": edu()}, kernels=NEWEST, log=LOG)
def message(vm, edu):
    """MSI needs bus mastering, which is on while the vector is open."""
    bound(vm, edu)
    vm.check(f"pcibar disable --bus-master {edu}")
    wait = f"pcibar irq wait --timeout 20s {edu} --start {RAISE} --ack {QUIET} -c 1"
    refused(vm, wait, 1, "bus mastering is off, so that the device cannot send MSI messages; ",
            f"pcibar enable --bus-master {edu}")
    shown = json.loads(vm.check(f"{wait} --bus-master --json").stdout)
    assert (shown["selector"], shown["type"], shown["vector"], shown["count"]) == (
        str(edu), "msi", 0, 1)
    assert not master(vm, edu)

    result = vm.check(f"pcibar explain --irq msi {edu}", status=1)
    assert "bus mastering is off" in result.stdout.split("pciio:")[1]
    vm.check(f"pcibar explain --irq msi --bus-master {edu}")
    assert events(vm.check(f"pcibar irq trigger --type msi --bus-master {edu}")) == ["msi 0: 1"]


@scenario(devices={"edu": edu()}, log=LOG)
def ends(vm, edu):
    """A signal, a reset, unbinding and removal end a wait, each with its status."""
    bound(vm, edu)
    wait = f"exec pcibar irq wait --type intx -v {edu}"

    def waiting(*more):
        job = vm.spawn(" ".join([wait, "-c 9", "--start", RAISE, "--ack", QUIET, *more]))
        wait_for(vm, job, "intx 0: 1")
        return job

    job = waiting()
    job.signal("INT")
    job.wait().expect(5)
    job = waiting()
    vm.check(f"echo {edu} >/sys/bus/pci/drivers/pciio/unbind")
    assert "the vector has ended" in job.wait().expect(4).stderr
    refused(vm, f"pcibar irq wait --type intx {edu}", 1, "this one is not bound; ",
            f"pcibar bind {edu} pciio")

    vm.bind(edu, "pciio")
    job = waiting()
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    assert "the vector has ended" in job.wait().expect(4).stderr


@scenario(devices={"edu": edu()}, log=LOG)
def unplugged(vm, edu):
    """Hot-unplug ends a wait, too."""
    bound(vm, edu)
    job = vm.spawn(f"exec pcibar irq wait --type intx --start {RAISE} --ack {QUIET} -c 9 {edu}")
    wait_for(vm, job, "intx 0: 1")
    vm.unplug(edu)
    assert "the vector has ended" in job.wait().expect(4).stderr


@scenario(devices={"edu": edu()}, kernels=NEWEST, log=LOG)
def calls(vm, edu):
    """What lets a vector interrupt again is one system call for INTx and none for a message."""
    bound(vm, edu)
    assert vm.check(f"pcibar-irq calls {edu}").stdout == "INTx 1\nMSI 0\nok\n"


def first_event(vm, script, earlier):
    """(vector, count) of the next event; where e1000e sends twice, of a vector not in EARLIER."""
    while True:
        line = script.ask("irq wait --vector 0+5 -c 1 --timeout 20s")
        number, count = map(int, re.fullmatch(r"\S+ msix (\d): (\d)", line).groups())
        if vm.e1000e_sends == "once" or number not in earlier:
            return number, count


@scenario(devices={"net": e1000e()}, kernels=NEWEST, log=LOG)
def five(vm, net):
    """Each vector for itself, in a script that keeps them open; a reset is reported."""
    bound(vm, net)
    types = {each["type"]: each for each in
             json.loads(vm.check(f"pcibar irq --json {net}").stdout)["interrupts"]}
    assert types["msix"]["vectors"] == 5 and types["msix"]["grow"] and types["intx"]["level"]
    script = Script(vm, net)
    script.send("irq trigger --bus-master --vector 0+5")
    script.replies += 5
    for words in SET_UP:
        script.send(words)
    earlier = set()
    for vector in (3, 0, 4, 1, 2):
        script.send(f"write 0 0xc8 {1 << 20 + vector:#x}")
        number, count = first_event(vm, script, earlier)
        assert number == vector and 1 <= count <= (1 if vm.e1000e_sends == "once" else 2)
        earlier.add(vector)
    opened = json.loads(vm.check(f"pcibar irq --json {net}").stdout)["interrupts"]
    assert [each["open"] for each in opened if each["type"] == "msix"] == [5]
    refused(vm, f"pcibar irq wait --type intx {net}", 1,
            "another process has vectors of another type open")
    refused(vm, f"pcibar irq wait --vector 2 {net}", 1, "another process has one of the vectors")
    script.end()
    refused(vm, f"pcibar irq wait --vector 5 {net}", 2, "only 5 MSI-X vectors, counted from 0")

    job = vm.spawn(f"exec pcibar irq wait --bus-master {net}")
    vm.wait_until("grep -q pciio- /proc/interrupts")
    vm.check(f"echo 1 >{net.sysfs}/reset")
    assert "was reset" in job.wait().expect(4).stderr


PYTHON = """
import time, pcibar
from pcibar import IrqFlag, ReasonCode

with pcibar.open("{edu}", write=True) as device, device.map(0, write=True) as registers:
    assert device.irq_info("intx").flags & (IrqFlag.LEVEL | IrqFlag.CAN_MASK)
    with device.irq("intx") as (irq,):
        assert irq.wait(0.01) is None and irq.read() is None and irq.number > 0
        registers.write32(0x60, 1)
        for count, event in enumerate(irq, 1):
            assert event.count == 1 and 0 <= time.monotonic_ns() - event.time_ns < 10 ** 10
            registers.write32(0x64, 1)
            if count == 5:
                break
            registers.write32(0x60, 1)
        irq.done()
        assert list(irq.events(0.01)) == []

    with device.irq("msi", bus_master=True) as irqs:
        irqs[0].mask()
        irqs[0].trigger()
        assert irqs[0].wait(0.01) is None
        irqs[0].unmask()
        assert irqs[0].wait(10).count == 1
        print("ready", flush=True)
        try:
            irqs[0].wait()
        except pcibar.PcibarError as error:
            print(error.errno, error.code.name)
"""


@scenario(devices={"edu": edu()}, kernels=NEWEST, log=LOG, timeout=120)
def in_python(vm, edu):
    """By iteration and by waiting, until it is removed."""
    python.install(vm)
    bound(vm, edu)
    job = python.spawn(vm, PYTHON.format(edu=edu))
    wait_for(vm, job, "ready")
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    assert job.wait().expect(0).stdout == "ready\n19 GONE\n"
