#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar config read, pcibar config write, pcibar config dump"""

import json
import os
import shutil
import struct
import subprocess

import harness
from config_space import (CAP_EXP, CAP_MSIX, CAP_PM, CAP_VNDR, ECAP_DSN, ECAP_DVSEC, TYPE_BRIDGE,
                          TYPE_CARDBUS, TYPE_ENDPOINT)
from fake_sysfs import EDU, NVME, PORT, Definition, Ids, mem32
from harness import Skip, check, equal, valgrind
from sentences import AMBIGUOUS

# Names of setpci(8) with offset and width, by the type of the header (PCI 3.0, 6.1; PCI-to-PCI
# Bridge 1.2, 3.2; PC Card 8.0, volume 2, 4.5)
HEADER = {
    "any": [
        ("VENDOR_ID", 0x00, 2), ("DEVICE_ID", 0x02, 2), ("COMMAND", 0x04, 2), ("STATUS", 0x06, 2),
        ("REVISION", 0x08, 1), ("CLASS_PROG", 0x09, 1), ("CLASS_DEVICE", 0x0a, 2),
        ("CACHE_LINE_SIZE", 0x0c, 1), ("LATENCY_TIMER", 0x0d, 1), ("HEADER_TYPE", 0x0e, 1),
        ("BIST", 0x0f, 1), ("INTERRUPT_LINE", 0x3c, 1), ("INTERRUPT_PIN", 0x3d, 1)],
    TYPE_ENDPOINT: [
        ("BASE_ADDRESS_0", 0x10, 4), ("BASE_ADDRESS_1", 0x14, 4), ("BASE_ADDRESS_2", 0x18, 4),
        ("BASE_ADDRESS_3", 0x1c, 4), ("BASE_ADDRESS_4", 0x20, 4), ("BASE_ADDRESS_5", 0x24, 4),
        ("CARDBUS_CIS", 0x28, 4), ("SUBSYSTEM_VENDOR_ID", 0x2c, 2), ("SUBSYSTEM_ID", 0x2e, 2),
        ("ROM_ADDRESS", 0x30, 4), ("CAPABILITIES", 0x34, 1), ("MIN_GNT", 0x3e, 1),
        ("MAX_LAT", 0x3f, 1)],
    TYPE_BRIDGE: [
        ("BASE_ADDRESS_0", 0x10, 4), ("BASE_ADDRESS_1", 0x14, 4), ("PRIMARY_BUS", 0x18, 1),
        ("SECONDARY_BUS", 0x19, 1), ("SUBORDINATE_BUS", 0x1a, 1), ("SEC_LATENCY_TIMER", 0x1b, 1),
        ("IO_BASE", 0x1c, 1), ("IO_LIMIT", 0x1d, 1), ("SEC_STATUS", 0x1e, 2),
        ("MEMORY_BASE", 0x20, 2), ("MEMORY_LIMIT", 0x22, 2), ("PREF_MEMORY_BASE", 0x24, 2),
        ("PREF_MEMORY_LIMIT", 0x26, 2), ("PREF_BASE_UPPER32", 0x28, 4),
        ("PREF_LIMIT_UPPER32", 0x2c, 4), ("IO_BASE_UPPER16", 0x30, 2),
        ("IO_LIMIT_UPPER16", 0x32, 2), ("CAPABILITIES", 0x34, 1), ("BRIDGE_ROM_ADDRESS", 0x38, 4),
        ("BRIDGE_CONTROL", 0x3e, 2)],
    TYPE_CARDBUS: [
        ("CB_CARDBUS_BASE", 0x10, 4), ("CB_CAPABILITIES", 0x14, 2), ("CB_SEC_STATUS", 0x16, 2),
        ("CB_BUS_NUMBER", 0x18, 1), ("CB_CARDBUS_NUMBER", 0x19, 1),
        ("CB_SUBORDINATE_BUS", 0x1a, 1), ("CB_CARDBUS_LATENCY", 0x1b, 1),
        ("CB_MEMORY_BASE_0", 0x1c, 4), ("CB_MEMORY_LIMIT_0", 0x20, 4),
        ("CB_MEMORY_BASE_1", 0x24, 4), ("CB_MEMORY_LIMIT_1", 0x28, 4), ("CB_IO_BASE_0", 0x2c, 2),
        ("CB_IO_BASE_0_HI", 0x2e, 2), ("CB_IO_LIMIT_0", 0x30, 2), ("CB_IO_LIMIT_0_HI", 0x32, 2),
        ("CB_IO_BASE_1", 0x34, 2), ("CB_IO_BASE_1_HI", 0x36, 2), ("CB_IO_LIMIT_1", 0x38, 2),
        ("CB_IO_LIMIT_1_HI", 0x3a, 2), ("BRIDGE_CONTROL", 0x3e, 2),
        ("CB_SUBSYSTEM_VENDOR_ID", 0x40, 2), ("CB_SUBSYSTEM_ID", 0x42, 2),
        ("CB_LEGACY_MODE_BASE", 0x44, 4)],
}
HEADER_NAMES = {TYPE_ENDPOINT: "a device", TYPE_BRIDGE: "a PCI bridge",
                TYPE_CARDBUS: "a CardBus bridge"}
