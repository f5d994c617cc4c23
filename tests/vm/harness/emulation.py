# SPDX-License-Identifier: BSD-2-Clause
"""Unit tests of another architecture on this machine: qemu-user, and what they are linked with."""

import shutil
import subprocess

from . import store
from .apt import AptError, AptRoot, link_usr
from .cross import CrossError
from .paths import BUILD

PACKAGES = ("libc6", "libgcc-s1", "libcmocka0", "libcmocka-dev")

# The folder is renamed once it is complete: the scripts look where they are. Not -L "$root": then
# qemu-user takes a lock to look each path up, which the child of a fork may find taken for ever.
RUN = """#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
set -- --library-path "$root/lib/{triplet}:$root/usr/lib/{triplet}" "$@"
exec {emulator} -L / "$root"/lib/ld*.so.[0-9] "$@"
"""

PKG_CONFIG = """#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
export PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="$root/usr/lib/{triplet}/pkgconfig"
exec pkg-config "$@"
"""


def fetch(architecture, say=print):
    """Returns the folder of TRIPLET-run and TRIPLET-pkg-config for ARCHITECTURE."""
    emulator = architecture.emulator
    if not emulator:
        raise CrossError(f"no emulator is known for programs of {architecture.name}")
    if not shutil.which(emulator):
        raise CrossError(f"{emulator} is not installed: run scripts/setup check-all")
    folder = BUILD / "emulation" / architecture.name
    try:
        store.once(folder, lambda partial: _fill(architecture, partial, say))
        return _write_programs(architecture, folder)
    except (AptError, OSError, subprocess.CalledProcessError) as error:
        raise CrossError(f"no libraries for {architecture.name}: {error}") from error


def _fill(architecture, folder, say):
    apt = AptRoot(architecture)
    apt.update()
    for package in PACKAGES:
        say(f"downloading {package} of {architecture.name}")
        apt.unpack(package, folder)
    link_usr(folder)


def _write_programs(architecture, folder):
    """Each time: a folder that was filled before may have others. Some may be running."""
    # Not bin: what is there would be taken for this machine's.
    programs = folder / "pcibar"
    programs.mkdir(exist_ok=True)
    for name, text in (("run", RUN), ("pkg-config", PKG_CONFIG)):
        program = programs / f"{architecture.triplet}-{name}"
        partial = program.with_suffix(".partial")
        partial.write_text(text.format(emulator=architecture.emulator,
                                       triplet=architecture.triplet), encoding="ascii")
        partial.chmod(0o755)
        partial.rename(program)
    return programs
