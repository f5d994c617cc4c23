# SPDX-License-Identifier: BSD-2-Clause
"""What a guest starts from."""

from dataclasses import dataclass
from pathlib import Path

from . import debug_kernel, initramfs, kernels, programs
from .kernels import DEBUG_KERNELS, Kernel
from .modules import Modules


@dataclass(frozen=True)
class Image:
    """snapshot: a migration file to start from instead of booting"""

    kernel: Kernel
    modules: Modules
    initramfs: Path
    snapshot: Path | None = None


def make(series, directory, stage, say=print):
    """The image of a kernel with the programs of STAGE; what it takes is written to DIRECTORY."""
    fetch = debug_kernel.fetch if series in DEBUG_KERNELS else kernels.fetch
    kernel = fetch(series, say)
    modules = Modules(kernel)
    archive = directory / f"initramfs-{series}"
    trees = programs.trees(kernel.architecture, stage)
    archive.write_bytes(initramfs.build(modules, trees, kernel.architecture))
    return Image(kernel, modules, archive)
