# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module: interrupt descriptors."""

from harness.devices import bochs_display, e1000e, edu, nvme, nvme_sriov, xhci_msi
from harness.helper_module import HelperModule
from harness.holder import Holder, soon, unused
from harness.kernels import NEWEST, ON_AMD64
from harness.link_errors import ERRORS, NATIVE, fail
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.programs import builds
from harness.registers import bridge, capability, register
from harness.scenario import scenario
from harness.suspend import away
from harness.vfio import REMAPPING, must_remap
from harness.vm import Function

COMMAND, MASTER = 4, 4
MSI = 5
EXPRESS, DEVICE_CONTROL, FLR = 0x10, 8, 0x8000
BRIDGE_CONTROL, BUS_RESET = 0x3e, 0x40
# Of e1000e: the BAR with the MSI-X table; and the size of an entry.
TABLE, ENTRY = 3, 16
PARAMETER = "/sys/module/pciio/parameters/unsafe_interrupts"
TAINT_USER = 1 << 6
# The slot's interrupt line on q35 is that of virtio-9p, which has slot 2.
SAME_LINE = "0x6"


def bound(vm, *functions):
    """Loads the module and binds its driver."""
    load(vm)
    for function in functions:
        vm.bind(function, "pciio")


def clean(vm):
    """Nothing is left of the descriptors that were open, soon."""
    unused(vm)
    vm.wait_until("! grep -q pciio- /proc/interrupts", timeout=soon())
    vm.check("mount -t debugfs none /sys/kernel/debug")
    left = vm.check("cat /sys/kernel/debug/pciio/interrupts").stdout
    assert not left


def holding(vm, function, kind, what):
    """A process that holds a vector, and has it interrupt or wait for it."""
    user = Holder(vm, function, 0, kind, what, program="pciio-intr-hold")
    assert user.first == "ready"
    return user


@scenario(devices={"edu": edu()}, log=LOG)
def intx(vm, edu):
    """Ten thousand interrupts, none lost; one event for each unmasking of an asserted line."""
    bound(vm, edu)
    vm.check(f"pciio-intr intx {edu}", timeout=90)
    clean(vm)


@scenario(cold=Machine(append="pci=nomsi"), devices={"edu": edu(addr=SAME_LINE)}, log=LOG)
def shared_line(vm, edu):
    """A driver that is active on the same line works, and the kernel does not disable the line."""
    bound(vm, edu)
    vm.check("mount -t debugfs none /sys/kernel/debug")
    transfer = ("dd if=/dev/zero of=/host/run/data bs=64k count=32 2>/dev/null && "
                "cat /host/run/data >/dev/null && rm /host/run/data")
    user = holding(vm, edu, "intx", "idle")
    lines = vm.check("grep pciio-intx /proc/interrupts").stdout
    assert "virtio" in lines
    vm.check(transfer)
    assert "count 0 on" in vm.check("cat /sys/kernel/debug/pciio/interrupts").stdout
    user.kill()
    # It is asserted, and not served.
    user = holding(vm, edu, "intx", "raised")
    vm.check(transfer)
    assert "count 1 masked" in vm.check("cat /sys/kernel/debug/pciio/interrupts").stdout
    user.kill()
    vm.check(transfer)
    vm.check(f"pciio-intr intx {edu}", timeout=90)
    unused(vm)


# Slots of one interrupt line, which no other device uses.
@scenario(cold=Machine(), devices={"edu": edu(addr="0x8"), "other": edu(addr="0xc")},
          log=LOG + ("genirq: Flags mismatch irq",), kernels=NEWEST)
def exclusive_line(vm, edu, other):
    """A function whose INTx Disable does not work gets a line of its own, and no other."""
    bound(vm, edu, other)
    mover = HelperModule(vm, "bar_mover")
    mover.set("unmask", edu)
    vm.check(f"pciio-intr exclusive {edu}", timeout=90)
    user = holding(vm, other, "intx", "idle")
    assert attempt(vm, edu, "intx 0 1") == "Address already in use"
    user.kill()
    assert attempt(vm, edu, "intx 0 1") == "ok"
    clean(vm)


@scenario(devices={"edu": edu()}, log=LOG)
def msi(vm, edu):
    """A message for each interrupt, also one that came while it was masked."""
    bound(vm, edu)
    for program in builds(vm, "pciio-intr"):
        vm.check(f"{program} msi {edu}", timeout=60)
    clean(vm)


