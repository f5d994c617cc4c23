# SPDX-License-Identifier: BSD-2-Clause
"""The programs that are laid over the guest's root: the staged installation and our helpers."""

import os
import subprocess

from .paths import BUILD, SOURCE, TESTS


class ProgramError(Exception):
    pass


def trees(stage):
    """The folders to lay over the guest's root. STAGE is made by `meson install --destdir`."""
    helpers = BUILD / "vm" / "helpers"
    (helpers / "bin").mkdir(parents=True, exist_ok=True)
    for source in sorted((TESTS / "guest").glob("*.c")):
        _compile(source, helpers / "bin" / source.stem)
    return [helpers, stage] if stage.is_dir() else [helpers]


def _compile(source, program):
    """Static, so that a helper never depends on what is under test."""
    newest = max(path.stat().st_mtime for path in (source, *source.parent.glob("*.h")))
    if program.exists() and program.stat().st_mtime >= newest:
        return
    made = program.with_suffix(f".{os.getpid()}")
    done = subprocess.run(["gcc", "-std=gnu11", "-O2", "-static", "-pthread", "-Wall", "-Wextra",
                           "-Werror", f"-I{SOURCE / 'include' / 'pciio'}", "-o", made, source],
                          check=False)
    if done.returncode:
        raise ProgramError(f"{source.name} does not compile")
    made.replace(program)
