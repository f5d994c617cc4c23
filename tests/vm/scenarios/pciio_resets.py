# SPDX-License-Identifier: BSD-2-Clause
"""Resets of every kind while pages are faulted in, and configuration space that is blocked."""

from harness.devices import e1000e, nvme
from harness.helper_module import HelperModule
from harness.holder import Holder, enable, held, soon, unused
from harness.link_errors import ERRORS, NATIVE, fail
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.registers import bridge, capability, register
from harness.scenario import comment, scenario

POWER, EXPRESS, BRIDGE_CONTROL = 1, 0x10, 0x3e
DEVICE_CONTROL, FLR = 8, 0x8000
SECONDARY_RESET = 0x40
D3HOT = 3
ROUNDS = 5
# A register of e1000e that reads as something.
STATUS = 8


def gate(vm, function, bar, offset, target, *writes):
    """Touches pages of a BAR while registers of TARGET are written: (offset, width, value)."""
    words = " ".join(f"{place:#x} {width} {value:#x}" for place, width, value in writes)
    result = vm.run(f"pciio-gate {function} {bar} {offset:#x} {ROUNDS} {target} {words}",
                    timeout=60)
    comment(result.stdout)
    result.expect(0)


@scenario(cold=Machine(smp=2), devices={"disk": nvme(bus="port0"), "net": e1000e(bus="port1")},
          log=LOG)
def by_writes(vm, disk, net):
    """A function-level reset, a sleep, and decoding off and on, each by PCIOCWRITE."""
    load(vm)
    place = capability(vm, disk, EXPRESS) + DEVICE_CONTROL
    gate(vm, disk, 0, 0, disk, (place, 2, register(vm, disk, place, 2) | FLR))
    place = capability(vm, net, POWER) + 4
    awake = register(vm, net, place, 2)
    gate(vm, net, 0, STATUS, net, (place, 2, awake | D3HOT), (place, 2, awake))
    gate(vm, net, 0, STATUS, net, (4, 2, 0))
    gate(vm, net, 0, STATUS, net, (0x10, 4, 0xffffffff))
    vm.bind(net, "pciio")
    gate(vm, net, 0, STATUS, net, (place, 2, awake | D3HOT), (place, 2, awake))


@scenario(cold=Machine(smp=2), devices={"net": e1000e(bus="port0")}, log=LOG)
def by_the_bridge(vm, net):
    """A reset of the bus, by PCIOCWRITE to the bridge above."""
    load(vm)
    port = bridge(vm, net)
    control = register(vm, port, BRIDGE_CONTROL, 2)
    gate(vm, net, 0, STATUS, port, (BRIDGE_CONTROL, 2, control | SECONDARY_RESET),
         (BRIDGE_CONTROL, 2, control))


@scenario(devices={"net": e1000e()}, log=LOG)
def blocked(vm, net):
    """While a reset blocks configuration space, waiting processes can be killed."""
    load(vm)
    mover = HelperModule(vm, "bar_mover")
    enable(vm, net)
    user = Holder(vm, net, 0, hex(STATUS), program="pciio-blocked")
    idle = held(vm, net, 0)
    assert user.first == "ready"
    value = idle.ask(f"read {STATUS}")
    pid = vm.check("pidof pciio-blocked").stdout.strip()

    mover.set("hold", net)
    user.send("touch")
    # The process' other threads, and who checks it.
    assert user.reply() == "free"
    vm.check(f"cat /proc/{pid}/maps /proc/{pid}/cmdline >/tmp/seen", timeout=soon())
    # A user who leaves needs no configuration space.
    idle.job.signal("KILL")
    idle.job.wait(timeout=soon())
    mover.set("hold", "")
    assert user.reply() == value

    mover.set("hold", net)
    user.send("touch")
    assert user.reply() == "free"
    descriptor = bar_descriptor(vm, pid)
    assert descriptor.isdigit()
    waiting = [vm.spawn(f"exec {command}") for command in (
        f"pciio-conf {net} 0 4", f"pciio-hold {net} 0", f"pciio-bario {net} 0 {STATUS} 4",
        f"cat /proc/{pid}/fdinfo/{descriptor}")]
    for program in ("pciio-conf", "pciio-hold", "pciio-bario", "cat"):
        vm.wait_until(f"grep -q pciio /proc/$(pidof {program})/stack")
    user.job.signal("KILL")
    user.job.wait(timeout=soon())
    for job in waiting:
        job.signal("KILL")
    for job in waiting:
        job.wait(timeout=soon())
    unused(vm)

    # Removal ends the wait, too.
    reading = vm.spawn(f"pciio-conf {net} 0 4")
    vm.wait_until("pidof pciio-conf")
    vm.check(f"echo 1 >{net.sysfs}/remove", timeout=soon())
    assert reading.wait(timeout=soon()).stdout.strip() == "No such device"
    mover.set("hold", "")


def bar_descriptor(vm, pid):
    """The number of a process' BAR descriptor."""
    return vm.check(f"ls -l /proc/{pid}/fd | sed -n 's/.* \\([0-9]*\\) -> pciio:.*/\\1/p'"
                    ).stdout.strip()


@scenario(cold=NATIVE, devices={
    "net": e1000e(bus="port0", addr="0.0", multifunction=True),
    "other": e1000e(bus="port0", addr="0.1")}, log=LOG + ERRORS)
def no_recovery(vm, net, other):
    """An error without a recovery ends in a dead BAR; binding again is a new start."""
    load(vm)
    vm.bind(net, "pciio")
    holder = held(vm, net, 0, "activate")
    value = holder.ask(f"read {STATUS}")
    touching = vm.spawn(f"exec pciio-late fault {net}")
    vm.wait_until(f"grep -qx ready /host/run/{touching.number}.out")
    # The other function has no driver that could take part.
    fail(vm, other, "port0")
    vm.wait_until("dmesg | grep -q 'device recovery failed'")
    until_dead(vm, holder)
    assert holder.ask(f"read {STATUS}") == "SIGBUS"
    touching.signal("KILL")
    touching.wait(timeout=soon())
    vm.unbind(net)
    vm.bind(net, "pciio")
    fresh = held(vm, net, 0, "activate")
    assert fresh.ask("poll") == "live", fresh.ask("info")
    assert fresh.ask(f"read {STATUS}") == value
    assert holder.ask("poll") == "dead"


def until_dead(vm, holder):
    """The kernel does not report that a recovery has failed: it takes ten seconds to notice."""
    deadline = vm.deadline.within(25)
    while holder.ask("poll") != "dead":
        assert deadline.left(), "suspended for ever"