@scenario(devices={"net": e1000e()}, kernels=ON_AMD64, log=LOG)
def msix(vm, net):
    """Five vectors, each for itself, masked, closed and opened again, and added later."""
    bound(vm, net)
    for program in builds(vm, "pciio-intr"):
        vm.check(f"{program} msix {net} {vm.e1000e_sends}", timeout=60)
    clean(vm)
    # What was allocated keeps no driver from binding.
    vm.modprobe("e1000e")
    vm.bind(net, "e1000e")


@scenario(devices={"edu": edu()}, log=LOG)
def rights(vm, edu):
    """Reads and writes of every size, eventfd, and who shares or has received a descriptor."""
    bound(vm, edu)
    for program in builds(vm, "pciio-intr-edges"):
        vm.check(f"{program} rights {edu}", timeout=60)
    clean(vm)


def attempt(vm, function, words):
    """What becomes of a request."""
    return vm.check(f"pciio-intr-edges try {function} {words}").stdout.strip()


@scenario(devices={"net": e1000e(), "edu": edu(), "display": bochs_display()}, log=LOG)
def refusals(vm, net, edu, display):
    """Each has an errno of its own."""
    load(vm)
    assert attempt(vm, edu, "msi 0 1 master") == "Transport endpoint is not connected"
    vm.modprobe("e1000e")
    vm.wait_until(f"[ -e {net.sysfs}/driver ]")
    assert attempt(vm, net, "msix 0 1 master") == "Device or resource busy"
    for function in (net, edu, display):
        vm.bind(function, "pciio")
    assert attempt(vm, net, "msix 5 1 master") == "Numerical result out of range"
    assert attempt(vm, net, "msix 0 6 master") == "Numerical result out of range"
    assert attempt(vm, net, "msix 0 5") == "No route to host"
    assert attempt(vm, edu, "msix 0 1 master") == "Operation not supported"
    assert attempt(vm, display, "intx 0 1") == "No such device or address"
    assert attempt(vm, edu, "intx 0 1") == "ok"
    user = holding(vm, edu, "msi", "idle")
    assert attempt(vm, edu, "msi 0 1 master") == "File exists"
    assert attempt(vm, edu, "intx 0 1") == "Protocol wrong type for socket"
    user.kill()
    assert attempt(vm, edu, "intx 0 1") == "ok"
    clean(vm)


@scenario(devices={"edu": edu()}, log=LOG)
def isolation(vm, edu):
    """Without interrupt remapping, messages and a BAR that could forge them exclude each other."""
    bound(vm, edu)
    assert attempt(vm, edu, "msi 0 1 master") == "ok"
    assert attempt(vm, edu, "msi 0 1 master forger") == "Permission denied"
    assert attempt(vm, edu, "intx 0 1 forger") == "ok"
    user = holding(vm, edu, "msi", "idle")
    assert Holder(vm, edu, 0, "activate", "rw").first == "Permission denied"
    user.kill()
    vm.check(f"echo 1 >{PARAMETER}")
    assert attempt(vm, edu, "msi 0 1 master forger") == "ok"
    assert int(vm.check("cat /proc/sys/kernel/tainted").stdout) & TAINT_USER
    clean(vm)


@scenario(cold=REMAPPING, devices={"usb": xhci_msi()}, log=LOG)
def one_message(vm, usb):
    """The vectors of MSI, of which there are several with remapping, share a message: closing
    the first takes it from no other."""
    must_remap(vm)
    bound(vm, usb)
    vm.check(f"pciio-intr-edges message {usb} {capability(vm, usb, MSI)}", timeout=60)
    clean(vm)


@scenario(devices={"edu": edu()}, log=LOG)
def bus_mastering(vm, edu):
    """What a program turns off stays off, though a vector wanted it, and others activate."""
    bound(vm, edu)
    user = holding(vm, edu, "msi", "idle")
    on = register(vm, edu, COMMAND, 2)
    assert on & MASTER
    register(vm, edu, COMMAND, 2, on & ~MASTER)
    assert Holder(vm, edu, 0, "activate").ask("read 0") == "0x010000ed"
    assert not register(vm, edu, COMMAND, 2) & MASTER
    user.kill()
    assert not register(vm, edu, COMMAND, 2) & MASTER
    assert attempt(vm, edu, "msi 0 1 master") == "ok"
    assert not register(vm, edu, COMMAND, 2) & MASTER


