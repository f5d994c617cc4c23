# SPDX-License-Identifier: BSD-2-Clause
"""Function descriptors: one function, whatever takes its place."""

from harness.devices import edu, nvme
from harness.helper_module import HelperModule
from harness.holder import enable, held, unused
from harness.kernels import NEWEST, OLDEST_AND_NEWEST
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.programs import builds
from harness.scenario import scenario

# Of nvme's registers: the configuration of the controller, which a reset clears; not enabled.
CONFIGURATION = 0x14
SIZES = "0x00460000"


@scenario(devices={"edu": edu(), "other": edu()}, log=LOG, kernels=OLDEST_AND_NEWEST)
def requests(vm, edu, other):
    """Which requests it serves, of which function, with whose rights; by 32-bit programs, too."""
    load(vm)
    enable(vm, edu)
    for program in builds(vm, "pciio-function"):
        vm.check(f"{program} requests {edu} {other}")
    unused(vm)


@scenario(cold=Machine(smp=2), devices={"edu": edu()}, log=LOG, kernels=NEWEST)
def modify(vm, edu):
    """Bits of the command register change one at a time while decoding comes and goes."""
    load(vm)
    vm.check(f"pciio-function modify {edu}", timeout=60)


@scenario(devices={"edu": edu()}, log=LOG)
def stale(vm, edu):
    """After removal it is dead for ever, whatever is found at the address."""
    load(vm)
    enable(vm, edu)
    for program in builds(vm, "pciio-function"):
        vm.check(f"{program} stale {edu}")
    unused(vm)


@scenario(devices={"edu": edu(), "disk": nvme(bus="port0")}, log=LOG + ("nvme nvme", "nvme 0000:"))
def reset(vm, edu, disk):
    """The device forgets its state, mappings continue; not under a driver, and without a wait."""
    load(vm)
    mover = HelperModule(vm, "bar_mover")

    def result(function, *words):
        return vm.check(f"pciio-function reset {function} {' '.join(words)}").stdout.strip()

    user = held(vm, disk, 0, "rw", "activate")
    assert user.ask(f"write {CONFIGURATION} {SIZES}") == "ok"
    assert user.ask(f"read {CONFIGURATION}") == SIZES
    assert result(disk) == "ok"
    assert user.ask(f"read {CONFIGURATION}") == "0x00000000"
    assert user.ask("poll") == "live"

    # Who keeps configuration space to himself is not waited for.
    mover.set("hold", disk)
    assert result(disk) == "Resource temporarily unavailable"
    mover.set("hold", "")
    user.kill()

    if vm.run(f"[ -e {edu.sysfs}/reset ]").status:
        assert result(edu) == "Operation not supported"
    vm.modprobe("nvme")
    vm.wait_until(f"[ -e {disk.sysfs}/driver ]")
    assert result(disk) == "Device or resource busy"
    assert result(disk, "share") == "ok"
    unused(vm)
