# SPDX-License-Identifier: BSD-2-Clause
"""States of a BAR in which it cannot be used: refused for that, with a remedy that works."""

import json

from harness.backends import through
from harness.devices import edu
from harness.kernels import OLDEST_AND_NEWEST
from harness.pcibar import enable, numbers, refused
from harness.scenario import scenario


@through("pciio", "freebsd")
@scenario(devices={"edu": edu()}, kernels=OLDEST_AND_NEWEST)
def register_lost(vm, edu):
    """Verbs and explain agree; enable leaves decoding off; the remedy is run as printed."""
    enable(vm)
    assert numbers(vm, f"pcibar read {edu} 0 0") == [0x010000ed]
    vm.check(f"pcibar config write {edu} BASE_ADDRESS_0 0")
    why = ("the register of BAR 0 holds 0x0", f"{edu.bar(0)[0]:#x}", f"{edu.sysfs}/remove")
    for command in (f"read {edu} 0 0", f"write {edu} 0 4 1", f"dump {edu} 0 0+16",
                    f"read --activate {edu} 0 0"):
        refused(vm, f"pcibar {command}", 1, *why)
    assert "register holds 0x0" in vm.check(f"pcibar info {edu}").stdout
    vm.check(f"pcibar disable {edu}")
    refused(vm, f"pcibar enable {edu}", 1, *why)
    assert numbers(vm, f"pcibar config read {edu} COMMAND")[0] & 2 == 0

    explained = json.loads(vm.run(f"pcibar explain --json {edu} 0").stdout)
    assert not explained["possible"]
    (reason,) = (each for backend in explained["backends"] if backend["name"] == vm.backend
                 for each in backend["reasons"])
    assert reason["code"] == "moved"
    vm.check(reason["remedy"].partition(": ")[2])
    vm.check(f"pcibar enable {edu}")
    assert numbers(vm, f"pcibar read {edu} 0 0") == [0x010000ed]
