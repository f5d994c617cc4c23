#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pciconf on trees of --sysfs that somebody sent"""

import harness
from test_hostile import check_files

NAME = "pci0:0:4:0"
LINES = [["-lvbBceV"], ["-tv"], ["-a", NAME], ["-r", NAME, "0:4"], ["-w", NAME, "0x40", "1"],
         ["-D", NAME, "0x10", "0", "1"], ["-R", NAME, "0x10", "0"], ["-W", NAME, "0x10", "0", "1"]]


def test_no_file_is_waited_for(bench):
    check_files(bench, LINES)


if __name__ == "__main__":
    harness.main()
