# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module: random requests, by programs of both word sizes at once."""

import random
import re

from harness.devices import e1000e, edu, ivshmem, rtl8139
from harness.pciio_module import LOG, load
from harness.scenario import Skip, scenario

SECONDS = 4
# QEMU has no device with vital product data, and those that are written to cannot be reset.
NEVER_RIGHT = {"PCIOCLISTVPD", "PCIOCRESET", "numbers nearby"}


@scenario(devices={"edu": edu(), "memory": ivshmem(64 << 20), "net": rtl8139(), "card": e1000e()},
          log=LOG)
def fuzz(vm, edu, memory, net, card):
    """Nothing but an errno comes of what is wrong, and enough is right to get far."""
    load(vm)
    programs = ("pciio-fuzz", "pciio-fuzz-32")
    present = [name for name in programs if not vm.run(f"[ -e /bin/{name} ]").status]
    how = f"{SECONDS * vm.image.kernel.slowness} {random.getrandbits(32)}"
    jobs = [vm.spawn(f"{name} {how} {edu} {memory} {net} ro:{card}") for name in present]
    tallies = [job.wait().expect(0).stdout for job in jobs]
    for tally in tallies:
        wrong = {line.partition(":")[0] for line in tally.splitlines()
                 if line.startswith("PCI") and not re.search(r" ok \d", line)}
        assert wrong <= NEVER_RIGHT, tally
    vm.wait_until("rmmod pciio", timeout=2)
    if len(present) < len(programs):
        raise Skip("no 32-bit programs: gcc-multilib is missing")
