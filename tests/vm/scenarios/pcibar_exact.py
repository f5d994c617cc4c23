# SPDX-License-Identifier: BSD-2-Clause
"""Exactly one access of the width per unit, in order, and none besides: seen from outside."""

from harness.backends import through
from harness.devices import edu, rtl8139
from harness.kernels import NEWEST, OLDEST_AND_NEWEST, ON_AMD64
from harness.pcibar import accesses, enable, numbers
from harness.scenario import scenario
from harness.trace import Access


class Window:
    """Registers that keep what is written to them, as units of a width.

    expect() collects commands with what the device shall see of them; run() runs them all.
    """

    def __init__(self, vm, function, bar, start, length, width):
        self.vm = vm
        self.function = function
        self.bar = bar
        self.start = start
        self.width = width
        self.span = f"{start}+{length}"
        (vm.share / "data").write_bytes(bytes(range(0x11, 0x11 + length)))
        self.file = f"/host/data --offset {start}"
        self.values = [int.from_bytes(bytes(range(0x11 + at, 0x11 + at + width)), "little")
                       for at in range(0, length, width)]
        self.written = f"{start} " + " ".join(map(hex, self.values))
        self.writes = [Access("write", start + number * width, width, value)
                       for number, value in enumerate(self.values)]
        self.reads = [Access("read", write.address, width, write.value) for write in self.writes]
        self.fixed_writes = [Access("write", start, width, value) for value in self.values]
        self.expected = []

    def expect(self, verb, operands, accesses):
        self.expected.append((f"pcibar {verb} -w {self.width} {self.function} {self.bar} "
                              f"{operands}", accesses))

    def run(self):
        seen = accesses(self.vm, self.function, self.bar,
                        " && ".join(f"{command} >/dev/null" for command, _ in self.expected))
        for command, wanted in self.expected:
            got, seen = seen[:len(wanted)], seen[len(wanted):]
            assert got == wanted, f"{command}: {got}"
        assert not seen


def writing(window):
    """Writes read nothing unless a mask or --verify asks for it."""
    window.expect("write --dry-run", window.written, [])
    window.expect("write", window.written, window.writes)
    window.expect("write --verify", window.written, window.writes + window.reads)
    top = 8 * window.width - 4
    first, value, mask = window.reads[0], 0xa << top, 0xf << top
    window.expect("write", f"{window.start} {value:#x}:{mask:#x}",
                  [first, Access("write", window.start, window.width, first.value & ~mask | value)])
    window.expect("write --fixed", window.written, window.fixed_writes)


def loading(window):
    window.expect("load --fixed", window.file, window.fixed_writes)
    window.expect("load", window.file, window.writes)
    window.expect("load --verify", window.file, window.writes + window.reads)


def reading(window):
    first = window.reads[:1]
    window.expect("read", window.start, first)
    window.expect(f"read -c {len(window.values)}", window.start, window.reads)
    window.expect("read", window.span, window.reads)
    window.expect("read -c 3 --fixed", window.start, 3 * first)
    for form in ("hex", "raw", "json"):
        window.expect(f"dump -f {form}", window.span, window.reads)
    window.expect("compare", window.file, window.reads)
    window.expect(f"watch --until {window.values[0]}", window.start, first)


def all_verbs(vm, function, bar, start, length, width):
    enable(vm)
    window = Window(vm, function, bar, start, length, width)
    writing(window)
    loading(window)
    reading(window)
    window.run()


# MAR0 to MAR7: the multicast filter, which can be accessed in any width.
FILTER = 8


@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def width_1(vm, net):
    all_verbs(vm, net, 1, FILTER, 8, 1)


@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def width_2(vm, net):
    all_verbs(vm, net, 1, FILTER, 8, 2)


@through("vfio", kernels=OLDEST_AND_NEWEST)
@through("freebsd")
@through("pciio", kernels=ON_AMD64)
@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def width_4(vm, net):
    all_verbs(vm, net, 1, FILTER, 8, 4)


@through("vfio")
@scenario(devices={"edu": edu()}, kernels=NEWEST)
def width_8(vm, edu):
    """The DMA engine's source, destination and count."""
    all_verbs(vm, edu, 0, 0x80, 24, 8)


@through("vfio", kernels=OLDEST_AND_NEWEST)
@through("pciio", "freebsd")
@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def io_bar(vm, net):
    """I/O BARs: the same registers, through system calls."""
    for width in (1, 2, 4):
        all_verbs(vm, net, 0, FILTER, 8, width)


@scenario(devices={"edu": edu()}, kernels=NEWEST)
def default_width(vm, edu):
    """4 bytes, all that edu's registers understand; reading it prints what they hold."""
    enable(vm)
    seen = accesses(vm, edu, 0, f"pcibar write {edu} 0 4 0x12345678")
    assert seen == [Access("write", 4, 4, 0x12345678)]
    with vm.trace() as trace:
        read = numbers(vm, f"pcibar read {edu} 0 0 -c 3")
    seen = trace.bar(edu, 0)
    assert read == [0x010000ed, ~0x12345678 & 0xffffffff, 0]
    assert seen == [Access("read", 4 * at, 4, value) for at, value in enumerate(read)]


@through("vfio")
@through("pciio")
@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def whole_bar(vm, net):
    """A dump without a range: every unit of the BAR once, from its first to its last byte."""
    enable(vm)
    for width in (1, 2, 4):
        seen = accesses(vm, net, 1, f"pcibar dump -w {width} {net} 1")
        assert [(access.op, access.address, access.size) for access in seen] == \
            [("read", at, width) for at in range(0, 256, width)]


@scenario(devices={"edu": edu()}, kernels=NEWEST)
def in_pieces(vm, edu):
    """What is too long for the command's buffers is still one row of accesses."""
    enable(vm)
    (vm.share / "data").write_bytes(bytes(0x40008))
    for operands, op, width, places in (
            ("read -c 3000 {} 0 0x1000", "read", 4, range(0x1000, 0x1000 + 12000, 4)),
            ("read --fixed -w 8 -c 3000 {} 0 0x80", "read", 8, [0x80] * 3000),
            ("dump {} 0 4+70000", "read", 4, range(4, 70004, 4)),
            ("load --fixed -w 8 --offset 0x88 {} 0 /host/data", "write", 8, [0x88] * 0x8001)):
        seen = accesses(vm, edu, 0, f"pcibar {operands.format(edu)} >/dev/null")
        assert len(seen) == len(places), operands
        assert all((access.op, access.address, access.size) == (op, place, width)
                   for access, place in zip(seen, places)), operands


@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def script(vm, net):
    """The same from a script, whose map is wider than what is asked of it."""
    enable(vm)
    lines = b"write -w 2 1 8 0x1234\nread -w 1 1 8\nread -w 1 1 9 # a comment\n"
    with vm.trace() as trace:
        read = vm.check(f"pcibar script {net}", stdin=lines).stdout
    seen = trace.bar(net, 1)
    assert read == "0x34\n0x12\n"
    assert seen == [Access("write", 8, 2, 0x1234), Access("read", 8, 1, 0x34),
                    Access("read", 9, 1, 0x12)]
