# SPDX-License-Identifier: BSD-2-Clause
"""What compilers make of lib/copy.c: no access of a device by memcpy() or a string instruction.

Width 0 is for uncached maps too, on which the CPU turns "rep movs" into single bytes, and memcpy()
may be made of it. Neither may a compiler put one in the place of the library's own loops.
"""

import os
import re

from compilers import ROOT, compiler, scratch
from disassembly import functions
from tap import Points

FLAGS = ("-std=gnu11", "-fPIC", "-D_GNU_SOURCE", "-I", ROOT / "include", "-I",
         ROOT / "include/pciio", "-I", ROOT / "lib")
# What copies call is linked in, so that there is something to inline across files.
SOURCES = [ROOT / "lib" / name for name in ("access.c", "config.c", "copy.c")]
LEVELS = (("-O1",), ("-O2",), ("-O3",), ("-Os",), ("-Oz",), ("-O3", "-flto"), ("-Os", "-flto"))
WRONG = re.compile(r"\brep[a-z]*\b|\b(movs|stos)[bwdq]?\b(?!.*xmm)"
                   r"|<mem(cpy|move|set|pcpy)\b|<__mem\w+")
WANTED = ("pcibar_map_copy_from", "pcibar_map_copy_to")


def check_level(tap, tool, level, folder):
    name = f"no memcpy() and no string instructions: {tool.name} {' '.join(level)}"
    target = folder / "copy.so"
    status, output = tool.run(*FLAGS, *level, "-shared", "-o", target, *SOURCES)
    if status and "-flto" in level and re.search("plugin|LLVMgold|lto", output):
        tap.skip(name, "the linker has no plugin for link-time optimisation")
        return
    if status:
        tap.check(False, name, output)
        return
    found = functions("objdump", target)
    missing = [function for function in WANTED if function not in found]
    wrong = [f"{function}: {text}" for function, code in found.items() for text in code
             if WRONG.search(text)]
    tap.check(not missing and not wrong, name, "\n".join(wrong + missing))


def main():
    tap = Points()
    if os.uname().machine != "x86_64":
        tap.skip("no string instructions", "written for x86-64")
    else:
        for tool in (compiler("gcc", "gcc", "-m64"), compiler("clang", "clang", "-m64")):
            for level in LEVELS:
                if tool.missing:
                    tap.skip(f"{tool.name} {' '.join(level)}", tool.missing)
                    continue
                with scratch() as folder:
                    check_level(tap, tool, level, folder)
    tap.done()


if __name__ == "__main__":
    main()
