# SPDX-License-Identifier: BSD-2-Clause
"""Accesses are counted from outside, one by one."""

from harness.devices import edu, rtl8139
from harness.kernels import NEWEST
from harness.scenario import scenario
from harness.trace import Access


def mmio(vm, function, bar, arguments):
    return vm.check(f"mmio {function.sysfs}/resource{bar} {arguments}").stdout


@scenario(devices={"edu": edu()}, kernels=NEWEST)
def one_access(vm, edu):
    vm.check(f"echo 1 >{edu.sysfs}/enable")
    mmio(vm, edu, 0, "read 4 0")
    with vm.trace() as trace:
        mmio(vm, edu, 0, "read 4 0")
    seen = trace.bar(edu, 0)
    assert seen == [Access("read", 0, 4, 0x010000ed)]
    start = edu.bar(0)[0]
    mmio(vm, edu, 0, "read 4 0")
    seen = trace.accesses("edu-mmio")
    assert seen == [Access("read", start, 4, 0x010000ed)]


@scenario(devices={"net": rtl8139(mac="52:54:00:12:34:56")}, kernels=NEWEST)
def widths(vm, net):
    """BAR 1 distinguishes bytes, words and long words; 8 bytes arrive as two of 4."""
    vm.check(f"echo 1 >{net.sysfs}/enable")
    with vm.trace() as trace:
        for width in (1, 2, 4, 8):
            mmio(vm, net, 1, f"read {width} 0")
        mmio(vm, net, 1, "write 2 0x20 0x1234")
    seen = trace.bar(net, 1)
    assert seen == [
        Access("read", 0, 1, 0x52), Access("read", 0, 2, 0x5452), Access("read", 0, 4, 0x12005452),
        Access("read", 0, 4, 0x12005452), Access("read", 4, 4, 0x5634),
        Access("write", 0x20, 2, 0x1234)]


@scenario(devices={"edu": edu()}, kernels=NEWEST)
def config_space(vm, edu):
    with vm.trace(config=True) as trace:
        vm.check(f"dd if={edu.sysfs}/config bs=4 count=1 2>/dev/null | od -A n -t x4")
    seen = trace.config(edu)
    assert seen[0] == ("read", 0, 0x11e81234)
    with vm.trace(config=True) as trace:
        vm.check(f"cat {edu.sysfs}/vendor {edu.sysfs}/resource")
    seen = trace.config(edu)
    assert not seen
