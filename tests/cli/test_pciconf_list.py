#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pciconf -l and -t"""

import os
import re
import socket

import harness
import pci_names
from config_space import TYPE_BRIDGE
from fake_sysfs import (BEYOND, DEVICES, EDU, HUGE, IVSHMEM, NVME, PAIR, PORT, RTL8139, Bar,
                        Definition, Ids, RES_MEM, RES_UNSET)
from harness import Skip, check, differs, equal, strace, valgrind

NAMES = pci_names.load()
HEADS = {
    EDU: "none0@pci0:0:4:0:", RTL8139: "none1@pci0:0:5:0:", IVSHMEM: "none2@pci0:0:6:0:",
    NVME: "nvme0@pci0:0:7:0:", HUGE: "none3@pci0:0:8:0:", PORT: "pcieport0@pci0:0:9:0:",
    PAIR: "none4@pci0:0:10:0:", BEYOND: "none5@pci0:1:0:0:",
}
IDS = {
    EDU: "class=0x00ff00 rev=0x10 hdr=0x00 vendor=0x1234 device=0x11e8 subvendor=0x1af4 "
         "subdevice=0x1100",
    RTL8139: "class=0x020000 rev=0x20 hdr=0x00 vendor=0x10ec device=0x8139 subvendor=0x1af4 "
             "subdevice=0x1100",
    IVSHMEM: "class=0x050000 rev=0x01 hdr=0x00 vendor=0x1af4 device=0x1110 subvendor=0x1af4 "
             "subdevice=0x1100",
    NVME: "class=0x010802 rev=0x02 hdr=0x00 vendor=0x1b36 device=0x0010 subvendor=0x1af4 "
          "subdevice=0x1100",
    PORT: "class=0x060400 rev=0x00 hdr=0x01 vendor=0x1b36 device=0x000c subvendor=0x0000 "
          "subdevice=0x0000",
    BEYOND: "class=0x038000 rev=0x02 hdr=0x00 vendor=0x1234 device=0x1111 subvendor=0x1af4 "
            "subdevice=0x1100",
}
IDS[HUGE] = IDS[PAIR] = IDS[IVSHMEM]
BARS = {
    EDU: "    bar   [10] = type Memory, range 32, base 0xfea00000, size 1048576, enabled\n",
    RTL8139: "    bar   [10] = type I/O Port, range 32, base 0xc000, size 256, enabled\n"
             "    bar   [14] = type Memory, range 32, base 0xfebd1000, size 256, enabled\n",
    IVSHMEM: "    bar   [10] = type Memory, range 32, base 0xfebd2100, size 256, enabled\n"
             "    bar   [18] = type Prefetchable Memory, range 64, base 0x380000000000, size "
             "4194304, enabled\n",
    NVME: "    bar   [10] = type Memory, range 64, base 0xfebd4000, size 16384, enabled\n",
    HUGE: "    bar   [10] = type Memory, range 32, base 0xfebd8000, size 4096, enabled\n"
          "    bar   [18] = type Prefetchable Memory, range 64, base 0x384000000000, size "
          "17179869184, enabled\n",
    PORT: "    bar   [10] = type Memory, range 32, base 0xfebd9000, size 4096, enabled\n",
    PAIR: "    bar   [10] = type Memory, range 32, base 0xfebd2200, size 256, enabled\n",
    BEYOND: "    bar   [10] = type Prefetchable Memory, range 32, base 0xfd000000, size 16777216, "
            "enabled\n"
            "    bar   [18] = type Memory, range 32, base 0xfe800000, size 4096, enabled\n",
}
TREE = """\
--- pci0:0
  |--- pci0:0:4:0
  |--- pci0:0:5:0
  |--- pci0:0:6:0
  |--- nvme0
  |--- pci0:0:8:0
  |--- pcieport0
  |  `--- pci0:1:0:0
  `--- pci0:0:10:0
"""


def head(address, number=None):
    """The first line; number counts functions without a driver that are listed before."""
    name = HEADS[address]
    if number is not None:
        name = re.sub(r"^none\d", f"none{number}", name)
    return f"{name}\t{IDS[address]}\n"


@differs
@valgrind
def test_all(bench):
    bench.run("-l").prints("".join(map(head, HEADS)))


@valgrind
def test_compact(bench):
    lines = [re.sub("[a-z]+=0x", "", f"{HEADS[address]}\t{IDS[address]}").split(" ")
             for address in HEADS]
    wanted = "drv\tselector\tclass    rev  hdr  vendor device subven subdev\n"
    bench.run("-ll").prints(wanted + "".join("   ".join(line) + "\n" for line in lines))
    bench.run("-l", "-l").prints(wanted + "".join("   ".join(line) + "\n" for line in lines))


