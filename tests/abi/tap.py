# SPDX-License-Identifier: BSD-2-Clause
"""Test points in TAP, and the compilers of this machine."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"
CROSS = ROOT / "build" / "cross" / "arm64" / "bin"
BOUND = 120


class Tap:
    """Reports test points; done() ends the program."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def _point(self, good, text):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}", flush=True)

    def check(self, good, name, details=""):
        self._point(good, name)
        if not good:
            for line in str(details).splitlines():
                print(f"# {line}")

    def skip(self, name, reason):
        self._point(True, f"{name} # SKIP {reason}")

    def done(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


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
