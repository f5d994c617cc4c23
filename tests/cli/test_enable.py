#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar enable, pcibar disable"""

import json
import re
import signal

import harness
from fake_sysfs import EDU, NVME, PORT, RTL8139, Definition, Ids, mem32
from harness import PIPE, check, equal, valgrind
from sentences import driver, silent

IO, MEM, MASTER = 1, 2, 4
OTHERS = 0x0540     # bits that do not concern decoding: parity, SERR#, INTx


def test_each_option_changes_just_its_bit(bench):
    edu = bench.function(EDU)
    for option, bit in (("--io", IO), ("--mem", MEM), ("--bus-master", MASTER)):
        edu.set_command(OTHERS)
        bench.run("enable", EDU, option).prints("")
        equal(edu.command(), OTHERS | bit, f"command register after enable {option}")
        edu.set_command(OTHERS | IO | MEM | MASTER)
        bench.run("disable", EDU, option).prints("")
        equal(edu.command(), OTHERS | (IO | MEM | MASTER) & ~bit, f"and after disable {option}")
    edu.set_command(OTHERS)
    bench.run("enable", EDU, "--io", "--mem", "--bus-master").prints("")
    equal(edu.command(), OTHERS | IO | MEM | MASTER)


def test_without_options_the_kinds_of_bars_count(bench):
    for address, bits in ((EDU, MEM), (RTL8139, IO | MEM), (PORT, MEM)):
        function = bench.function(address)
        function.set_command(OTHERS)
        bench.run("enable", address).prints("")
        equal(function.command(), OTHERS | bits, f"{address} after enable")
        function.set_command(OTHERS | IO | MEM | MASTER)
        bench.run("disable", address).prints("")
        equal(function.command(), OTHERS | (IO | MEM | MASTER) & ~bits, f"{address} after disable")


def test_nothing_but_the_command_register_changes(bench):
    edu = bench.function(EDU)
    before = edu.peek_config(0, 256)
    bench.run("enable", EDU, "--bus-master").prints("")
    equal(edu.peek_config(0, 4) + edu.peek_config(6, 250), before[:4] + before[6:])


@valgrind
def test_verbose_prints_what_changed(bench):
    rtl = bench.function(RTL8139)
    rtl.set_command(OTHERS | IO)
    bench.run("enable", RTL8139, "-v").expect(
        0, "", "pcibar enable: command register 0x0541 -> 0x0543\n"
        f"pcibar enable: {RTL8139}: I/O decoding was already on\n"
        f"pcibar enable: {RTL8139}: memory decoding turned on\n")
    bench.run("disable", RTL8139, "-v", "--mem", "--bus-master").expect(
        0, "", "pcibar disable: command register 0x0543 -> 0x0541\n"
        f"pcibar disable: {RTL8139}: memory decoding turned off\n"
        f"pcibar disable: {RTL8139}: bus mastering was already off\n")


def test_what_is_as_wanted_is_not_written(bench):
    edu = bench.function(EDU)
    edu.path("config").chmod(0o444)
    bench.run_as_nobody("enable", EDU).prints("")
    bench.run_as_nobody("disable", EDU).refuses(
        1, f"pcibar disable: {EDU}: no permission for this part of configuration space; run it "
           "as root, with CAP_SYS_ADMIN")


def test_a_function_that_may_suspend_is_kept_awake(bench):
    """In this order, before the register is read and after it is written, under the lock."""
    edu = bench.function(EDU)
    edu.set_command(OTHERS)
    edu.path("power/control").write_text("auto\n", encoding="ascii")
    trace = bench.folder / "trace"
    bench.run("enable", EDU, wrap=harness.strace("-y", "-e", "trace=write,pread64,pwrite64,fcntl",
                                                 "-o", trace)).prints("")
    calls = re.findall(r"^(\w+)\(\d+<\S*/(control|config)>, (?:\"(\w+)\")?",
                       trace.read_text(encoding="utf-8"), re.MULTILINE)
    woken, lets = calls.index(("write", "control", "on")), calls.index(("write", "control", "auto"))
    written = [i for i, call in enumerate(calls) if call[0] == "pwrite64"]
    check(woken < calls.index(("pread64", "config", ""), woken) < min(written) and
          max(written) < lets, f"{calls}")
    order = re.findall(r"l_type=(F_WRLCK|F_UNLCK)|control>, \"(on|auto)\"",
                       trace.read_text(encoding="utf-8"))
    # The lock is taken on two files.
    equal([lock or word for lock, word in order],
          2 * ["F_WRLCK"] + ["on", "auto"] + 2 * ["F_UNLCK"], "order")


@valgrind
def test_a_driver_owns_the_function(bench):
    nvme = bench.function(NVME)
    for verb in ("enable", "disable"):
        bench.run(verb, NVME).refuses(
            1, f"pcibar {verb}: {NVME}: {driver(nvme)}")
    equal(nvme.command(), 0x0507)
    bench.run("disable", NVME, "--bus-master", "--share-driver").prints("")
    equal(nvme.command(), 0x0503)


