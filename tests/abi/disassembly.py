# SPDX-License-Identifier: BSD-2-Clause
"""Which instructions of a function touch memory, and how, in objdump's output."""

import re
from collections import Counter, namedtuple

from compilers import run

Access = namedtuple("Access", "kind width")
WIDTHS = {"BYTE": 1, "WORD": 2, "DWORD": 4, "QWORD": 8}
X86_MOVES = ("mov", "movzx")
# Compilers may make one instruction of a read and a write of the same register: the device sees
# both all the same.
X86_MODIFIES = ("add", "and", "dec", "inc", "neg", "not", "or", "sub", "xor")
X86_NO_ACCESS = ("lea", "nop", "endbr64", "endbr32")
REGISTERS = (
    (r"\b(r[a-d]x|r[sd]i|r[sb]p|r\d+)\b", "r64"),
    (r"\b(e[a-d]x|e[sd]i|e[sb]p|r\d+d)\b", "r32"),
    (r"\b([a-d]x|[sd]i|[sb]p|r\d+w)\b", "r16"),
    (r"\b([a-d]l|[sd]il|[sb]pl|r\d+b)\b", "r8"),
)
ARM64 = {"ldrb": ("load", 1), "ldrh": ("load", 2), "ldr": ("load", None),
         "strb": ("store", 1), "strh": ("store", 2), "str": ("store", None)}


def functions(objdump, path):
    """Function name to its instructions, each a string without addresses and comments."""
    found, current = {}, None
    status, output = run([objdump, "-d", "--no-show-raw-insn", *intel(objdump), path])
    if status:
        raise RuntimeError(output)
    for line in output.splitlines():
        label = re.match(r"[0-9a-f]+ <([\w.]+)>:$", line)
        code = re.match(r"\s*[0-9a-f]+:\s+(.*)", line)
        if label:
            current = found.setdefault(label.group(1), [])
        elif code and current is not None:
            current.append(re.split(r"\s+(?:#|//)\s", code.group(1))[0].strip())
    return found


def intel(objdump):
    return () if "aarch64" in str(objdump) else ("-M", "intel")


def x86_access(text):
    """The access of one instruction, None for none; what cannot be one access is "other"."""
    memory = re.search(r"(?:(\w+) PTR )?(?:\ws:)?\[([^]]*)\]", text)
    words = text.split()
    if words[0] in ("data16", "cs", "rep", "repz", "repnz", "lock", "bnd"):
        words = words[1:]
    if not memory or not words or words[0] in X86_NO_ACCESS or "nop" in words:
        return None
    if re.match(r"[re]?(sp|bp)\b", memory.group(2)):
        return None
    kind = "store" if re.match(r"\S+\s+(\w+ PTR )?(\ws:)?\[", text) else "load"
    if kind == "store" and words[0] in X86_MODIFIES:
        kind = "modify"
    elif words[0] not in X86_MOVES or words != text.split():
        kind = "other"
    return Access(kind, WIDTHS.get(memory.group(1)))


def arm64_access(text):
    match = re.match(r"(\S+)\s+(.*)", text)
    if not match or "[" not in match.group(2) or "[sp" in match.group(2):
        return None
    plain = re.fullmatch(r"([wx])(?:\d+|zr), \[x\d+\]", match.group(2))
    if match.group(1) not in ARM64 or not plain:
        return Access("other", None)
    kind, width = ARM64[match.group(1)]
    return Access(kind, width or {"w": 4, "x": 8}[plain.group(1)])


def body(found, name):
    """Instructions of a function, with what clang -Oz has moved out of it for others to share."""
    for text in found.get(name, ()):
        yield text
        outlined = re.search(r"<(OUTLINED_\w+)>$", text)
        if outlined:
            yield from body(found, outlined.group(1))


def accesses(found, name, arm64):
    decode = arm64_access if arm64 else x86_access
    return [access for access in map(decode, body(found, name)) if access]


def multiset(instructions):
    """Instructions without what a compiler chooses at will: padding, targets of jumps, which
    register of a width, and the order of a comparison's operands."""
    return Counter(normal(text) for text in instructions if "nop" not in text)


def normal(text):
    for pattern, width in REGISTERS:
        text = re.sub(pattern, width, text)
    comparison = re.match(r"(cmp|test)\s+(.*)", text)
    if comparison:
        return comparison.group(1) + " " + " ".join(sorted(comparison.group(2).split(",")))
    return re.sub(r"^(j\w+|call)\s+.*", r"\1", text)
