# SPDX-License-Identifier: BSD-2-Clause
"""Fake machines: one function with a BAR of random data, and a crowd of others."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import fake_sysfs
from host import BUILD, mounted

ADDRESS = "0000:00:04.0"
BAR = 2
SIZE = 64 << 20
CROWD_IDS = fake_sysfs.Ids(0x10ec, 0x8139, 0x020000)


class Tree:
    """Of so many functions, in memory: a disk has no part in what is measured."""

    def __init__(self, root, functions):
        tree = fake_sysfs.FakeSysfs(root)
        self.root = root
        self.function = tree.add(ADDRESS, fake_sysfs.Definition(
            fake_sysfs.Ids(0x1af4, 0x1110, 0x050000),
            {BAR: fake_sysfs.mem64(0x380000000000, SIZE, True)}, command=0x0103))
        # Data that no formatter can fold
        self.function.poke(BAR, 0, os.urandom(SIZE))
        other = tree.add("0001:00:00.0", fake_sysfs.Definition(CROWD_IDS))
        for number in range(1, functions - 1):
            tree.link(f"{1 + (number >> 13):04x}:{number >> 5 & 0xff:02x}:{number & 31:02x}.0",
                      other)

    @property
    def bar(self):
        """The path of the BAR's file."""
        return str(self.function.resource(BAR))


@contextmanager
def tree(functions):
    """The tree replaces /sys, too."""
    root = BUILD / "tree"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", root], check=True)
    try:
        made = Tree(root, functions)
        with mounted(root, "/sys"):
            yield made
    finally:
        subprocess.run(["umount", root], check=True)
