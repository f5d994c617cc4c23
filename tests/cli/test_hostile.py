#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Trees of --sysfs that somebody sent; for test_pciconf_hostile.py, too, with that command."""

import contextlib
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
    """In the place of a file, for a while, what is none."""
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
            (EDU, "resource0", ["read", EDU, "0", "0"], "BAR 0: resource0 is no file of sysfs"),
            (RTL8139, "resource0", ["read", RTL8139, "0", "0"],
             "BAR 0: resource0 is no file of sysfs"),
            (RTL8139, "rom", ["read", RTL8139, "rom", "0", "--activate"],
             "BAR rom: rom is no file of sysfs")):
        for kind in ("fifo", "socket", "/dev/zero"):
            with replaced(bench.function(address).path(name), kind):
                bench.run(*line).refuses(1, f"pcibar read: {address} {error}")
    with replaced(bench.function(EDU).path("vendor"), "/dev/zero"):
        result = bench.run("info", EDU)
        equal((result.status, result.stdout), (1, ""))


if __name__ == "__main__":
    harness.main()