CARDBUS = Definition(Ids(0x104c, 0xac56, 0x060700), {0: mem32(0xfebda000, 4096)}, secondary=5,
                     header=TYPE_CARDBUS, capabilities=((CAP_PM, 0xa0, b"\x23\xfe"),))
# IDs of the capabilities (PCI Code and ID Assignment, 2 and 3)
CAPABILITIES = {
    "PM": 0x01, "AGP": 0x02, "VPD": 0x03, "SLOTID": 0x04, "MSI": 0x05, "CHSWP": 0x06,
    "PCIX": 0x07, "HT": 0x08, "VNDR": 0x09, "DBG": 0x0a, "CCRC": 0x0b, "HOTPLUG": 0x0c,
    "SSVID": 0x0d, "AGP3": 0x0e, "SECURE": 0x0f, "EXP": 0x10, "MSIX": 0x11, "SATA": 0x12,
    "AF": 0x13, "EA": 0x14,
}
EXTENDED = {
    "AER": 0x01, "VC": 0x02, "DSN": 0x03, "PB": 0x04, "RCLINK": 0x05, "RCILINK": 0x06,
    "RCEC": 0x07, "MFVC": 0x08, "VC2": 0x09, "RBCB": 0x0a, "VNDR": 0x0b, "ACS": 0x0d, "ARI": 0x0e,
    "ATS": 0x0f, "SRIOV": 0x10, "MRIOV": 0x11, "MCAST": 0x12, "PRI": 0x13, "REBAR": 0x15,
    "DPA": 0x16, "TPH": 0x17, "LTR": 0x18, "SECPCI": 0x19, "PMUX": 0x1a, "PASID": 0x1b,
    "LNR": 0x1c, "DPC": 0x1d, "L1PM": 0x1e, "PTM": 0x1f, "M_PCIE": 0x20, "FRS": 0x21, "RTR": 0x22,
    "DVSEC": 0x23, "VF_REBAR": 0x24, "DLNK": 0x25, "16GT": 0x26, "LMR": 0x27, "HIER_ID": 0x28,
    "NPEM": 0x29, "32GT": 0x2a, "ALT_PROT": 0x2b, "SFI": 0x2c, "DOE": 0x2e, "DEV3": 0x2f,
    "IDE": 0x30, "64GT": 0x31, "FL": 0x32, "FLIT_PM": 0x33, "FLIT_EI": 0x34, "SVC": 0x35,
}


def script(bench, address, lines):
    """What a script of these lines prints, so that a table costs one process."""
    result = bench.run("script", address, stdin="".join(f"{line}\n" for line in lines))
    equal((result.status, result.stderr), (0, ""))
    return result.stdout.splitlines()


def functions_by_type(bench):
    """A function for each type of the header."""
    return {TYPE_ENDPOINT: bench.function(EDU), TYPE_BRIDGE: bench.function(PORT),
            TYPE_CARDBUS: bench.tree.add("0000:02:00.0", CARDBUS)}


@valgrind
def test_names_of_the_header(bench):
    for kind, function in functions_by_type(bench).items():
        function.poke_config(0, bytes(range(0x01, 0x81)))
        names = HEADER["any"] + HEADER[kind]
        lines = script(bench, function.address, [f"config read {row[0]} -v" for row in names])
        for line, (name, offset, width) in zip(lines, names, strict=True):
            value = int.from_bytes(function.peek_config(offset, width), "little")
            equal(line, f"0x{offset:08x}: 0x{value:0{2 * width}x}", name)


