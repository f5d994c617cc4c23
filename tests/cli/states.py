# SPDX-License-Identifier: BSD-2-Clause
"""The states of a function, as far as a fake tree can have them.

Each function of STATES brings a function of the tree into one, and returns a State.
"""

from typing import NamedTuple

from config_space import ECAP_SRIOV
from fake_sysfs import (BEYOND, EDU, HUGE, IVSHMEM, NVME, PAIR, RES_MEM, RES_READONLY, ROM,
                        RTL8139, Bar, Definition, Function, Ids, mem32)
from sentences import (NO_ADDRESS, ROM_OFF, asleep, decode_off, driver, moved, shared_page,
                       silent, virtual_off)


class State(NamedTuple):
    """A BAR, and the sentence about it: "" if it can be mapped. shown: by info, if it is shown."""

    function: Function
    bar: int
    sentence: str = ""
    shown: str = ""


def free(machine):
    return State(machine.function(EDU), 0, shown="decoding on")


def free_ports(machine):
    return State(machine.function(RTL8139), 0, shown="decoding on")


def free_64(machine):
    return State(machine.function(HUGE), 2, shown="decoding on")


def register_lost(machine):
    edu = machine.function(EDU)
    edu.poke_config(0x10, bytes(4))
    return State(edu, 0, moved(edu, 0, 0), "but its register holds 0x0")


def register_of_ones(machine):
    edu = machine.function(EDU)
    edu.poke_config(0x10, b"\xff" * 4)
    return State(edu, 0, moved(edu, 0, 0xfffffff0), "but its register holds 0xfffffff0")


def register_of_ports_lost(machine):
    net = machine.function(RTL8139)
    net.poke_config(0x10, b"\x01\0\0\0")
    return State(net, 0, moved(net, 0, 0), "but its register holds 0x0")


def upper_half_lost(machine):
    huge = machine.function(HUGE)
    huge.poke_config(0x1c, bytes(4))
    held = huge.bars[2].start & 0xffffffff
    return State(huge, 2, moved(huge, 2, held), f"but its register holds {held:#x}")


def another_register_lost(machine):
    """Nothing prevents the use of those that respond."""
    display = machine.function(BEYOND)
    display.poke_config(0x18, bytes(4))
    return State(display, 0, shown="BAR 2  mem32      4 KiB  0xfe800000  decoding on  but its "
                                   "register holds 0x0")


def register_lost_while_off(machine):
    edu = register_lost(machine).function
    edu.set_command(0)
    return State(edu, 0, moved(edu, 0, 0), "decoding off  but its register holds 0x0")


def no_address(machine):
    function = machine.tree.add("0000:02:00.0", Definition(
        Ids(0xabcd, 1, 0xff0000), {0: Bar(0, 4096, RES_MEM)}))
    return State(function, 0, NO_ADDRESS, "no address")


def no_address_of_64(machine):
    """The kernel has forgotten all of it."""
    edu = machine.function(EDU)
    edu.poke_config(0x18, b"\x0c")
    return State(edu, 2, NO_ADDRESS.replace("BAR 0", "BAR 2"), "no address")


def all_ones(machine):
    edu = machine.function(EDU)
    edu.poke_config(0, b"\xff" * 256)
    return State(edu, 0, silent(edu), "does not respond")


def sleeping(machine):
    edu = machine.function(EDU)
    edu.set_power_state("D3hot")
    return State(edu, 0, asleep(edu), "asleep")


def memory_off(machine):
    edu = machine.function(EDU)
    edu.set_command(0x0105)
    return State(edu, 0, decode_off(edu), "decoding off")


def ports_off(machine):
    net = machine.function(RTL8139)
    net.set_command(0x0106)
    return State(net, 0, decode_off(net, "I/O"), "decoding off")


def rom_off(machine):
    return State(machine.function(RTL8139), ROM, ROM_OFF, "decoding off")


def rom_copied(machine):
    """It is RAM, which no decoder turns off."""
    function = machine.tree.add("0000:02:00.0", Definition(Ids(0xabcd, 1, 0x030000), {
        ROM: Bar(0xc0000, 0x20000, RES_MEM | RES_READONLY | 0x2)}, command=0))
    return State(function, ROM)


def held(machine):
    nvme = machine.function(NVME)
    return State(nvme, 0, driver(nvme), "held by nvme")


def page_shared(machine):
    return State(machine.function(IVSHMEM), 0, shared_page(f"BAR 0 of {PAIR}"))


def _add_virtual(machine, decodes):
    control = 8 if decodes else 0
    physical = machine.tree.add("0000:03:00.0", Definition(
        Ids(0x1234, 2, 0xff0000), extended=((ECAP_SRIOV, 0x100, bytes((0, 0, 0, 0, control)) +
                                             bytes(59)),)))
    virtual = machine.tree.add("0000:03:10.0", Definition(
        Ids(0x1234, 1, 0xff0000), {0: mem32(0xe0100000, 0x1000)}, command=0))
    virtual.poke_config(0, b"\xff" * 4)
    virtual.poke_config(0x10, bytes(4))
    virtual.path("physfn").symlink_to(f"../{physical.address}")
    return virtual, physical


def virtual_function(machine):
    return State(_add_virtual(machine, True)[0], 0, shown="decoding on")


def virtual_function_off(machine):
    virtual, physical = _add_virtual(machine, False)
    return State(virtual, 0, virtual_off(physical), "decoding off")


STATES = (free, free_ports, free_64, register_lost, register_of_ones, register_of_ports_lost,
          upper_half_lost, another_register_lost, register_lost_while_off, no_address,
          no_address_of_64, all_ones, sleeping, memory_off, ports_off, rom_off, rom_copied, held,
          page_shared, virtual_function, virtual_function_off)
