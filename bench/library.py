# SPDX-License-Identifier: BSD-2-Clause
"""The library beside system calls, libpciaccess, volatile loops and memcpy()."""

import re
import subprocess
from pathlib import Path

from host import STAGE, cpu_seconds, helper, output, system_calls, tool
from rows import Point, Row, Taken
from trees import ADDRESS, BAR, tree

RUNS = 15
# How often within one run: libpciaccess checks all functions each time.
ROUNDS = {"own": 1000, "raw": 1000, "bare": 1000, "libpciaccess": 5}
SHOWN = {64: "64 bytes", 64 << 10: "64 KiB", 64 << 20: "64 MiB"}
# The call is most of the cost of such a copy in memory; on a device it is not noticeable.
NO_GOAL = 64
# What each kind of copy is, its peer, and the goal of larger ones
KINDS = {
    **{f"{way}{width}": (f"{way} the BAR, width {width}", "volatile loop", 1)
       for width in (1, 2, 4, 8) for way in ("from", "to")},
    "from0": ("from memory, any width", "memcpy", 0.95),
    "to0": ("to memory, any width", "memcpy", 0.95),
    "wc": ("to a WC map", "NT stores", 0.95),
}


def _cost(way, rounds):
    return [helper("library-cost"), ADDRESS, str(BAR), way, str(rounds)]


def _calls(way):
    """Of one round: what a program of two rounds has more than one of one."""
    two, one = (system_calls(_cost(way, rounds)).median for rounds in (2, 1))
    return Taken.exactly(two - one)


def _session():
    """Open, map, read, close."""
    what = "open, map, read, close"
    with tree(1000):
        taken = {way: [] for way in ROUNDS}
        for _ in range(RUNS):
            for way, rounds in ROUNDS.items():
                taken[way].append(int(output(_cost(way, rounds))) * 1e-9)
        taken = {way: Taken.of(values) for way, values in taken.items()}
        calls = {way: _calls(way) for way in ("own", "raw")}
    yield Row(what, "raw system calls", taken["own"], taken["raw"], 1 / 1.3)
    yield Row(f"{what}, among 1,000", "libpciaccess", taken["own"], taken["libpciaccess"], 20)
    yield Row(what, "no checks", taken["own"], taken["bare"])
    yield Row(f"{what}, system calls", "raw system calls", calls["own"], calls["raw"], None,
              "calls")


def _disassembly():
    """{function of the helper: its instructions}"""
    text = output([tool("objdump"), "-d", "--no-addresses", "--no-show-raw-insn",
                   helper("accessors")])
    functions = {}
    for name, body in re.findall(r"^<(\w+)>:\n((?:\t.*\n)*)", text, re.M):
        # Jumps name the function they are in; behind the last return is padding.
        lines = [line.strip().replace(name, "") for line in body.splitlines()]
        functions[name] = lines[:len(lines) - lines[::-1].index("ret")] if "ret" in lines else lines
    return functions


def _accessors():
    functions = _disassembly()
    for width in (8, 16, 32, 64):
        own, plain = functions[f"own_{width}"], functions[f"plain_{width}"]
        if own != plain:
            print(f"bench: the loops of {width} bits differ:", *own, "and", *plain, sep="\n")
        same = sum(1 for a, b in zip(own, plain) if a == b)
        yield Row(f"accessor loop of {width} bits, instructions", "the same as plain",
                  Taken.exactly(max(len(own), len(plain))), Taken.exactly(same), 1, "instr")
    own, plain = cpu_seconds([[helper("accessors"), "own"], [helper("accessors"), "plain"]],
                              runs=15)
    yield Row("accessor loops of each width", "volatile ones", own, plain, 1 / 1.1)


def _copies():
    """Rows of three sizes; all are in the plots."""
    with tree(1):
        lines = output([helper("copy-cost"), ADDRESS]).splitlines()
    for line in lines:
        kind, size, *values = line.split()
        split, size = values.index("/"), int(size)
        own, peer = (Taken.of(map(float, part), 1e-9)
                      for part in (values[:split], values[split + 1:]))
        what, peer_name, goal = KINDS[kind]
        if size in SHOWN:
            yield Row(f"copy {what}, {SHOWN[size]}", peer_name, own, peer,
                      None if size == NO_GOAL else goal)
        for name, taken in (("libpcibar", own), (peer_name, peer)):
            yield Point(f"copy-{kind}", f"copy {what}: time per byte", name, size, "bytes",
                        Taken(*(value / size for value in (taken.median, taken.low, taken.high))),
                        "s/byte")


def _stripped_size(path):
    """Of what is loaded, in KiB."""
    return Taken.exactly(Path(path).stat().st_size / 1024)


def _sizes():
    """As packages install them."""
    own = _stripped_size(next(STAGE.rglob("libpcibar.so.1")).resolve())
    listed = subprocess.run(["/sbin/ldconfig", "-p"], stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    for peer in ("libpci", "libpciaccess"):
        path = re.search(rf"{peer}\.so\.\d+ .*=> (.*)", listed)[1]
        yield Row("size of the library", peer, own, _stripped_size(path), unit="KiB")


def rows():
    """All of it."""
    yield from _session()
    yield from _accessors()
    yield from _copies()
    yield from _sizes()
