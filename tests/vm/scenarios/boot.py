# SPDX-License-Identifier: BSD-2-Clause
"""The guests start as they should."""

from harness.devices import edu
from harness.kernels import EVERYWHERE, NEWEST
from harness.machine import Machine
from harness.scenario import scenario


def sees_edu(vm, function):
    assert vm.check(f"cat {function.sysfs}/vendor {function.sysfs}/device").stdout == \
        "0x1234\n0x11e8\n"
    vm.check(f"echo 1 >{function.sysfs}/enable")
    assert vm.check(f"mmio {function.sysfs}/resource0 read 4 0").stdout == "0x010000ed\n"


@scenario(devices={"edu": edu()}, kernels=EVERYWHERE)
def snapshot(vm, edu):
    assert vm.image.kernel.release in vm.check("uname -r").stdout
    sees_edu(vm, edu)


@scenario(cold=Machine(cpu="max", smp=2, append="intel_iommu=on",
                       options=("-device", "intel-iommu")),
          devices={"edu": edu()}, kernels=NEWEST)
def choices(vm, edu):
    """What a cold machine chooses, it gets."""
    assert vm.check("nproc").stdout == "2\n"
    vm.check("grep -qw avx2 /proc/cpuinfo")
    vm.check(f"[ -e {edu.sysfs}/iommu_group ]")
    sees_edu(vm, edu)


@scenario(cold=Machine(realistic=True), devices={"edu": edu()}, kernels=NEWEST)
def realistic(vm, edu):
    """Debian's packed image with Debian's own defaults."""
    assert "nokaslr" not in vm.check("cat /proc/cmdline").stdout
    sees_edu(vm, edu)


@scenario(cold=Machine(append="lockdown=integrity"), devices={"edu": edu()}, kernels=NEWEST)
def lockdown(vm, edu):
    assert "[integrity]" in vm.check("cat /sys/kernel/security/lockdown").stdout
    refused = vm.check(f"mmio {edu.sysfs}/resource0 read 4 0", status=1)
    assert "Operation not permitted" in refused.stderr
