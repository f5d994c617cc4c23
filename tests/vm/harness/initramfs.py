# SPDX-License-Identifier: BSD-2-Clause
"""The guest's root file system: busybox, a libc for the programs under test, and the agent.

The archive stays uncompressed: unpacking costs more under TCG than reading the bytes.
"""

import stat
from pathlib import Path

from . import userland
from .architectures import AMD64
from .paths import TESTS

PCI_IDS = Path("/usr/share/misc/pci.ids")
FOLDERS = ("dev", "etc/modules.d", "host", "proc", "root", "run", "sys", "tmp")
PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"
GROUP = "root:x:0:\nnogroup:x:65534:\n"
# To reach the host's folder; all else is loaded by the scenario that wants it.
BOOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p")


class Cpio:
    """Writes the "newc" format, the one that the kernel unpacks."""

    def __init__(self):
        self.parts = []
        self.entries = 0
        self.folders = {""}

    def folder(self, name):
        """Makes a folder with those above it, unless it is there."""
        if name not in self.folders:
            self._entry(name, stat.S_IFDIR | 0o755)
            self.folders.add(name)

    def file(self, name, content, mode=0o644):
        self._entry(name, stat.S_IFREG | mode, content)

    def link(self, name, target):
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name, major, minor):
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def tree(self, directory):
        """Lays what is in DIRECTORY over the root; static libraries are of no use there."""
        for path in sorted(directory.rglob("*")):
            name = str(path.relative_to(directory))
            if path.is_symlink():
                self.link(name, str(path.readlink()))
            elif path.is_dir():
                self.folder(name)
            elif path.suffix != ".a":
                self.file(name, path.read_bytes(), stat.S_IMODE(path.stat().st_mode))

    def image(self):
        self._entry("TRAILER!!!", 0)
        return b"".join(self.parts)

    def _entry(self, name, mode, content=b"", device=(0, 0)):
        self.folder(name.rpartition("/")[0])
        self.entries += 1
        path = name.encode() + b"\0"
        # inode, mode, uid, gid, links, mtime, size, device of the file, of the node, name, check
        fields = (self.entries, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(path), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self.parts += [_padded(header + path), _padded(content)]


def _padded(data):
    return data + bytes(-len(data) % 4)


def build(modules, trees=(), architecture=AMD64):
    """The archive's bytes. TREES are folders with programs, laid over the guest's root."""
    cpio = Cpio()
    for name in FOLDERS:
        cpio.folder(name)
    cpio.character_device("dev/console", 5, 1)
    for name, path in userland.files(architecture).items():
        cpio.file(name, path.read_bytes(), 0o755)
    cpio.link("bin/sh", "busybox")
    cpio.link("agent-port", f"/dev/{architecture.platform.agent}")
    cpio.file(str(PCI_IDS)[1:], PCI_IDS.read_bytes())
    cpio.file("etc/passwd", PASSWD.encode())
    cpio.file("etc/group", GROUP.encode())
    for script in ("init", "agent", "job"):
        cpio.file(script, (TESTS / "guest" / script).read_bytes(), 0o755)
    for number, content in enumerate(modules.closure(BOOT_MODULES).values()):
        cpio.file(f"etc/modules.d/{number:02}.ko", content)
    for tree in trees:
        cpio.tree(tree)
    return cpio.image()
