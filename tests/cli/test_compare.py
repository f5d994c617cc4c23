#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar compare"""

import json
import random

import harness
from fake_sysfs import EDU, HUGE, NVME, RTL8139
from harness import equal, valgrind
from sentences import LOST, driver, too_long


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


def line(offset, data, image, width=4):
    """What is printed about a unit that differs; data and image: what the BAR and the file hold."""
    values = [int.from_bytes(bytes(each[offset:offset + width]), "little")
              for each in (data, image)]
    return (f"0x{offset:08x}: 0x{values[0]:0{2 * width}x} in the BAR, "
            f"0x{values[1]:0{2 * width}x} in the file\n")


@valgrind
def test_all_differences_and_how_many(bench):
    path, image = same(bench, 300 << 10)
    data = bytes(image)
    for place in (0x40001, 0x40003, 0x48000):
        image[place] ^= 0x10
    path.write_bytes(image)
    bench.run("compare", EDU, "0", path).expect(
        5, line(0x40000, data, image) + line(0x48000, data, image)
        + "2 of 76800 units of 4 bytes differ\n")
    for width in ("1", "any"):
        bench.run("compare", EDU, "0", path, "-w", width).expect(
            5, "".join(line(place, data, image, 1) for place in (0x40001, 0x40003, 0x48000))
            + "3 of 307200 units of 1 byte differ\n")


def test_max(bench):
    """A bound on the list, not on the count."""
    path, image = same(bench, 64)
    bench.function(EDU).poke(0, 0, bytes(range(64)))
    for count in (1, 15):
        bench.run("compare", EDU, "0", path, "--max", count).expect(
            5, "".join(line(4 * i, bytes(range(64)), image) for i in range(count))
            + f"16 of 16 units of 4 bytes differ, of which {count} are listed\n")
    equal(bench.run("compare", EDU, "0", path, "--max=16"), bench.run("compare", EDU, "0", path))
    found = json.loads(bench.run("compare", EDU, "0", path, "--max=3", "--json").stdout)
    equal((len(found["differences"]), found["differing"]), (3, 16))
    bench.run("compare", EDU, "0", path, "--max", "0").refuses(
        2, "pcibar compare: --max '0': the count is zero; see 'pcibar help compare'")


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
    common = {"schema": 1, "selector": EDU, "bar": "0", "file": str(path), "width": 4, "units": 4}
    equal(json.loads(result.stdout), common | {"equal": True, "differing": 0, "differences": []})
    bench.function(EDU).poke(0, 4, b"\1\2\3\4")
    bench.function(EDU).poke(0, 12, b"\5\6\7\x08")
    result = bench.run("compare", EDU, "0", path, "--json")
    equal(result.status, 5)
    equal(json.loads(result.stdout), common | {
        "equal": False, "differing": 2, "differences": [
            {"offset": offset, "bar": value,
             "file": f"0x{int.from_bytes(data[at:at + 4], 'little'):08x}"}
            for offset, value, at in (("0x4", "0x04030201", 4), ("0xc", "0x08070605", 12))]})


def test_what_changed_between_two_moments(bench):
    """Two short commands: the dump knows where it begins and how wide its numbers are."""
    edu, saved = bench.function(EDU), bench.folder / "a"
    before = random.Random(3).randbytes(0x1000) + bytes(0x1000) + b"\1\2\3\4\5\6\7\x08"
    for width in (1, 2, 4, 8):
        edu.poke(0, 0x40, before)
        bench.run("dump", EDU, "0", f"0x40+{len(before)}", "-o", saved, "-w", width).prints("")
        bench.run("compare", EDU, "0", saved).prints("")
        now = bytearray(before)
        for place in (0, 0xfff, 0x1000, 0x1fff, len(before) - 1):
            now[place] ^= 0x81
        edu.poke(0, 0x40, now)
        changed = sorted({place // width * width for place in (0, 0xfff, 0x1000, 0x1fff,
                                                               len(before) - 1)})
        bench.run("compare", EDU, "0", saved).expect(
            5, "".join(line(0x40 + place, bytes(0x40) + now, bytes(0x40) + before, width)
                       for place in changed)
            + f"{len(changed)} of {len(before) // width} units of {width} "
            f"{'bytes' if width > 1 else 'byte'} differ\n")


