#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pciconf -l with -B, -c, -e and -V"""

import struct

import harness
from config_space import TYPE_BRIDGE
from fake_sysfs import BEYOND, EDU, NVME, PORT, RTL8139, Definition, Ids
from harness import check, differs, equal, failing, valgrind

ADDRESS = "0000:02:00.0"
NAME = "pci0:2:0:0"


def add(bench, capabilities=(), extended=(), ids=Ids(0xabcd, 1, 0xff0000), **more):
    """A function that tests its capabilities; each body follows ID and pointer."""
    return bench.tree.add(ADDRESS, Definition(ids, capabilities=capabilities, extended=extended,
                                              **more))


def lines(bench, option, name=NAME):
    """What follows the first line."""
    result = bench.run("-l" + option, name)
    equal((result.status, result.stderr), (0, ""))
    return result.stdout.partition("\n")[2]


def express(flags=2, device=(0, 0, 0), link=(0, 0, 0), slot=(0, 0, 0), second=(0, 0)):
    """The body of a PCI Express capability: each (capabilities, control, status)."""
    body = struct.pack("<H", flags)
    for cap, control, status in (device, link, slot):
        body += struct.pack("<IHH", cap, control, status)
    return body + bytes(8) + struct.pack("<IH", *second) + bytes(22)


@differs
@valgrind
def test_simple_capabilities(bench):
    for number, body, wanted in (
            (0x01, "03000000", "powerspec 3  supports D0 D3  current D0"),
            (0x01, "02060200", "powerspec 2  supports D0 D1 D2 D3  current D2"),
            (0x02, "3500 17020000", "AGP 4x 2x 1x SBA disabled"),
            (0x02, "3500 1f020000 01010000", "AGP v3 8x 4x SBA enabled at v3 4x "),
            (0x02, "2000 03000000 02030000", "AGP 2x 1x enabled at 2x SBA "),
            (0x03, "", "VPD"),
            (0x05, "0000", "MSI supports 1 message "),
            (0x05, "8a01", "MSI supports 32 messages, 64 bit, vector masks "),
            (0x05, "2b00", "MSI supports 32 messages enabled with 4 messages"),
            (0x05, "0100", "MSI supports 1 message enabled with 1 message"),
            (0x06, "", "unknown"),
            (0x09, "0c", "vendor (length 12)"),
            (0x0a, "a020", "EHCI Debug Port at offset 0xa0 in map 0x10"),
            (0x0d, "0000 86800120", "PCI Bridge subvendor=0x8086 subdevice=0x2001"),
            (0x11, "4080 00200000 03300000", "MSI-X supports 65 messages, enabled\n"
             "                 Table in map 0x10[0x2000], PBA in map 0x1c[0x3000]"),
            (0x11, "0000 04000000 05080000", "MSI-X supports 1 message\n"
             "                 Table in map 0x20[0x0], PBA in map 0x24[0x800]"),
            (0x12, "", "SATA Index-Data Pair"),
            (0x13, "0602", "PCI Advanced Features: FLR"),
            (0x13, "0603", "PCI Advanced Features: FLR TP"),
            (0x14, "00", "PCI Enhanced Allocation (0 entries)"),
            (0xff, "", "unknown")):
        function = bench.tree.add(ADDRESS, Definition(
            Ids(0xabcd, 1, 0xff0000), capabilities=((number, 0x50, bytes.fromhex(body)),)))
        equal(lines(bench, "c"), f"    cap {number:02x}[50] = {wanted}\n")
        function.vanish()


