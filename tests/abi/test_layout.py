# SPDX-License-Identifier: BSD-2-Clause
"""Sizes and offsets of the public structs, for 64-bit and 32-bit programs."""

from pathlib import Path

from compilers import INCLUDE, compiler, cross
from tap import Points

FLAGS = ("-std=c11", "-ffreestanding", "-fsyntax-only", "-Werror", "-I", str(INCLUDE))
TARGETS = (
    compiler("x86-64, gcc", "gcc", "-m64"),
    compiler("x86-64, clang", "clang", "-m64"),
    compiler("i386, gcc", "gcc", "-m32"),
    compiler("i386, clang", "clang", "-m32"),
    compiler("arm64, gcc", cross("aarch64-linux-gnu-gcc"), hint=": run scripts/cross arm64"),
    compiler("arm64, clang", "clang", "--target=aarch64-linux-gnu"),
)


def main():
    tap = Points()
    source = Path(__file__).with_name("layout.c")
    for tool in TARGETS:
        name = f"sizes and offsets on {tool.name}"
        if tool.missing:
            tap.skip(name, tool.missing)
            continue
        status, output = tool.run(*FLAGS, source)
        tap.check(status == 0, name, output)
    tap.done()


if __name__ == "__main__":
    main()
