#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pciconf on damaged configuration spaces and vital product data"""

import harness
import damaged
from harness import check, equal
from test_damaged import ends_well


def test_every_detail(bench):
    """Each option alone, so that what one refuses hides nothing from the others."""
    functions = damaged.add_all(bench.tree)
    heads = bench.run("-l").stdout.splitlines()
    equal(len(heads), len(functions) + len(bench.functions))
    for option in ("-b", "-B", "-c", "-cc", "-e", "-V", "-bBceV"):
        lines = ends_well(bench, "-l", option).splitlines()
        equal([line for line in lines if "@pci" in line], heads, option)
    ends_well(bench, "-tv", statuses=(0,))


def test_no_list_is_longer_than_its_space(bench):
    damaged.add_all(bench.tree)
    count = 0
    for line in ends_well(bench, "-lc").splitlines():
        count = 0 if "@pci" in line else count + line.startswith(("    cap", "    ecap"))
        check(count <= 48 + 960, f"too many capabilities at {line!r}")


if __name__ == "__main__":
    harness.main()
