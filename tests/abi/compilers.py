# SPDX-License-Identifier: BSD-2-Clause
"""The compilers of this machine."""

import contextlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"
CROSS = ROOT / "build" / "cross" / "arm64" / "bin"
BOUND = 120


@dataclass(frozen=True)
class Compiler:
    """A compiler and what it takes to aim it at a target."""

    name: str
    command: tuple
    missing: str = ""  # why it cannot be used here

    def run(self, *arguments, stdin=None):
        return run([*self.command, *map(str, arguments)], stdin=stdin)


def compiler(name, program, *flags, hint=""):
    found = shutil.which(program)
    missing = "" if found else f"{Path(program).name} is not installed{hint}"
    return Compiler(name, (found or program, *flags), missing)


def with_libc(tool):
    """The compiler, or why it finds no C library: gcc-multilib conflicts with cross compilers."""
    if tool.missing or not tool.run("-fsyntax-only", "-", stdin="#include <sys/ioctl.h>\n")[0]:
        return tool
    return replace(tool, missing="this compiler finds no C library: install gcc-multilib")


def cross(program):
    """A program for arm64: the system's own, or what scripts/cross has fetched."""
    return shutil.which(program) or str(CROSS / program)


def run(command, stdin=None, env=None):
    """Status and all output of a command."""
    done = subprocess.run([str(word) for word in command], input=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
                          timeout=BOUND, check=False)
    return done.returncode, done.stdout


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix="pcibar-abi-") as folder:
        yield Path(folder)
