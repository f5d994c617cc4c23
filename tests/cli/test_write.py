#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar write"""

import struct

import harness
from fake_sysfs import EDU, HUGE, IVSHMEM, NVME, PAIR, RTL8139
from harness import equal, forgetting, valgrind
from sentences import OCTAL, driver, outside

BEFORE = bytes(range(1, 33))


def prepare(bench):
    """EDU with known bytes at the start of its BAR."""
    edu = bench.function(EDU)
    edu.poke(0, 0, BEFORE)
    return edu


@valgrind
def test_every_width_writes_just_its_bytes(bench):
    edu = prepare(bench)
    for width in (1, 2, 4, 8):
        edu.poke(0, 0, BEFORE)
        bench.run("write", EDU, "0", "8", "0xa1", "-w", width).prints("")
        wanted = BEFORE[:8] + (0xa1).to_bytes(width, "little") + BEFORE[8 + width:]
        equal(edu.peek(0, 0, 32), wanted, f"bytes after -w {width}")


def test_several_values_are_consecutive(bench):
    edu = prepare(bench)
    bench.run("write", EDU, "0", "4", "0xaabb", "1K", "65535", "-w2").prints("")
    equal(edu.peek(0, 0, 32), BEFORE[:4] + struct.pack("<3H", 0xaabb, 1024, 65535) + BEFORE[10:])


def test_fixed_writes_all_to_one_place(bench):
    edu = prepare(bench)
    bench.run("write", EDU, "0", "4", "1", "2", "3", "--fixed", "-v").expect(
        0, "", "pcibar write: 0x00000004: 0x00000001\npcibar write: 0x00000004: 0x00000002\n"
        "pcibar write: 0x00000004: 0x00000003\n")
    equal(edu.peek(0, 0, 32), BEFORE[:4] + struct.pack("<I", 3) + BEFORE[8:])


@valgrind
def test_a_mask_keeps_the_other_bits(bench):
    edu = prepare(bench)
    bench.run("write", EDU, "0", "0", "0x00ff0000:0x00ff00ff").prints("")
    equal(edu.peek(0, 0, 8), struct.pack("<I", 0x04ff0200) + BEFORE[4:8])


def test_verbose_prints_old_and_new(bench):
    prepare(bench)
    bench.run("write", EDU, "0", "0", "0x5:0xff", "0x7", "-v").expect(
        0, "", "pcibar write: 0x00000000: 0x04030201 -> (0x00000005:0x000000ff) -> 0x04030205\n"
        "pcibar write: 0x00000004: 0x00000007\n")


@valgrind
def test_dry_run_writes_nothing(bench):
    edu = prepare(bench)
    for option in ("-n", "--dry-run"):
        bench.run("write", EDU, "0", "0", "0x5:0xff", "0x7", option).prints(
            "0x00000000: 0x04030201 -> (0x00000005:0x000000ff) -> 0x04030205\n"
            "0x00000004: 0x00000007\n")
    bench.run("write", EDU, "0", "0", "0x12", "-n", "-w1").prints("0x00000000: 0x12\n")
    equal(edu.peek(0, 0, 32), BEFORE)


def test_dry_run_needs_no_right_to_write(bench):
    edu = prepare(bench)
    edu.resource(0).chmod(0o444)
    bench.run_as_nobody("write", EDU, "0", "0", "7", "-n").prints("0x00000000: 0x00000007\n")


def test_verify_that_holds(bench):
    edu = prepare(bench)
    bench.run("write", EDU, "0", "0", "1", "0x2:0x3", "--verify").prints("")
    equal(edu.peek(0, 0, 8), struct.pack("<II", 1, 0x08070606))


def test_verify_that_differs(bench):
    ports = bench.function(RTL8139).resource(0)
    bench.run("write", RTL8139, "0", "0xfc", "5", "--verify", wrap=forgetting(ports, 4)).refuses(
        5, f"pcibar write: {RTL8139} BAR 0: 0x000000fc reads 0x00000000 after writing "
        "0x00000005:0xffffffff")
    bench.run("write", RTL8139, "0", "0", "0", "0:0xf", "3:3", "--verify", "-w1",
              wrap=forgetting(ports, 1)).refuses(
        5, f"pcibar write: {RTL8139} BAR 0: 0x00000002 reads 0x00 after writing 0x03:0x03")


