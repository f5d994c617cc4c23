# SPDX-License-Identifier: BSD-2-Clause
"""Commands whose function goes away under them over the module: status 4, and nothing torn."""

import os

from harness.devices import edu, ivshmem, nvme
from harness.holder import unused
from harness.kernels import NEWEST
from harness.pcibar import enable, fill, is_refusal, wait_for
from harness.pciio_module import LOG, load
from harness.scenario import scenario

LOST = "the device was lost"
MIB = 1 << 20
# Of the BAR: what is dumped, and where what is loaded begins, which takes minutes to load.
DUMPED = 8 * MIB
LOADED, IMAGE = 64 * MIB, 900 * MIB
MARK = b"\xff"


def held_up(vm, name, enough):
    """Reads ENOUGH bytes from a pipe, says so, and continues when the function is lost."""
    vm.check(f"mkfifo /tmp/{name}")
    return vm.spawn(f"exec 3</tmp/{name}; dd bs={enough} count=1 iflag=fullblock <&3; "
                    f"echo >/tmp/{name}.some; until [ -e /tmp/lost ]; do :; done; cat <&3")


def under_way(vm, memory):
    """Commands in their middle, which cannot come to their end: {name: Job}, and their readers."""
    readers = {name: held_up(vm, name, 100_000) for name in ("raw", "hex")}
    vm.check(f"truncate -s {IMAGE} /tmp/zeros")
    jobs = {"raw": vm.spawn(f"exec pcibar dump -w 1 -f raw -o /tmp/raw {memory} 2 0+{DUMPED}"),
            "hex": vm.spawn(f"exec pcibar dump -w 1 {memory} 2 0+{DUMPED} >/tmp/hex"),
            "load": vm.spawn(f"exec pcibar load -w 1 --offset {LOADED} {memory} 2 /tmp/zeros")}
    vm.wait_until("[ -e /tmp/raw.some ] && [ -e /tmp/hex.some ]")
    vm.check(f"pcibar watch -w 1 -i 1ms --until 0 --timeout 20s {memory} 2 {LOADED + MIB}")
    return jobs, readers


def ended_whole(memory, jobs, readers, data):
    """What was dumped is a beginning of DATA, and what was loaded one of the image."""
    for name, job in jobs.items():
        verb = "load" if name == "load" else "dump"
        is_refusal(job.wait().expect(4), f"pcibar {verb}: {memory} BAR 2: {LOST}", "removed",
                   "pcibar explain")
    raw, text = (readers[name].wait().expect(0).output for name in ("raw", "hex"))
    assert 100_000 <= len(raw) < DUMPED and raw == data[:len(raw)]
    *lines, end = text.decode().splitlines()
    dumped = b"".join(bytes.fromhex("".join(line.split()[1:17])) for line in lines)
    assert 0 < len(dumped) < DUMPED and dumped == data[:len(dumped)]
    assert int(end, 16) == len(dumped)
    with open(memory.backing_file(), "rb") as file:
        marks = [os.pread(file.fileno(), 1, LOADED + at) for at in range(0, IMAGE, MIB)]
    loaded = marks.index(MARK)
    assert loaded > 1 and set(marks[:loaded]) == {b"\0"} and set(marks[loaded:]) == {MARK}


def lose(vm, memory, remove):
    enable(vm)
    data = bytes(number * 31 % 251 for number in range(DUMPED))
    fill(memory, data)
    for place in range(LOADED, LOADED + IMAGE, MIB):
        fill(memory, MARK, place)
    jobs, readers = under_way(vm, memory)
    remove()
    vm.check("echo >/tmp/lost")
    ended_whole(memory, jobs, readers, data)
    unused(vm)


@scenario(devices={"memory": ivshmem(1024 * MIB)}, log=LOG)
def removed(vm, memory):
    load(vm)
    lose(vm, memory, lambda: vm.check(f"echo 1 >{memory.sysfs}/remove"))


@scenario(kernels=NEWEST, devices={"memory": ivshmem(1024 * MIB)}, log=LOG)
def unplugged(vm, memory):
    load(vm)
    lose(vm, memory, lambda: vm.unplug(memory))


def ends_watch(vm, function, take):
    """Not at the next look, which is an hour away."""
    vm.check(f"pcibar enable {function}")
    job = vm.spawn(f"exec pcibar watch -i 60m {function} 0 0")
    wait_for(vm, job, "0x00000000: ")
    take()
    is_refusal(job.wait().expect(4), f"pcibar watch: {function} BAR 0: {LOST}")


@scenario(devices={"edu": edu(), "disk": nvme()}, log=LOG)
def watched(vm, edu, disk):
    """Each way in which a mapping is taken away"""
    load(vm)
    vm.modprobe("nvme")
    vm.unbind(disk)
    ends_watch(vm, disk, lambda: vm.bind(disk, "nvme"))
    vm.unbind(disk)
    ends_watch(vm, disk, lambda: vm.unplug(disk))
    ends_watch(vm, edu, lambda: vm.check(f"pcibar disable {edu}"))
    ends_watch(vm, edu, lambda: vm.check(f"echo 1 >{edu.sysfs}/remove"))
