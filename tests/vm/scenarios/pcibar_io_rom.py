# SPDX-License-Identifier: BSD-2-Clause
"""BARs that cannot be mapped work by themselves: I/O ports and the expansion ROM."""

from harness.backends import through
from harness.devices import am53c974, rtl8139
from harness.kernels import NEWEST, OLDEST_AND_NEWEST
from harness.pcibar import enable, numbers, refused
from harness.scenario import scenario

MAC = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]
WIDTH_8 = ("does not support this width", "-w")


@through("vfio", kernels=OLDEST_AND_NEWEST)
@through("pciio", "freebsd")
@scenario(devices={"net": rtl8139(mac=":".join(f"{byte:02x}" for byte in MAC))}, kernels=NEWEST)
def ports(vm, net):
    enable(vm)
    assert numbers(vm, f"pcibar read -w 1 -c 6 {net} 0 0") == MAC
    assert numbers(vm, f"pcibar read -w 2 {net} 0 0+4") == [0x5452, 0x1200]
    assert numbers(vm, f"pcibar read {net} 0 0") == [0x12005452]
    for verb, operands in (("read", "0"), ("write", "8 0"), ("dump", "")):
        refused(vm, f"pcibar {verb} -w 8 {net} 0 {operands}", 2, *WIDTH_8)
    vm.check(f"pcibar write --verify {net} 0 8 0x11223344 && pcibar write -w 1 {net} 0 9 0x77")
    assert numbers(vm, f"pcibar read {net} 1 8") == [0x11227744]
    dump = vm.check(f"pcibar dump -w 1 -f raw {net} 0 0+16").output
    assert dump == vm.check(f"pcibar dump -w 1 -f raw {net} 1 0+16").output
    refused(vm, f"pcibar load --wc {net} 0 /etc/passwd", 1, "no write-combining")


@scenario(devices={"scsi": am53c974()}, kernels=NEWEST)
def ports_only(vm, scsi):
    """A function without any memory: enabling it turns on I/O and nothing else."""
    vm.check(f"pcibar enable {scsi}")
    assert numbers(vm, f"pcibar config read {scsi} COMMAND") == [1]
    dump = vm.check(f"pcibar dump {scsi} 0").stdout
    assert dump.endswith("\n00000080\n")


def signature(vm, function):
    return numbers(vm, f"pcibar read -w 1 -c 2 --activate {function} rom 0")


@through("vfio", kernels=OLDEST_AND_NEWEST)
@through("pciio", "freebsd")
@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def rom(vm, net):
    """The ROM's decoder is on during a read only, and the command register as it was before."""
    off = ("decoding is off", "--activate")
    # VFIO turns memory decoding on when it opens the function.
    state = "the decoder of the expansion ROM is off" if vm.backend == "vfio" \
        else f"memory {off[0]}"
    refused(vm, f"pcibar read {net} rom 0", 1, state, off[1])
    before = numbers(vm, f"pcibar config read {net} COMMAND")
    assert before == [0] or vm.backend == "vfio"    # which leaves it on
    assert signature(vm, net) == [0x55, 0xaa]
    assert numbers(vm, f"pcibar config read {net} COMMAND") == before
    vm.check(f"pcibar enable {net}")
    refused(vm, f"pcibar read {net} rom 0", 1, "the decoder of the expansion ROM is off", off[1])
    assert signature(vm, net) == [0x55, 0xaa]
    assert numbers(vm, f"pcibar config read {net} ROM_ADDRESS")[0] & 1 == 0
    # 4 bytes from offset 0x18 on: where the PCI data structure lies, with the IDs of the device.
    (place,) = numbers(vm, f"pcibar read -w 2 --activate {net} rom 0x18")
    data = vm.check(f"pcibar dump -w 1 -f raw --activate {net} rom {place}+8").output
    assert data == b"PCIR" + bytes.fromhex("ec103981")
    refused(vm, f"pcibar write --activate {net} rom 0 0", 1, "cannot be written")


@through("vfio", kernels=OLDEST_AND_NEWEST)
@through("pciio", "freebsd")
@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def rom_image(vm, net):
    """All of it, as the kernel's own file has it, whose end may come before the BAR's.

    The module maps the whole BAR and knows nothing of images; VFIO has ones after the end.
    """
    enable(vm)
    vm.check(f"pcibar dump --activate -w 1 -f raw -o /tmp/dump {net} rom")
    vm.check(f"cd {net.sysfs} && echo 1 >rom && cat rom >/tmp/rom && "
             "head -c $(wc -c </tmp/rom) /tmp/dump | cmp - /tmp/rom")
    image, dumped = map(int, vm.check("wc -c </tmp/rom; wc -c </tmp/dump").stdout.split())
    assert 0x10000 < image <= net.bar(6)[1]
    assert dumped == (image if vm.backend == "sysfs" else net.bar(6)[1])
    if vm.backend == "vfio":
        rest = vm.check(f"tail -c {dumped - image} /tmp/dump").output
        assert rest == b"\xff" * (dumped - image)
    refused(vm, f"pcibar read --activate -w 1 {net} rom {net.bar(6)[1]}", 2, "outside")


@scenario(devices={"net": rtl8139(romfile="")}, kernels=NEWEST)
def no_rom(vm, net):
    refused(vm, f"pcibar read --activate {net} rom 0", 2, "does not have the expansion ROM")
