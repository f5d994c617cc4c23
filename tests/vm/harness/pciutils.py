# SPDX-License-Identifier: BSD-2-Clause
"""lspci and setpci from Debian's source package, unmodified: as FreeBSD has them, and as Linux."""

import shutil
import subprocess

from . import source_package, store
from .paths import BUILD, SOURCE

# How pciutils names a system: two words, or its own script would report the one it is on.
HOSTS = {"freebsd": "x86_64-freebsd", "linux": "x86_64-linux"}
PLAIN = ("ZLIB=no", "DNS=no", "SHARED=no", "LIBKMOD=no", "HWDB=no", "IDSDIR=/usr/share/misc")


class PciutilsError(Exception):
    pass


def build(system):
    """The folder with lspci and setpci for SYSTEM of HOSTS."""
    source = source_package.unpack("pciutils")

    def fill(folder):
        shutil.copytree(source, folder, dirs_exist_ok=True)
        # Where FreeBSD's headers come from is all that is said beside the options.
        options = f"OPT=-O2 -I{SOURCE / 'include' / 'pciio'}"
        done = subprocess.run(["make", f"HOST={HOSTS[system]}", *PLAIN, options, "lspci", "setpci"],
                              cwd=folder, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise PciutilsError(f"pciutils for {system}:\n{done.stdout}")

    return store.once(BUILD / "pciutils" / system, fill)


def install(vm):
    """Lays lspci-freebsd, setpci-freebsd, lspci-linux and setpci-linux into the guest's /tmp."""
    for system in HOSTS:
        for name in ("lspci", "setpci"):
            shutil.copy(build(system) / name, vm.share / f"{name}-{system}")
            vm.check(f"cp /host/{name}-{system} /tmp/; chmod 755 /tmp/{name}-{system}")
