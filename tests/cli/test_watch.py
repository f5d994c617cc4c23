#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar watch"""

import json
import re
import signal
import struct
import time

import harness
from fake_sysfs import EDU, HUGE, NVME, RTL8139
from harness import check, equal, matches, valgrind
from screen import Screen
from sentences import LOST, driver, silent

GONE = f"pcibar watch: {EDU} BAR 0: {LOST}"
TIMED_OUT = f"pcibar watch: {EDU} BAR 0: timed out"


def watch(bench, *arguments, **options):
    """Start watching EDU and wait for the first look."""
    process = bench.start("watch", EDU, "0", *arguments, **options)
    matches(r"0\.\d{3} 0x[0-9a-f]{8}: 0x[0-9a-f]+\n", process.wait_for("\n"), "first line")
    return process


@valgrind
def test_a_change_is_a_line(bench):
    edu = bench.function(EDU)
    process = watch(bench, "4", "-i", "1ms")
    for old, new in ((0, 1), (1, 0xdeadbeef), (0xdeadbeef, 0)):
        edu.poke(0, 4, struct.pack("<I", new))
        matches(rf"\d+\.\d{{3}} 0x00000004: 0x{old:08x} -> 0x{new:08x}\n", process.wait_for("\n"))
    process.interrupt()
    process.finish().expect(0)


@valgrind
def test_the_first_look_shows_all(bench):
    bench.function(EDU).poke(0, 0x10, bytes(range(1, 9)))
    result = bench.run("watch", EDU, "0", "0x10+8", "-w2", "--timeout", "1ms", "-i", "1m")
    equal((result.status, result.stderr), (5, f"{TIMED_OUT}\n"))
    matches(r"0\.\d{3} 0x00000010: 0x0201\n0\.\d{3} 0x00000012: 0x0403\n"
            r"0\.\d{3} 0x00000014: 0x0605\n0\.\d{3} 0x00000016: 0x0807\n", result.stdout)


def test_only_what_changed_is_shown(bench):
    edu = bench.function(EDU)
    process = watch(bench, "0+0x40", "--interval=1ms")
    process.wait_for("0x0000003c: 0x00000000\n")
    edu.poke(0, 0x20, b"\7")
    matches(r"\d+\.\d{3} 0x00000020: 0x00000000 -> 0x00000007\n", process.wait_for("\n"))
    edu.poke(0, 0x3c, b"\x08")
    matches(r"\d+\.\d{3} 0x0000003c: 0x00000000 -> 0x00000008\n", process.wait_for("\n"))


@valgrind
def test_until(bench):
    edu = bench.function(EDU)
    for until, almost, there in (("5", 4, 5), ("0x80:0x80", 0x7f, 0x181), ("0:0xff", 0x1ff, 0x100)):
        edu.poke(0, 8, struct.pack("<I", almost))
        process = watch(bench, "8", "-i1ms", "--until", until)
        edu.poke(0, 8, struct.pack("<I", there))
        result = process.finish()
        equal((result.status, result.stderr), (0, ""))
        matches(rf"\d+\.\d{{3}} 0x00000008: 0x{almost:08x} -> 0x{there:08x}\n", result.stdout)


def test_until_holds_at_once(bench):
    result = bench.run("watch", EDU, "0", "8", "--until", "0", "-i", "60m")
    equal((result.status, result.stderr), (0, ""))


@valgrind
def test_timeout(bench):
    started = time.monotonic()
    result = bench.run("watch", EDU, "0", "8", "--until", "1", "--timeout", "200ms", "-i1m")
    spent = time.monotonic() - started
    equal((result.status, result.stderr), (
        5, f"{TIMED_OUT} after 0.2 s: 0x00000008 reads 0x00000000, wanted 0x00000001\n"))
    check(0.2 <= spent < harness.BOUND / 2, f"it took {spent:.3f} s")


def test_interval(bench):
    """Nothing is checked for an hour: the change is not seen."""
    process = watch(bench, "8", "-i", "60m")
    bench.function(EDU).poke(0, 8, b"\1")
    process.interrupt()
    process.finish().expect(0)


