#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar explain"""

import errno
import json

import harness
from fake_sysfs import EDU, IVSHMEM, NVME, PAIR, PORT, RTL8139, Bar, Definition, Ids, RES_MEM
from harness import equal, valgrind
from sentences import (LOCKDOWN, NOT_EXCLUSIVE, NO_ADDRESS, ROM_OFF, ROM_READ_ONLY, UPPER_HALF,
                       asleep, decode_off, driver, no_bar, no_function, no_wc, shared_page)

ROOT = "run it as root, or have root change the file's mode"


def output(title, *reasons):
    """What it prints for one back end; a reason is a sentence, and after ";" its remedy."""
    lines = [title, f"sysfs: {'not possible' if reasons else 'possible'}"]
    for reason in reasons:
        what, remedy = reason.split("; ", 1)
        lines += [f"  - {what}", f"    remedy: {remedy}"]
    return "\n".join(lines) + "\n"


def reason(code, error, sentence):
    """The same in JSON."""
    what, remedy = sentence.split("; ", 1)
    return {"code": code, "errno": error, "what": what, "remedy": remedy}


def test_nothing_prevents_it(bench):
    bench.run("explain", EDU).prints(output(EDU))
    bench.run("explain", "00:04.0", "0").prints(output(f"{EDU} BAR 0, read-only, uncached"))
    bench.run("explain", EDU, "0", "--write").prints(output(f"{EDU} BAR 0, read-write, uncached"))
    bench.run("explain", IVSHMEM, "2", "--write", "--wc").prints(
        output(f"{IVSHMEM} BAR 2, read-write, write-combining"))
    bench.run("explain", RTL8139, "0", "--write").prints(
        output(f"{RTL8139} BAR 0, read-write, uncached"))
    bench.run("explain", PORT, "0").prints(output(f"{PORT} BAR 0, read-only, uncached"))


@valgrind
def test_each_obstacle(bench):
    edu = bench.function(EDU)
    bench.run("explain", NVME, "0").expect(
        1, output(f"{NVME} BAR 0, read-only, uncached", driver(bench.function(NVME))))
    bench.run("explain", NVME, "0", "--share-driver").prints(
        output(f"{NVME} BAR 0, read-only, uncached"))
    bench.run("explain", EDU, "0", "--wc").expect(
        1, output(f"{EDU} BAR 0, read-only, write-combining", no_wc(0)))
    edu.set_command(0x0100)
    bench.run("explain", EDU, "0").expect(
        1, output(f"{EDU} BAR 0, read-only, uncached", decode_off(bench.function(EDU))))
    bench.run("explain", EDU, "0", "--activate").prints(
        output(f"{EDU} BAR 0, read-only, uncached"))
    edu.set_power_state("D3hot")
    bench.run("explain", EDU, "0").expect(
        1, output(f"{EDU} BAR 0, read-only, uncached", asleep(edu)))
    equal(edu.command(), 0x0100, "command register")


def test_a_remedy_is_escaped(bench):
    """It names files of a tree, whose path may have any characters."""
    tree = bench.folder / "\x1b[31m"
    tree.symlink_to(bench.tree.root)
    edu = bench.function(EDU)
    edu.set_power_state("D3hot")
    wanted = output(f"{EDU} BAR 0, read-only, uncached", asleep(edu))
    bench.run("explain", EDU, "0", "--sysfs", tree).expect(1, wanted.replace(
        str(bench.tree.root), f"{bench.folder}/\\x1b[31m"))


def test_page_sharing(bench):
    bench.run("explain", PAIR, "0").expect(1, output(
        f"{PAIR} BAR 0, read-only, uncached", shared_page(f"BAR 0 of {IVSHMEM}")))
    bench.run("explain", PAIR, "0", "--share-page").prints(
        output(f"{PAIR} BAR 0, read-only, uncached"))


def test_exclusive_is_not_there(bench):
    bench.run("explain", EDU, "0", "--exclusive").expect(1, output(
        f"{EDU} BAR 0, read-only, uncached", NOT_EXCLUSIVE))


def test_rom(bench):
    bench.run("explain", RTL8139, "rom").expect(1, output(
        f"{RTL8139} BAR rom, read-only, uncached", ROM_OFF))
    bench.run("explain", RTL8139, "rom", "--activate").prints(
        output(f"{RTL8139} BAR rom, read-only, uncached"))
    bench.run("explain", RTL8139, "rom", "--activate", "--write").expect(1, output(
        f"{RTL8139} BAR rom, read-write, uncached", ROM_READ_ONLY))


def test_no_address(bench):
    bench.tree.add("0000:02:00.0", Definition(Ids(0xabcd, 1, 0xff0000), {0: Bar(0, 4096, RES_MEM)}))
    bench.run("explain", "abcd:*", "0").expect(1, output(
        "0000:02:00.0 BAR 0, read-only, uncached", NO_ADDRESS))


