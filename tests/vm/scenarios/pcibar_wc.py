# SPDX-License-Identifier: BSD-2-Clause
"""Write-combining: offered where there is such a thing, refused and never replaced elsewhere."""

from harness.backends import through
from harness.devices import bochs_display, edu, ivshmem, rtl8139
from harness.kernels import NEWEST, OLDEST_AND_NEWEST
from harness.machine import Machine
from harness.pcibar import Script, enable, fill, refused, wait_for
from harness.scenario import scenario

MIB = 1 << 20
OTHER = {"sysfs": ("mapped with another attribute", "end the other mapping"),
         "pciio": ("with another attribute", "pciio/maps")}
OTHER["freebsd"] = OTHER["pciio"]


def pattern(length):
    return bytes(number * 31 % 251 for number in range(length))


def loads(vm, memory):
    """Every width into RAM behind the BAR, at offsets and lengths of no special kind."""
    data = pattern(MIB // 2 + 333)
    for width, offset, length in (("any", 77, len(data)), ("1", 3, len(data)), ("2", 64, 4098),
                                  ("4", 4, 8), ("8", 0, MIB // 2)):
        (vm.share / "data").write_bytes(data[:length])
        fill(memory, bytes(MIB))
        vm.check(f"pcibar load --wc -w {width} --verify --offset {offset} {memory} 2 /host/data")
        loaded = memory.backing_file().read_bytes()
        assert loaded == bytes(offset) + data[:length] + bytes(MIB - offset - length), width


@through("pciio")
@scenario(devices={"memory": ivshmem(MIB)}, kernels=OLDEST_AND_NEWEST)
def memory(vm, memory):
    enable(vm)
    loads(vm, memory)


@scenario(cold=Machine(cpu="max"), devices={"memory": ivshmem(MIB)}, kernels=NEWEST)
def memory_avx(vm, memory):
    """The same on a processor with wider stores than the one of the other scenario."""
    vm.check("grep -qw avx /proc/cpuinfo")
    loads(vm, memory)


@through("pciio")
@scenario(devices={"display": bochs_display()}, kernels=NEWEST)
def frame_buffer(vm, display):
    enable(vm)
    width, height = 320, 200
    vm.check(f"pcibar write -w 2 {display} 2 0x502 {width} {height} 32 0x41")
    pixels = pattern(3 * width * height)
    picture = b"".join(pixels[at:at + 3][::-1] + b"\0" for at in range(0, len(pixels), 3))
    (vm.share / "data").write_bytes(picture)
    vm.check(f"pcibar load --wc -w any {display} 0 /host/data")
    shown = vm.picture(display)
    assert shown == (width, height, pixels)


@scenario(devices={"edu": edu(), "memory": ivshmem(MIB), "net": rtl8139()}, kernels=NEWEST)
def not_prefetchable(vm, edu, memory, net):
    enable(vm)
    with vm.trace() as trace:
        for function, bar in ((edu, 0), (memory, 0), (net, 1)):
            refused(vm, f"pcibar load --wc -w 1 {function} {bar} /etc/passwd", 1,
                    f"no write-combining for BAR {bar}", "not prefetchable", "map it uncached")
            vm.check(f"pcibar explain --wc {function} {bar}", status=1)
        assert not trace.bar(edu, 0) and not trace.bar(memory, 0) and not trace.bar(net, 1)


@through("pciio")
@scenario(devices={"memory": ivshmem(MIB)}, kernels=OLDEST_AND_NEWEST)
def taken_uncached(vm, memory):
    """x86 has one memory type per page: the second who wants another would not get it."""
    enable(vm)
    vm.check("mount -t debugfs debugfs /sys/kernel/debug")
    (vm.share / "data").write_bytes(pattern(4096))
    load = f"pcibar load --wc -w any {memory} 2 /host/data"
    job = vm.spawn(f"exec pcibar watch {memory} 2 0")
    wait_for(vm, job, "0x00000000: ")
    refused(vm, load, 1, f"{memory} BAR 2: ", *OTHER[vm.backend])
    vm.check(f"pcibar read {memory} 2 0 && pcibar load {memory} 2 /host/data --offset 8192")
    # Another page is unused yet; the module gives all of a BAR the same.
    if vm.backend == "sysfs":
        vm.check(f"{load} --offset 4096")
    job.signal("INT")
    job.wait().expect(0)
    vm.check(f"{load} --verify")


@through("pciio", "freebsd")
@scenario(devices={"memory": ivshmem(MIB)}, kernels=OLDEST_AND_NEWEST)
def taken_combining(vm, memory):
    enable(vm)
    vm.check("mount -t debugfs debugfs /sys/kernel/debug")
    (vm.share / "data").write_bytes(pattern(4096))
    script = Script(vm, memory)
    script.send("load --wc -w any 2 /host/data")
    script.ask("config read VENDOR_ID")
    refused(vm, f"pcibar read {memory} 2 0", 1, f"{memory} BAR 2: ", *OTHER[vm.backend])
    script.end()
    vm.check(f"pcibar compare {memory} 2 /host/data")


@through("pciio", "freebsd")
@scenario(devices={"memory": ivshmem(MIB)}, kernels=NEWEST)
def script_changes_attribute(vm, memory):
    """A script is not in its own way: it gives up the map that has the other attribute."""
    enable(vm)
    vm.check("mount -t debugfs debugfs /sys/kernel/debug")
    (vm.share / "data").write_bytes(pattern(4096))
    lines = b"load --wc 2 /host/data\ncompare 2 /host/data\nload --wc -w any 2 /host/data\n"
    vm.check(f"pcibar script {memory}", stdin=lines)
