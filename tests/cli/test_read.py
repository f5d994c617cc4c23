#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar read"""

import json
import struct

import harness
from fake_sysfs import EDU, HUGE, IVSHMEM, NVME, PAIR, ROM, RTL8139
from harness import equal, valgrind
from sentences import LOST, ROM_OFF, driver, no_bar, outside


@valgrind
def test_one_value_has_all_its_digits(bench):
    bench.function(EDU).poke(0, 0, struct.pack("<I", 0x010000ed))
    bench.run("read", "00:04.0", "0", "0").prints("0x010000ed\n")


def test_every_width_reads_little_endian(bench):
    bench.function(EDU).poke(0, 8, bytes(range(0xf1, 0xf9)))
    for width, text in ((1, "0xf1"), (2, "0xf2f1"), (4, "0xf4f3f2f1"), (8, "0xf8f7f6f5f4f3f2f1")):
        bench.run("read", EDU, "0", "8", "-w", width).prints(f"{text}\n")
        bench.run("read", EDU, "0", "8", f"--width={width}").prints(f"{text}\n")


def test_bars_and_numbers_as_people_type_them(bench):
    bench.function(EDU).poke(0, 4096, struct.pack("<I", 7))
    for bar in ("0", "BAR0", "bar0"):
        for offset in ("4096", "0x1000", "4K", "4k", "4KiB"):
            bench.run("read", EDU, bar, offset).prints("0x00000007\n")


def test_count_reads_units_in_order(bench):
    bench.function(EDU).poke(0, 0x10, struct.pack("<4H", 1, 2, 3, 0xfffe))
    bench.run("read", EDU, "0", "0x10", "-w2", "-c4").prints("0x0001\n0x0002\n0x0003\n0xfffe\n")
    bench.run("read", EDU, "0", "0x10", "-w2", "--count=2").prints("0x0001\n0x0002\n")


def test_a_range_is_in_bytes(bench):
    bench.function(EDU).poke(0, 0x1000, struct.pack("<4I", 1, 2, 3, 4))
    bench.run("read", EDU, "0", "4K+0x10").prints(
        "0x00000001\n0x00000002\n0x00000003\n0x00000004\n")
    bench.run("read", EDU, "0", "0x1004+8", "-w", "8").refuses(
        2, "pcibar read: offset 0x1004 is not a multiple of 8: use -w 4; see 'pcibar help read'")


def test_verbose_adds_offsets(bench):
    bench.function(EDU).poke(0, 0xffff8, b"\1\2\3\4\5\6\7\x08")
    bench.run("read", EDU, "0", "0xffff8", "-c2", "-v").prints(
        "0x000ffff8: 0x04030201\n0x000ffffc: 0x08070605\n")


def test_fixed_stays_at_the_offset(bench):
    bench.function(EDU).poke(0, 4, struct.pack("<2I", 7, 8))
    bench.run("read", EDU, "0", "4", "-c3", "--fixed").prints("0x00000007\n" * 3)
    bench.run("read", EDU, "0", "4", "-c2", "--fixed", "-v").prints(
        "0x00000004: 0x00000007\n" * 2)


@valgrind
def test_many_values_are_all_there(bench):
    values = [(i * 2654435761) % 2**32 for i in range(1 << 14)]
    bench.function(EDU).poke(0, 0, struct.pack(f"<{len(values)}I", *values))
    bench.run("read", EDU, "0", "0+64K").prints("".join(f"0x{val:08x}\n" for val in values))


def test_offsets_beyond_4_gib(bench):
    bench.function(HUGE).poke(2, (16 << 30) - 8, struct.pack("<Q", 0x1122334455667788))
    bench.function(HUGE).poke(2, (4 << 30) + 4, struct.pack("<I", 0xcafe))
    bench.run("read", HUGE, "2", "0x3fffffff8", "-w8").prints("0x1122334455667788\n")
    bench.run("read", HUGE, "2", "0x100000004", "-v").prints("0x100000004: 0x0000cafe\n")


@valgrind
def test_json(bench):
    bench.function(EDU).poke(0, 0x10, struct.pack("<3H", 1, 0xabcd, 3))
    for arguments in (["read", EDU, "0", "0x10", "-w2", "-c3", "--json"],
                      ["--json", "read", EDU, "0", "0x10+6", "-w2"]):
        result = bench.run(*arguments)
        equal((result.status, result.stderr), (0, ""))
        equal(json.loads(result.stdout), {
            "schema": 1, "selector": EDU, "bar": "0", "offset": "0x10", "width": 2,
            "values": ["0x0001", "0xabcd", "0x0003"]})
        equal(result.stdout.count("\n"), 1)


