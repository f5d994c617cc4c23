# SPDX-License-Identifier: BSD-2-Clause
"""What mapping a BAR costs in a guest: the module's way beside sysfs' and VFIO's."""

from harness import devices
from harness.machine import Machine

from guests import Guest, every_series
from rows import Point, Row, Taken

MIB, GIB = 1 << 20, 1 << 30
SIZES = {"64 MiB": 64 * MIB, "256 MiB": 256 * MIB, "1 GiB": GIB, "4 GiB": 4 * GIB,
         "16 GiB": 16 * GIB, "64 GiB": 64 * GIB}
# The ways of map-cost.c, and what they are called.
WAYS = {"pciio": "BAR descriptor", "pciio-held": "BAR descriptor, held", "sysfs": "sysfs",
        "vfio-held": "VFIO, held"}
# The module's way beside each, opened each time if the peer is. Never in one run: a BAR descriptor
# that is held makes the next one cheap.
OWN = {"sysfs": "pciio", "vfio-held": "pciio-held"}
FIRST = "map {}, first touch, unmap"
VFIO_MODULES = ("vfio", "vfio_iommu_type1", "vfio_pci_core", "vfio_pci")
# (figure of map-cost.c, name, part of the 16 GiB, whether VFIO can do it,
#  {kernel: least ratio of sysfs' instructions to the module's})
FIGURES = (
    ("first", FIRST.format("16 GiB"), None, True,
     {"6.1": 500, "6.12": 1000, "7": 1000}),
    ("ends", "map and unmap around a touch of every 2 MiB", None, True,
     {"6.1": 150, "6.12": 150, "7": 150}),
    ("sparse", "the same, touching counted", None, True,
     {"6.1": 2.5, "6.12": 10, "7": 10}),
    ("dense", "map 1 GiB, touch every page, unmap", GIB, True,
     {"6.1": 1, "6.12": 1, "7": 1}),
    ("odd", "the same where 2 MiB pages are impossible", GIB, False,
     {"6.1": 1 / 3, "6.12": 1 / 3, "7": 1 / 3}),
)
# Of VFIO. On 6.12 a fault of the module costs more, because it reads the device: see README.md.
FIRST_BESIDE_VFIO = {"6.1": 1, "6.12": 0.97, "7": 1}
PAGE_TABLES = (
    ("kib-mapped", "page tables after the map of 16 GiB"),
    ("kib-sparse", "page tables after a touch of every 2 MiB"),
    ("kib-dense", "page tables after a touch of each page of 1 GiB"),
)


class MappingGuest(Guest):
    """Has two BARs of each of the SIZES that are named: for VFIO, and for all else; and MORE.

    counting: by instructions instead of by its clock, which continues with them
    """

    def __init__(self, series, sizes, more=None, counting=False):
        self.series = series
        self.counting = counting
        kinds = {f"{kind}{SIZES[size] // MIB}": devices.ivshmem(SIZES[size])
                 for kind in ("bar", "vfio") for size in sizes}
        # All of the instruction set; qemu64 has not even 1 GiB pages, which the module's
        # reservation uses. The memory is for sysfs' page tables, the IOMMU for VFIO.
        options = ("-device", "intel-iommu")
        if counting:
            options += ("-icount", "shift=0,sleep=off")
        machine = Machine(cpu="max", memory="512M", append="intel_iommu=on", options=options)
        super().__init__(series, machine, kinds | (more or {}),
                         vfio=[name for name in kinds | (more or {}) if name.startswith("vfio")])

    def cost(self, figure, ways, size="16 GiB", part=None, runs=50):
        """{way: Taken} for WAYS to the BAR of that SIZE, or to PART bytes of it; where all page
        tables are filled at once, less often."""
        length = part or SIZES[size]
        few = max(1, min(5, 48 * GIB // length))
        return dict(zip(ways, self.turns(figure, [
            (way, size, length, few if self._eager(way) else runs) for way in ways])))

    def turns(self, figure, users):
        """A Taken for each user, which are (way, size of the BAR, bytes of it, runs)."""
        words, labels = [], []
        for way, size, length, runs in users:
            kind = "vfio" if way == "vfio-held" else "bar"
            function = self.vm.functions[f"{kind}{SIZES[size] // MIB}"]
            words += [way, function, length, runs]
            labels.append(f"{way}/{function}")
        taken = self.run("map-cost", "instructions" if self.counting else "time", figure, *words)
        scale = {"s": 1e-9, "bytes": 1024}.get(self.unit(figure), 1)
        return [Taken.of(taken[label], scale) for label in labels]

    def _eager(self, way):
        return way == "sysfs" or way == "vfio-held" and self.series == "6.1"

    def unit(self, figure):
        """The unit of its cost."""
        return "bytes" if figure.startswith("kib-") else "instr" if self.counting else "s"

    def beside(self, peer, name, figure, goal=None, **how):
        """The row beside PEER; HOW is for cost()."""
        taken = self.cost(figure, ways=(OWN[peer], peer), **how)
        return Row(f"{self.series}: {name}", WAYS[peer], taken[OWN[peer]], taken[peer], goal,
                   self.unit(figure))


def rows():
    """By the guest's clock, and page tables."""
    for series in every_series():
        with MappingGuest(series, SIZES) as guest:
            yield from _sizes(guest)
            yield growth(guest, 1 / 1.5)
            yield from touching(guest)
            yield from _page_tables(guest)
            yield _modules(guest)


def _sizes(guest):
    for size, length in SIZES.items():
        for ways in OWN.items():
            for way, taken in guest.cost("first", ways, size).items():
                yield Point("mapping", "map, first touch, unmap", f"{guest.series}, {WAYS[way]}",
                            length / MIB, "MiB", taken)


def growth(guest, goal=None):
    """The module against itself: 1,024 times the size."""
    small, large = guest.turns("first", [("pciio", size, SIZES[size], 200)
                                         for size in ("64 MiB", "64 GiB")])
    return Row(f"{guest.series}: {FIRST.format('64 GiB')}", "the same of 64 MiB", large, small,
               goal, guest.unit("first"))


def touching(guest):
    """All FIGURES, by the clock of the guest. Goals are for instructions."""
    for figure, name, part, vfio, goals in FIGURES:
        yield guest.beside("sysfs", name, figure, goals[guest.series] if guest.counting else None,
                           part=part, runs=15)
        if vfio:
            first = guest.counting and figure == "first"
            yield guest.beside("vfio-held", name, figure,
                               FIRST_BESIDE_VFIO[guest.series] if first else None,
                               part=part, runs=15)


def _page_tables(guest):
    """All of the process's. Those of sysfs are all there from the map on."""
    for figure, name in PAGE_TABLES:
        for peer, goal in (("sysfs", 100), ("vfio-held", None)):
            yield guest.beside(peer, name, figure, goal, runs=1)


def _modules(guest):
    """What each keeps in the kernel's memory as soon as it is loaded."""
    def size(*names):
        said = guest.vm.check(" && ".join(f"cat /sys/module/{name}/coresize" for name in names))
        return Taken.exactly(sum(map(int, said.stdout.split())) / 1024)

    return Row(f"{guest.series}: size of the module", "VFIO's modules", size("pciio"),
               size(*VFIO_MODULES), 1, "KiB")
