#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar info"""

import json

import harness
import pci_names
from config_space import ROM_REGISTER, TYPE_BRIDGE, TYPE_CARDBUS, TYPE_ENDPOINT
from fake_sysfs import (DEVICES, EDU, NVME, PORT, ROM, RTL8139, Definition, Ids, mem32, mem64,
                        rom)
from harness import check, equal, failing, valgrind

NAMES = pci_names.load()
BACKEND = """\
  back end    sysfs
    + write-combining maps where a BAR has them
    - the memory attribute of a map is as asked for, not read back
    - no exclusive maps
    + decoding turned on for as long as a BAR is mapped
    - a map outlives the removal of the function, and may then reach another one
    - the loss of a map is not reported
    - interrupts are not delivered
"""


def info(address, driver, bars, power="awake"):
    """What is printed about a function of the machine."""
    ids = DEVICES[address].ids
    name = NAMES.subsystems.get((ids.vendor, ids.device, *ids.subsystem))
    subsystem = f"  subsystem   {ids.subsystem[0]:04x}:{ids.subsystem[1]:04x}" + (
        f" {name}\n" if name else "\n")
    return (f"{address}  {ids.vendor:04x}:{ids.device:04x}\n"
            f"  name        {NAMES.function(ids)}\n"
            f"  class       {NAMES.class_name(ids.class_code)} [{ids.class_code:06x}], "
            f"revision {ids.revision:02x}\n"
            f"{subsystem if any(ids.subsystem) else ''}"
            f"  driver      {driver}\n"
            f"  power       {power}\n" + BACKEND + bars)


@valgrind
def test_a_function_without_a_driver(bench):
    wanted = info(RTL8139, "none", """\
    BAR 0  io     256 bytes  0x0000c000  decoding on
    BAR 1  mem32  256 bytes  0xfebd1000  decoding on
    ROM             256 KiB  0xfeb80000  prefetchable  decoding off
""")
    for selector in ("00:05.0", "10ec:8139"):
        bench.run("info", selector).prints(wanted)


def test_drivers(bench):
    bench.run("info", NVME).prints(info(NVME, "nvme", """\
    BAR 0  mem64     16 KiB  0xfebd4000  decoding on  held by nvme
"""))
    bench.run("info", PORT).prints(info(PORT, "pcieport, which leaves the BARs to others", """\
    BAR 0  mem32      4 KiB  0xfebd9000  decoding on
"""))


def test_a_sleeping_device(bench):
    bench.function(EDU).set_power_state("D3hot")
    bench.run("info", EDU).prints(
        info(EDU, "none", "    BAR 0  mem32      1 MiB  0xfea00000\n", power="asleep"))


def test_the_decoder_of_the_rom(bench):
    rtl = bench.function(RTL8139)
    rtl.poke_config(0x30, b"\1")
    check("prefetchable  decoding on\n" in bench.run("info", RTL8139).stdout, "decoding is off")
    rtl.set_command(0x0101)
    result = bench.run("info", RTL8139).stdout
    check("prefetchable  decoding off\n" in result, "the ROM decodes without memory decoding")
    check("0x0000c000  decoding on\n" in result, "I/O decoding is off")


@valgrind
def test_json(bench):
    result = bench.run("info", NVME, "--json")
    equal((result.status, result.stderr, result.stdout.count("\n")), (0, "", 1))
    printed = json.loads(result.stdout)
    wanted = {
        "schema": 1, "selector": NVME, "vendor": "0x1b36", "device": "0x0010",
        "subsystem_vendor": "0x1af4", "subsystem_device": "0x1100", "class": "0x010802",
        "revision": "0x02", "driver": "nvme", "driver_owns": True, "asleep": False,
        "responds": True, "backend": "sysfs", "capabilities": {
            "write_combining": True, "attribute_proof": False, "exclusive": False, "events": False,
            "activate": True, "revoke": False, "interrupts": False},
        "bars": [{"bar": "0", "kind": "mem64", "length": 0x4000, "address": "0xfebd4000",
                  "prefetchable": False, "mappable": True, "write_combining": False,
                  "holder": "nvme", "decoding": True, "bus_address": "0xfebd4000",
                  "moved": False}],
        "resizable": []}
    equal({key: printed[key] for key in wanted}, wanted)
    check(set(printed) - set(wanted) <= {"vendor_name", "device_name", "class_name",
                                        "subsystem_name"}, f"unexpected keys: {list(printed)}")