@valgrind
def test_scattered_offsets(bench):
    """In the order they are given, each as it would be alone."""
    bench.function(EDU).poke(0, 0, struct.pack("<10I", *range(0x10, 0x1a)))
    bench.run("read", EDU, "0", "0", "8", "0x20", "4").prints(
        "0x00000010\n0x00000012\n0x00000018\n0x00000011\n")
    bench.run("read", EDU, "0", "0x20", "8+8", "-v").prints(
        "0x00000020: 0x00000018\n0x00000008: 0x00000012\n0x0000000c: 0x00000013\n")
    bench.run("read", EDU, "0", "0", "0x10", "-c2", "-v").prints(
        "0x00000000: 0x00000010\n0x00000004: 0x00000011\n"
        "0x00000010: 0x00000014\n0x00000014: 0x00000015\n")
    bench.run("read", EDU, "0", "4", "8", "-c2", "--fixed").prints(
        "0x00000011\n" * 2 + "0x00000012\n" * 2)
    bench.run("read", HUGE, "2", "15G", "0", "-v").prints(
        "0x3c0000000: 0x00000000\n0x00000000: 0x00000000\n")
    bench.run("script", EDU, stdin="read 0 8 0\n").prints("0x00000012\n0x00000010\n")


def test_json_of_scattered_offsets(bench):
    """An object for each operand, as it would be alone."""
    bench.function(EDU).poke(0, 8, struct.pack("<3H", 1, 0xabcd, 3))
    result = bench.run("read", EDU, "0", "8+4", "12", "-w2", "--json")
    equal((result.status, result.stderr), (0, ""))
    equal(result.stdout, "".join(bench.run("read", EDU, "0", each, "-w2", "--json").stdout
                                 for each in ("8+4", "12")))
    equal([json.loads(line)["values"] for line in result.stdout.splitlines()],
          [["0x0001", "0xabcd"], ["0x0003"]])


def test_scattered_offsets_are_checked_before_the_first_access(bench):
    for operands, sentence in (
            (["0", "x"], "offset 'x': not a number: use decimal or 0x...; see 'pcibar help read'"),
            (["0", "2"], "offset 0x2 is not a multiple of 4: use -w 2; see 'pcibar help read'"),
            (["0", "4+4", "-c2"], "'4+4' has a length: it cannot be combined with --count; see "
             "'pcibar help read'"),
            (["0", "1M", "8"], f"{EDU} BAR 0: {outside('0x100000+0x4')}"),
            (["0", "0xffffc+8", "2M"], f"{EDU} BAR 0: {outside('0xffffc+0x8')}")):
        bench.run("read", EDU, "0", *operands).refuses(2, f"pcibar read: {sentence}")
    bench.run("read", EDU, "3", "0", "4").refuses(
        2, f"pcibar read: {EDU} BAR 3: {no_bar('BAR 3')}")


def test_a_loss_between_scattered_offsets(bench):
    edu = bench.function(EDU)
    edu.poke(0, 0, b"\1")
    edu.lose(0, 0x1000)
    bench.run("read", EDU, "0", "0", "0x2000", "4").refuses(
        4, f"pcibar read: {EDU} BAR 0: {LOST}", stdout="0x00000001\n")


def test_every_kind_of_selector(bench):
    bench.function(EDU).poke(0, 0, b"\x2a")
    bench.function(HUGE).poke(0, 0, b"\x2b")
    for selector in ("00:04.0", "0000:00:04.0", "1234:11e8", "*:11e8", "1234:11e8#0",
                     "pci0:4:0", "pci0:0:4:0", "pci0:4"):
        bench.run("read", selector, "0", "0").prints("0x0000002a\n")
    bench.run("read", "1af4:1110#1", "0", "0").prints("0x0000002b\n")


def test_bars_smaller_than_a_page_keep_apart(bench):
    bench.function(IVSHMEM).poke(0, 0, b"\x11" * 256)
    bench.function(PAIR).poke(0, 0, b"\x22" * 256)
    for address, text in ((IVSHMEM, "0x11111111\n"), (PAIR, "0x22222222\n")):
        bench.run("read", address, "0", "0", "--share-page").prints(text)
        bench.run("read", address, "0", "0xfc", "--share-page").prints(text)


