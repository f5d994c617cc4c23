# SPDX-License-Identifier: BSD-2-Clause
"""A handle of the library reaches the function that it was opened on, and no other."""

from harness.devices import e1000e, rtl8139
from harness.holder import Holder, command, enable, unused
from harness.kernels import NEWEST, OLDEST_AND_NEWEST
from harness.pciio_module import LOG, load
from harness.registers import register
from harness.scenario import scenario

GONE = "No such device"
LINE, MARK = 0x3c, 0x77
MASTER = 4
MAC = "52:54:00:11:22:33"
OTHER_MAC = "52:54:00:44:55:66"


class Handle(Holder):
    """A process with a handle and maps of a function, to be asked for its calls once."""

    def __init__(self, vm, backend, function):
        super().__init__(vm, backend, function, program="pcibar-identity")
        assert self.first == "ready", f"{backend}: {self.first}"
        self.backend = backend

    def calls(self):
        """{call: result}"""
        results = {}
        line = self.ask("go")
        while line != "end":
            call, result = line.split(" ", 1)
            results[call] = result
            line = self.reply()
        return results


def stale(handle):
    """The calls of a handle whose function is gone that have not said so."""
    return {call: result for call, result in handle.calls().items() if result != GONE
            # The kernel does not revoke these maps: see PCIBAR_CAP_REVOKE.
            and not (handle.backend == "sysfs" and call.startswith("memory-"))}


def untouched(vm, function):
    """Whether nothing of the calls has reached the function."""
    assert register(vm, function, LINE, 1) != MARK
    assert not int(command(vm, function), 16) & MASTER


@scenario(devices={"net": rtl8139(mac=MAC)}, log=LOG, kernels=OLDEST_AND_NEWEST)
def found_again(vm, net):
    """The same device after it was removed and found again is another function."""
    load(vm)
    for backend in ("pciio", "sysfs"):
        enable(vm, net)
        handle = Handle(vm, backend, net)
        vm.check(f"echo 1 >{net.sysfs}/remove; echo 1 >/sys/bus/pci/rescan")
        enable(vm, net)
        assert not stale(handle)
        untouched(vm, net)
    unused(vm)


@scenario(log=LOG, kernels=NEWEST)
def replaced(vm):
    """By the same model, and by another device."""
    load(vm)
    for backend in ("pciio", "sysfs", "freebsd"):
        for other in (rtl8139(mac=OTHER_MAC), e1000e(mac=OTHER_MAC)):
            # That back end has nothing but the address and the IDs to go by.
            if backend == "freebsd" and other.driver == "rtl8139":
                continue
            net = vm.plug(rtl8139(mac=MAC))
            enable(vm, net)
            handle = Handle(vm, backend, net)
            vm.unplug(net)
            function = vm.plug(other)
            assert str(function) == str(net)
            enable(vm, function)
            assert not stale(handle), backend
            untouched(vm, function)
            vm.unplug(function)
    unused(vm)
