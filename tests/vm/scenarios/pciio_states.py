# SPDX-License-Identifier: BSD-2-Clause
"""States of mappings: what becomes of them by registers, resets, virtual functions and removal."""

from harness.devices import e1000e, edu, ivshmem, nvme, nvme_sriov, rtl8139
from harness.holder import Holder, command, enable, held, unused
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.registers import capability, register
from harness.scenario import scenario
from harness.vfio import REMAPPING, must_remap
from harness.vm import Function

EDU_ID = "0x010000ed"
COMMAND, MASTER, ROM = 4, 4, 0x30
POWER, MSIX = 1, 0x11
# A register of e1000e that reads as something.
STATUS = 8


def state(holder):
    """What the descriptor's fdinfo says: state, reasons and dma."""
    words = holder.ask("info").split()
    return [words[index + 1] for index, word in enumerate(words)
            if word in ("state:", "reason:", "dma:")]


@scenario(devices={"net": e1000e(), "edu": edu(), "memory": ivshmem(1 << 20)}, log=LOG)
def registers(vm, net, edu, memory):
    """Writes through the module that take the ground away, and give it back."""
    load(vm)
    enable(vm, net, edu, memory)
    holder, other = held(vm, net, 0), held(vm, edu, 0)
    value = holder.ask(f"read {STATUS}")

    def suspended(reason):
        assert holder.ask("wait") == "suspended"
        assert holder.ask(f"read {STATUS}") == "SIGBUS"
        assert state(holder)[:2] == ["suspended", reason]

    def live():
        assert holder.ask(f"read {STATUS}") == value
        assert state(holder) == ["live", "off"]

    assert value != "SIGBUS"
    live()
    power = capability(vm, net, POWER) + 4
    awake = register(vm, net, power, 2)
    register(vm, net, power, 2, awake | 3)
    suspended("power")
    assert other.ask("poll") == "live" and other.ask("read 0") == EDU_ID
    register(vm, net, power, 2, awake)
    live()
    assert holder.ask("poll") == "live"
    base = register(vm, net, 0x10, 4)
    for moved in (base + (64 << 20), 0xffffffff, 0):
        register(vm, net, 0x10, 4, moved)
        suspended("moved")
        register(vm, net, 0x10, 4, base)
        live()
    # Another BAR of the same function moves: this one stays.
    second = register(vm, net, 0x14, 4)
    register(vm, net, 0x14, 4, second + (64 << 20))
    live()
    register(vm, net, 0x14, 4, second)
    # The upper half of a BAR of 64 bits, and the expansion ROM with its own decoder.
    upper, ram = register(vm, memory, 0x1c, 4), held(vm, memory, 2)
    register(vm, memory, 0x1c, 4, upper + 1)
    assert ram.ask("wait") == "suspended" and state(ram)[1] == "moved"
    register(vm, memory, 0x1c, 4, upper)
    assert ram.ask("poll") == "live"
    rom = held(vm, net, "rom", "activate")
    image = rom.ask("read 0")
    place = register(vm, net, ROM, 4)
    for wrong, reason in ((place & ~1, "decode"), (place + (1 << 20), "moved")):
        register(vm, net, ROM, 4, wrong)
        assert rom.ask("wait") == "suspended" and state(rom)[1] == reason
        assert rom.ask("read 0") == "SIGBUS"
        register(vm, net, ROM, 4, place)
        assert rom.ask("poll") == "live" and rom.ask("read 0") == image
    live()
    # Two reasons at once: one that goes is not enough.
    decode = register(vm, net, COMMAND, 2)
    register(vm, net, COMMAND, 2, decode & ~2)
    suspended("decode")
    register(vm, net, power, 2, awake | 3)
    assert state(holder)[:3] == ["suspended", "decode", "power"]
    register(vm, net, COMMAND, 2, decode)
    suspended("power")
    register(vm, net, power, 2, awake)
    live()