def not_in_header(kind, name):
    """The sentence about a name of another type of the header."""
    return (f"the header of {HEADER_NAMES[kind]} (type {kind}) does not have '{name}'; 'pcibar "
            "help registers' lists the names for each type")


def test_names_of_another_header(bench):
    """They would name another register; the offset reads it all the same."""
    functions = functions_by_type(bench)
    for kind, function in functions.items():
        own = {name for name, _, _ in HEADER["any"] + HEADER[kind]}
        others = sorted({row[0] for rows in HEADER.values() for row in rows} - own)
        for name in others:
            bench.run("config", "read", function.address, name).refuses(
                1, f"pcibar config read: {function.address}: {not_in_header(kind, name)}")
    bench.run("config", "write", PORT, "ROM_ADDRESS", "0").refuses(
        1, f"pcibar config write: {PORT}: {not_in_header(TYPE_BRIDGE, 'ROM_ADDRESS')}")
    bench.run("config", "read", PORT, "0x30").prints("0x00000000\n")


def test_names_of_capabilities(bench):
    """Each in a list of its own, and found by its number too."""
    edu = bench.function(EDU)
    lines, wanted = [], []
    for name, number in CAPABILITIES.items():
        lines += [f"config write 0x80 {number:#x} -w1", f"config read CAP_{name} -v",
                  f"config read CAP{number:02X}+4.b -v"]
        wanted += [f"0x00000080: 0x000000{number:02x}", "0x00000084: 0x77"]
    edu.poke_config(0x34, b"\x80")
    edu.poke_config(0x80, bytes(4) + b"\x77")
    equal(script(bench, EDU, lines), wanted)


def test_names_of_extended_capabilities(bench):
    nvme = bench.function(NVME)
    lines, wanted = [], []
    for name, number in EXTENDED.items():
        lines += [f"config write 0x148 {number:#x} -w2", "config write 0x100 0xffff -w2",
                  f"config read ECAP_{name}.w -v", f"config read ecap{number:x}+8 -v"]
        wanted += [f"0x00000148: 0x{number:04x}", "0x00000150: 0x07060504"]
    nvme.poke_config(0x148, struct.pack("<I", 1 << 16))
    equal(script(bench, NVME, lines), wanted)


def test_capabilities_of_a_cardbus_bridge(bench):
    """Their list begins elsewhere, and an I/O window lies where others have the pointer."""
    bridge = bench.tree.add("0000:02:00.0", CARDBUS)
    bridge.poke_config(0x34, b"\xc0\x10")
    bridge.poke_config(0xc0, b"\x05\0\0\0")
    bench.run("config", "read", bridge.address, "CAP_PM", "-v").prints("0x000000a0: 0xfe230001\n")
    bench.run("config", "read", bridge.address, "CAP_MSI").refuses(
        1, f"pcibar config read: {bridge.address}: the function does not have the capability of "
        "'CAP_MSI'")


# A virtio function: four vendor-specific capabilities, and MSI-X between them
VIRTIO = Definition(
    Ids(0x1af4, 0x1041, 0x020000), {},
    capabilities=((CAP_VNDR, 0x84, b"\x14\x01"), (CAP_MSIX, 0x98, bytes(10)),
                  (CAP_VNDR, 0x70, b"\x14\x02"), (CAP_VNDR, 0x60, b"\x10\x03"),
                  (CAP_VNDR, 0x50, b"\x10\x04"), (CAP_EXP, 0xc0, bytes(58))),
    extended=((ECAP_DVSEC, 0x100, b"\x98\x1e\x01\x01"), (ECAP_DSN, 0x140, bytes(8)),
              (ECAP_DVSEC, 0x180, b"\x98\x1e\x02\x02")))
INDEXED = (("CAP_VNDR", 0x84), ("CAP_VNDR@0", 0x84), ("CAP_VNDR@1", 0x70), ("CAP_VNDR@2", 0x60),
           ("CAP_VNDR@0x3", 0x50), ("cap9@1", 0x70), ("CAP_MSIX@0", 0x98), ("ECAP_DVSEC@1", 0x180),
           ("ECAP23@0", 0x100))


