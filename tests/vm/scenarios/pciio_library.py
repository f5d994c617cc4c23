# SPDX-License-Identifier: BSD-2-Clause
"""The command over the module: through BAR descriptors, and through FreeBSD's requests only."""

from harness.devices import e1000e, edu, ivshmem, rtl8139
from harness.kernels import EVERYWHERE, NEWEST, NEWEST_EVERYWHERE
from harness.pcibar import refused
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


@scenario(devices=DEVICES, log=LOG, kernels=NEWEST_EVERYWHERE)
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


@scenario(kernels=NEWEST, devices={"edu": edu()}, log=LOG)
def rights(vm, edu):
    """An ordinary user may look, and hears why he may not map; or not even look."""
    load(vm)
    vm.check(f"pcibar enable {edu}")
    user = {"user": "nobody"}
    for backend in ("pciio", "freebsd"):
        refused(vm, f"pcibar --backend {backend} read {edu} 0 0", 1,
                "no permission to open /dev/pci for writing", "run it as root", **user)
        assert "1234:11e8" in vm.check(f"pcibar --backend {backend} list 1234:11e8", **user).stdout
    explanation = vm.check(f"pcibar explain {edu} 0", status=1, **user).stdout
    assert "pciio: not possible\n  - no permission to open /dev/pci for writing\n" \
           "    remedy: run it as root, with CAP_SYS_RAWIO\n" in explanation
    vm.check("chmod 600 /dev/pci")
    for command in (f"read {edu} 0 0", f"info {edu}", "list"):
        refused(vm, f"pcibar {command}", 1, "no permission to access",
                "through the pciio back end", "run it as root", **user)


@scenario(kernels=NEWEST, devices={"edu": edu()}, log=LOG)
def known(vm, edu):
    """`explain` and `list -v` say what there is of the module, and what helps."""
    absent, remedy = "the module pciio is not loaded", "modprobe pciio (package pcibar-dkms)"
    vm.check(f"pcibar enable {edu}")

    def says_absent():
        explanation = vm.check(f"pcibar explain {edu} 0").stdout
        assert f"pciio: not possible\n  - {absent}\n    remedy: {remedy}\n" in explanation
        assert "sysfs: possible\n" in explanation
        assert vm.check("pcibar list -v").stderr == \
            f"pcibar list: through sysfs; {absent}: {remedy}\n"
        for backend, sentence in (("pciio", absent), ("freebsd", "there is no /dev/pci")):
            refused(vm, f"pcibar --backend {backend} list", 1, sentence, "modprobe pciio")

    says_absent()
    # A node without a driver is in its place.
    vm.check("mknod -m 666 /dev/pci c 10 250")
    says_absent()
    vm.check("rm /dev/pci")
    load(vm)
    assert "\nsysfs: possible\npciio: possible\n" in vm.check(f"pcibar explain {edu} 0").stdout
    listed = vm.check(f"pcibar list -v {edu}")
    assert listed.stderr == "pcibar list: through pciio\n"
    assert "decoding on" in listed.stdout and not vm.check(f"pcibar list {edu}").stderr
    properties = vm.check(f"pcibar info {edu}").stdout
    for line in ("+ the memory attribute of a map is read back", "+ exclusive maps",
                 "+ a map faults when the function is removed",
                 "+ the loss of a map is reported when it happens"):
        assert line in properties, line


@scenario(devices={"edu": edu(), "net": rtl8139()}, log=LOG, kernels=NEWEST)
def lockdown(vm, edu, net):
    """Turned on after the module was loaded: nothing but configuration space can be read."""
    load(vm)
    vm.check(f"pcibar enable {edu} && pcibar enable {net} && "
             "echo integrity >/sys/kernel/security/lockdown")
    why = ("kernel lockdown forbids", "boot without lockdown")
    for backend in ("pciio", "freebsd"):
        for command in (f"read {edu} 0 0", f"write {edu} 0 4 1", f"read {net} 0 0",
                        f"write {net} 0 8 0", f"read --activate {net} rom 0"):
            refused(vm, f"pcibar --backend {backend} {command}", 1, *why)
        for command in (f"config write {edu} COMMAND 2", f"disable {edu}"):
            refused(vm, f"pcibar --backend {backend} {command}", 1, "locked down", why[1])
        explanation = vm.check(f"pcibar --backend {backend} explain {edu} 0", status=1).stdout
        assert why[0] in explanation and explanation.count("  - ") == 1
        assert vm.check(f"pcibar --backend {backend} config read {edu} VENDOR_ID").stdout == \
            "0x1234\n"


@scenario(kernels=NEWEST, devices={"net": e1000e()}, log=LOG)
def beside_a_driver(vm, net):
    """Memory can be shared with a driver that is bound; for ports only a parameter allows it."""
    load(vm)
    vm.modprobe("e1000e")
    for bar in (0, 2):
        refused(vm, f"pcibar read {net} {bar} 0", 1, "the kernel driver e1000e owns the function",
                "--share-driver")
    vm.check(f"pcibar read --share-driver {net} 0 0")
    vm.check(f"pcibar enable --io --share-driver {net}")
    ports = f"pcibar read --share-driver {net} 2 0"
    refused(vm, ports, 1, "a driver or another user holds the BAR", "parameter share_driver")
    vm.check("echo 1 >/sys/module/pciio/parameters/share_driver")
    vm.check(ports)
