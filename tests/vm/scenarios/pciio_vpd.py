# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module: vital product data, which a helper module gives to a device."""

from harness.devices import edu
from harness.kernels import NEWEST
from harness.pciio_module import LOG, load, load_helper
from harness.programs import builds
from harness.scenario import scenario

IDENT, READ_ONLY, READ_WRITE, END = 0x82, 0x90, 0x91, 0x78
NONE = "No such device or address\n"


def section(tag, *parts):
    content = b"".join(parts)
    return bytes([tag]) + len(content).to_bytes(2, "little") + content


def field(keyword, content, length=None):
    return keyword.encode() + bytes([len(content) if length is None else length]) + content


def element(keyword, flags, content):
    """A line of pciio-vpd."""
    return f"{keyword} {flags} {content.hex()}\n"


NAME, LONG_NAME = b"Fast Ethernet adapter", bytes(range(256)) + b"and more"
PART, SERIAL, ASSET = field("PN", b"6181682A"), field("SN", b"\x00\xff\x80"), field("YA", b"42")
BARE = field("V0", b"")
ENTRIES = element("PN", 0, b"6181682A") + element("SN", 0, b"\x00\xff\x80")

# What the device holds, and what is reported.
IMAGES = (
    (section(IDENT, NAME) + section(READ_ONLY, PART, SERIAL, BARE) + section(READ_WRITE, ASSET),
     element("-", 1, NAME) + ENTRIES + element("V0", 0, b"") + element("YA", 2, b"42")),
    # The length of an element has one byte.
    (section(IDENT, LONG_NAME) + section(READ_ONLY, PART, SERIAL),
     element("-", 1, LONG_NAME[:255]) + ENTRIES),
    # A field that says that it is longer than what it is in, and one without room for its head.
    (section(IDENT, NAME) + section(READ_ONLY, PART, SERIAL, field("XX", b"1234", 5)) +
     section(READ_WRITE, ASSET), element("-", 1, NAME) + ENTRIES + element("YA", 2, b"42")),
    (section(IDENT, NAME) + section(READ_ONLY, PART, SERIAL, b"XX"),
     element("-", 1, NAME) + ENTRIES),
    # Without a name it is not vital product data.
    (section(READ_ONLY, PART, SERIAL), NONE),
    (b"", NONE),
)


@scenario(devices={"edu": edu()}, log=LOG, kernels=NEWEST)
def listed(vm, edu):
    """As the device holds it, by 64-bit and 32-bit programs; sysfs has the same bytes."""
    load(vm)
    load_helper(vm, "vpd_device", f"bus={int(str(edu).split(':')[1], 16)}")
    for image, listing in IMAGES:
        content = image + bytes([END]) if image else image
        numbers = ",".join(map(str, content or b"\0"))
        vm.check(f"echo {numbers} >/sys/module/vpd_device/parameters/image; "
                 f"echo 1 >{edu.sysfs}/remove; echo 1 >/sys/bus/pci/rescan")
        if content:
            assert vm.check(f"cat {edu.sysfs}/vpd").output == content
        for program in builds(vm, "pciio-vpd"):
            assert vm.check(f"{program} {edu}", status=int(listing == NONE)).stdout == listing
    vm.check(f"echo 1 >{edu.sysfs}/remove; rmmod vpd_device")


@scenario(devices={"edu": edu()}, log=(*LOG, "VPD access failed"), kernels=NEWEST)
def silent(vm, edu):
    """A device that does not respond: one sentence about it, whatever reads; others are listed."""
    load(vm)
    load_helper(vm, "vpd_device", f"bus={int(str(edu).split(':')[1], 16)}")
    vm.check("echo 1 >/sys/module/vpd_device/parameters/silent; "
             f"echo 1 >{edu.sysfs}/remove; echo 1 >/sys/bus/pci/rescan")
    whole = vm.check("pciconf -l").stdout
    for backend in ("sysfs", "pciio", "freebsd"):
        result = vm.check(f"pciconf --backend {backend} -lV", status=1)
        assert result.stdout == whole and result.stderr.count("\n") == 1, result
        assert "the device did not respond within the time" in result.stderr, result
    vm.check(f"echo 1 >{edu.sysfs}/remove; rmmod vpd_device")
