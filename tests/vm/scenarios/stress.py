# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module on the debug kernel alone: all at once, and often."""

import os
import random
import time

from harness.devices import e1000e, edu, ivshmem, nvme, rtl8139, sdhci
from harness.helper_module import HelperModule
from harness.kernels import DEBUG
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.registers import capability, register
from harness.scenario import comment, scenario

SECONDS = int(os.environ.get("STRESS_SECONDS", "120"))
# Another one for who changes these scenarios: without what finds faults, and faster.
KERNELS = tuple(os.environ.get("STRESS_KERNELS", DEBUG).split())
LOADS = 1000
EDU_ID = "0x010000ed"
FAULTS = "/sys/kernel/debug"
# What the kernel says of allocations that we let fail, and drivers of devices that we take away.
# ACPI prints a line in pieces, the last with its own version, and another CPU may come between.
# A user that shares its BAR write-combining with a driver gives the driver's mapping that type;
# then those that want the BAR uncached are refused, which ioremap() reports as -16.
EXPECTED = (r"ioremap memtype_reserve failed -1[26]", r"Huh VM_FAULT_OOM leaked out",
            r"pagefault_out_of_memory: \d+ callbacks suppressed",
            r"ACPI (Error|Exception|Warning): ", r"\[Could not get node by pathname\]",
            r"\(\d{8}/\w+-\d+\)", r"can't derive routing for PCI INT", r"PCI INT A: no GSI",
            r"kmemleak: Cannot allocate a scan area", r"nvme nvme\d+: ", r"nvme 0000:",
            r"I/O error.* nvme", r"e1000e[: ]")


def report(result):
    """The counts of a program, as comments of the report."""
    comment(f"{result.command}\n{result.stdout}")


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
    comment(f"unplugged and replaced: {swaps}")
    # All of it works as if nothing had been.
    vm.check("echo 1 >/sys/bus/pci/rescan")
    vm.check(f"echo 1 >{free[0].sysfs}/remove; echo 1 >/sys/bus/pci/rescan")
    vm.wait_until("rmmod pciio", timeout=2)
    load(vm)
    assert EDU_ID in vm.check(f"echo read 0 | pciio-hold {free[0]} 0 activate").stdout


# Ports that come and go, and an IOMMU for vfio-pci.
PORTS = tuple(argument for slot in range(0x18, 0x1c) for argument in
              ("-device", f"pcie-root-port,id=bridge{slot},chassis={slot},addr={slot:#x}"))
IOMMU = ("-device", "intel-iommu")
# What the kernel says of probes that fail, and of VFIO's users.
PROBES = (r"awkward_driver: probe of ", r"probe with driver \S+ failed", r"vfio-pci \S+: ",
          r"No device request channel registered", r"vfio_iommu_type1_attach_group",
          r"pci \S+: BAR \d.*: (?:can't|failed to) assign", r"pciehp: ")
# Everything that this does to a function, one after the other, until the time is over.
DISTURB = """
let() {{ echo "$2" >/sys/module/$1; }}
now() {{ cut -d. -f1 /proc/uptime; }}
probe() {{ echo $2 >/sys/bus/pci/devices/$1/driver_override; echo $1 >/sys/bus/pci/drivers_probe; }}
unbind() {{ echo $1 >/sys/bus/pci/devices/$1/driver/unbind; }}
reset() {{ echo 1 >/sys/bus/pci/devices/$1/reset; }}
end=$(($(now) + {seconds})) rounds=0
while [ $(now) -lt $end ]; do
	rounds=$((rounds + 1))
	let host_bridge/parameters/bridges $((rounds % 3))
	let awkward_driver/parameters/fail $((rounds % 4 ? 517 : 0))
	probe {edu} awkward_driver
	unbind {edu}
	let bar_mover/parameters/move "{memory} 2"
	pciio-conf {disk} {place} 2 {flr} >/tmp/written
	echo 1 >{disk.sysfs}/enable; echo 0 >{disk.sysfs}/enable
	probe {disk} vfio-pci
	[ $((rounds % 2)) = 0 ] || timeout 1 pciio-vfio-share {disk} 0 both >/dev/null
	unbind {disk}
	reset {disk}
	reset {net}
	probe {net} pciio
	reset {net}
	unbind {net}
done 2>/dev/null
let host_bridge/parameters/bridges 0
echo $rounds rounds
"""


