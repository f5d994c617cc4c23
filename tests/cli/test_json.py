#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The JSON of every verb is what the manual page says"""

import json
import os
import re
import shutil
import subprocess

import harness
import pci_names
from fake_sysfs import EDU, HUGE, NVME, RTL8139, Definition, Ids, mem64
from harness import Skip, check, equal, matches

ITEM = re.compile(r"^\.It Va (.*)\n(string|hex|number|boolean|object|"
                  r"array(?: of (?:hex|number))?)( or null)?", re.MULTILINE)
# What only pci.ids knows
NAMES = {"vendor_name", "device_name", "subsystem_name", "class_name"}
# What list leaves out of a function
ONLY_INFO = re.compile(r"(iommu_group_others|numa_node|link|backend|capabilities|resizable"
                       r"|pci_capabilities)\b")


def section():
    """The section of the page, with continued lines joined."""
    page = harness.source("man/pcibar.1").replace("\\\n", "")
    return re.search(r"^\.Sh JSON\n(.*?)^\.Sh ", page, re.MULTILINE | re.DOTALL)[1]


def documented():
    """{verb: {path: type}}; a path is as jq writes it, without the first dot."""
    verbs, text = {}, section()
    for head, body in re.findall(r"^\.It (Cm [^\n]*|every output)\n\.Bl [^\n]*\n(.*?)^\.El$", text,
                                 re.MULTILINE | re.DOTALL):
        members = {name.strip(): kind + null for names, kind, null in ITEM.findall(body)
                   for name in names.split(" , ")}
        for verb in head.removeprefix("Cm ").split(" , "):
            verbs[verb] = members
    everywhere = verbs.pop("every output")
    verbs["list"].update({f"functions[].{path}": kind for path, kind in verbs["info"].items()
                          if not ONLY_INFO.match(path)})
    return {verb: members | everywhere for verb, members in verbs.items()}


def kind_of(value):
    """What the page calls this type; "null" fits those that may be."""
    if isinstance(value, str):
        return "hex" if re.fullmatch("0x[0-9a-f]+", value) else "string"
    return {bool: "boolean", int: "number", dict: "object", list: "array",
            type(None): "null"}[type(value)]


def walk(value, path=""):
    """(path, type) of a value and of all in it."""
    kind = kind_of(value)
    if kind == "object":
        if path:
            yield path, kind
        for key, member in value.items():
            yield from walk(member, f"{path}.{key}" if path else key)
    elif kind == "array":
        inner = {kind_of(each) for each in value}
        yield path, f"array of {inner.pop()}" if inner in ({"hex"}, {"number"}) else kind
        for each in value:
            if kind_of(each) == "object":
                yield from ((inside, its) for inside, its in walk(each, f"{path}[]")
                            if inside != f"{path}[]")
    else:
        yield path, kind


def lines(bench):
    """Command lines that print everything that each verb can."""
    function = bench.tree.add("0000:02:00.0", Definition(
        Ids(0xabcd, 1, 0xff0000), {0: mem64(0x380000000000, 256 << 20, True)}, command=0x0103,
        capabilities=((0x10, 0x80, bytes.fromhex("0200 00000000 00000000 84000000") + bytes(44)),),
        extended=((0x15, 0x100, bytes.fromhex("007c0000 20080000")),)))
    function.path("numa_node").write_text("1\n", encoding="ascii")
    bench.tree.group(13, function, bench.function(NVME))
    other, image = bench.file("other", bytes(7) + b"\1"), bench.file("image", bytes(8))
    bench.run("dump", EDU, "0", "0+8", "-f", "raw", "-o", bench.folder / "dump")
    bench.function(EDU).poke(0, 0, b"\1")
    return {
        "list": [[], ["-v"], [NVME]],
        "info": [[EDU], [RTL8139], [NVME], ["0000:02:00.0", "-v"]],
        "explain": [[EDU], ["--irq", "msi", EDU], [EDU, "0"], [NVME, "0", "--write"],
                    [RTL8139, "1", "--wc"]],
        "read": [[EDU, "0", "0"], [EDU, "0", "0", "8+8", "-w2"]],
        "dump": [[EDU, "0", "0+32"], [EDU, "0", "0+8", "-w1"]],
        "compare": [[EDU, "0", image], [EDU, "0", bench.folder / "dump"], [image, other]],
        "watch": [[EDU, "0", "0", "--until", "1"]],
        "config read": [[EDU, "COMMAND"], [EDU, "0", "-c", "4", "-w1"]],
        "config dump": [[EDU]],
        "irq": [[EDU], [NVME]],
        "irq wait": [], "irq trigger": [],
    }


