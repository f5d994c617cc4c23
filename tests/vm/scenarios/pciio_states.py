# SPDX-License-Identifier: BSD-2-Clause
"""States of mappings: what becomes of them by registers, resets, virtual functions and removal."""

from harness.devices import e1000e, edu, rtl8139
from harness.holder import Holder, command, enable, held
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.scenario import scenario

EDU_ID = "0x010000ed"
STATUS = 8


def state(holder):
    """What the descriptor's fdinfo says: state, reasons and dma."""
    words = holder.ask("info").split()
    return [words[index + 1] for index, word in enumerate(words)
            if word in ("state:", "reason:", "dma:")]


def register(vm, function, offset, width, value=None):
    """Reads or writes configuration space through the module."""
    written = "" if value is None else f" {value:#x}"
    return int(vm.check(f"pciio-conf {function} {offset} {width}{written}").stdout, 16)


def capability(vm, function, wanted):
    """The offset of a capability in configuration space."""
    place = register(vm, function, 0x34, 1)
    while register(vm, function, place, 1) != wanted:
        place = register(vm, function, place + 1, 1)
        assert place
    return place


@scenario(devices={"net": e1000e(), "edu": edu()}, log=LOG)
def registers(vm, net, edu):
    """Writes through the module that take the ground away, and give it back."""
    load(vm)
    enable(vm, net, edu)
    holder, other = held(vm, net, 0), held(vm, edu, 0)
    value = holder.ask(f"read {STATUS}")
    assert value != "SIGBUS" and state(holder) == ["live", "off"]

    def suspended(reason):
        assert holder.ask("wait") == "suspended"
        assert holder.ask(f"read {STATUS}") == "SIGBUS"
        assert state(holder)[:2] == ["suspended", reason]
        assert other.ask("read 0") == EDU_ID

    def live():
        assert holder.ask("poll") == "live"
        assert holder.ask(f"read {STATUS}") == value
        assert state(holder) == ["live", "off"]

    power = capability(vm, net, 1) + 4
    awake = register(vm, net, power, 2)
    for sleep in (3, 1):
        register(vm, net, power, 2, awake & ~3 | sleep)
        # A device need not have D1: then nothing was written.
        if register(vm, net, power, 2) & 3:
            suspended("power")
        register(vm, net, power, 2, awake)
        live()
    base = register(vm, net, 0x10, 4)
    for moved in (base + (64 << 20), 0xffffffff):
        register(vm, net, 0x10, 4, moved)
        suspended("moved")
        register(vm, net, 0x10, 4, base)
        live()
    # Another BAR of the same function moves: this one stays.
    second = register(vm, net, 0x14, 4)
    register(vm, net, 0x14, 4, second + (64 << 20))
    live()
    register(vm, net, 0x14, 4, second)
    # Two reasons at once: one that goes is not enough.
    decode = register(vm, net, 4, 2)
    register(vm, net, 4, 2, decode & ~2)
    suspended("decode")
    register(vm, net, power, 2, awake & ~3 | 3)
    assert state(holder)[:3] == ["suspended", "decode", "power"]
    register(vm, net, 4, 2, decode)
    suspended("power")
    register(vm, net, power, 2, awake)
    live()


@scenario(cold=Machine(smp=2), devices={"net": e1000e()}, log=LOG)
def storm(vm, net):
    """Faults as fast as they can, through 20 resets each: not one of them is refused."""
    load(vm)
    holder = held(vm, net, 0, "activate")
    vm.check(f"pciio-storm {net} 0 {STATUS} 20", timeout=60)
    assert holder.ask(f"read {STATUS}") != "SIGBUS"
    vm.bind(net, "pciio")
    vm.check(f"pciio-storm {net} 0 {STATUS} 20", timeout=60)
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
