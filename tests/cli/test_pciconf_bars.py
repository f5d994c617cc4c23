#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pciconf -D, -R and -W"""

import random
import re

import harness
from config_space import TYPE_BRIDGE
from fake_sysfs import (EDU, HUGE, IVSHMEM, NVME, PAIR, ROM, RTL8139, Definition, Ids, io_ports,
                        rom)
from harness import check, differs, equal, matches, strace, valgrind
from sentences import NO_ADDRESS, ROM_OFF, decode_off

WIDTHS = {1: ["-b"], 2: ["-h"], 4: [], 8: ["-x"]}
MIB = 1 << 20
LOST = "the device was lost: removed, reset, switched off or taken by a driver"


def dump(bench, *arguments, status=0, stderr="", **options):
    """The bytes of a dump."""
    path = bench.folder / "dumped"
    with open(path, "wb") as file:
        bench.run("-D", *arguments, stdout=file, **options).expect(status, "", stderr)
    return path.read_bytes()


@differs
def test_a_whole_bar(bench):
    data = random.Random(1).randbytes(MIB)
    bench.function(EDU).poke(0, 0, data)
    for option in WIDTHS.values():
        check(dump(bench, *option, "pci0:0:4:0", "0x10") == data, f"the dump differs: {option}")
        check(dump(bench, *option, "pci0:0:4:0", "0x10", "0", "0") == data, "0 is not all")


@differs
def test_start_and_count_are_in_units(bench):
    data = random.Random(2).randbytes(MIB)
    bench.function(EDU).poke(0, 0, data)
    chance = random.Random(3)
    for _ in range(60):
        width = chance.choice(list(WIDTHS))
        units = MIB // width
        start = chance.choice((0, 1, units - 1, chance.randrange(units)))
        count = chance.choice((1, 2, chance.randrange(1, 5000), units))
        equal(dump(bench, *WIDTHS[width], "pci0:0:4:0", "0x10", start, count),
              data[start * width:(start + count) * width], f"{start} {count} by {width}")
        equal(dump(bench, *WIDTHS[width], "pci0:0:4:0", "0x10", start), data[start * width:])


@valgrind
def test_what_lies_beyond_the_end_is_left_out(bench):
    data = random.Random(4).randbytes(256)
    bench.function(IVSHMEM).poke(0, 0, data)
    for width, option in WIDTHS.items():
        units = 256 // width
        equal(dump(bench, *option, "pci0:0:6:0", "0x10", units - 2, 99), data[-2 * width:])
        for start in (units, units + 1, 1 << 40):
            equal(dump(bench, *option, "pci0:0:6:0", "0x10", start), b"")
            equal(dump(bench, *option, "pci0:0:6:0", "0x10", start, 1), b"")


def test_a_bar_smaller_than_a_unit(bench):
    bench.tree.add("0000:02:00.0", Definition(Ids(0xabcd, 1, 0xff0000), {
        0: io_ports(0x1000, 4)}))
    equal(dump(bench, "-x", "pci0:2:0:0", "0x10"), b"")
    equal(dump(bench, "pci0:2:0:0", "0x10"), bytes(4))


