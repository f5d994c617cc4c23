# SPDX-License-Identifier: BSD-2-Clause
"""Memory attributes: what page tables and the kernel's list say, and who decides."""

from harness import page_table
from harness.devices import bochs_display, e1000e, edu, ivshmem
from harness.holder import Holder, command, enable, held, unused
from harness.kernels import ON_AMD64
from harness.machine import Machine
from harness.page_table import leaf, reserved
from harness.pciio_module import LOG, load
from harness.scenario import scenario

GIB = 1 << 30
MIB = 1 << 20
PAGE = 4096
BUSY = "Device or resource busy"
REFUSED = "Operation not supported"


def leaves(vm, function, bar, type_, size, words=(), offsets=(0,)):
    """A new holder's leaves at OFFSETS: of this type and size, and of the BAR's addresses."""
    start, length = function.bar(bar)
    holder = held(vm, function, bar, *words)
    assert reserved(vm, start, max(length, PAGE)) == {type_}
    for offset in offsets:
        assert leaf(holder, offset).size == 0
        assert holder.ask(f"read {offset:#x}") != "SIGBUS"
        found = leaf(holder, offset)
        expected = page_table.Leaf(size, start + offset & -size, type_, writable="rw" in words,
                                   executable=False, special=True)
        assert found == expected
    flags = vm.check(f"grep -A30 'pciio:.*{function}' /proc/$(pidof pciio-hold)/smaps | "
                     "grep -m1 VmFlags").stdout.split()
    assert {"pf", "io", "de", "dd"} <= set(flags) and "mm" not in flags
    holder.kill()
    unused(vm)


@scenario(devices={"memory": ivshmem(16 * GIB), "display": bochs_display(), "edu": edu()},
          kernels=ON_AMD64, log=LOG)
def page_tables(vm, memory, display, edu):
    """The type that was asked for is in the leaves, small and large, and nothing is above 2 MiB."""
    load(vm)
    page_table.load(vm)
    enable(vm, memory, display, edu)
    far = (0, 12 * GIB + 5 * PAGE, 16 * GIB - PAGE)
    for words, type_ in (((), "UC-"), (("wc",), "WC")):
        leaves(vm, memory, 2, type_, 2 * MIB, ("rw", *words), far)
        leaves(vm, memory, 2, type_, PAGE, ("rw", "small", *words), far)
        leaves(vm, display, 0, type_, 2 * MIB, words, (0, 3 * MIB))
        leaves(vm, edu, 0, type_, PAGE, words, (0x80,))
    # An address that a 1 GiB page would fit, and one that none of 2 MiB does.
    leaves(vm, memory, 2, "WC", 2 * MIB, ("giant", "wc"), far)
    leaves(vm, memory, 2, "UC-", PAGE, ("odd",), far)
    # One fault fills up to the next multiple of 2 MiB, each page with its own address.
    start = memory.bar(2)[0]
    holder = held(vm, memory, 2, "odd", "wc")
    assert holder.ask("read 0") != "SIGBUS"
    last = leaf(holder, 2 * MIB - 2 * PAGE)
    assert (last.size, last.address, last.type) == (PAGE, start + 2 * MIB - 2 * PAGE, "WC")
    assert leaf(holder, 2 * MIB - PAGE).size == 0


@scenario(devices={"memory": ivshmem(64 * MIB)}, log=LOG)
def beside_sysfs(vm, memory):
    """A mapping of sysfs decides the type, and requests for the other are refused."""
    load(vm)
    page_table.load(vm)
    enable(vm, memory)
    start, size = memory.bar(2)
    for file, type_, same, other in (("resource2", "UC-", (), ("wc",)),
                                     ("resource2_wc", "WC", ("wc",), ())):
        holder = held(vm, f"{memory.sysfs}/{file}", 2)
        assert reserved(vm, start, size) == {type_}
        assert leaf(holder, 0).type == type_
        assert Holder(vm, memory, 2, *other).first == BUSY
        assert Holder(vm, memory, 2, "small", *other).first == BUSY
        both = held(vm, memory, 2, *same)
        assert both.ask("read 0") != "SIGBUS"
        assert leaf(both, 0).type == type_
        # Nothing remains of refused requests, and the other users keep the type.
        holder.kill()
        assert reserved(vm, start, size) == {type_}
        assert Holder(vm, memory, 2, *other).first == BUSY
        both.kill()
        unused(vm)
        assert not reserved(vm, start, size)


@scenario(devices={"net": e1000e()}, log=LOG)
def beside_a_driver(vm, net):
    """A driver's type decides; our own never reaches what a driver maps for itself."""
    load(vm)
    page_table.load(vm)
    vm.modprobe("e1000e")
    start, size = net.bar(0)
    assert reserved(vm, start, size) == {"UC-"}
    assert Holder(vm, net, 0, "share-driver", "wc").first == BUSY
    sharer = held(vm, net, 0, "share-driver")
    assert sharer.ask("read 8") != "SIGBUS"
    assert leaf(sharer, 8).type == "UC-"
    sharer.kill()
    unused(vm)
    vm.unbind(net)
    holder = held(vm, net, 0, "activate", "wc")
    assert holder.ask("read 8") != "SIGBUS"
    assert reserved(vm, start, size) == {"WC"}
    vm.bind(net, "e1000e")
    assert reserved(vm, start, size) == {"UC-"}
    assert leaf(holder, 8).size == 0
    vm.unbind(net)
    assert reserved(vm, start, size) == {"WC"}
    assert holder.ask("read 8") != "SIGBUS"
    assert leaf(holder, 8).type == "WC"


@scenario(devices={"memory": ivshmem(64 * MIB)}, log=LOG)
def lost(vm, memory):
    """Another program took another type while a driver was bound: the mapping waits for its own."""
    load(vm)
    page_table.load(vm)
    vm.modprobe("pci-stub")
    enable(vm, memory)
    start, size = memory.bar(2)
    holder = held(vm, memory, 2, "wc")
    value = holder.ask("read 0")
    vm.bind(memory, "pci-stub")
    assert not reserved(vm, start, size)
    other = held(vm, f"{memory.sysfs}/resource2", 2)
    vm.unbind(memory)
    assert "reason: attribute" in holder.ask("info").replace("\t", " ")
    assert holder.ask("poll") == "suspended"
    assert holder.ask("read 0") == "SIGBUS"
    assert reserved(vm, start, size) == {"UC-"}
    other.kill()
    assert holder.ask("read 0") == value
    assert leaf(holder, 0).type == "WC"
    assert holder.ask("poll") == "live"


@scenario(cold=Machine(append="nopat"), devices={"memory": ivshmem(64 * MIB), "edu": edu()},
          log=LOG)
def nopat(vm, memory, edu):
    """Without the page attribute table there is no write-combining, and no substitute for it."""
    load(vm)
    page_table.load(vm)
    for words in (("wc",), ("wc", "activate"), ("wc", "small")):
        before = command(vm, memory)
        assert Holder(vm, memory, 2, *words).first == REFUSED
        assert command(vm, memory) == before
    for function, bar, size in ((memory, 2, 2 * MIB), (edu, 0, PAGE)):
        holder = held(vm, function, bar, "activate")
        assert holder.ask("read 0") != "SIGBUS"
        found = leaf(holder, 0)
        assert (found.size, found.type) == (size, "UC-")
