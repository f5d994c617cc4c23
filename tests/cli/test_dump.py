#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar dump"""

import json
import random
import struct

import harness
from fake_sysfs import BEYOND, EDU, HUGE, IVSHMEM, NVME, RTL8139
from harness import check, equal, matches, valgrind
from sentences import LOST, decode_off, driver, no_function

NO_WIDTH = "this BAR does not support this width; use another -w"
NO_ACCESS = "no such access to this BAR; choose a width with -w 1, 2, 4 or 8"
STEP = 16
SIZE = 16 << 10     # of what holds the random data


def hex_dump(data, start, width, end_of_bar=0):
    """What a dump of these bytes looks like; end_of_bar decides nothing but above 4 GiB."""
    digits = max(8, len(f"{max(start + len(data), end_of_bar):x}"))
    columns = STEP // width * (2 * width + 1)
    lines, last = [], None
    for place in range(0, len(data), STEP):
        row = data[place:place + STEP]
        if row == last:
            if lines[-1] != "*":
                lines.append("*")
            continue
        units = [row[i:i + width][::-1].hex() + " " for i in range(0, len(row), width)]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start + place:0{digits}x}  {''.join(units):{columns}} |{text}|")
        last = row
    return "\n".join([*lines, f"{start + len(data):0{digits}x}", ""])


def random_rows(seed):
    """Random data in which rows repeat."""
    chance = random.Random(seed)
    rows = [chance.randbytes(STEP) for _ in range(4)]
    data = b""
    while len(data) < SIZE:
        row = chance.choice([chance.randbytes(STEP), chance.choice(rows), bytes(STEP)])
        data += row * chance.choice((1, 1, 1, 2, 3, 40))
    return data[:SIZE]


@valgrind
def test_a_dump_as_the_manual_shows_it(bench):
    bench.function(EDU).poke(0, 0, struct.pack("<5I", 0x010000ed, 0, 0x7c7e7f20, 0x41424344, 1))
    bench.run("dump", EDU, "0", "0+0x14").prints(
        "00000000  010000ed 00000000 7c7e7f20 41424344  |........ .~|DCBA|\n"
        "00000010  00000001                             |....|\n"
        "00000014\n")


@valgrind
def test_random_data_at_every_width(bench):
    data = random_rows(1)
    bench.function(EDU).poke(0, 0x1000, data)
    for width in (1, 2, 4, 8):
        bench.run("dump", EDU, "0", "0x1000+16K", "-w", width).prints(
            hex_dump(data, 0x1000, width))
    bench.run("dump", EDU, "0", "0x1000+16K", "-w", "any").prints(hex_dump(data, 0x1000, 1))


