# SPDX-License-Identifier: BSD-2-Clause
"""Cross compilers under build/cross/, installed nowhere.

Debian's conflict with gcc-multilib, so that apt cannot install both.
"""

import os
import re
import subprocess

from . import store
from .apt import AptError, AptRoot
from .paths import BUILD


class CrossError(Exception):
    pass


def fetch(architecture, say=print):
    """Returns the folder of gcc and binutils for ARCHITECTURE."""
    folder = BUILD / "cross" / architecture.name
    try:
        store.once(folder, lambda partial: _download(architecture, partial, say))
    except (AptError, OSError, subprocess.CalledProcessError) as error:
        raise CrossError(f"no cross compiler for {architecture.name}: {error}") from error
    return folder / "bin"


def environment(architecture, say=print):
    """The environment of who calls them by their names."""
    if not architecture.triplet:
        return dict(os.environ)
    return os.environ | {"PATH": f"{fetch(architecture, say)}:{os.environ['PATH']}"}


def gcc(architecture, say=print):
    """The C compiler for ARCHITECTURE."""
    if not architecture.triplet:
        return "gcc"
    return str(fetch(architecture, say) / f"{architecture.triplet}-gcc")


def _packages(apt, architecture):
    gcc = re.compile(rf"gcc-(\d+)-{architecture.triplet}")
    found = [match for match in map(gcc.fullmatch, apt.names("gcc-")) if match]
    if not found:
        raise AptError(f"no package source of this machine has gcc for {architecture.triplet} "
                       "(Debian's main has it)")
    version = max(int(match[1]) for match in found)
    name, triplet = architecture.name, architecture.triplet
    return version, [
        f"gcc-{version}-{triplet}", f"cpp-{version}-{triplet}", f"binutils-{triplet}",
        f"libgcc-{version}-dev-{name}-cross", f"libgcc-s1-{name}-cross",
        f"libc6-{name}-cross", f"libc6-dev-{name}-cross", f"linux-libc-dev-{name}-cross",
    ]


# The programs look for their shared libraries where the package would be installed.
WRAPPER = """#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
LD_LIBRARY_PATH={libraries} exec "$here/usr/bin/${{0##*/}}" "$@"
"""


def _download(architecture, folder, say):
    apt = AptRoot()
    apt.update()
    version, wanted = _packages(apt, architecture)
    for package in wanted:
        say(f"downloading {package}")
        apt.unpack(package, folder)
    # Without the version in its name, as the package gcc-TRIPLET has it.
    gcc = f"{architecture.triplet}-gcc"
    (folder / "usr/bin" / gcc).symlink_to(f"{gcc}-{version}")
    # It names its parts by absolute paths; without them the linker looks beside it.
    script = folder / "usr" / architecture.triplet / "lib" / "libc.so"
    text = script.read_text(encoding="ascii")
    script.write_text(re.sub(rf"/usr/{architecture.triplet}/lib\d*/", "", text), encoding="ascii")
    _wrap(folder)


def _wrap(folder):
    """bin/PROGRAM for each usr/bin/PROGRAM."""
    libraries = {path.parent.relative_to(folder)
                 for path in (folder / "usr/lib").rglob("libopcodes*.so")}
    wrapper = folder / "bin" / "wrapper"
    wrapper.parent.mkdir()
    search = ":".join(f"$here/{library}" for library in sorted(libraries))
    wrapper.write_text(WRAPPER.format(libraries=search), encoding="ascii")
    wrapper.chmod(0o755)
    for program in (folder / "usr/bin").iterdir():
        (wrapper.parent / program.name).symlink_to(wrapper.name)
