# SPDX-License-Identifier: BSD-2-Clause
"""Kernel modules with what they depend on, in the order in which they must be loaded."""

import lzma
import re


class Modules:
    """The modules of one kernel package.

    The package has no modules.dep (depmod runs when it is installed), so dependencies come from
    the modules themselves: their .modinfo section holds `depends=a,b`.
    """

    def __init__(self, kernel):
        self.files = {}
        for path in kernel.modules.glob("kernel/**/*.ko*"):
            self.files[_name(path.name)] = path
        builtin = (kernel.modules / "modules.builtin").read_text(encoding="ascii")
        self.builtin = {_name(line.rpartition("/")[2]) for line in builtin.split()}

    def closure(self, names):
        """{name: content} of NAMES and their dependencies, dependencies first."""
        ordered = {}
        for name in names:
            self._add(_name(name), ordered)
        return ordered

    def _add(self, name, ordered):
        if name in ordered or name in self.builtin:
            return
        if name not in self.files:
            raise KeyError(f"this kernel has no module {name}")
        content = _content(self.files[name])
        for needed in _depends(content):
            self._add(_name(needed), ordered)
        ordered[name] = content


def _name(file_name):
    return file_name.partition(".ko")[0].replace("-", "_")


def _content(path):
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


def _depends(content):
    match = re.search(rb"\0depends=([^\0]*)\0", content)
    return match[1].decode("ascii").split(",") if match and match[1] else []
