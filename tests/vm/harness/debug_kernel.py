# SPDX-License-Identifier: BSD-2-Clause
"""The debug kernel: Debian's source of 6.12 with our configuration, built under build/."""

import hashlib
import os
import re
import shutil
import subprocess

from . import store
from .apt import AptError, AptRoot
from .kernels import DEBUG, Kernel, KernelError
from .paths import BUILD, TESTS

PACKAGE = "linux-source-6.12"
CONFIG = TESTS / "debug-kernel.config"
STORE = BUILD / "debug-kernel"
SOURCE = STORE / PACKAGE
TREE = STORE / "kernel"
ROOT = STORE / "root"
# Of a complete build: hashes of the source and of the configuration.
STAMP = STORE / "stamp"


def fetch(say=print):
    """Returns the debug kernel, building it when it is not there yet."""
    with store.locked(STORE):
        version = _source(say)
        wanted = f"{version} {hashlib.sha256(CONFIG.read_bytes()).hexdigest()}\n"
        if not STAMP.exists() or STAMP.read_text(encoding="ascii") != wanted:
            STAMP.unlink(missing_ok=True)
            _build(say)
            STAMP.write_text(wanted, encoding="ascii")
    (modules,) = (ROOT / "lib" / "modules").iterdir()
    return Kernel(DEBUG, modules.name, ROOT, tree=TREE)


def source(say=print):
    """Unpacks the kernel's source when it is not there yet, and returns its folder."""
    with store.locked(STORE):
        _source(say)
    return SOURCE


def _source(say):
    """What tells this source from another: the hash of its archive."""
    version = SOURCE / ".archive-hash"
    if not version.exists():
        _download(say)
    return version.read_text(encoding="ascii").strip()


def _download(say):
    """Works in a folder of its own, renamed at the end: what has the final name is complete."""
    partial = STORE / ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    apt = AptRoot()
    try:
        apt.update()
        say(f"downloading {PACKAGE}")
        apt.unpack(PACKAGE, partial)
        say(f"unpacking {PACKAGE}")
        archive = partial / "usr" / "src" / f"{PACKAGE}.tar.xz"
        subprocess.run(["tar", "-xf", archive, "-C", partial], check=True)
    except (AptError, subprocess.CalledProcessError, OSError) as error:
        raise KernelError(f"{PACKAGE} cannot be had: {error}") from error
    version = hashlib.sha256(archive.read_bytes()).hexdigest()
    (partial / PACKAGE / ".archive-hash").write_text(version, encoding="ascii")
    (partial / PACKAGE).rename(SOURCE)
    shutil.rmtree(partial)


def _build(say):
    say(f"building the debug kernel; the log is {os.path.relpath(STORE / 'build.log')}")
    TREE.mkdir(exist_ok=True)
    shutil.rmtree(ROOT, ignore_errors=True)
    with open(STORE / "build.log", "w", encoding="utf-8") as log:
        _make(log, "allnoconfig", f"KCONFIG_ALLCONFIG={CONFIG}")
        _check_config()
        _make(log, f"-j{os.cpu_count()}", "vmlinux", "modules")
        # modules.dep is not used; without depmod the package kmod is not needed.
        _make(log, "modules_install", f"INSTALL_MOD_PATH={ROOT}", "DEPMOD=true")
    shutil.copy2(TREE / "vmlinux", ROOT / "vmlinux")


def _make(log, *arguments):
    done = subprocess.run(["make", "-C", SOURCE, f"O={TREE}", *arguments], check=False,
                          stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    if done.returncode:
        raise KernelError(f"the debug kernel does not build (make {arguments[0]}): see "
                          f"{os.path.relpath(log.name)}; scripts/setup debug-kernel installs "
                          "what it needs")


def _check_config():
    """An option whose dependencies are not met is dropped without a word."""
    got = set((TREE / ".config").read_text(encoding="ascii").splitlines())
    lost = [line for line in CONFIG.read_text(encoding="ascii").splitlines()
            if line.startswith("CONFIG_") and _as_written(line) not in got]
    # What is off and depends on something that is off is not mentioned at all.
    lost = [line for line in lost if not line.endswith("=n") or
            any(other.startswith(line[:-1]) for other in got)]
    if lost:
        raise KernelError(f"{CONFIG.name}: the kernel's configuration does not take "
                          f"{', '.join(lost)}; add the options that they depend on")


def _as_written(line):
    return re.sub(r"^(CONFIG_\w+)=n$", r"# \1 is not set", line)


def main():
    try:
        print(fetch(lambda text: print(f"scripts/debug-kernel: {text}", flush=True)).directory)
    except KernelError as error:
        raise SystemExit(f"scripts/debug-kernel: {error}") from error
