# SPDX-License-Identifier: BSD-2-Clause
"""Drivers and resets at an awkward moment: nothing hangs, and drivers keep what they have."""

from harness import page_table
from harness.devices import e1000e, edu, ivshmem
from harness.helper_module import HelperModule
from harness.holder import command, enable, held, soon, unused
from harness.page_table import leaf, reserved
from harness.pciio_module import LOG, load
from harness.scenario import scenario
from harness.vfio import IOMMU, LOG as VFIO

MIB = 1 << 20
BUSY = "Device or resource busy"
EDU_ID = "0x010000ed"
# What the kernel says of a probe that fails.
FAILED = (r"awkward_driver \S+: probe with driver awkward_driver failed",
          r"awkward_driver: probe of \S+ failed")


def awkward(vm):
    return HelperModule(vm, "awkward_driver")


def start_probe(vm, function):
    """The awkward driver's, which may fail."""
    return vm.spawn(f"echo awkward_driver >{function.sysfs}/driver_override; "
                    f"echo {function} >/sys/bus/pci/drivers_probe")


@scenario(warm=IOMMU, devices={"net": e1000e()}, log=(*LOG, *VFIO))
def shared_with_vfio(vm, net):
    """vfio-pci is unbound from a function whose user shares it: both end, in whatever order."""
    load(vm)
    vm.modprobe("vfio-pci", "vfio_iommu_type1")
    vm.check("echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts")
    for order in ("device", "bar", "both"):
        vm.bind(net, "vfio-pci")
        user = vm.spawn(f"exec pciio-vfio-share {net} 0 {order}")
        vm.wait_until(f"grep -qx ready /host/run/{user.number}.out")
        unbind = vm.spawn(f"echo {net} >/sys/bus/pci/drivers/vfio-pci/unbind")
        if order == "both":
            vm.wait_until("grep -q vfio_unregister_group_dev /proc/[0-9]*/stack", timeout=soon())
            user.signal("KILL")
        status = user.wait(timeout=soon()).status
        unbind.wait(timeout=soon()).expect(0)
        assert status == (137 if order == "both" else 0)
        unused(vm)


@scenario(devices={"memory": ivshmem(64 * MIB)}, log=(*LOG, *FAILED))
def beside_a_probe(vm, memory):
    """A driver gets the memory type it asks for, whatever a write-combining user touches."""
    load(vm)
    page_table.load(vm)
    driver = awkward(vm)
    driver.set("bar", 2)
    start, size = memory.bar(2)
    holder = held(vm, memory, 2, "activate", "wc")
    value = holder.ask("read 0")
    assert value != "SIGBUS" and reserved(vm, start, size) == {"WC"}

    # EIO and EPROBE_DEFER, then success; between two probes with a touch and without one.
    for error, touched in ((5, True), (517, False), (5, False), (0, False)):
        driver.set("fail", error)
        driver.set("probe_waits", 1)
        job = start_probe(vm, memory)
        driver.wait_for("state", "probing")
        assert holder.ask("read 0") == "SIGBUS" and holder.ask("poll") == "suspended"
        assert not reserved(vm, start, size)
        driver.set("probe_waits", 0)
        job.wait(timeout=soon())
        driver.wait_for("state", "idle" if error else "bound")
        if touched:
            # The driver is gone: the mapping has its type again.
            assert holder.ask("read 0") == value
            assert leaf(holder, 0).type == "WC"
    assert reserved(vm, start, size) == {"UC-"}
    assert holder.ask("read 0") == "SIGBUS"
    assert reserved(vm, start, size) == {"UC-"}
    vm.unbind(memory)
    assert holder.ask("read 0") == value
    assert leaf(holder, 0).type == "WC" and reserved(vm, start, size) == {"WC"}
    holder.kill()
    unused(vm)
    assert not reserved(vm, start, size)


@scenario(devices={"memory": ivshmem(64 * MIB)}, log=LOG)
def exclusive_beside_a_driver(vm, memory):
    """What is mapped keeps its type reserved: a driver cannot get another one beside it."""
    load(vm)
    page_table.load(vm)
    driver = awkward(vm)
    driver.set("bar", 2)
    driver.set("map", 0)
    start, size = memory.bar(2)
    holder = held(vm, memory, 2, "activate", "wc", "exclusive", "share-driver")
    value = holder.ask("read 0")
    assert value != "SIGBUS"
    start_probe(vm, memory).wait(timeout=soon())
    driver.wait_for("state", "bound")
    assert holder.ask("poll") == "live" and holder.ask("read 0") == value
    assert leaf(holder, 0).type == "WC"
    assert reserved(vm, start, size) == {"WC"}
    vm.unbind(memory)
    holder.kill()
    unused(vm)
    assert not reserved(vm, start, size)


@scenario(devices={"edu": edu()}, log=LOG)
def hung_probe(vm, edu):
    """A driver that does not come back from probe or remove keeps no other process waiting."""
    load(vm)
    enable(vm, edu)
    driver = awkward(vm)
    holder, other = held(vm, edu, 0, "activate"), held(vm, edu, 0, "activate", "share-driver")
    for parameter, state, path in (("probe_waits", "probing", "/sys/bus/pci/drivers_probe"),
                                   ("remove_waits", "removing", f"{edu.sysfs}/driver/unbind")):
        driver.set(parameter, 1)
        vm.check(f"echo awkward_driver >{edu.sysfs}/driver_override")
        job = vm.spawn(f"echo {edu} >{path}")
        driver.wait_for("state", state)
        # The requests come back at once, with what they say of a driver.
        for words, expected in ((f"hold {edu} 0", BUSY), (f"hold {edu} 0 request", BUSY),
                              (f"bario {edu} 0 0 4", "No such file or directory")):
            said = vm.run(f"pciio-{words} </dev/null", timeout=soon()).stdout.strip()
            assert said == expected, (state, words)
        vm.check(f"pciio-conf {edu} 0 4", timeout=soon())
        # And so does giving back.
        held(vm, edu, 0, "share-driver").kill()
        if state == "probing":
            holder.job.signal("KILL")
            holder.job.wait(timeout=soon())
        else:
            other.job.signal("KILL")
            other.job.wait(timeout=soon())
        driver.set(parameter, 0)
        job.wait(timeout=soon())
    unused(vm)
    # Nothing has been taken from the driver or lost to it.
    assert command(vm, edu) != "ffff"
    assert held(vm, edu, 0, "activate").ask("read 0") == EDU_ID
