# SPDX-License-Identifier: BSD-2-Clause
"""Reads the public headers: what they declare, and the kernel-doc blocks that document it."""

import re
from dataclasses import dataclass, field

# Parts of mmio.h and not of the interface, and an error that FreeBSD lacks.
PRIVATE_MACROS = {"PCIBAR_INLINE", "PCIBAR_IOFORCE", "PCIBAR_LOAD", "PCIBAR_STORE",
                  "PCIBAR_LE16", "PCIBAR_LE32", "PCIBAR_LE64", "ENOTUNIQ"}


@dataclass
class Doc:
    """One block. Texts are lists of paragraphs, whose lines keep their indentation."""

    name: str
    brief: str
    params: dict = field(default_factory=dict)
    body: list = field(default_factory=list)
    returns: str = ""
    # What may be returned: ("-EINVAL", "no such index")
    values: list = field(default_factory=list)


@dataclass
class Function:
    type: str
    # Declarations by name, in order
    params: dict


class Header:
    """The declarations and the kernel-doc blocks of one header."""

    def __init__(self, path):
        self.name = path.name
        text = path.read_text(encoding="utf-8")
        # By name, with "()" for a function; "DOC" is for the header as a whole.
        self.docs = {doc.name: doc for doc in parse_docs(text)}
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        code = re.sub(r"\\\n", " ", code)
        self.opaque = set(re.findall(r"^struct (\w+);", code, re.M))
        self.macros = {name: value for name, value
                       in re.findall(r"^\s*#\s*define[ \t]+(\w+)[ \t]*(.*)", code, re.M)
                       if not name.endswith("_H") and name not in PRIVATE_MACROS}
        code = re.sub(r"^\s*#\s*ifdef\s+__cplusplus.*?#\s*endif", "", code, flags=re.M | re.DOTALL)
        code = re.sub(r"^\s*#.*$", "", code, flags=re.M)
        self.types, code = take_types(code)
        code = without_bodies(code)
        self.callbacks = dict(take_callbacks(code))
        self.functions = dict(take_functions(code))


@dataclass
class Type:
    """A struct or an enum."""

    kind: str
    # Declarations by name, in order
    members: dict
    code: str


def parse_docs(text):
    for block in re.findall(r"/\*\*(.*?)\*/", text, re.DOTALL):
        lines = [re.sub(r"^\s*\*? ?", "", line) for line in block.strip().splitlines()]
        head = re.match(r"(?:(?:struct|enum|typedef) )?(\w+(?:\(\))?) - (?=\S)|(DOC): ", lines[0])
        if head:
            yield parse_doc(head[1] or head[2], [lines[0][head.end():], *lines[1:]])


def parse_doc(name, lines):
    """The brief is the first paragraph; @parameters, the body and "Return:" follow it."""
    doc = Doc(name, "")
    rest = list(lines)
    while rest and rest[0] and not rest[0].startswith("@"):
        doc.brief += " " + rest.pop(0)
    doc.brief = doc.brief.strip()
    text, current = [], None
    for number, line in enumerate(rest):
        start = re.match(r"@(\w+): ?(.*)", line)
        if line.startswith("Return:"):
            parse_return(doc, [line.removeprefix("Return:"), *rest[number + 1:]])
            break
        if start:
            current = doc.params[start[1]] = [start[2]]
        elif current is not None and (not line or line.startswith(" ")):
            current.append(line)
        else:
            current = None
            text.append(line)
    doc.params = {param: paragraphs(part) for param, part in doc.params.items()}
    doc.body = paragraphs(text)
    return doc


def parse_return(doc, lines):
    for line in lines:
        if line.startswith("* "):
            value, dash, meaning = line[2:].partition(" - ")
            doc.values.append((value, meaning) if dash else ("", line[2:]))
        elif doc.values:
            value, meaning = doc.values.pop()
            doc.values.append((value, f"{meaning} {line.strip()}".strip()))
        else:
            doc.returns = f"{doc.returns} {line.strip()}".strip()


def paragraphs(lines):
    """Lists of lines, split at empty ones."""
    parts = [[]]
    for line in lines:
        if line.strip():
            parts[-1].append(line)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def take_types(code):
    """The structs and enums by name, and the code without them."""
    types = {}

    def take(match):
        kind, name, body = match.groups()
        if kind == "enum":
            members = {name: name for name in re.findall(r"(?:^|,)\s*(\w+)", body)}
        else:
            members = {declared(member): member.strip() for part in body.split(";")
                       if part.strip() for member in part.split(",")}
        types[name] = Type(kind, members, f"{match[0]};")
        return ""

    return types, re.sub(r"\b(struct|enum)\s+(\w+)\s*\{([^{}]*)\}", take, code)


def without_bodies(code):
    while "{" in code:
        shorter = re.sub(r"\{[^{}]*\}", ";", code)
        if shorter == code:
            raise SystemExit("braces that do not match in a public header")
        code = shorter
    return code


def declared(declaration):
    """The name that a declaration declares: its last word before an array's length."""
    return re.findall(r"\w+", re.sub(r"\[[^]]*\]", "", declaration))[-1]


def parameters(text):
    if text.strip() == "void":
        return {}
    return {declared(part): " ".join(part.split()) for part in text.split(",")}


def take_callbacks(code):
    for result, name, args in re.findall(r"typedef\s+([^;]*?)\(\*(\w+)\)\(([^()]*)\)\s*;", code):
        yield name, Function(result.strip(), parameters(args))


def take_functions(code):
    code = re.sub(r"typedef\b[^;]*;", "", code)
    for result, name, args in re.findall(r"([\w\s*]+?)\b(\w+)\s*\(([^()]*)\)\s*;", code):
        result = " ".join(result.replace("PCIBAR_INLINE", "").split())
        yield name, Function(result, parameters(args))