EXPRESS = ((0x10, 0x80, bytes.fromhex("0200 00000000 00000000 84000000 0000 4200") + bytes(40)),)


def express_device(bench, extended=(), capabilities=EXPRESS):
    """Behind a link of 16 GT/s x8 that runs with 5 GT/s x4."""
    return bench.tree.add("0000:02:00.0", Definition(
        Ids(0xabcd, 0, 0xff0000), {0: mem64(0x380000000000, 256 << 20, True)}, command=0x0103,
        capabilities=capabilities, extended=extended))


def test_the_link(bench):
    function = express_device(bench)
    check("\n  link        5 GT/s x4, at most 16 GT/s x8\n" in
          bench.run("info", function.address).stdout, "the link is not shown")
    equal(json.loads(bench.run("info", function.address, "--json").stdout)["link"],
          {"speed": 5000, "width": 4, "max_speed": 16000, "max_width": 8})
    function.poke_config(0x80 + 0x12, b"\0\0")
    check("\n  link        down, at most 16 GT/s x8\n" in
          bench.run("info", function.address).stdout, "the link is not shown as down")
    function.set_power_state("D3hot")
    check("link" not in bench.run("info", function.address).stdout, "configuration space was read")
    for address in EDU, NVME:
        check("link" not in bench.run("info", address).stdout, f"{address} has a link")


def test_resizable_bars(bench):
    """PCI Express 6.0, 7.8.6: BAR 0 of 64 MiB to 1 GiB, BAR 2 of 1 MiB or 256 TiB."""
    body = bytes.fromhex("007c0000 40080000 10000000 02000100")
    function = express_device(bench, ((0x15, 0x100, body),))
    text = bench.run("info", function.address).stdout
    check(text.endswith("""\
    BAR 0 can be resized: 256 MiB of 64 MiB, 128 MiB, 256 MiB, 512 MiB, 1 GiB
    BAR 2 can be resized: 1 MiB of 1 MiB, 256 TiB
"""), f"the sizes are not shown: {text}")
    equal(json.loads(bench.run("info", function.address, "--json").stdout)["resizable"], [
        {"bar": "0", "length": 1 << 28, "lengths": [1 << n for n in range(26, 31)]},
        {"bar": "2", "length": 1 << 20, "lengths": [1 << 20, 1 << 48]}])
    equal(json.loads(bench.run("info", EDU, "--json").stdout)["resizable"], [])


def test_damaged_resizable_bars(bench):
    """Seven BARs, and a size beyond 64 bits."""
    for body in "007c0000 e0080000", "007c0000 203f0000":
        function = express_device(bench, ((0x15, 0x100, bytes.fromhex(body) + bytes(48)),))
        check("resized" not in bench.run("info", function.address).stdout, body)
        function.vanish()


def test_the_place(bench):
    function = bench.function(EDU)
    check("NUMA" not in bench.run("info", EDU).stdout, "there is a node")
    function.path("numa_node").write_text("1\n", encoding="ascii")
    bench.tree.group(13, function)
    check("\n  power       awake\n  IOMMU group 13\n  NUMA node   1\n" in
          bench.run("info", EDU).stdout, "the place is not shown")
    printed = json.loads(bench.run("info", EDU, "--json").stdout)
    equal((printed["iommu_group"], printed["numa_node"]), (13, 1))
    equal(printed["iommu_group_others"], [])
    for other, group in ((NVME, 13), (RTL8139, 14)):
        bench.tree.group(group, bench.function(other))
    check(f"\n  IOMMU group 13, with {NVME} (nvme)\n" in bench.run("info", EDU).stdout,
          "the group is not shown")
    printed = json.loads(bench.run("info", EDU, "--json").stdout)
    equal(printed["iommu_group_others"], [NVME])


