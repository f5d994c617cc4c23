# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module, built for a Debian kernel with its headers, which are installed nowhere."""

import re
import shutil
import subprocess

from . import cross, store
from .apt import AptRoot
from .kernels import COMPILED, SERIES
from .paths import BUILD, SOURCE, TESTS

# The module's BTF would need pahole and a vmlinux, and nothing here reads it. Debug information is
# 25 times the module, which each guest reads through 9p.
MAKE = ["make", "-s", "-j2", "W=1", "CONFIG_DEBUG_INFO_BTF_MODULES=", "CONFIG_DEBUG_INFO="]


# What Debian's kernels say of a module that Debian did not sign.
LOG = ("pciio: loading out-of-tree module taints kernel",
       "pciio: module verification failed: signature and/or required key missing")


class ModuleError(Exception):
    pass


def load(vm, *parameters):
    """Loads the module into the guest."""
    _insert(vm, build(vm.image.kernel), parameters)


def load_helper(vm, name, *parameters):
    """Loads a module of tests/vm/modules into the guest."""
    _insert(vm, _build(vm.image.kernel, TESTS / "modules", name), parameters)


def _insert(vm, module, parameters):
    (vm.share / module.name).write_bytes(module.read_bytes())
    vm.check(" ".join([f"insmod /host/{module.name}", *parameters]))


def build(kernel, *options):
    """Returns pciio.ko for KERNEL; OPTIONS are for make, such as C=2."""
    return _build(kernel, SOURCE / "kernel", "pciio", *options)


def _build(kernel, source, name, *options):
    folder = BUILD / "module" / kernel.series
    with store.locked(folder):
        _copy(source, folder / source.name)
        _copy(SOURCE / "include" / "pciio", folder / "include" / "pciio")
        done = subprocess.run([*MAKE, *_cross(kernel), *options, "-C", headers(kernel),
                               f"M={folder / source.name}", "modules"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env=cross.environment(kernel.architecture))
    said = [line for line in done.stdout.splitlines() if line and "BTF" not in line]
    if done.returncode or said:
        raise ModuleError("\n".join([f"{name}.ko for {kernel.series}:", *said]))
    return folder / source.name / f"{name}.ko"


def _cross(kernel):
    """Of all else the headers take care themselves."""
    triplet = kernel.architecture.triplet
    return [f"CROSS_COMPILE={triplet}-"] if triplet else []


def _copy(source, target):
    """Only what has changed, so that make has nothing to do when nothing has."""
    for path in source.rglob("*"):
        copy = target / path.relative_to(source)
        if path.is_dir():
            continue
        if not copy.exists() or copy.stat().st_mtime_ns != path.stat().st_mtime_ns:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)


def headers(kernel):
    """The folder that modules for KERNEL are built in; headers are downloaded if need be."""
    if kernel.tree:
        return kernel.tree
    root = store.once(BUILD / "headers" / kernel.series, lambda partial: _download(kernel, partial))
    folders = (root / "usr" / "src").glob(f"linux-headers-{kernel.release or '*'}")
    (folder,) = (path for path in folders if not path.name.endswith("-common"))
    return folder


def _download(kernel, folder):
    apt, host_apt = AptRoot(kernel.architecture), AptRoot()
    apt.update()
    host_apt.update()
    series = (SERIES | COMPILED)[kernel.series]
    release = kernel.release or series.newest(apt, "linux-headers")
    base = re.match(r"\d+\.\d+\.\d+(-\d+|\+deb\d+)", release)[0]
    # 6.1's tools are shared by all of its revisions, 6.12 has a package for each.
    tools = f"linux-kbuild-{base if 'deb' in base else '6.1'}"
    apt.unpack(f"linux-headers-{release}", folder)
    apt.unpack(f"linux-headers-{base}-common", folder)
    host_apt.unpack(tools, folder)
    # The package's Makefile names its other half by an absolute path.
    makefile = folder / "usr" / "src" / f"linux-headers-{release}" / "Makefile"
    text = makefile.read_text(encoding="ascii")
    makefile.write_text(re.sub(r"^include /usr/src/", "include ../", text, flags=re.M),
                        encoding="ascii")
