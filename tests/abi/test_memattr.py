# SPDX-License-Identifier: BSD-2-Clause
"""The attributes of <machine/vm.h> are those that the module knows, on every architecture."""

import re

from compilers import INCLUDE, ROOT, compiler
from tap import Points

# What clang calls it, and what the kernel's configuration does.
TARGETS = (
    ("x86_64-linux-gnu", "CONFIG_X86"),
    ("i386-linux-gnu", "CONFIG_X86"),
    ("aarch64-linux-gnu", "CONFIG_ARM64"),
    ("arm-linux-gnueabihf", "CONFIG_ARM"),
    ("powerpc64le-linux-gnu", "CONFIG_PPC"),
    ("riscv64-linux-gnu", "CONFIG_RISCV"),
    ("s390x-linux-gnu", "CONFIG_S390"),
)
PROBE = """#include <vm/vm.h>
%s
device VM_MEMATTR_DEVICE
combining VM_MEMATTR_WRITE_COMBINING
uncacheable VM_MEMATTR_UNCACHEABLE
"""


def module_table():
    """The module's table of attributes, with the choice between architectures still in it."""
    text = (ROOT / "kernel" / "pciio_attr.c").read_text(encoding="utf-8")
    return re.search(r"static const unsigned char table\[\] = \{\n(.*?)^\};", text,
                     re.DOTALL | re.MULTILINE)[1]


def main():
    tap = Points()
    probe = PROBE % module_table()
    for target, config in TARGETS:
        tool = compiler(target, "clang", f"--target={target}", f"-D{config}", "-nostdinc", "-I",
                        str(INCLUDE / "pciio"), "-E", "-P", "-")
        name = f"attributes on {target}"
        if tool.missing:
            tap.skip(name, tool.missing)
            continue
        status, output = tool.run(stdin=probe)
        known = dict(re.findall(r"\[(\d+)\] = (\w+)", output))
        named = {name: str(int(number, 0)) for name, number
                 in re.findall(r"^(\w+) (\d\w*)$", output, re.MULTILINE)}
        tap.check(status == 0 and known.get(named.get("device")) == "AS_UC",
                  f"{name}: DEVICE is uncached", output)
        tap.check(known.get(named.get("uncacheable")) in ("AS_UC", "AS_WC"),
                  f"{name}: UNCACHEABLE is not refused", output)
        if "AS_WC" in known.values():
            tap.check(known.get(named.get("combining")) == "AS_WC",
                      f"{name}: WRITE_COMBINING is", output)
        else:
            tap.check("combining" not in named, f"{name}: there is no WRITE_COMBINING", output)
    tap.done()


if __name__ == "__main__":
    main()
