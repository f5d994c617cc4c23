#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Trees of --sysfs from elsewhere; for test_pciconf_hostile.py, too, with that command."""

import contextlib
import json
import os
import shutil
import socket

import harness
from fake_sysfs import EDU, IVSHMEM, NVME, PORT, RTL8139
from harness import check, equal

# All that is opened, and where
FILES = [(EDU, name) for name in (
    "vendor", "device", "class", "revision", "subsystem_vendor", "subsystem_device", "power_state",
    "resource", "config", "vpd", "resource0")] + [
    (RTL8139, "resource0"), (RTL8139, "rom"), (IVSHMEM, "resource2_wc"), (NVME, "driver"),
    (PORT, "class"), (PORT, "secondary_bus_number"), (PORT, "pci_bus")]
ELSEWHERE = ["bus/pci/devices", "kernel/security/lockdown", "kernel/debug/x86/pat_memtype_list"]
LINES = [["list", "-v"], ["list", "--json"], ["info", EDU], ["explain", EDU, "0", "--write"],
         ["read", EDU, "0", "0"], ["write", EDU, "0", "0", "1"], ["config", "read", EDU, "0"],
         ["config", "write", EDU, "0x40", "1"], ["read", RTL8139, "0", "0"],
         ["read", RTL8139, "rom", "0", "--activate"], ["load", IVSHMEM, "2", "/dev/null", "--wc"],
         ["read", IVSHMEM, "2", "0"]]