def test_one_of_several_capabilities(bench):
    virtio = bench.tree.add("0000:03:00.0", VIRTIO)
    lines, wanted = [], []
    for name, offset in INDEXED:
        lines += [f"config read {name}.b -v", f"config read {name}+2.w -v"]
        wanted += [f"0x{offset:08x}: 0x{virtio.peek_config(offset, 1)[0]:02x}",
                   f"0x{offset + 2:08x}: 0x{virtio.peek_config(offset + 3, 1)[0]:02x}"
                   f"{virtio.peek_config(offset + 2, 1)[0]:02x}"]
    equal(script(bench, virtio.address, lines), wanted)
    bench.run("config", "read", virtio.address, "CAP_VNDR+2.w@1").prints("0x0214\n")
    bench.run("config", "write", virtio.address, "CAP_VNDR@2+4", "0x12345678").prints("")
    equal(virtio.peek_config(0x64, 4), bytes.fromhex("78563412"))
    for register, sentence in (
            ("CAP_VNDR@4", "the function has the capability of 'CAP_VNDR@4' 4 times: the last is "
             "@3"),
            ("CAP_MSIX@1", "the function has the capability of 'CAP_MSIX@1' 1 time: the last is "
             "@0"),
            ("CAP_PM@1", "the function does not have the capability of 'CAP_PM@1'")):
        bench.run("config", "read", virtio.address, register).refuses(
            1, f"pcibar config read: {virtio.address}: {sentence}")


def setpci(*arguments):
    """What setpci(8) prints, as the reference. Skips the test where it is not installed."""
    command = shutil.which("setpci", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if not command:
        raise harness.Skip("setpci is not installed")
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=True).stdout


def test_setpci_finds_the_same_capabilities(bench):
    """It reads them from a dump in the format of lspci -xxxx."""
    virtio = bench.tree.add("0000:03:00.0", VIRTIO)
    image = virtio.path("config").read_bytes()
    dump = "03:00.0 Ethernet controller\n" + "".join(
        f"{at:02x}: {image[at:at + 16].hex(' ')}\n" for at in range(0, len(image), 16))
    path = bench.file("dump", dump.encode())
    for register in ("CAP_VNDR.l@1", "CAP_VNDR+2.w@3", "cap9+1.b@2", "ECAP_DVSEC+4.l@1"):
        value = setpci("-A", "dump", "-O", f"dump.name={path}", "-s", "03:00.0", register)
        bench.run("config", "read", virtio.address, register).prints(f"0x{value}")


def test_the_names_of_setpci(bench):
    """Each that the installed version prints, with its offset or ID and its width."""
    result = bench.run("help", "registers", sysfs=False)
    known = {tuple(line.split()[:4]) for line in result.stdout.splitlines()}
    rows = [line.split() for line in setpci("--dumpregs").splitlines()[1:]]
    by_setpci = set()
    for *cap, place, width, name in rows:
        kind = name.partition("_")[0] if cap else "offset"
        by_setpci.add((name, kind, f"0x{int(cap[0] if cap else place, 16):02x}", width))
    equal(by_setpci - known, set(), "names that are missing")


def test_offsets_and_widths(bench):
    edu = bench.function(EDU)
    edu.poke_config(0x40, bytes(range(0xa1, 0xa9)))
    for register, text in (("0x40", "0xa4a3a2a1"), ("0x40.l", "0xa4a3a2a1"), ("0x42.w", "0xa4a3"),
                           ("0x41.B", "0xa2"), ("0x44.L", "0xa8a7a6a5")):
        bench.run("config", "read", EDU, register).prints(f"{text}\n")
    bench.run("config", "read", EDU, "0x40", "-w2").prints("0xa2a1\n")
    bench.run("config", "read", EDU, "0x40", "-w", "1", "-c", "3").prints("0xa1\n0xa2\n0xa3\n")
    bench.run("config", "read", EDU, "COMMAND", "-w", "4").prints("0x00100103\n")
    bench.run("config", "read", EDU, "COMMAND+1.b").prints("0x01\n")
    bench.run("config", "read", EDU, "command").prints("0x0103\n")
    bench.run("config", "read", PORT, "CLASS_DEVICE").prints("0x0604\n")