@valgrind
def test_io_ports(bench):
    bench.function(RTL8139).poke(0, 0xfc, b"\1\2\3\4")
    for width, text in ((1, "0x01"), (2, "0x0201"), (4, "0x04030201")):
        bench.run("read", RTL8139, "0", "0xfc", "-w", width).prints(f"{text}\n")
    bench.run("read", RTL8139, "0", "0", "-w8").refuses(
        2, f"pcibar read: {RTL8139} BAR 0: this BAR does not support this width; use another -w")


def test_rom_needs_activate(bench):
    bench.function(RTL8139).poke(ROM, 0x1c, b"PCIR")
    bench.run("read", RTL8139, "rom", "0x1c").refuses(
        1, f"pcibar read: {RTL8139} BAR rom: {ROM_OFF}")
    bench.run("read", RTL8139, "rom", "0x1c", "--activate").prints("0x52494350\n")


def test_rom_image_shorter_than_its_bar(bench):
    bench.function(RTL8139).lose(ROM, 0x8000)
    bench.run("read", RTL8139, "rom", "0x7ffc", "--activate").prints("0x00000000\n")
    bench.run("read", RTL8139, "rom", "0x8000", "--activate").refuses(
        2, f"pcibar read: {RTL8139} BAR rom: the image in the expansion ROM has only 0x8000 bytes; "
        "stay below its length")


def test_share_driver(bench):
    bench.function(NVME).poke(0, 8, struct.pack("<I", 0x10400))
    bench.run("read", NVME, "0", "8").refuses(
        1, f"pcibar read: {NVME} BAR 0: {driver(bench.function(NVME))}")
    bench.run("read", NVME, "0", "8", "--share-driver").prints("0x00010400\n")
    bench.run("--share-driver", "read", NVME, "0", "8").prints("0x00010400\n")


def test_activate_puts_decoding_back(bench):
    edu = bench.function(EDU)
    edu.set_command(0x0100)
    edu.poke(0, 0, b"\x2a")
    bench.run("read", EDU, "0", "0", "--activate").prints("0x0000002a\n")
    equal(edu.command(), 0x0100, "command register")
    bench.run("read", EDU, "0", "0", "--activate", "-vv").expect(
        0, "0x00000000: 0x0000002a\n",
        f"pcibar read: {EDU}: opened through sysfs\n"
        "pcibar read: command register 0x0100 -> 0x0102\n"
        "pcibar read: BAR 0: 0x0+0x4 mapped\n"
        "pcibar read: command register 0x0102 -> 0x0100\n")


def test_ones_are_a_value_while_the_function_responds(bench):
    edu = bench.function(EDU)
    edu.poke(0, 0, b"\xff" * 4)
    bench.run("read", EDU, "0", "0").prints("0xffffffff\n")
    # A virtual function has no IDs of its own.
    edu.poke_config(0, b"\xff" * 4)
    edu.path("physfn").symlink_to(f"../{EDU}")
    bench.run("read", EDU, "0", "0").prints("0xffffffff\n")
    edu.poke_config(8, b"\xff" * 4)
    bench.run("read", EDU, "0", "0").refuses(4, f"pcibar read: {EDU} BAR 0: {LOST}")


@valgrind
def test_a_loss_leaves_what_was_read_before_it(bench):
    edu = bench.function(EDU)
    edu.poke(0, 0, struct.pack("<8192I", *range(8192)))
    edu.lose(0, 32 << 10)
    before = "".join(f"0x{val:08x}\n" for val in range(8192))
    bench.run("read", EDU, "0", "0+64K").refuses(
        4, f"pcibar read: {EDU} BAR 0: {LOST}", stdout=before)
    result = bench.run("read", EDU, "0", "0+64K", "--json")
    equal(result.status, 4)
    equal(len(json.loads(result.stdout)["values"]), 8192)


def test_the_printed_value_serves_in_arithmetic(bench):
    bench.function(EDU).poke(0, 0, struct.pack("<I", 41))
    shell = bench.start("read", EDU, "0", "0",
                        wrap=["sh", "-c", 'echo $(( $("$@") + 1 ))', "sh"])
    shell.finish().prints("42\n")


if __name__ == "__main__":
    harness.main()
