# SPDX-License-Identifier: BSD-2-Clause
"""What requests cost in a guest in instructions of kernel and user: do live mappings matter?"""

from harness.devices import ivshmem

from guests import every_series
from mapping import FIRST, FIRST_BESIDE_VFIO, MappingGuest, growth, touching
from rows import Point, Row, Taken

SIZES = ("64 MiB", "16 GiB", "64 GiB")
LIVE = 10000
RUNS = 31
# Of request-cost.c, with its peer if sysfs has one.
FIGURES = {
    "map": ("PCIOCBARMMAP + munmap", "sysfs-map"),
    "map-touched": ("the same around a touch", "sysfs-map-touched"),
    "getbar": ("PCIOCGETBAR", None),
    "read": ("PCIOCREAD", "sysfs-read"),
    "bario": ("PCIOCBARIO", None),
}
# In another process they are only in what the module keeps. Those of the process itself are in the
# kernel's tree of its mappings too, where mmap() has more to do then, whatever it maps.
HOLDERS = ("other", "self")
REVOKED = (1, 10, 100, 1000, LIVE)
# Of a BAR of the largest, through the library and VFIO beside VFIO alone.
LIBRARY_SIZES = {"4 KiB": 4 << 10, "1 MiB": 1 << 20, "64 MiB": 64 << 20}
# README.md says why the others cannot have it.
LIBRARY_GOALS = {("6.1", "64 MiB"): 0.98, ("7", "64 MiB"): 0.98}


def rows():
    """Of requests with few and many live mappings, and of mapping beside sysfs and VFIO."""
    functions = {f"small{number}": ivshmem(4096) for number in range(4)}
    library = {"vfio-library": ivshmem(max(LIBRARY_SIZES.values()))}
    for series in every_series():
        with MappingGuest(series, SIZES, functions | library, counting=True) as guest:
            small = [guest.vm.functions[name] for name in functions]
            yield from _requests(guest, small)
            yield from _revocation(guest, small[0])
            yield from touching(guest)
            yield from _sizes(guest)
            yield growth(guest)
            yield from _library(guest)


def _taken(guest, holder, live, targets):
    taken = guest.run("request-cost", "requests", holder, live, RUNS, *targets)
    return {figure: Taken.of(values) for figure, values in taken.items()}


def _requests(guest, functions):
    """With live mappings of one BAR, and with as many of several functions: what is worse."""
    one = [f"{functions[0]}:2"]
    several = [f"{function}:{bar}" for bar in (2, 0) for function in functions]
    alone = _taken(guest, "other", 1, one)
    many = {holder: [_taken(guest, holder, LIVE, targets) for targets in (one, several)]
            for holder in HOLDERS}

    def worst(holder, figure):
        return max((taken[figure] for taken in many[holder]), key=lambda cost: cost.median)

    for figure, (name, peer) in FIGURES.items():
        name = f"{guest.series}: {name}"
        if peer:
            yield Row(name, "sysfs", alone[figure], alone[peer], unit="instr")
        yield Row(f"{name}, {LIVE:,} live", "1 live", worst("other", figure), alone[figure], 0.95,
                  "instr")
        if figure.startswith("map"):
            yield Row(f"{name}, {LIVE:,} of its own", "sysfs", worst("self", figure),
                      worst("self", peer), unit="instr")


def _revocation(guest, function):
    """By a write through the module that turns decoding off."""
    each = {}
    for live in REVOKED:
        taken = guest.run("request-cost", "revoke", "self", live, 5, f"{function}:2")["revoke"]
        each[live] = Taken.of(taken, 1 / live)
        yield Point("revocation", "revocation of live mappings", guest.series, live, "mappings",
                    Taken.of(taken), "instr")
    yield Row(f"{guest.series}: revocation, for each of {LIVE:,}", "each of 100", each[LIVE],
              each[100], 1 / 1.5, "instr")


def _sizes(guest):
    """Like with like beside VFIO: both hold what they map from."""
    for size in ("64 MiB", "64 GiB"):
        yield guest.beside("vfio-held", FIRST.format(size), "first",
                           FIRST_BESIDE_VFIO[guest.series], size=size, runs=RUNS)


def _library(guest):
    """Through VFIO, which both have open."""
    taken = guest.run("vfio-cost", guest.vm.functions["vfio64"], guest.vm.functions["vfio-library"],
                      RUNS, *LIBRARY_SIZES.values())
    for size, length in LIBRARY_SIZES.items():
        own, peer = (Taken.of(taken[f"{way}-{length}"]) for way in ("library", "bare"))
        yield Row(f"{guest.series}: library, {FIRST.format(size)}", "VFIO alone", own, peer,
                  LIBRARY_GOALS.get((guest.series, size)), "instr")
