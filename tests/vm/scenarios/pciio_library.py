# SPDX-License-Identifier: BSD-2-Clause
"""The command over the module: through BAR descriptors, and through FreeBSD's requests only."""

from harness.devices import edu, ivshmem, rtl8139
from harness.kernels import EVERYWHERE
from harness.pciio_module import LOG, load
from harness.scenario import scenario

MAC = "".join(f"0x{byte:02x}\n" for byte in (0x52, 0x54, 0x00, 0x12, 0x34, 0x56))
DEVICES = {"edu": edu(), "memory": ivshmem(16 << 30), "net": rtl8139()}


def works(vm, backend, edu, memory, net):
    """What a user does, through one back end."""
    def pcibar(line, status=0):
        return vm.check(f"pcibar --backend {backend} {line}", status=status)

    assert "decoding off" in pcibar(f"list -v {edu}").stdout
    assert "memory decoding is off" in pcibar(f"read {edu} 0 0", status=1).stderr
    assert "decoding is off" in pcibar(f"explain {edu} 0", status=1).stdout
    assert pcibar(f"read --activate {edu} 0 0").stdout == "0x010000ed\n"
    assert pcibar(f"config read {edu} COMMAND").stdout == "0x0000\n"
    for function in (edu, memory, net):
        pcibar(f"enable {function}")
    pcibar(f"explain {edu} 0 --write")
    pcibar(f"write {edu} 0 4 0x12345678")
    assert pcibar(f"read {edu} 0 4").stdout == "0xedcba987\n"
    pcibar(f"write {memory} 2 0x300000000 0xdeadbeef --verify")
    with open(memory.backing_file(), "rb") as file:
        file.seek(0x300000000)
        assert file.read(4) == bytes.fromhex("efbeadde")
    assert pcibar(f"read {net} 0 0 -w 1 -c 6").stdout == MAC
    assert pcibar(f"read {net} 1 0 -w 1 -c 6").stdout == MAC
    assert pcibar(f"dump --activate {net} rom 0+2 -w 1").stdout.startswith("00000000  55 aa")
    pcibar(f"disable {edu}")
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")


@scenario(devices=DEVICES, log=LOG, kernels=EVERYWHERE)
def pciio(vm, edu, memory, net):
    load(vm)
    works(vm, "pciio", edu, memory, net)
    # It is what is taken when nothing is said.
    assert "back end    pciio" in vm.check(f"pcibar info {edu}").stdout


@scenario(devices=DEVICES, log=LOG, kernels=EVERYWHERE)
def freebsd(vm, edu, memory, net):
    load(vm)
    works(vm, "freebsd", edu, memory, net)


@scenario(devices={"edu": edu()}, log=LOG)
def lost(vm, edu):
    """A function removed under a running command."""
    load(vm)
    vm.check(f"pcibar enable {edu}")
    watch = vm.spawn(f"exec pcibar watch {edu} 0 0 -i 20ms >/tmp/watched")
    vm.wait_until("[ -s /tmp/watched ]")
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    ended = watch.wait()
    assert ended.status == 4, ended
    assert "lost" in ended.stderr or "gone" in ended.stderr


@scenario(devices={"edu": edu()}, log=LOG)
def rights(vm, edu):
    """An ordinary user may look, and hears why he may not map."""
    load(vm)
    vm.check(f"pcibar enable {edu}")
    told = vm.check(f"pcibar read {edu} 0 0", user="nobody", status=1).stderr
    assert "no permission to open /dev/pci for writing" in told
    assert "1234:11e8" in vm.check("pcibar --backend freebsd list 1234:11e8", user="nobody").stdout
