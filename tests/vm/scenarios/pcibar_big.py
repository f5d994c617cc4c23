# SPDX-License-Identifier: BSD-2-Clause
"""A 64-bit BAR of 16 GiB above 4 GiB: nothing is truncated, and little of it costs little."""

from harness.backends import through
from harness.devices import ivshmem
from harness.kernels import NEWEST, OLDEST_AND_NEWEST, ON_AMD64
from harness.pcibar import enable, mapped_from, mappings, numbers, refused, wait_for
from harness.scenario import scenario

GIB = 1 << 30
PAGE = 4096


def in_file(memory, offset, length):
    with open(memory.backing_file(), "rb") as file:
        file.seek(offset)
        return file.read(length)


@through("vfio")
@through("freebsd")
@through("pciio", kernels=ON_AMD64)
@scenario(devices={"memory": ivshmem(16 * GIB)}, kernels=OLDEST_AND_NEWEST)
def offsets(vm, memory):
    """Offsets beyond 4 GiB reach their place in the host's file, and no other."""
    assert memory.bar(2)[0] >= 4 * GIB
    enable(vm)
    places = {1 * GIB: 0x11, 5 * GIB: 0x55, 9 * GIB + 0x7f8: 0x99, 16 * GIB - 8: 0xff00}
    for offset, value in places.items():
        vm.check(f"pcibar write -w 8 {memory} 2 {offset} {value}")
    for offset, value in places.items():
        assert in_file(memory, offset, 8) == value.to_bytes(8, "little")
        assert numbers(vm, f"pcibar read -w 8 {memory} 2 {offset}") == [value]
    # Where truncated offsets would have ended.
    assert not any(in_file(memory, GIB, 1)[1:] + in_file(memory, 0x7f8, 8) + in_file(memory, 0, 8))
    refused(vm, f"pcibar read -w 8 {memory} 2 16G", 2, "outside BAR 2")
    refused(vm, f"pcibar read -w 8 {memory} 2 {16 * GIB - 8} -c 2", 2, "outside BAR 2")


@through("freebsd")
@scenario(devices={"memory": ivshmem(16 * GIB)}, kernels=NEWEST)
def images(vm, memory):
    """Files across the 4 GiB line, in and out, uncached and write-combining."""
    enable(vm)
    start = 4 * GIB - 100_000
    data = bytes(number * 31 % 251 for number in range(300_000))
    (vm.share / "data").write_bytes(data)
    for options in ("-w 8", "--wc -w any"):
        vm.check(f"pcibar load {options} --verify {memory} 2 /host/data --offset {start}")
        assert in_file(memory, start - 8, len(data) + 16) == bytes(8) + data + bytes(8)
        vm.check(f"pcibar dump -f raw -o /tmp/out {memory} 2 {start}+{len(data)} && "
                 f"cmp /tmp/out /host/data && "
                 f"head -c {len(data)} /dev/zero | pcibar load {memory} 2 - --offset {start}")
    first = vm.check(f"pcibar dump {memory} 2 {16 * GIB - 16}").stdout
    assert first == ("3fffffff0  00000000 00000000 00000000 00000000  |................|\n"
                     "400000000\n")


@through("pciio", "freebsd")
@scenario(devices={"memory": ivshmem(16 * GIB)}, kernels=NEWEST)
def small_windows(vm, memory):
    """One page of it is one page in the page table, and not 32 MiB of entries for all."""
    enable(vm)
    job = vm.spawn(f"exec pcibar watch {memory} 2 {13 * GIB}")
    wait_for(vm, job, "0x340000000: ")
    file, start = mapped_from(memory, 2)
    assert mappings(vm, job) == [(file, PAGE, start + 13 * GIB)]
    tables = vm.check(f"grep VmPTE /proc/$(cat /run/{job.number})/status").stdout.split()[1]
    assert int(tables) < 128, tables
    job.signal("INT")
    job.wait().expect(0)
