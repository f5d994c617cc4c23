# SPDX-License-Identifier: BSD-2-Clause
"""Debian's kernel packages, downloaded and unpacked under build/kernels/, installed nowhere."""

import fcntl
import lzma
import re
import shutil
import struct
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .apt import AptError, AptRoot
from .paths import BUILD

# The package of each series; the group is the number that tells the newest.
SERIES = {
    "6.1": re.compile(r"linux-image-6\.1\.0-(\d+)-amd64"),
    "6.12": re.compile(r"linux-image-6\.12\.(\d+)\+deb\d+-amd64"),
}


class KernelError(Exception):
    pass


@dataclass(frozen=True)
class Kernel:
    series: str
    release: str
    directory: Path

    @property
    def bzimage(self):
        return self.directory / "boot" / f"vmlinuz-{self.release}"

    @property
    def vmlinux(self):
        """The uncompressed ELF image: QEMU enters it by PVH, which saves seconds under TCG."""
        return self.directory / "vmlinux"

    @property
    def modules(self):
        return self.directory / "lib" / "modules" / self.release


def fetch(series, say=print):
    """Returns the kernel of SERIES, downloading it when it is not there yet."""
    store = BUILD / "kernels"
    with _locked(store):
        if not (store / series).exists():
            _download(series, store, say)
    return _unpacked(series, store / series)


def _unpacked(series, directory):
    (image,) = (directory / "boot").glob("vmlinuz-*")
    return Kernel(series, image.name.removeprefix("vmlinuz-"), directory)


@contextmanager
def _locked(store):
    store.mkdir(parents=True, exist_ok=True)
    with open(store / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(series, store, say):
    """Works in a folder of its own, renamed at the end: what has the final name is complete."""
    partial = store / f".{series}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    apt = AptRoot(BUILD / "apt")
    try:
        apt.update()
        package = _newest(series, apt.names("linux-image-6."))
        say(f"downloading {package}")
        deb = apt.download(package, partial)
        subprocess.run(["dpkg-deb", "-x", deb, partial], check=True)
    except (AptError, subprocess.CalledProcessError, OSError) as error:
        raise KernelError(f"kernel {series} cannot be had: {error}") from error
    deb.unlink()
    kernel = _unpacked(series, partial)
    kernel.vmlinux.write_bytes(extract_vmlinux(kernel.bzimage.read_bytes()))
    partial.rename(store / series)


def _newest(series, names):
    found = [match for match in map(SERIES[series].fullmatch, names) if match]
    if not found:
        raise KernelError(f"no package source of this machine has a kernel {series} for amd64 "
                          "(Debian 12's main and security have it)")
    return max(found, key=lambda match: int(match[1]))[0]


def extract_vmlinux(bzimage):
    """The ELF image inside a bzImage: see the x86 boot protocol, payload_offset, payload_length."""
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