def test_enhanced_allocation(bench):
    """Entries of two, three and four dwords, of which those beyond the space are not there."""
    for body, more, wanted in (
            ("0300"
             " 020001c0 0000a0fd fc0f0000"
             " 14ff0080 020000fe ffff0f00 01000000 00000000"
             " 8302fd00 00400000 fc000000 00000000", {},
             "PCI Enhanced Allocation (3 entries)"
             "\n\t\t [0] BAR0, Enabled, Writable, base [0xfda00000], size [0x1000]"
             "\n\t\t\tPrimary properties [0x0] (Non-Prefetchable Memory)"
             "\n\t\t\tSecondary properties [0x1] (Prefetchable Memory)"
             "\n\t\t [1] BAR1, Enabled, Read-only, base [0x1fe000000], size [0x100000]"
             "\n\t\t\tPrimary properties [0xff] (Unavailable)"
             "\n\t\t\tSecondary properties [0x0] (Non-Prefetchable Memory)"
             "\n\t\t [8] ROM, Disabled, Read-only, base [0x4000], size [0x100]"
             "\n\t\t\tPrimary properties [0x2] (I/O Space)"
             "\n\t\t\tSecondary properties [0xfd] (Reserved Memory)"),
            ("0100 02050000 62051f40 00000000 00000000", {"header": TYPE_BRIDGE},
             "PCI Enhanced Allocation (1 entries)"
             "\n\t\t BRIDGE, sec bus [2], sub bus [5]"
             "\n\t\t [6] BRIDGE, Disabled, Writable, base [0x0], size [0x4]"
             "\n\t\t\tPrimary properties [0x5] (Bridge Non-Prefetchable Memory)"
             "\n\t\t\tSecondary properties [0x1f] (Reserved)")):
        function = add(bench, ((0x14, 0x50, bytes.fromhex(body)),), **more)
        equal(lines(bench, "c"), f"    cap 14[50] = {wanted}\n")
        function.vanish()
    add(bench, ((0x14, 0x50, bytes.fromhex("3f00" + "a2000000 00000000 00000000" * 14)),))
    equal(lines(bench, "c").count("Primary properties"), 14)


def test_secure_devices(bench):
    """Those that are no IOMMU of AMD, an IOMMU with all that it can have, and one with little."""
    for body, wanted in (
            ("0b1f 0180f0fe 01000000 80030518 a05a3208 03000000",
             "AMD IOMMU Base Capability Base=0x00000001fef08000/Enabled"
             "\n\t\tCapExt,EFRSup,NpCache,HtTunnel,IotlbSup"
             "\n\t\tUnitId=0 BusNum=0x0003 FirstDev=0x0005 LastDev=0x0018"
             "\n\t\tMsiNum=0 MsiNumPPR=1 HtAtsResv=0 MsiNumGA=3"
             "\n\t\tVAsize=unknown PAsize=unknown GVAsize=unknown"),
            ("0b00 00000000 00000000 02000000 45306000 00000000",
             "AMD IOMMU Base Capability Base=0x0000000000000000/Disabled"
             "\n\t\tUnitId=2"
             "\n\t\tMsiNum=5 MsiNumPPR=0 HtAtsResv=1"
             "\n\t\tVAsize=64bit PAsize=48bit GVAsize=48bit"),
            ("1b00", "Secure Device Type=0x3 Rev=0x03")):
        function = add(bench, ((0x0f, 0x50, bytes.fromhex(body)),))
        equal(lines(bench, "c"), f"    cap 0f[50] = {wanted}\n")
        function.vanish()


def test_intels_vendor_capability(bench):
    for body, wanted in (
            ("0c", "Intel cap 0 version 0"), ("0c 12", "Intel cap 1 version 2\n\t\t features: "
                                              "4 PCI-e x1 slots"),
            ("0c 10 a8022400 01000000", "Intel cap 1 version 0\n\t\t features: AMT, Quick Resume, "
             "SATA RAID-5, Mobile, 6 PCI-e x1 slots, SATA RAID-0/1/10, SATA AHCI")):
        function = add(bench, ((0x09, 0x50, bytes.fromhex(body)),), ids=Ids(0x8086, 1, 0xff0000))
        equal(lines(bench, "c"), f"    cap 09[50] = vendor (length 12) {wanted}\n")
        function.vanish()


