# SPDX-License-Identifier: BSD-2-Clause
"""The headers of /dev/pci against FreeBSD's own: names, values, sizes and offsets."""

import re

from compilers import INCLUDE, compiler, cross, with_libc
from harness import npm
from tap import Points

PCIIO = INCLUDE / "pciio"
LONG_FORM = "-D__FreeBSD_version=1500064"
COMPARED = ("dev/pci/pcireg.h", "sys/pciio.h")
NAMES_ONLY = {"PVE_NEXT"}  # makes a pointer
# FreeBSD's pc_spare is two members shorter here, from where the later releases have them.
GROWN = {("pci_conf", "pc_spare")}
# Memory attributes that are an alias of another one on FreeBSD.
OTHER_ATTRIBUTES = {
    ("arm", "VM_MEMATTR_WRITE_COMBINING"): "FreeBSD's is write-through, which Linux refuses",
    ("powerpc64", "VM_MEMATTR_DEVICE"): "FreeBSD's 0 leaves the choice to its kernel",
}
# Arguments of macros with parameters; small, because FreeBSD shifts them as int.
ARGUMENTS = ((0x12, 0x345, 0x6), (0xe9, 0x7f, 0x3))

# FreeBSD's architecture: its folder of headers, clang's target there, and compilers here
TARGETS = {
    "x86_64": ("x86_64", (compiler("gcc", "gcc", "-m64"), compiler("clang", "clang", "-m64"))),
    "i386": ("x86", (with_libc(compiler("gcc", "gcc", "-xc", "-m32")),
                     with_libc(compiler("clang", "clang", "-xc", "-m32")))),
    "aarch64": ("aarch64", (compiler("gcc", cross("aarch64-linux-gnu-gcc"),
                                     hint=": run scripts/cross arm64"),)),
}
# Only <vm/vm.h>, which needs no C library: clang alone will do.
ATTRIBUTES = {
    "x86_64": ("x86_64", "x86_64-linux-gnu"),
    "i386": ("x86", "i386-linux-gnu"),
    "aarch64": ("aarch64", "aarch64-linux-gnu"),
    "arm": ("arm", "arm-linux-gnueabihf"),
    "powerpc64": ("powerpc64", "powerpc64-linux-gnu"),
    "riscv64": ("riscv64", "riscv64-linux-gnu"),
}
FREEBSD_TARGET = {"arm": "armv7-unknown-freebsd14-gnueabihf"}


