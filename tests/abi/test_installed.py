# SPDX-License-Identifier: BSD-2-Clause
"""C and C++ programs compile, link and run against the installed library with pkg-config."""

import os
import re
import shlex
import shutil

from compilers import INCLUDE, ROOT, compiler, run, scratch
from fake_sysfs import Definition, FakeSysfs, Ids, mem32
from tap import Points

C11 = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic")
CPP17 = ("-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic")
PROGRAMS = tuple(
    (path.name, compiler(name, name, *flags))
    for suffix, names, flags in ((".c", ("gcc", "clang"), C11), (".cpp", ("g++", "clang++"), CPP17))
    for path in sorted((ROOT / "examples").glob(f"*{suffix}")) for name in names)
EDU_ID = 0x010000ed


class Installed:
    """The library in a folder of its own, as pkg-config finds it there."""

    def __init__(self, build, folder):
        status, self.output = run(["meson", "install", "--quiet", "--no-rebuild", "-C", build,
                                   "--destdir", folder])
        self.good = status == 0
        self.folder = folder
        self.pc = next(folder.rglob("libpcibar.pc"), None)
        self.libraries = self.pc.parent.parent if self.pc else None

    def pkg_config(self, *arguments, package="libpcibar"):
        # A prefix of /usr is no reason to leave it out: it is not this machine's /usr.
        env = {**os.environ, "PKG_CONFIG_LIBDIR": str(self.pc.parent),
               "PKG_CONFIG_SYSROOT_DIR": str(self.folder),
               "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1", "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1"}
        status, output = run(["pkg-config", *arguments, package], env=env)
        if status:
            raise RuntimeError(output)
        return output.strip()

    def run(self, program, *arguments):
        return run([program, *arguments],
                   env={**os.environ, "LD_LIBRARY_PATH": str(self.libraries)})


def version():
    text = (INCLUDE / "pcibar" / "version.h").read_text(encoding="utf-8")
    return re.search(r'#define PCIBAR_VERSION\s+"(.*)"', text).group(1)


def check_files(tap, installed):
    names = {path.name for path in (INCLUDE / "pcibar").glob("*.h")}
    there = {path.name for path in installed.folder.rglob("include/pcibar/*.h")}
    tap.check(names == there, "every public header is installed, and no other", names ^ there)
    got = installed.pkg_config("--modversion")
    tap.check(got == version(), "pkg-config reports the version in version.h", got)


def check_places(tap, installed):
    """What udev and zsh find, which know /usr and /usr/local."""
    rules = next(installed.folder.rglob("60-pcibar.rules")).read_text(encoding="utf-8")
    (program,) = re.findall(r'PROGRAM=="(\S*) %k"', rules)
    tap.check(program.startswith("/") and os.access(f"{installed.folder}{program}", os.X_OK),
              "the rule of udev names the path of its program", program)
    name, zsh = "zsh finds the completion", shutil.which("zsh")
    if not zsh:
        tap.skip(name, "zsh is not installed")
        return
    folder = next(installed.folder.rglob("_pcibar")).parent.relative_to(installed.folder)
    _, output = run([zsh, "-f", "-c", "print -l $fpath"])
    tap.check(f"/{folder}" in output.splitlines(), name, f"/{folder} is not in\n{output}")


def check_freebsd(tap, installed):
    """A program from FreeBSD finds its headers, though nothing claims to be FreeBSD."""
    source = ROOT / "tests" / "vm" / "guest" / "freebsd-peek.c"
    flags = shlex.split(installed.pkg_config("--cflags", package="pciio"))
    for tool in (compiler("gcc", "gcc", "-Wall", "-Wextra", "-Werror"),
                 compiler("clang", "clang", "-Wall", "-Wextra", "-Werror")):
        name = f"a program from FreeBSD compiles with {tool.name}"
        if tool.missing:
            tap.skip(name, tool.missing)
            continue
        status, output = tool.run(source, "-o", installed.folder / "freebsd-peek", *flags)
        tap.check(status == 0, name, output)


