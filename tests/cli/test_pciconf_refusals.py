#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What pciconf refuses, and how it ends when its output cannot be written"""

import os
import re

import harness
from fake_sysfs import EDU
from harness import check, differs, equal, matches, source, valgrind

HELP = "; see 'pciconf --help'"
MODES = "aDlRrtWw"
USAGE = {
    "l": "-l [-BbcevV] [-C class] [device]",
    "t": "-t [-v]",
    "a": "-a device",
    "r": "-r [-b | -h] device addr[:addr2]",
    "w": "-w [-b | -h] device addr value",
    "D": "-D [-b | -h | -x] [-m uc | wc] [-v] device bar [start [count]]",
    "R": "-R [-b | -h | -x] device bar start[:end]",
    "W": "-W [-b | -h | -x] device bar offset value",
}
# Fewest and most operands
OPERANDS = {"l": (0, 1), "t": (0, 0), "a": (1, 1), "r": (2, 2), "w": (3, 3), "D": (2, 4),
            "R": (3, 3), "W": (4, 4)}
OPTIONS = {"l": "BbcevV", "t": "v", "a": "", "r": "bh", "w": "bh", "D": "bhxv", "R": "bhx",
           "W": "bhx"}
SELECTOR = ("name it as 'pciconf -l' prints it, such as pci0:0:4:0, or by its driver and unit")

# Every way to work that prints something
PRINTING = [
    ["-l"], ["-ll"], ["-lbBcev"], ["-t"], ["-tv"], ["-a", "nvme0"], ["-a", "pci0:0:4:0"],
    ["-r", "pci0:0:4:0", "0"], ["-r", "-b", "pci0:0:4:0", "0:255"],
    ["-D", "pci0:0:4:0", "0x10"], ["-D", "pci0:0:4:0", "0x10", "0", "1"],
    ["-R", "pci0:0:4:0", "0x10", "0"], ["-R", "pci0:0:4:0", "0x10", "0:0xfffff"],
    ["--help"], ["--version"],
]


@differs
def test_no_mode_and_two(bench):
    bench.run().refuses(1, "pciconf: say what to do: -l, -t, -a, -r, -w, -D, -R or -W" + HELP)
    bench.run("-v").refuses(1, "pciconf: say what to do: -l, -t, -a, -r, -w, -D, -R or -W" + HELP)
    for first in MODES:
        for second in MODES.replace(first, ""):
            bench.run(f"-{first}{second}").refuses(
                1, f"pciconf: -{first} and -{second} do not go together{HELP}")


@differs
def test_numbers_of_operands(bench):
    for mode, (fewest, most) in OPERANDS.items():
        if fewest:
            bench.run(f"-{mode}", *["pci0:0:4:0"] * (fewest - 1)).refuses(
                1, f"pciconf: operands are missing: it takes pciconf {USAGE[mode]}{HELP}")
        bench.run(f"-{mode}", *["pci0:0:4:0"] * (most + 1)).refuses(
            1, f"pciconf: too many operands: it takes pciconf {USAGE[mode]}{HELP}")


@differs
def test_options_that_mean_nothing(bench):
    for mode, known in OPTIONS.items():
        for option in "BbcehvVx":
            result = bench.run(f"-{mode}{option}", *["0"] * OPERANDS[mode][0])
            sentence = f"pciconf: -{option} does not apply to -{mode}{HELP}\n"
            equal(result.stderr == sentence, option not in known + ("l" if mode == "l" else ""),
                  f"-{mode} -{option}: {result}")


def test_options_that_there_are_not(bench):
    bench.run("-z").refuses(1, "pciconf: unknown option '-z'" + HELP)
    bench.run("-lz").refuses(1, "pciconf: unknown option '-z'" + HELP)
    bench.run("--frob").refuses(1, "pciconf: unknown option '--frob'" + HELP)
    bench.run("-l", "-C").refuses(1, "pciconf: -C needs an argument" + HELP)
    bench.run("-l", "--backend", "frob").refuses(
        1, "pciconf: --backend 'frob': no such back end, use one of these: auto, sysfs, pciio, "
           "vfio, freebsd" + HELP)


def test_options_end_at_the_first_operand(bench):
    bench.run("-r", "pci0:0:4:0", "-b", "0").refuses(
        1, f"pciconf: too many operands: it takes pciconf {USAGE['r']}{HELP}")
    bench.run("-w", "pci0:0:4:0", "0x50", "-1").refuses(
        1, "pciconf: value '-1': a number cannot be negative" + HELP)


