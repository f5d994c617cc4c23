# SPDX-License-Identifier: BSD-2-Clause
"""The C programs of README.md and of the manual pages compile with both compilers.

That they do what is said of them is for tests/vm/scenarios/documentation.py.
"""

import sys

from compilers import INCLUDE, ROOT, compiler
from tap import Points

sys.path.insert(0, str(ROOT / "tests" / "lib"))

import examples  # noqa: E402

# With how many programs there are, so that none is lost.
PAGES = {"README.md": 1, "man/libpcibar.3": 1, "man/pciio.4": 2}
FLAGS = ("-std=gnu11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
         f"-I{INCLUDE}", f"-I{INCLUDE / 'pciio'}", "-x", "c", "-")
COMPILERS = (compiler("gcc", "gcc", *FLAGS), compiler("clang", "clang", *FLAGS))


def main():
    tap = Points()
    for name, count in PAGES.items():
        programs = examples.programs(ROOT / name)
        tap.check(len(programs) == count, f"{name} has its programs", len(programs))
        for number, program in enumerate(programs, 1):
            for tool in COMPILERS:
                title = f"{name}, program {number}, with {tool.name}"
                if tool.missing:
                    tap.skip(title, tool.missing)
                    continue
                status, output = tool.run(stdin=program)
                tap.check(status == 0, title, output)
    tap.done()


if __name__ == "__main__":
    main()