def test_no_bar_at_all(bench):
    function = bench.tree.add("0000:02:00.0", Definition(Ids(0xabcd, 1, 0xff0000), command=0))
    bench.run("enable", "abcd:*").refuses(
        1, "pcibar enable: 0000:02:00.0: the function has no BAR; name what is meant: --io, --mem "
        "or --bus-master")
    bench.run("enable", "abcd:*", "--bus-master").prints("")
    equal(function.command(), MASTER)


def test_a_bit_that_does_not_stay(bench):
    """strace says that the write was done, and it was not."""
    edu = bench.function(EDU)
    edu.set_command(0)
    front = harness.strace("-o", "/dev/null", "-P", edu.path("config"), "-e",
                           "inject=pwrite64:retval=2")
    bench.run("enable", EDU, wrap=front).refuses(
        1, f"pcibar enable: {EDU}: the system refused the access, or it had no effect; "
           "in a container, the file config may be hidden")


def test_lockdown(bench):
    """The kernel refuses the write, which only strace can show on an ordinary file."""
    edu = bench.function(EDU)
    front = harness.failing("pwrite64", "EPERM", edu.path("config"))
    bench.run("disable", EDU, wrap=front).refuses(
        1, f"pcibar disable: {EDU}: the kernel is locked down, which forbids writing configuration "
        "space; boot without lockdown")
    equal(edu.command(), 0x0103)


def add_virtual(bench):
    """Its physical function decodes for it, and its BARs read zero."""
    virtual = bench.tree.add("0000:03:10.0", Definition(Ids(0x1234, 1, 0xff0000),
                                                        {0: mem32(0xe0100000, 0x1000)}, command=0))
    virtual.poke_config(0x10, bytes(4))
    virtual.path("physfn").symlink_to(f"../{EDU}")
    virtual.poke(0, 0, b"\x01\x02\x03\x04")
    return virtual


VIRTUAL_REFUSAL = ("pcibar disable: 0000:03:10.0: decoding of a virtual function is turned on and "
                   "off by its physical function")


@valgrind
def test_a_virtual_function(bench):
    """One that has a bit of its own, as QEMU's have."""
    virtual = add_virtual(bench)
    for options in ([], ["--activate"]):
        bench.run("read", "0000:03:10.0", "0", "0", *options).prints("0x04030201\n")
    info = bench.run("info", "0000:03:10.0").stdout
    check("decoding on" in info and "bus address" not in info, info)
    bench.run("disable", "0000:03:10.0").refuses(1, VIRTUAL_REFUSAL)
    bench.run("enable", "0000:03:10.0").prints("")
    equal(virtual.command(), MEM)
    bench.run("disable", "0000:03:10.0").prints("")
    equal(virtual.command(), 0)


def test_a_virtual_function_whose_physical_function_decodes_nothing(bench):
    virtual = add_virtual(bench)
    virtual.path("physfn").unlink()
    physical = bench.tree.add("0000:03:00.0", Definition(Ids(0x1234, 2, 0xff0000), {}))
    virtual.path("physfn").symlink_to("../0000:03:00.0")
    sriov = (0x00010010).to_bytes(4, "little") + bytes(4)
    physical.path("config").write_bytes(physical.path("config").read_bytes()[:256]
                                        .ljust(256, b"\0") + sriov + bytes(4096 - 264))
    check("decoding off" in bench.run("info", "0000:03:10.0").stdout, "nothing says off")
    (bar,) = json.loads(bench.run("info", "0000:03:10.0", "--json").stdout)["bars"]
    equal(bar["decoding"], False)


def test_a_virtual_function_without_a_bit(bench):
    """As hardware has it: what is written is forgotten."""
    virtual = add_virtual(bench)
    front = harness.forgetting(virtual.path("config"), 2)
    bench.run("read", "0000:03:10.0", "0", "0", "--activate", wrap=front).prints("0x04030201\n")
    bench.run("enable", "0000:03:10.0", wrap=front).prints("")
    bench.run("disable", "0000:03:10.0", wrap=front).refuses(1, VIRTUAL_REFUSAL)
    equal(virtual.command(), 0)


def test_activation_without_the_right_to_write(bench):
    """Where decoding is on already, nothing needs to be changed, and nothing is said."""
    edu = bench.function(EDU)
    edu.path("config").chmod(0o444)
    bench.run_as_nobody("read", EDU, "0", "0", "--activate").prints("0x00000000\n")


@valgrind
def test_activation_by_two_commands(bench):
    """The first to end leaves it on for the other one."""
    edu = bench.function(EDU)
    edu.set_command(OTHERS)
    first = bench.start("watch", EDU, "0", "0", "-i60m", "--activate", "-vv")
    first.wait_for("mapped\n", "stderr")
    second = bench.start("script", EDU, "--activate", "--stream", stdin=PIPE)
    second.feed("read 0 0\n")
    second.wait_for("0x00000000\n")
    first.kill(signal.SIGTERM)
    equal(first.finish().status, -signal.SIGTERM)
    equal(edu.command(), OTHERS | MEM)
    second.feed("read 0 0\nquit\n")
    equal(second.finish().status, 0)
    equal(edu.command(), OTHERS)


def test_a_function_that_responds_no_more(bench):
    bench.function(EDU).poke_config(0, b"\xff" * 256)
    bench.run("enable", EDU).refuses(
        4, f"pcibar enable: {EDU}: {silent(bench.function(EDU))}")


if __name__ == "__main__":
    harness.main()
