#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Damaged configuration spaces and vital product data; for test_pciconf_damaged.py, too.

The stage "sanitizers" runs both with ASan and UBSan, whose reports are no sentences of a command.
"""

import json
import re

import harness
import damaged
from harness import check
from test_hostile import check_clean

# What a command may end with: it worked, it was refused, the device was lost
STATUSES = (0, 1, 4)
NAMES = ("CAP_EXP", "CAP_MSIX+2", "CAP_VNDR", "ECAP_SRIOV", "ECAP_AER+4", "ECAP_VNDR", "COMMAND")


def ends_well(bench, *line, what="all", statuses=STATUSES):
    """Run a command; returns what it printed. It must end in time, with sentences only."""
    result = bench.run(*line)
    where = f"{line} on {what}: {result}"
    check(result.status in statuses, where)
    check(re.fullmatch(r"(?:(?:pcibar|pciconf)[ :].*\n)*", result.stderr), where)
    check_clean(result.stdout, where)
    check_clean(result.stderr, where)
    return result.stdout


def test_lists(bench):
    functions = damaged.add_all(bench.tree)
    text = ends_well(bench, "list", "-v", statuses=(0,))
    listed = json.loads(ends_well(bench, "list", "-v", "--json", statuses=(0,)))["functions"]
    for address in functions:
        check(address in text, f"{address} is not listed")
    check(set(functions) <= {function["selector"] for function in listed}, "not all are listed")


def test_every_function(bench):
    """Its capabilities by name, and every second one each of the other verbs."""
    for number, (address, function) in enumerate(damaged.add_all(bench.tree).items()):
        name = NAMES[number % len(NAMES)]
        ends_well(bench, "config", "read", address, name, what=function.what,
                  statuses=(*STATUSES, 2))
        if number % 2:
            json.loads(ends_well(bench, "info", address, "--json", what=function.what) or "{}")
        elif function.definition.bars:
            ends_well(bench, "explain", address, "0", what=function.what)


if __name__ == "__main__":
    harness.main()
