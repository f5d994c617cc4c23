# SPDX-License-Identifier: BSD-2-Clause
"""Debug kernels: Debian's sources with the configuration of this project, built under build/."""

import hashlib
import os
import re
import shutil
import subprocess

from . import store
from .apt import AptError
from .kernels import DEBUG, DEBUG_KERNELS, SERIES, Kernel, KernelError
from .paths import BUILD, TESTS

CONFIG = TESTS / "debug-kernel.config"
# What /proc/sys takes.
RENAMED = {DEBUG: "CONFIG_SYSCTL=y\n", "debug-6.12": "CONFIG_PROC_SYSCTL=y\n"}


class Store:
    """The folders of one debug kernel.

    stamp: of a complete build: hashes of the source and of the configuration
    """

    def __init__(self, series):
        self.series = series
        self.folder = BUILD / "debug-kernel" / series
        self.source = self.folder / "source"
        self.tree = self.folder / "kernel"
        self.root = self.folder / "root"
        self.config = self.folder / "config"
        self.log = self.folder / "build.log"
        self.stamp = self.folder / "stamp"


def fetch(series, say=print):
    """Returns the debug kernel of SERIES, building it when it is not there yet."""
    its = Store(series)
    with store.locked(its.folder):
        version = _source(its, say)
        config = CONFIG.read_text(encoding="ascii") + RENAMED[series]
        wanted = f"{version} {hashlib.sha256(config.encode()).hexdigest()}\n"
        if not its.stamp.exists() or its.stamp.read_text(encoding="ascii") != wanted:
            its.stamp.unlink(missing_ok=True)
            its.config.write_text(config, encoding="ascii")
            _build(its, say)
            its.stamp.write_text(wanted, encoding="ascii")
    (modules,) = (its.root / "lib" / "modules").iterdir()
    return Kernel(series, modules.name, its.root, tree=its.tree)


def source(series=DEBUG, say=print):
    """Unpacks the kernel's source when it is not there yet, and returns its folder."""
    its = Store(series)
    with store.locked(its.folder):
        _source(its, say)
    return its.source


def _source(its, say):
    """What identifies this source: the hash of its archive."""
    version = its.source / ".archive-hash"
    if not version.exists():
        _download(its, say)
    return version.read_text(encoding="ascii").strip()


def _download(its, say):
    """Works in a folder of its own, renamed at the end: what has the final name is complete."""
    partial = its.folder / ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        apt, version = SERIES[DEBUG_KERNELS[its.series]].find_source()
        package = f"linux-source-{version}"
        say(f"downloading {package}")
        apt.unpack(package, partial)
        say(f"unpacking {package}")
        archive = partial / "usr" / "src" / f"{package}.tar.xz"
        subprocess.run(["tar", "-xf", archive, "-C", partial], check=True)
    except (AptError, subprocess.CalledProcessError, OSError) as error:
        raise KernelError(f"the source of {its.series} is not available: {error}") from error
    version = hashlib.sha256(archive.read_bytes()).hexdigest()
    (partial / package / ".archive-hash").write_text(version, encoding="ascii")
    (partial / package).rename(its.source)
    shutil.rmtree(partial)


def _build(its, say):
    say(f"building the debug kernel; the log is {os.path.relpath(its.log)}")
    its.tree.mkdir(exist_ok=True)
    shutil.rmtree(its.root, ignore_errors=True)
    with open(its.log, "w", encoding="utf-8") as log:
        _make(its, log, "allnoconfig", f"KCONFIG_ALLCONFIG={its.config}")
        _check_config(its)
        _make(its, log, f"-j{os.cpu_count()}", "vmlinux", "modules")
        # modules.dep is not used; without depmod the package kmod is not needed.
        _make(its, log, "modules_install", f"INSTALL_MOD_PATH={its.root}", "DEPMOD=true")
    shutil.copy2(its.tree / "vmlinux", its.root / "vmlinux")


def _make(its, log, *arguments):
    done = subprocess.run(["make", "-C", its.source, f"O={its.tree}", *arguments], check=False,
                          stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    if done.returncode:
        raise KernelError(f"the debug kernel does not build (make {arguments[0]}): see "
                          f"{os.path.relpath(log.name)}; scripts/setup debug-kernel installs "
                          "what it needs")


def _check_config(its):
    """An option whose dependencies are not met is dropped without a word."""
    got = set((its.tree / ".config").read_text(encoding="ascii").splitlines())
    lost = [line for line in its.config.read_text(encoding="ascii").splitlines()
            if line.startswith("CONFIG_") and _as_written(line) not in got]
    # What is off and depends on something that is off is not mentioned at all.
    lost = [line for line in lost if not line.endswith("=n") or
            any(other.startswith(line[:-1]) for other in got)]
    if lost:
        raise KernelError(f"{CONFIG.name}: the kernel's configuration does not take "
                          f"{', '.join(lost)}; add the options that they depend on")


def _as_written(line):
    return re.sub(r"^(CONFIG_\w+)=n$", r"# \1 is not set", line)


def main(versions):
    """VERSIONS are series of debug kernels, or what they are made from: 6.12."""
    names = {name: name for name in DEBUG_KERNELS}
    names |= {made_from: name for name, made_from in DEBUG_KERNELS.items()}
    for version in versions or [DEBUG]:
        if version not in names:
            raise SystemExit(f"scripts/debug-kernel: no debug kernel {version}, there are: "
                             f"{' '.join(DEBUG_KERNELS.values())}")
        try:
            kernel = fetch(names[version],
                           lambda text: print(f"scripts/debug-kernel: {text}", flush=True))
            print(kernel.directory)
        except KernelError as error:
            raise SystemExit(f"scripts/debug-kernel: {error}") from error