def test_verbose_decodes_capabilities(bench):
    """As pciconf does; without -v they are not read."""
    bench.tree.add("0000:02:00.0", Definition(
        Ids(0xabcd, 1, 0xff0000),
        capabilities=((0x05, 0x50, bytes.fromhex("8b01")),
                      (0x11, 0x60, bytes.fromhex("4080 00200000 03300000")),
                      (0x10, 0x70, bytes.fromhex("0200 02000000 2000 0000") + bytes(48))),
        extended=((0x0003, 0x100, bytes.fromhex("78563412 f0debc9a")),)))
    plain = bench.run("info", "abcd:0001").stdout
    result = bench.run("info", "abcd:0001", "-v")
    equal((result.status, result.stderr), (0, ""))
    equal(result.stdout, plain + """\
    cap 05[50] = MSI supports 32 messages, 64 bit, vector masks enabled with 1 message
    cap 11[60] = MSI-X supports 65 messages, enabled
                 Table in map 0x10[0x2000], PBA in map 0x1c[0x3000]
    cap 10[70] = PCI-Express 2 endpoint max data 256(512)
                 max read 128
    ecap 0003[100] = Serial 1 9abcdef012345678
""")
    check("pci_capabilities" not in json.loads(bench.run("info", "abcd:0001", "--json").stdout),
          "they are there without -v")
    equal(json.loads(bench.run("info", "abcd:0001", "--json", "-v").stdout)["pci_capabilities"], [
        {"id": "0x05", "extended": False, "offset": "0x50",
         "text": "MSI supports 32 messages, 64 bit, vector masks enabled with 1 message"},
        {"id": "0x11", "extended": False, "offset": "0x60",
         "text": "MSI-X supports 65 messages, enabled Table in map 0x10[0x2000], PBA in map "
         "0x1c[0x3000]"},
        {"id": "0x10", "extended": False, "offset": "0x70",
         "text": "PCI-Express 2 endpoint max data 256(512) max read 128"},
        {"id": "0x0003", "extended": True, "offset": "0x100",
         "text": "Serial 1 9abcdef012345678"}])


def test_capabilities_that_cannot_be_read(bench):
    """Those of a sleeping device are left alone; an error comes after all the rest."""
    bench.function(EDU).set_power_state("D3hot")
    equal(bench.run("info", EDU, "-v"), bench.run("info", EDU))
    port = bench.function(PORT)
    result = bench.run("info", PORT, "-v", wrap=failing("pread64", "EIO", port.path("config")))
    equal((result.status, result.stderr.count("\n")), (1, 1))
    check(result.stdout.startswith(PORT) and "    BAR 0" in result.stdout, result.stdout)


def test_each_type_of_header(bench):
    """What is a BAR or the ROM of one is a window or another number of the other."""
    functions = {
        TYPE_ENDPOINT: Definition(Ids(0xabcd, 0, 0xff0000), {0: mem32(0xfe000000, 4096),
                                                             5: mem32(0xfe001000, 4096),
                                                             ROM: rom(0xfe100000, 65536)}),
        TYPE_BRIDGE: Definition(Ids(0xabcd, 1, 0x060400), {0: mem32(0xfe000000, 4096),
                                                           1: mem32(0xfe001000, 4096),
                                                           ROM: rom(0xfe100000, 65536)}),
        TYPE_CARDBUS: Definition(Ids(0xabcd, 2, 0x060700), {0: mem32(0xfe000000, 4096)}),
    }
    for kind, definition in functions.items():
        definition.header = kind
        function = bench.tree.add(f"0000:02:00.{kind}", definition)
        if kind in ROM_REGISTER:
            function.poke_config(ROM_REGISTER[kind], b"\x01")
        bars = json.loads(bench.run("info", function.address, "--json").stdout)["bars"]
        equal([(bar["bar"], bar["decoding"], bar["bus_address"]) for bar in bars],
              [("rom" if index == ROM else str(index), True, f"{bar.start:#x}")
               for index, bar in definition.bars.items()])


def test_a_name_that_is_not_ascii(bench):
    """What JSON has to escape: a driver's name comes from a link, which may hold any byte."""
    bench.function(EDU).bind('d"\\\t\u00e9')
    equal(json.loads(bench.run("info", EDU, "--json").stdout)["driver"], 'd"\\\t\u00e9')


def test_colour(bench):
    plain = bench.run("info", EDU).stdout
    painted = bench.run("info", EDU, "--color=always").stdout
    check("\x1b[1mdriver" in painted, f"nothing is bold: {painted!r}")
    equal(painted.replace("\x1b[1m", "").replace("\x1b[0m", ""), plain)
    equal(bench.run_on_terminal("info", EDU), (0, painted))


def test_a_function_that_has_no_bar(bench):
    ids = Ids(0xabcd, 0x0001, 0xff0000)
    bench.tree.add("0000:02:00.0", Definition(ids))
    equal(bench.run("info", "abcd:*").stdout.splitlines()[-1], BACKEND.splitlines()[-1])


def test_a_malformed_attribute(bench):
    bench.function(EDU).path("vendor").write_text("0x12345678z\n", encoding="ascii")
    bench.run("info", EDU).refuses(1, f"pcibar info: {EDU}: Input/output error")


if __name__ == "__main__":
    harness.main()