def test_interval_is_kept(bench):
    """At most ten looks in 190 ms, 20 ms apart; a busy machine may make fewer."""
    front = harness.strace("-e", "trace=ppoll", "-o", bench.folder / "trace")
    process = bench.start("watch", EDU, "0", "8", "-i20ms", "--timeout=190ms", wrap=front)
    equal(process.finish().status, 5)
    waits = (bench.folder / "trace").read_text(encoding="utf-8").count("ppoll(")
    check(1 <= waits <= 10, f"it waited {waits} times")


@valgrind
def test_interrupt(bench):
    process = watch(bench, "8", "--until", "1")
    process.interrupt()
    process.finish().expect(5)
    process = watch(bench, "8")
    process.interrupt()
    process.finish().expect(0)


@valgrind
def test_interrupt_puts_decoding_back(bench):
    edu = bench.function(EDU)
    edu.set_command(0x0101)
    process = watch(bench, "8", "--activate")
    equal(edu.command(), 0x0103, "command register while it is watched")
    process.interrupt()
    process.finish().expect(0)
    equal(edu.command(), 0x0101, "command register after it")


@valgrind
def test_a_loss(bench):
    process = watch(bench, "0", "-i1ms")
    bench.function(EDU).lose(0)
    process.finish().refuses(4, GONE)


def test_a_loss_leaves_whole_lines(bench):
    edu = bench.function(EDU)
    process = bench.start("watch", EDU, "0", "0+4K", "-i1ms", "-w1")
    process.wait_for("0x00000fff: 0x00\n")
    edu.poke(0, 0, b"\1")
    edu.lose(0)
    result = process.finish()
    equal((result.status, result.stderr), (4, f"{GONE}\n"))
    matches(r"(\d+\.\d{3} 0x00000000: 0x00 -> 0x01\n)?", result.stdout)


def test_a_function_that_responds_no_more(bench):
    edu = bench.function(EDU)
    process = watch(bench, "0", "-i1ms")
    edu.poke(0, 0, b"\xff" * 4)
    matches(r"\d+\.\d{3} 0x00000000: 0x00000000 -> 0xffffffff\n", process.wait_for("\n"))
    edu.poke_config(0, b"\xff" * 64)
    process.finish().refuses(4, f"pcibar watch: {EDU} BAR 0: {silent(edu)}")


@valgrind
def test_a_function_that_is_removed(bench):
    """The map continues reading what it did; the system knows better."""
    process = watch(bench, "0", "-i1ms")
    bench.function(EDU).vanish()
    process.finish().refuses(4, GONE)


@valgrind
def test_json(bench):
    edu = bench.function(EDU)
    process = bench.start("watch", EDU, "0", "4", "-w2", "-i1ms", "--json", "--until", "7")
    first = json.loads(process.wait_for("\n"))
    edu.poke(0, 4, b"\7")
    result = process.finish()
    equal((result.status, result.stderr), (0, ""))
    second = json.loads(result.stdout)
    check(0 <= first.pop("elapsed_us") < second.pop("elapsed_us"), "time does not advance")
    common = {"schema": 1, "selector": EDU, "bar": "0", "offset": "0x4", "width": 2}
    equal(first, common | {"new": "0x0000"})
    equal(second, common | {"old": "0x0000", "new": "0x0007"})


def test_colour(bench):
    process = watch(bench, "4", "-i1ms", "--color=always")
    bench.function(EDU).poke(0, 4, b"\1")
    matches(r"\d+\.\d{3} 0x00000004: 0x00000000 -> \x1b\[1m0x00000001\x1b\[0m\n",
            process.wait_for("\n"))


