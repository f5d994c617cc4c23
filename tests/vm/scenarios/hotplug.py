# SPDX-License-Identifier: BSD-2-Clause
"""Devices come and go."""

from harness.devices import edu, nvme, rtl8139, sdhci
from harness.kernels import NEWEST
from harness.scenario import scenario


@scenario(kernels=NEWEST)
def comes_and_goes(vm):
    for _ in range(3):
        function = vm.plug(edu())
        vm.check(f"[ -e {function.sysfs}/resource0 ]")
        vm.unplug(function)
        vm.check(f"[ ! -e {function.sysfs} ]")


@scenario(kernels=NEWEST)
def slot_of_several(vm):
    first, second = vm.plug_together({"net": rtl8139(), "card": sdhci()})
    assert (first.address[:-1], first.address[-1], second.address[-1]) == \
        (second.address[:-1], "0", "1")
    vm.unplug(second)
    assert not vm.functions
    vm.check(f"[ ! -e {first.sysfs} ]")


@scenario(devices={"disk": nvme()}, kernels=NEWEST)
def driver(vm, disk):
    vm.modprobe("nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    vm.unbind(disk)
    vm.check(f"[ ! -e {disk.sysfs}/driver ]")
    vm.bind(disk, "nvme")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    vm.check("echo pcibar >/dev/nvme0n1; sync")
    assert disk.backing_file("drive").read_bytes().startswith(b"pcibar\n")
