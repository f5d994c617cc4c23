# SPDX-License-Identifier: BSD-2-Clause
"""Debian's kernel packages, downloaded and unpacked under build/kernels/, installed nowhere."""

import lzma
import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import store
from .apt import AptError, AptRoot
from .architectures import (AMD64, ARM64, ARMHF, I386, MIPS64EL, PPC64EL, S390X, Architecture)
from .paths import BUILD


@dataclass(frozen=True)
class Series:
    """releases: patterns, the first that matches counts; the group tells the newest"""

    architecture: Architecture
    releases: tuple

    def newest(self, apt, prefix):
        """The newest release that has a package PREFIX-RELEASE."""
        names = apt.names(f"{prefix}-6.")
        for pattern in self.releases:
            found = [match for match in (re.fullmatch(f"{prefix}-({pattern})", name)
                                         for name in names) if match]
            if found:
                return max(found, key=lambda match: int(match[2]))[1]
        raise KernelError(f"no package source of this machine has a fitting {prefix} for "
                          f"{self.architecture.name} (Debian 12's main and security have it)")


# What guests run.
SERIES = {
    "6.1": Series(AMD64, (r"6\.1\.0-(\d+)-amd64",)),
    "6.12": Series(AMD64, (r"6\.12\.(\d+)\+deb\d+-amd64",)),
    "arm64": Series(ARM64, (r"6\.12\.(\d+)\+deb\d+-arm64", r"6\.1\.0-(\d+)-arm64")),
}
ON_AMD64 = tuple(name for name, series in SERIES.items() if series.architecture is AMD64)
EVERYWHERE = tuple(SERIES)
# What the module is compiled for and not run on. Addresses of devices have 32 bits on armhf,
# 64 on i386, where both are 32-bit kernels.
COMPILED = {
    "arm64-6.1": Series(ARM64, (r"6\.1\.0-(\d+)-arm64",)),
    "armhf": Series(ARMHF, (r"6\.1\.0-(\d+)-armmp",)),
    "i386": Series(I386, (r"6\.1\.0-(\d+)-686-pae",)),
    "mips64el": Series(MIPS64EL, (r"6\.1\.0-(\d+)-5kc-malta",)),
    "ppc64el": Series(PPC64EL, (r"6\.1\.0-(\d+)-powerpc64le",)),
    "s390x": Series(S390X, (r"6\.1\.0-(\d+)-s390x",)),
}
# Built from source, and only used when it is asked for: see debug_kernel.py.
DEBUG = "debug"


def architecture(series):
    """The debug kernel is one for amd64."""
    return AMD64 if series == DEBUG else SERIES[series].architecture


class KernelError(Exception):
    pass


@dataclass(frozen=True)
class Kernel:
    """release: None for the newest that has headers; directory: None when there is no image
    tree: the folder that it was built in; packaged kernels have headers instead"""

    series: str
    release: str | None
    directory: Path | None
    architecture: Architecture = AMD64
    tree: Path | None = None

    @property
    def vmlinuz(self):
        return self.directory / "boot" / f"vmlinuz-{self.release}"

    @property
    def vmlinux(self):
        """The uncompressed image: QEMU enters x86's by PVH, which saves seconds under TCG."""
        return self.directory / "vmlinux"

    @property
    def modules(self):
        return self.directory / "lib" / "modules" / self.release

    @property
    def slowness(self):
        """How many times longer than a stock kernel it may take for anything."""
        return 6 if self.series == DEBUG else 1

    @property
    def memory(self):
        """What a guest needs at least: KASAN wants an eighth of what is mapped by ioremap()."""
        return "4G" if self.series == DEBUG else None

    @property
    def append(self):
        """What its command line has by default.

        KASAN makes a shadow of all that is mapped by ioremap(), page by page, and object debugging
        looks for forgotten timers in all that is unmapped: for the reservation of 16 GiB each takes
        half a minute in one go. The stress turns the second on again.
        """
        return "no_debug_objects rcupdate.rcu_cpu_stall_timeout=300" if self.series == DEBUG else ""


def fetch(series, say=print):
    """Returns the kernel of SERIES, downloading it when it is not there yet."""
    directory = store.once(BUILD / "kernels" / series,
                           lambda partial: _download(series, partial, say))
    return _unpacked(series, directory)


def compiled(name):
    """The kernel of COMPILED with this name, of which there is no image."""
    return Kernel(name, None, None, COMPILED[name].architecture)


def _unpacked(series, directory):
    (image,) = (directory / "boot").glob("vmlinuz-*")
    return Kernel(series, image.name.removeprefix("vmlinuz-"), directory,
                  SERIES[series].architecture)


def _download(series, directory, say):
    apt = AptRoot(SERIES[series].architecture)
    try:
        apt.update()
        package = f"linux-image-{SERIES[series].newest(apt, 'linux-image')}"
        say(f"downloading {package}")
        apt.unpack(package, directory)
    except (AptError, subprocess.CalledProcessError, OSError) as error:
        raise KernelError(f"kernel {series} cannot be had: {error}") from error
    kernel = _unpacked(series, directory)
    kernel.vmlinux.write_bytes(extract_vmlinux(kernel.vmlinuz.read_bytes()))


def extract_vmlinux(bzimage):
    """The ELF image inside a bzImage: see the x86 boot protocol, payload_offset, payload_length.
    arm64's image is not packed."""
    if bzimage[0x202:0x206] != b"HdrS":
        return bzimage
    setup_sectors = bzimage[0x1f1]
    offset, length = struct.unpack_from("<II", bzimage, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = bzimage[start:start + length]
    # The kernel's build appends the uncompressed size.
    packed, size = payload[:-4], int.from_bytes(payload[-4:], "little")
    if packed.startswith(b"\xfd7zXZ"):
        image = lzma.decompress(packed)
    elif packed.startswith(b"\x28\xb5\x2f\xfd"):
        image = subprocess.run(["zstd", "-dc"], input=packed, stdout=subprocess.PIPE,
                               check=True).stdout
    else:
        raise KernelError(f"kernel image compressed in an unknown way ({packed[:4].hex()})")
    if len(image) != size or not image.startswith(b"\x7fELF"):
        raise KernelError("kernel image does not unpack to the size it states")
    return image


def main(arguments):
    for series in arguments or SERIES:
        if series not in SERIES:
            raise SystemExit(f"scripts/kernels: no kernel {series}, there are: {' '.join(SERIES)}")
        try:
            print(fetch(series, lambda text: print(f"scripts/kernels: {text}")).directory)
        except KernelError as error:
            raise SystemExit(f"scripts/kernels: {error}") from error
