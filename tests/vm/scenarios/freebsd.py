# SPDX-License-Identifier: BSD-2-Clause
"""Programs that were written for FreeBSD, unmodified, over the module."""

from harness.devices import edu
from harness.pciio_module import LOG, load
from harness.scenario import scenario


@scenario(devices={"edu": edu()}, log=LOG)
def program(vm, edu):
    load(vm)
    vm.check(f"echo 1 >{edu.sysfs}/enable")
    said = vm.check("freebsd-peek 0x1234 0x11e8 0 0").stdout
    bus, slot = (int(part, 16) for part in edu.address[5:-2].split(":"))
    where = f"@pci0:{bus}:{slot}:0 class 00ff memory on: 0x010000ed\n"
    assert said.startswith("none") and said.endswith(where), said
    refused = vm.check("freebsd-peek 0x1234 0x11e8 1 0", status=1)
    assert refused.stderr == "freebsd-peek: PCIOCBARMMAP: Invalid argument\n"
