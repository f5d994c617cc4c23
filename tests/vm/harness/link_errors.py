# SPDX-License-Identifier: BSD-2-Clause
"""Errors of the PCI Express link, which Linux' own driver of the port recovers from."""

from .machine import Machine
from .registers import bridge, register

# Ports are left to Linux's drivers of the port's services, and awake.
NATIVE = Machine(append="pcie_port_pm=off",
                 options=("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"))
# What the kernel says of an error that a test has made.
ERRORS = ("AER: ", "PCIe Bus Error", "device .* error status/mask", r"\[ 4\] DLP")
BRIDGE_CONTROL, COMMAND = 0x3e, 4


def fail(vm, function, port):
    """An error that only a reset of the link below the port ends."""
    address = bridge(vm, function)
    for place, bit in ((BRIDGE_CONTROL, 2), (COMMAND, 0x100)):
        register(vm, address, place, 2, register(vm, address, place, 2) | bit)
    vm.hmp(f"pcie_aer_inject_error {port} DLP")