def test_the_last_byte(bench):
    bench.function(NVME).poke_config(0xffc, b"\1\2\3\4")
    bench.run("config", "read", NVME, "0xffc").prints("0x04030201\n")
    bench.run("config", "read", NVME, "0xfff.b").prints("0x04\n")
    bench.run("config", "read", NVME, "0x1000.b").refuses(
        2, "pcibar config read: register '0x1000.b': the number is too large; see 'pcibar help "
        "config read'")
    for register in ("0x100", "0xffc"):
        bench.run("config", "read", EDU, register).refuses(
            2, f"pcibar config read: {EDU}: outside configuration space")
    bench.run("config", "read", EDU, "0xfc", "-c2").refuses(
        2, f"pcibar config read: {EDU}: outside configuration space", stdout="0x00000000\n")


def test_a_hidden_file(bench):
    """A container may have mounted an empty file there: the header exists nevertheless."""
    bench.function(EDU).path("config").write_bytes(b"")
    hidden = ("the system refused the access, or it had no effect; in a container, the file "
              "config may be hidden")
    bench.run("config", "read", EDU, "VENDOR_ID").refuses(1, f"pcibar config read: {EDU}: {hidden}")
    bench.run("config", "write", EDU, "COMMAND", "0").refuses(
        1, f"pcibar config write: {EDU}: {hidden}")
    bench.run("enable", EDU).refuses(1, f"pcibar enable: {EDU}: {hidden}")
    bench.run("config", "read", EDU, "0x40").refuses(
        2, f"pcibar config read: {EDU}: outside configuration space")


def test_capabilities_of_a_device(bench):
    bench.run("config", "read", NVME, "CAP_MSIX", "-v").prints("0x00000040: 0x00400011\n")
    bench.run("config", "read", NVME, "CAP_PM+4.w", "-v").prints("0x00000064: 0x0008\n")
    bench.run("config", "read", NVME, "CAP_EXP+0x4", "-v").prints("0x00000084: 0x10008001\n")
    bench.run("config", "read", NVME, "ECAP_AER+4").prints("0x13121110\n")
    bench.run("config", "read", NVME, "ECAP_DSN+8", "-v").prints("0x00000150: 0x07060504\n")
    for address, register in ((NVME, "CAP_VPD"), (NVME, "ECAP_SRIOV"), (EDU, "ECAP_AER"),
                              (PORT, "CAP_PM")):
        bench.run("config", "read", address, register).refuses(
            1, f"pcibar config read: {address}: the function does not have the capability of "
            f"'{register}'")


def test_a_list_that_loops(bench):
    bench.function(NVME).poke_config(0x81, b"\x60")
    bench.run("config", "read", NVME, "CAP_MSIX").refuses(
        1, f"pcibar config read: {NVME}: the function does not have the capability of 'CAP_MSIX'")
    bench.function(NVME).poke_config(0x148, struct.pack("<I", 3 | 1 << 16 | 0x100 << 20))
    bench.run("config", "read", NVME, "ECAP_SRIOV").refuses(
        1, f"pcibar config read: {NVME}: the function does not have the capability of 'ECAP_SRIOV'")


@valgrind
def test_json(bench):
    result = bench.run("config", "read", NVME, "CAP_EXP+4.w", "-c2", "--json")
    equal((result.status, result.stderr, result.stdout.count("\n")), (0, "", 1))
    equal(json.loads(result.stdout), {
        "schema": 1, "selector": NVME, "register": "CAP_EXP+4.w", "offset": "0x84", "width": 2,
        "values": ["0x8001", "0x1000"]})


@valgrind
def test_writing(bench):
    edu = bench.function(EDU)
    before = edu.peek_config(0, 256)
    bench.run("config", "write", EDU, "0x50", "0x11223344").prints("")
    bench.run("config", "write", EDU, "0x54.w", "1", "2").prints("")
    bench.run("config", "write", EDU, "0x58", "0xff", "-w1").prints("")
    bench.run("config", "write", EDU, "COMMAND", "4:0x6").prints("")
    bench.run("config", "write", EDU, "LATENCY_TIMER", "0x40").prints("")
    wanted = bytearray(before)
    wanted[0x04:0x06] = struct.pack("<H", 0x0105)
    wanted[0x0d] = 0x40
    wanted[0x50:0x5c] = struct.pack("<IHHI", 0x11223344, 1, 2, 255)
    equal(edu.peek_config(0, 256), bytes(wanted))


def test_writing_to_a_capability(bench):
    nvme = bench.function(NVME)
    bench.run("config", "write", NVME, "CAP_EXP+8.w", "0x2000:0x7000").prints("")
    equal(nvme.peek_config(0x88, 2), struct.pack("<H", 0x280f))
    bench.run("config", "write", NVME, "ECAP_AER+8", "0").prints("")
    equal(nvme.peek_config(0x108, 4), bytes(4))


@valgrind
def test_verbose_and_dry_run(bench):
    edu = bench.function(EDU)
    before = edu.peek_config(0, 256)
    changes = ["0x00000004: 0x0103 -> (0x0000:0x0002) -> 0x0101\n", "0x00000006: 0x1234\n"]
    bench.run("config", "write", EDU, "COMMAND", "0:2", "0x1234", "-n").prints("".join(changes))
    bench.run("config", "write", EDU, "COMMAND", "0:2", "0x1234", "--dry-run").prints(
        "".join(changes))
    equal(edu.peek_config(0, 256), before)
    bench.run("config", "write", EDU, "COMMAND", "0:2", "0x1234", "-v").expect(
        0, "", "pcibar config write: 0x00000004: 0x0103 -> (0x0000:0x0002) -> 0x0101, reads back "
        "0x0101\npcibar config write: 0x00000006: 0x1234, reads back 0x1234\n")
    equal(edu.peek_config(4, 4), struct.pack("<HH", 0x0101, 0x1234))


def test_a_write_that_the_device_does_not_take(bench):
    """strace says that the write was done, and it was not."""
    edu = bench.function(EDU)
    edu.poke_config(0x50, struct.pack("<HH", 0x2810, 0x7777))
    front = harness.forgetting(edu.path("config"), 2)
    bench.run("config", "write", EDU, "0x50.w", "0x20:0xe0", "-v", wrap=front).expect(
        0, "", "pcibar config write: 0x00000050: 0x2810 -> (0x0020:0x00e0) -> 0x2830, reads back "
        "0x2810\n")
    failed = (f"pcibar config write: {EDU}: 0x00000050 reads 0x2810 after writing 0x0020:0x00e0")
    for line in (["0x50.w", "0x20:0xe0"], ["0x50.w", "0x20:0xe0", "0x7777"]):
        bench.run("config", "write", EDU, *line, "--verify", wrap=front).refuses(5, failed)
    bench.run("config", "write", EDU, "0x50.w", "0x10:0xf0", "0x7777", "--verify",
              wrap=front).prints("")


@valgrind
def test_verified_writing(bench):
    edu = bench.function(EDU)
    edu.poke_config(0x50, struct.pack("<H", 0x2810))
    bench.run("config", "write", EDU, "0x50.w", "0x20:0xe0", "9", "--verify").prints("")
    equal(edu.peek_config(0x50, 4), struct.pack("<HH", 0x2830, 9))
    bench.run("config", "write", EDU, "0x50", "0", "--verify", "-n").refuses(
        2, "pcibar config write: --verify cannot be combined with --dry-run; see 'pcibar help "
        "config write'")


def test_a_refused_write_changes_nothing(bench):
    edu = bench.function(EDU)
    before = edu.path("config").read_bytes()
    see = "; see 'pcibar help config write'"
    for arguments, status, sentence in (
            (["0x50", "1", "2z"], 2, f"value '2z': trailing characters after the number{see}"),
            (["0x50.b", "1", "0x100"], 2, "value '0x100': it does not fit into the width: use a "
             f"larger -w{see}"),
            (["0x50", "10"], 2, f"value '10': {AMBIGUOUS}{see}"),
            (["0x50", "0x10:10"], 2, f"value '0x10:10': {AMBIGUOUS}{see}"),
            (["0x50", "10:0x10"], 2, f"value '10:0x10': {AMBIGUOUS}{see}"),
            (["0x50", "1", "c0"], 2, f"value 'c0': {AMBIGUOUS}{see}"),
            (["0x50", "010"], 2, f"value '010': {AMBIGUOUS}{see}"),
            (["50", "1"], 2, f"register '50': {AMBIGUOUS}{see}"),
            (["0x51", "1"], 2, f"offset 0x51 is not a multiple of 4: use -w 1{see}"),
            (["0xfc", "1", "2"], 2, f"{EDU}: outside configuration space"),
            (["0x100", "1"], 2, f"{EDU}: outside configuration space"),
            (["0xffc", "1", "2"], 2, f"{EDU}: outside configuration space"),
            (["CAP_EXP", "1"], 1, f"{EDU}: the function does not have the capability of 'CAP_EXP'"),
            (["COMMAND"], 2, "operands are missing: <selector> <offset|register> "
             f"<value[:mask]>...{see}"),
            (["COMMAND", "-1"], 2, f"'-1': a number cannot be negative{see}")):
        bench.run("config", "write", EDU, *arguments).refuses(
            status, f"pcibar config write: {sentence}")
    equal(edu.path("config").read_bytes(), before)


