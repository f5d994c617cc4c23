# SPDX-License-Identifier: BSD-2-Clause
"""A device that goes away under a live map: the command says so and ends with 4."""

from harness.backends import through
from harness.devices import edu, ivshmem, nvme
from harness.kernels import OLDEST_AND_NEWEST, ON_AMD64
from harness.pcibar import Script, enable, is_refusal, wait_for
from harness.scenario import scenario

LOST = "the device was lost"
REQUESTED = "the function is about to be unbound or removed"
MIB = 1 << 20
# BAR 2 is then memory that the driver claims with the registers.
CONTROLLER_MEMORY = nvme(cmb_size_mb=1, **{"legacy-cmb": True})


@through("freebsd")
@through("pciio", kernels=ON_AMD64)
@scenario(devices={"disk": nvme()}, kernels=OLDEST_AND_NEWEST)
def driver_under_watch(vm, disk):
    """The kernel takes a BAR away from sysfs maps when a driver claims it: SIGBUS."""
    enable(vm)
    job = vm.spawn(f"exec pcibar watch -i 10ms {disk} 0 0+16")
    wait_for(vm, job, "0x0000000c: ")
    vm.modprobe("nvme")
    result = job.wait().expect(4)
    is_refusal(result, f"{disk} BAR 0: {LOST}", "taken by a driver", "pcibar explain")
    assert result.stdout.endswith("\n")
    vm.wait_until("[ -b /dev/nvme0n1 ]")


def dump_under_bind(vm, disk, options, enough):
    """What a dump has written when the driver comes, a reader holding it up until then."""
    enable(vm)
    data = bytes(number * 31 % 251 for number in range(MIB))
    (vm.share / "data").write_bytes(data)
    vm.check(f"pcibar load -w 8 {disk} 2 /host/data && mkfifo /tmp/fifo")
    dump = vm.spawn(f"exec pcibar dump {options} {disk} 2 >/tmp/fifo")
    reader = vm.spawn(f"exec 3</tmp/fifo; dd bs={enough} count=1 iflag=fullblock <&3; "
                      "echo >/tmp/some; until [ -e /tmp/bound ]; do :; done; cat <&3")
    vm.wait_until("[ -e /tmp/some ]")
    vm.modprobe("nvme")
    vm.check(f"[ -e /sys/bus/pci/drivers/nvme/{disk} ] && echo >/tmp/bound")
    is_refusal(dump.wait().expect(4), f"{disk} BAR 2: {LOST}")
    return data, reader.wait().expect(0).output


@through("pciio")
@scenario(devices={"disk": CONTROLLER_MEMORY}, kernels=OLDEST_AND_NEWEST)
def driver_under_raw_dump(vm, disk):
    """What is before the loss is complete, and nothing follows it."""
    data, dumped = dump_under_bind(vm, disk, "-f raw", 100_000)
    assert 100_000 <= len(dumped) < len(data)
    assert dumped == data[:len(dumped)]


@scenario(devices={"disk": CONTROLLER_MEMORY}, kernels=OLDEST_AND_NEWEST)
def driver_under_hex_dump(vm, disk):
    """The same as text: whole lines, and the last one shows where it ends."""
    data, dumped = dump_under_bind(vm, disk, "-w 1", 100_000)
    *lines, end = dumped.decode().splitlines()
    rebuilt = b"".join(bytes.fromhex("".join(line.split()[1:17])) for line in lines)
    assert dumped.endswith(b"\n") and 0 < len(rebuilt) < len(data)
    assert rebuilt == data[:len(rebuilt)] and int(end, 16) == len(rebuilt)


@through("freebsd")
@scenario(devices={"disk": nvme()}, kernels=OLDEST_AND_NEWEST)
def driver_under_script(vm, disk):
    """A kept map is not used again, for reading or for writing."""
    enable(vm)
    lines = {"read": "read 0 0x14", "write": "write 0 0x0c 0", "load": "load 0 /host/data"}
    (vm.share / "data").write_bytes(bytes(16))
    scripts = {verb: Script(vm, disk, name=verb) for verb in lines}
    for script in scripts.values():
        script.send("write 0 0x0c 0")
        script.ask("read 0 0")
    vm.modprobe("nvme")
    for verb, script in scripts.items():
        script.send(lines[verb])
        is_refusal(script.job.wait().expect(4), f"pcibar {verb}: stdin:3: {disk} BAR 0: {LOST}")


@through("pciio", "freebsd", "vfio")
@scenario(devices={"edu": edu()}, kernels=OLDEST_AND_NEWEST)
def unplugged_under_watch(vm, edu):
    """sysfs does not revoke maps on removal: the command asks the kernel, and ends there, too."""
    enable(vm)
    job = vm.spawn(f"exec pcibar watch {edu} 0 0")
    wait_for(vm, job, "0x010000ed")
    vm.unplug(edu)
    is_refusal(job.wait().expect(4), f"{edu} BAR 0: {REQUESTED if vm.backend == 'vfio' else LOST}",
               "removed")


@through("pciio", "freebsd")
@scenario(devices={"memory": ivshmem(64 * MIB)}, kernels=OLDEST_AND_NEWEST)
def unplugged_under_dump(vm, memory):
    """Whatever the bus returns, the command exits and does not hang."""
    enable(vm)
    script = Script(vm, memory)
    script.send("read 2 0")
    wait_for(vm, script.job, "0x00000000")
    vm.unplug(memory)
    script.send("dump 2 0+1M -o /dev/null")
    # Without the module a map outlives its function.
    if vm.backend == "sysfs":
        script.send("info")
    result = script.job.wait()
    assert result.status == 4, result
    is_refusal(result)


@through("pciio", "freebsd")
@scenario(devices={"edu": edu()}, kernels=OLDEST_AND_NEWEST)
def removed_and_all_ones(vm, edu):
    """All-ones are a value while the function responds, and its loss otherwise."""
    enable(vm)
    script = Script(vm, edu)
    assert script.ask("read 0 0xc") == "0xffffffff"
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    script.send("read 0 0xc")
    is_refusal(script.job.wait().expect(4), LOST)


@scenario(devices={"edu": edu()}, kernels=OLDEST_AND_NEWEST)
def outlived(vm, edu):
    """What `info` says of sysfs is so: a map outlives the removal of its function."""
    enable(vm)
    assert "- a map outlives the removal of the function" in vm.check(f"pcibar info {edu}").stdout
    script = Script(vm, edu)
    script.ask("read 0 0")
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    assert script.ask("read 0 0") == "0x010000ed"
    script.end()
