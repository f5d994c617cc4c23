# SPDX-License-Identifier: BSD-2-Clause
"""Each public header compiles alone, as C11 and as C++17, and mmio.h on every architecture."""

from compilers import INCLUDE, compiler
from tap import Points

WARNINGS = ("-Werror", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-align",
            "-pedantic-errors")
C11 = ("-x", "c", "-std=c11", "-Wstrict-prototypes", "-Wmissing-prototypes", *WARNINGS)
CPP17 = ("-x", "c++", "-std=c++17", *WARNINGS)
COMPILERS = (
    compiler("gcc, C11", "gcc", *C11),
    compiler("clang, C11", "clang", *C11),
    compiler("g++, C++17", "g++", *CPP17),
    compiler("clang++, C++17", "clang++", *CPP17),
)
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
    freestanding(tap)
    tap.done()


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