def test_all_obstacles_at_once(bench):
    nvme = bench.function(NVME)
    nvme.set_command(0)
    nvme.resource(0).chmod(0)
    bench.run_as_nobody("explain", NVME, "0", "--write", "--wc").expect(1, output(
        f"{NVME} BAR 0, read-write, write-combining", no_wc(0), driver(nvme), decode_off(nvme)))
    bench.run_as_nobody("explain", NVME, "0", "--write").expect(1, output(
        f"{NVME} BAR 0, read-write, uncached", driver(nvme), decode_off(nvme),
        f"no permission to write to the file resource0; {ROOT}"))
    bench.run_as_nobody("explain", NVME, "0", "--share-driver", "--activate").expect(1, output(
        f"{NVME} BAR 0, read-only, uncached",
        "decoding cannot be turned on: Permission denied; run it as root",
        f"no permission to read the file resource0; {ROOT}"))


def test_lockdown(bench):
    """The kernel refuses mmap() then, which only strace can show on an ordinary file."""
    edu = bench.function(EDU)
    for mode in ("integrity", "confidentiality"):
        bench.tree.set_lockdown(mode)
        front = harness.failing("mmap", "EPERM", edu.resource(0))
        bench.run("explain", EDU, "0", wrap=front).expect(1, output(
            f"{EDU} BAR 0, read-only, uncached", LOCKDOWN))
    bench.run("explain", RTL8139, "0", "--write").expect(1, output(
        f"{RTL8139} BAR 0, read-write, uncached", LOCKDOWN))


def test_it_leaves_no_trace(bench):
    nvme = bench.function(NVME)
    nvme.poke(0, 0, b"\x55" * 4096)
    config = nvme.peek_config(0, 4096)
    bench.run("explain", NVME, "0", "--write", "--activate", "--share-driver").prints(
        output(f"{NVME} BAR 0, read-write, uncached"))
    equal(nvme.peek(0, 0, 4096), b"\x55" * 4096)
    equal(nvme.peek_config(0, 4096), config)


@valgrind
def test_json(bench):
    result = bench.run("explain", NVME, "0", "--json", "--wc")
    equal((result.status, result.stderr, result.stdout.count("\n")), (1, "", 1))
    equal(json.loads(result.stdout), {
        "schema": 1, "selector": NVME, "bar": "0", "irq": None, "write": False,
        "write_combining": True,
        "possible": False, "backends": [{"name": "sysfs", "possible": False, "reasons": [
            reason("attribute", errno.EOPNOTSUPP, no_wc(0)),
            reason("driver", errno.EBUSY, driver(bench.function(NVME)))]}]})
    result = bench.run("explain", EDU, "--json")
    equal(json.loads(result.stdout), {
        "schema": 1, "selector": EDU, "bar": None, "irq": None, "write": False,
        "write_combining": False,
        "possible": True, "backends": [{"name": "sysfs", "possible": True, "reasons": []}]})


def test_colour(bench):
    plain = output(f"{NVME} BAR 0, read-only, uncached", driver(bench.function(NVME)))
    red = plain.replace("not possible", "\x1b[31mnot possible\x1b[0m")
    green = output(EDU).replace("possible", "\x1b[32mpossible\x1b[0m")
    bench.run("explain", NVME, "0", "--color=always").expect(1, red)
    bench.run("explain", EDU, "--color=always").prints(green)
    equal(bench.run_on_terminal("explain", NVME, "0"), (1, red))
    equal(bench.run_on_terminal("explain", EDU, env={"NO_COLOR": "1"}), (0, output(EDU)))


@valgrind
def test_what_is_no_obstacle_but_a_mistake(bench):
    bench.run("explain", "00:1f.0").refuses(
        3, f"pcibar explain: 00:1f.0: {no_function('0000:00:1f.0')}")
    bench.run("explain", "1af4:1110").refuses(
        3, "pcibar explain: 1af4:1110: 3 functions match: 0000:00:06.0, 0000:00:08.0, "
        "0000:00:0a.0; use an address, or append #N to pick one")
    bench.run("explain", EDU, "1").refuses(
        2, f"pcibar explain: {EDU} BAR 1: {no_bar('BAR 1')}")
    bench.run("explain", IVSHMEM, "3").refuses(
        2, f"pcibar explain: {IVSHMEM} BAR 3: {UPPER_HALF}")
    for option in ("--write", "--wc"):
        bench.run("explain", EDU, option).refuses(
            2, f"pcibar explain: {option} needs a BAR; see 'pcibar help explain'")


if __name__ == "__main__":
    harness.main()