@valgrind
def test_bars(bench):
    bench.run("-lb").prints("".join(head(address) + BARS[address] for address in HEADS))


@differs
def test_one(bench):
    for name in ("pci0:0:6:0", "pci0:6:0", "pci0:6", "pci0:0:6:0:", "none2@pci0:0:6:0:",
                 "anything@pci0:6", "0000:00:06.0", "00:06.0"):
        bench.run("-lb", name).prints(head(IVSHMEM, 0) + BARS[IVSHMEM])
    for name in ("nvme0", "nvme0@pci0:0:7:0:"):
        bench.run("-l", name).prints(head(NVME))
    bench.run("-l", "pci0:1:0:0").prints(head(BEYOND, 0))


def test_what_it_prints_selects(bench):
    for line in bench.run("-l").stdout.splitlines():
        name = line.split("\t")[0]
        listed = bench.run("-l", name).stdout
        equal(re.sub(r"^none\d", "none", listed), re.sub(r"^none\d", "none", line) + "\n")
        if not name.startswith("none"):
            equal(bench.run("-l", name.split("@")[0]).stdout, line + "\n")


@differs
def test_no_such_address_is_no_error(bench):
    """As on FreeBSD; a driver that has no such unit is one."""
    bench.run("-l", "pci0:0:31:0").prints("")
    bench.run("-l", "nvme1").refuses(
        1, "pciconf: nvme1: no driver has a device of this name; 'pciconf -l' shows all")


def test_bars_that_do_not_decode(bench):
    bench.function(RTL8139).set_command(2)
    bench.run("-lb", "pci0:0:5:0").prints(head(RTL8139, 0)
                                          + BARS[RTL8139].replace("enabled", "disabled", 1))
    bench.function(RTL8139).set_command(0)
    bench.run("-lb", "pci0:0:5:0").prints(head(RTL8139, 0)
                                          + BARS[RTL8139].replace("enabled", "disabled"))


def test_addresses_are_those_of_the_bus(bench):
    bench.function(IVSHMEM).poke_config(0x18, (0x1_8000_000c).to_bytes(8, "little"))
    bench.run("-lb", "pci0:0:6:0").prints(
        head(IVSHMEM, 0) + BARS[IVSHMEM].replace("0x380000000000", "0x180000000"))


def test_bars_without_an_address(bench):
    bench.tree.add("0000:02:00.0", Definition(Ids(0xabcd, 1, 0xff0000), {
        0: Bar(0, 4096, RES_MEM), 1: Bar(0x1000, 8192, RES_MEM | RES_UNSET)}))
    lines = bench.run("-lb", "pci0:2:0:0").stdout.splitlines()[1:]
    equal([line.split(", ")[-2] for line in lines], ["size 4096", "size 8192"])


@differs
def test_a_sleeping_device_is_not_read(bench):
    """Not woken either: what its configuration space would say is taken for off."""
    bench.function(EDU).set_power_state("D3hot")
    front = strace("-e", "trace=open,openat", "-o", bench.folder / "trace")
    bench.run("-lb", "pci0:0:4:0", wrap=front).prints(
        head(EDU, 0) + BARS[EDU].replace("enabled", "disabled"))
    trace = (bench.folder / "trace").read_text(encoding="utf-8")
    check('"config"' not in trace, f"opened: {trace}")


def test_a_list_opens_no_configuration_space(bench):
    front = strace("-e", "trace=open,openat", "-o", bench.folder / "trace")
    for line in (["-l"], ["-ll"], ["-t"], ["-a", "nvme0"]):
        bench.run(*line, wrap=front)
        trace = (bench.folder / "trace").read_text(encoding="utf-8")
        check('"config"' not in trace and "resource" not in trace, f"{line} opened: {trace}")


def names(address, class_words):
    """What -v adds."""
    ids = (DEVICES.get(address) or Definition(Ids(0x1234, 0x1111, 0))).ids
    vendor, device = NAMES.vendors.get(ids.vendor), NAMES.devices.get((ids.vendor, ids.device))
    return ((f"    vendor     = '{vendor}'\n" if vendor else "")
            + (f"    device     = '{device}'\n" if device else "")
            + "".join(f"    {word}\n" for word in class_words))