@scenario(cold=Machine(smp=2), log=LOG + (r"pcieport \S+: unlocked secondary bus reset",))
def storm(vm):
    """Faults as fast as they can, through resets of every kind: not one of them is refused."""
    load(vm)
    # The link of QEMU's ports never becomes active: bus resets succeed only for what has none.
    functions = [vm.plug(device) for device in (nvme(), e1000e(), edu())]
    methods = [vm.check(f"cat {each.sysfs}/reset_method").stdout.split()[0] for each in functions]
    assert methods == ["flr", "pm", "bus"]
    holders = [held(vm, each, 0, "activate") for each in functions]
    for driver in ("", "pciio"):
        for function, holder in zip(functions, holders):
            if driver:
                vm.bind(function, driver)
            vm.check(f"pciio-storm {function} 0 {STATUS} 10", timeout=60)
            assert holder.ask(f"read {STATUS}") != "SIGBUS"
            assert holder.ask("poll") == "live"


@scenario(devices={"net": rtl8139()}, log=LOG)
def io_only(vm, net):
    """What cannot be mapped is not activated for it either."""
    load(vm)
    before = command(vm, net)
    assert not int(before, 16) & 1
    with vm.trace(config=True) as trace:
        assert Holder(vm, net, 0, "activate").first == "Input/output error"
    assert "write" not in {op for op, _, _ in trace.config(net)}
    assert command(vm, net) == before


@scenario(devices={"net": e1000e()}, log=LOG)
def shown(vm, net):
    """What fdinfo and debugfs say of mappings, beside a driver and without."""
    load(vm)
    vm.check("mount -t debugfs none /sys/kernel/debug")

    def maps():
        return vm.check("cat /sys/kernel/debug/pciio/maps").stdout.splitlines()

    assert not maps()
    first = held(vm, net, 0, "activate", "rw")
    pids = vm.check("pidof pciio-hold").stdout.split()
    second = held(vm, net, "rom", "activate", "share-page")
    pids += set(vm.check("pidof pciio-hold").stdout.split()) - set(pids)
    lines = {f"{net} BAR0 pid {pids[0]} pciio-hold flags 0x5 uc",
             f"{net} ROM6 pid {pids[1]} pciio-hold flags 0x14 uc"}
    assert set(maps()) == lines
    info = dict(line.split(":", 1) for line in first.ask("info").replace("\t", "").split(" ")
                if line.count(":") == 1)
    assert info.items() >= {"bar": "0", "right": "rw", "attribute": "uc", "state": "live",
                            "dma": "off"}.items()
    assert f"function:\t{net} " in first.ask("info")
    assert "right:\tro " in second.ask("info")
    # A function that may write to memory, with nothing in between, is worth all of it.
    com = register(vm, net, COMMAND, 2)
    register(vm, net, COMMAND, 2, com | MASTER)
    assert state(first) == state(second) == ["live", "unprotected"]
    register(vm, net, COMMAND, 2, com & ~MASTER)
    assert state(first) == state(second) == ["live", "off"]
    vm.modprobe("pci-stub")
    vm.bind(net, "pci-stub")
    assert state(first) == state(second) == ["suspended", "driver", "off"]
    # A driver may read the ROM, which is turned off afterwards.
    vm.check(f"echo 1 >{net.sysfs}/rom && head -c 2 {net.sysfs}/rom")
    vm.unbind(net)
    assert state(first) == state(second) == ["live", "off"]
    assert second.ask("read 0").endswith("aa55")
    second.kill()
    assert len(maps()) == 1
    vm.check(f"echo 1 >{net.sysfs}/remove")
    assert state(first) == ["dead", "dead", "off"]
    first.kill()
    unused(vm)
    assert not maps()


@scenario(cold=Machine(append="intel_iommu=on", options=("-device", "intel-iommu,intremap=off")),
          devices={"net": e1000e(), "memory": ivshmem(4 << 20)}, log=LOG)
def iommu(vm, net, memory):
    """A mapping that is given to another function's IOMMU: its addresses or an errno, no oops."""
    load(vm)
    holder = held(vm, memory, 2, "activate")
    register(vm, memory, COMMAND, 2, register(vm, memory, COMMAND, 2) | MASTER)
    # Interrupt messages are not remapped on this machine.
    assert state(holder) == ["live", "unprotected"]
    vm.bind(memory, "pciio")
    assert state(holder) == ["live", "unprotected"]
    vm.unbind(memory)
    vm.modprobe("vfio-pci", "vfio_iommu_type1")
    vm.bind(net, "vfio-pci")
    vm.check("echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts")
    given = vm.check(f"pciio-vfio {net} {memory} 2").stdout.strip()
    # 6.1's VFIO does not understand 2 MiB pages: that is what SMALL_PAGES is for.
    assert given == ("Invalid argument" if vm.image.kernel.series == "6.1" else "ok")
    assert vm.check(f"pciio-vfio {net} {memory} 2 small").stdout.strip() == "ok"