def test_in_a_script(bench):
    """The file need not be there when the script is checked."""
    image = bench.folder / "a"
    bench.run("script", EDU, stdin=f"dump 0 0+8 -o {image}\ncompare 0 {image}\nwrite 0 4 7\n"
              f"compare 0 {image}\n").expect(
        5, "0x00000004: 0x00000007 in the BAR, 0x00000000 in the file\n"
        "1 of 2 units of 4 bytes differ\n")


@valgrind
def test_dumps(bench):
    """Of all of a BAR, of pieces that end anywhere, from a pipe, at another place and width."""
    edu, saved = bench.function(EDU), bench.folder / "a"
    data = same(bench, 300 << 10)[1]
    edu.poke(0, 0x60000, b"\x55" * 0x123)
    for options in ([], ["-w", "any"], ["0x60000+0x123", "-w1"], ["0x5fff8+0x20", "-w8"],
                    ["0xffffc+4"], ["16+4"]):
        bench.run("dump", EDU, "0", *options, "-o", saved).prints("")
        for more in ([], ["-f", "hex"]):
            bench.run("compare", EDU, "0", saved, *more).prints("")
        bench.run("compare", EDU, "0", "-", stdin=saved.read_bytes()).prints("")
    bench.run("dump", EDU, "0", "0x1000+32", "-w1", "-o", saved).prints("")
    edu.poke(0, 0x2000, data[0x1000:0x1020])
    bench.run("compare", EDU, "0", saved, "--offset", "8K", "-w4", "-v").prints(
        "0 of 8 units of 4 bytes differ\n")


def test_a_dump_may_be_longer_in_bytes_than_in_text(bench):
    """A fold of 12 GiB is compared as it is read, and refused where it does not fit."""
    saved = bench.file("a", b"00000000  00000000 00000000 00000000 00000000  |................|\n"
                       b"*\n300000000\n")
    bench.run("compare", EDU, "0", saved).refuses(
        2, f"pcibar compare: {EDU} BAR 0: {too_long(saved, 12 << 30, 0, 1 << 20)}")


def test_dumps_that_are_damaged(bench):
    edu, saved = bench.function(EDU), bench.folder / "a"
    edu.poke(0, 0, random.Random(4).randbytes(64))
    edu.poke(0, 64, bytes(64))
    bench.run("dump", EDU, "0", "0+128", "-o", saved).prints("")
    lines = saved.read_text(encoding="ascii").splitlines(keepends=True)
    fold = "the lines around '*' do not fit together"
    for text, number, clause in (
            (lines[:2], 3, "the last line is missing, which is the offset of the end"),
            (lines[:1] + lines[2:], 2, "its offset does not continue the line before"),
            (lines[:2] + ["00000020  broken\n"], 3, "not a line of a hex dump"),
            (lines[:2] + [lines[2].split("|")[0]], 3, "not a line of a hex dump"),
            (lines + lines[-1:], 7, "there is more after the end"),
            (lines[:6], 6, fold), (lines[:6] + ["00000078\n"], 6, fold),
            (lines[:6] + ["00000040\n"], 6, fold),
            (lines[:1] + ["00000010  00  |.|\n"], 2, "its numbers have another width"),
            (["00000000  00000000                             |....|\n",
              "00000004  00000000                             |....|\n", "00000008\n"], 2,
             "the line before is short, and not the last one")):
        saved.write_text("".join(text), encoding="ascii")
        bench.run("compare", EDU, "0", saved).refuses(
            2, f"pcibar compare: {saved}: line {number}: {clause}")


def test_formats(bench):
    """What is taken for a dump begins like one; -f says so for others."""
    text = b"00000000  00000000 00000000 00000000 00000000  |................|\n00000010\n     "
    path = bench.file("a", text)
    bench.function(EDU).poke(0, 0, text)
    bench.run("compare", EDU, "0", path, "-f", "raw").prints("")
    bench.run("compare", EDU, "0", path).refuses(
        2, f"pcibar compare: {path}: line 2: there is more after the end")
    path.write_bytes(b"0000000g" + text[8:])
    bench.function(EDU).poke(0, 0, b"0000000g" + text[8:])
    bench.run("compare", EDU, "0", path).prints("")
    bench.run("compare", EDU, "0", path, "-f", "hex").refuses(
        2, f"pcibar compare: {path}: line 1: not a line of a hex dump")
    bench.run("compare", EDU, "0", path, "-f", "json").refuses(
        2, "pcibar compare: --format 'json': use hex or raw; see 'pcibar help compare'")