def test_odd_ranges(bench):
    data = random_rows(2)
    bench.function(EDU).poke(0, 0, data)
    chance = random.Random(3)
    for _ in range(40):
        width = chance.choice((1, 2, 4, 8))
        start = chance.randrange(0, SIZE // 2, width)
        length = chance.randrange(width, min(SIZE - start, chance.choice((64, 6000))), width)
        bench.run("dump", EDU, "0", f"{start}+{length:#x}", "-w", width).prints(
            hex_dump(data[start:start + length], start, width))


def test_folding_across_the_pieces_that_are_read(bench):
    data = bytearray(1 << 20)
    for place in (0xfff0, 0x10000, 0x20000, 0x3fff0, 0xffff0):
        data[place] = 1
    bench.function(EDU).poke(0, 0, data)
    bench.run("dump", EDU, "0").prints(hex_dump(bytes(data), 0, 4))


def test_a_start_without_a_length_goes_to_the_end(bench):
    bench.function(EDU).poke(0, 0xfffe0, bytes(range(32)))
    bench.run("dump", EDU, "0", "0xfffe0").prints(hex_dump(bytes(range(32)), 0xfffe0, 4))
    bench.run("dump", EDU, "0", "0xfffe4").prints(hex_dump(bytes(range(4, 32)), 0xfffe4, 4))


def test_offsets_beyond_4_gib_have_more_digits(bench):
    bench.function(HUGE).poke(2, (4 << 30) - 16, bytes(range(32)))
    bench.run("dump", HUGE, "2", "0xfffffff0+32").prints(
        hex_dump(bytes(range(32)), 0xfffffff0, 4))
    bench.run("dump", HUGE, "2", "0x3fffffff0+16", "-w8").prints(
        hex_dump(bytes(16), 0x3fffffff0, 8))


@valgrind
def test_raw_is_a_byte_image(bench):
    data = random_rows(4)
    bench.function(EDU).poke(0, 0, data)
    output = bench.folder / "image"
    for width in (1, 2, 4, 8, "any"):
        bench.run("dump", EDU, "0", "0+16K", "-f", "raw", "-o", output, "-w", width).prints("")
        equal(output.read_bytes(), data, f"image at -w {width}")
    with open(bench.folder / "stdout", "wb") as file:
        bench.run("dump", EDU, "0", "5+100", "--format=raw", "-w1", stdout=file).prints("")
    equal((bench.folder / "stdout").read_bytes(), data[5:105])


def test_a_whole_bar_raw(bench):
    data = random.Random(5).randbytes(16 << 20)
    bench.function(BEYOND).poke(0, 0, data)
    output = bench.folder / "image"
    for width in ("8", "any"):
        bench.run("dump", BEYOND, "0", "-f", "raw", "-w", width, "-o", output).prints("")
        check(output.read_bytes() == data, f"the image differs from the BAR at -w {width}")


@valgrind
def test_json_is_an_object_a_line(bench):
    bench.function(EDU).poke(0, 0x100, bytes(range(20)))
    for option in (["-f", "json"], ["--json"]):
        result = bench.run("dump", EDU, "0", "0x100+20", *option)
        equal((result.status, result.stderr), (0, ""))
        common = {"schema": 1, "selector": EDU, "bar": "0", "width": 4}
        equal([json.loads(line) for line in result.stdout.splitlines()], [
            common | {"offset": "0x100",
                      "values": ["0x03020100", "0x07060504", "0x0b0a0908", "0x0f0e0d0c"]},
            common | {"offset": "0x110", "values": ["0x13121110"]}])
    result = bench.run("dump", EDU, "0", "0x100+2", "--json", "-w1")
    equal(json.loads(result.stdout)["values"], ["0x00", "0x01"])


def test_a_format_and_json(bench):
    """On one command line they contradict each other; json is what both ask for."""
    kept = bench.file("kept", b"kept")
    for front, back in (([], ["--json"]), (["--json"], [])):
        for name in ("hex", "raw"):
            bench.run(*front, "dump", EDU, "0", "0+4", *back, "-f", name, "-o", kept).refuses(
                2, f"pcibar dump: --json cannot be combined with --format {name}; see 'pcibar help "
                   "dump'")
        equal(bench.run(*front, "dump", EDU, "0", "0+4", *back, "-f", "json"),
              bench.run("dump", EDU, "0", "0+4", "--json"))
    equal(kept.read_bytes(), b"kept")


def test_io_ports(bench):
    bench.function(RTL8139).poke(0, 0, bytes(range(256)))
    bench.run("dump", RTL8139, "0").prints(hex_dump(bytes(range(256)), 0, 4))
    bench.run("dump", RTL8139, "0", "-w", "any").refuses(
        2, f"pcibar dump: {RTL8139} BAR 0: no such access to this BAR; choose a width with -w "
           "1, 2, 4 or 8")


def test_a_bar_smaller_than_a_page(bench):
    bench.function(IVSHMEM).poke(0, 0, bytes(range(256)))
    bench.run("dump", IVSHMEM, "0", "--share-page").prints(hex_dump(bytes(range(256)), 0, 4))


def test_share_driver(bench):
    bench.run("dump", NVME, "0", "0+16").refuses(
        1, f"pcibar dump: {NVME} BAR 0: {driver(bench.function(NVME))}")
    bench.run("dump", NVME, "0", "0+16", "--share-driver").prints(hex_dump(bytes(16), 0, 4))


@valgrind
def test_a_loss_leaves_whole_lines(bench):
    data = random.Random(6).randbytes(192 << 10)
    edu = bench.function(EDU)
    edu.poke(0, 0, data)
    edu.lose(0, 128 << 10)
    sentence = f"pcibar dump: {EDU} BAR 0: {LOST}"
    bench.run("dump", EDU, "0", "0+192K").refuses(
        4, sentence, stdout=hex_dump(data[:128 << 10], 0, 4))
    output = bench.folder / "image"
    bench.run("dump", EDU, "0", "0+192K", "-f", "raw", "-o", output).refuses(4, sentence)
    equal(output.read_bytes(), data[:128 << 10])
    result = bench.run("dump", EDU, "0", "0+192K", "--json")
    equal(result.status, 4)
    equal([json.loads(line)["offset"] for line in result.stdout.splitlines()],
          [hex(place) for place in range(0, 128 << 10, STEP)])


def test_a_loss_under_way(bench):
    """The BAR of 16 GiB goes away while the dump waits for a reader."""
    process = bench.start("dump", HUGE, "2", "--json")
    process.wait_for("\n")
    bench.function(HUGE).lose(2)
    result = process.finish()
    equal((result.status, result.stderr), (4, f"pcibar dump: {HUGE} BAR 2: {LOST}\n"))
    offsets = [json.loads(line)["offset"] for line in result.stdout.splitlines()]
    equal(offsets, [hex(place) for place in range(STEP, (len(offsets) + 1) * STEP, STEP)])


def test_a_terminal_does_not_get_a_large_bar(bench):
    status, screen = bench.run_on_terminal("dump", BEYOND, "0", terminals=("stdout", "stderr"))
    equal((status, screen), (
        1, f"pcibar dump: {BEYOND} BAR 0: refusing to print 0x1000000 bytes to a terminal; give "
           "a range or -o FILE\n"))
    equal(bench.run_on_terminal("dump", BEYOND, "0", "0+2M"), (0, hex_dump(bytes(2 << 20), 0, 4)))
    equal(bench.run_on_terminal("dump", EDU, "0"), (0, hex_dump(bytes(1 << 20), 0, 4)))
    equal(bench.run_on_terminal("dump", BEYOND, "0", "-o", "/dev/null"), (0, ""))


def test_progress_on_a_terminal(bench):
    """It appears when the work takes more than 0.3 s: that much JSON does."""
    process = bench.start("dump", HUGE, "2", "0+1G", "--json", "-w1", "-o", "/dev/null",
                          terminals=("stderr",), env={"TERM": "xterm"})
    shown = process.wait_for("iB/s", "terminal")
    matches(r"\r *\d+ %  \d+\.\d [KM]iB/s", shown, "progress")


def test_no_progress_elsewhere(bench):
    output = bench.folder / "image"
    bench.run("dump", BEYOND, "0", "-f", "raw", "-w1", "-o", output).prints("")


def test_an_output_that_cannot_be_made(bench):
    bench.run("dump", EDU, "0", "-o", bench.folder / "no" / "file").refuses(
        1, f"pcibar dump: {bench.folder}/no/file: No such file or directory")
    bench.run("dump", EDU, "0", "-f", "raw", "-o", "/dev/full").refuses(
        1, "pcibar dump: /dev/full: No space left on device")
    bench.run("dump", EDU, "0", "-o", "").refuses(
        2, "pcibar dump: --output '': a file name is missing; see 'pcibar help dump'")


def test_a_refusal_leaves_the_output_file(bench):
    """Nothing is opened to be written before it is sure that there is something to write."""
    kept = bench.file("kept", b"kept")
    edu = bench.function(EDU)
    edu.set_command(0x0100)
    for selector, bar, status, sentence in (
            (EDU, 0, 1, f"{EDU} BAR 0: {decode_off(bench.function(EDU))}"),
            (NVME, 0, 1, f"{NVME} BAR 0: {driver(bench.function(NVME))}"),
            ("00:1f.0", 0, 3, f"00:1f.0: {no_function('0000:00:1f.0')}")):
        bench.run("dump", selector, bar, "-o", kept).refuses(status, f"pcibar dump: {sentence}")
    # Ports, whose refusal comes with the first access.
    for width, sentence in (("8", NO_WIDTH), ("any", NO_ACCESS)):
        bench.run("dump", RTL8139, "0", "-w", width, "-o", kept).refuses(
            2, f"pcibar dump: {RTL8139} BAR 0: {sentence}")
    equal(kept.read_bytes(), b"kept")
    # Emptied when there is: nothing remains of a longer file.
    bench.run("dump", RTL8139, "0", "0+2", "-w", "2", "-f", "raw", "-o", kept).prints("")
    equal(len(kept.read_bytes()), 2)


def test_a_format_that_there_is_not(bench):
    bench.run("dump", EDU, "0", "-f", "xml").refuses(
        2, "pcibar dump: --format 'xml': use hex, raw or json; see 'pcibar help dump'")


if __name__ == "__main__":
    harness.main()
