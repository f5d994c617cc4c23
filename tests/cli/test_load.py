#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar load"""

import os
import random
import re
from pathlib import Path

import harness
from fake_sysfs import EDU, HUGE, IVSHMEM, NVME, RTL8139
from harness import check, equal, forgetting, matches, strace, valgrind
from sentences import LOST, driver, no_wc, too_long


def image(bench, length, seed=1):
    """Random data, as a file and as bytes."""
    data = random.Random(seed).randbytes(length)
    return bench.file("image", data), data


@valgrind
def test_every_width(bench):
    edu = bench.function(EDU)
    path, data = image(bench, 4096)
    for width in (1, 2, 4, 8, "any"):
        edu.poke(0, 0, b"\xee" * 4104)
        bench.run("load", EDU, "0", path, "-w", width).prints("")
        equal(edu.peek(0, 0, 4104), data + b"\xee" * 8, f"BAR after -w {width}")


@valgrind
def test_offset(bench):
    path, data = image(bench, 24)
    edu = bench.function(EDU)
    bench.run("load", EDU, "0", path, "--offset", "1K").prints("")
    equal(edu.peek(0, 1020, 32), bytes(4) + data + bytes(4))
    bench.run("load", EDU, "0", path, "--offset=0xfffe8").prints("")
    equal(edu.peek(0, 0xfffe4, 28), bytes(4) + data)


@valgrind
def test_from_standard_input(bench):
    path, data = image(bench, 300 << 10)
    edu = bench.function(EDU)
    bench.run("load", EDU, "0", "-", stdin=data).prints("")
    check(edu.peek(0, 0, len(data)) == data, "the BAR differs from the file on stdin")
    edu.poke(0, 0, bytes(len(data)))
    bench.start("load", EDU, "0", "-", wrap=["sh", "-c", 'cat "$0" | "$@"', path]).finish().prints(
        "")
    check(edu.peek(0, 0, len(data)) == data, "the BAR differs from what came by the pipe")


def test_standard_input_from_its_offset(bench):
    path, data = image(bench, 64)
    with open(path, "rb") as file:
        os.lseek(file.fileno(), 32, os.SEEK_SET)
        bench.start("load", EDU, "0", "-", stdin=file).finish().prints("")
    equal(bench.function(EDU).peek(0, 0, 40), data[32:] + bytes(8))


@valgrind
def test_from_files_that_do_not_know_their_size(bench):
    """Those of /proc say 0, attributes of sysfs say a page."""
    edu = bench.function(EDU)
    for name in ("/proc/sys/kernel/ostype", "/sys/devices/system/cpu/possible"):
        data = Path(name).read_bytes()
        bench.run("load", EDU, "0", name, "-w1", "--verify").prints("")
        equal(edu.peek(0, 0, len(data)), data, name)
        bench.run("compare", EDU, "0", name, "-w1").prints("")


def test_a_whole_bar_write_combining(bench):
    ivshmem = bench.function(IVSHMEM)
    path, data = image(bench, 4 << 20)
    for width in ("any", "8", "1"):
        ivshmem.poke(2, 0, bytes(len(data)))
        bench.run("load", IVSHMEM, "2", path, "--wc", "-w", width, "--verify").prints("")
        check(ivshmem.peek(2, 0, len(data)) == data, f"the BAR differs after -w {width}")


def test_any_width_at_odd_places(bench):
    edu = bench.function(EDU)
    path, data = image(bench, 10001)
    edu.poke(0, 0, b"\xee" * 12000)
    bench.run("load", EDU, "0", path, "-w", "any", "--offset", "77", "--verify").prints("")
    equal(edu.peek(0, 0, 12000), b"\xee" * 77 + data + b"\xee" * (12000 - 77 - len(data)))


def test_wc_where_it_is_unsupported(bench):
    path, _ = image(bench, 64)
    bench.run("load", EDU, "0", path, "--wc").refuses(
        1, f"pcibar load: {EDU} BAR 0: {no_wc(0)}")
    equal(bench.function(EDU).peek(0, 0, 64), bytes(64))


@valgrind
def test_fixed_writes_all_to_one_place(bench):
    edu = bench.function(EDU)
    path, data = image(bench, 64)
    bench.run("load", EDU, "0", path, "--fixed", "--offset", "0xffffc").prints("")
    equal(edu.peek(0, 0xffff0, 16), bytes(12) + data[-4:])


def test_beyond_4_gib(bench):
    huge = bench.function(HUGE)
    path, data = image(bench, 4096)
    bench.run("load", HUGE, "2", path, "--offset", "12G", "--verify").prints("")
    equal(huge.peek(2, 12 << 30, 4096), data)


def test_verify_that_differs(bench):
    ports = bench.function(RTL8139).resource(0)
    path = bench.file("image", bytes(8) + b"\0\0\1\2" + bytes(4) + b"\5\0\0\0")
    bench.run("load", RTL8139, "0", path, "--verify", "--offset", "16",
              wrap=forgetting(ports, 4)).refuses(
        5, f"pcibar load: {RTL8139} BAR 0: 0x00000018 reads 0x00000000 after loading 0x02010000; 2 "
        "of 5 units differ")
    bench.run("load", RTL8139, "0", path, "--verify", "-w1", wrap=forgetting(ports, 1)).refuses(
        5, f"pcibar load: {RTL8139} BAR 0: 0x0000000a reads 0x00 after loading 0x01; 3 of 20 units "
        "differ")


