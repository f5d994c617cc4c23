# SPDX-License-Identifier: BSD-2-Clause
"""Roots of a release of Debian, the system's own or another, that hold only what is asked for.

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
from harness.apt import AptError, AptRoot, SuiteRoot  # noqa: E402
from harness.paths import BUILD  # noqa: E402

FOLDER = BUILD / "packages"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# For a root of many packages, and for all tests in it, on a slow machine
BOUND = 3600
# What is mounted is gone with the last process.
NAMESPACES = {"root": ("unshare", "--mount", "--pid", "--fork", "--kill-child"),
              "unshare": ("mmdebstrap", "--unshare-helper")}
ENTER = """
mount -t proc proc "$0/proc"
for folder in $1; do
	mount --rbind "/$folder" "$0/$folder"
done
shift
exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
	DEBIAN_FRONTEND=noninteractive "$@"
"""
# Of dpkg and apt themselves; caches, which belong to all packages.
BOOKKEEPING = ("/var/lib/dpkg/", "/var/cache/", "/var/log/", "/tmp/", "/proc/", "/dev/")


class RootError(Exception):
    pass


class NoRoot(RootError):
    """There can be no such root here: a reason to skip what needs it."""


def mode():
    """How this user can make a root and enter it; NoRoot says why it is not possible."""
    name = "root" if os.geteuid() == 0 else "unshare"
    with tempfile.TemporaryDirectory() as folder:
        done = _run([*NAMESPACES[name], "mount", "-t", "proc", "proc", folder])
    if done.returncode:
        raise NoRoot(f"no root can be entered here: {done.stdout.strip()}")
    return name


def sources(suites=()):
    """The apt roots of SUITES of Debian, or the one of the system's own package sources."""
    return tuple(map(SuiteRoot, suites)) or (AptRoot(),)


def headers(apts):
    """{series: the newest package of headers} of the series that guests on amd64 run and that
    APTS have."""
    found = {}
    for name in kernels.ON_AMD64:
        with contextlib.suppress(kernels.NoKernel):
            _, release = kernels.SERIES[name].find("linux-headers", apts=apts)
            found[name] = f"linux-headers-{release}"
    return found


def tarball(packages, apts):
    """The root with PACKAGES from APTS."""
    names = ",".join(packages)
    archives = [line for apt in apts for line in _archives(apt)]
    key = hashlib.sha256("\n".join([names, *archives]).encode()).hexdigest()[:12]

    def fill(folder):
        # The root is thrown away: what a power failure does to it is no matter. The headers of
        # some kernels depend on the kernel, whose initramfs is never booted here.
        done = _run(["env", "INITRD=No", "mmdebstrap", f"--mode={mode()}", "--variant=minbase",
                     "--dpkgopt=force-unsafe-io", f"--include={names}", "", folder / "root.tar",
                     *archives])
        if done.returncode:
            raise RootError(f"mmdebstrap failed: {done.stdout}")

    return store.once(FOLDER / key, fill) / "root.tar"


def _archives(apt):
    try:
        apt.update()
        found = apt.archives(KEYRING)
    except AptError as error:
        raise NoRoot(error) from error
    if not found:
        raise NoRoot(f"no archive of Debian: {apt.failure or 'none is among the sources'}")
    return found


@contextlib.contextmanager
def unpacked(archive, shared="dev"):
    """A root of one's own, removed at the end; SHARED are the system's folders that it has."""
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
        yield Root(namespace, inner, shared)
    finally:
        _run([*namespace, "rm", "-rf", inner])
        shutil.rmtree(folder)


class Root:
    def __init__(self, namespace, folder, shared):
        self._namespace = namespace
        self._folder = folder
        self._shared = shared

    def run(self, *command, stdin=subprocess.DEVNULL):
        """Status and all output of a command in the root."""
        done = _run([*self._namespace, "sh", "-ec", ENTER, self._folder, self._shared,
                     *command], stdin)
        return done.returncode, done.stdout

    def copy(self, folder, target, names=(".",)):
        """The files of FOLDER, or those with NAMES, to TARGET in the root, owned by root."""
        with subprocess.Popen(["tar", "-c", "-S", "-C", folder, *names],
                              stdout=subprocess.PIPE) as packed:
            status, output = self.run(
                "sh", "-ec", 'mkdir -p "$0" && tar -x -S --no-same-owner -C "$0"', target,
                stdin=packed.stdout)
        if status or packed.returncode:
            raise RootError(output)

    def copy_out(self, source, folder):
        """The files of the folder SOURCE in the root to FOLDER, which is replaced."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with subprocess.Popen([*self._namespace, "tar", "-c", "-C", f"{self._folder}{source}", "."],
                              stdout=subprocess.PIPE) as packed:
            unpacked_well = _run(["tar", "-x", "-C", folder], packed.stdout)
        if unpacked_well.returncode or packed.returncode:
            raise RootError(f"{source} cannot be copied: {unpacked_well.stdout}")

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
