# SPDX-License-Identifier: BSD-2-Clause
"""Guests in which figures are taken: each is one boot of one kernel with the module loaded."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import host
from harness import image, kernels, pciio_module
from harness.paths import SOURCE
from harness.vm import VM

# Of a guest's life, and of one command in it.
TIMEOUT = 1200


def every_series():
    """The kernels for amd64 that this release of Debian has."""
    for series in kernels.ON_AMD64:
        try:
            kernels.fetch(series, lambda text: print(f"bench: {text}"))
        except kernels.NoKernel as reason:
            print(f"bench: skipped {series}: {reason}")
        else:
            yield series


class Guest:
    """DEVICES are {name: Device}, with decoding on; those whose names are in VFIO are bound to
    vfio-pci instead."""

    def __init__(self, series, machine, devices, vfio=()):
        # In memory: to read the holes of a sparse file takes long on a disk's file system.
        self.folder = tempfile.TemporaryDirectory(prefix="pcibar-bench-", dir="/dev/shm")
        directory = Path(self.folder.name)
        self.vm = VM(image.make(series, directory, directory / "no-stage"), directory / "machine",
                     machine, devices, TIMEOUT)
        for source in (SOURCE / "bench/guest").glob("*.c"):
            _compile(source, self.vm.share / source.stem, "-static")
        self._use_library()
        pciio_module.load(self.vm)
        # Or the places of mappings, and so the size of page tables, would vary.
        self.vm.check("echo 0 >/proc/sys/kernel/randomize_va_space")
        if vfio:
            self.vm.modprobe("vfio-pci", "vfio_iommu_type1")
        for name, function in self.vm.functions.items():
            if name in vfio:
                self.vm.bind(function, "vfio-pci")
            else:
                self.vm.check(f"echo 1 >{function.sysfs}/enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.vm.close()
        self.folder.cleanup()

    def _use_library(self):
        """The programs that use libpcibar, with the one that the other figures are of."""
        library = next(host.STAGE.rglob("libpcibar.so.1"))
        shutil.copy(library, self.vm.share / library.name)
        for source in (SOURCE / "bench/guest/library").glob("*.c"):
            _compile(source, self.vm.share / source.stem, f"-I{SOURCE / 'bench/guest'}",
                     f"-I{SOURCE / 'include'}", f"-L{library.parent}", "-Wl,-rpath,/host",
                     "-lpcibar")

    def run(self, program, *words):
        """What one of bench/guest prints, "LABEL VALUE..." a line, as {label: [value]}."""
        said = self.vm.check(" ".join(map(str, (f"/host/{program}", *words))),
                             timeout=TIMEOUT).stdout
        return {label: list(map(int, values))
                for label, *values in map(str.split, said.splitlines())}


def _compile(source, program, *options):
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror",
                    f"-I{SOURCE / 'include/pciio'}", f"-I{SOURCE / 'tests/vm/guest'}",
                    "-o", program, source, *options], check=True)