def test_beyond_4_gib(bench):
    huge = bench.function(HUGE)
    bench.run("write", HUGE, "2", "0x3fffffff8", "0x1122334455667788", "-w8").prints("")
    equal(huge.peek(2, (16 << 30) - 8, 8), struct.pack("<Q", 0x1122334455667788))
    bench.run("write", HUGE, "2", "12G", "0xab", "-v").expect(
        0, "", "pcibar write: 0x300000000: 0x000000ab\n")
    equal(huge.peek(2, 12 << 30, 4), struct.pack("<I", 0xab))


@valgrind
def test_io_ports(bench):
    rtl = bench.function(RTL8139)
    bench.run("write", RTL8139, "0", "0x10", "0x0201", "0xff00:0xff00", "-w2").prints("")
    equal(rtl.peek(0, 0x0c, 12), bytes(4) + b"\1\2\0\xff" + bytes(4))


def test_bars_smaller_than_a_page_keep_apart(bench):
    one, other = bench.function(IVSHMEM), bench.function(PAIR)
    bench.run("write", IVSHMEM, "0", "0xfc", "0xffffffff", "--share-page").prints("")
    bench.run("write", PAIR, "0", "0", "0x11111111", "--share-page").prints("")
    equal(one.peek(0, 0, 256), bytes(252) + b"\xff" * 4)
    equal(other.peek(0, 0, 256), b"\x11" * 4 + bytes(252))


def test_share_driver(bench):
    nvme = bench.function(NVME)
    bench.run("write", NVME, "0", "0x14", "1").refuses(
        1, f"pcibar write: {NVME} BAR 0: {driver(bench.function(NVME))}")
    equal(nvme.peek(0, 0, 0x20), bytes(0x20))
    bench.run("write", NVME, "0", "0x14", "1", "--share-driver").prints("")
    equal(nvme.peek(0, 0x14, 4), b"\1\0\0\0")


def test_activate_puts_decoding_back(bench):
    edu = prepare(bench)
    edu.set_command(0x0100)
    bench.run("write", EDU, "0", "0", "0", "--activate").prints("")
    equal(edu.peek(0, 0, 4), bytes(4))
    equal(edu.command(), 0x0100)


def test_one_bad_operand_stops_all(bench):
    edu = prepare(bench)
    for bad, clause in (("0x1z", "trailing characters after the number"),
                        ("0x100000000", "it does not fit into the width: use a larger -w"),
                        ("1:0x100000000", "it does not fit into the width: use a larger -w"),
                        ("1:2", "the value has bits outside the mask"),
                        ("0x10001:0xffff", "the value has bits outside the mask"),
                        ("1:", "a number is missing"),
                        (":1", "a number is missing"),
                        ("1:2:3", "trailing characters after the number"),
                        ("", "a number is missing"),
                        ("017", OCTAL),
                        ("1:-1", "a number cannot be negative")):
        bench.run("write", EDU, "0", "0", "0xee", bad).refuses(
            2, f"pcibar write: value '{bad}': {clause}; see 'pcibar help write'")
    bench.run("write", EDU, "0", "0", "1", "256", "-w1").refuses(
        2, "pcibar write: value '256': it does not fit into the width: use a larger -w; see "
        "'pcibar help write'")
    equal(edu.peek(0, 0, 32), BEFORE)


def test_values_past_the_end_write_nothing(bench):
    edu = prepare(bench)
    bench.run("write", EDU, "0", "0xffffc", "1", "2").refuses(
        2, f"pcibar write: {EDU} BAR 0: {outside('0xffffc+0x8')}")
    equal(edu.peek(0, 0xffffc, 4), bytes(4))


def test_options_that_do_not_go_together(bench):
    edu = prepare(bench)
    bench.run("write", EDU, "0", "0", "1", "--verify", "--fixed").refuses(
        2, "pcibar write: --verify cannot be combined with --fixed; see 'pcibar help write'")
    bench.run("write", EDU, "0", "0", "1", "--verify", "-n").refuses(
        2, "pcibar write: --verify cannot be combined with --dry-run; see 'pcibar help write'")
    equal(edu.peek(0, 0, 32), BEFORE)


def test_a_negative_value_is_no_option(bench):
    edu = prepare(bench)
    bench.run("write", EDU, "0", "0", "-1").refuses(
        2, "pcibar write: '-1': a number cannot be negative; see 'pcibar help write'")
    equal(edu.peek(0, 0, 32), BEFORE)


if __name__ == "__main__":
    harness.main()