@valgrind
def test_a_terminal_is_drawn_over(bench):
    edu = bench.function(EDU)
    process = bench.start("watch", EDU, "0", "0x100+0x18", "-i1ms", terminals=("stdout",),
                          env={"TERM": "xterm"})
    equal(re.sub(r"\d+\.\d{3} s", "T s", process.wait_for("00000110  00000000 00000000\x1b[K\n",
                                                          "terminal")),
          f"\r{EDU} BAR 0  T s, 0 changes\x1b[K\n"
          "00000100  00000000 00000000 00000000 00000000\x1b[K\n"
          "00000110  00000000 00000000\x1b[K\n")
    edu.poke(0, 0x104, b"\x2a")
    process.wait_for("1 change\x1b[K\n", "terminal")
    equal(process.wait_for("00000110  00000000 00000000\x1b[K\n", "terminal"),
          "00000100  00000000 \x1b[7m0000002a\x1b[0m 00000000 00000000\x1b[K\n"
          "00000110  00000000 00000000\x1b[K\n")
    # The mark goes away, and every picture is drawn over the one before.
    drawn = process.wait_for("00000100  00000000 0000002a 00000000 00000000\x1b[K\n", "terminal")
    check(drawn.startswith("\x1b[3A\r"), f"not drawn over: {drawn[:40]!r}")
    process.interrupt()
    equal(process.finish(), (0, "", ""))
    check(process.output["terminal"].endswith(b"\n\n"), "a prompt would follow ^C")


def test_a_terminal_without_colour_marks_with_a_star(bench):
    process = bench.start("watch", EDU, "0", "0", "-i1ms", terminals=("stdout",),
                          env={"TERM": "xterm", "NO_COLOR": "1"})
    process.wait_for("00000000  00000000\x1b[K\n", "terminal")
    bench.function(EDU).poke(0, 0, b"\1")
    process.wait_for("00000000  00000001*\x1b[K\n", "terminal")


def test_lines_where_drawing_over_is_impossible(bench):
    for env in ({"TERM": "dumb"}, {}):
        process = bench.start("watch", EDU, "0", "0", "-i1ms", env=env, terminals=("stdout",))
        matches(r"0\.\d{3} 0x00000000: 0x00000000\n", process.wait_for("\n", "terminal"))
        process.interrupt()
        equal(process.screen(), (0, "\n"))


def picture(lines, columns, head, words):
    """What a terminal shows of words of 4 bytes at offset 0, with so many in a line."""
    per_line = 4
    while per_line > 1 and 9 + 9 * per_line > columns - 1:
        per_line //= 2
    rows = [f"{4 * i:08x}  " + " ".join(words[i:i + per_line])
            for i in range(0, len(words), per_line)]
    room = max(lines - 2, 1)
    if len(rows) > room > 1:
        left = 4 * len(words) - (room - 1) * 4 * per_line
        rows = rows[:room - 1] + [f"{left:#x} more bytes: too few lines here"]
    rows = ([head] if lines > 2 else []) + rows[:room]
    return "\n".join(row[:columns - 1].rstrip() for row in rows).rstrip("\n")


def shown(output, screen):
    """What the screen shows after this output, without how long it took."""
    return re.sub(r"(?<=BAR 0  )[\d.]+", lambda time: re.sub(r"\d", "T", time[0]),
                  screen.feed(output).text())


SIZES = ((24, 80), (24, 40), (12, 40), (60, 200), (24, 24), (10, 10), (5, 80), (3, 30), (2, 80),
         (1, 80), (1, 1), (2, 2), (300, 1))


def test_a_terminal_of_any_size(bench):
    """It is drawn over and over, never wraps or scrolls more than once, and shows what fits."""
    bench.function(EDU).poke(0, 0, struct.pack("<128I", *range(128)))
    words = [f"{i:08x}" for i in range(128)]
    head = f"{EDU} BAR 0  T.TTT s, 0 changes"
    for size in SIZES:
        process = bench.start("watch", EDU, "0", "0+512", "-i1ms", "--timeout=20ms", size=size,
                              terminals=("stdout",), env={"TERM": "xterm", "NO_COLOR": ""})
        status, output = process.screen()
        screen = Screen(*size)
        text = shown(output, screen)
        equal((status, screen.wrapped), (5, 0), f"status and wrapped lines of {size}")
        check(output.endswith("\n") and screen.column == 0, f"{size}: no newline at the end")
        if size[0] > 1:
            equal(text, picture(*size, head, words), f"the screen of {size}")
            check(screen.scrolled == 0, f"{size}: it scrolled")


