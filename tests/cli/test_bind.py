#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar bind, pcibar unbind: what is refused. There is no kernel below a tree of files."""

import fcntl

import harness
from fake_sysfs import EDU, NVME, PORT
from harness import check, equal
from sentences import no_function


def home(bench, driver):
    """The folder of a driver, loaded."""
    folder = bench.tree.root / "bus/pci/drivers" / driver
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("bind", "unbind"):
        (folder / name).touch()
    return folder


def override(bench, address):
    """The attribute driver_override."""
    return bench.function(address).path("driver_override").read_text(encoding="ascii")


def test_usage(bench):
    bench.run("bind", EDU).refuses(
        2, "pcibar bind: operands are missing: <selector> <driver>; see 'pcibar help bind'")
    for name in ("", "a/b", "..", "x" * 64):
        bench.run("bind", EDU, name).refuses(
            2, f"pcibar bind: '{name}' is not a valid name of a driver; see 'pcibar help bind'")
    bench.run("bind", EDU, "pciio", "--timeout", "5000000s").refuses(
        2, "pcibar bind: --timeout: at most 4294967295 ms; see 'pcibar help bind'")
    bench.run("bind", "00:1f.0", "pciio").refuses(
        3, f"pcibar bind: 00:1f.0: {no_function('0000:00:1f.0')}")


def test_no_such_driver(bench):
    bench.run("bind", EDU, "absent").refuses(
        1, f"pcibar bind: {EDU}: no driver absent is loaded; load its module (modprobe), or "
        "correct the name")
    equal(override(bench, EDU), "(null)\n")


def test_bridges_keep_their_driver(bench):
    home(bench, "pciio")
    bench.run("bind", PORT, "pciio").refuses(
        1, f"pcibar bind: {PORT}: it is a bridge, whose driver the functions below it need; "
        "bind these")


def test_nothing_to_restore(bench):
    bench.run("unbind", NVME).refuses(
        1, f"pcibar unbind: {NVME}: there is nothing to restore: the kernel has chosen the driver "
        f"nvme for {NVME}; leave it without a driver: pcibar bind {NVME} none")


def test_without_a_right(bench):
    home(bench, "pciio")
    bench.function(EDU).path("rescan").chmod(0o200)
    bench.run_as_nobody("bind", EDU, "pciio").refuses(
        1, f"pcibar bind: {EDU}: no permission to bind drivers; run it as root")


def test_a_tree_that_is_no_kernel(bench):
    home(bench, "pciio")
    bench.run("bind", EDU, "pciio").refuses(
        1, f"pcibar bind: {EDU}: the system did not bind the driver pciio to {EDU}: "
        "Input/output error")
    bench.function(EDU).path("driver_override").unlink()
    bench.run("bind", EDU, "pciio").refuses(
        1, f"pcibar bind: {EDU}: the function has no file driver_override; use the files of "
        "Linux's sysfs")


def test_timeout(bench):
    home(bench, "pciio")
    with open(bench.function(EDU).path("rescan"), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        bench.run("bind", EDU, "pciio", "--timeout", "100ms").refuses(
            5, f"pcibar bind: {EDU}: the driver of {EDU} (none) has not changed within 0.1 s; "
            "wait longer (--timeout), or see the kernel log; when the kernel is ready, the "
            "function gets back the driver it had")
    check(not bench.function(EDU).path("driver").exists(), "it has a driver")


if __name__ == "__main__":
    harness.main()
