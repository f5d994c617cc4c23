#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar list"""

import json
import random
import re
import resource

import harness
import pci_names
from fake_sysfs import (BEYOND, DEVICES, EDU, HUGE, IVSHMEM, NVME, PAIR, PORT, RTL8139, Bar,
                        Definition, Ids, RES_MEM, RES_UNSET, io_ports, mem32, mem64)
from harness import Skip, check, equal, strace, valgrind
from sentences import no_function

NAMES = pci_names.load()
# The lines of the BARs, without and with what configuration space says
BARS = {
    EDU: ["    BAR 0  mem32      1 MiB  0xfea00000{on}"],
    RTL8139: ["    BAR 0  io     256 bytes  0x0000c000{on}",
              "    BAR 1  mem32  256 bytes  0xfebd1000{on}",
              "    ROM             256 KiB  0xfeb80000  prefetchable{off}"],
    IVSHMEM: ["    BAR 0  mem32  256 bytes  0xfebd2100{on}",
              "    BAR 2  mem64      4 MiB  0x380000000000  prefetchable{on}"],
    NVME: ["    BAR 0  mem64     16 KiB  0xfebd4000{on}  held by nvme"],
    HUGE: ["    BAR 0  mem32      4 KiB  0xfebd8000{on}",
           "    BAR 2  mem64     16 GiB  0x384000000000  prefetchable{on}"],
    PORT: ["    BAR 0  mem32      4 KiB  0xfebd9000{on}"],
    PAIR: ["    BAR 0  mem32  256 bytes  0xfebd2200{on}"],
    BEYOND: ["    BAR 0  mem32     16 MiB  0xfd000000  prefetchable{on}",
             "    BAR 2  mem32      4 KiB  0xfe800000{on}"],
}
DRIVERS = {NVME: "nvme", PORT: "pcieport"}


def head(address, ids, driver=None):
    """The first line about a function."""
    return (f"{address}  {ids.vendor:04x}:{ids.device:04x}  {NAMES.class_name(ids.class_code)}: "
            f"{NAMES.function(ids)}" + (f"  driver {driver}" if driver else ""))


def ids_of(address):
    """The IDs of a function of the machine."""
    definition = DEVICES.get(address)
    return definition.ids if definition else Ids(0x1234, 0x1111, 0x038000)


def listing(addresses, verbose=False):
    """What a list of these functions of the machine looks like."""
    on, off = ("  decoding on", "  decoding off") if verbose else ("", "")
    lines = []
    for address in addresses:
        lines.append(head(address, ids_of(address), DRIVERS.get(address)))
        lines += [line.format(on=on, off=off) for line in BARS[address]]
    return "".join(f"{line}\n" for line in lines)


@valgrind
def test_all(bench):
    bench.run("list").prints(listing(BARS))


@valgrind
def test_verbose_adds_what_configuration_space_says(bench):
    bench.run("list", "-v").prints(listing(BARS, verbose=True))
    bench.run("-v", "list").prints(listing(BARS, verbose=True))


def test_verbose_shows_the_iommu_group(bench):
    bench.tree.group(13, bench.function(EDU))
    shown = f"{head(EDU, ids_of(EDU))}  IOMMU group 13\n"
    check(bench.run("list", EDU, "-v").stdout.startswith(shown), "the group is not shown")
    check("IOMMU" not in bench.run("list", EDU).stdout, "the group is shown without -v")
    for options, group in ((["-v"], 13), ([], None)):
        (function,) = json.loads(bench.run("list", EDU, "--json", *options).stdout)["functions"]
        equal(function.get("iommu_group"), group)


def test_functions_that_cannot_be_read_hide_no_others(bench):
    """One line about each, and the status at the end."""
    for address, name in ((RTL8139, "vendor"), (HUGE, "class")):
        bench.function(address).path(name).write_text("?\n", encoding="ascii")
    root = bench.tree.root
    failed = "".join(f"pcibar list: {root}: {address}: Input/output error\n"
                     for address in (RTL8139, HUGE))
    others = [address for address in BARS if address not in (RTL8139, HUGE)]
    bench.run("list").expect(1, listing(others), failed)
    equal(len(json.loads(bench.run("list", "--json").stdout)["functions"]), len(others))
    # By IDs nothing can be selected then: it might be one of those.
    bench.run("list", "1234:11e8").expect(
        1, listing([EDU]), f"pcibar list: 1234:11e8: {RTL8139}: Input/output error\n")
    bench.run("read", "1234:11e8", "0", "0").refuses(
        1, f"pcibar read: 1234:11e8: {RTL8139}: Input/output error")
    bench.run("read", EDU, "0", "0").prints("0x00000000\n")