def test_without_verify_nothing_is_compared(bench):
    bench.run("load", RTL8139, "0", bench.file("image", b"\5\0\0\0"),
              wrap=forgetting(bench.function(RTL8139).resource(0), 4)).prints("")


def test_verbose_prints_the_speed(bench):
    path, _ = image(bench, 4096)
    result = bench.run("load", EDU, "0", path, "-v")
    equal((result.status, result.stdout), (0, ""))
    matches(r"pcibar load: 4096 bytes in \d+\.\d{3} s, \d+\.\d MiB/s\n", result.stderr)


def test_progress_on_a_terminal(bench):
    """It appears when the work takes more than 0.3 s: strace makes the first of two reads slow."""
    path, data = image(bench, 512 << 10)
    front = strace("-o", "/dev/null", "-P", path, "-e",
                   "inject=pread64:delay_exit=350000:when=1")
    status, screen = bench.run_on_terminal("load", EDU, "0", path, terminals=("stderr",),
                                           wrap=front)
    equal(status, 0)
    matches(r"\r 50 %  \d+\.\d [KM]iB/s\x1b\[K(\r100 %  \d+\.\d [KM]iB/s\x1b\[K)?\r\x1b\[K",
            screen, "progress")
    check(bench.function(EDU).peek(0, 0, len(data)) == data, "the BAR differs")
    equal(bench.run_on_terminal("load", EDU, "0", path, terminals=("stderr",)), (0, ""))
    status, screen = bench.run_on_terminal("load", EDU, "0", path, terminals=("stderr",),
                                           wrap=front, size=(24, 10))
    check(status == 0 and max(map(len, re.findall(r"\r([^\r\x1b]*)", screen))) == 9,
          f"the line does not fit: {screen!r}")


def test_what_does_not_fit_writes_nothing(bench):
    edu = bench.function(EDU)
    path, _ = image(bench, (1 << 20) + 4)
    bench.run("load", EDU, "0", path).refuses(
        2, f"pcibar load: {EDU} BAR 0: {too_long(path, 0x100004, 0, 1 << 20)}")
    with open(path, "rb") as file:
        bench.start("load", EDU, "0", "-", wrap=["sh", "-c", 'cat | "$@"', "sh"],
                    stdin=file).finish().refuses(
            2, f"pcibar load: {EDU} BAR 0: {too_long('standard input', 0x100004, 0, 1 << 20)}")
    path, _ = image(bench, 8)
    bench.run("load", EDU, "0", path, "--offset", "0xffffc").refuses(
        2, f"pcibar load: {EDU} BAR 0: {too_long(path, 8, 0xffffc, 4)}")
    check(not any(edu.peek(0, 0, 1 << 20)), "something was written")


def test_no_multiple_of_the_width_writes_nothing(bench):
    edu = bench.function(EDU)
    for length, width, fits in ((6, 4, 2), (7, 2, 1), (12, 8, 4)):
        path, _ = image(bench, length)
        bench.run("load", EDU, "0", path, "-w", width).refuses(
            2, f"pcibar load: {length:#x} bytes are not a multiple of {width}: use -w {fits}; see "
            "'pcibar help load'")
    path, _ = image(bench, 8)
    bench.run("load", EDU, "0", path, "--offset", "2").refuses(
        2, "pcibar load: offset 0x2 is not a multiple of 4: use -w 2; see 'pcibar help load'")
    equal(edu.peek(0, 0, 16), bytes(16))


@valgrind
def test_files_that_cannot_be_read(bench):
    missing = bench.folder / "missing"
    bench.run("load", EDU, "0", missing).refuses(
        1, f"pcibar load: {missing}: No such file or directory")
    bench.run("load", EDU, "0", bench.folder).refuses(
        1, f"pcibar load: {bench.folder}: Is a directory")
    empty = bench.file("empty", b"")
    bench.run("load", EDU, "0", empty).refuses(2, f"pcibar load: {empty}: it is empty")
    bench.run("load", EDU, "0", "-").refuses(2, "pcibar load: standard input: it is empty")


def test_options_that_do_not_go_together(bench):
    path, _ = image(bench, 8)
    bench.run("load", EDU, "0", path, "--fixed", "--verify").refuses(
        2, "pcibar load: --fixed cannot be combined with --verify; see 'pcibar help load'")
    bench.run("load", EDU, "0", path, "--fixed", "-w", "any").refuses(
        2, "pcibar load: --fixed cannot be combined with -w any; see 'pcibar help load'")
    equal(bench.function(EDU).peek(0, 0, 8), bytes(8))


def test_share_driver(bench):
    path, data = image(bench, 8)
    bench.run("load", NVME, "0", path).refuses(
        1, f"pcibar load: {NVME} BAR 0: {driver(bench.function(NVME))}")
    equal(bench.function(NVME).peek(0, 0, 8), bytes(8))
    bench.run("load", NVME, "0", path, "--share-driver").prints("")
    equal(bench.function(NVME).peek(0, 0, 8), data)


@valgrind
def test_a_loss(bench):
    path, _ = image(bench, 128 << 10)
    bench.function(EDU).lose(0, 64 << 10)
    bench.run("load", EDU, "0", path).refuses(4, f"pcibar load: {EDU} BAR 0: {LOST}")


if __name__ == "__main__":
    harness.main()
