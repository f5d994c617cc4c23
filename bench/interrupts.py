# SPDX-License-Identifier: BSD-2-Clause
"""What an interrupt costs in a guest, in instructions of kernel and user, beside UIO and VFIO."""

from harness.devices import edu, nvme
from harness.machine import Machine

from guests import Guest, every_series
from rows import Row, Taken

RUNS = 200
VECTORS = 64
# Slots of different lines, which no other device of the machine uses.
DEVICES = {"pciio": edu(addr="0x8"), "uio": edu(addr="0x9"), "vfio": edu(addr="0xb"),
           "pciio64": nvme(msix_qsize=VECTORS), "vfio64": nvme(msix_qsize=VECTORS)}
PEERS = {"uio": "uio_pci_generic", "vfio": "VFIO, eventfd"}
# The least ratios: at most what UIO takes, and 1.1 of what VFIO takes.
GOALS = {"uio": 1, "vfio": 1 / 1.1}


class InterruptGuest(Guest):
    """Has one edu for each way to its interrupts, and one device with many vectors."""

    def __init__(self, series):
        self.series = series
        machine = Machine(cpu="max", append="intel_iommu=on", options=(
            "-device", "intel-iommu", "-icount", "shift=0,sleep=off"))
        super().__init__(series, machine, DEVICES, vfio=("vfio", "vfio64"))
        # QEMU's remaps no interrupts.
        self.vm.check("echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts")
        self.vm.modprobe("uio_pci_generic")
        self.vm.bind(self.vm.functions["uio"], "uio_pci_generic")
        for name in ("pciio", "pciio64"):
            self.vm.bind(self.vm.functions[name], "pciio")

    def events(self, way, kind):
        """Instructions of each event, of what is done after it, and context switches."""
        taken = self.run("irq-cost", "events", f"{way}-{kind}", self.vm.functions[way], RUNS)
        return {figure: Taken.of(values) for figure, values in taken.items() if figure != "switches"
                } | {"switches": Taken.exactly(taken["switches"][0] / RUNS)}

    def opened(self, way):
        """Instructions of opening so many vectors."""
        taken = self.run("irq-cost", "open", f"{way}-msix", self.vm.functions[f"{way}64"], 20)
        return Taken.of(taken["open"])


def rows():
    """Events of a line and of messages, and what makes vectors."""
    for series in every_series():
        with InterruptGuest(series) as guest:
            yield from _events(guest, "intx", "INTx", ("uio", "vfio"))
            yield from _events(guest, "msi", "MSI", ("vfio",))
            yield Row(f"{series}: open {VECTORS} vectors of MSI-X", PEERS["vfio"],
                      guest.opened("pciio"), guest.opened("vfio"), unit="instr")


def _events(guest, kind, name, peers):
    own = guest.events("pciio", kind)
    for peer in peers:
        other = guest.events(peer, kind)
        yield Row(f"{guest.series}: {name}, interrupt to the return of read", PEERS[peer],
                  own["event"], other["event"], GOALS[peer], "instr")
        if kind == "intx":
            yield Row(f"{guest.series}: {name}, unmasking it again", PEERS[peer], own["done"],
                      other["done"], unit="instr")
        yield Row(f"{guest.series}: {name}, context switches for an event", PEERS[peer],
                  own["switches"], other["switches"], unit="switches")
