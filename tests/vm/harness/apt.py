# SPDX-License-Identifier: BSD-2-Clause
"""A private apt root: the system's package sources with our own lists.

An ordinary user can update and download in it, on a machine whose own lists are stale or absent,
and the system's apt is never touched.
"""

import subprocess
import tempfile
from pathlib import Path

from .architectures import AMD64
from .paths import BUILD


class AptError(Exception):
    pass


class AptRoot:
    """Each architecture has one of its own: a source with one bad list is dropped as a whole."""

    updated = set()

    def __init__(self, architecture=AMD64):
        self.architecture = architecture.name
        self.directory = BUILD / "apt" / architecture.name
        self.status = self.directory / "status"

    def update(self):
        """Once in the life of a process is enough."""
        if self.directory in self.updated:
            return
        self.updated.add(self.directory)
        for name in ("lists/partial", "archives/partial"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        # What is installed on this machine has no say in what is found.
        self.status.touch()
        try:
            self._run("apt-get", "update")
        except AptError:
            # One bad source among several is common; a name that is missing is reported later.
            pass

    def names(self, prefix):
        return self._run("apt-cache", "pkgnames", prefix).split()

    def archives(self, keyring):
        """Debian's archives among the sources, each as a line of sources.list(5)."""
        line = f"deb [signed-by={keyring}] $(REPO_URI) $(RELEASE) $(COMPONENT)"
        return self._run("apt-get", "indextargets", "--format", line, "Created-By: Packages",
                         "Origin: Debian").splitlines()

    def unpack(self, package, directory):
        """Fetches PACKAGE, checked against the signed lists, and unpacks it into DIRECTORY."""
        with tempfile.TemporaryDirectory(dir=directory, prefix=".deb") as folder:
            self._run("apt-get", "download", package, cwd=folder)
            (deb,) = Path(folder).glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", deb, directory], check=True)

    def _options(self):
        return {
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "Dir::State": self.directory,
            "Dir::State::lists": self.directory / "lists",
            "Dir::State::status": self.status,
            "Dir::Cache": self.directory,
            "APT::Sandbox::User": "root",  # _apt may not enter our folder
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }

    def _run(self, tool, *arguments, cwd=None):
        command = [tool, "-q"]
        for name, value in self._options().items():
            command += ["-o", f"{name}={value}"]
        done = subprocess.run([*command, *arguments], cwd=cwd, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise AptError(f"{tool} {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout
