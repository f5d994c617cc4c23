# SPDX-License-Identifier: BSD-2-Clause
"""Finding functions: the list, and the names that one can be called by."""

import json

from harness.backends import through
from harness.devices import edu, ivshmem, rtl8139
from harness.kernels import NEWEST
from harness.pcibar import enable, refused
from harness.scenario import scenario


@through("freebsd")
@scenario(devices={"edu": edu(), "net": rtl8139(), "memory": ivshmem(1 << 20)}, kernels=NEWEST)
def list_json(vm, edu, net, memory):
    """The list as JSON is one object and says what sysfs says."""
    listed = json.loads(vm.check("pcibar list --json").stdout)
    assert listed["schema"] == 1
    functions = {function["selector"]: function for function in listed["functions"]}
    known = vm.check("ls /sys/bus/pci/devices").stdout.split()
    assert sorted(functions) == known
    assert (functions[f"{edu}"]["vendor"], functions[f"{edu}"]["device"]) == ("0x1234", "0x11e8")
    assert functions[f"{net}"]["vendor_name"] == "Realtek Semiconductor Co., Ltd."
    start, size = memory.bar(2)
    (bar,) = (bar for bar in functions[f"{memory}"]["bars"] if bar["bar"] == "2")
    assert (int(bar["address"], 0), bar["length"]) == (start, size)
    assert (bar["kind"], bar["prefetchable"], bar["write_combining"]) == ("mem64", True, True)


@scenario(devices={"one": edu(), "other": edu(), "net": rtl8139(mac="52:54:00:12:34:56")},
          kernels=NEWEST)
def selectors(vm, one, other, net):
    """Every way to name a function, in order of addresses."""
    enable(vm)
    vm.check(f"pcibar write {one} 0 4 {~1 & 0xffffffff}; pcibar write {other} 0 4 "
             f"{~2 & 0xffffffff}")
    bus, slot, number = int(net.address[5:7], 16), int(net.address[8:10], 16), net.address[-1]
    names = {one: (one, one.address[5:], "1234:11e8#0", f"/sys/bus/pci/devices/{one}/"),
             other: ("1234:11e8#1", "1234:#1", vm.check(
                 f"readlink -f /sys/bus/pci/devices/{other}").stdout.strip()),
             net: ("10ec:8139", ":8139", "::0200", f"{bus:x}:{slot:x}.{number}",
                   f"pci{bus}:{slot}:{number}",
                   f"pci0:{bus}:{slot}:0")}
    expected = {one: (0, "0x010000ed\n0x00000001\n"), other: (0, "0x010000ed\n0x00000002\n"),
                net: (1, "0x12005452\n0x00005634\n")}
    for function, selectors_ in names.items():
        bar, value = expected[function]
        for selector in selectors_:
            assert vm.check(f"pcibar read '{selector}' {bar} 0 -c 2").stdout == value, selector


@scenario(devices={"one": edu(), "other": edu()}, kernels=NEWEST)
def no_such_or_several(vm, one, other):
    for verb in ("info", "explain", "dump", "config read", "enable"):
        operands = {"dump": "0", "config read": "COMMAND"}.get(verb, "")
        refused(vm, f"pcibar {verb} 1234:11e8 {operands}", 3, "2 functions match", f"{one}",
                f"{other}", "append #N")
        refused(vm, f"pcibar {verb} 1234:11e8#2 {operands}", 3, "no function matches 1234:11e8#2",
                "pcibar list")
        refused(vm, f"pcibar {verb} 00:1e.7 {operands}", 3, "there is no function at 0000:00:1e.7",
                "pcibar list")
        refused(vm, f"pcibar {verb} 03:00 {operands}", 2, "needs the function too", "append .0")
    # The host bridge and what is behind each port
    refused(vm, "pcibar info 0.0", 3, "3 functions match", f"0000:00:00.0, {one}, {other}")
    refused(vm, "pcibar list 8086:*#99", 3, "no such function")