@differs
def test_devices(bench):
    for name in ("pci0:", "pci0:0:4:8", "pci0:0:32:0", "pci0:256:0:0", "pci0:0:0:0:0",
                 "pci0:0:-4:0", "pci0:0:4:0x0", "pci0:0:4:0 ", ":", "x:y", "00:04"):
        for line in (["-l"], ["-a"], ["-r", "0"], ["-D", "0x10"]):
            result = bench.run(line[0], name, *line[1:])
            equal((result.status, result.stdout), (1, ""))
            matches(rf"pciconf: {re.escape(name)}: \"[^\"]*\" is not a selector; "
                    rf"{re.escape(SELECTOR)}\n", result.stderr)
    bench.run("-a", "1234:11e8").refuses(
        1, "pciconf: 1234:11e8: IDs select no device here; 'pciconf -l' shows what does")
    for name in ("pci", "nvme", "nvme1", "nvme00", "nvme0x", "0", "none0", "em0@"):
        bench.run("-a", name).refuses(
            1, f"pciconf: {name}: no driver has a device of this name; 'pciconf -l' shows all")
    bench.run("-a", "").refuses(1, "pciconf: the device is empty" + HELP)
    for line in (["-a"], ["-r", "0"], ["-w", "0", "0"], ["-D", "0x10"], ["-R", "0x10", "0"],
                 ["-W", "0x10", "0", "0"]):
        bench.run(line[0], "pci0:0:31:0", *line[1:]).refuses(
            1, "pciconf: pci0:0:31:0: there is no function at 0000:00:1f.0; 'pciconf -l' shows all")


@valgrind
def test_no_pci(bench):
    empty = bench.folder / "empty"
    empty.mkdir()
    for line in (["-l"], ["-t"], ["-a", "nvme0"]):
        bench.run("--sysfs", empty, *line, sysfs=False).refuses(
            1, f"pciconf: {empty}: there is no PCI below {empty}")


NOT_A_NUMBER = {
    "": "a number is missing",
    "x": "not a number: use decimal or 0x...",
    "0x": "not a number: use decimal or 0x...",
    "12z": "trailing characters after the number",
    "0x10,": "trailing characters after the number",
    "1 ": "trailing characters after the number",
    "010": "octal numbers are not supported: use 0x... or drop the leading zero",
    "+1": "not a number: use decimal or 0x...",
    "-1": "a number cannot be negative",
    "0x10000000000000000": "the number is too large",
}


@differs
def test_numbers(bench):
    """FreeBSD stops at the first character that is not a digit and takes what is before it."""
    places = [
        (["-r", "pci0:0:4:0", None], "offset"), (["-w", "pci0:0:4:0", None, "0"], "offset"),
        (["-w", "pci0:0:4:0", "0", None], "value"), (["-D", "pci0:0:4:0", None], "BAR"),
        (["-D", "pci0:0:4:0", "0x10", None], "start"),
        (["-D", "pci0:0:4:0", "0x10", "0", None], "count"),
        (["-R", "pci0:0:4:0", None, "0"], "BAR"), (["-R", "pci0:0:4:0", "0x10", None], "offset"),
        (["-W", "pci0:0:4:0", None, "0", "0"], "BAR"),
        (["-W", "pci0:0:4:0", "0x10", None, "0"], "offset"),
        (["-W", "pci0:0:4:0", "0x10", "0", None], "value"),
    ]
    for line, what in places:
        for text, wrong in NOT_A_NUMBER.items():
            bench.run(*[text if word is None else word for word in line]).refuses(
                1, f"pciconf: {what} '{text}': {wrong}{HELP}")


@differs
@valgrind
def test_ranges(bench):
    for mode in (["-r", "pci0:0:4:0"], ["-R", "pci0:0:4:0", "0x10"]):
        for span, sentence in (
                ("8:", "end '': a number is missing"), (":8", "offset '': a number is missing"),
                ("8:0x", "end '0x': not a number: use decimal or 0x..."),
                ("8:12:16", "end '12:16': trailing characters after the number"),
                ("8:4", "'8:4' ends before it begins"),
                ("2", "offset 0x2 is not a multiple of the width, 4 bytes"),
                ("1:8", "offset 0x1 is not a multiple of the width, 4 bytes")):
            bench.run(*mode, span).refuses(1, f"pciconf: {sentence}{HELP}")
    # One who writes start and count of -D in one word, as older pages of FreeBSD have it
    bench.run("-D", "pci0:0:4:0", "0x10", "0:16").refuses(
        1, f"pciconf: start '0:16': trailing characters after the number{HELP}")


