# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module, built for a Debian kernel with its headers, which are installed nowhere."""

import functools
import os
import re
import shutil
import subprocess

from . import cross, kbuild_tools, store
from .architectures import AMD64
from .kernels import COMPILED, SERIES
from .paths import BUILD, SOURCE, TESTS

# The module's BTF would need pahole and a vmlinux, and nothing here reads it; so a pahole of
# another version than the kernel was built with, or none, is no reason for a warning. Debug
# information is 25 times the module, which each guest reads through 9p.
MAKE = ["make", "-s", "-j2", "W=1", "CONFIG_DEBUG_INFO_BTF_MODULES=", "CONFIG_DEBUG_INFO=",
        "PAHOLE_VERSION=", "CONFIG_PAHOLE_VERSION="]


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
    """Returns pciio.ko for KERNEL; OPTIONS are for make, such as C=2, left out where it cannot
    work."""
    return _build(kernel, SOURCE / "kernel", "pciio", *options)


def _build(kernel, source, name, *options):
    return _make(kernel, source, *options) / f"{name}.ko"


@functools.cache
def _make(kernel, source, *options):
    """Once in the life of a process: kbuild takes seconds to find that there is nothing to do."""
    folder = BUILD / "module" / kernel.series
    with store.locked(folder):
        _copy(source, folder / source.name)
        _copy(SOURCE / "include" / "pciio", folder / "include" / "pciio")
        if not _knows_sparse(kernel):
            options = [option for option in options if not option.startswith("C=")]
        done = subprocess.run([*MAKE, *_compiler(kernel), *options, "-C", headers(kernel),
                               f"M={folder / source.name}", "modules"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env=cross.environment(kernel.architecture))
    said = [line for line in done.stdout.splitlines() if line and "BTF" not in line]
    if done.returncode or said:
        raise ModuleError("\n".join([f"{source.name} for {kernel.series}:", *said]))
    return folder / source.name


def _compiler(kernel):
    """The compiler of this machine, where the headers name the one of their release of Debian."""
    if kernel.tree:
        return []
    gcc = cross.gcc(kernel.architecture)
    options = [f"CC={gcc}"]
    if kernel.architecture.triplet:
        options.append(f"CROSS_COMPILE={kernel.architecture.triplet}-")
    if not _accepts(gcc, "-fmin-function-alignment=16"):
        # The headers were configured by a gcc that has it; kbuild knows how to do without.
        options.append("CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=")
    return options


def _knows_sparse(kernel):
    """Sparse does not know __typeof_unqual__, of which 7.x's headers are full."""
    return not kernel.release or int(kernel.release.partition(".")[0]) < 7


@functools.cache
def _accepts(gcc, option):
    done = subprocess.run([gcc, option, "-c", "-xc", os.devnull, "-o", os.devnull], check=False,
                          stderr=subprocess.DEVNULL)
    return done.returncode == 0


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
    series = (SERIES | COMPILED)[kernel.series]
    apt, release = series.find("linux-headers", kernel.release)
    host_apt = apt.beside(AMD64)
    host_apt.update()
    base = release.removesuffix(f"-{series.flavour}")
    apt.unpack(f"linux-headers-{release}", folder)
    apt.unpack(f"linux-headers-{base}-common", folder)
    # 6.1's tools are shared by all of its revisions, later ones have a package for each.
    shared = f"linux-kbuild-{'.'.join(base.split('.')[:2])}"
    own = f"linux-kbuild-{base}"
    host_apt.unpack(own if own in host_apt.names(own) else shared, folder)
    _patch_makefile(folder / "usr" / "src" / f"linux-headers-{release}" / "Makefile")
    kbuild_tools.make_them_run(folder, host_apt)


def _patch_makefile(makefile):
    """It names the folder that it is in, and its other half, by absolute paths."""
    text = makefile.read_text(encoding="ascii")
    text = re.sub(r"^include /usr/src/", "include ../", text, flags=re.M)
    text = re.sub(r"^KBUILD_OUTPUT=.*$", "KBUILD_OUTPUT=$(CURDIR)", text, flags=re.M)
    makefile.write_text(text, encoding="ascii")