def test_verbose(bench):
    if not NAMES.vendors:
        raise Skip("there is no pci.ids here")
    words = {
        EDU: ["class      = old"],
        RTL8139: ["class      = network", "subclass   = ethernet"],
        IVSHMEM: ["class      = memory", "subclass   = RAM"],
        NVME: ["class      = mass storage", "subclass   = NVM"],
        PORT: ["class      = bridge", "subclass   = PCI-PCI"],
        BEYOND: ["class      = display"],
    }
    words[HUGE] = words[PAIR] = words[IVSHMEM]
    bench.run("-lv").prints("".join(head(a) + names(a, words[a]) for a in HEADS))
    bench.run("-l", "-bv", "nvme0").prints(head(NVME) + names(NVME, words[NVME]) + BARS[NVME])


@differs
def test_names_from_elsewhere(bench):
    file = bench.file("names", b"1b36  A vendor\n\t0010  A device\n")
    wanted = head(NVME) + ("    vendor     = 'A vendor'\n    device     = 'A device'\n"
                           "    class      = mass storage\n    subclass   = NVM\n")
    bench.run("-lv", "nvme0", env={"PCICONF_VENDOR_DATABASE": str(file)}).prints(wanted)
    missing = {"PCICONF_VENDOR_DATABASE": str(bench.folder / "none")}
    equal(bench.run("-lv", "nvme0", env=missing), bench.run("-lv", "nvme0"))


@valgrind
def test_odd_files_of_names(bench):
    """One that ends within a line ends there, and one that is no text of that kind has no names."""
    page = os.sysconf("SC_PAGESIZE")
    for end in (b"C", b"C ", b"C 0", b"\t", b"\t0", b"1b3", b"1", b"\t\t", b"#", b"1b36",
                b"1b36\n\t0010\n\t\t1af4"):
        # The last byte of a page: what follows may be another mapping, or none.
        file = bench.file("names", b"1b36  Red\n#".ljust(page - 1 - len(end), b"x") + b"\n" + end)
        result = bench.run("-lv", "nvme0", env={"PCICONF_VENDOR_DATABASE": str(file)})
        equal((result.status, result.stderr), (0, ""), f"a file that ends with {end!r}")
        check("subclass   = NVM" in result.stdout, result.stdout)
    long = "ab" * 62 + "é" * 8
    for text, name in ((b"1b36  Red\n#" + b"y" * (1 << 20) + b"\n\t0010  Disk", "Disk"),
                       (f"1b36  Red\n\t0010  {long}\n".encode(), "ab" * 62 + "é")):
        file = bench.file("names", text)
        result = bench.run("-lv", "nvme0", env={"PCICONF_VENDOR_DATABASE": str(file),
                                                "LC_ALL": "C.UTF-8"})
        check(f"    device     = '{name}'\n" in result.stdout, result.stdout)


def test_files_that_hold_no_names(bench):
    """The system's are used instead, without waiting for a writer or reading for ever."""
    wanted = bench.run("-lv", "nvme0")
    os.mkfifo(bench.folder / "fifo")
    with open(bench.folder / "huge", "wb") as file:
        file.write(b"1b36  Red\n")
        file.truncate(1 << 40)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(bench.folder / "socket"))
        for name in ("fifo", "huge", "socket", ".", "/dev/zero", "/dev/null"):
            database = {"PCICONF_VENDOR_DATABASE": str(bench.folder / name)}
            equal(bench.run("-lv", "nvme0", env=database), wanted, name)


@valgrind
def test_classes(bench):
    bench.run("-l", "-C", "memory").prints("".join(
        head(address, number) for number, address in enumerate((IVSHMEM, HUGE, PAIR))))
    bench.run("-lC", "Mass Storage").prints(head(NVME))
    bench.run("-l", "-C", "bridge", "pci0:0:9:0").prints(head(PORT))
    bench.run("-l", "-C", "bridge", "pci0:0:4:0").prints("")
    bench.run("-l", "-C", "docking station").prints("")
    for word in ("ethernet", "", "mem", "memory "):
        bench.run("-l", "-C", word).refuses(
            1, f"pciconf: -C '{word}': no such class; see 'pciconf --help'")