def test_registers_that_there_are_not(bench):
    see = "; see 'pcibar help config read'"
    for register, clause in (
            ("NONSENSE", "not a register name: 'pcibar help registers' lists them"),
            ("CAP_NONSENSE", "not a register name: 'pcibar help registers' lists them"),
            ("CAP0", "not a register name: 'pcibar help registers' lists them"),
            ("CAP100", "not a register name: 'pcibar help registers' lists them"),
            ("ECAP10000", "not a register name: 'pcibar help registers' lists them"),
            ("A" * 40, "not a register name: 'pcibar help registers' lists them"),
            ("COMMAND.X", "not a width: use .B, .W or .L"),
            ("COMMAND.", "not a width: use .B, .W or .L"),
            ("COMMAND.WW", "not a width: use .B, .W or .L"),
            ("CAP_EXP+10", "the number after '+' is ambiguous: use 0x"),
            ("CAP_EXP+", "a number is missing"),
            ("CAP_EXP+0xg", "not a number: use decimal or 0x..."),
            ("CAP_VNDR@", "a number is missing"),
            ("CAP_VNDR@x", "not a number: use decimal or 0x..."),
            ("CAP_VNDR@10", "the number after '@' is ambiguous: use 0x"),
            ("CAP_VNDR@1@1", "trailing characters after the number"),
            ("COMMAND@1", "'@' selects one of several capabilities: use it with CAP_... or "
             "ECAP_..."),
            ("0x40@0", "'@' selects one of several capabilities: use it with CAP_... or ECAP_..."),
            ("", "a number is missing"),
            ("40", AMBIGUOUS),
            ("40.w", AMBIGUOUS),
            ("04", AMBIGUOUS),
            ("4 ", "trailing characters after the number"),
            ("4K", "the number is too large")):
        bench.run("config", "read", EDU, register).refuses(
            2, f"pcibar config read: register '{register}': {clause}{see}")
    bench.run("config", "read", EDU, "2").refuses(
        2, f"pcibar config read: offset 0x2 is not a multiple of 4: use -w 2{see}")
    bench.run("config", "read", EDU, "0", "-w8").refuses(
        2, "pcibar config read: --width '8': not a width of configuration space: use 1, 2 or 4"
        + see)
    bench.run("config", "read", EDU, "0", "-c0").refuses(
        2, f"pcibar config read: --count '0': the count is zero{see}")


def test_rights(bench):
    edu = bench.function(EDU)
    before = edu.path("config").read_bytes()
    edu.path("config").chmod(0o444)
    bench.run_as_nobody("config", "write", EDU, "0x50", "1").refuses(
        1, f"pcibar config write: {EDU}: no permission for this part of configuration space; "
           "run it as root, with CAP_SYS_ADMIN")
    edu.path("config").chmod(0)
    bench.run_as_nobody("config", "read", EDU, "0").refuses(
        1, f"pcibar config read: {EDU}: no permission for this part of configuration space; run "
           "it as root, with CAP_SYS_ADMIN")
    edu.path("config").chmod(0o600)
    equal(edu.path("config").read_bytes(), before)


def test_lockdown(bench):
    """The kernel refuses the write, which only strace can show on an ordinary file."""
    edu = bench.function(EDU)
    before = edu.path("config").read_bytes()
    front = harness.failing("pwrite64", "EPERM", edu.path("config"))
    bench.run("config", "write", EDU, "0x50", "1", wrap=front).refuses(
        1, f"pcibar config write: {EDU}: the kernel is locked down, which forbids writing "
        "configuration space; boot without lockdown")
    equal(edu.path("config").read_bytes(), before)


