# SPDX-License-Identifier: BSD-2-Clause
"""A private apt root: the system's package sources with our own lists.

An ordinary user can update and download in it, on a machine whose own lists are stale or absent,
and the system's apt is never touched.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from .architectures import AMD64
from .paths import BUILD

SYSTEM = Path("/etc/apt")


class AptError(Exception):
    pass


class AptRoot:
    """Each architecture has one of its own: a source with one bad list is dropped as a whole."""

    updated = set()
    # What apt-get update said where it failed.
    failures = {}

    def __init__(self, architecture=AMD64):
        self.architecture = architecture.name
        self.directory = BUILD / "apt" / architecture.name
        self.status = self.directory / "status"

    def beside(self, architecture):
        """The same sources for another architecture."""
        return AptRoot(architecture)

    @property
    def failure(self):
        """Why some lists may be missing, or an empty string."""
        return self.failures.get(self.directory, "")

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
        except AptError as error:
            # One bad source among several is common; a name that is missing is reported later.
            self.failures[self.directory] = str(error)

    def names(self, prefix):
        return self._run("apt-cache", "pkgnames", prefix).split()

    def archives(self, keyring):
        """Debian's archives among the sources, each as a line of sources.list(5)."""
        line = f"deb [signed-by={keyring}] $(REPO_URI) $(RELEASE) $(COMPONENT)"
        return [archive for origin in ("Debian", "Debian Backports")
                for archive in self._run("apt-get", "indextargets", "--format", line,
                                         "Created-By: Packages",
                                         f"Origin: {origin}").splitlines()]

    def release(self):
        """(address, suite) of Debian's main archive among the sources."""
        found = self._run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)",
                          "Created-By: Packages", "Origin: Debian", "Label: Debian",
                          "Component: main").splitlines()
        if not found:
            raise AptError("this machine has no package source of Debian")
        address, suite = found[0].split()
        return address, suite

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


class SuiteRoot(AptRoot):
    """Another suite of Debian, from where the system gets its own and checked by the same keys."""

    def __init__(self, suite, architecture=AMD64):
        super().__init__(architecture)
        self.suite = suite
        self.system = AptRoot(architecture)
        self.directory = BUILD / "apt" / f"{architecture.name}-{suite}"
        self.status = self.directory / "status"

    def beside(self, architecture):
        return SuiteRoot(self.suite, architecture)

    def update(self):
        if self.directory in self.updated:
            return
        self.system.update()
        parts = self.directory / "sources.list.d"
        parts.mkdir(parents=True, exist_ok=True)
        for old in parts.iterdir():
            old.unlink()
        entry, suffix = source_entry(*self.system.release())
        (parts / f"suite{suffix}").write_text(_for_suite(entry, suffix, self.suite),
                                              encoding="utf-8")
        super().update()

    def _options(self):
        return super()._options() | {"Dir::Etc::sourcelist": "/dev/null",
                                     "Dir::Etc::sourceparts": self.directory / "sources.list.d"}


def system_sources():
    """The files that name the system's package sources."""
    paths = [SYSTEM / "sources.list", *sorted((SYSTEM / "sources.list.d").glob("*"))]
    return [path for path in paths if path.suffix in (".list", ".sources") and path.exists()]


def source_entry(address, suite):
    """The system's entry for SUITE at ADDRESS, and the suffix of the format that it is in.

    Its options are kept with it: the keyring above all.
    """
    for path in system_sources():
        text = path.read_text(encoding="utf-8")
        for entry in re.split(r"\n\s*\n" if path.suffix == ".sources" else r"\n", text):
            words = {word.rstrip("/") for line in entry.splitlines()
                     for word in line.partition("#")[0].split()}
            if {"deb", address.rstrip("/"), suite} <= words:
                return entry, path.suffix
    raise AptError(f"no package source of this machine names {suite} at {address}")


def _for_suite(entry, suffix, suite):
    """ENTRY with SUITE in place of its own, for binary packages of main."""
    if suffix == ".list":
        return re.sub(r"^(deb\s+(?:\[[^]]*\]\s+)?\S+)\s.*$", rf"\1 {suite} main\n", entry,
                      flags=re.S)
    for name, value in {"Types": "deb", "Suites": suite, "Components": "main"}.items():
        entry = re.sub(rf"^{name}:.*(\n[ \t].*)*$", f"{name}: {value}", entry, flags=re.M)
    return f"{entry}\n"


def link_usr(directory):
    """Adds the links to /usr that Debian's packages rely on: lib, bin, lib64."""
    for name in ("bin", "lib", "lib64"):
        link, target = directory / name, directory / "usr" / name
        if target.is_dir() and not link.exists():
            link.symlink_to(target.relative_to(directory))