@valgrind
def test_two_files(bench):
    """No device is needed: what was saved at two moments, each as hex or raw."""
    edu = bench.function(EDU)
    data = [bytearray(random.Random(5).randbytes(0x400)) for _ in range(2)]
    data[1][0x21] ^= 1
    names = {}
    for number, each in enumerate(data):
        edu.poke(0, 0x1000, each)
        for form in ("hex", "raw"):
            names[form, number] = bench.folder / f"{form}{number}"
            bench.run("dump", EDU, "0", "4K+1K", "-f", form, "-o", names[form, number]).prints("")
    was, now = (f"0x{int.from_bytes(each[0x20:0x24], 'little'):08x}" for each in data)
    for forms in (("hex", "hex"), ("raw", "hex"), ("hex", "raw"), ("raw", "raw")):
        first, second = (names[form, number] for number, form in enumerate(forms))
        where = "0x00000020" if forms == ("raw", "raw") else "0x00001020"
        bench.run("compare", first, second, sysfs=False).expect(
            5, f"{where}: {was} in {first}, {now} in {second}\n1 of 256 units of 4 bytes differ\n")
        bench.run("compare", first, names["hex", 0], sysfs=False).prints("")
    bench.run("compare", names["raw", 0], "-", "--offset", "4K", "-w", "any",
              stdin=bytes(data[1])).expect(
        5, f"0x00001021: 0x{data[0][0x21]:02x} in {names['raw', 0]}, "
        f"0x{data[1][0x21]:02x} in standard input\n1 of 1024 units of 1 byte differ\n")
    result = bench.run("compare", "--json", names["hex", 0], names["hex", 1], sysfs=False)
    equal((result.status, json.loads(result.stdout)), (5, {
        "schema": 1, "file": str(names["hex", 0]), "other": str(names["hex", 1]), "width": 4,
        "differences": [{"offset": "0x1020", "file": was, "other": now}], "units": 256,
        "differing": 1, "equal": False}))


def test_two_files_that_cannot_be_compared(bench):
    short, long = bench.file("short", bytes(8)), bench.file("long", bytes(16))
    bench.run("compare", short, long).refuses(
        2, f"pcibar compare: {short} has 0x8 bytes, and {long} has 0x10; dump the same range")
    bench.run("compare", short, bench.folder / "missing").refuses(
        1, f"pcibar compare: {bench.folder}/missing: No such file or directory")
    bench.run("compare", "-", "-", stdin=bytes(8)).refuses(
        2, "pcibar compare: standard input: it is empty")
    bench.run("compare", short, short, "-w", "8").prints("")
    bench.run("compare", bench.file("odd", bytes(6)), bench.file("other", bytes(6))).refuses(
        2, "pcibar compare: 0x6 bytes are not a multiple of 4: use -w 2; see 'pcibar help compare'")
    for name, start in (("a", 0), ("b", 16)):
        bench.run("dump", EDU, "0", f"{start}+16", "-o", bench.folder / name).prints("")
    a, b = bench.folder / "a", bench.folder / "b"
    bench.run("compare", a, b).refuses(
        2, f"pcibar compare: {a} begins at offset 0x0, and {b} at 0x10; give --offset to compare "
        "them all the same")
    bench.run("compare", a, b, "--offset", "0").prints("")


def test_names_of_files_are_made_safe(bench):
    one, two = bench.file("one\x1b[m", b"\1"), bench.file("two", b"\2")
    bench.run("compare", one, two, "-w1").expect(
        5, f"0x00000000: 0x01 in {bench.folder}/one\\x1b[m, 0x02 in {two}\n"
        "1 of 1 units of 1 byte differ\n")


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
        1, f"pcibar compare: {NVME} BAR 0: {driver(bench.function(NVME))}")
    bench.run("compare", NVME, "0", "-", "--share-driver", stdin=bytes(4)).prints("")


@valgrind
def test_a_loss(bench):
    path, _ = same(bench, 512 << 10)
    bench.function(EDU).lose(0, 256 << 10)
    bench.run("compare", EDU, "0", path).refuses(
        4, f"pcibar compare: {EDU} BAR 0: {LOST}")


if __name__ == "__main__":
    harness.main()