def test_bus_capabilities(bench):
    """PCI-X and HyperTransport, which no emulated device has."""
    for number, body, wanted in (
            (0x07, "0000 00004362", "PCI-X 64-bit supports 133MHz, 266MHz, 2048 burst read, 8 "
             "split transactions"),
            (0x07, "0000 00000000", "PCI-X supports 512 burst read, 1 split transaction"),
            (0x08, "0000", "HT slave"), (0x08, "0020", "HT host"), (0x08, "0040", "HT switch"),
            (0x08, "00f0", "HT unknown f000"), (0x08, "00d0", "HT Gen3"),
            (0x08, "03a8", "HT MSI fixed address window enabled at 0xfee00000"),
            (0x08, "00a8 0000e0fe 01000000",
             "HT MSI address window disabled at 0x00000001fee00000")):
        function = bench.tree.add(ADDRESS, Definition(
            Ids(0xabcd, 1, 0xff0000), capabilities=((number, 0x50, bytes.fromhex(body)),)))
        equal(lines(bench, "c"), f"    cap {number:02x}[50] = {wanted}\n")
        function.vanish()


@valgrind
def test_express(bench):
    second = "\n                 "
    for body, wanted in (
            (express(0x02), "PCI-Express 2 endpoint max data 128(128)" + second + "max read 128"),
            (express(0x11), "PCI-Express 1 legacy endpoint max data 128(128)" + second
             + "max read 128"),
            (express(0x0492, (0x10000002, 0x5830, 0), (0x0047f843, 0x0103, 0x1042)),
             "PCI-Express 2 root endpoint MSI 2 max data 256(512) FLR RO NS" + second
             + "max read 4096" + second
             + "link x4(x4) speed 5.0(8.0) ASPM L0s/L1(L1) ClockPM enabled"),
            (express(0x0072, (0, 0x7000, 0), (0x01, 0, 0)),
             "PCI-Express 2 PCI bridge max data 128(128)" + second + "max read undef" + second
             + "link x0(x0)"),
            (express(0x02, link=(0x00000416, 0x2, 0), second=(0x20, 0x20)),
             "PCI-Express 2 endpoint max data 128(128) ARI enabled" + second + "max read 128"
             + second + "link x0(x1) speed 0.0(64.0) ASPM L1(L0s)"),
            (express(0x02, second=(0x20, 0)),
             "PCI-Express 2 endpoint max data 128(128) ARI disabled" + second + "max read 128"),
            (express(0x142, slot=(0x0028_0cff | 1 << 17, 0x0400, 0x00e0)),
             "PCI-Express 2 root port max data 128(128)" + second + "max read 128" + second
             + "slot 5 power limit 25000 mW HotPlug(present) surprise Attn Button PC(off) "
             "MRL(open) EI(engaged)"),
            (express(0x162, slot=(0x0008_8046 | 1 << 15, 0, 0)),
             "PCI-Express 2 downstream port max data 128(128)" + second + "max read 128" + second
             + "slot 1 power limit 0 mW HotPlug(empty) PC(on) MRL(closed)"),
            (express(0xf2), "PCI-Express 2 type 15 max data 128(128)" + second + "max read 128")):
        function = add(bench, ((0x10, 0x60, body),))
        equal(lines(bench, "c"), f"    cap 10[60] = {wanted}\n")
        function.vanish()


def aer(uncorrectable, severity, correctable):
    """The body of an AER capability."""
    return struct.pack("<IIIII", uncorrectable, 0, severity, correctable, 0) + bytes(24)


def vendor(length, data=b""):
    """The body of a vendor-specific capability: ID 0x1234, revision 5."""
    return struct.pack("<I", 0x1234 | 5 << 16 | length << 20) + data


