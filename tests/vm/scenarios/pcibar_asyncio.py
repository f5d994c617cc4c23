# SPDX-License-Identifier: BSD-2-Clause
"""Interrupts in a loop of asyncio, through the module and through VFIO."""

from harness import pciio_module, python, vfio
from harness.devices import edu
from harness.kernels import NEWEST
from harness.pcibar import wait_for
from harness.scenario import scenario

# What raises edu's interrupt and acknowledges it is at 0x60 and 0x64.
SCRIPT = """
import asyncio, pcibar

async def serve(irq, registers):
    counts = []
    async for event in irq:
        counts.append(event.count)
        registers.write32(0x64, 1)
        if len(counts) == 3:
            return counts
        registers.write32(0x60, 1)

async def main():
    with pcibar.open("{edu}", write=True) as device, device.map(0, write=True) as registers:
        for kind in ("intx", "msi"):
            with device.irq(kind, bus_master=kind == "msi") as irqs:
                assert await irqs[0].wait_async(0.01) is None
                task = asyncio.create_task(serve(irqs[0], registers))
                # Then it waits.
                await asyncio.sleep(0)
                registers.write32(0x60, 1)
                assert await asyncio.wait_for(task, 20) == [1, 1, 1]
        with device.irq("intx") as irqs:
            print("ready", flush=True)
            try:
                await irqs[0].wait_async(20)
            except pcibar.PcibarError as error:
                print(error.errno)

asyncio.run(main())
"""


def works(vm, edu, end):
    """Events by iteration and by waiting, until END, a command, has taken the function away."""
    python.install(vm, "asyncio")
    job = python.spawn(vm, SCRIPT.format(edu=edu))
    wait_for(vm, job, "ready")
    vm.check(end)
    assert job.wait().expect(0).stdout == "ready\n19\n"


@scenario(devices={"edu": edu()}, kernels=NEWEST, log=pciio_module.LOG, timeout=120)
def over_module(vm, edu):
    """Until it is removed."""
    pciio_module.load(vm)
    vm.bind(edu, "pciio")
    vm.check(f"pcibar enable {edu}")
    works(vm, edu, f"echo 1 >{edu.sysfs}/remove")


@scenario(cold=vfio.IOMMU, devices={"edu": edu()}, kernels=NEWEST, log=vfio.LOG, timeout=120)
def over_vfio(vm, edu):
    """Until it is unbound."""
    vfio.bind(vm, edu)
    works(vm, edu, f"echo {edu} >{edu.sysfs}/driver/unbind")