def test_selectors(bench):
    bench.run("list", "00:05.0").prints(listing([RTL8139]))
    bench.run("list", "1af4:1110").prints(listing([IVSHMEM, HUGE, PAIR]))
    bench.run("list", "1af4:*#2").prints(listing([PAIR]))
    bench.run("list", "*:*").prints(listing(BARS))
    bench.run("list", "pci0:0:7:0").prints(listing([NVME]))
    bench.run("list", "5.0").prints(listing([RTL8139]))
    bench.run("list", "0:5.0").prints(listing([RTL8139]))
    bench.run("list", "0.0").prints(listing([BEYOND]))
    bench.run("list", "1af4:").prints(listing([IVSHMEM, HUGE, PAIR]))
    bench.run("list", "1af4:#2").prints(listing([PAIR]))
    bench.run("list", ":8139").prints(listing([RTL8139]))
    bench.run("list", "::0108").prints(listing([NVME]))
    bench.run("list", "::06xx").prints(listing([PORT]))
    bench.run("list", "1b36::0604").prints(listing([PORT]))


def test_paths_below_sys(bench):
    for folder in bench.function(BEYOND).directory, bench.tree.root / "bus/pci/devices" / BEYOND:
        for path in f"{folder}", f"{folder}/":
            bench.run("list", path).prints(listing([BEYOND]))


@valgrind
def test_of_a_class(bench):
    for class_ in "01", "0108", "010802", "0x010802", "0108:02", "01xx", "x108", "01xx:02":
        bench.run("list", "--class", class_).prints(listing([NVME]))
    bench.run("list", "--class", "05").prints(listing([IVSHMEM, HUGE, PAIR]))
    bench.run("list", "--class=05", "8.0").prints(listing([HUGE]))
    for class_ in "0c03", "010801":
        bench.run("list", "--class", class_).refuses(
            3, f"pcibar list: {bench.tree.root}: no such function; 'pcibar list' shows all")
    for class_ in "", "1", "network", "0108#1", "01080", "010802ff", "0108:02#1":
        bench.run("list", "--class", class_).refuses(
            2, f"pcibar list: --class '{class_}': not a class: use 2, 4 or 6 hexadecimal digits, "
            "with x for any; see 'pcibar help list'")


def test_of_a_driver(bench):
    bench.run("list", "--driver", "nvme").prints(listing([NVME]))
    bench.run("list", "--driver", "none").prints(
        listing([address for address in BARS if address not in DRIVERS]))
    bench.run("list", "--driver", "none", "--class", "06").refuses(
        3, f"pcibar list: {bench.tree.root}: no such function; 'pcibar list' shows all")
    listed = json.loads(bench.run("list", "--driver", "pcieport", "--json").stdout)["functions"]
    equal([function["selector"] for function in listed], [PORT])


def test_what_it_prints_are_selectors(bench):
    for line in bench.run("list").stdout.splitlines():
        if not line.startswith(" "):
            address, ids = line.split()[:2]
            bench.run("list", address).prints(listing([address]))
            check(line in bench.run("list", ids).stdout.splitlines(), f"{line} is not in {ids}")


def test_no_match(bench):
    bench.run("list", "00:1f.0").refuses(
        3, f"pcibar list: 00:1f.0: {no_function('0000:00:1f.0')}")
    bench.run("list", "abcd:*").refuses(
        3, "pcibar list: abcd:*: no such function; 'pcibar list' shows all")
    bench.run("list", "00:04").refuses(
        2, 'pcibar list: 00:04: "00:04" is not a selector; an address needs the function too: '
        "append .0 for function 0")


def test_no_pci(bench):
    empty = bench.folder / "empty"
    empty.mkdir()
    bench.run("--sysfs", empty, "list", sysfs=False).refuses(
        1, f"pcibar list: {empty}: there is no PCI below {empty}")
    (empty / "bus/pci/devices").mkdir(parents=True)
    bench.run("--sysfs", empty, "list", sysfs=False).prints("")


