# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module: its interface, and what becomes of mappings."""

from harness.devices import bochs_display, e1000e, edu, ivshmem, nvme, rtl8139, sdhci
from harness.holder import Holder, command, enable, held
from harness.kernels import EVERYWHERE, NEWEST_EVERYWHERE, ON_AMD64
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.scenario import scenario

GIB = 1 << 30
EDU_ID = "0x010000ed"


@scenario(devices={"edu": edu(), "memory": ivshmem(16 * GIB), "net": rtl8139()}, log=LOG,
          kernels=EVERYWHERE)
def interface(vm, edu, memory, net):
    """Every request of FreeBSD, its results and refusals."""
    load(vm)
    enable(vm, edu, memory, net)
    vm.check(f"pciio-abi {edu} {memory} {net}")
    with open(memory.backing_file(), "rb") as file:
        file.seek(12 * GIB)
        assert file.read(4) == bytes.fromhex("4000ed5e")


@scenario(devices={"edu": edu()}, log=LOG, kernels=NEWEST_EVERYWHERE)
def rights(vm, edu):
    load(vm)
    assert vm.check("stat -c '%a %U:%G' /dev/pci").stdout == "644 root:root\n"
    enable(vm, edu)
    vm.check(f"pciio-rights {edu}")


@scenario(devices={"memory": ivshmem(16 * GIB)}, log=LOG, kernels=EVERYWHERE)
def huge_leaves(vm, memory):
    """Page tables of a large BAR, and all that the kernel may do to a 2 MiB page."""
    load(vm)
    enable(vm, memory)
    for topic in ("sparse", "small_pages", "faults", "split", "forked", "soft_dirty", "taken"):
        vm.check(f"pciio-huge {memory} {topic}")


@scenario(cold=Machine(smp=2, cpu="max"), devices={"memory": ivshmem(16 * GIB)},
          kernels=ON_AMD64, log=LOG, timeout=240)
def first_touch(vm, memory):
    """Two threads touch one chunk for the first time, 10,000 times."""
    load(vm)
    enable(vm, memory)
    vm.check(f"pciio-huge {memory} race", timeout=200)


@scenario(devices={"edu": edu(), "display": bochs_display()}, log=LOG, kernels=EVERYWHERE)
def removal(vm, edu, display):
    """A mapping, a child's and a descriptor die with the function, and wake who waits."""
    load(vm)
    enable(vm, edu, display)
    parent, child = held(vm, edu, 0), held(vm, edu, 0, "fork")
    other = held(vm, display, 0)
    assert parent.ask("read 0") == child.ask("read 0") == EDU_ID
    assert parent.ask("poll") == "live"
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    for holder in (parent, child):
        assert holder.ask("read 0") == "SIGBUS"
        assert holder.ask("poll") == "dead"
        assert holder.ask("map") == "No such device"
    assert "state: dead" in parent.ask("info").replace("\t", " ")
    assert other.ask("read 0") != "SIGBUS"
    vm.check("echo 1 >/sys/bus/pci/rescan")
    enable(vm, edu)
    assert parent.ask("read 0") == "SIGBUS"
    again = held(vm, edu, 0)
    assert again.ask("read 0") == EDU_ID


@scenario(log=LOG)
def another_device(vm):
    """A device of another kind at the address of one that was unplugged."""
    load(vm)
    # Each has one memory BAR, which begins where the port's window does.
    first = vm.plug(sdhci())
    enable(vm, first)
    holder = held(vm, first, 0, "rw")
    start, value = first.bar(0)[0], holder.ask("read 0")
    assert value != "SIGBUS"
    vm.unplug(first)
    assert holder.ask("wait") == "dead"
    second = vm.plug(edu())
    enable(vm, second)
    assert second.bar(0)[0] == start
    assert held(vm, second, 0).ask("read 0") == EDU_ID
    assert holder.ask("read 0") == holder.ask("write 4 1") == "SIGBUS"


@scenario(devices={"net": e1000e()}, log=LOG, kernels=EVERYWHERE)
def driver(vm, net):
    """A driver takes the function: mappings wait, and continue when it has left."""
    load(vm)
    vm.modprobe("e1000e")
    vm.unbind(net)
    before = command(vm, net)
    holder = held(vm, net, 0, "activate")
    value = holder.ask("read 8")
    assert value != "SIGBUS"
    vm.bind(net, "e1000e")
    assert holder.ask("poll") == "suspended"
    assert holder.ask("read 8") == "SIGBUS"
    assert Holder(vm, net, 0).first == "Device or resource busy"
    # The driver finds a normal device and works with it.
    assert int(command(vm, net), 16) & 0x6 == 0x6
    vm.wait_until(f"[ -e {net.sysfs}/net ]")
    vm.unbind(net)
    assert holder.ask("poll") == "live"
    assert holder.ask("read 8") != "SIGBUS"
    holder.kill()
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")
    assert command(vm, net) == before


@scenario(devices={"edu": edu(), "net": rtl8139()}, log=LOG, kernels=EVERYWHERE)
def activation(vm, edu, net):
    """Decoding is on while a user needs it, and as it was after the last."""
    load(vm)
    assert command(vm, edu) == "0000"
    assert Holder(vm, edu, 0).first == "Device or resource busy"
    first, second = held(vm, edu, 0, "activate"), held(vm, edu, 0, "activate")
    assert command(vm, edu) == "0402"
    assert first.ask("read 0") == second.ask("read 0") == EDU_ID
    first.kill()
    assert second.ask("read 0") == EDU_ID
    second.kill()
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")
    assert command(vm, edu) == "0000"
    rom = held(vm, net, "rom", "activate")
    assert rom.ask("read 0").endswith("aa55")
    assert Holder(vm, net, "rom", "activate", "rw").first == "Permission denied"
    assert Holder(vm, net, "rom").first == "Device or resource busy"
    # Another program takes the module's count of users away: the module does not complain.
    holder = held(vm, edu, 0, "activate")
    vm.check(f"echo 0 >{edu.sysfs}/enable")
    holder.kill()
    rom.kill()
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")
    assert command(vm, edu) == "0000"