def test_both_ends_of_a_huge_bar(bench):
    huge = bench.function(HUGE)
    huge.poke(2, 0, b"first___")
    huge.poke(2, (16 << 30) - 8, b"____last")
    for width, option in WIDTHS.items():
        units = (16 << 30) // width
        equal(dump(bench, *option, "pci0:0:8:0", "0x18", 0, 8 // width), b"first___")
        equal(dump(bench, *option, "pci0:0:8:0", "0x18", units - 8 // width), b"____last")


@differs
@valgrind
def test_io_ports(bench):
    data = bytes(range(256))
    bench.function(RTL8139).poke(0, 0, data)
    for width in (1, 2, 4):
        equal(dump(bench, *WIDTHS[width], "pci0:0:5:0", "0x10"), data)
    dump(bench, "-x", "pci0:0:5:0", "0x10", status=1, stderr="pciconf: pci0:0:5:0 BAR 0x10: this "
         "BAR does not support this width; choose another with -b, -h or -x\n")


@differs
def test_the_driver_and_the_page_are_shared(bench):
    """As FreeBSD has it: its names are mostly those of drivers."""
    bench.function(NVME).poke(0, 0, b"nvme")
    bench.function(PAIR).poke(0, 0, b"pair")
    for name in ("nvme0", "pci0:0:7:0", "nvme0@pci0:0:7:0:"):
        equal(dump(bench, name, "0x10", 0, 1), b"nvme")
    equal(dump(bench, "pci0:0:10:0", "16", 0, 1), b"pair")


@differs
def test_attributes(bench):
    trace = bench.folder / "trace"
    front = strace("-e", "trace=openat", "-o", trace)
    for option, name in (([], "resource2"), (["-m", "uc"], "resource2"),
                         (["-mwc"], "resource2_wc")):
        dump(bench, *option, "pci0:0:6:0", "0x18", 0, 1, wrap=front)
        opened = re.findall(r'"(resource\d\w*)"', trace.read_text(encoding="utf-8"))
        equal(opened, [name])
    bench.run("-D", "-m", "wc", "pci0:0:4:0", "0x10").refuses(
        1, "pciconf: pci0:0:4:0 BAR 0x10: the sysfs back end has no write-combining for BAR 0, "
        "which is not prefetchable; map it uncached")
    bench.run("-D", "-m", "wb", "pci0:0:4:0", "0x10").refuses(
        1, "pciconf: -m 'wb': use uc or wc; see 'pciconf --help'")


def test_only_what_is_dumped_is_mapped(bench):
    trace = bench.folder / "trace"
    front = strace("-y", "-e", "trace=mmap", "-o", trace)
    dump(bench, "-b", "pci0:0:8:0", "0x18", 0x3fffffffc, 8, wrap=front)
    maps = re.findall(r"mmap\(NULL, (\d+), PROT_READ, MAP_SHARED, \d+<.*/resource2>, (\w+)\)",
                      trace.read_text(encoding="utf-8"))
    equal(maps, [("4096", "0x3fffff000")])


@differs
def test_verbose(bench):
    with open("/dev/null", "wb") as null:
        result = bench.run("-D", "-v", "-h", "pci0:0:6:0", "0x10", "3", "5", stdout=null)
    equal(result.status, 0)
    matches(r"Dumping pci0:0:6:0 BAR 10 mapped base 0x[0-9a-f]+000 off 0x100 length 0x100 "
            r"from 0x3 count 0x5 in 2-bytes\n", result.stderr)
    with open("/dev/null", "wb") as null:
        result = bench.run("-D", "-v", "pci0:0:4:0", "0x10", "0x2001", "1", stdout=null)
    matches(r"Dumping pci0:0:4:0 BAR 10 mapped base 0x[0-9a-f]+000 off 0 length 0x100000 "
            r"from 0x2001 count 0x1 in 4-bytes\n", result.stderr)
    with open("/dev/null", "wb") as null:
        result = bench.run("-vD", "pci0:0:5:0", "0x10", "2", stdout=null)
    equal(result.stderr, "Dumping pci0:0:5:0 BAR 10 mapped base 0x0 off 0 length 0x100 from 0x2 "
          "count 0x3e in 4-bytes\n")


@valgrind
def test_read_prints_the_bytes_in_order(bench):
    bench.function(EDU).poke(0, 0x100, bytes(range(0x20, 0x40)))
    for option, span, wanted in (
            ([], "0x100", "20212223 \n"),
            (["-b"], "0x100", "20 \n"), (["-h"], "0x102", "2223 \n"),
            (["-x"], "0x108", "28292a2b2c2d2e2f \n"),
            (["-b"], "0x100:0x10f", "20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f\n"),
            (["-b"], "0x100:0x112",
             "20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f\n30 31 32 \n"),
            (["-b"], "0x101:0x108", "21 22 23 24 25 26 27 28  \n"),
            (["-h"], "0x100:0x10e", "2021 2223 2425 2627 2829 2a2b 2c2d 2e2f\n"),
            ([], "0x100:0x111", "20212223 24252627 28292a2b 2c2d2e2f\n30313233 \n"),
            ([], "0x100:0x103", "20212223 \n"),
            (["-x"], "0x100:0x118",
             "2021222324252627 28292a2b2c2d2e2f\n3031323334353637 38393a3b3c3d3e3f\n")):
        bench.run("-R", *option, "pci0:0:4:0", "0x10", span).prints(wanted)


def test_read_goes_over_pieces(bench):
    data = random.Random(5).randbytes(200 << 10)
    bench.function(EDU).poke(0, 0, data)
    rows = [data[i:i + 16].hex(" ", 4) for i in range(0, len(data), 16)]
    bench.run("-R", "pci0:0:4:0", "0x10", f"0:{len(data) - 1}").prints("\n".join(rows) + "\n")


@differs
def test_read_does_not_go_over_the_end(bench):
    for option, span, window in (([], "0xffffc:0x100000", "0xffffc+0x8"),
                                 (["-b"], "0x100000", "0x100000+0x1")):
        bench.run("-R", *option, "pci0:0:4:0", "0x10", span).refuses(
            1, f"pciconf: pci0:0:4:0 BAR 0x10: {window} is outside BAR 0, which has 0x100000 "
            "bytes; stay below its length")
    bench.function(EDU).poke(0, 0xffffc, b"last")
    bench.run("-R", "pci0:0:4:0", "0x10", "0xffffc:0xfffff").prints("6c617374 \n")


@valgrind
def test_write(bench):
    edu = bench.function(EDU)
    for option, offset, value, data in (
            (["-b"], "0x101", "0x7f", "7f"), (["-h"], "0x102", "0xfedc", "dcfe"),
            ([], "0x104", "305419896", "78563412"),
            (["-x"], "0x108", "0x0123456789abcdef", "efcdab8967452301")):
        bench.run("-W", *option, "pci0:0:4:0", "0x10", offset, value).prints("")
        equal(edu.peek(0, int(offset, 0), len(data) // 2).hex(), data)
    equal(edu.peek(0, 0xf0, 16), bytes(16))
    bench.run("-W", "nvme0", "0x10", "0x3ffc", "1").prints("")
    equal(bench.function(NVME).peek(0, 0x3ffc, 4), b"\x01\0\0\0")
    bench.run("-W", "-h", "pci0:0:5:0", "0x10", "2", "0x1234").prints("")
    equal(bench.function(RTL8139).peek(0, 0, 6), b"\0\0\x34\x12\0\0")


@differs
def test_write_does_not_go_over_the_end(bench):
    bench.run("-W", "pci0:0:4:0", "0x10", "1M", "0").refuses(
        1, "pciconf: pci0:0:4:0 BAR 0x10: 0x100000+0x4 is outside BAR 0, which has 0x100000 bytes; "
        "stay below its length")


def test_bars_that_there_are_not(bench):
    for bar in ("0", "0x11", "0x0c", "0x28", "0x38", "0x14", "0x24", "0x30"):
        for line in (["-D"], ["-R", "0"], ["-W", "0", "0"]):
            bench.run(line[0], "pci0:0:4:0", bar, *line[1:]).refuses(
                1, f"pciconf: pci0:0:4:0: no BAR at {int(bar, 0):#x}; 'pciconf -lb' lists "
                "them")
    bench.run("-D", "pci0:0:6:0", "0x1c").refuses(
        1, "pciconf: pci0:0:6:0: 0x1c is the upper half of the 64-bit BAR at 0x18")


def test_a_bar_without_an_address(bench):
    """Of a 64-bit one that got none the kernel keeps nothing, but its register has the type."""
    bench.function(EDU).poke_config(0x18, b"\x0c")
    for line in (["-D"], ["-R", "0"], ["-W", "0", "0"]):
        bench.run(line[0], "pci0:0:4:0", "0x18", *line[1:]).refuses(
            1, f"pciconf: pci0:0:4:0 BAR 0x18: {NO_ADDRESS.replace('BAR 0', 'BAR 2')}")
    check("bar   [18] = type Memory, range 64, base 0, size 0, disabled\n" in
          bench.run("-lb", "pci0:0:4:0").stdout, "pciconf -lb")


def test_what_is_off_is_not_turned_on(bench):
    edu = bench.function(EDU)
    edu.set_command(0)
    bench.run("-D", "pci0:0:4:0", "0x10").refuses(
        1, f"pciconf: pci0:0:4:0 BAR 0x10: {decode_off(edu)}")
    equal(edu.command(), 0)
    bench.run("-D", "pci0:0:5:0", "0x30").refuses(
        1, f"pciconf: pci0:0:5:0 BAR of the ROM: {ROM_OFF}")


def test_the_rom_of_a_bridge_is_elsewhere(bench):
    bench.tree.add("0000:02:00.0", Definition(
        Ids(0xabcd, 1, 0x060400), {ROM: rom(0xfe000000, 2048)}, header=TYPE_BRIDGE))
    bench.run("-D", "pci0:2:0:0", "0x30").refuses(
        1, "pciconf: pci0:2:0:0: no BAR at 0x30; 'pciconf -lb' lists them")
    check("BAR of the ROM" in bench.run("-D", "pci0:2:0:0", "0x38").stderr, "0x38 is not the ROM")


def test_a_loss_leaves_what_was_read(bench):
    data = random.Random(6).randbytes(192 << 10)
    edu = bench.function(EDU)
    edu.poke(0, 0, data)
    edu.lose(0, 128 << 10)
    sentence = f"pciconf: pci0:0:4:0 BAR 0x10: {LOST}\n"
    for option in WIDTHS.values():
        equal(dump(bench, *option, "pci0:0:4:0", "0x10", status=1, stderr=sentence),
              data[:128 << 10])
    rows = [data[i:i + 16].hex(" ", 4) + "\n" for i in range(0, 128 << 10, 16)]
    bench.run("-R", "pci0:0:4:0", "0x10", "0:0x2ffff").expect(1, "".join(rows), sentence)


def test_a_loss_under_way(bench):
    """The BAR of 16 GiB goes away while the dump waits for a reader."""
    process = bench.start("-R", "pci0:0:8:0", "0x18", "0:0x3ffffffff")
    process.wait_for("\n")
    bench.function(HUGE).lose(2)
    result = process.finish()
    equal((result.status, result.stderr), (1, f"pciconf: pci0:0:8:0 BAR 0x18: {LOST}\n"))
    check(result.stdout.endswith("00000000\n"), "the last line is not whole")


def test_reading_opens_nothing_to_write(bench):
    for line in (["-D", "pci0:0:4:0", "0x10", "0", "1"], ["-R", "pci0:0:4:0", "0x10", "0"],
                 ["-r", "pci0:0:4:0", "0"], ["-lbBcev"], ["-t"], ["-a", "nvme0"]):
        trace = bench.folder / "trace"
        with open("/dev/null", "wb") as null:
            bench.run(*line, stdout=null, wrap=strace("-e", "trace=open,openat", "-o", trace))
        opened = [call for call in trace.read_text(encoding="utf-8").splitlines()
                  if re.search("O_WRONLY|O_RDWR", call)]
        check(not opened, f"{line}: {opened}")


if __name__ == "__main__":
    harness.main()
