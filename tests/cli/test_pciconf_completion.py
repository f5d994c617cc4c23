#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What bash offers after "pciconf ..." """

import harness
from fake_sysfs import EDU
from test_completion import HOSTILE, check_nothing_ran, offers

ADDRESSES = ("pci0:0:4:0 pci0:0:5:0 pci0:0:6:0 pci0:0:7:0 pci0:0:8:0 pci0:0:9:0 pci0:0:10:0 "
             "pci0:1:0:0")
DEVICES = f"nvme0 pcieport0 {ADDRESSES}"


def test_modes_and_options(bench):
    offers(bench, {
        "-": "-l -t -a -r -w -D -R -W", "-D -": "-D -b -h -x -m -v", "-t -": "-t -v",
        "-l -": "-l -B -b -c -e -v -V -C", "--": "--backend --sysfs --help --version",
        "-D -m ": "uc wc", "--backend s": "sysfs", "": "", "-l -C ": ""})


def test_devices(bench):
    offers(bench, {f"SYSFS -{mode} ": DEVICES for mode in "alrwDRW"}
           | {"SYSFS -D -x nv": "nvme0", "SYSFS -r pci0:1": "1:0:0", "SYSFS -t ": "",
              "SYSFS -a nvme0 ": ""})


def test_bars(bench):
    offers(bench, {"SYSFS -D pci0:0:5:0 ": "0x10 0x14", "SYSFS -R -b nvme0 ": "0x10",
                   "SYSFS -W pci0:0:6:0 ": "0x10 0x18", "SYSFS -D -m wc pci0:0:6:0 0x18 ": "",
                   "SYSFS -r pci0:0:5:0 ": ""})


def test_names_in_a_tree_are_not_expanded(bench):
    """Nor is a driver offered that the shell would expand on the command line: its address is."""
    for name in HOSTILE:
        link = bench.function(EDU).path("driver")
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        offers(bench, {"SYSFS -r ": DEVICES, "SYSFS -D pci0:0:4:0 ": "0x10"})
    check_nothing_ran(bench)


if __name__ == "__main__":
    harness.main()