@scenario(devices={"edu": edu()}, log=LOG, kernels=EVERYWHERE)
def decode(vm, edu):
    """Decoding turned off and on through the module itself."""
    load(vm)
    enable(vm, edu)
    holder = held(vm, edu, 0)
    assert holder.ask("read 0") == EDU_ID
    vm.check(f"pciio-conf {edu} 4 2 0")
    assert holder.ask("read 0") == "SIGBUS"
    assert holder.ask("poll") == "suspended"
    vm.check(f"pciio-conf {edu} 4 2 2")
    assert holder.ask("read 0") == EDU_ID
    assert holder.ask("poll") == "live"


@scenario(devices={"memory": ivshmem(64 << 20), "edu": edu()}, log=LOG)
def attributes(vm, memory, edu):
    """What was asked for is what the kernel has reserved, and it is gone afterwards."""
    vm.check("mount -t debugfs none /sys/kernel/debug")
    load(vm)
    enable(vm, memory, edu)

    start = memory.bar(2)[0]

    def reserved():
        lines = vm.check("cat /sys/kernel/debug/x86/pat_memtype_list").stdout.splitlines()
        return [line.rpartition(" ")[2] for line in lines if f"{start:016x}-" in line]

    assert not reserved()
    holder = held(vm, memory, 2, "wc")
    assert reserved() == ["write-combining"]
    assert Holder(vm, memory, 2).first == "Device or resource busy"
    same = held(vm, memory, 2, "wc", "rw")
    assert same.ask("write 0 7") == "ok" and holder.ask("read 0") == "0x00000007"
    shown = vm.check("cat /sys/kernel/debug/pciio/maps").stdout
    assert shown.count(f"{memory} BAR2") == 2 and shown.count(" wc") == 2
    holder.kill()
    same.kill()
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")
    assert not reserved()
    holder = held(vm, memory, 2)
    assert reserved() == ["uncached-minus"]
    # The type of another mapping decides.
    other = held(vm, edu, 0)
    assert other.ask("read 0") == EDU_ID
    vm.check(f"echo 1 >{memory.sysfs}/remove")
    assert not reserved()


@scenario(devices={"disk": nvme(), "edu": edu()}, log=LOG + ("nvme nvme0: ", "nvme 0000:"),
          kernels=EVERYWHERE)
def exclusive(vm, disk, edu):
    """One user, whom not even a driver's probe can disturb."""
    load(vm)
    enable(vm, disk, edu)
    shared = held(vm, edu, 0)
    assert Holder(vm, edu, 0, "exclusive").first == "Device or resource busy"
    shared.kill()
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")
    holder = held(vm, edu, 0, "exclusive")
    assert Holder(vm, edu, 0).first == "Device or resource busy"
    only = held(vm, disk, 0, "exclusive")
    value = only.ask("read 8")
    vm.modprobe("nvme")
    vm.check(f"[ ! -e {disk.sysfs}/driver ]")
    assert only.ask("read 8") == value
    only.kill()
    holder.kill()
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")
    assert "pciio" not in vm.check("cat /proc/iomem").stdout


@scenario(log=LOG, kernels=EVERYWHERE)
def shared_page(vm):
    """A page with two BARs is refused, unless the user says so."""
    load(vm)
    net, card = vm.plug_together({"net": rtl8139(), "card": sdhci()})
    enable(vm, net, card)
    assert net.bar(1)[0] >> 12 == card.bar(0)[0] >> 12
    assert Holder(vm, net, 1).first == "Address already in use"
    holder = held(vm, net, 1, "share-page")
    seen = vm.check(f"pcibar read {net} 1 0 --share-page --backend sysfs").stdout.strip()
    assert holder.ask("read 0") == seen


@scenario(devices={"net": e1000e()}, log=LOG, kernels=EVERYWHERE)
def reset(vm, net):
    """Resets while mappings are touched: no fault is refused, nothing hangs."""
    load(vm)
    holder = held(vm, net, 0, "activate")
    for _ in range(5):
        vm.check(f"echo 1 >{net.sysfs}/reset")
        assert holder.ask("read 8") != "SIGBUS"
    vm.check(f"echo pciio >{net.sysfs}/driver_override; echo {net} >/sys/bus/pci/drivers_probe")
    for _ in range(5):
        vm.check(f"echo 1 >{net.sysfs}/reset")
        assert holder.ask("read 8") != "SIGBUS"
    assert holder.ask("poll") == "live"


@scenario(devices={"disk": nvme()}, log=LOG)
def msix(vm, disk):
    """A window with the MSI-X table is not given out to who should not have it."""
    load(vm)
    enable(vm, disk)
    assert Holder(vm, disk, 0, "no-msix").first == "Operation not permitted"
    assert held(vm, disk, 0).ask("read 8") != "SIGBUS"


@scenario(devices={"net": e1000e()}, log=LOG)
def beside_a_driver(vm, net):
    """Nothing remains of a program that has shared with a driver."""
    load(vm)
    vm.modprobe("e1000e")
    holder = held(vm, net, 1, "activate", "share-driver")
    assert int(command(vm, net), 16) & 0x4
    vm.unbind(net)
    after = command(vm, net)
    holder.kill()
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")
    assert not int(command(vm, net), 16) & 0x4, (after, command(vm, net))
