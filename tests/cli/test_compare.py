#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar compare"""

import json
import random

import harness
from fake_sysfs import EDU, HUGE, NVME, RTL8139
from harness import equal, valgrind
from sentences import DRIVER, LOST, too_long


def same(bench, length, seed=1, offset=0):
    """A file that holds what the BAR holds; returns the path and the bytes."""
    data = random.Random(seed).randbytes(length)
    bench.function(EDU).poke(0, offset, data)
    return bench.file("image", data), bytearray(data)


@valgrind
def test_the_same(bench):
    path, data = same(bench, 300 << 10)
    for width in (1, 2, 4, 8, "any"):
        bench.run("compare", EDU, "0", path, "-w", width).prints("")
    bench.run("compare", EDU, "0", path, "-v").prints("0 of 76800 units of 4 bytes differ\n")
    bench.run("compare", EDU, "0", "-", stdin=bytes(data)).prints("")


@valgrind
def test_the_first_difference_and_how_many(bench):
    path, data = same(bench, 300 << 10)
    before = bytes(data[0x40000:0x40004])
    for place in (0x40001, 0x40003, 0x48000):
        data[place] ^= 0x10
    path.write_bytes(data)
    in_bar, in_file = (bytes(reversed(b)).hex() for b in (before, data[0x40000:0x40004]))
    bench.run("compare", EDU, "0", path).expect(
        5, f"0x00040000: 0x{in_bar} in the BAR, 0x{in_file} in the file\n"
        "2 of 76800 units of 4 bytes differ\n")
    for width in ("1", "any"):
        bench.run("compare", EDU, "0", path, "-w", width).expect(
            5, f"0x00040001: 0x{before[1]:02x} in the BAR, 0x{data[0x40001]:02x} in the file\n"
            "3 of 307200 units of 1 byte differ\n")


@valgrind
def test_offset(bench):
    path, data = same(bench, 64, offset=1024)
    bench.run("compare", EDU, "0", path, "--offset", "1K").prints("")
    data[63] ^= 0xff
    path.write_bytes(data)
    bench.run("compare", EDU, "0", path, "--offset", "1K", "-w8").expect(
        5, f"0x00000438: 0x{bytes(data[63:] + b'')[0] ^ 0xff:02x}"
        f"{bytes(reversed(data[56:63])).hex()} in the BAR, "
        f"0x{bytes(reversed(data[56:64])).hex()} in the file\n1 of 8 units of 8 bytes differ\n")


@valgrind
def test_json(bench):
    path, data = same(bench, 16)
    result = bench.run("compare", EDU, "0", path, "--json")
    equal((result.status, result.stderr), (0, ""))
    common = {"schema": 1, "selector": EDU, "bar": "0", "width": 4, "units": 4}
    equal(json.loads(result.stdout), common | {"equal": True, "differing": 0})
    bench.function(EDU).poke(0, 4, b"\1\2\3\4")
    result = bench.run("compare", EDU, "0", path, "--json")
    equal(result.status, 5)
    equal(json.loads(result.stdout), common | {
        "equal": False, "differing": 1, "first": {
            "offset": "0x4", "bar": "0x04030201",
            "file": f"0x{bytes(reversed(data[4:8])).hex()}"}})


def test_beyond_4_gib(bench):
    bench.function(HUGE).poke(2, 12 << 30, b"\1\0\0\0")
    bench.run("compare", HUGE, "2", "-", "--offset", "12G", stdin=bytes(4)).expect(
        5, "0x300000000: 0x00000001 in the BAR, 0x00000000 in the file\n"
        "1 of 1 units of 4 bytes differ\n")


def test_io_ports(bench):
    bench.function(RTL8139).poke(0, 0, bytes(range(256)))
    bench.run("compare", RTL8139, "0", "-", stdin=bytes(range(256))).prints("")


@valgrind
def test_files_that_cannot_be_compared(bench):
    missing = bench.folder / "missing"
    bench.run("compare", EDU, "0", missing).refuses(
        1, f"pcibar compare: {missing}: No such file or directory")
    bench.run("compare", EDU, "0", "-").refuses(2, "pcibar compare: standard input: it is empty")
    bench.run("compare", EDU, "0", "-", stdin=bytes(6)).refuses(
        2, "pcibar compare: 0x6 bytes are not a multiple of 4: use -w 2; see 'pcibar help compare'")
    bench.run("compare", EDU, "0", "-", stdin=bytes((1 << 20) + 4)).refuses(
        2, f"pcibar compare: {EDU} BAR 0: {too_long('standard input', 0x100004, 0, 1 << 20)}")


def test_share_driver(bench):
    bench.run("compare", NVME, "0", "-", stdin=bytes(4)).refuses(
        1, f"pcibar compare: {NVME} BAR 0: {DRIVER}")
    bench.run("compare", NVME, "0", "-", "--share-driver", stdin=bytes(4)).prints("")


@valgrind
def test_a_loss(bench):
    path, _ = same(bench, 512 << 10)
    bench.function(EDU).lose(0, 256 << 10)
    bench.run("compare", EDU, "0", path).refuses(
        4, f"pcibar compare: {EDU} BAR 0: {LOST}")


if __name__ == "__main__":
    harness.main()
