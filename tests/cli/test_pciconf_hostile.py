#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pciconf on trees of --sysfs from elsewhere"""

import os

import harness
from fake_sysfs import EDU
from harness import check, differs, equal, valgrind
from test_hostile import EVIL, SHOWN, SHOWN_ASCII, UTF8, check_clean, check_files, make_evil

NAME = "pci0:0:4:0"
LINES = [["-lvbBceV"], ["-tv"], ["-a", NAME], ["-r", NAME, "0:4"], ["-w", NAME, "0x40", "1"],
         ["-D", NAME, "0x10", "0", "1"], ["-R", NAME, "0x10", "0"], ["-W", NAME, "0x10", "0", "1"]]


def test_no_file_is_waited_for(bench):
    check_files(bench, LINES)


@differs
@valgrind
def test_nothing_printed_is_obeyed_by_a_terminal(bench):
    """All that quotes a driver, pci.ids, vital product data or a command line."""
    make_evil(bench)
    evil = os.fsdecode(EVIL)
    shown = EVIL.replace(b"\n", b"")    # a name in pci.ids is within a line
    file = bench.file("names", b"1234  " + shown + b"\n\t11e8  " + shown + b"\n")
    for line in (["-l"], ["-l", "-l"], ["-t"], ["-tv"], ["-lv"], ["-lV"], ["-lV", NAME],
                 ["-l", evil], ["-l", evil + ":1"], ["-a", evil + "0"], ["-r", NAME, evil],
                 ["-r", evil + "@" + NAME, "0x400000"], ["-l", "-C", evil], ["-D", NAME, evil],
                 ["-a", evil + "@" + NAME], [f"--{evil}"], ["--backend", evil, "-l"],
                 ["--sysfs", evil, "-l"]):
        result = bench.run(*line, env=UTF8 | {"PCICONF_VENDOR_DATABASE": str(file)})
        check_clean(result.stdout, line)
        check_clean(result.stderr, line)
        check(SHOWN in result.stdout + result.stderr, f"{line}: {result}")


@differs
def test_vital_product_data(bench):
    """It is ASCII: other bytes are escaped in every locale."""
    make_evil(bench)
    equal(bench.run("-lV", NAME, env=UTF8).stdout.splitlines()[1:], [
        f"    VPD ident  = '{SHOWN_ASCII}'", f"    VPD ro PN  = '{SHOWN_ASCII}'",
        "    VPD ro \\x1b\\x9b  = '1\\x07'"])


def test_names(bench):
    bench.function(EDU).bind(None)
    file = bench.file("names", b"1234  Ma\x1bker\x9b\n\t11e8  Caf\xc3\xa9\n")
    equal(bench.run("-lv", NAME, env=UTF8 | {"PCICONF_VENDOR_DATABASE": str(file)})
          .stdout.splitlines()[1:3],
          ["    vendor     = 'Ma\\x1bker\\x9b'", "    device     = 'Caf\u00e9'"])


if __name__ == "__main__":
    harness.main()
