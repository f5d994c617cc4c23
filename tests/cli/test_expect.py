#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar expect"""

import struct
import time

import harness
from fake_sysfs import EDU, NVME
from harness import check, equal, valgrind
from sentences import driver, silent

SEE = "; see 'pcibar help expect'"


def failed(values, offset=8, waited=""):
    """What it says of the values that it read and wanted."""
    return f"pcibar expect: {EDU} BAR 0: {waited}0x{offset:08x} reads {values}"


@valgrind
def test_what_holds_prints_nothing(bench):
    bench.function(EDU).poke(0, 8, b"\1\2\3\4")
    for line in (["8", "0x04030201"], ["8", "0x201", "-w2"], ["8", "1:0xff"], ["9", "2", "-w", "1"],
                 ["8", "0x04030201", "--timeout", "1m"]):
        bench.run("expect", EDU, "0", *line).prints("")


def test_what_does_not_hold(bench):
    bench.function(EDU).poke(0, 8, b"\1\2\3\4")
    for line, values in ((["4"], "0x04030201, wanted 0x00000004"),
                         (["0:1"], "0x04030201, wanted 0x00000000:0x00000001"),
                         (["5", "-w2"], "0x0201, wanted 0x0005")):
        bench.run("expect", EDU, "0", "8", *line).refuses(5, failed(values))


@valgrind
def test_a_timeout_names_all(bench):
    started = time.monotonic()
    bench.run("expect", EDU, "0", "8", "0x80:0x80", "--timeout", "200ms").refuses(
        5, failed("0x00000000, wanted 0x00000080:0x00000080", waited="timed out after 0.2 s: "))
    spent = time.monotonic() - started
    check(0.2 <= spent < harness.BOUND / 2, f"it took {spent:.3f} s")


def test_it_waits(bench):
    edu = bench.function(EDU)
    process = bench.start("expect", EDU, "0", "8", "7", "--timeout", "60m", "-v")
    bench.run("write", EDU, "0", "0", "1").prints("")
    check(process.runs(), "it did not wait")
    edu.poke(0, 8, struct.pack("<I", 7))
    process.finish().expect(0)


def test_intervals_below_a_millisecond(bench):
    """By default, too: it reads at least once a millisecond."""
    trace = bench.folder / "trace"
    for options in ([], ["-i", "200us"]):
        front = harness.strace("-o", trace, "-e", "trace=nanosleep,clock_nanosleep")
        bench.run("expect", EDU, "0", "8", "7", "--timeout", "20ms", *options,
                  wrap=front).expect(5, "", failed(
                      "0x00000000, wanted 0x00000007", waited="timed out after 0.02 s: ") + "\n")
        asked = 200000 if options else 100000
        sleeps = trace.read_text(encoding="utf-8").splitlines()
        equal(sum(f"tv_nsec={asked}}}" in sleep for sleep in sleeps[:-1]), len(sleeps) - 1)


def test_refusals(bench):
    bench.run("expect", NVME, "0", "0", "0").refuses(
        1, f"pcibar expect: {NVME} BAR 0: {driver(bench.function(NVME))}")
    bench.run("expect", NVME, "0", "0", "0", "--share-driver").prints("")
    for line, clause in ((["0", "0", "2:1"], "value '2:1': the value has bits outside the mask"),
                         (["0", "0", "256", "-w1"], "value '256': it does not fit into the width: "
                          "use a larger -w"),
                         (["0", "2", "0"], "offset 0x2 is not a multiple of 4: use -w 2"),
                         (["0", "z", "0"], "offset 'z': not a number: use decimal or 0x..."),
                         (["9", "0", "0"], "BAR '9': not a BAR: use 0 to 5, or rom"),
                         (["0", "0", "0", "-i", "1"], "--interval '1': the unit is missing: use "
                          "us, ms, s or m after the number")):
        bench.run("expect", EDU, *line).refuses(2, f"pcibar expect: {clause}{SEE}")
    bench.run("expect", EDU, "0", "0").refuses(
        2, f"pcibar expect: operands are missing: <selector> <bar> <offset> <value[:mask]>{SEE}")


def test_a_loss(bench):
    edu = bench.function(EDU)
    process = bench.start("script", EDU, stdin=bench.file(
        "script", b"read 0 0\nexpect 0 8 7 --timeout 60m\n").open("rb"))
    equal(process.wait_for("\n"), "0x00000000\n")
    edu.poke_config(0, b"\xff" * 256)
    edu.poke(0, 8, b"\xff\xff\xff\xff")
    process.finish().refuses(4, f"pcibar expect: stdin:2: {EDU} BAR 0: {silent(edu)}")


if __name__ == "__main__":
    harness.main()
