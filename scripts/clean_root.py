# SPDX-License-Identifier: BSD-2-Clause
"""Roots of the system's release of Debian that hold nothing but what is asked for.

mmdebstrap makes a tarball of each, once; a test unpacks it and has it for itself. It takes root,
or a user namespace and subordinate ids.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "vm"))

from harness import kernels, store  # noqa: E402
from harness.apt import AptRoot  # noqa: E402
from harness.paths import BUILD  # noqa: E402

FOLDER = BUILD / "packages"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# A root of many packages, on a slow disk
BOUND = 1800
# What is mounted is gone with the last process.
NAMESPACES = {"root": ("unshare", "--mount", "--pid", "--fork", "--kill-child"),
              "unshare": ("mmdebstrap", "--unshare-helper")}
ENTER = """
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
	DEBIAN_FRONTEND=noninteractive "$@"
"""
# Of dpkg and apt themselves; caches, which belong to all packages.
BOOKKEEPING = ("/var/lib/dpkg/", "/var/cache/", "/var/log/", "/tmp/", "/proc/", "/dev/")


class RootError(Exception):
    pass


def mode():
    """How this user can make a root and enter it; RootError says why it is not possible."""
    name = "root" if os.geteuid() == 0 else "unshare"
    with tempfile.TemporaryDirectory() as folder:
        done = _run([*NAMESPACES[name], "mount", "-t", "proc", "proc", folder])
    if done.returncode:
        raise RootError(f"no root can be entered here: {done.stdout.strip()}")
    return name


def own_release(series):
    """The newest release of SERIES that the system's own package sources have headers of."""
    return kernels.SERIES[series].find("linux-headers", suites=False)[1]


def own_series():
    """Those that guests on amd64 run and that the system's own package sources have."""
    found = []
    for name in kernels.ON_AMD64:
        with contextlib.suppress(kernels.NoKernel):
            own_release(name)
            found.append(name)
    return tuple(found)


def tarball(packages, series=()):
    """The root with PACKAGES and the headers of the newest kernels of SERIES, which have to be in
    the system's own package sources."""
    key = hashlib.sha256(" ".join([*packages, *series]).encode()).hexdigest()[:12]

    def fill(folder):
        apt = AptRoot()
        apt.update()
        headers = [f"linux-headers-{own_release(name)}" for name in series]
        # The root is thrown away: what a power failure does to it is no matter. The headers of
        # some kernels depend on the kernel, whose initramfs is never booted here.
        done = _run(["env", "INITRD=No", "mmdebstrap", f"--mode={mode()}", "--variant=minbase",
                     "--dpkgopt=force-unsafe-io", f"--include={','.join([*packages, *headers])}",
                     "", folder / "root.tar", *apt.archives(KEYRING)])
        if done.returncode:
            raise RootError(f"mmdebstrap failed: {done.stdout}")

    return store.once(FOLDER / key, fill) / "root.tar"


@contextlib.contextmanager
def unpacked(archive):
    """A root of one's own, removed at the end."""
    name = mode()
    namespace = NAMESPACES[name]
    # In a user namespace root may not read a home directory.
    folder = Path(tempfile.mkdtemp(prefix="pcibar-", dir=FOLDER if name == "root" else None))
    folder.chmod(0o777)
    inner = folder / "root"
    try:
        with open(archive, "rb") as stream:
            done = _run([*namespace, "sh", "-ec",
                         'mkdir "$0" && tar -x -C "$0" --exclude="./dev/*"', inner], stdin=stream)
        if done.returncode:
            raise RootError(f"the root cannot be unpacked: {done.stdout}")
        yield Root(namespace, inner)
    finally:
        _run([*namespace, "rm", "-rf", inner])
        shutil.rmtree(folder)


class Root:
    def __init__(self, namespace, folder):
        self._namespace = namespace
        self._folder = folder

    def run(self, *command, stdin=subprocess.DEVNULL):
        """Status and all output of a command in the root."""
        done = _run([*self._namespace, "sh", "-ec", ENTER, self._folder, *command], stdin)
        return done.returncode, done.stdout

    def copy(self, folder, target):
        """The files of FOLDER to TARGET in the root, owned by root."""
        with subprocess.Popen(["tar", "-c", "-S", "-C", folder, "."],
                              stdout=subprocess.PIPE) as packed:
            status, output = self.run(
                "sh", "-ec", 'mkdir -p "$0" && tar -x -S --no-same-owner -C "$0"', target,
                stdin=packed.stdout)
        if status or packed.returncode:
            raise RootError(output)

    def files(self):
        """What there is: kind, mode, owner, path and where links point to."""
        status, output = self.run("find", "/", "-xdev", "-printf", "%y %m %U:%G %p %l\\n")
        if status:
            raise RootError(output)
        return {line for line in output.splitlines()
                if not f"{line.split()[3]}/".startswith(BOOKKEEPING)}


def _run(command, stdin=subprocess.DEVNULL):
    return subprocess.run([str(word) for word in command], stdin=stdin, text=True,
                          errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=BOUND, check=False)
