# SPDX-License-Identifier: BSD-2-Clause
"""The programs of a package linux-kbuild, where they need a newer C library than this machine has.

Only the C library is fetched with them, from the release of Debian that they were built for: all
else that they need is older.
"""

import os
import re

from .apt import AptError, SuiteRoot
from .architectures import AMD64

LOADER = "usr/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
# Beside the program, so that it still finds its own folder.
WRAPPER = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
root=$here/{root}
exec "$root/{loader}" --library-path "$root/{libraries}" "$here/{program}" "$@"
"""


def make_them_run(folder, apt):
    """Wraps those of FOLDER that need it. APT is the root that their package is from."""
    too_new = [path for path in folder.glob("usr/lib/linux-kbuild-*/**/*")
               if path.is_file() and not path.is_symlink() and _needs(path) > _here()]
    if not too_new:
        return
    if not isinstance(apt, SuiteRoot):
        raise AptError(f"{too_new[0].name} needs a newer C library than this machine has")
    # Backports are built for the release that their suite is named after.
    libraries = SuiteRoot(apt.suite.removesuffix("-backports"), AMD64)
    libraries.update()
    libraries.unpack("libc6", folder)
    for path in too_new:
        _wrap(path, folder)


def _needs(path):
    """The newest version of the C library that a program names, as a tuple."""
    content = path.read_bytes()
    if not content.startswith(b"\x7fELF"):
        return ()
    return max((_version(name.decode("ascii"))
                for name in re.findall(rb"\0GLIBC_([\d.]+)(?=\0)", content)), default=())


def _here():
    return _version(os.confstr("CS_GNU_LIBC_VERSION").partition(" ")[2])


def _version(text):
    return tuple(int(number) for number in text.split("."))


def _wrap(path, folder):
    program = path.rename(path.with_name(f"{path.name}.program"))
    root = os.path.relpath(folder, path.parent)
    path.write_text(WRAPPER.format(root=root, loader=LOADER, libraries=LIBRARIES,
                                   program=program.name), encoding="ascii")
    path.chmod(0o755)
