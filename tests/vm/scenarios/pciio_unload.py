# SPDX-License-Identifier: BSD-2-Clause
"""The module can be unloaded when it has no users, and nothing of it remains."""

from harness.devices import edu
from harness.holder import enable, held, soon
from harness.kernels import EVERYWHERE
from harness.pciio_module import LOG, load
from harness.scenario import scenario

# What a user may have left: the words that made his mapping, and what he gave up of it.
USES = (((), None), ((), "keep descriptor"), ((), "keep mapping"), ((), "keep name"),
        (("request",), None), (("fork", "exclusive", "activate"), None))


@scenario(devices={"edu": edu()}, log=LOG, kernels=EVERYWHERE)
def in_use(vm, edu):
    """Refused while anything of the module is open or mapped, done soon after the last."""
    load(vm)
    enable(vm, edu)
    for way in ("3</dev/pci", "3<>/dev/pci"):
        refusal = vm.check(f"rmmod pciio {way}", status=1).stderr
        assert "Resource temporarily unavailable" in refusal
    for words, given_up in USES:
        holder = held(vm, edu, 0, *words)
        if given_up:
            assert holder.ask(given_up) == "ok"
        refusal = vm.check("rmmod pciio", status=1).stderr
        assert "Resource temporarily unavailable" in refusal
        holder.kill()
        vm.wait_until("rmmod pciio 2>/dev/null", timeout=soon())
        vm.check("insmod /host/pciio.ko")


@scenario(devices={"edu": edu()}, log=LOG)
def cycles(vm, edu):
    """Loaded, used and unloaded 50 times, the kernel's lists are as they were."""
    vm.check("mount -t debugfs none /sys/kernel/debug")

    def traces():
        return vm.check("cat /proc/filesystems /sys/kernel/debug/x86/pat_memtype_list; "
                        "grep pciio /proc/vmallocinfo; grep -v -i ' : ram' /proc/iomem").stdout

    before = traces()
    load(vm)
    vm.check("rmmod pciio")
    vm.check(f"pciio-loads /host/pciio.ko {edu} 50", timeout=60)
    assert traces() == before
