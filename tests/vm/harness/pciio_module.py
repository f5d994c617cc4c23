# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module, built for a Debian kernel with its headers, which are installed nowhere."""

import fcntl
import os
import re
import shutil
import subprocess

from .apt import AptRoot
from .paths import BUILD, SOURCE, TESTS

# The module's BTF would need pahole and a vmlinux, and nothing here reads it.
MAKE = ["make", "-s", "W=1", "CONFIG_DEBUG_INFO_BTF_MODULES="]


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
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _copy(source, folder / source.name)
        _copy(SOURCE / "include" / "pciio", folder / "include" / "pciio")
        done = subprocess.run([*MAKE, *options, "-C", headers(kernel),
                               f"M={folder / source.name}", "modules"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = [line for line in done.stdout.splitlines() if line and "BTF" not in line]
    if done.returncode or said:
        raise ModuleError("\n".join([f"{name}.ko for {kernel.release}:", *said]))
    return folder / source.name / f"{name}.ko"


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
    """The folder of KERNEL's headers, downloaded and unpacked when it is not there yet."""
    store = BUILD / "headers"
    store.mkdir(parents=True, exist_ok=True)
    with open(store / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (store / kernel.series).exists():
            _download(kernel, store)
    return store / kernel.series / "usr" / "src" / f"linux-headers-{kernel.release}"


def _download(kernel, store):
    partial = store / f".{kernel.series}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    apt = AptRoot(BUILD / "apt")
    apt.update()
    base = kernel.release.removesuffix("-amd64")
    # 6.1's tools are shared by all of its revisions, 6.12 has a package for each.
    tools = f"linux-kbuild-{base}" if "deb" in base else f"linux-kbuild-{kernel.series}"
    for package in (f"linux-headers-{kernel.release}", f"linux-headers-{base}-common", tools):
        deb = apt.download(package, partial)
        subprocess.run(["dpkg-deb", "-x", deb, partial], check=True)
        deb.unlink()
    _relocate(partial / "usr" / "src" / f"linux-headers-{kernel.release}" / "Makefile",
              store / kernel.series)
    os.rename(partial, store / kernel.series)


def _relocate(makefile, root):
    """The package's Makefile names its other half by an absolute path."""
    text = makefile.read_text(encoding="ascii")
    makefile.write_text(re.sub(r"^include /usr/src/", f"include {root}/usr/src/", text, flags=re.M),
                        encoding="ascii")