@scenario(devices={"edu": edu()}, log=LOG)
def without_power(vm, edu):
    """Who may only ask for the number of vectors does not wake a function in D3cold."""
    bound(vm, edu)
    mover = HelperModule(vm, "bar_mover")

    def asked():
        with vm.trace(config=True) as trace:
            said = vm.check(f"pciio-intr-edges ask {edu} msi", user="nobody").stdout.strip()
        return said, bool(trace.config(edu))

    assert asked() == ("1", True)
    mover.set("cold", f"{edu} 1")
    assert asked() == ("Input/output error", False)
    mover.set("cold", f"{edu} 0")
    assert asked() == ("1", True)


@scenario(devices={"disk": nvme(msix_qsize=2048)},
          log=LOG + ("Interrupt reservation exceeds available resources",))
def many(vm, disk):
    """64 vectors by one request, and all end; more than the machine has leave none."""
    bound(vm, disk)
    assert attempt(vm, disk, "msix 0 64 master") == "ok"
    assert attempt(vm, disk, "msix 0 2048 master") == "No space left on device"
    user = vm.spawn(f"exec pcibar irq wait --bus-master --vector 0+64 {disk}")
    vm.wait_until("[ $(grep -c pciio-msix /proc/interrupts) = 64 ]")
    vm.unbind(disk)
    user.wait().expect(4)
    clean(vm)


DEAD = {"read": "No such device", "poll": "dead"}
DISTURBED = {"read": "Connection reset by peer", "poll": "disturbed"}
WAYS = [(kind, how) for kind in ("intx", "msi", "msix") for how in ("read", "poll")]


def woken(user, how, why):
    """Checks what has woken four threads that wait."""
    said = [user.reply() for _ in range(4)]
    assert said == [why[how]] * 4


@scenario(devices={"net": e1000e()}, log=LOG)
def woken_up(vm, net):
    """Who waits wakes up when the function is reset, unbound or removed."""
    bound(vm, net)
    for kind, how in WAYS:
        user = holding(vm, net, kind, how)
        vm.check(f"echo 1 >{net.sysfs}/reset")
        woken(user, how, DISTURBED)
        user = holding(vm, net, kind, how)
        vm.unbind(net)
        woken(user, how, DEAD)
        vm.check(f"echo {net} >/sys/bus/pci/drivers/pciio/bind")
    user = holding(vm, net, "msix", "poll")
    vm.check(f"echo 1 >{net.sysfs}/remove")
    woken(user, "poll", DEAD)
    clean(vm)


@scenario(devices={"disk": nvme()}, log=LOG)
def reset_by_write(vm, disk):
    """A function level reset by PCIOCWRITE wakes who waits; vectors can be opened again."""
    bound(vm, disk)
    place = capability(vm, disk, EXPRESS) + DEVICE_CONTROL
    value = register(vm, disk, place, 2) | FLR
    for kind, how in (("intx", "read"), ("msix", "read"), ("msix", "poll")):
        user = holding(vm, disk, kind, how)
        register(vm, disk, place, 2, value)
        woken(user, how, DISTURBED)
    assert attempt(vm, disk, "msix 0 1 master") == "ok"
    clean(vm)


@scenario(devices={"net": e1000e()}, log=LOG)
def reset_by_the_bridge(vm, net):
    """So does a reset of the bus by a write to the port above."""
    bound(vm, net)
    user, port = holding(vm, net, "msix", "read"), bridge(vm, net)
    control = register(vm, port, BRIDGE_CONTROL, 2)
    register(vm, port, BRIDGE_CONTROL, 2, control | BUS_RESET)
    woken(user, "read", DISTURBED)
    register(vm, port, BRIDGE_CONTROL, 2, control)
    assert attempt(vm, net, "msix 0 1 master") == "ok"
    clean(vm)


@scenario(cold=Machine(options=("-device", "nvme-subsys,id=subsystem")),
          devices={"disk": nvme_sriov(2, "subsystem", bus="port0")},
          log=(*LOG, r"pci-pf-stub \S+: reset(ting| done)"), kernels=NEWEST)
def reset_of_the_physical(vm, disk):
    """PCIOCRESET of a physical function wakes who waits for a virtual one.

    6.1 allocates no vectors for a virtual function of QEMU's whose PF has only this driver.
    """
    load(vm)
    vm.modprobe("pci-pf-stub")
    vm.bind(disk, "pci-pf-stub")
    vm.check(f"echo 1 >{disk.sysfs}/sriov_numvfs")
    virtual = Function(vm, "virtfn0", disk.device, vm.check(
        f"basename $(readlink {disk.sysfs}/virtfn0)").stdout.strip())
    vm.bind(virtual, "pciio")
    user = holding(vm, virtual, "msix", "read")
    assert vm.check(f"pciio-function reset {disk} share").stdout.strip() == "ok"
    woken(user, "read", DISTURBED)
    clean(vm)


