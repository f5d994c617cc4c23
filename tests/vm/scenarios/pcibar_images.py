# SPDX-License-Identifier: BSD-2-Clause
"""Whole files into a BAR and out of it; the host checks the memory behind it."""

from random import Random

from harness.backends import through
from harness.devices import ivshmem, rtl8139
from harness.kernels import NEWEST
from harness.pcibar import enable, fill, refused
from harness.scenario import scenario

MIB = 1 << 20


def random_file(vm, length):
    data = Random(length).randbytes(length)
    (vm.share / "data").write_bytes(data)
    return data


@through("vfio")
@through("pciio")
@scenario(devices={"memory": ivshmem(4 * MIB)}, kernels=NEWEST)
def round_trip(vm, memory):
    """Loaded by one width and dumped by another, in every pair, it stays the same."""
    enable(vm)
    data = random_file(vm, 4 * MIB)
    widths = ("1", "2", "4", "8", "any")
    for load, dump in zip(widths, widths[1:] + widths[:1]):
        fill(memory, bytes(4 * MIB))
        vm.check(f"pcibar load -w {load} --verify {memory} 2 /host/data")
        assert memory.backing_file().read_bytes() == data, load
        vm.check(f"pcibar dump -w {dump} -f raw -o /tmp/out {memory} 2 && "
                 "cmp /tmp/out /host/data")


@through("pciio")
@scenario(devices={"memory": ivshmem(MIB)}, kernels=NEWEST)
def window(vm, memory):
    """From standard input to a place in the BAR, and what is around it stays."""
    enable(vm)
    data = random_file(vm, 10_001)
    fill(memory, b"\x5a" * MIB)
    vm.check(f"cat /host/data | pcibar load -w 1 --offset 4095 --verify {memory} 2 -")
    loaded = memory.backing_file().read_bytes()
    assert loaded == b"\x5a" * 4095 + data + b"\x5a" * (MIB - 4095 - len(data))
    dumped = vm.check(f"pcibar dump -w 1 -f raw {memory} 2 4095+{len(data)}").output
    assert dumped == data


@scenario(devices={"memory": ivshmem(MIB)}, kernels=NEWEST)
def compare(vm, memory):
    """Exit status 5 with all differences and how many there are; a dump is compared as it was."""
    enable(vm)
    data = bytearray(random_file(vm, MIB))
    fill(memory, data)
    quiet = vm.check(f"pcibar compare {memory} 2 /host/data")
    assert not quiet.output and not quiet.stderr
    vm.check(f"pcibar dump {memory} 2 0x12340+0x20 -o /host/dump")
    for place in (0x12344, 0x12347, 0xfffff):
        data[place] ^= 0xff
    fill(memory, data)
    said = vm.check(f"pcibar compare {memory} 2 /host/data", status=5).stdout
    was, now = (int.from_bytes((vm.share / "data").read_bytes()[0x12344:0x12348], "little"),
                int.from_bytes(data[0x12344:0x12348], "little"))
    first = f"0x00012344: 0x{now:08x} in the BAR, 0x{was:08x} in the file\n"
    assert said.startswith(first), said
    assert said.endswith(f" in the file\n2 of {MIB // 4} units of 4 bytes differ\n"), said
    assert said.count("\n") == 3, said
    said = vm.check(f"pcibar compare {memory} 2 /host/dump", status=5).stdout
    assert said == first + "1 of 8 units of 4 bytes differ\n"
    for width, count in (("1", 3), ("2", 3), ("8", 2), ("any", 3)):
        said = vm.check(f"pcibar compare -w {width} {memory} 2 /host/data", status=5).stdout
        assert f"\n{count} of " in said, said


@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def verify(vm, net):
    """Registers that do not keep what is written: said with the first, status 5."""
    enable(vm)
    (vm.share / "data").write_bytes(bytes.fromhex("0102030405060708"))
    # The six bytes of the MAC, and two that are reserved.
    refused(vm, f"pcibar load -w 2 --verify {net} 1 /host/data", 5,
            "0x00000006 reads 0x0000 after loading 0x0807", "1 of 4 units differ")
    refused(vm, f"pcibar write -w 2 --verify {net} 1 4 0x1234 0x5678", 5,
            "0x00000006 reads 0x0000 after writing 0x5678")


@scenario(devices={"net": rtl8139()}, kernels=NEWEST)
def too_large(vm, net):
    """A file that does not fit writes nothing at all."""
    enable(vm)
    random_file(vm, 260)
    with vm.trace() as trace:
        refused(vm, f"pcibar load {net} 1 /host/data", 2, "0x104 bytes", "only 0x100")
        refused(vm, f"pcibar load -w 8 {net} 1 /host/data", 2, "not a multiple of 8")
        refused(vm, f"pcibar load {net} 1 /host/none", 1, "/host/none: No such file")
        refused(vm, f"cat /host/data | pcibar load --offset 4 {net} 1 -", 2, "only 0xfc")
    assert not trace.bar(net, 1)
