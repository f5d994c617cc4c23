# SPDX-License-Identifier: BSD-2-Clause
"""Figures of programs on this machine: CPU time, system calls, instructions, memory.

All runs in a mount namespace of its own, where a fake tree can replace /sys and the
programs under test are found as installed ones are. So the peers run as they are.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from rows import Taken

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
STAGE = BUILD / "stage"
RUNS = 7
INSIDE = "PCIBAR_BENCH_INSIDE"


def enter_namespace():
    """Start this program again where it may mount; an ordinary user becomes root in there."""
    if os.environ.get(INSIDE):
        return
    unshare = [tool("unshare"), "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    probe = subprocess.run([*unshare, "true"], stderr=subprocess.PIPE, text=True, check=False)
    if probe.returncode:
        raise SystemExit("bench: a mount namespace is not available, run it as root: "
                         f"{probe.stderr.strip()}")
    os.execve(unshare[0], [*unshare, sys.executable, *sys.argv], os.environ | {INSIDE: "1"})


@contextmanager
def mounted(source, target):
    """What is at source is at target, for as long as this lasts."""
    subprocess.run(["mount", "--bind", source, target], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", target], check=True)


def tool(name):
    """The path of a program of the system."""
    path = shutil.which(name)
    if not path:
        raise SystemExit(f"bench: {name} is missing; run scripts/setup bench")
    return path


def build():
    """The release build, installed below STAGE and known to the loader, and all helpers."""
    shutil.rmtree(STAGE, ignore_errors=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    release = ROOT / "build/release"
    if not (release / "build.ninja").exists():
        _quiet("meson", "setup", "-Dtests=false", release)
    _quiet("meson", "compile", "-C", release)
    # As packages have it: without what only a debugger reads.
    _quiet("meson", "install", "--no-rebuild", "--strip", "-C", release, "--destdir", STAGE)
    library = next(STAGE.rglob("libpcibar.so.1")).parent
    conf, cache = BUILD / "ld.so.conf", BUILD / "ld.so.cache"
    conf.write_text(f"{library}\ninclude /etc/ld.so.conf\n", encoding="utf-8")
    _quiet("/sbin/ldconfig", "-X", "-f", conf, "-C", cache)
    subprocess.run(["mount", "--bind", cache, "/etc/ld.so.cache"], check=True)
    for source, libraries in {
            "accessors.c": [],
            "copy-cost.c": ["-lpcibar"],
            "library-cost.c": ["-lpcibar", "-lpciaccess"],
            "peak-memory.c": [],
            "peers/empty.c": [],
            "peers/libpci-read.c": ["-lpci"],
            "peers/libpciaccess-read.c": ["-lpciaccess"],
            "peers/mapping-dump.c": [],
            "peers/resource-read.c": []}.items():
        path = ROOT / "bench" / source
        _quiet("gcc", "-std=gnu11", "-O2", "-falign-functions=64", "-Wall", "-Wextra", "-Werror",
               f"-I{ROOT / 'include'}", f"-L{library}", "-o", helper(path.stem), path, *libraries)


def _quiet(*command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nbench: {' '.join(map(str, command))} failed")


def helper(name):
    """The path of a program of bench/."""
    return str(BUILD / name)


def installed(name):
    """The path of one of our commands."""
    return str(next(path for path in STAGE.rglob(name) if path.parent.name in ("bin", "sbin")))


def output(command):
    """What a command prints."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def usage(command, stdout=os.devnull):
    """What one run of a command used."""
    with open(stdout, "r+b") as file:
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=[
            (os.POSIX_SPAWN_DUP2, file.fileno(), 1)])
        _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"bench: {' '.join(command)} ended with wait status {status:#x}")
    return used


def cpu_seconds(commands, runs=RUNS, stdout=os.devnull):
    """User and system time of commands run in turn, so that a change of clock hits all of them."""
    times = [[] for _ in commands]
    for _ in range(runs + 1):
        for command, taken in zip(commands, times):
            used = usage(command, stdout)
            taken.append(used.ru_utime + used.ru_stime)
    return [Taken.of(taken[1:]) for taken in times]    # the first warms up


def resident(command):
    """The most memory it had, in KiB."""
    return Taken.of([int(output([helper("peak-memory"), *command])) for _ in range(RUNS)])


def system_calls(command):
    """All of a program, with those of the loader."""
    trace = BUILD / "strace"
    _traced([tool("strace"), "-f", "-qq", "-o", str(trace), *command])
    lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    return Taken.exactly(sum(1 for line in lines if re.match(r"\d+ +\w+\(", line)))


def instructions(command):
    """Of the program in user mode, with the loader's."""
    log = BUILD / "callgrind.log"
    _traced([tool("valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null",
             f"--log-file={log}", *command])
    found = re.search(r"Collected : (\d+)", log.read_text(encoding="utf-8"))
    return Taken.exactly(int(found[1]))


def _traced(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if done.returncode:
        raise SystemExit(f"{done.stderr}\nbench: {' '.join(command)} failed")
