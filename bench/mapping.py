# SPDX-License-Identifier: BSD-2-Clause
"""What mapping a BAR costs in a guest: the module's way beside sysfs'."""

import shutil
import subprocess

from harness import devices, image, kernels, pciio_module
from harness.machine import Machine
from harness.paths import SOURCE
from harness.vm import VM

from rows import Row, Taken

MIB, GIB = 1 << 20, 1 << 30
SIZES = {"small": 64 * MIB, "large": 16 * GIB, "huge": 64 * GIB}
TIMEOUT = 1200


class Guest:
    """One boot of one kernel, with BARs of all sizes, and the module loaded."""

    def __init__(self, series, directory):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.vm = VM(image.make(series, directory, directory / "no-stage"), directory / "machine",
                     # All of the instruction set; qemu64 has not even leaves of 1 GiB, which
                     # the module's reservation uses.
                     Machine(cpu="max", memory="512M"),
                     {name: devices.ivshmem(size) for name, size in SIZES.items()}, TIMEOUT)
        _compile(self.vm.share / "map-cost")
        pciio_module.load(self.vm)
        for function in self.vm.functions.values():
            self.vm.check(f"echo 1 >{function.sysfs}/enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.vm.close()

    def cost(self, figure, device, size, runs, peer_runs):
        """{way: seconds, or KiB of page tables, as they were taken}"""
        function = self.vm.functions[device]
        said = self.vm.check(f"/host/map-cost {function} {figure} {size} {runs} {peer_runs}",
                             timeout=TIMEOUT).stdout
        scale = 1 if figure == "pagetables" else 1e-9
        return {way: [int(value) * scale for value in values]
                for way, *values in map(str.split, said.splitlines())}


def _compile(program):
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-static", "-Wall", "-Wextra", "-Werror",
                    f"-I{SOURCE / 'include/pciio'}", f"-I{SOURCE / 'tests/vm/guest'}",
                    "-o", program, SOURCE / "bench/guest/map-cost.c"], check=True)


def _row(guest, name, goal, figure, device, size, runs, peer_runs):
    cost = guest.cost(figure, device, size, runs, peer_runs)
    return Row(name, "sysfs", Taken.of(cost["pciio"]), Taken.of(cost["sysfs"]), goal,
               "KiB" if figure == "pagetables" else "s")


def rows(directory):
    for series in kernels.SERIES:
        newest = series != "6.1"
        with Guest(series, directory / series) as guest:
            def against_sysfs(name, goal, *how, guest=guest, series=series):
                return _row(guest, f"{series}: {name}", goal, *how)

            yield against_sysfs("map 16 GiB, first touch, unmap", 1000 if newest else 500,
                                "first", "large", SIZES["large"], 100, 3)
            yield _growth(guest, series)
            yield against_sysfs("map and unmap around a touch of every 2 MiB", 150,
                                "ends", "large", SIZES["large"], 15, 3)
            yield against_sysfs("the same, the touching timed", 10 if newest else 2.5,
                                "sparse", "large", SIZES["large"], 9, 3)
            yield against_sysfs("page tables after it", 100,
                                "pagetables", "large", SIZES["large"], 1, 1)
            yield against_sysfs("map 1 GiB, touch every page, unmap", 1,
                                "dense", "large", GIB, 5, 5)
            yield against_sysfs("the same where 2 MiB leaves are impossible", 1 / 3,
                                "odd", "large", GIB, 5, 5)


def _growth(guest, series):
    """The module against itself: 1,024 times the size. In turns, as its two BARs are two runs."""
    taken = {"small": [], "huge": []}
    for _ in range(5):
        for device, costs in taken.items():
            costs += guest.cost("first", device, SIZES[device], 20, 0)["pciio"]
    return Row(f"{series}: map 64 GiB, first touch, unmap", "64 MiB", Taken.of(taken["huge"]),
               Taken.of(taken["small"]), 1 / 1.5)
