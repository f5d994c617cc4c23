# SPDX-License-Identifier: BSD-2-Clause
"""How often a device is accessed, counted outside of the guest, beside the least possible."""

import shutil

from harness.devices import e1000e, edu
from harness.kernels import NEWEST
from harness.machine import Machine

from guests import Guest
from host import STAGE, installed
from rows import Row, Taken

# 512 bytes of e1000e's BAR 0 that keep what is written to them: its multicast table.
TABLE, TABLE_SIZE = 0x5200, 512
# Of edu's BAR 0, of which every register is 4 bytes wide.
REGISTERS, LIVENESS = 4096, 4


def rows():
    """Through the installed command."""
    with Guest(NEWEST[0], Machine(), {"edu": edu(), "net": e1000e()}) as guest:
        vm = guest.vm
        for path in (installed("pcibar"), next(STAGE.rglob("libpcibar.so.1"))):
            shutil.copy(path, vm.share)
        (vm.share / "data").write_bytes(bytes(range(256)) * (TABLE_SIZE // 256))
        edu_function, net = vm.functions["edu"], vm.functions["net"]
        for name, function, operands, least in (
                ("dump of 4 KiB", edu_function, f"dump {edu_function} 0 0+{REGISTERS}",
                 REGISTERS // 4),
                ("masked write", edu_function, f"write {edu_function} 0 {LIVENESS} 0x30:0xf0", 2),
                ("verified load of 512 bytes", net,
                 f"load --verify --offset {TABLE} {net} 0 /host/data", TABLE_SIZE // 4 * 2)):
            with vm.trace() as trace:
                vm.check(f"LD_LIBRARY_PATH=/host /host/pcibar {operands}")
            yield Row(name, "least possible", Taken.exactly(len(trace.bar(function, 0))),
                      Taken.exactly(least), 1, "accesses")
