# SPDX-License-Identifier: BSD-2-Clause
"""Images of PCI configuration space, with capability lists as devices have them."""

import struct

COMMAND = 0x04
STATUS = 0x06
BAR0 = 0x10
CAPABILITIES = 0x34
EXTENDED = 0x100

STATUS_CAP_LIST = 0x10
COMMAND_IO = 1
COMMAND_MEM = 2
COMMAND_BUS_MASTER = 4

# Capability IDs
CAP_PM, CAP_MSI, CAP_VNDR, CAP_EXP, CAP_MSIX = 0x01, 0x05, 0x09, 0x10, 0x11
# Extended capability IDs
ECAP_AER, ECAP_DSN, ECAP_SRIOV, ECAP_DVSEC = 0x01, 0x03, 0x10, 0x23

TYPE_ENDPOINT, TYPE_BRIDGE, TYPE_CARDBUS = 0, 1, 2
# What differs between the types: PCI 3.0, 6.1; PCI-to-PCI Bridge 1.2, 3.2; PC Card 8.0, 2, 4.5
ROM_REGISTER = {TYPE_ENDPOINT: 0x30, TYPE_BRIDGE: 0x38}
POINTER = {TYPE_ENDPOINT: CAPABILITIES, TYPE_BRIDGE: CAPABILITIES, TYPE_CARDBUS: 0x14}
SUBSYSTEM = {TYPE_ENDPOINT: 0x2c, TYPE_CARDBUS: 0x40}


def bar_register(bar):
    """What firmware leaves in a BAR's register (PCI 3.0, 6.2.5)."""
    if bar.is_io:
        return bar.start | 1
    if bar.is_rom:
        return bar.start
    return bar.start | (4 if bar.is_64 else 0) | (8 if bar.prefetchable else 0)


def build(ids, bars, command, capabilities=(), extended=(), header=TYPE_ENDPOINT):
    """An image of 4096 bytes if there are extended capabilities, else of 256.

    capabilities: (id, offset, body behind the two bytes of the header), in the order of the list;
    extended: (id, offset, body behind the four bytes of the header).
    """
    image = bytearray(4096 if extended else 256)
    struct.pack_into("<HHHH", image, 0, ids.vendor, ids.device, command, 0)
    struct.pack_into("<I", image, 8, ids.class_code << 8 | ids.revision)
    image[0x0e] = header
    for index, bar in bars.items():
        place = ROM_REGISTER[header] if bar.is_rom else BAR0 + 4 * index
        struct.pack_into("<Q" if bar.is_64 else "<I", image, place, bar_register(bar))
    if header in SUBSYSTEM:
        struct.pack_into("<HH", image, SUBSYSTEM[header], *ids.subsystem)
    add_capabilities(image, capabilities, POINTER[header])
    add_extended(image, extended)
    return image


def add_capabilities(image, capabilities, pointer=CAPABILITIES):
    """PCI 3.0, 6.7: each header is an ID and the offset of the next."""
    for number, offset, body in capabilities:
        image[STATUS] |= STATUS_CAP_LIST
        image[pointer] = offset
        image[offset] = number
        image[offset + 2:offset + 2 + len(body)] = body
        pointer = offset + 1


def add_extended(image, extended):
    """PCIe 6.0, 7.6.3: each header is an ID, a version, and the offset of the next."""
    for index, (number, offset, body) in enumerate(extended):
        following = extended[index + 1][1] if index + 1 < len(extended) else 0
        struct.pack_into("<I", image, offset, number | 1 << 16 | following << 20)
        image[offset + 4:offset + 4 + len(body)] = body