SRIOV = struct.pack("<IHHHHHHHHHHII", 0, 0x0009, 0, 8, 8, 2, 0, 0x80, 2, 0, 0x10ca, 0x553, 1)
EXTENDED = (
    (0x0001, 0x100, aer(0x00100010, 0x10, 0x1041), "AER 1 1 fatal 1 non-fatal 3 corrected"),
    (0x0002, 0x140, struct.pack("<I", 0x31), "VC 1 max VC1 lowpri VC0-VC3"),
    (0x0003, 0x160, bytes.fromhex("efbeadde 78563412"), "Serial 1 12345678deadbeef"),
    (0x000b, 0x170, vendor(0x18, bytes(range(0x10))), "Vendor [1] ID 1234 Rev 5 Length 24"),
    (0x000d, 0x190, struct.pack("<HH", 0xff, 0x041d),
     "ACS 1 Source Validation enabled, Translation Blocking disabled\n"
     "                     P2P Req Redirect enabled, P2P Cmpl Redirect enabled\n"
     "                     P2P Upstream Forwarding enabled, P2P Egress Control disabled\n"
     "                     P2P Direct Translated disabled, Enhanced Capability available\n"
     "                     I/O Req Blocking disabled, Unclaimed Req Redirect Control disabled\n"
     "                     DSP BAR access enabled, USP BAR blocking enabled"),
    (0x0010, 0x1a0, SRIOV,
     "SR-IOV 1 IOV enabled, Memory Space enabled, ARI disabled\n"
     "                     2 VFs configured out of 8 supported\n"
     "                     First VF RID Offset 0x0080, VF RID Stride 0x0002\n"
     "                     VF Device ID 0x10ca\n"
     "                     Page Sizes: 4096 (enabled), 8192, 65536, 262144, 1048576, 4194304"),
    (0x0019, 0x200, struct.pack("<II", 0, 0x5), "PCIe Sec 1 lane errors 0x5"),
    (0x000e, 0x220, b"", "ARI 1"),
    (0x0018, 0x230, b"", "LTR 1"),
    (0x7777, 0xffc, b"", "unknown 1"),
)


@differs
@valgrind
def test_extended_capabilities(bench):
    add(bench, ((0x10, 0x60, express()),), tuple(entry[:3] for entry in EXTENDED))
    first = ("    cap 10[60] = PCI-Express 2 endpoint max data 128(128)\n"
             "                 max read 128\n")
    wanted = [f"    ecap {number:04x}[{at:03x}] = {text}\n" for number, at, _, text in EXTENDED]
    equal(lines(bench, "c"), first + "".join(wanted))
    wanted[3] += ("                 0b 00 01 19 34 12 85 01 00 01 02 03 04 05 06 07\n"
                  "                 08 09 0a 0b 0c 0d 0e 0f\n")
    equal(lines(bench, "cc"), first + "".join(wanted))


def test_extended_needs_express(bench):
    function = add(bench, ((0x05, 0x40, bytes(8)),), ((0x0003, 0x100, bytes(8)),))
    equal(lines(bench, "c"), "    cap 05[40] = MSI supports 1 message \n")
    function.vanish()
    add(bench, ((0x10, 0x60, express()),))
    equal(lines(bench, "c").count("ecap"), 0)


@differs
def test_lists_that_loop_or_point_nowhere(bench):
    function = add(bench, ((0x03, 0x40, b""), (0x03, 0x50, b"")))
    function.poke_config(0x51, b"\x40")
    both = "    cap 03[40] = VPD\n    cap 03[50] = VPD\n"
    equal(lines(bench, "c"), both)
    function.poke_config(0x51, b"\x3c")
    equal(lines(bench, "c"), both)
    function.poke_config(0x41, b"\x53")     # the low bits are reserved
    equal(lines(bench, "c"), both)
    function.poke_config(0x50, b"\xff\xff")
    equal(lines(bench, "c"), "    cap 03[40] = VPD\n")
    function.poke_config(0x06, b"\x00")
    equal(lines(bench, "c"), "")
    function.vanish()
    function = add(bench, ((0x10, 0x60, express()),), ((0x0003, 0x100, bytes(8)),))
    function.poke_config(0x102, b"\x01\x10")
    equal(lines(bench, "c").count("ecap"), 1)
    function.poke_config(0x100, b"\xff" * 4)
    equal(lines(bench, "c").count("ecap"), 0)