@differs
def test_units_and_names_of_drivers(bench):
    """Names that end with digits: the longest one that has the unit is meant."""
    ids = Ids(0xabcd, 1, 0xff0000)
    drivers = ["x"] * 12 + ["x1"] * 2 + ["e1000"] * 2 + ["e1000e", "uio_pci_generic"]
    for slot, driver in enumerate(drivers):
        bench.tree.add(f"0000:02:{slot:02x}.0", Definition(ids, driver=driver))

    def chosen(name):
        return bench.run("-l", name).stdout.split(":\t")[0]

    equal({name: chosen(name) for name in ("x0", "x9", "x10", "x11", "x12", "e10000", "e10001",
                                           "e1000e0", "uio_pci_generic0")},
          {"x0": "x0@pci0:2:0:0", "x9": "x9@pci0:2:9:0", "x10": "x10@pci0:2:12:0",
           "x11": "x11@pci0:2:13:0", "x12": "", "e10000": "e10000@pci0:2:14:0",
           "e10001": "e10001@pci0:2:15:0", "e1000e0": "e1000e0@pci0:2:16:0",
           "uio_pci_generic0": "uio_pci_generic0@pci0:2:17:0"})


def test_domains(bench):
    bench.tree.add("10000:e1:1f.7", Definition(Ids(0xabcd, 1, 0xff0000)))
    check(bench.run("-l", "pci65536:225:31:7").stdout.startswith("none0@pci65536:225:31:7:\t"),
          "the function is not found by its domain")


@valgrind
def test_tree(bench):
    bench.run("-t").prints(TREE)
    file = bench.file("names", b"1b36  Red\n\t000c  Port\n\t0010  Disk\n1af4  Hat\n")
    verbose = bench.run("-tv", env={"PCICONF_VENDOR_DATABASE": str(file)}).stdout
    equal([line for line in verbose.splitlines() if "nvme" in line or "port" in line or
           "0:8:0" in line or "0:4:0" in line],
          ["  |--- pci0:0:4:0 vendor=0x1234 device=0x11e8", "  |--- nvme0 Red Disk",
           "  |--- pci0:0:8:0 Hat device=0x1110", "  |--- pcieport0 Red Port"])


def test_deep_trees(bench):
    """A bridge behind a bridge, the last function of its bus too; and another root."""
    bridge = Ids(0x1b36, 0x000c, 0x060400)
    bench.tree.add("0000:00:0b.0", Definition(bridge, header=TYPE_BRIDGE, secondary=2))
    bench.tree.add("0000:02:00.0", Definition(bridge, header=TYPE_BRIDGE, secondary=3))
    bench.tree.add("0000:02:01.0", Definition(bridge, header=TYPE_BRIDGE, secondary=4))
    bench.tree.add("0000:03:00.0", Definition(bridge))
    bench.tree.add("0000:04:00.0", Definition(bridge))
    bench.tree.add("0000:80:00.0", Definition(bridge, driver="nvme"))
    bench.tree.add("0001:01:00.0", Definition(bridge))
    bench.run("-t").prints(TREE.replace("`--- pci0:0:10:0", "|--- pci0:0:10:0") + """\
  `--- pci0:0:11:0
     |--- pci0:2:0:0
     |  `--- pci0:3:0:0
     `--- pci0:2:1:0
        `--- pci0:4:0:0
--- pci0:128
  `--- nvme1
--- pci1:1
  `--- pci1:1:0:0
""")


def test_bridges_that_lead_in_circles(bench):
    """No kernel numbers buses so; a loop must not hang."""
    bridge = Ids(0x1b36, 0x000c, 0x060400)
    bench.tree.add("0000:05:00.0", Definition(bridge, header=TYPE_BRIDGE, secondary=5))
    bench.tree.add("0000:06:00.0", Definition(bridge, header=TYPE_BRIDGE, secondary=5))
    result = bench.run("-t")
    equal(result.status, 0)
    check(result.stdout.endswith("--- pci0:5\n  `--- pci0:5:0:0\n--- pci0:6\n"
                                 "  `--- pci0:6:0:0\n"), result.stdout)


def test_functions_that_cannot_be_read_hide_no_others(bench):
    edu = bench.function(EDU)
    for mode in (["-l"], ["-lbcv"], ["-t"]):
        edu.path("class").write_text("?\n", encoding="ascii")
        result = bench.run(*mode)
        equal((result.status, result.stderr),
              (1, f"pciconf: {bench.tree.root}: {EDU}: Input/output error\n"))
        check("pci0:0:10:0" in result.stdout and "pci0:0:4:0" not in result.stdout,
              result.stdout)
        edu.path("class").write_text("0x00ff00\n", encoding="ascii")


def test_no_functions(bench):
    empty = bench.folder / "empty"
    (empty / "bus/pci/devices").mkdir(parents=True)
    for mode in ("-l", "-t"):
        bench.run("--sysfs", empty, mode, sysfs=False).prints("")


if __name__ == "__main__":
    harness.main()