def test_a_function_that_is_gone(bench):
    bench.function(EDU).path("config").unlink()
    bench.run("config", "read", EDU, "0").refuses(
        4, f"pcibar config read: {EDU}: the function is gone; 'pcibar list' shows what is there "
        "now")


def test_half_a_verb(bench):
    for rest in ([], ["erase"], [EDU, "0"]):
        bench.run("config", *rest).refuses(
            2, "pcibar: 'config' needs a second word: 'config read', 'config write', "
            "'config dump'; see 'pcibar help'")


def test_the_help_lists_the_names(bench):
    letters = {1: "B", 2: "W", 4: "L"}
    wanted = [(name, "offset", offset, letters[width])
              for rows in HEADER.values() for name, offset, width in rows]
    wanted += [(f"CAP_{name}", "CAP", number, "-") for name, number in CAPABILITIES.items()]
    wanted += [(f"ECAP_{name}", "ECAP", number, "-") for name, number in EXTENDED.items()]
    result = bench.run("help", "registers", sysfs=False)
    equal((result.status, result.stderr), (0, ""))
    listed = {tuple(line.split()[:4]) for line in result.stdout.splitlines()}
    missing = [row for row in wanted if (*row[:2], f"0x{row[2]:02x}", row[3]) not in listed]
    check(not missing, f"not in the help: {missing}")


def test_the_manual_lists_the_names(_bench):
    manual = harness.source("man/pcibar.1")
    names = [name for rows in HEADER.values() for name, _, _ in rows]
    names += [f"CAP_{name}" for name in CAPABILITIES] + [f"ECAP_{name}" for name in EXTENDED]
    missing = [name for name in names if name not in manual.replace("\\", "")]
    check(not missing, f"not in the manual: {missing}")


def image_lines(function):
    """What is in configuration space, as lspci -xxxx prints it."""
    image = function.path("config").read_bytes()
    return [f"{offset:02x}: {image[offset:offset + 16].hex(' ')}"
            for offset in range(0, len(image), 16)]


@valgrind
def test_dump(bench):
    for address in (EDU, NVME):
        lines = bench.run("config", "dump", address).stdout.splitlines()
        check(lines[0].startswith(f"{address} "), f"the first line is {lines[0]}")
        equal(lines[1:], [*image_lines(bench.function(address)), ""])
    equal([len(image_lines(bench.function(address))) for address in (EDU, NVME)], [16, 256])


def test_dump_json(bench):
    dumped = json.loads(bench.run("config", "dump", NVME, "--json").stdout)
    image = bench.function(NVME).path("config").read_bytes()
    equal(dumped, {"schema": 1, "selector": NVME, "offset": "0x0", "width": 4, "values": [
        f"0x{int.from_bytes(image[offset:offset + 4], 'little'):08x}"
        for offset in range(0, 4096, 4)]})


def test_dump_is_read_by_lspci(bench):
    """All of it, and the capabilities that are decoded from it."""
    if not shutil.which("lspci"):
        raise Skip("lspci is not there")
    for address in (EDU, NVME, PORT):
        dump = bench.file(f"{address}.dump", bench.run("config", "dump", address).stdout.encode())
        listed = subprocess.run(["lspci", "-F", dump, "-D", "-xxxx"], stdout=subprocess.PIPE,
                                check=True, text=True, timeout=harness.BOUND).stdout.splitlines()
        equal(listed[1:], [*image_lines(bench.function(address)), ""])
        check(listed[0].startswith(address), f"lspci lists {listed[0]}")
    decoded = subprocess.run(["lspci", "-F", bench.folder / f"{NVME}.dump", "-vv"],
                             stdout=subprocess.PIPE, check=True, text=True, timeout=harness.BOUND)
    for name in ("Express", "MSI-X", "Advanced Error Reporting"):
        check(name in decoded.stdout, f"lspci finds no {name}")


def test_dump_of_a_function_that_is_gone(bench):
    bench.function(NVME).path("config").write_bytes(b"\xff" * 4096)
    result = bench.run("config", "dump", NVME)
    equal((result.status, result.stdout), (4, ""))


if __name__ == "__main__":
    harness.main()
