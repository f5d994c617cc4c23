# SPDX-License-Identifier: BSD-2-Clause
"""A BAR that the kernel moves: its users have lost it, and nothing is left at its old place."""

from harness import page_table
from harness.devices import ivshmem
from harness.helper_module import HelperModule
from harness.holder import held, unused
from harness.page_table import leaf, reserved
from harness.pciio_module import LOG, load
from harness.scenario import scenario

MIB = 1 << 20
SIZE = 4 * MIB
VALUE = "0x600dbeef"


def iomem(vm):
    """[(depth, start, end, name)] of /proc/iomem, each within what it is under."""
    found, above = [], []
    for line in vm.check("cat /proc/iomem").stdout.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        span, _, name = line.strip().partition(" : ")
        start, end = (int(word, 16) for word in span.split("-"))
        above[depth:] = [(start, end)]
        if depth:
            first, last = above[depth - 1]
            assert first <= start and end <= last, f"{line.strip()} is outside of its parent"
        found.append((depth, start, end, name))
    return found


def found_by_open(vm, memory, _holder):
    """A new user, while the old one is still there."""
    return held(vm, memory, 2, "activate", "rw", "wc")


def found_by_poll(_vm, _memory, holder):
    assert holder.ask("poll") == "dead"


def found_by_touch(_vm, _memory, holder):
    # A page that has not been touched before.
    assert holder.ask(f"read {2 * MIB:#x}") == "SIGBUS"


def found_by_access(vm, memory, _holder):
    assert vm.check(f"pciio-bario {memory} 2 0 4").stdout.strip() == VALUE


CASES = ((("wc",), found_by_open), (("wc",), found_by_poll), (("wc",), found_by_touch),
         (("exclusive",), found_by_open), (("exclusive",), found_by_access))


@scenario(devices={"memory": ivshmem(SIZE)}, log=LOG)
def moved(vm, memory):
    """The old user is dead and says so, the next one works at once, whichever notices first."""
    load(vm)
    page_table.load(vm)
    mover = HelperModule(vm, "bar_mover")
    for words, find in CASES:
        old = memory.bar(2)[0]
        holder = held(vm, memory, 2, "activate", "rw", *words)
        assert holder.ask(f"write 0 {VALUE}") == "ok"
        mover.set("move", f"{memory} 2")
        new = memory.bar(2)[0]
        assert new != old
        other = find(vm, memory, holder)

        # Whatever was reserved there is free, and belongs to the next who gets the place.
        assert not reserved(vm, old, SIZE)
        claims = [line for line in iomem(vm) if line[3] == "pciio"]
        assert not claims
        assert holder.ask("poll") == "dead"
        assert "state: dead" in holder.ask("info").replace("\t", " ")
        assert holder.ask("read 0") == "SIGBUS"
        assert leaf(holder, 0).size == 0

        other = other or held(vm, memory, 2, "activate", "rw", "wc")
        assert other.ask("poll") == "live" and other.ask("read 0") == VALUE
        assert leaf(other, 0).address == new
        assert reserved(vm, new, SIZE) == {"WC"}
        assert vm.check(f"pciio-bario {memory} 2 0 4").stdout.strip() == VALUE
        other.kill()
        only = held(vm, memory, 2, "activate", "exclusive")
        claims = [line[1:3] for line in iomem(vm) if line[3] == "pciio"]
        assert claims == [(new, new + SIZE - 1)]
        for user in (holder, only):
            user.kill()
        unused(vm)
        assert not reserved(vm, new, SIZE)
