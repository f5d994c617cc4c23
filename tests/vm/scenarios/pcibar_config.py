# SPDX-License-Identifier: BSD-2-Clause
"""Configuration space by offset and by name, and the bits of the command register."""

from harness.backends import through
from harness.devices import e1000e, rtl8139
from harness.kernels import NEWEST, OLDEST_AND_NEWEST
from harness.pcibar import numbers, refused
from harness.pciio_module import LOG, load
from harness.scenario import scenario

IO, MEM, BUS_MASTER = 1, 2, 4
# Bits that are none of the three must stay as they are: SERR# and interrupt disable here.
OTHERS = 0x500


def command(vm, function):
    (value,) = numbers(vm, f"pcibar config read {function} COMMAND")
    return value


def writes(vm, function, line):
    """The writes to configuration space that a command makes, as (offset, value)."""
    with vm.trace(config=True) as trace:
        vm.check(line)
    return [(offset, value) for op, offset, value in trace.config(function) if op == "write"]


@through("pciio")
@scenario(devices={"net": e1000e()}, kernels=NEWEST)
def dump(vm, net):
    """All of it for root, and the first 64 bytes for others, who are informed."""
    image = vm.check(f"od -An -v -tx1 /sys/bus/pci/devices/{net}/config").stdout.splitlines()
    assert len(image) == 256

    shown = vm.check(f"pcibar config dump {net}", user="nobody")
    assert "first 64 bytes" in shown.stderr
    assert shown.stdout.splitlines()[1:] == [
        f"{16 * number:02x}:{line}" for number, line in enumerate(image[:4])] + [""]
    assert vm.check(f"pcibar config dump {net}").stdout.splitlines()[1:] == [
        f"{16 * number:02x}:{line}" for number, line in enumerate(image)] + [""]


@through("pciio", "freebsd")
@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def enable(vm, net):
    """Exactly the bits that were named change, in one write; bus mastering only when named."""
    vm.check(f"pcibar config write {net} COMMAND {OTHERS:#x}")
    steps = (("enable", "--mem", MEM), ("enable", "", IO | MEM), ("disable", "--io", MEM),
             ("enable", "--bus-master --io", IO | MEM | BUS_MASTER), ("disable", "", BUS_MASTER),
             ("enable", "--mem", MEM | BUS_MASTER), ("disable", "--bus-master --mem", 0))
    for verb, options, value in steps:
        line = f"pcibar {verb} {options} {net}"
        assert writes(vm, net, line) == [(4, OTHERS | value)], line
        assert command(vm, net) == OTHERS | value
        assert writes(vm, net, line) == [], f"{line}, a second time"


@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def enable_says(vm, net):
    said = vm.check(f"pcibar enable -v {net}; pcibar enable -v --io --bus-master {net}").stderr
    assert said.splitlines() == [
        "pcibar enable: command register 0x0000 -> 0x0003",
        f"pcibar enable: {net}: I/O decoding turned on",
        f"pcibar enable: {net}: memory decoding turned on",
        "pcibar enable: command register 0x0003 -> 0x0007",
        f"pcibar enable: {net}: I/O decoding was already on",
        f"pcibar enable: {net}: bus mastering turned on"]


@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def registers(vm, net):
    """By name, with the register's own width or another, and by offset."""
    for register, printed in (("VENDOR_ID", "0x10ec"), ("0", "0x813910ec"), ("2.W", "0x8139"),
                              ("DEVICE_ID", "0x8139"), ("vendor_id.b", "0xec"),
                              ("CLASS_DEVICE", "0x0200"), ("HEADER_TYPE", "0x00"),
                              ("-w 1 VENDOR_ID", "0xec")):
        option, _, name = register.rpartition(" ")
        read = vm.check(f"pcibar config read {option} {net} {name}").stdout
        assert read == f"{printed}\n", register
    line = f"pcibar config write {net} CACHE_LINE_SIZE 0x10 0x40"
    assert writes(vm, net, line) == [(0x0c, 0x10), (0x0d, 0x40)]
    assert numbers(vm, f"pcibar config read {net} CACHE_LINE_SIZE") == [0x10]
    vm.check(f"pcibar config write {net} COMMAND {OTHERS:#x}")
    line = f"pcibar config write {net} COMMAND {MEM:#x}:{MEM | BUS_MASTER:#x}"
    assert writes(vm, net, line) == [(4, OTHERS | MEM)]
    assert writes(vm, net, f"pcibar config write -n {net} COMMAND 0") == []


@through("freebsd")
@scenario(devices={"net": e1000e()}, kernels=NEWEST)
def capabilities(vm, net):
    """Capabilities and extended ones are found in their lists."""
    for name, low in (("CAP_PM", 0x01), ("CAP_MSI", 0x05), ("CAP_EXP", 0x10), ("CAP11", 0x11)):
        assert numbers(vm, f"pcibar config read -w 1 {net} {name}") == [low]
    assert numbers(vm, f"pcibar config read -w 2 {net} ECAP_AER") == [0x0001]
    assert numbers(vm, f"pcibar config read -w 2 {net} ECAP_DSN") == [0x0003]
    refused(vm, f"pcibar config read {net} CAP_VPD", 1, "does not have the capability", "CAP_VPD")
    refused(vm, f"pcibar config read {net} ECAP_SRIOV", 1, "does not have the capability")
    # What PCI Express adds ends at 4 KiB, and conventional PCI at 256 bytes.
    vm.check(f"pcibar config read {net} 0xffc")
    refused(vm, f"pcibar config read {net} 0x1000", 2)
    vm.plug(rtl8139(), "old")
    old = vm.functions["old"]
    vm.check(f"pcibar config read {old} 0xfc")
    refused(vm, f"pcibar config read {old} 0x100", 2, "outside configuration space")


@through("pciio")
@scenario(devices={"net": rtl8139()}, kernels=OLDEST_AND_NEWEST, log=LOG)
def enable_survives(vm, net):
    """The kernel restores the registers of a function that wakes: what is enabled stays enabled."""
    def sleep():
        vm.check(f"echo auto >{net.sysfs}/power/control")
        vm.wait_until(f"grep -qx suspended {net.sysfs}/power/runtime_status")

    vm.check(f"pcibar disable {net}")
    for verb, wanted in (("enable", IO | MEM), ("disable --io", MEM), ("enable", IO | MEM),
                         ("disable", 0)):
        sleep()
        vm.check(f"pcibar {verb} {net}")
        assert vm.check(f"cat {net.sysfs}/power/control").stdout == "auto\n"
        sleep()
        vm.check(f"echo on >{net.sysfs}/power/control")
        assert command(vm, net) & (IO | MEM) == wanted, verb
    sleep()
    vm.check(f"pcibar enable {net} && pcibar read {net} 1 0")
    if vm.backend == "sysfs":
        load(vm)
        vm.check(f"pcibar read {net} 1 0")
    # What is off is not asleep, nor held by another user.
    vm.check(f"pcibar disable {net}")
    for backend in (vm.backend, "pciio", "sysfs"):
        sleep()
        for _ in range(2):
            refused(vm, f"pcibar --backend {backend} read {net} 1 0", 1, "decoding is off")