@scenario(cold=Machine(smp=2, append="debug_objects intel_iommu=on", options=(*PORTS, *IOMMU)),
          kernels=KERNELS, timeout=SECONDS + 240, log=(*LOG, *EXPECTED, *PROBES), devices={
              "edu": edu(bus="port0"), "memory": ivshmem(4 << 20, bus="port1"),
              "disk": nvme(bus="port2"), "net": e1000e(bus="port3")})
def adversary(vm, edu, memory, disk, net):
    """Unprivileged requests that stall, and users of BARs, against all that takes them away."""
    load(vm)
    vm.modprobe("vfio-pci", "vfio_iommu_type1")
    vm.check("echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts; "
             "sysctl -qw vm.unprivileged_userfaultfd=1")
    for name, *parameters in (("host_bridge", "functions=4", "dwell_us=50"), ("bar_mover",),
                              ("awkward_driver",)):
        HelperModule(vm, name, *parameters)
    vm.check("echo 1 >/sys/module/host_bridge/parameters/bridges")
    place = capability(vm, disk, 0x10) + 8
    flr = register(vm, disk, place, 2) | 0x8000
    host, seed = "10001:00:00.0", random.getrandbits(32)
    bridges = " ".join(f"0000:00:{slot:02x}.0" for slot in range(0x18, 0x1c))
    # Descriptors while there are no drivers yet; they stay when their functions are taken away.
    endless = [vm.spawn(f"exec pciio-late {kind} {function}") for kind, function in
               (("bar", host), ("read", host), ("open", edu), ("access", memory),
                ("fault", net), ("info", disk))]
    for job in endless:
        vm.wait_until(f"grep -qx ready /host/run/{job.number}.out")
    jobs = [vm.spawn(f"exec pciio-stall often {SECONDS} {host}", user="nobody"),
            vm.spawn(f"pciio-nosy {SECONDS} 1000000 {net} {bridges}"),
            vm.spawn(f"pciio-stress {SECONDS} {seed} ro:{edu} ro:{memory} ro:{disk} ro:{net}")]
    for job in jobs[1:]:
        vm.wait_until(f"grep -qx ready /host/run/{job.number}.out")
    jobs.append(vm.spawn(DISTURB.format(edu=edu, memory=memory, disk=disk, net=net, place=place,
                                        flr=f"{flr:#x}", seconds=SECONDS)))
    for job in jobs:
        comment(job.wait(timeout=SECONDS + 120).expect(0).stdout)
    for job in endless:
        job.signal("KILL")
        job.wait(timeout=10)
    assert vm.check("cat /sys/module/host_bridge/parameters/late").stdout == "0\n"
    vm.wait_until("rmmod pciio", timeout=2)
    load(vm)
    vm.check(f"echo 1 >{edu.sysfs}/remove; echo 1 >/sys/bus/pci/rescan")
    assert EDU_ID in vm.check(f"echo read 0 | pciio-hold {edu} 0 activate").stdout


@scenario(cold=Machine(append="debug_objects"), kernels=(DEBUG,), devices={"edu": edu()}, log=LOG,
          timeout=LOADS)
def loads(vm, edu):
    """Loaded, used and unloaded many times; what is lost is looked for after every scenario."""
    load(vm)
    vm.check("rmmod pciio; cp /host/pciio.ko /tmp")
    vm.check(f"pciio-loads /tmp/pciio.ko {edu} {LOADS}", timeout=LOADS)
