# SPDX-License-Identifier: BSD-2-Clause
"""What an interrupt costs in a guest, beside UIO, VFIO, and eventfd(2) without a device."""

from harness.devices import edu, nvme
from harness.machine import Machine

from guests import Guest, every_series
from rows import Row, Taken

RUNS = 200
COUNTING = ("-icount", "shift=0,sleep=off")
VECTORS = 64
# Slots of different lines, which no other device of the machine uses.
DEVICES = {"pciio": edu(addr="0x8"), "uio": edu(addr="0x9"), "vfio": edu(addr="0xb"),
           "pciio64": nvme(msix_qsize=VECTORS), "vfio64": nvme(msix_qsize=VECTORS)}
PEERS = {"uio": "uio_pci_generic", "vfio": "VFIO, eventfd", "eventfd": "eventfd alone"}
# The least ratios: at most what UIO takes, and 1.1 of what VFIO takes.
GOALS = {"uio": 1, "vfio": 1 / 1.1}


class InterruptGuest(Guest):
    """Has one edu for each way to its interrupts, and one device with many vectors.

    counting: by instructions of kernel and user instead of by its clock
    """

    def __init__(self, series, counting):
        self.series = series
        self.counting = counting
        machine = Machine(cpu="max", append="intel_iommu=on", options=(
            "-device", "intel-iommu", *(COUNTING if counting else ())))
        super().__init__(series, machine, DEVICES, vfio=("vfio", "vfio64"))
        # QEMU's remaps no interrupts.
        self.vm.check("echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts")
        self.vm.modprobe("uio_pci_generic")
        self.vm.bind(self.vm.functions["uio"], "uio_pci_generic")
        for name in ("pciio", "pciio64"):
            self.vm.bind(self.vm.functions[name], "pciio")

    def events(self, way, kind):
        """What each event costs, what is done after it, and context switches."""
        words = ("eventfd", "-") if way == "eventfd" else (f"{way}-{kind}", self.vm.functions[way])
        taken = self.run("irq-cost", "instructions" if self.counting else "time", *words, RUNS)
        scale = 1 if self.counting else 1e-9
        return {figure: Taken.of(taken[figure], scale) for figure in ("event", "done")
                } | {"switches": Taken.exactly(taken["switches"][0] / RUNS)}

    def opened(self, way):
        """Instructions of opening so many vectors."""
        taken = self.run("irq-cost", "open", f"{way}-msix", self.vm.functions[f"{way}64"], 20)
        return Taken.of(taken["open"])


def rows():
    """Events of a line and of messages, and what makes vectors."""
    for series in every_series():
        with InterruptGuest(series, counting=True) as guest:
            yield from _events(guest, "intx", "INTx", ("uio", "vfio", "eventfd"))
            yield from _events(guest, "msi", "MSI", ("vfio", "eventfd"))
            yield Row(f"{series}: open {VECTORS} vectors of MSI-X", PEERS["vfio"],
                      guest.opened("pciio"), guest.opened("vfio"), unit="instr")
        with InterruptGuest(series, counting=False) as guest:
            yield from _latencies(guest, "intx", "INTx", ("uio", "vfio", "eventfd"))
            yield from _latencies(guest, "msi", "MSI", ("vfio", "eventfd"))


def _events(guest, kind, name, peers):
    own = guest.events("pciio", kind)
    for peer in peers:
        other = guest.events(peer, kind)
        yield Row(f"{guest.series}: {name}, interrupt to the return of read", PEERS[peer],
                  own["event"], other["event"], GOALS.get(peer), "instr")
        if kind == "intx" and peer != "eventfd":
            yield Row(f"{guest.series}: {name}, unmasking it again", PEERS[peer], own["done"],
                      other["done"], unit="instr")
        yield Row(f"{guest.series}: {name}, context switches for an event", PEERS[peer],
                  own["switches"], other["switches"], unit="switches")


def _latencies(guest, kind, name, peers):
    own = guest.events("pciio", kind)
    for peer in peers:
        yield Row(f"{guest.series}: {name}, latency", PEERS[peer], own["event"],
                  guest.events(peer, kind)["event"])
