#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each state of a function with each way of pciconf to reach it. A test is a state."""

from functools import partial

import harness
from fake_sysfs import ROM
from harness import check, equal
from states import STATES, held, page_shared
from verbs import state


# As on FreeBSD, a BAR is shared with a driver, and its page with other BARs.
SHARED = (held, page_shared)


def check_state(make, bench):
    """What is refused is refused for the same reason as by pcibar, and changes nothing."""
    function, bar, sentence, _ = make(bench)
    if make in SHARED:
        sentence = ""
    selector = ":".join(["pci0"] + [str(int(part, 16)) for part in
                                    function.address.replace(".", ":").split(":")[1:]])
    register = "0x30" if bar == ROM else hex(0x10 + 4 * bar)
    place = "of the ROM" if bar == ROM else register
    before = state(function)
    lines = [["-D", selector, register, "0", "1"], ["-R", selector, register, "0"]]
    for line in lines if bar == ROM else lines + [["-W", selector, register, "0", "0"]]:
        result = bench.run(*line)
        if not sentence:
            equal((result.status, result.stderr), (0, ""), line)
            continue
        result.refuses(1, f"pciconf: {selector} BAR {place}: {sentence}")
        check(state(function) == before, "a refusal has changed something")
    result = bench.run("-lb", selector)
    check(selector in result.stdout, result)
    equal(len(bench.run("-l").stdout.splitlines()), len(list(
        (bench.tree.root / "bus/pci/devices").iterdir())))


for each in STATES:
    globals()[f"test_{each.__name__}"] = partial(check_state, each)


if __name__ == "__main__":
    harness.main()