def check_uninstall(tap, build):
    with scratch() as folder:
        installed = Installed(build, folder)
        foreign = installed.pc.parent / "other.pc"
        foreign.write_text("another's\n", encoding="utf-8")
        for title, left in (("but files of others", [foreign]), ("and its folders", [])):
            status, output = run([ROOT / "scripts" / "uninstall", build, folder])
            found = [path for path in folder.rglob("*") if not left or not path.is_dir()]
            tap.check((status, found) == (0, left), f"uninstall removes all, {title}",
                      f"{status}: {output}{found}")
            foreign.unlink(missing_ok=True)


def check_edu_factorial(tap, installed, program, name):
    status, output = installed.run(program)
    tap.check(status == 2 and "usage" in output, f"{name} prints its usage", output)
    status, output = installed.run(program, "ffff:ffff", "5")
    tap.check(status == 1 and output.startswith("ffff:ffff: "), f"{name} says what it lacks",
              f"{status}: {output}")


def check_peek(tap, installed, program, name):
    with scratch() as root:
        edu = FakeSysfs(root).add("0000:00:05.0", Definition(Ids(0x1234, 0x11e8, 0x00ff00),
                                                             {0: mem32(0xfea00000, 0x100000)}))
        edu.poke(0, 0x20, EDU_ID.to_bytes(4, "little"))
        status, output = installed.run(program, "1234:11e8", "0", "0x20", root)
        tap.check((status, output) == (0, f"{EDU_ID:#010x}\n"), f"{name} reads a register",
                  f"{status}: {output}")
        status, output = installed.run(program, "1234:11e8", "1", "0", root)
        tap.check(status == 1 and "BAR 1" in output, f"{name} says why it is refused",
                  f"{status}: {output}")


def check_map_whole(tap, installed, program, name):
    with scratch() as root:
        memory = FakeSysfs(root).add("0000:00:06.0", Definition(Ids(0x1af4, 0x1110, 0x050000),
                                                                {2: mem32(0xe0000000, 2 << 20)}))
        memory.poke(2, 0, bytes.fromhex("04030201"))
        memory.poke(2, (2 << 20) - 4, bytes.fromhex("08070605"))
        status, output = installed.run(program, "1af4:1110", "2", "sysfs", root)
        tap.check(status == 0 and output.startswith("2 MiB: mapped in ") and output.endswith(
            "first word 0x01020304, last word 0x05060708\n"), f"{name} reads both ends",
            f"{status}: {output}")


# Of programs that need no driver; tests/vm runs the others.
CHECKS = {"edu-factorial.c": check_edu_factorial, "map-whole.c": check_map_whole,
          "peek.cpp": check_peek}


def check_program(tap, installed, source, tool):
    name = f"{source} with {tool.name}"
    if tool.missing:
        tap.skip(name, tool.missing)
        return
    program = installed.folder / f"{source}.{tool.name}"
    flags = shlex.split(installed.pkg_config("--cflags", "--libs"))
    status, output = tool.run(ROOT / "examples" / source, "-o", program, *flags)
    tap.check(status == 0, f"{name} compiles and links", output)
    if status == 0 and source in CHECKS:
        CHECKS[source](tap, installed, program, name)


def main():
    tap = Points()
    with scratch() as folder:
        installed = Installed(os.environ["PCIBAR_BUILD"], folder)
        tap.check(installed.good and installed.pc, "it installs into a folder", installed.output)
        if installed.pc:
            check_files(tap, installed)
            check_places(tap, installed)
            check_freebsd(tap, installed)
            for source, tool in PROGRAMS:
                check_program(tap, installed, source, tool)
            check_uninstall(tap, os.environ["PCIBAR_BUILD"])
    tap.done()


if __name__ == "__main__":
    main()
