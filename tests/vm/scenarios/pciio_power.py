# SPDX-License-Identifier: BSD-2-Clause
"""Power management, errors and native hot-plug: what Linux's own drivers of ports and power do."""

from harness.devices import e1000e, edu
from harness.holder import Holder, command, held
from harness.kernels import DEBUG_KERNELS
from harness.link_errors import ERRORS, NATIVE, fail
from harness.pciio_module import LOG, load
from harness.registers import register
from harness.scenario import Skip, scenario
from harness.suspend import away

STATUS = 8
EDU_ID = "0x010000ed"
COMMAND, MASTER = 4, 4


def master(vm, function):
    """Turns bus mastering on, which the kernel restores for drivers that have done it."""
    register(vm, function, COMMAND, 2, register(vm, function, COMMAND, 2) | MASTER)


@scenario(cold=NATIVE, devices={"net": e1000e(bus="port0"), "other": e1000e(bus="port1")},
          log=LOG + ERRORS)
def errors(vm, net, other):
    """A fatal error suspends; recovery gives a function bound to pciio back, and no other."""
    load(vm)
    vm.bind(net, "pciio")
    holder, waiting, child = (held(vm, net, 0, "activate", *words)
                              for words in ((), (), ("fork",)))
    master(vm, net)
    value, before = holder.ask(f"read {STATUS}"), command(vm, net)
    assert value == waiting.ask(f"read {STATUS}") == child.ask(f"read {STATUS}") != "SIGBUS"
    waiting.send("wait")
    fail(vm, net, "port0")
    assert waiting.reply() == "suspended"
    vm.wait_until("dmesg | grep -q 'device recovery successful'")
    for user in (holder, waiting, child):
        assert user.ask("poll") == "live"
        assert user.ask(f"read {STATUS}") == value
    assert command(vm, net) == before
    # Nothing can bring this one back; it says so, and a new one is as good as any.
    unbound = held(vm, other, 0, "activate")
    fail(vm, other, "port1")
    vm.wait_until("dmesg | grep -q 'device recovery failed'")
    assert unbound.ask("poll") == "suspended"
    assert unbound.ask(f"read {STATUS}") == "SIGBUS"
    assert "reason: error" in unbound.ask("info").replace("\t", " ")
    vm.check(f"echo 1 >{other.sysfs}/remove; echo 1 >/sys/bus/pci/rescan")
    assert unbound.ask("poll") == "dead"
    assert held(vm, other, 0, "activate").ask(f"read {STATUS}") == value


@scenario(cold=NATIVE, devices={"net": e1000e(bus="port0")}, log=LOG)
def unplugged(vm, net):
    """The port's own driver takes a function away."""
    if vm.image.kernel.series in DEBUG_KERNELS:
        raise Skip("lockdep reports the kernel's driver of ports, for its reset_lock")
    load(vm)
    vm.bind(net, "pciio")
    holder, waiting, child = (held(vm, net, 0, "activate", *words)
                              for words in ((), (), ("fork",)))
    for user in (holder, waiting, child):
        assert user.ask(f"read {STATUS}") != "SIGBUS"
    waiting.send("wait")
    vm.qmp("device_del", id=net.name)
    vm.qemu.monitor.wait_event("DEVICE_DELETED", device=net.name)
    assert waiting.reply() == "dead"
    for user in (holder, waiting, child):
        assert user.ask(f"read {STATUS}") == "SIGBUS"


@scenario(devices={"net": e1000e(), "edu": edu()}, log=LOG)
def suspend(vm, net, edu):
    """Mappings continue after a suspend, those that were touched before and one that was not."""
    load(vm)
    vm.bind(edu, "pciio")
    holder, bound, fresh = (held(vm, net, 0, "activate"), held(vm, edu, 0, "activate"),
                            held(vm, edu, 0, "activate"))
    for function in (net, edu):
        master(vm, function)
    value, before = holder.ask(f"read {STATUS}"), command(vm, net)
    assert value != "SIGBUS" and bound.ask("read 0") == EDU_ID
    vm.check("echo 0 >/sys/module/suspend/parameters/pm_test_delay")
    # As far as drivers go, and one step further, where the bus saves and restores functions.
    for level in ("devices", "platform"):
        away(vm, f"echo {level} >/sys/power/pm_test && echo freeze >/sys/power/state").expect(0)
        assert holder.ask(f"read {STATUS}") == value
        assert bound.ask("read 0") == EDU_ID
        assert holder.ask("poll") == bound.ask("poll") == fresh.ask("poll") == "live"
        # Resuming a function that has no driver enables its interrupts.
        vm.wait_until(f"[ $(pciio-conf {net} 4 2) = 0x{before} ]")
        assert register(vm, edu, COMMAND, 2) & MASTER
    assert fresh.ask("read 0") == EDU_ID
    done = vm.check("dmesg | grep -c 'PM: suspend exit'").stdout
    assert int(done) == 2


@scenario(devices={"net": e1000e()}, log=LOG)
def runtime(vm, net):
    """A function does not fall asleep while a program maps it, and may afterwards."""
    def status(wanted):
        vm.wait_until(f"grep -qx {wanted} {net.sysfs}/power/runtime_status")

    load(vm)
    vm.check(f"echo auto >{net.sysfs}/power/control")
    status("suspended")
    first = held(vm, net, 0, "activate")
    status("active")
    second = held(vm, net, 1, "activate")
    first.kill()
    assert second.ask("read 0") != "SIGBUS"
    vm.check(f"echo on >{net.sysfs}/power/control; echo auto >{net.sysfs}/power/control")
    status("active")
    assert second.ask("poll") == "live"
    second.kill()
    status("suspended")
    # Nothing remains of a refused request.
    assert Holder(vm, net, 2, "activate").first == "Input/output error"
    assert Holder(vm, net, 0).first == "Device or resource busy"
    status("suspended")
