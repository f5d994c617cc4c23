# SPDX-License-Identifier: BSD-2-Clause
"""What the programs of a guest need: busybox and the C library of its architecture."""

import subprocess
from pathlib import Path

from . import store
from .apt import AptError, AptRoot, link_usr
from .architectures import AMD64
from .paths import BUILD

BUSYBOX = "bin/busybox"


class UserlandError(Exception):
    pass


def files(architecture):
    """{name: path}, the name as it has to be in the guest."""
    root = Path("/") if architecture is AMD64 else _unpacked(architecture)
    return {name: root / name for name in (BUSYBOX, *architecture.platform.runtime)}


def _unpacked(architecture):
    def fill(folder):
        apt = AptRoot(architecture)
        apt.update()
        for package in ("busybox-static", "libc6"):
            apt.unpack(package, folder)
        link_usr(folder)

    try:
        return store.once(BUILD / "userland" / architecture.name, fill)
    except (AptError, OSError, subprocess.CalledProcessError) as error:
        raise UserlandError(f"no programs for {architecture.name}: {error}") from error