@differs
def test_an_empty_header_ends_the_list(bench):
    """FreeBSD has a line for it: ecap 0000[140] = unknown 0."""
    function = add(bench, ((0x10, 0x60, express()),), ((0x0003, 0x100, bytes(8)),))
    function.poke_config(0x102, b"\x01\x14")
    equal(lines(bench, "c").count("ecap"), 1)


def test_a_function_that_returns_all_ones(bench):
    """Only its IDs are valid: there is no list, and its end is not searched for."""
    function = add(bench, ((0x03, 0x40, b""),))
    function.poke_config(0x04, b"\xff" * 4)
    function.poke_config(0x10, b"\xff" * 0xf0)
    equal(lines(bench, "c"), "")
    function.poke_config(0x06, b"\x10\x00")
    equal(lines(bench, "c"), "")


def test_errors(bench):
    function = add(bench, ((0x10, 0x60, express(device=(0, 0, 0xf))),),
                   ((0x0001, 0x100, aer(0x80000000 | 1 << 14 | 1 << 4, 1 << 14, 1 << 6)),))
    function.poke_config(0x06, b"\x10\xf9")
    equal(lines(bench, "e"), """\
    PCI errors = Master Data Parity Error
                 Sent Target-Abort
                 Received Target-Abort
                 Received Master-Abort
                 Signalled System Error
                 Detected Parity Error
  PCI-e errors = Correctable Error Detected
                 Non-Fatal Error Detected
                 Fatal Error Detected
                 Unsupported Request Detected
         Fatal = Completion Timeout
     Non-fatal = Data Link Protocol Error
                 Unknown: 0x80000000
     Corrected = Bad TLP
""")
    equal(lines(bench, "e", "pci0:0:4:0"), "")


def bridge(bench, windows, header=TYPE_BRIDGE, class_code=0x060400):
    """A bridge to buses 5 to 7 whose registers from 0x1c on are these."""
    function = add(bench, ids=Ids(0xabcd, 1, class_code), header=header, secondary=5)
    function.poke_config(0x18, bytes([0, 5, 7]))
    for offset, data in windows.items():
        function.poke_config(offset, bytes.fromhex(data))
    return function


@valgrind
def test_bridge_windows(bench):
    function = bridge(bench, {0x1c: "5080", 0x20: "80fe 90fe", 0x24: "0110 f11f",
                              0x28: "80030000 80030000", 0x3e: "0c00"}, class_code=0x060401)
    equal(lines(bench, "B"), """\
    bus range  = 5-7
    window[1c] = type I/O Port, range 16, addr 0x5000-0x8fff, enabled
    window[20] = type Memory, range 32, addr 0xfe800000-0xfe9fffff, enabled
    window[24] = type Prefetchable Memory, range 64, addr 0x38010000000-0x3801fffffff, enabled
    decode     = ISA, VGA, subtractive
""")
    function.poke_config(0x1c, bytes.fromhex("f101"))
    function.poke_config(0x30, bytes.fromhex("0100 0000"))
    function.poke_config(0x24, bytes.fromhex("f0ff 0000"))
    function.poke_config(0x20, bytes.fromhex("f0ff 0000"))
    function.poke_config(0x3e, bytes.fromhex("0800"))
    equal(lines(bench, "B"), """\
    bus range  = 5-7
    window[1c] = type I/O Port, range 32, addr 0x1f000-0xfff, disabled
    window[20] = type Memory, range 32, addr 0xfff00000-0xfffff, disabled
    window[24] = type Prefetchable Memory, range 32, addr 0xfff00000-0xfffff, disabled
    decode     = VGA, subtractive
""")