@scenario(devices={"net": e1000e()}, log=LOG)
def unplugged(vm, net):
    """Who waits wakes up when the function is unplugged."""
    bound(vm, net)
    user = holding(vm, net, "msix", "read")
    vm.unplug(net)
    woken(user, "read", DEAD)
    clean(vm)


@scenario(devices={"net": e1000e(), "edu": edu()}, log=LOG)
def suspend(vm, net, edu):
    """Who waits wakes up after a sleep of the system, and interrupts come as before."""
    bound(vm, net, edu)
    reading, polling = holding(vm, net, "msix", "read"), holding(vm, edu, "intx", "poll")
    vm.check("echo 0 >/sys/module/suspend/parameters/pm_test_delay")
    away(vm, "echo platform >/sys/power/pm_test && echo freeze >/sys/power/state").expect(0)
    woken(reading, "read", DISTURBED)
    woken(polling, "poll", DISTURBED)
    vm.check(f"pciio-intr msix {net} {vm.e1000e_sends} && pciio-intr msi {edu}")
    clean(vm)


@scenario(cold=NATIVE, devices={"net": e1000e(bus="port0")}, log=LOG + ERRORS)
def recovered(vm, net):
    """After the recovery from an error a vector is what it was, also one whose table is lost."""
    load(vm)
    # What the driver saves is a function that decodes nothing.
    register(vm, net, COMMAND, 2, 0)
    vm.bind(net, "pciio")
    reading = holding(vm, net, "msix", "read")
    fail(vm, net, "port0")
    woken(reading, "read", DISTURBED)
    user = holding(vm, net, "msix", "fire")
    assert user.ask("fire") == "event"
    # As a reset leaves it, whatever that of QEMU does.
    for offset in range(0, ENTRY, 4):
        vm.check(f"pciio-bario {net} {TABLE} {offset} 4 0")
    vm.check("dmesg -c >/dev/null")
    fail(vm, net, "port0")
    vm.wait_until("dmesg | grep -q 'device recovery successful'")
    assert user.ask("read") == "Connection reset by peer"
    assert user.ask("fire") == "event"
    user.kill()
    clean(vm)


@scenario(cold=Machine(smp=2), devices={
    "net": e1000e(bus="port0", addr="0.0", multifunction=True),
    "late": e1000e(bus="port0", addr="0.1")}, log=LOG)
def bound_while_removed(vm, net, late):
    """A driver may bind between the halves of a removal; vectors end before the device does."""
    load(vm)
    driver = HelperModule(vm, "awkward_driver")
    vm.bind(net, "awkward_driver")
    driver.set("remove_waits", 1)
    driver.set("del_waits", 1)
    port = bridge(vm, net)
    removing = vm.spawn(f"echo 1 >/sys/bus/pci/devices/{port}/remove")
    driver.wait_for("state", "removing")
    vm.bind(late, "pciio")
    waiting = holding(vm, late, "msix", "read")
    driver.set("remove_waits", 0)
    driver.wait_for("state", "deleting")
    woken(waiting, "read", DEAD)
    clean(vm)
    driver.set("del_waits", 0)
    removing.wait(timeout=soon()).expect(0)


@scenario(devices={"edu": edu()}, log=LOG)
def killed(vm, edu):
    """A holder that is killed leaves nothing, also when the device asserts its line."""
    bound(vm, edu)
    for kind in ("intx", "msi"):
        user = holding(vm, edu, kind, "raised")
        vm.check(f"grep -q 'pciio-{kind}.0.({edu})' /proc/interrupts")
        user.job.signal("KILL")
        vm.wait_until("! grep -q pciio- /proc/interrupts", timeout=soon())
        user.job.wait()
        assert attempt(vm, edu, f"{kind} 0 1 master") == "ok"
    clean(vm)


@scenario(cold=Machine(smp=2), devices={"edu": edu()}, log=LOG)
def churn(vm, edu):
    """A thousand opens and closes while the device fires."""
    bound(vm, edu)
    vm.check(f"pciio-intr-edges churn {edu}", timeout=90)
    clean(vm)
