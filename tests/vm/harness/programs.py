# SPDX-License-Identifier: BSD-2-Clause
"""The programs that are laid over the guest's root: the staged installation and our helpers."""

import os
import subprocess

from . import cross
from .architectures import AMD64
from .paths import BUILD, SOURCE, TESTS


# Those that are built a second time, as NAME-32, for 32-bit callers of the module.
BOTH_ABIS = ("pciio-abi", "pciio-function", "pciio-fuzz", "pciio-hold", "pciio-hostile",
             "pciio-intr", "pciio-intr-edges", "pciio-list", "pciio-rights", "pciio-stress",
             "pciio-vpd")
M32 = ("-m32", "-D_FILE_OFFSET_BITS=64")


class ProgramError(Exception):
    pass


def trees(architecture, stage):
    """The folders to lay over the guest's root. STAGE is made by `meson install --destdir`; for
    another architecture than the host's its name ends in -ARCHITECTURE."""
    if architecture is not AMD64:
        stage = stage.with_name(f"{stage.name}-{architecture.name}")
    helpers = BUILD / "vm" / f"helpers-{architecture.name}"
    (helpers / "bin").mkdir(parents=True, exist_ok=True)
    multilib = architecture is AMD64 and _has_multilib()
    gcc = cross.gcc(architecture)
    for source in sorted((TESTS / "guest").glob("*.c")):
        _compile(gcc, source, helpers / "bin" / source.stem)
        if multilib and source.stem in BOTH_ABIS:
            _compile(gcc, source, helpers / "bin" / f"{source.stem}-32", *M32)
    # Those that use the library: the headers and the library under test.
    for source in sorted((TESTS / "guest" / "library").glob("*.c")) if stage.is_dir() else ():
        _compile_installed(gcc, source, helpers / "bin" / source.stem, stage / "usr")
    return [helpers, stage] if stage.is_dir() else [helpers]


def has_32_bits(vm):
    return not vm.run(f"[ -e /bin/{BOTH_ABIS[0]}-32 ]").status


def builds(vm, name):
    """The names of a program in the guest: its own, and of its 32-bit build if there is one."""
    return [name, f"{name}-32"] if has_32_bits(vm) else [name]


def _has_multilib():
    """Whether gcc can link for 32 bits: gcc-multilib excludes some cross compilers."""
    done = subprocess.run(["gcc", "-m32", "-static", "-xc", "-", "-o", os.devnull], check=False,
                          input=b"#include <stdio.h>\nint main(void) { return 0; }\n",
                          stderr=subprocess.DEVNULL)
    return done.returncode == 0


def _compile(gcc, source, program, *options):
    """Static, so that such a helper never depends on what is under test."""
    newest = max(path.stat().st_mtime for path in (source, *source.parent.glob("*.h")))
    if program.exists() and program.stat().st_mtime >= newest:
        return
    _run(gcc, source, program, "-static", "-pthread", *options, f"-I{SOURCE / 'include' / 'pciio'}")


def _compile_installed(gcc, source, program, prefix):
    """Each time, because the installation is new each time."""
    _run(gcc, source, program, f"-I{prefix / 'include'}", f"-L{prefix / 'lib'}", "-Wl,--as-needed",
         "-lpcibar")


def _run(gcc, source, program, *options):
    made = program.with_name(f"{program.name}.{os.getpid()}")
    done = subprocess.run([gcc, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", made,
                           source, *options], check=False)
    if done.returncode:
        raise ProgramError(f"{source.name} does not compile")
    made.replace(program)
