# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module on the debug kernel alone: all at once, and often."""

import os
import random
import time

from harness.devices import e1000e, edu, ivshmem, nvme, rtl8139, sdhci
from harness.kernels import DEBUG
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.scenario import scenario

SECONDS = int(os.environ.get("STRESS_SECONDS", "120"))
LOADS = 1000
EDU_ID = "0x010000ed"
FAULTS = "/sys/kernel/debug"
# What the kernel says of allocations that we let fail, and drivers of devices that we take away.
# ACPI prints a line in pieces, the last with its own version, and another CPU may come between.
EXPECTED = (r"ioremap memtype_reserve failed -12", r"Huh VM_FAULT_OOM leaked out",
            r"ACPI (Error|Exception|Warning): ", r"\[Could not get node by pathname\]",
            r"\(\d{8}/\w+-\d+\)", r"can't derive routing for PCI INT", r"PCI INT A: no GSI",
            r"kmemleak: Cannot allocate a scan area", r"nvme nvme\d+: ", r"nvme 0000:",
            r"I/O error.* nvme", r"e1000e[: ]")


def report(result):
    """The counts of a program, as comments of the report."""
    print("".join(f"# {line}\n" for line in (result.command, *result.stdout.splitlines())),
          end="", flush=True)


def let_allocations_fail(vm):
    """Those that may sleep, too, and without a trace of the stack for each."""
    vm.check("mount -t debugfs debugfs /sys/kernel/debug")
    for kind in ("failslab", "fail_page_alloc"):
        vm.check(f"cd {FAULTS}/{kind} && echo N >ignore-gfp-wait && echo 0 >verbose")
    vm.check(f"echo 0 >{FAULTS}/fail_page_alloc/min-order")


def swap(vm, function, seconds):
    """Takes a function away and puts another kind in its place, again and again."""
    devices, swaps, end = (edu(), sdhci()), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        vm.unplug(function)
        swaps += 1
        function = vm.plug(devices[swaps % 2], "guest")
    return swaps


@scenario(cold=Machine(smp=2, append="debug_objects"), kernels=(DEBUG,), timeout=SECONDS + 120,
          log=(*LOG, *EXPECTED))
def stress(vm):
    """Mappers against all that takes functions away, while allocations fail."""
    free = [vm.plug(edu(), "edu"), vm.plug(ivshmem(64 << 20), "memory"), vm.plug(rtl8139(), "net")]
    card, disk = vm.plug(e1000e(), "card"), vm.plug(nvme(), "disk")
    guest = vm.plug(edu(), "guest")
    load(vm)
    vm.modprobe("e1000e", "nvme")
    let_allocations_fail(vm)
    used = " ".join([*map(str, free), f"ro:{card}", f"ro:{disk}", f"ro:{guest}"])
    # 6.12's nvme comes back from a reset through sysfs with locks held.
    disturbed = " ".join([*map(str, free), f"{card}=e1000e,pciio",
                          f"noreset:{disk}=nvme,pciio,pci-stub"])
    seed = random.getrandbits(32)
    jobs = [vm.spawn(f"{program} -f {SECONDS} {seed} {used}") for program in
            ("pciio-stress", "pciio-stress-32", "pciio-fuzz", "pciio-fuzz-32")]
    for job in jobs:
        vm.wait_until(f"grep -qx ready /host/run/{job.number}.out")
    jobs.append(vm.spawn(f"pciio-disturb {SECONDS} {seed} {disturbed}"))
    swaps = swap(vm, guest, SECONDS)
    for job in jobs:
        report(job.wait(timeout=60).expect(0))
    print(f"# unplugged and replaced: {swaps}", flush=True)
    # All of it works as if nothing had been.
    vm.check("echo 1 >/sys/bus/pci/rescan")
    vm.check(f"echo 1 >{free[0].sysfs}/remove; echo 1 >/sys/bus/pci/rescan")
    vm.wait_until("rmmod pciio", timeout=2)
    load(vm)
    assert EDU_ID in vm.check(f"echo read 0 | pciio-hold {free[0]} 0 activate").stdout


@scenario(cold=Machine(append="debug_objects"), kernels=(DEBUG,), devices={"edu": edu()}, log=LOG,
          timeout=LOADS)
def loads(vm, edu):
    """Loaded, used and unloaded many times; what is lost is looked for after every scenario."""
    load(vm)
    vm.check("rmmod pciio; cp /host/pciio.ko /tmp")
    vm.check(f"pciio-loads /tmp/pciio.ko {edu} {LOADS}", timeout=LOADS)