@valgrind
def test_json(bench):
    result = bench.run("list", "--json")
    equal((result.status, result.stderr), (0, ""))
    printed = json.loads(result.stdout)
    equal((printed["schema"], result.stdout.count("\n")), (1, 1))
    functions = {function["selector"]: function for function in printed["functions"]}
    equal(list(functions), list(BARS))
    names = {"vendor_name": NAMES.vendors.get(0x1b36),
             "device_name": NAMES.devices.get((0x1b36, 0x0010)),
             "class_name": NAMES.class_name(0x010802) if NAMES.classes else None}
    equal(functions[NVME], {
        "selector": NVME, "vendor": "0x1b36", "device": "0x0010", "subsystem_vendor": "0x1af4",
        "subsystem_device": "0x1100", "class": "0x010802", "revision": "0x02", "driver": "nvme",
        "driver_owns": True, "asleep": False, "bars": [{
            "bar": "0", "kind": "mem64", "length": 0x4000, "address": "0xfebd4000",
            "prefetchable": False, "mappable": True, "write_combining": False, "holder": "nvme"}],
        } | {key: name for key, name in names.items() if name})
    equal(functions[PORT]["driver_owns"], False)
    equal([(bar["bar"], bar["kind"], bar["length"], bar["prefetchable"], bar["mappable"],
            bar["write_combining"]) for bar in functions[IVSHMEM]["bars"]],
          [("0", "mem32", 0x100, False, True, False),
           ("2", "mem64", 0x400000, True, True, True)])
    equal([(bar["bar"], bar["kind"], bar["mappable"]) for bar in functions[RTL8139]["bars"]],
          [("0", "io", False), ("1", "mem32", True), ("rom", "rom", False)])


def test_verbose_json(bench):
    printed = json.loads(bench.run("list", "1234:11e8", "--json", "-v").stdout)
    bar = printed["functions"][0]["bars"][0]
    equal((bar["decoding"], bar["bus_address"]), (True, "0xfea00000"))


def test_decoding_off_and_other_addresses_on_the_bus(bench):
    bench.function(EDU).set_command(0)
    bench.function(IVSHMEM).poke_config(0x18, (0x1_8000_000c).to_bytes(8, "little"))
    bench.run("list", EDU, "-v").prints(
        listing([EDU], verbose=True).replace("decoding on", "decoding off"))
    check("BAR 2  mem64      4 MiB  0x380000000000  prefetchable  decoding on  "
          "but its register holds 0x180000000\n" in bench.run("list", "1af4:*#0", "-v").stdout,
          "the register is not shown")


def test_a_sleeping_device_is_shown_and_not_read(bench):
    for state in ("D3hot", "D1"):
        bench.function(EDU).set_power_state(state)
        bench.run("list", EDU).prints(listing([EDU]))
        bench.function(EDU).set_command(0)
        bench.run("list", EDU).prints(listing([EDU]))
        bench.run("list", EDU, "-v").prints(f"{head(EDU, ids_of(EDU))}  asleep\n"
                                            + BARS[EDU][0].format(on="") + "\n")
    printed = json.loads(bench.run("list", EDU, "-v", "--json").stdout)["functions"][0]
    equal(printed["asleep"], True)
    check("decoding" not in printed["bars"][0], "configuration space was checked")


def test_without_verbose_only_the_command_register_is_read(bench):
    """Nothing of a device that is asleep: reading would wake it."""
    trace = bench.folder / "trace"
    front = strace("-e", "trace=openat,pread64", "-o", trace)
    bench.run("list", EDU, wrap=front).prints(listing([EDU]))
    calls = trace.read_text(encoding="utf-8")
    equal(re.findall(r'pread64\(.*", (\d+, \d+)\)', calls), ["2, 4"], calls)
    bench.function(EDU).set_power_state("D3hot")
    for options in ([], ["-v"], ["--json"]):
        equal(bench.run("list", EDU, *options, wrap=front).status, 0)
        calls = trace.read_text(encoding="utf-8")
        check('"resource"' in calls, "the trace does not show what was opened")
        check('"config"' not in calls and "resource0" not in calls, f"opened: {calls}")


def test_decoding_off_is_marked(bench):
    """Also without -v, by the command register; the ROM's own decoder is off as a rule."""
    rtl = bench.function(RTL8139)
    for command, marks in ((0x0100, [True, True, True]), (0x0101, [False, True, True]),
                           (0x0102, [True, False, False]), (0x0103, [False, False, False])):
        rtl.set_command(command)
        printed = bench.run("list", RTL8139).stdout.splitlines()[1:]
        equal([each.endswith("  decoding off") for each in printed], marks, f"{command:#06x}")
        bars = json.loads(bench.run("list", RTL8139, "--json").stdout)["functions"][0]["bars"]
        equal([bar.get("decoding", True) for bar in bars], [not mark for mark in marks])


def test_bars_without_an_address(bench):
    ids = Ids(0xabcd, 0x0001, 0xff0000)
    bench.tree.add("0000:02:00.0", Definition(ids, {
        0: Bar(0, 4096, RES_MEM), 1: Bar(0x1000, 8192, RES_MEM | RES_UNSET)}))
    bench.run("list", "abcd:*").prints(
        f"{head('0000:02:00.0', ids)}\n"
        "    BAR 0  mem32      4 KiB  no address\n    BAR 1  mem32      8 KiB  no address\n")
    bars = json.loads(bench.run("list", "abcd:*", "--json").stdout)["functions"][0]["bars"]
    equal([bar["address"] for bar in bars], [None, None])


