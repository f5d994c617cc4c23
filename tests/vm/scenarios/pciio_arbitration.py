# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module: who may be beside whom."""

from harness.devices import e1000e, edu, ivshmem, rtl8139, sdhci, tpci200
from harness.holder import Holder, command, enable, held, unused
from harness.pciio_module import LOG, load
from harness.scenario import scenario

BUSY = "Device or resource busy"
IN_USE = "Address already in use"
ABSENT = "No such file or directory\n"


def bario(vm, words, status=0):
    return vm.check(f"pciio-bario {words}", status=status).stdout


@scenario(devices={"edu": edu()}, log=LOG)
def exclusive(vm, edu):
    """Exclusive against shared both ways, by whatever request."""
    load(vm)
    only = held(vm, edu, 0, "exclusive", "activate")
    for words in ((), ("exclusive",), ("share-driver",), ("request",)):
        assert Holder(vm, edu, 0, *words).first == BUSY
    assert bario(vm, f"{edu} 0 0 4", status=1) == ABSENT
    assert only.ask("read 0") == "0x010000ed"
    assert only.ask("map") == "ok"
    only.kill()
    unused(vm)
    for words in ((), ("request",)):
        shared, other = held(vm, edu, 0, "activate", *words), held(vm, edu, 0)
        assert Holder(vm, edu, 0, "exclusive").first == BUSY
        assert bario(vm, f"{edu} 0 0 4") == "0x010000ed\n"
        shared.kill()
        assert Holder(vm, edu, 0, "exclusive", "activate").first == BUSY
        other.kill()
        unused(vm)


@scenario(devices={"memory": ivshmem(64 << 20)}, log=LOG)
def killed(vm, memory):
    """Nothing is left of a user who had all that there is to have."""
    vm.check("mount -t debugfs none /sys/kernel/debug")

    def traces():
        return vm.check("cat /proc/iomem /sys/kernel/debug/x86/pat_memtype_list").stdout

    load(vm)
    before, decoding = traces(), command(vm, memory)
    holder = held(vm, memory, 2, "exclusive", "activate", "wc", "rw", "fork")
    assert holder.ask("write 0 7") == "ok"
    during = traces()
    assert ": pciio" in during and "write-combining" in during
    assert command(vm, memory) != decoding
    holder.kill()
    unused(vm)
    assert traces() == before
    assert command(vm, memory) == decoding


@scenario(devices={"net": e1000e(), "memory": ivshmem(64 << 20)}, log=LOG)
def parameters(vm, net, memory):
    """What PCIOCBARMMAP and PCIOCBARIO have no flags for, set at any time."""
    def let(name, value):
        vm.check(f"echo {value} >/sys/module/pciio/parameters/{name}")

    vm.modprobe("e1000e")
    enable(vm, memory)
    load(vm)
    assert vm.check("cat /sys/module/pciio/parameters/*").stdout == 4 * "N\n"
    assert Holder(vm, net, 0, "request").first == BUSY
    # Memory and I/O.
    for words in (f"{net} 0 8 4", f"{net} 2 0 4"):
        assert bario(vm, words, status=1) == ABSENT
    let("share_driver", 1)
    holder = held(vm, net, 0, "request")
    assert holder.ask("read 8") == bario(vm, f"{net} 0 8 4").strip()
    bario(vm, f"{net} 2 0 4")
    # It is FreeBSD's requests that it is for: a descriptor has a flag.
    assert Holder(vm, net, 0).first == BUSY
    let("share_driver", 0)
    assert Holder(vm, net, 0, "request").first == BUSY
    holder.kill()

    large = held(vm, memory, 2, "request")
    assert int(large.ask("sparse")) <= 16
    let("small_pages", 1)
    small = held(vm, memory, 2, "request")
    assert int(small.ask("sparse")) >= 32 * 4
    for user in (large, small):
        user.kill()
    unused(vm)
    vm.check("rmmod pciio")
    load(vm, "share_driver=1", "share_page=1", "small_pages=1")
    assert vm.check("cat /sys/module/pciio/parameters/*").stdout == 3 * "Y\n" + "N\n"
    held(vm, net, 0, "request")


@scenario(log=LOG)
def same_page(vm):
    """Another BAR in the page, of another function or of the same one."""
    load(vm)
    net, card = vm.plug_together({"net": rtl8139(), "card": sdhci()})
    (bars,) = vm.plug_together({"bars": tpci200()})
    enable(vm, net, card, bars)
    pages = {bars.bar(index)[0] >> 12 for index in (0, 2, 3)}
    assert len(pages) == 1
    assert net.bar(1)[0] >> 12 == card.bar(0)[0] >> 12
    places = ((net, 1), (bars, 0), (bars, 2), (bars, 3))
    for function, index in places:
        assert Holder(vm, function, index).first == IN_USE
        assert Holder(vm, function, index, "request").first == IN_USE
        held(vm, function, index, "share-page")
    # A BAR with pages of its own is shared with no other.
    held(vm, bars, 4)
    vm.check("echo 1 >/sys/module/pciio/parameters/share_page")
    for function, index in places:
        held(vm, function, index, "request")
        assert Holder(vm, function, index).first == IN_USE
