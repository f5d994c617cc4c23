# SPDX-License-Identifier: BSD-2-Clause
"""Dumps of 64 MiB beside what dumps files."""

import os

from host import cpu_seconds, helper, installed, tool
from rows import Row
from trees import ADDRESS, BAR, SIZE, tree


def _text(dump, bar):
    """To /dev/null."""
    hexadecimal, json, hexdump, xxd, octal = cpu_seconds([
        dump, [*dump, "-f", "json"],
        [tool("hexdump"), "-C", bar], [tool("xxd"), bar], [tool("od"), "-Ax", "-tx1z", bar]])
    yield Row("hex dump of 64 MiB", "hexdump -C", hexadecimal, hexdump, 5)
    yield Row("hex dump of 64 MiB", "xxd", hexadecimal, xxd, 5)
    yield Row("hex dump of 64 MiB", "od -tx1z", hexadecimal, octal, 5)
    yield Row("JSON dump of 64 MiB", "od -tx1z", json, octal)


def _raw(dump, bar):
    """To a file of tmpfs, as a memfd is one everywhere."""
    memfd = os.memfd_create("bench")
    target = f"/proc/{os.getpid()}/fd/{memfd}"
    loops = [[helper("mapping-dump"), bar, str(SIZE), width] for width in "01248"]
    own, dd, mapping = cpu_seconds([
        [*dump, "-w", "any", "-f", "raw", "-o", target],
        [tool("dd"), "bs=1M", f"if={bar}", f"of={target}", "status=none"],
        loops[0]], stdout=target)
    yield Row("raw dump of 64 MiB, -w any", "dd bs=1M", own, dd, 0.9)
    yield Row("raw dump of 64 MiB, -w any", "mmap, write(2)", own, mapping)
    for loop in loops[1:]:
        own, peer = cpu_seconds([[*dump, "-w", loop[-1], "-f", "raw"], loop], stdout=target)
        yield Row(f"raw dump of 64 MiB, -w {loop[-1]}", "volatile loop", own, peer, 0.9)
    os.close(memfd)


def rows():
    """All of it."""
    with tree(1) as made:
        dump = [installed("pcibar"), "dump", ADDRESS, str(BAR)]
        yield from _text(dump, made.bar)
        yield from _raw(dump, made.bar)
