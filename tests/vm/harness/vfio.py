# SPDX-License-Identifier: BSD-2-Clause
"""Functions that are given to VFIO, and their nodes to an ordinary user."""

from .machine import Machine
from .scenario import Skip

IOMMU = Machine(append="intel_iommu=on", options=("-device", "intel-iommu"))
REMAPPING = Machine(append="intel_iommu=on", options=("-device", "intel-iommu,intremap=on"))
# What vfio-pci says of users, and the kernel of remapping that is absent; 7.x also of each reset by
# the port above a function, which is how VFIO resets one that cannot do it by itself.
LOG = (r"vfio-pci \S+: ", r"vfio_iommu_type1_attach_group",
       r"pcieport \S+: unlocked secondary bus reset")
USER = {"user": "nobody"}


def must_remap(vm):
    """Skips a scenario on REMAPPING whose kernel cannot do it, as the debug kernel."""
    if vm.run("dmesg | grep -q 'Enabled IRQ remapping'").status:
        raise Skip("this kernel does not remap interrupts")


def allow_unsafe_interrupts(vm, letter):
    """Those that are not remapped; the kernel's parameter is set to Y or N."""
    # Of the second where the kernel has cdev, which root's programs use then.
    for module in ("vfio_iommu_type1", "iommufd"):
        parameter = f"/sys/module/{module}/parameters/allow_unsafe_interrupts"
        vm.check(f"[ ! -e {parameter} ] || echo {letter} >{parameter}")


def bind(vm, *functions):
    """Gives functions to VFIO, and their nodes to an ordinary user."""
    vm.modprobe("vfio-pci", "vfio_iommu_type1")
    allow_unsafe_interrupts(vm, "Y")
    for function in functions:
        vm.bind(function, "vfio-pci")
    vm.check(f"chown 65534 {' '.join(f'/dev/vfio/{group(vm, each)}' for each in functions)}")


def group(vm, function):
    """The number of the function's IOMMU group."""
    return vm.check(f"basename $(readlink {function.sysfs}/iommu_group)").stdout.strip()