@scenario(cold=REMAPPING, devices={"memory": ivshmem(4 << 20)}, log=LOG)
def translated(vm, memory):
    """DMA is translated only while the driver pciio keeps others from claiming the group."""
    load(vm)
    holder = held(vm, memory, 2, "activate")
    register(vm, memory, COMMAND, 2, register(vm, memory, COMMAND, 2) | MASTER)
    assert state(holder) == ["live", "unprotected"]
    vm.bind(memory, "pciio")
    must_remap(vm)
    assert state(holder) == ["live", "translated"]
    vm.unbind(memory)
    assert state(holder) == ["live", "unprotected"]


@scenario(cold=Machine(options=("-device", "nvme-subsys,id=subsystem")),
          devices={"disk": nvme_sriov(2, "subsystem", bus="port0")}, log=LOG)
def virtual_functions(vm, disk):
    """A VF is a function of its own, decodes without its bit in COMMAND, and goes with the PF's."""
    load(vm)
    vm.modprobe("pci-pf-stub")
    vm.bind(disk, "pci-pf-stub")
    vm.check(f"echo 2 >{disk.sysfs}/sriov_numvfs")
    first, second = (Function(vm, name, disk.device, vm.check(
        f"basename $(readlink {disk.sysfs}/{name})").stdout.strip())
                     for name in ("virtfn0", "virtfn1"))
    before = command(vm, first)
    assert not int(before, 16) & 2
    pf = held(vm, disk, 0, "share-driver", "rw")
    holder, child = (held(vm, first, 0, "activate", "rw", *words) for words in ((), ("fork",)))
    other = held(vm, second, 0, "rw")
    assert "SIGBUS" not in {user.ask("read 0") for user in (holder, child, other)}
    assert command(vm, first) == before
    # QEMU does check the bit. The module must not: off again, and nothing is suspended.
    for function in (first, second):
        register(vm, function, COMMAND, 2, 2)
    # Registers stay hidden until the PF's driver has set the VF up, the MSI-X table does not.
    table = register(vm, first, capability(vm, first, MSIX) + 4, 4) & ~7
    for number, user in enumerate((pf, holder, other)):
        assert user.ask(f"write {table} {number + 1:#x}000") == "ok"
    assert [user.ask(f"read {table}") for user in (pf, holder, child, other)] == [
        f"0x0000{number}000" for number in (1, 2, 2, 3)]
    child.kill()
    assert command(vm, first) == "0002"
    register(vm, first, COMMAND, 2, 0)
    assert holder.ask("poll") == "live" and holder.ask("read 0") != "SIGBUS"
    holder.send("wait")
    vm.check(f"echo 0 >{disk.sysfs}/sriov_numvfs")
    assert holder.reply() == other.ask("poll") == "dead"
    assert holder.ask("read 0") == other.ask("read 0") == "SIGBUS"
    assert pf.ask("poll") == "live" and pf.ask(f"read {table}") == "0x00001000"
    vm.check(f"echo 1 >{disk.sysfs}/sriov_numvfs")
    assert held(vm, first, 0).ask("read 0") != "SIGBUS"
    assert holder.ask("read 0") == "SIGBUS"


@scenario(devices={"edu": edu()}, log=LOG)
def unplugged(vm, edu):
    """ACPI takes the function away under a process that waits for it, and under its child."""
    load(vm)
    enable(vm, edu)
    holder, child, waiting = held(vm, edu, 0), held(vm, edu, 0, "fork"), held(vm, edu, 0)
    assert holder.ask("read 0") == child.ask("read 0") == waiting.ask("read 0") == EDU_ID
    waiting.send("wait")
    vm.unplug(edu)
    assert waiting.reply() == "dead"
    for user in (holder, child, waiting):
        assert user.ask("read 0") == "SIGBUS"
        assert user.ask("poll") == "dead"
