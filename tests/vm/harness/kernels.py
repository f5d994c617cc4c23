# SPDX-License-Identifier: BSD-2-Clause
"""Debian's kernel packages, downloaded and unpacked under build/kernels/, installed nowhere."""

import lzma
import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import store
from .apt import AptError, AptRoot, SuiteRoot, link_usr
from .architectures import (AMD64, ARM64, ARMHF, I386, MIPS64EL, PPC64EL, S390X, Architecture)
from .paths import BUILD


class KernelError(Exception):
    pass


class NoKernel(KernelError):
    """No package source that is asked has such a kernel: a reason to skip what needs it."""


@dataclass(frozen=True)
class Series:
    """versions: of the releases that will do, the best first; flavour: the end of their names"""

    architecture: Architecture
    versions: tuple
    flavour: str

    def find(self, prefix, wanted=None, apts=None):
        """(apt root, release) of the newest release, or of the one that is WANTED, that has a
        package PREFIX-RELEASE. APTS are the apt roots to ask, if not those of _places()."""
        def pattern(version):
            return re.escape(wanted) if wanted else self._releases(version)

        return self._find(prefix, pattern, apts)

    def find_source(self):
        """(apt root, version) of the newest version that has a package linux-source-VERSION."""
        return self._find("linux-source", lambda version: (
            re.escape(version) if "." in version else rf"{re.escape(version)}\.\d+"))

    def _find(self, prefix, pattern, apts=None):
        failures = []
        for apt, version in self._places(apts):
            apt.update()
            matches = [re.fullmatch(f"{prefix}-({pattern(version)})", name)
                       for name in apt.names(f"{prefix}-{version}")]
            found = [match[1] for match in matches if match]
            if found:
                return apt, max(found, key=_numbers)
            failures.append(apt.failure)
        raise NoKernel("\n".join([
            f"this release of Debian has no {prefix} {' or '.join(self.versions)} for "
            f"{self.architecture.name}", *filter(None, failures)]))

    def _releases(self, version):
        """A pattern of releases such as 6.1.0-56-amd64, 6.12.115+deb13.1-amd64."""
        return rf"{re.escape(version)}\.[\d.]+(?:-\d+|\+[a-z]+[\d.]*)-{re.escape(self.flavour)}"

    def _places(self, apts=None):
        """Where to look for which version, the best first: in APTS, or in the system's own package
        sources and the suites that are known to have it."""
        for version in self.versions:
            for apt in apts or self._apts(version):
                yield apt, version

    def _apts(self, version):
        yield AptRoot(self.architecture)
        for suite in SUITES.get(version, ()):
            yield SuiteRoot(suite, self.architecture)


def _numbers(release):
    return [int(number) for number in re.findall(r"\d+", release)]


# Where else versions are found that the system's own package sources do not have.
SUITES = {"7": ("trixie-backports", "sid")}
# What guests run.
SERIES = {
    "6.1": Series(AMD64, ("6.1",), "amd64"),
    "6.12": Series(AMD64, ("6.12",), "amd64"),
    "7": Series(AMD64, ("7",), "amd64"),
    "arm64": Series(ARM64, ("7", "6.12", "6.1"), "arm64"),
}
# The sets of kernels that a scenario runs on: see README.md.
ON_AMD64 = tuple(name for name, series in SERIES.items() if series.architecture is AMD64)
EVERYWHERE = tuple(SERIES)
NEWEST = ON_AMD64[-1:]
NEWEST_EVERYWHERE = (*NEWEST, "arm64")
BETWEEN = ON_AMD64[1:-1]
OLDEST_AND_NEWEST = (ON_AMD64[0], *NEWEST)
# What the module is compiled for and not run on. Addresses of devices have 32 bits on armhf,
# 64 on i386, where both are 32-bit kernels.
COMPILED = {
    "arm64-6.12": Series(ARM64, ("6.12",), "arm64"),
    "arm64-6.1": Series(ARM64, ("6.1",), "arm64"),
    "armhf": Series(ARMHF, ("6.1",), "armmp"),
    "i386": Series(I386, ("6.1",), "686-pae"),
    "mips64el": Series(MIPS64EL, ("6.1",), "5kc-malta"),
    "ppc64el": Series(PPC64EL, ("6.1",), "powerpc64le"),
    "s390x": Series(S390X, ("6.1",), "s390x"),
}
# Built from source, and only used when it is asked for: see debug_kernel.py. Each runs what the
# kernel beside it runs.
DEBUG = "debug"
DEBUG_KERNELS = {DEBUG: NEWEST[0], "debug-6.12": "6.12"}


def architecture(series):
    """Debug kernels are for amd64."""
    return AMD64 if series in DEBUG_KERNELS else SERIES[series].architecture


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
        """Where 6.x has it, or among the modules."""
        image = self.directory / "boot" / f"vmlinuz-{self.release}"
        return image if image.exists() else self.modules / "vmlinuz"

    @property
    def vmlinux(self):
        """The uncompressed image: QEMU enters x86's by PVH, which saves seconds under TCG."""
        return self.directory / "vmlinux"

    @property
    def modules(self):
        return self.directory / "lib" / "modules" / self.release

    @property
    def debug(self):
        return self.series in DEBUG_KERNELS

    @property
    def slowness(self):
        """How many times longer than a stock kernel it may take for anything."""
        return 6 if self.debug else 1

    @property
    def memory(self):
        """What a guest needs at least: KASAN wants an eighth of what is mapped by ioremap()."""
        return "4G" if self.debug else None

    @property
    def append(self):
        """What its command line has by default.

        KASAN makes a shadow of all that is mapped by ioremap(), page by page, and object debugging
        looks for forgotten timers in all that is unmapped: for the reservation of 16 GiB each takes
        half a minute in one go. The stress turns the second on again.
        """
        return "no_debug_objects rcupdate.rcu_cpu_stall_timeout=300" if self.debug else ""


def fetch(series, say=print):
    """Returns the kernel of SERIES, downloading it when it is not there yet."""
    directory = store.once(BUILD / "kernels" / series,
                           lambda partial: _download(series, partial, say))
    return _unpacked(series, directory)


def compiled(name):
    """The kernel of COMPILED with this name, of which there is no image."""
    return Kernel(name, None, None, COMPILED[name].architecture)


def _unpacked(series, directory):
    (modules,) = (directory / "lib" / "modules").iterdir()
    return Kernel(series, modules.name, directory, SERIES[series].architecture)


def _download(series, directory, say):
    try:
        apt, release = SERIES[series].find("linux-image")
        say(f"downloading linux-image-{release}")
        # The image and its modules: from 7.x on linux-image only depends on the packages of both.
        for name in apt.names("linux-"):
            if re.fullmatch(rf"linux-(image|binary|base|modules)-{re.escape(release)}", name):
                apt.unpack(name, directory)
        link_usr(directory)
    except (AptError, subprocess.CalledProcessError, OSError) as error:
        raise KernelError(f"kernel {series} is not available: {error}") from error
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
        except NoKernel as error:
            print(f"scripts/kernels: skipped: {error}")
        except KernelError as error:
            raise SystemExit(f"scripts/kernels: {error}") from error
