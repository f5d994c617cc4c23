#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pciconf -a, -r and -w"""

import harness
from fake_sysfs import EDU, NVME, PORT, RTL8139
from harness import differs, equal, valgrind

OUTSIDE = "outside configuration space"


@valgrind
def test_attached(bench):
    for name, status, attached in (
            ("nvme0", 0, "attached"), ("pci0:0:7:0", 0, "attached"), ("pcieport0", 0, "attached"),
            ("none0@pci0:0:4:0:", 2, "not attached"), ("pci0:0:4:0", 2, "not attached")):
        bench.run("-a", name).expect(status, f"{name}: {attached}\n")
    bench.function(EDU).bind("vfio-pci")
    bench.run("-a", "vfio-pci0").expect(0, "vfio-pci0: attached\n")
    bench.function(NVME).bind(None)
    bench.run("-a", "pci0:0:7:0").expect(2, "pci0:0:7:0: not attached\n")


@differs
@valgrind
def test_read(bench):
    bench.function(EDU).poke_config(0x80, bytes(range(0xa0, 0xc0)))
    for option, span, wanted in (
            ([], "0", "11e81234 \n"), ([], "0x80", "a3a2a1a0 \n"), (["-h"], "0x82", "a3a2 \n"),
            (["-b"], "129", "a1 \n"), (["-h"], "0x2", "11e8 \n"),
            ([], "0x80:0x8f", "a3a2a1a0 a7a6a5a4 abaaa9a8 afaeadac\n"),
            ([], "0x80:0x90", "a3a2a1a0 a7a6a5a4 abaaa9a8 afaeadac\nb3b2b1b0 \n"),
            (["-h"], "0x80:0x90", "a1a0 a3a2 a5a4 a7a6 a9a8 abaa adac afae\nb1b0 \n"),
            (["-b"], "0x80:0x90",
             "a0 a1 a2 a3 a4 a5 a6 a7  a8 a9 aa ab ac ad ae af\nb0 \n"),
            (["-b"], "0x80:0x87", "a0 a1 a2 a3 a4 a5 a6 a7  \n"),
            ([], "0x80:0x83", "a3a2a1a0 \n"), ([], "0x80:0x80", "a3a2a1a0 \n")):
        bench.run("-r", *option, "pci0:0:4:0", span).prints(wanted)
    bench.function(NVME).poke_config(0xffc, b"last")
    bench.run("-r", "nvme0", "0xffc").prints("7473616c \n")


@differs
def test_read_reports_what_it_could(bench):
    bench.function(EDU).poke_config(0xf8, b"12345678")
    bench.run("-r", "pci0:0:4:0", "0xf8:0x100").expect(
        1, "34333231 38373635 \n", f"pciconf: pci0:0:4:0: {OUTSIDE}\n")
    for offset in ("0x100", "0x1000", "0x7ffffffc", "0x80000000", "0xfffffffc"):
        bench.run("-r", "pci0:0:4:0", offset).refuses(1, f"pciconf: pci0:0:4:0: {OUTSIDE}")


def test_read_without_the_right(bench):
    bench.function(EDU).path("config").chmod(0)
    result = bench.run_as_nobody("-r", "pci0:0:4:0", "0")
    result.refuses(1, "pciconf: pci0:0:4:0: no permission for this part of configuration space; "
                      "run it as root, with CAP_SYS_ADMIN")


@valgrind
def test_write(bench):
    rtl = bench.function(RTL8139)
    for option, offset, value, data in (
            (["-b"], "0x51", "255", "ff"), (["-h"], "0x52", "0xfedc", "dcfe"),
            ([], "0x54", "0x12345678", "78563412"), ([], "0x58", "4294967295", "ffffffff")):
        bench.run("-w", *option, "pci0:0:5:0", offset, value).prints("")
        equal(rtl.peek_config(int(offset, 0), len(data) // 2).hex(), data)
    equal(rtl.peek_config(0x50, 1), b"\0")
    equal(rtl.peek_config(0x5c, 4), bytes(4))
    bench.run("-w", "pcieport0", "0x54", "1").prints("")
    equal(bench.function(PORT).peek_config(0x54, 4), b"\x01\0\0\0")
    bench.run("-w", "pci0:0:5:0", "0x100", "0").refuses(1, f"pciconf: pci0:0:5:0: {OUTSIDE}")


def test_write_turns_decoding_on(bench):
    bench.function(EDU).set_command(0)
    bench.run("-w", "-h", "pci0:0:4:0", "4", "2").prints("")
    bench.run("-R", "pci0:0:4:0", "0x10", "0").prints("00000000 \n")


def test_write_without_the_right(bench):
    bench.function(EDU).path("config").chmod(0o644)
    bench.run_as_nobody("-w", "pci0:0:4:0", "0x50", "1").refuses(
        1, "pciconf: pci0:0:4:0: no permission for this part of configuration space; run it "
           "as root, with CAP_SYS_ADMIN")
    equal(bench.function(EDU).peek_config(0x50, 1), b"\0")


if __name__ == "__main__":
    harness.main()
