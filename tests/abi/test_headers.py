# SPDX-License-Identifier: BSD-2-Clause
"""Each public header compiles alone, as C and as C++17, and mmio.h on every architecture."""

from itertools import product

from compilers import INCLUDE, compiler, with_libc
from tap import Points

WARNINGS = ("-Werror", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-align")
PEDANTIC = "-pedantic-errors"
C11 = ("-x", "c", "-std=c11", "-Wstrict-prototypes", "-Wmissing-prototypes", PEDANTIC,
       *WARNINGS)
CPP17 = ("-x", "c++", "-std=c++17", PEDANTIC, *WARNINGS)
COMPILERS = (
    compiler("gcc, C11", "gcc", *C11),
    compiler("clang, C11", "clang", *C11),
    compiler("g++, C++17", "g++", *CPP17),
    compiler("clang++, C++17", "clang++", *CPP17),
)
# FreeBSD's headers, in the ways that programs which include them are compiled.
PORTED = tuple(
    with_libc(compiler(f"{program}, {standard}, {bits} bits", program, "-x", language,
                       f"-std={standard}", f"-m{bits}", *pedantic, *WARNINGS))
    for language, programs, standards, pedantic in (
        ("c", ("gcc", "clang"), ("c99", "c11", "c17", "gnu17"), (PEDANTIC,)),
        # FreeBSD's struct pci_vpd_element ends with an array that ISO C++ does not have.
        ("c++", ("g++", "clang++"), ("c++17",), ()))
    for program in programs for standard in standards for bits in (64, 32))
# Without it and with it: the two layouts of struct pci_conf.
LAYOUTS = ("", "#define __FreeBSD_version 1500064\n")
# Both byte orders and word sizes; the header must need no C library.
TARGETS = ("x86_64-linux-gnu", "i386-linux-gnu", "aarch64-linux-gnu", "aarch64_be-linux-gnu",
           "arm-linux-gnueabihf", "mips64el-linux-gnuabi64", "powerpc64-linux-gnu",
           "powerpc64le-linux-gnu", "riscv64-linux-gnu", "s390x-linux-gnu")


def main():
    tap = Points()
    for header in sorted((INCLUDE / "pcibar").glob("*.h")):
        # Twice: the guard must hold.
        text = 2 * f"#include <pcibar/{header.name}>\n"
        for tool in COMPILERS:
            name = f"{header.name} alone, {tool.name}"
            if tool.missing:
                tap.skip(name, tool.missing)
                continue
            status, output = tool.run("-I", INCLUDE, "-fsyntax-only", "-", stdin=text)
            tap.check(status == 0, name, output)
    ported(tap)
    freestanding(tap)
    tap.done()


def ported(tap):
    headers = sorted(path.relative_to(INCLUDE / "pciio")
                     for path in (INCLUDE / "pciio").rglob("*.h"))
    for tool in PORTED:
        name = f"the headers of /dev/pci alone, {tool.name}"
        if tool.missing:
            tap.skip(name, tool.missing)
            continue
        for header, layout in product(headers, LAYOUTS):
            # ISO C forbids an empty file.
            text = f"{layout}{2 * f'#include <{header}>{chr(10)}'}extern int something;\n"
            status, output = tool.run("-I", INCLUDE / "pciio", "-fsyntax-only", "-", stdin=text)
            if status:
                break
        tap.check(status == 0, name, f"<{header}> with {layout!r}:\n{output}")


def freestanding(tap):
    for target in TARGETS:
        tool = compiler(target, "clang", f"--target={target}", *C11, "-ffreestanding",
                        "-nostdlibinc", "-DPCIBAR_INLINE=extern inline", "-O2", "-S",
                        "-Wno-missing-prototypes")
        name = f"mmio.h freestanding on {target}"
        if tool.missing:
            tap.skip(name, tool.missing)
            continue
        status, output = tool.run("-I", INCLUDE, "-o", "/dev/null", "-",
                                  stdin="#include <pcibar/mmio.h>\n")
        tap.check(status == 0, name, output)


if __name__ == "__main__":
    main()
