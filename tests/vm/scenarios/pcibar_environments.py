# SPDX-License-Identifier: BSD-2-Clause
"""Where pcibar has less than all rights: the true reason, and a remedy that works there."""

import re

from harness.devices import edu, rtl8139
from harness.kernels import OLDEST_AND_NEWEST
from harness.pcibar import enable, refused
from harness.pciio_module import LOG, load
from harness.scenario import scenario

SYS_RAWIO, SYS_ADMIN = 17, 21


def apart(*commands):
    """Commands in a mount namespace of their own, which the last one is the result of."""
    quoted = "; ".join(commands)
    return f"unshare -m sh -c 'mount --make-rprivate / 2>/dev/null; {quoted}'"


@scenario(devices={"net": rtl8139()}, kernels=OLDEST_AND_NEWEST)
def read_only(vm, net):
    """Reading works; what does not says so, and the remedy as printed is enough."""
    enable(vm)
    why = ("sysfs is mounted read-only", "remount it (mount -o remount,rw /sys)")
    make = "mount -o remount,bind,ro /sys"
    vm.check(apart(make, f"pcibar read {net} 1 0 && pcibar config read {net} COMMAND"))
    for verb in (f"write {net} 1 0 0", f"write {net} 0 0 0", f"config write {net} COMMAND 3",
                 f"disable {net}", f"read {net} rom 0 --activate"):
        refused(vm, apart(make, f"pcibar {verb}"), 1, *why)
    result = vm.run(apart(make, f"pcibar explain {net} 1 --write"))
    assert result.status == 1 and all(phrase in result.stdout for phrase in why)
    vm.check(f"pcibar disable {net}")
    refused(vm, apart(make, f"pcibar read {net} 1 0 --activate"), 1, *why)
    result = vm.run(apart(make, f"pcibar explain {net} 1 --activate"))
    assert result.status == 1 and why[0] in result.stdout
    command = re.search(r"\((mount [^)]*)\)", result.stdout)[1]
    vm.check(apart(make, command, f"pcibar read {net} 1 0 --activate && "
                                  f"pcibar explain {net} 1 --activate && pcibar enable {net}"))


@scenario(devices={"edu": edu()}, log=LOG, kernels=OLDEST_AND_NEWEST)
def without_capabilities(vm, edu):
    """Root without them: the one that is missing is named, and sysfs where that is enough."""
    enable(vm)
    # sysfs goes by the files' modes, but for what it shows of configuration space.
    vm.check(f"without-caps all -- pcibar read {edu} 0 0")
    vm.check(f"without-caps all -- pcibar write {edu} 0 4 1")
    refused(vm, f"without-caps {SYS_ADMIN} -- pcibar config read {edu} 0x40", 1, "CAP_SYS_ADMIN")
    load(vm)
    for caps in (SYS_RAWIO, "all"):
        front = f"without-caps {caps} --"
        for verb in (f"read {edu} 0 0", f"write {edu} 0 4 1", f"disable {edu} --mem",
                     f"config write {edu} COMMAND 2"):
            refused(vm, f"{front} pcibar {verb}", 1, "CAP_SYS_RAWIO is missing",
                    "(pcibar --backend sysfs)")
        result = vm.run(f"{front} pcibar explain {edu} 0 --backend pciio")
        assert result.status == 1 and "CAP_SYS_RAWIO is missing" in result.stdout
        command = re.search(r"\((pcibar --backend[^)]*)\)", result.stdout)[1]
        vm.check(f"{front} {command} read {edu} 0 0 && {front} {command} write {edu} 0 4 1 && "
                 f"{front} {command} config write {edu} COMMAND 2")
    # What does not work there is no remedy.
    result = vm.run(apart("mount -o remount,bind,ro /sys",
                          f"without-caps {SYS_RAWIO} -- pcibar write {edu} 0 4 1"))
    assert result.status == 1 and "CAP_SYS_RAWIO" in result.stderr, result
    assert "--backend sysfs" not in result.stderr, result


@scenario(devices={"edu": edu()}, log=LOG, kernels=OLDEST_AND_NEWEST)
def container(vm, edu):
    """The module is loaded, but there is no node; and files with something mounted over them."""
    load(vm)
    enable(vm)
    bare = "mount -t tmpfs none /dev"
    vm.check(apart(bare, f"pcibar read {edu} 0 0"))
    for backend in ("pciio", "freebsd"):
        refused(vm, apart(bare, f"pcibar --backend {backend} read {edu} 0 0"), 1,
                "the module pciio is loaded, but there is no /dev/pci here", "--device /dev/pci")
    masked = f"mount --bind /dev/null {edu.sysfs}/resource0"
    refused(vm, apart(masked, f"pcibar --backend sysfs read {edu} 0 0"), 1,
            "something else is mounted over the file of the BAR")
    vm.check(apart(masked, f"pcibar --backend pciio read {edu} 0 0"))
