# SPDX-License-Identifier: BSD-2-Clause
"""The demo from the compiler to the last line."""

import os
import shutil
import subprocess
import sys
import time

from harness import pciio_module
from harness.apt import AptError
from harness.kernels import KernelError
from harness.paths import BUILD, SOURCE
from harness.qemu import VmError

from .guest import SERIES, Guest, make_image
from .report import Report
from .steps import STEPS

FOLDER = BUILD / "demo"
SCREEN = FOLDER / "screen.png"


class DemoError(Exception):
    """The demo cannot continue."""


def run(*command):
    """A program whose output is of interest only when it fails."""
    try:
        done = subprocess.run(command, cwd=SOURCE, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError as error:
        raise DemoError(f"{command[0]} is missing: `make demo` installs it") from error
    if done.returncode:
        raise DemoError(f"`{' '.join(map(str, command))}` failed:\n{done.stdout}")


def build(stage):
    folder = FOLDER / "meson"
    if not (folder / "build.ninja").exists():
        shutil.rmtree(folder, ignore_errors=True)
        # Not the default, which is no place of the guest's loader when dpkg-dev is not installed.
        run("meson", "setup", "--prefix=/usr", "--libdir=lib", "-Dtests=false", folder)
    run("meson", "compile", "-C", folder)
    shutil.rmtree(stage, ignore_errors=True)
    run("meson", "install", "--no-rebuild", "-C", folder, "--destdir", stage)
    usr = stage / "usr"
    run("gcc", "-O2", f"-I{usr / 'include'}", "-o", stage / "map-whole",
        SOURCE / "examples" / "map-whole.c", f"-L{usr / 'lib'}", "-lpcibar")


def prepare(report):
    """Builds, boots and returns the Guest."""
    stage, machine = FOLDER / "stage", FOLDER / "machine"
    with report.preparing("building pcibar with meson"):
        build(stage)
    known = (BUILD / "kernels" / SERIES).exists()
    with report.preparing(f"Debian's kernel {SERIES}, which is under build/ already" if known else
                          f"downloading Debian's kernel {SERIES}, once (110 MB)"):
        image = make_image(FOLDER, stage)
    with report.preparing("building the module pciio for it"):
        module = pciio_module.build(image.kernel)
    shutil.rmtree(machine, ignore_errors=True)
    with report.preparing("booting it in QEMU: edu, rtl8139, ivshmem-plain, bochs-display"):
        guest = Guest(image, machine, report)
    guest.screen = SCREEN
    shutil.copy(module, guest.vm.share / "pciio.ko")
    return guest


def show(report, guest):
    """Goes through the steps, also behind one that has failed; returns how many have."""
    failed = 0
    for number, (title, explanation, function) in enumerate(STEPS, 1):
        report.heading(number, title, explanation)
        try:
            report.good(function(guest))
        except (AssertionError, OSError, ValueError) as error:
            report.bad(error)
            failed += 1
    return failed


def demo(report):
    started = time.monotonic()
    FOLDER.mkdir(parents=True, exist_ok=True)
    SCREEN.unlink(missing_ok=True)
    report.title("pcibar on a real kernel, with emulated PCI devices")
    with prepare(report) as guest:
        failed = show(report, guest)
    summary = (f"{len(STEPS) - failed} of {len(STEPS)} steps passed "
               f"in {time.monotonic() - started:.0f} s")
    if failed:
        summary += f", {failed} failed; what the machine left is in build/demo/machine/"
    else:
        shutil.rmtree(FOLDER / "machine", ignore_errors=True)
        summary += "; the picture is in build/demo/screen.png"
    report.write(f"\n{report.styled('bad' if failed else 'bold', summary)}\n")
    return 1 if failed else 0


def main():
    report = Report()
    try:
        return demo(report)
    except BrokenPipeError:
        # There is no reader any more: what is still in the buffer must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (AptError, DemoError, KernelError, pciio_module.ModuleError, VmError, OSError) as error:
        report.bad(error)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
