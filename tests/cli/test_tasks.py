#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The sixteen tasks of docs/tasks.md: each command does what it is for, and its length is right."""

import os
import re
import shutil
import sys

import harness
from fake_sysfs import EDU, NVME
from harness import Skip, check, equal, matches

PAGE = harness.source("docs/tasks.md")
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| (\d+)/(\d+) \|", re.MULTILINE)
STEP = re.compile(r"^(\d+)\. .*\n\n((?:       \$ .*\n)+)", re.MULTILINE)
COMMANDS = {int(number): [line.strip()[2:] for line in block.splitlines()]
            for number, block in STEP.findall(PAGE)}

SCRIPT = "".join([*(f"write 0 {0x40 + 4 * step:#x} {step}\n" for step in range(18)),
                  "expect 0 0x40 0\n"])
PROGRAM = """import os, pcibar
with pcibar.open("4.0", write=True, sysfs_root=os.environ["TREE"]) as device:
    with device.map(0, write=True) as registers:
        for step in range(18):
            registers.write32(0x40 + 4 * step, step)
        registers.wait_until(0x40, 0, timeout=1)
"""


def shell(bench, command, **options):
    """Start a command as it is typed, with a pcibar that knows the tree; returns a Process."""
    folder = bench.folder / "bin"
    if not folder.exists():
        folder.mkdir()
        front = folder / "pcibar"
        front.write_text('#!/bin/sh\nexec "$PCIBAR" --sysfs "$TREE" "$@"\n', encoding="utf-8")
        front.chmod(0o755)
    process = harness.Process(["sh", "-c", command], cwd=bench.folder, env=bench.environment(
        PATH=f"{folder}:{os.environ['PATH']}", TREE=str(bench.tree.root),
        PCIBAR=os.path.abspath(os.environ["PCIBAR"]),
        PYTHONPATH=str(python_package() or "")), **options)
    bench.started.append(process)
    return process


def python_package():
    """The folder with the package for Python that was built beside the command, if it was."""
    folder = harness.Path(os.environ["PCIBAR"]).resolve().parents[2] / "python"
    return folder if list(folder.glob("pcibar/_binding*")) else None


def does(bench, task):
    """What the commands of a task print; they must not fail."""
    printed = []
    for command in COMMANDS[task]:
        done = shell(bench, command).finish()
        equal((done.status, done.stderr), (0, ""), f"status and stderr of {command}")
        printed.append(done.stdout)
    return printed


def test_counts(_):
    rows = {int(number): (int(commands), int(characters))
            for number, commands, characters in ROW.findall(PAGE)}
    equal(sorted(rows), list(range(1, 17)))
    equal(set(rows), set(COMMANDS))
    for task, commands in COMMANDS.items():
        equal(rows[task], (len(commands), sum(map(len, commands))), f"counts of task {task}")


def test_find_and_read(bench):
    edu = bench.function(EDU)
    edu.poke(0, 0, bytes(range(32)))
    check(EDU in does(bench, 1)[0], "the device is not listed")
    equal(does(bench, 2), ["0x03020100\n"])
    lines = does(bench, 3)[0].splitlines()
    equal((len(lines), lines[7]), (8, "0x0000001c: 0x1f1e1d1c"))


def test_write_and_poll(bench):
    edu = bench.function(EDU)
    edu.poke(0, 4, b"\x10\0\0\0")
    does(bench, 4)
    equal(edu.peek(0, 4, 4), b"\x13\0\0\0")
    equal(does(bench, 5), [""])
    edu.poke(0, 8, b"\1\0\0\0")
    equal(shell(bench, COMMANDS[5][0].replace("1s", "1ms")).finish().status, 5)


def test_files(bench):
    edu = bench.function(EDU)
    edu.poke(0, 0, bytes(range(256)) * 16)
    text = does(bench, 6)[1]
    equal((bench.folder / "regs").read_bytes(), bytes(range(256)) * 16)
    matches(r"00000000  03020100 (?s:.*)\n00001000\n", text)
    does(bench, 7)
    equal(edu.peek(0, 0x1000, 4096), bytes(range(256)) * 16)


def test_changes(bench):
    edu = bench.function(EDU)
    for command in COMMANDS[8][:1]:
        equal(shell(bench, command).finish(), (0, "", ""))
    edu.poke(0, 0x20, b"\1")
    edu.poke(0, 0x30, b"\2")
    changed = shell(bench, COMMANDS[8][1]).finish()
    equal(changed.status, 5)
    check("0x00000020" in changed.stdout and "0x00000030" in changed.stdout, changed.stdout)


def test_watch(bench):
    watch = shell(bench, f"exec {COMMANDS[9][0]}")
    watch.wait_for("0x00000010: 0x00000000\n")
    bench.function(EDU).poke(0, 16, b"\1")
    watch.wait_for("-> 0x00000001\n")
    watch.interrupt()
    equal(watch.finish().status, 0)


def test_initialize(bench):
    edu = bench.function(EDU)
    bench.file("init", SCRIPT.encode())
    does(bench, 10)
    equal(edu.peek(0, 0x44, 8), b"\1\0\0\0\2\0\0\0")


def test_initialize_in_python(bench):
    if not python_package():
        raise Skip("the package for Python was not built")
    bench.file("init.py", PROGRAM.encode())
    done = shell(bench, COMMANDS[11][0].replace("python3", sys.executable)).finish()
    equal(done, (0, "", ""))
    equal(bench.function(EDU).peek(0, 0x44, 8), b"\1\0\0\0\2\0\0\0")


def test_look_into_a_device_with_a_driver(bench):
    bench.function(NVME).poke(0, 0, bytes(range(12)))
    check("max data" in does(bench, 12)[0], "the payload size is not shown")
    explained = shell(bench, COMMANDS[13][0]).finish()
    equal(explained.status, 1)
    check("nvme owns the function" in explained.stdout, explained.stdout)
    equal(does(bench, 15), ["0x03020100\n0x07060504\n0x0b0a0908\n"])


def test_json(bench):
    if not shutil.which("jq"):
        raise Skip("jq is not there")
    check('"0000:00:06.0"' in does(bench, 16)[0].splitlines(), "a BAR of 4 MiB is not found")


def test_the_readme_begins_with_the_installation(_):
    """Within the first screen of a terminal, with what building takes."""
    screen = "\n".join(harness.source("README.md").splitlines()[:24])
    for text in ("make install", "make deb", "meson", "ninja", "pkgconf", "python3"):
        check(text in screen, f"{text} is not in the first 24 lines")


if __name__ == "__main__":
    harness.main()