def remove(path):
    """Whatever it is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def replaced(path, kind):
    """For a while something else in the place of a file."""
    aside = path.with_name(path.name + "-aside")
    if path.exists() or path.is_symlink():
        path.rename(aside)
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        if kind.endswith("fifo"):
            os.mkfifo(path)
            if kind == "busy fifo":
                stack.callback(os.close, os.open(path, os.O_RDWR))
        elif kind == "socket":
            # A path in the tree may be longer than the address of a socket.
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
            stack.callback(os.close, folder)
            server.bind(f"/proc/self/fd/{folder}/{path.name}")
        elif kind == "folder":
            path.mkdir()
        elif kind == "sparse":
            with open(path, "wb") as file:
                file.truncate(1 << 40)
        else:
            path.symlink_to(path.name if kind == "loop" else kind)
        yield
    remove(path)
    if aside.exists() or aside.is_symlink():
        aside.rename(path)


KINDS = ("fifo", "busy fifo", "socket", "folder", "sparse", "loop", "/dev/zero", "/dev/ptmx", "/",
         "nowhere")


def ends(bench, lines):
    """Fail if a command waits, dies of a signal, or prints what is no text."""
    for line in lines:
        result = bench.run(*line)
        check(0 <= result.status <= 5, f"{line}: {result}")


def check_files(bench, lines):
    """Put each kind of file in the place of each that is opened."""
    places = [bench.function(address).path(name) for address, name in FILES]
    places += [bench.tree.root / name for name in ELSEWHERE]
    for kind in ("fifo", "busy fifo", "/dev/zero"):
        for path in places:
            with replaced(path, kind):
                ends(bench, [line for line in lines if path.parent.name in line] + lines[:1])
    # All at once: nothing hides behind a refusal that comes before it.
    for kind in KINDS:
        with contextlib.ExitStack() as stack:
            for path in places[::-1]:
                stack.enter_context(replaced(path, kind))
            ends(bench, lines)


def test_no_file_is_waited_for(bench):
    check_files(bench, LINES)


def test_files_that_are_no_attributes_are_refused(bench):
    bench.function(RTL8139).set_command(3)
    for address, name, line, error in (
            (EDU, "resource0", ["read", EDU, "0", "0"], "BAR 0: resource0 is not a sysfs file"),
            (RTL8139, "resource0", ["read", RTL8139, "0", "0"],
             "BAR 0: resource0 is not a sysfs file"),
            (RTL8139, "rom", ["read", RTL8139, "rom", "0", "--activate"],
             "BAR rom: rom is not a sysfs file")):
        for kind in ("fifo", "socket", "/dev/zero"):
            with replaced(bench.function(address).path(name), kind):
                bench.run(*line).refuses(1, f"pcibar read: {address} {error}")
    with replaced(bench.function(EDU).path("vendor"), "/dev/zero"):
        result = bench.run("info", EDU)
        equal((result.status, result.stdout), (1, ""))


# A title for the terminal, a bell, a line break, the same as C1 and as a byte of Latin-1, half a
# character, one of several bytes, an override of the direction; and what is printed of it
EVIL = b"x\x1b]0;title\x07\n\x7f\xc2\x9b31m\x9b\xe2\x82\xe2\x82\xac\xe2\x80\xae\xc3\xa9" + \
    b"\xe2\x80\x8f\xd8\x9c"
SHOWN = ("x\\x1b]0;title\\x07\\x0a\\x7f\\xc2\\x9b31m\\x9b\\xe2\\x82\u20ac"
         "\\xe2\\x80\\xae\u00e9\\xe2\\x80\\x8f\\xd8\\x9c")
SHOWN_ASCII = (SHOWN.replace("\u20ac", "\\xe2\\x82\\xac").replace("\u00e9", "\\xc3\\xa9"))
UTF8 = {"LC_ALL": "C.UTF-8"}
IN_JSON = "x\x1b]0;title\x07\n\x7f\x9b31m\ufffd\ufffd\ufffd\u20ac\u202e\u00e9\u200f\u061c"


def make_evil(bench):
    """Names of drivers, and vital product data, that a terminal would obey."""
    for address in (EDU, NVME):
        link = os.fsencode(bench.function(address).path("driver"))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(link)
        os.symlink(b"../drivers/" + EVIL, link)
    field = b"PN" + bytes([len(EVIL)]) + EVIL + b"\x1b\x9b\x021\x07"
    bench.function(EDU).path("vpd").write_bytes(
        b"\x82" + len(EVIL).to_bytes(2, "little") + EVIL + b"\x90"
        + len(field).to_bytes(2, "little") + field + b"\x78")


def check_clean(text, what):
    """Fail if there is anything in it that a terminal would obey."""
    wrong = [char for char in text if not char.isprintable() and char not in "\n\t"]
    check(not wrong, f"{what} prints {wrong!r}: {text!r}")


def test_nothing_printed_is_obeyed_by_a_terminal(bench):
    """All that quotes a driver, a command line or the name of a file."""
    make_evil(bench)
    evil = os.fsdecode(EVIL)
    bench.file(os.fsdecode(b"script" + EVIL), b"read 0 0\nnonsense\n")
    bench.tree.set_lockdown("none")
    for line in (["list"], ["list", "-v"], ["info", EDU], ["info", NVME, "-vv"],
                 ["explain", EDU, "0"], ["read", EDU, "0", "0"], ["read", EDU, evil, "0"],
                 ["read", EDU, "0", evil], ["read", evil, "0", "0"], [evil], ["help", evil],
                 ["read", EDU, "0", "0", "-w", evil], ["list", f"--{evil}"], ["--backend", evil],
                 ["write", EDU, "0", "0", evil], ["config", "read", EDU, evil],
                 ["load", EDU, "0", evil], ["script", EDU, evil], ["--sysfs", evil, "list"],
                 ["watch", EDU, "0", "0", "--until", evil], ["dump", EDU, "0", "-o", evil + "/x"],
                 ["script", EDU, bench.folder / os.fsdecode(b"script" + EVIL), "--share-driver"]):
        for env, shown in (({}, SHOWN_ASCII), (UTF8, SHOWN)):
            result = bench.run(*line, env=env)
            check_clean(result.stdout, line)
            check_clean(result.stderr, line)
            check(shown in result.stdout + result.stderr, f"{line}: {result}")


def test_json_is_clean_and_holds_the_name(bench):
    make_evil(bench)
    for line in (["list", "--json"], ["info", EDU, "--json"], ["explain", EDU, "0", "--json"]):
        result = bench.run(*line)
        check_clean(result.stdout, line)
        json.loads(result.stdout)
    equal(json.loads(bench.run("info", EDU, "--json").stdout)["driver"], IN_JSON)


if __name__ == "__main__":
    harness.main()