def code(path):
    """The text without comments and line continuations."""
    text = re.sub(r"/\*.*?\*/", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return text.replace("\\\n", " ")


def macros(path):
    """Name to number of parameters, None for a macro without any. Guards have no value."""
    found = re.findall(r"^\s*#\s*define\s+(\w+)(\([^)]*\))?[ \t]+\S", code(path), re.MULTILINE)
    return {name: parameters.count(",") + 1 if parameters else None for name, parameters in found}


def enumerators(path):
    for body in re.findall(r"\benum\s*\w*\s*\{(.*?)\}", code(path), re.DOTALL):
        yield from re.findall(r"\b([A-Z]\w+)\b\s*(?=[=,\s])", body)


def members(path):
    """(struct, member) of every struct."""
    for name, body in re.findall(r"\bstruct\s+(\w+)\s*\{(.*?)\};", code(path), re.DOTALL):
        body = re.sub(r"#.*", "", body)
        for member in re.findall(r"(\w+)\s*(?:\[[^]]*\])?\s*;", body):
            yield name, member


def expressions(folder):
    """What is compared: title to C expression, from FreeBSD's own headers."""
    found = {}
    for header in COMPARED:
        path = folder / header
        for name, parameters in macros(path).items():
            if name in NAMES_ONLY:
                continue
            if parameters is None:
                found[name] = name
                continue
            for values in ARGUMENTS:
                call = f"{name}({', '.join(map(hex, values[:parameters]))})"
                found[call] = call
        found |= {name: name for name in enumerators(path)}
        for struct, member in members(path):
            found[f"sizeof {struct}"] = f"sizeof(struct {struct})"
            if (struct, member) not in GROWN:
                found[f"{struct}.{member}"] = f"offsetof(struct {struct}, {member})"
    return found


def values(tool, flags, includes, wanted):
    """Title to value, by way of the compiler's assembly: nothing has to run on the target."""
    lines = ["#include <sys/types.h>\n#include <stddef.h>"] if "sys/pciio.h" in includes else []
    lines += [f"#include <{header}>" for header in includes]
    lines.append("void values(void)\n{")
    for index, expression in enumerate(wanted.values()):
        lines.append(f'asm volatile("\\n.ascii \\"->{index} %0 %1 %2\\"" :: '
                     f'"i"((unsigned int)({expression})), '
                     f'"i"((unsigned int)((unsigned long long)({expression}) >> 32)), '
                     f'"i"((int)sizeof({expression})));')
    status, output = tool.run("-xc", "-std=gnu11", "-w", *flags, "-S", "-o", "-", "-",
                              stdin="\n".join([*lines, "}\n"]))
    if status:
        raise ValueError(output)
    titles, found = list(wanted), {}
    for line in re.findall(r"->(\d+ [^\"]*)", output):
        index, low, high, size = (int(word.strip("$#")) for word in line.split())
        # A register has 32 bits: FreeBSD's 0x1f << 27 is negative, and means the same.
        found[titles[index]] = low % 2**32 + ((high % 2**32 << 32) if size == 8 else 0)
    return found


def freebsd(architecture, headers, folder):
    """clang aimed at FreeBSD, with FreeBSD's headers only."""
    target = FREEBSD_TARGET.get(architecture, f"{architecture}-unknown-freebsd14")
    (own,) = headers.glob(f"{folder}-freebsd-*")
    return (f"--target={target}", "-nostdlibinc", "-isystem", own,
            "-isystem", headers / "generic-freebsd")


def differences(on_freebsd, here, excused=()):
    for title in on_freebsd:
        if title not in excused and on_freebsd[title] != here.get(title):
            yield f"{title}: {on_freebsd[title]:#x} on FreeBSD, {here.get(title, 0):#x} here"


def compare_names(tap, headers):
    for header in COMPARED:
        path = headers / "generic-freebsd" / header
        missing = [name for name in macros(path) if name not in macros(PCIIO / header)]
        tap.check(not missing, f"<{header}> has every macro of FreeBSD's", "\n".join(missing))


def compare_values(tap, headers, clang):
    wanted = expressions(headers / "generic-freebsd")
    for architecture, (folder, tools) in TARGETS.items():
        on_freebsd = values(clang, freebsd(architecture, headers, folder), COMPARED, wanted)
        for tool in tools:
            name = f"values, sizes and offsets on {architecture}, {tool.name}"
            if tool.missing:
                tap.skip(name, tool.missing)
                continue
            here = values(tool, ("-I", PCIIO, LONG_FORM), COMPARED, wanted)
            found = list(differences(on_freebsd, here))
            tap.check(len(on_freebsd) == len(wanted) and not found, name, "\n".join(found))


def compare_attributes(tap, headers, clang):
    for architecture, (folder, target) in ATTRIBUTES.items():
        include = freebsd(architecture, headers, folder)
        (path,) = list(headers.glob(f"{folder}-freebsd-*/machine/vm.h")) or [
            headers / "generic-freebsd/machine/vm.h"]
        wanted = {name: name for name in re.findall(r"^#\s*define\s+(VM_MEMATTR_\w+)",
                                                    without_kernel(code(path)), re.MULTILINE)}
        on_freebsd = values(clang, include, ("sys/types.h", "vm/vm.h"), wanted)
        name = f"memory attributes on {architecture}"
        try:
            here = values(clang, (f"--target={target}", "-ffreestanding", "-nostdlibinc", "-I",
                                  PCIIO), ("vm/vm.h",), wanted)
        except ValueError as error:
            tap.check(False, name, error)
            continue
        excused = {title for which, title in OTHER_ATTRIBUTES if which == architecture}
        found = list(differences(on_freebsd, here, excused))
        tap.check(on_freebsd and not found, name, "\n".join(found))


def without_kernel(text):
    return re.sub(r"#ifdef _KERNEL\n.*?#endif", "", text, flags=re.DOTALL)


def main():
    tap = Points()
    clang = compiler("clang", "clang")
    try:
        headers = npm.fetch(npm.LIBRARY, bound=120) / "libc" / "include"
    except npm.NpmError as error:
        tap.skip("the headers are like FreeBSD's", str(error))
        tap.done()
    compare_names(tap, headers)
    if clang.missing:
        tap.skip("values like FreeBSD's", clang.missing)
        tap.done()
    compare_values(tap, headers, clang)
    compare_attributes(tap, headers, clang)
    tap.done()


if __name__ == "__main__":
    main()