def test_bridge_without_some_windows(bench):
    bridge(bench, {})
    equal(lines(bench, "B"), "    bus range  = 5-7\n"
          "    window[20] = type Memory, range 32, addr 0-0xfffff, enabled\n")
    equal(lines(bench, "B", "pci0:0:4:0"), "")


def test_cardbus_windows(bench):
    bridge(bench, {0x1c: "00000080 00f0ff80 00000090 00f00f90", 0x2c: "00100000 fc100000",
                   0x34: "01000100 fcff0100", 0x3e: "0402"}, class_code=0x060700)
    equal(lines(bench, "B"), """\
    bus range  = 5-7
    window[1c] = type Memory, range 32, addr 0x80000000-0x80ffffff, enabled
    window[24] = type Prefetchable Memory, range 32, addr 0x90000000-0x900fffff, enabled
    window[2c] = type I/O Port, range 16, addr 0x1000-0x10ff, enabled
    window[34] = type I/O Port, range 32, addr 0x10000-0x1ffff, enabled
    decode     = ISA
""")
    equal(bench.run("-l", NAME).stdout.split("hdr=")[1][:4], "0x02")


def test_errors_of_a_cardbus_bridge(bench):
    """Its list of capabilities begins at 0x14."""
    function = bridge(bench, {0x14: "a0", 0x34: "c010"}, class_code=0x060700)
    function.poke_config(0x06, bytes.fromhex("1000"))
    function.poke_config(0xa0, b"\x10\0" + express(flags=2, device=(0, 0, 5)))
    equal(lines(bench, "e"), """\
  PCI-e errors = Correctable Error Detected
                 Fatal Error Detected
""")


VPD = (b"\x82\x04\x00Name" b"\x90\x17\x00PN\x0417  SN\x0242" b"CP\x04\x13\x01\x20\x80" b"RV\x01\x0b"
       b"\x91\x0a\x00YA\x04 tagRW\x00" b"\x78")


@valgrind
def test_vital_product_data(bench):
    bench.function(EDU).path("vpd").write_bytes(VPD)
    equal(lines(bench, "V", "pci0:0:4:0"), """\
    VPD ident  = 'Name'
    VPD ro PN  = '17  '
    VPD ro SN  = '42'
    VPD ro CP  = ID 13 in map 0x14[0x8020]
    VPD rw YA  = ' tag'
""")
    equal(lines(bench, "V", "pci0:0:5:0"), "")
    bench.function(RTL8139).path("vpd").write_bytes(bytes(16))
    equal(lines(bench, "V", "pci0:0:5:0"), "")


def test_damaged_vital_product_data(bench):
    """What can be parsed, then where the first damage is."""
    path = bench.function(EDU).path("vpd")
    whole = bench.run("-lV", "pci0:0:4:0").stdout
    for place, byte, at, count, how in (
            (32, b"\x0c", 32, 5, "the checksum is wrong"),
            (12, b"\xee", 10, 2, "a field is longer than its section"),
            (34, b"\xff", 33, 4, "a section is longer than the data"),
            (7, b"\x04", 7, 1, "there is no tag"),
            (0, b"\x85", 0, 4, "there is no name of the product at its start")):
        path.write_bytes(VPD[:place] + byte + VPD[place + 1:])
        result = bench.run("-lV", "pci0:0:4:0")
        equal((result.status, result.stderr),
              (1, f"pciconf: pci0:0:4:0: the vital product data are damaged at {at:#x}: {how}\n"))
        equal(result.stdout.count("    VPD "), count, result.stdout)
    path.write_bytes(VPD[:-1])
    check(f"damaged at {len(VPD) - 1:#x}: there is no end tag" in
          bench.run("-lV", "pci0:0:4:0").stderr, "no end tag")
    # The others are listed nevertheless.
    equal(bench.run("-lV").stdout.count("@pci0"), 8)
    path.unlink()
    bench.run("-lV", "pci0:0:4:0").prints(whole)