def test_ends_of_64_bits(bench):
    top = (1 << 64) - 1
    for line in (["-D", "pci0:0:4:0", "0x10", top, 1], ["-D", "pci0:0:4:0", "0x10", 1, top],
                 ["-D", "-h", "pci0:0:4:0", "0x10", 1 << 63, 0]):
        bench.run(*line).refuses(1, "pciconf: start and count reach beyond 64 bits" + HELP)
    bench.run("-R", "-b", "pci0:0:4:0", "0x10", f"0:{top}").refuses(
        1, f"pciconf: end '{top}': the number is too large{HELP}")
    bench.run("-R", "-b", "pci0:0:4:0", "0x10", f"0:{top - 1}").refuses(
        1, f"pciconf: pci0:0:4:0 BAR 0x10: 0x0+{top:#x} is outside BAR 0, which has 0x100000 "
        "bytes; stay below its length")
    bench.run("-R", "-x", "pci0:0:4:0", "0x10", f"8:{top - 1}").refuses(
        1, f"pciconf: '8:{top - 1}' reaches beyond 64 bits{HELP}")
    bench.run("-W", "-b", "pci0:0:4:0", "0x10", top, "0").refuses(
        1, f"pciconf: offset '{top}': the number is too large{HELP}")


@differs
def test_values_that_do_not_fit(bench):
    for option, width in (("-b", 1), ("-h", 2), (None, 4), ("-x", 8)):
        value = 1 << 8 * width
        words = [option] if option else []
        for line in ([["-w", *words, "pci0:0:4:0", "0x50"]] if width < 8 else []) + [
                ["-W", *words, "pci0:0:4:0", "0x10", "0"]]:
            bench.run(*line, value).refuses(
                1, f"pciconf: value '{value}': the number is too large{HELP}")
    for line in (["-w", "pci0:0:4:0", "0x52", "0"], ["-W", "pci0:0:4:0", "0x10", "0x52", "0"]):
        bench.run(*line).refuses(
            1, f"pciconf: offset 0x52 is not a multiple of the width, 4 bytes{HELP}")


def test_refusals_change_nothing(bench):
    edu = bench.function(EDU)
    config = edu.peek_config(0, 256)
    for line in (["-w", "pci0:0:4:0", "4", "1x"], ["-w", "-b", "pci0:0:4:0", "4", "256"],
                 ["-w", "pci0:0:4:0", "5", "0"], ["-W", "pci0:0:4:0", "0x10", "0", "1x"],
                 ["-W", "pci0:0:4:0", "0x10", "1", "1"], ["-W", "-b", "pci0:0:4:0", "0x10", "0",
                                                        "256"]):
        equal(bench.run(*line).status, 1)
    equal((edu.peek_config(0, 256), edu.peek(0, 0, 16)), (config, bytes(16)))


def test_full(bench):
    for line in PRINTING:
        with open("/dev/full", "wb") as full:
            bench.run(*line, stdout=full).refuses(
                1, "pciconf: standard output: No space left on device")


def test_closed(bench):
    for line in PRINTING:
        process = bench.start(*line, wrap=["sh", "-c", 'exec "$@" >&-', "sh"])
        process.finish().refuses(1, "pciconf: standard output: Bad file descriptor")


def test_broken(bench):
    for line in PRINTING:
        reader, writer = os.pipe()
        os.close(reader)
        result = bench.run(*line, stdout=writer)
        os.close(writer)
        result.expect(1, "", "")


def test_a_reader_that_has_enough(bench):
    for line, first in ((["-R", "pci0:0:8:0", "0x18", "0:0x3ffffffff"], " ".join(["0" * 8] * 4)),
                        (["-r", "nvme0", "0:0xfff"], "00101b36 00100507 01080202 00000000")):
        process = bench.start(*line, wrap=["sh", "-c", '"$@" | head -n 1', "sh"])
        result = process.finish()
        equal((result.status, result.stdout), (0, first + "\n"))
        equal(result.stderr, "")


def test_version_and_help(bench):
    matches(r"pciconf \d+\.\d+\S*\n", bench.run("--version", sysfs=False).stdout)
    text = bench.run("--help", sysfs=False).stdout
    equal(re.findall(r"pciconf (.*)", text), list(USAGE.values()))


def test_the_manual_page_has_every_mode_and_option(bench):
    page = source("man/pciconf.8").replace("\\-", "-")
    text = bench.run("--help", sysfs=False).stdout
    for letter in set(re.findall(r"-(\w)\b", text)) | set("BbcevV"):
        check(re.search(rf"^\.(It )?Fl {letter}\b", page, re.MULTILINE), f"-{letter} is missing")
    for name in re.findall(r"--([a-z]+)", text):
        check(f"Fl -{name}" in page, f"--{name} is not in the page")


if __name__ == "__main__":
    harness.main()