def test_a_resize_draws_at_once(bench):
    """The device is not read for it: the next time is in an hour."""
    bench.function(EDU).poke(0, 0, struct.pack("<128I", *range(128)))
    words = [f"{i:08x}" for i in range(128)]
    process = bench.start("watch", EDU, "0", "0+512", "-i60m", size=(24, 80),
                          terminals=("stdout",), env={"TERM": "xterm"})
    screen = Screen(24, 80)
    screen.feed(process.wait_for("more bytes", "terminal") + process.wait_for("\n", "terminal"))
    bench.function(EDU).poke(0, 0, b"\xff")
    for size in ((12, 40), (24, 50), (5, 33), (30, 120), (60, 120)):
        process.resize(*size)
        screen.resize(*size)
        last = "000001f0" if size[0] == 60 else "more bytes"
        drawn = process.wait_for(last, "terminal") + process.wait_for("\n", "terminal")
        equal(shown(drawn, screen), picture(*size, f"{EDU} BAR 0  T.TTT s, 0 changes", words),
              f"the screen of {size}")
    process.interrupt()
    equal(process.screen(), (0, "\n"))


def test_a_resize_where_nothing_is_drawn_over(bench):
    """The signal is ignored as ever."""
    process = watch(bench, "8", "-i1ms")
    process.kill(signal.SIGWINCH)
    bench.function(EDU).poke(0, 8, b"\1")
    process.wait_for("-> 0x00000001\n")
    process.interrupt()
    process.finish().expect(0)


def test_what_is_watched(bench):
    bench.function(HUGE).poke(2, 12 << 30, b"\1")
    result = bench.run("watch", HUGE, "2", "12G", "-w8", "--until", "1")
    equal((result.status, result.stderr), (0, ""))
    matches(r"0\.\d{3} 0x300000000: 0x0000000000000001\n", result.stdout)
    bench.function(RTL8139).poke(0, 4, b"\2")
    equal(bench.run("watch", RTL8139, "0", "4", "-w1", "--until", "2").status, 0)
    bench.run("watch", NVME, "0", "0", "--until", "0").refuses(
        1, f"pcibar watch: {NVME} BAR 0: {driver(bench.function(NVME))}")
    equal(bench.run("watch", NVME, "0", "0", "--until", "0", "--share-driver").status, 0)


def test_fractions_of_a_unit(bench):
    for timeout, seconds in (("0.001s", "0.001"), ("1.5ms", "0.0015"), ("0.00002m", "0.0012")):
        result = bench.run("watch", EDU, "0", "0", "--until", "1", "--timeout", timeout, "-i",
                           "0.5ms")
        equal((result.status, result.stderr), (
            5, f"{TIMED_OUT} after {seconds} s: 0x00000000 reads 0x00000000, wanted 0x00000001\n"))


def test_usage(bench):
    missing = "the unit is missing: use us, ms, s or m after the number"
    unit = "not a unit of time: use us, ms, s or m after the number"
    for arguments, clause in (
            (["0", "-i", "100"], f"--interval '100': {missing}"),
            (["0", "--timeout", "5"], f"--timeout '5': {missing}"),
            (["0", "-i", "0ms"], "--interval '0ms': the duration is zero"),
            (["0", "-i", "1h"], f"--interval '1h': {unit}"),
            (["0", "-i", "0.5"], f"--interval '0.5': {missing}"),
            (["0", "-i", "0.s"], "--interval '0.s': a digit is missing after the point"),
            (["0", "-i", "0.0001us"], "--interval '0.0001us': the duration is zero"),
            (["0", "--until", "1:2"], "--until '1:2': the value has bits outside the mask"),
            (["0", "-i", "99999999999999m"],
             "--interval '99999999999999m': the number is too large"),
            (["0", "--until", "1z"], "--until '1z': trailing characters after the number"),
            (["0", "--until", "256", "-w1"],
             "--until '256': it does not fit into the width: use a larger -w"),
            (["0+8", "--until", "1"], "--until checks one value, but '0+8' holds 2"),
            (["0+1M"], "'0+1M': at most 0x10000 bytes can be watched"),
            (["2"], "offset 0x2 is not a multiple of 4: use -w 2")):
        bench.run("watch", EDU, "0", *arguments).refuses(
            2, f"pcibar watch: {clause}; see 'pcibar help watch'")


if __name__ == "__main__":
    harness.main()
