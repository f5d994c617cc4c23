# SPDX-License-Identifier: BSD-2-Clause
"""What a function costs does not depend on what is done to others, nor on how many there are."""

from harness.devices import edu, ivshmem
from harness.helper_module import HelperModule
from harness.holder import enable
from harness.kernels import NEWEST
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.scenario import comment, scenario

# Of 256 functions each.
BRIDGES = 40


@scenario(cold=Machine(memory="768M", slots=False),
          devices={"memory": ivshmem(4 << 30), "edu": edu()}, log=LOG, kernels=NEWEST)
def big_tables(vm, memory, edu):
    """Emptying 160 MiB of page tables keeps no user of another function waiting."""
    load(vm)
    said = vm.check(f"pciio-tables {memory} 2 {edu} 160", timeout=100).stdout
    comment(said)
    figures = dict(line.split(": ") for line in said.splitlines())
    usual, disturbed = (int(figures[name].split()[3].rstrip(",")) for name in
                        ("undisturbed", "disturbed"))
    # Instrumented code takes a multiple of the time, in which the guest's timer interrupts come.
    if not vm.image.kernel.debug:
        assert disturbed - usual < 20_000


@scenario(cold=Machine(memory="1G", options=("-icount", "shift=0,sleep=off")),
          devices={"edu": edu()}, log=LOG, timeout=240, kernels=NEWEST)
def many_functions(vm, edu):
    """Requests for one function execute as many instructions with 10,000 functions as with ten.

    A lookup compares two or three functions with so many. They have no BARs: ioremap() of the
    kernel, which PCIOCBAROPEN needs, searches its list of resources from the beginning.
    """
    load(vm)
    host = HelperModule(vm, "host_bridge", "functions=256", "bar=0")
    few = pace(vm, edu)
    bridges = BRIDGES // vm.image.kernel.slowness
    host.set("bridges", bridges, timeout=100)
    many = pace(vm, edu)
    host.set("bridges", 0, timeout=100)
    comment(f"instructions with few functions: {few}\nwith {bridges * 256} more: {many}")
    more = {name: many[name] / few[name] for name in few}
    assert all(factor < 1.05 for factor in more.values())


def pace(vm, function):
    """{request: instructions} for the function that was found last."""
    vm.check(f"echo 1 >{function.sysfs}/remove; echo 1 >/sys/bus/pci/rescan", timeout=60)
    enable(vm, function)
    lines = vm.check(f"pciio-pace {function}", timeout=60).stdout.splitlines()
    return {name: int(count) for name, count in map(str.split, lines)}