def test_everything_in_order(bench):
    function = bench.function(NVME)
    function.path("vpd").write_bytes(VPD)
    function.poke_config(0x06, b"\x10\x08")
    text = lines(bench, "VecBbv", "nvme0")
    places = [text.index(word) for word in ("    class", "    bar", "    cap", "    ecap",
                                            "    PCI errors", "    VPD")]
    equal(places, sorted(places))


def test_a_refusal_ends_the_list_with_whole_lines(bench):
    """What an ordinary user may see of configuration space ends at 64 bytes."""
    function = bench.function(EDU)
    config = function.path("config")
    data = config.read_bytes()
    config.write_bytes(data[:64])
    bench.run("-lbc", "pci0:0:4:0").expect(1, (
        "none0@pci0:0:4:0:\tclass=0x00ff00 rev=0x10 hdr=0x00 vendor=0x1234 device=0x11e8 "
        "subvendor=0x1af4 subdevice=0x1100\n"
        "    bar   [10] = type Memory, range 32, base 0xfea00000, size 1048576, enabled\n"),
        "pciconf: pci0:0:4:0: outside configuration space\n")
    for end, whole in ((0x42, ""), (0x44, "    cap 05[40] = MSI supports 1 message, 64 bit \n")):
        config.write_bytes(data[:end])
        equal(bench.run("-lc", "pci0:0:4:0").stdout.partition("\n")[2], whole)


@differs
def test_vital_product_data_without_the_right(bench):
    path = bench.function(EDU).path("vpd")
    path.write_bytes(VPD)
    path.chmod(0o600)
    result = bench.run_as_nobody("-lV", "pci0:0:4:0")
    equal((result.status, result.stdout.count("\n"), result.stderr), (
        1, 1, "pciconf: pci0:0:4:0: no permission to read vital product data; run it as root\n"))


def test_a_function_that_goes_away_under_the_list(bench):
    """The others are listed, and the status shows it."""
    beyond = bench.function(BEYOND)
    whole = bench.run("-lc").stdout
    front = failing("pread64", "ENODEV", beyond.path("config"))
    result = bench.run("-lc", wrap=front)
    equal((result.status, result.stderr),
          (1, "pciconf: pci0:1:0:0: the device is gone; 'pciconf -l' shows what is there\n"))
    equal(result.stdout, whole)
    front = failing("pread64", "ENODEV", bench.function(PORT).path("config"))
    result = bench.run("-lc", wrap=front)
    equal((result.status, result.stdout), (1, whole))


@differs
def test_a_device_that_does_not_respond_hides_no_other(bench):
    """Whatever fails: a line about the device, then the next device, and status 1."""
    whole = bench.run("-lbceBV").stdout
    config, vpd = (bench.function(EDU).path(name) for name in ("config", "vpd"))
    vpd.write_bytes(VPD)
    bench.function(BEYOND).path("vpd").write_bytes(VPD)
    for error, cause in (("ETIMEDOUT", "the device did not respond within the time that "
                                       "vital product data may take"),
                         ("EIO", "vital product data cannot be read")):
        result = bench.run("-lbceBV", wrap=failing("read", error, vpd))
        check(result.stderr.startswith(f"pciconf: pci0:0:4:0: {cause}"), result.stderr)
        equal((result.status, result.stderr.count("\n")), (1, 1))
        check(result.stdout.startswith(whole) and "VPD ro PN" in result.stdout, result.stdout)
    result = bench.run("-lc", wrap=failing("pread64", "EIO", config))
    equal((result.status, result.stderr.count("\n"), result.stdout.count("@pci")),
          (1, 1, len(bench.functions)))


if __name__ == "__main__":
    harness.main()
