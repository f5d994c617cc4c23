# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module: who may ask for what, and what a descriptor is worth."""

from harness.devices import edu
from harness.holder import enable, held, unused
from harness.kernels import NEWEST
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.scenario import scenario


@scenario(devices={"edu": edu()}, log=LOG, kernels=NEWEST)
def capability(vm, edu):
    """Root is not enough: it takes the capability, in the initial user namespace."""
    load(vm)
    enable(vm, edu)
    vm.check(f"pciio-caps {edu}")
    unused(vm)


@scenario(devices={"edu": edu()}, log=LOG, kernels=NEWEST)
def passed(vm, edu):
    """A descriptor passed to the user nobody serves its BAR, until the function goes."""
    load(vm)
    enable(vm, edu)
    reader, writer = held(vm, edu, 0, "passed"), held(vm, edu, 0, "passed", "rw")
    for holder in (reader, writer):
        assert holder.ask("read 0") == "0x010000ed"
        assert holder.ask("map") == "ok"
        assert holder.ask("poll") == "live"
    assert writer.ask("write 4 0x12345678") == "ok"
    assert reader.ask("read 4") == "0xedcba987"
    assert reader.ask("write 4 0") == "SIGSEGV"
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    for holder in (reader, writer):
        assert holder.ask("wait") == "dead"
        assert holder.ask("read 0") == "SIGBUS"
        assert holder.ask("map") == "No such device"
        holder.kill()
    unused(vm)


@scenario(cold=Machine(), devices={"edu": edu()}, log=LOG, kernels=NEWEST)
def lockdown(vm, edu):
    """Turned on, and made stricter, while descriptors are open."""
    load(vm)
    enable(vm, edu)
    vm.check(f"pciio-locked {edu}")
