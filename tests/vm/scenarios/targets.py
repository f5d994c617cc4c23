# SPDX-License-Identifier: BSD-2-Clause
"""The devices that tests of BARs use have what those tests need."""

from harness.devices import bochs_display, ivshmem, rtl8139
from harness.kernels import NEWEST
from harness.machine import Machine
from harness.scenario import scenario

GIB = 1 << 30
PAGE = 4096


@scenario(devices={"memory": ivshmem(16 * GIB)}, kernels=NEWEST)
def big_bar(vm, memory):
    """A 16 GiB BAR lies above 4 GiB, and a file of the host is behind it."""
    start, size = memory.bar(2)
    assert start >= 4 * GIB and size == 16 * GIB
    vm.check(f"echo 1 >{memory.sysfs}/enable")
    vm.check(f"mmio {memory.sysfs}/resource2_wc write 8 {13 * GIB} 0x1122334455667788")
    with open(memory.backing_file(), "rb") as file:
        file.seek(13 * GIB)
        assert file.read(8) == bytes.fromhex("8877665544332211")


@scenario(devices={"display": bochs_display()}, kernels=NEWEST)
def picture(vm, display):
    """What is written to the frame buffer is seen from outside."""
    vm.check(f"echo 1 >{display.sysfs}/enable")
    # The dispi registers: 320 x 200 with 32 bits, then on, with a linear frame buffer.
    for index, value in ((1, 320), (2, 200), (3, 32), (4, 0x41)):
        vm.check(f"mmio {display.sysfs}/resource2 write 2 {0x500 + 2 * index} {value}")
    vm.check(f"mmio {display.sysfs}/resource0_wc write 4 {4 * (320 * 100 + 7)} 0x00123456")
    width, height, pixels = vm.picture(display)
    assert (width, height) == (320, 200)
    black = bytes(3 * 320 * 200)
    place = 3 * (320 * 100 + 7)
    assert pixels == black[:place] + b"\x12\x34\x56" + black[place + 3:]
    vm.screendump(display, vm.directory / "screen.png")
    assert (vm.directory / "screen.png").read_bytes().startswith(b"\x89PNG")


@scenario(kernels=NEWEST)
def shared_page(vm):
    """Two functions share a page when Linux has placed their small BARs."""
    memory, net = vm.plug_together({"memory": ivshmem(1 << 20), "net": rtl8139()})
    one, other = memory.bar(0)[0], net.bar(1)[0]
    assert one // PAGE == other // PAGE and one != other
    vm.check(f"echo 1 >{memory.sysfs}/enable; echo 1 >{net.sysfs}/enable")
    # What the kernel maps for one BAR is the page that both are in.
    mac = vm.check(f"mmio {memory.sysfs}/resource0 read 4 {other % PAGE}").stdout
    assert mac == vm.check(f"mmio {net.sysfs}/resource1 read 4 {other % PAGE}").stdout
    assert int(mac, 0) & 0xffff == 0x5452


@scenario(cold=Machine(), devices={"one": ivshmem(1 << 20), "other": ivshmem(1 << 20)},
          kernels=NEWEST)
def shared_page_cold(vm, one, other):
    """The same for functions that the firmware has placed, each in a page of its own."""
    assert one.bar(0)[0] // PAGE != other.bar(0)[0] // PAGE
    vm.place_again(one, other)
    assert one.bar(0)[0] // PAGE == other.bar(0)[0] // PAGE
    assert one.bar(0)[0] != other.bar(0)[0]
