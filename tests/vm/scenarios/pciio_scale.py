# SPDX-License-Identifier: BSD-2-Clause
"""What a function costs does not depend on what is done to others, nor on how many there are."""

from harness.devices import edu, ivshmem
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.scenario import comment, scenario


@scenario(cold=Machine(memory="768M", slots=False),
          devices={"memory": ivshmem(4 << 30), "edu": edu()}, log=LOG)
def big_tables(vm, memory, edu):
    """Emptying 160 MiB of page tables keeps no user of another function waiting."""
    load(vm)
    said = vm.check(f"pciio-tables {memory} 2 {edu} 160", timeout=100).stdout
    comment(said)
    figures = dict(line.split(": ") for line in said.splitlines())
    usual, disturbed = (int(figures[name].split()[3].rstrip(",")) for name in
                        ("undisturbed", "disturbed"))
    assert disturbed - usual < 20_000
