# SPDX-License-Identifier: BSD-2-Clause
"""Configuration space as the module's requests reach it."""


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


def bridge(vm, function):
    """The address of the port above a function."""
    return vm.check(f"basename $(dirname $(readlink -f {function.sysfs}))").stdout.strip()
