#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar irq, irq wait and irq trigger, as far as sysfs lets them come"""

import json

import harness
from fake_sysfs import EDU, NVME, PORT, RTL8139
from harness import check, equal, valgrind

HEAD = "back end sysfs, which does not deliver interrupts, bus mastering"
BIND = (f"use the back end vfio (pcibar bind {EDU} vfio-pci), or with the module pciio (pcibar "
        f"bind {EDU} pciio)")
NOT_HERE = f"the sysfs back end does not deliver interrupts; {BIND}"
UNBOUND = f"pcibar irq wait: {EDU}: {NOT_HERE}"


@valgrind
def test_what_a_function_has(bench):
    """EDU has one message, NVME 65, and pins are where configuration space says so."""
    bench.function(EDU).poke_config(0x3d, b"\1")
    bench.run("irq", EDU).prints(
        f"{EDU}  {HEAD} off\n    intx    1 vector\n    msi     1 vector\n")
    bench.run("irq", NVME).prints(f"{NVME}  {HEAD} on\n    msix   65 vectors\n")
    bench.run("irq", RTL8139).prints(f"{RTL8139}  {HEAD} on\n")


def test_json(bench):
    bench.function(EDU).poke_config(0x3d, b"\1")
    printed = json.loads(bench.run("irq", "--json", EDU).stdout)
    equal((printed["selector"], printed["backend"], printed["bus_master"]), (EDU, "sysfs", False))
    equal([(each["type"], each["vectors"], each["open"], each["mask"])
           for each in printed["interrupts"]], [("intx", 1, 0, False), ("msi", 1, 0, False)])


@valgrind
def test_refusals(bench):
    edu = bench.function(EDU)
    edu.set_command(0x0107)
    bench.run("irq", "wait", EDU).refuses(1, UNBOUND)
    bench.run("irq", "trigger", "--type=msi", EDU).refuses(1, UNBOUND.replace("wait", "trigger"))
    bench.run("irq", "wait", "--type=msi", "--vector=1", EDU).refuses(
        2, f"pcibar irq wait: {EDU}: the function has only 1 MSI vector, counted from 0; 'pcibar "
           "irq' shows what it has")
    bench.run("irq", "wait", "--type=msix", EDU).refuses(
        2, f"pcibar irq wait: {EDU}: the function does not have MSI-X; 'pcibar irq' shows what it "
           "has")
    bench.run("irq", "wait", PORT).refuses(
        2, f"pcibar irq wait: {PORT}: the function has no interrupts; 'pcibar irq' shows what it "
           "has")
    edu.set_power_state("D3hot")
    result = bench.run("irq", "wait", EDU)
    check(result.status == 1 and "low-power state" in result.stderr, result)


def test_nothing_is_written_when_it_is_refused(bench):
    edu = bench.function(EDU)
    equal(bench.run("irq", "wait", "--start", "0:0=0xff", "--ack", "0:4=1", EDU).status, 1)
    equal(edu.peek(0, 0, 8), bytes(8))


@valgrind
def test_usage(bench):
    for words, phrase in (
            (("--type", "irq"), "not a type: use intx, msi, msix or best"),
            (("--vector", "2048"), "there are at most 2048 vectors"),
            (("--vector", "0+2049"), "there are at most 2048 vectors"),
            (("--vector", "x"), "--vector 'x'"),
            (("--ack", "0"), "--ack '0': not BAR:OFFSET=VALUE"),
            (("--ack", "0=1:4"), "--ack '0=1:4': not BAR:OFFSET=VALUE"),
            (("--ack", ":=1"), "BAR ''"),
            (("--ack", "7:0=1"), "BAR '7'"),
            (("--ack", "0:2=1"), "offset 0x2 is not a multiple of 4: use -w 2"),
            (("--ack", "0:0=1:2"), "--ack '0:0=1:2'"),
            (("--start", "0:0=x"), "--start '0:0=x'"),
            (("--start", "0:" + 99 * "1" + "=1"), "not BAR:OFFSET=VALUE"),
            (("-c", "0"), "the count is zero"), (("--timeout", "1"), "--timeout '1'")):
        result = bench.run("irq", "wait", *words, EDU)
        check(result.status == 2 and phrase in result.stderr, f"{words}: {result}")
    equal(bench.run("irq", "wait", EDU, "0").status, 2)


def test_in_a_script(bench):
    """It is checked with the rest, and refused when it is run."""
    bench.run("script", "-n", EDU, stdin="irq\nirq wait -c 1 --ack 0:4=1\nirq trigger\n").prints("")
    result = bench.run("script", EDU, stdin="irq wait --ack 0=1\n")
    check(result.status == 2 and "stdin:1: --ack '0=1': not BAR:OFFSET=VALUE" in result.stderr,
          result)
    bench.function(EDU).set_command(0x0107)
    bench.run("script", EDU, stdin="irq wait\n").refuses(
        1, f"pcibar irq wait: stdin:1: {EDU}: {NOT_HERE}")


def test_explain(bench):
    """It says which step is next, and of messages that bus mastering is off."""
    result = bench.run("explain", "--irq", "msi", EDU)
    equal(result.status, 1)
    equal(result.stdout, f"""\
{EDU} interrupts, msi
sysfs: not possible
  - the sysfs back end does not deliver interrupts
    remedy: {BIND}
""")
    for words in (("--bus-master",), ("--vector", "1"), ("--irq", "msi", "--write")):
        equal(bench.run("explain", *words, EDU).status, 2)
    equal(bench.run("explain", "--irq", "msi", EDU, "0").status, 2)


def test_without_the_right_to_see_capabilities(bench):
    """An ordinary user sees 64 bytes."""
    edu = bench.function(EDU)
    with open(edu.path("config"), "r+b") as file:
        file.truncate(64)
    result = bench.run("irq", EDU)
    check(result.status != 0 and result.stderr.count("\n") == 1, result)


if __name__ == "__main__":
    harness.main()
