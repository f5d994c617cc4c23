# SPDX-License-Identifier: BSD-2-Clause
"""What one register read costs from the shell, and how it grows with the machine."""

import sys
from contextlib import ExitStack

from host import (BUILD, ROOT, cpu_seconds, helper, installed, instructions, mounted, output,
                  resident, system_calls, tool)
from rows import Point, Row
from trees import ADDRESS, BAR, SIZE, tree

CROWDS = (10, 1000, 10000)
TYPICAL = 1000
METRICS = {"calls": ("system calls", system_calls), "instr": ("instructions", instructions)}


def _readers():
    """{name: command}: each finds the function by its address and prints the same word."""
    where = [ADDRESS, str(BAR), "0"]
    return {
        "pcibar read": [installed("pcibar"), "read", *where],
        "libpci": [helper("libpci-read"), *where],
        "libpciaccess": [helper("libpciaccess-read"), *where],
        "Python mmap": [sys.executable, str(ROOT / "bench/peers/mmap-read.py"), *where],
        "no checks, in C": [helper("resource-read"), *where],
    }


# What makes no check cannot be beaten by what does; it and the floors are only shown.
BEATEN = ("libpci", "libpciaccess", "Python mmap")


def _floors():
    return {"empty program": [helper("empty")], "busybox devmem": [tool("busybox"), "devmem", "0"]}


def _config_readers():
    return {
        "pcibar config read": [installed("pcibar"), "config", "read", ADDRESS, "0", "-w", "4"],
        "setpci": [tool("setpci"), "-s", ADDRESS, "0.l"],
    }


def _fake_dev():
    """A /dev with memory in it: without one, devmem shows its cost nevertheless."""
    dev = BUILD / "dev"
    dev.mkdir(exist_ok=True)
    for name, size in (("mem", SIZE), ("null", 0)):
        with open(dev / name, "wb") as file:
            file.truncate(size)
    return dev


def _same_word(readers):
    words = {name: int(output(command), 16) for name, command in readers.items()}
    if len(set(words.values())) != 1:
        raise SystemExit(f"bench: not all read the same word: {words}")


def _costs(unit, measure):
    """{crowd: {reader: Taken}}, and the floors, which know no crowd."""
    costs = {}
    for crowd in CROWDS:
        with tree(crowd):
            _same_word(_readers())
            costs[crowd] = {name: measure(command)
                            for name, command in (_readers() | _config_readers()).items()}
    with ExitStack() as stack:
        stack.enter_context(mounted(_fake_dev(), "/dev"))
        costs["floor"] = {name: measure(command) for name, command in _floors().items()}
    return costs


def _counted(unit):
    what, measure = METRICS[unit]
    costs = _costs(unit, measure)
    typical = costs[TYPICAL]
    own = typical["pcibar read"]
    for name in list(_readers())[1:]:
        yield Row(f"one read by address, {what}", name, own, typical[name],
                  1 if name in BEATEN else None, unit)
    for name, cost in costs["floor"].items():
        yield Row(f"one read by address, {what}", name, own, cost, None, unit)
    yield Row(f"config read, {what}", "setpci", typical["pcibar config read"],
              typical["setpci"], 1, unit)
    for crowd in CROWDS[1:]:
        # The address of a function in the list is no longer: the same to the last instruction,
        # but for what the C library does by the place the kernel loads it at.
        yield Row(f"one read among {crowd:,}, {what}", f"among {CROWDS[0]}",
                  costs[crowd]["pcibar read"], costs[CROWDS[0]]["pcibar read"],
                  1 if unit == "calls" else 0.99, unit)
    for crowd in CROWDS:
        for name in _readers():
            yield Point(f"read-{unit}", f"One register read from the shell: {what}", name, crowd,
                        "functions in the machine", costs[crowd][name], unit)


def _times():
    """Shown only: starting a program is most of it, and that varies."""
    with tree(TYPICAL):
        readers = _readers()
        taken = cpu_seconds(readers.values(), runs=50)
        for name, peer in list(zip(readers, taken, strict=True))[1:]:
            yield Row("one read by address, CPU time", name, taken[0], peer)


def _memory():
    with tree(TYPICAL):
        peers = {
            "lspci": [tool("lspci")],
            "setpci": [tool("setpci"), "-s", ADDRESS, "0.l"],
            "libpciaccess": _readers()["libpciaccess"],
        }
        sizes = {name: resident(command) for name, command in peers.items()}
        own = {
            "pcibar list": [installed("pcibar"), "list"],
            "pciconf -l": [installed("pciconf"), "-l"],
            "pcibar read": _readers()["pcibar read"],
            "pcibar config read": _config_readers()["pcibar config read"],
        }
        for name, command in own.items():
            lists = name.endswith(("list", "-l"))
            for peer in ("lspci",) if lists else ("setpci", "libpciaccess"):
                yield Row(f"memory of {name}", peer, resident(command), sizes[peer], 1, "KiB")


def rows():
    """All of it."""
    for unit in METRICS:
        yield from _counted(unit)
    yield from _times()
    yield from _memory()
