# SPDX-License-Identifier: BSD-2-Clause
"""An accessor is one load or store instruction of its width, for each compiler and target."""

import os
import re
import shutil
from pathlib import Path

from disassembly import Access, accesses, functions, multiset
from compilers import INCLUDE, compiler, cross, scratch
from tap import Points

SOURCE = Path(__file__).with_name("accessors.c")
FLAGS = ("-std=c11", "-ffreestanding", "-Wall", "-Wextra", "-Werror", "-I", str(INCLUDE))
# gcc -Oz makes "and $0" of a plain volatile store of zero.
LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os", "-Oz")
HINT = ": run scripts/cross arm64"
ARM64_OBJDUMP = cross("aarch64-linux-gnu-objdump")
TARGETS = (
    (compiler("x86-64, gcc", "gcc", "-m64"), 64, "objdump"),
    (compiler("x86-64, clang", "clang", "-m64"), 64, "objdump"),
    (compiler("i386, gcc", "gcc", "-m32"), 32, "objdump"),
    (compiler("i386, clang", "clang", "-m32"), 32, "objdump"),
    (compiler("arm64, gcc", cross("aarch64-linux-gnu-gcc"), hint=HINT), 64, ARM64_OBJDUMP),
    (compiler("arm64, clang", "clang", "--target=aarch64-linux-gnu"), 64, ARM64_OBJDUMP),
)
WANTED = {
    "load": ["load"], "unused": ["load"], "store": ["store"], "zero": ["store"],
    "ones": ["store"], "modify": ["load", "store"],
}
# Without optimisation the accessors stay functions of their own.
WANTED_O0 = {"pcibar_read": ["load"], "pcibar_write": ["store"]}
LOOPS = ("fill", "to", "from", "wait")


def widths(bits):
    return [width for width in (8, 16, 32, 64) if width <= bits]


def wrong_accesses(found, wanted, bits, arm64):
    """A line for each function that does not access memory as it should."""
    for name, kinds in wanted.items():
        for width in widths(bits):
            function = f"{name}{width}"
            expected = [Access(kind, width // 8) for kind in kinds]
            got = accesses(found, function, arm64)
            if got != expected and got != allowed(name, width // 8):
                yield f"{function}: {got}\n  " + "\n  ".join(found.get(function, ["missing"]))


def allowed(name, width):
    return [Access("modify", width)] if name == "modify" else None


def compile_to(tool, folder, *flags):
    target = folder / "accessors.o"
    status, output = tool.run(*FLAGS, *flags, "-c", "-o", target, SOURCE)
    if status:
        raise RuntimeError(output)
    return target


def check_level(tap, tool, level, bits, objdump, folder):
    name = f"one access each: {tool.name} {level}"
    try:
        found = functions(objdump, compile_to(tool, folder, level))
    except RuntimeError as error:
        tap.check(False, name, error)
        return
    wanted = WANTED_O0 if level == "-O0" else WANTED
    wrong = list(wrong_accesses(found, wanted, bits, "aarch64" in objdump))
    tap.check(not wrong, name, "\n".join(wrong))


def check_loops(tap, tool, folder):
    """In a loop nothing is left of the accessor but the access."""
    found = functions("objdump", compile_to(tool, folder, "-O2"))
    for loop in LOOPS:
        for width in widths(64):
            raw, lib = (multiset(found[f"{kind}_{loop}{width}"]) for kind in ("raw", "lib"))
            details = f"only plain: {dict(raw - lib)}\nonly accessor: {dict(lib - raw)}"
            tap.check(raw == lib, f"as a plain volatile loop: {loop}{width}, {tool.name}", details)


def check_plain_forms(tap, tool, objdump, folder):
    """No post-indexed access in a loop either: a hypervisor cannot emulate one."""
    found = functions(objdump, compile_to(tool, folder, "-O2"))
    wrong = [f"{name}: {access}\n  " + "\n  ".join(found[name])
             for name in sorted(found) if re.match(r"lib_(fill|wait)", name)
             for access in accesses(found, name, True) if access.kind == "other"]
    tap.check(not wrong, f"plain forms in loops: {tool.name}", "\n".join(wrong))


def check_32_bits(tap, tool):
    """64-bit accessors are not declared where they would be two accesses."""
    for function in ("read64(addr)", "write64(addr, 0)"):
        text = f"#include <pcibar/mmio.h>\nvoid f(void *addr);\nvoid f(void *addr)\n{{\n" \
               f"\tpcibar_{function};\n}}\n"
        status, output = tool.run(*FLAGS, "-fsyntax-only", "-x", "c", "-", stdin=text)
        tap.check(status != 0 and "implicit" in output,
                  f"not declared: pcibar_{function}, {tool.name}", output or "it compiles")
    text = "#include <pcibar/mmio.h>\n#ifdef PCIBAR_HAVE_64\n#error defined\n#endif\n"
    status, output = tool.run(*FLAGS, "-fsyntax-only", "-x", "c", "-", stdin=text)
    tap.check(status == 0, f"not defined: PCIBAR_HAVE_64, {tool.name}", output)


def check_library(tap, library):
    """The symbols for other languages, and the bulk stores to write-combining maps."""
    found = functions("objdump", library)
    wrong = list(wrong_accesses(found, WANTED_O0, 64, False))
    tap.check(not wrong, "one access each: the library's symbols", "\n".join(wrong))
    code = [text for instructions in found.values() for text in instructions]
    for name, store in (("AVX", r"vmovnt(dq|ps|pd)\s+YMMWORD PTR"),
                        ("SSE2", r"movnt(dq|ps|pd)\s+XMMWORD PTR")):
        there = any(re.match(store, text) for text in code)
        tap.check(there, f"the library has non-temporal stores of {name}", f"no {store}")


def main():
    tap = Points()
    with scratch() as folder:
        for tool, bits, objdump in TARGETS:
            missing = tool.missing
            if not missing and not shutil.which(objdump):
                missing = f"{Path(objdump).name} is not installed{HINT}"
            if missing:
                tap.skip(f"one access each: {tool.name}", missing)
                continue
            for level in LEVELS:
                check_level(tap, tool, level, bits, objdump, folder)
            if bits == 32:
                check_32_bits(tap, tool)
            elif objdump == "objdump":
                check_loops(tap, tool, folder)
            else:
                check_plain_forms(tap, tool, objdump, folder)
    if os.uname().machine == "x86_64":
        check_library(tap, os.environ["PCIBAR_LIBRARY"])
    tap.done()


if __name__ == "__main__":
    main()