def test_order_and_domains(bench):
    ids = Ids(0xabcd, 0x0001, 0xff0000)
    addresses = ["0000:ff:1f.7", "0001:00:00.0", "10000:e1:00.0", "fffffffe:00:00.1"]
    for address in reversed(addresses):
        bench.tree.add(address, Definition(ids))
    bench.run("list", "abcd:*").prints("".join(f"{head(a, ids)}\n" for a in addresses))
    bench.run("list", "10000:e1:00.0").prints(f"{head('10000:e1:00.0', ids)}\n")


def test_odd_sizes(bench):
    ids = Ids(0xabcd, 0x0001, 0xff0000)
    bench.tree.add("0000:02:00.0", Definition(ids, {
        0: io_ports(0x1000, 4), 1: mem32(0x1000, 16), 2: mem64(1 << 40, 1 << 40)}))
    bench.run("list", "abcd:*").prints(
        f"{head('0000:02:00.0', ids)}\n"
        "    BAR 0  io       4 bytes  0x00001000\n    BAR 1  mem32   16 bytes  0x00001000\n"
        "    BAR 2  mem64      1 TiB  0x10000000000\n")


def test_names_of_pci_ids(bench):
    if not NAMES.vendors:
        raise Skip("there is no pci.ids here")
    chance = random.Random(1)
    devices = chance.sample(sorted(NAMES.devices), 150) + NAMES.after_comment[:50] + [
        (0x8086, 0xfffe), (0xfffe, 1)]
    classes = [base << 16 | sub << 8 for base, sub in sorted(NAMES.subclasses)] + [
        0x0c9900, 0x550000]
    wanted = []
    for number, pair in enumerate(devices):
        address = f"0000:{0x10 + number // 32:02x}:{number % 32:02x}.0"
        ids = Ids(*pair, classes[number % len(classes)])
        bench.tree.add(address, Definition(ids))
        wanted.append(head(address, ids))
    listed = [line for line in bench.run("list").stdout.splitlines() if line[:7] >= "0000:10"]
    equal(listed, wanted)


def test_subsystem_names(bench):
    if not NAMES.subsystems:
        raise Skip("there is no pci.ids here")
    wanted = {}
    for number, key in enumerate(random.Random(2).sample(sorted(NAMES.subsystems), 32)):
        address = f"0000:10:{number:02x}.0"
        bench.tree.add(address, Definition(Ids(*key[:2], 0xff0000, 0, key[2:])))
        wanted[address] = NAMES.subsystems[key]
    functions = json.loads(bench.run("list", "--json").stdout)["functions"]
    equal({function["selector"]: function.get("subsystem_name") for function in functions
           if function["selector"] in wanted}, wanted)


def test_colour(bench):
    bold = listing([EDU]).replace(EDU, f"\x1b[1m{EDU}\x1b[0m", 1)
    plain = listing([EDU])
    bench.run("list", EDU, "--color=always").prints(bold)
    bench.run("--color", "always", "list", EDU).prints(bold)
    bench.run("list", EDU, "--color", "auto").prints(plain)
    equal(bench.run_on_terminal("list", EDU), (0, bold))
    equal(bench.run_on_terminal("list", EDU, "--color=never"), (0, plain))
    equal(bench.run_on_terminal("list", EDU, env={"NO_COLOR": "1"}), (0, plain))
    equal(bench.run_on_terminal("list", EDU, env={"NO_COLOR": ""}), (0, bold))
    equal(bench.run_on_terminal("list", EDU, env={"TERM": "dumb"}), (0, plain))
    equal(bench.run_on_terminal("list", EDU, "--color=always", env={"NO_COLOR": "1"}), (0, bold))
    bench.run("list", "--color=maybe").refuses(
        2, "pcibar list: --color 'maybe': use auto, always or never; see 'pcibar help list'")


def test_ten_thousand_functions(bench):
    """A bound on the CPU time, which other work on the machine does not change much."""
    crowd = bench.function(RTL8139)
    for number in range(10000):
        bench.tree.link(f"{0x10 + (number >> 13):04x}:{number >> 5 & 0xff:02x}:{number & 31:02x}.0",
                        crowd)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = bench.run("list")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    equal((result.status, result.stderr), (0, ""))
    lines = result.stdout.splitlines()
    equal(len(lines), len(listing(BARS).splitlines()) + 10000 * 4)
    equal(lines[-4:], head("0011:38:0f.0", ids_of(RTL8139)).splitlines()
          + [line.format(on="", off="") for line in BARS[RTL8139]])
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    check(spent < 5, f"{spent:.1f} s of CPU for 10,000 functions")


if __name__ == "__main__":
    harness.main()