def printed(bench, verb, arguments):
    """The objects that it prints."""
    result = bench.run(*verb.split(), "--json", *arguments)
    check(result.status in (0, 1, 5) and not result.stderr, f"{verb} {arguments}: {result}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_member_is_documented(bench):
    """With the type that it has; and every one that the page names has been seen."""
    page, wanted = documented(), lines(bench)
    for verb, members in page.items():
        seen = {("schema", "number")}
        for arguments in wanted[verb]:
            seen.update(pair for each in printed(bench, verb, arguments) for pair in walk(each))
        if verb == "watch":
            seen.add(("old", "hex"))    # test_watch.py has a change
        if not wanted[verb]:
            continue                    # a scenario of the VM has what needs the module
        for path, kind in sorted(seen):
            check(path in members, f"{verb} prints {path}, which pcibar.1 does not document")
            check(kind in members[path].split(" or ") or members[path].startswith(f"{kind} of "),
                  f"{verb}: {path} is {kind}, and {members[path]} in pcibar.1")
        unseen = set(members) - {path for path, _ in seen}
        if not pci_names.load().vendors:
            unseen = {path for path in unseen if path.rpartition(".")[2] not in NAMES}
        check(not unseen, f"{verb} printed nothing of {unseen}, which pcibar.1 documents")


def test_every_verb_with_json_is_documented(bench):
    """A new one must be added to the page, and to this test."""
    verbs = re.findall(r"^  (\w+(?: \w+)?)  ",
                       bench.run("help", sysfs=False).stdout.split("verbs:")[1].split("\n\n")[0],
                       re.MULTILINE)
    with_json = {verb for verb in verbs
                 if "--json" in bench.run("help", *verb.split(), sysfs=False).stdout}
    # What a script prints is what its lines print. config write shows what config read does.
    equal(with_json - {"script"}, set(documented()), "verbs with --json")
    equal(set(lines(bench)), set(documented()), "verbs of this test")


def test_sizes_counts_and_widths_are_numbers(bench):
    """Wherever they are, whatever the page says."""
    for verb, each in lines(bench).items():
        for arguments in each:
            for path, kind in (pair for line in printed(bench, verb, arguments)
                               for pair in walk(line)):
                name = re.split(r"[.\]]+", path)[-1]
                if re.search("length|width|speed|units|differing|elapsed|schema", name):
                    check(kind in ("number", "array of number"), f"{verb} {path} is {kind}")
                if name in ("address", "bus_address", "offset", "values", "old", "new", "id"):
                    check(kind in ("hex", "null", "array of hex"), f"{verb} {path} is {kind}")


def examples():
    """The commands with jq in the page."""
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", section(), re.MULTILINE | re.DOTALL)
    return [command for block in blocks
            for command in re.split(r"^(?=pcibar )", block.replace("\\e", "\\"), flags=re.MULTILINE)
            if command]


def test_examples_of_jq(bench):
    """Each is run as the page shows it, and finds what it says."""
    if not shutil.which("jq"):
        raise Skip("jq is not installed")
    edu, commands = bench.function(EDU), bench.folder / "bin"
    commands.mkdir()
    wrapper = commands / "pcibar"
    wrapper.write_text(f'#!/bin/sh\nexec {os.environ["PCIBAR"]} --sysfs {bench.tree.root} "$@"\n',
                       encoding="utf-8")
    wrapper.chmod(0o755)
    edu.poke(0, 0x10, b"\0\0\0\x7f\0\0\0\x80")
    outputs = []
    for command in examples():
        check(" jq " in command and command.startswith("pcibar "), command)
        done = subprocess.run(["sh", "-c", command], text=True, capture_output=True, check=False,
                              env=bench.environment(PATH=f"{commands}:{os.environ['PATH']}"),
                              timeout=harness.BOUND)
        equal((done.returncode, done.stderr), (0, ""), command)
        outputs.append(done.stdout)
    large, values, high, bit = outputs
    check(f"{HUGE} BAR 2\n" in large and f"{EDU} BAR 0\n" in large and NVME not in large, large)
    equal(json.loads(values)["offset"], "0x10")
    equal(values.count("\n"), 1, "lines of dump with a large value")
    check("0x384000000000\n" in high, high)
    for line in high.splitlines():
        matches("0x[0-9a-f]{9,}", line)
    equal(bit, "true\n")


if __name__ == "__main__":
    harness.main()
