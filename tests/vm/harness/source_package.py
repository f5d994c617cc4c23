# SPDX-License-Identifier: BSD-2-Clause
"""Debian's source packages, unpacked under build/, from the archives of the system's packages."""

import re

from . import store
from .apt import AptRoot, system_sources
from .paths import BUILD


class SourceRoot(AptRoot):
    """An apt root that asks each archive of the system for source packages."""

    def __init__(self):
        super().__init__()
        self.directory = BUILD / "apt" / "source"
        self.status = self.directory / "status"

    def update(self):
        parts = self.directory / "sources.list.d"
        parts.mkdir(parents=True, exist_ok=True)
        for old in parts.iterdir():
            old.unlink()
        for path in system_sources():
            (parts / path.name).write_text(_for_sources(path), encoding="utf-8")
        super().update()

    def source(self, package, directory):
        """Unpacks PACKAGE, with Debian's patches, and returns its folder."""
        self._run("apt-get", "source", package, cwd=directory)
        (folder,) = (path for path in directory.glob(f"{package}-*") if path.is_dir())
        return folder

    def _options(self):
        return super()._options() | {"Dir::Etc::sourcelist": "/dev/null",
                                     "Dir::Etc::sourceparts": self.directory / "sources.list.d"}


def _for_sources(path):
    """Both formats: "deb ..." on one line, and paragraphs with "Types: deb"."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"^(Types:\s+)?deb(-src)?(?=\s)", r"\1deb-src", text, flags=re.M)


def unpack(package):
    """The folder of PACKAGE, downloaded when it is not there yet."""
    def fill(folder):
        apt = SourceRoot()
        apt.update()
        apt.source(package, folder)

    root = store.once(BUILD / "source" / package, fill)
    (folder,) = (path for path in root.glob(f"{package}-*") if path.is_dir())
    return folder
