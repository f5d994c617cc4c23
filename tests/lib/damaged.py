# SPDX-License-Identifier: BSD-2-Clause
"""Configuration spaces and vital product data, valid and damaged: the same ones in each run."""

import itertools
import random
import struct
from typing import NamedTuple

import config_space
from fake_sysfs import EXP_BODY, MSI_BODY, MSIX_BODY, PM_BODY, Definition, Ids, mem32, mem64

COUNT = 200
SEED = 20
HEADERS = (0, 1, 2, 0x7f, 0x80, 0x81, 0xff)
CLASSES = (0x020000, 0x060400, 0x060700, 0xff0000)


class Damaged(NamedTuple):
    """One function: what it is for the kernel, and what is read of it."""

    what: str
    definition: Definition
    config: bytes
    vpd: bytes      # None: it has none


def valid(_rng, _config):
    """Nothing is changed."""


def truncated(rng, config):
    """As an ordinary user sees it, and shorter."""
    del config[rng.choice((0, 1, 63, 64, 65, 0x43, 0x80, 0xff, 0x100, 0x101, 0x123)):]


def looping(rng, config):
    """Pointers of the list lead anywhere behind the header."""
    for place in [config_space.CAPABILITIES, *range(0x41, 0x100, 4)]:
        config[place] = rng.randrange(0x40, 0x100)


def into_the_header(rng, config):
    """The list leads back into the first 64 bytes."""
    config[rng.choice((config_space.CAPABILITIES, 0x41, 0x61, 0x81))] = rng.randrange(0x40)


def ones(rng, config):
    """All of it, or all from some register on, as of a function that was lost."""
    start = rng.choice((0, 4, 6, 0x10, 0x34, 0x40, 0x60, 0x100))
    config[start:] = b"\xff" * len(config[start:])


def noise(rng, config):
    """Random bytes from some register on; the list of capabilities is followed."""
    start = rng.choice((0, 4, 0x10, 0x40, 0x100))
    config[start:] = rng.randbytes(len(config[start:]))
    config[config_space.STATUS] |= config_space.STATUS_CAP_LIST


def extended_loop(rng, config):
    """Each extended capability points to any other one, or into the header."""
    for at in range(0x100, len(config), 4):
        following = rng.choice((at, 0x100, rng.randrange(0x100), rng.randrange(0x1000)))
        struct.pack_into("<I", config, at, rng.randrange(1, 0x2d) | 1 << 16 | following << 20)


def bodies(rng, config):
    """The lists are valid, what the capabilities hold is random."""
    for start, end in ((0x42, 0x60), (0x62, 0x80), (0x82, 0x100), (0x104, 0x140),
                       (0x144, 0x180), (0x184, 0x1000)):
        config[start:end] = rng.randbytes(end - start)


def section(tag, data):
    """A large resource."""
    return bytes([tag]) + struct.pack("<H", len(data)) + data


def whole_vpd(rng):
    """A name, a read-only section with its checksum, and one that may be written."""
    serial = bytes(rng.choices(range(256), k=rng.randrange(24)))
    fields = b"PN\x0417  CP\x04\x13\x01\x20\x80" + b"SN" + bytes([len(serial)]) + serial
    front = section(0x82, b"Name of the card")
    read_only = fields + b"RV\x01"
    head = b"\x90" + struct.pack("<H", len(read_only) + 1)
    checksum = -sum(front + head + read_only) & 0xff
    return bytearray(front + head + read_only + bytes([checksum]) +
                     section(0x91, b"YA\x04 tagRW\x00") + b"\x78")


def damage_vpd(rng, vpd):
    """Vital product data in one of ten states."""
    kind = rng.randrange(10)
    if kind == 0:
        return None
    if kind == 1:
        del vpd[rng.randrange(len(vpd)):]
    elif kind == 2:     # the length of a section, or of a field
        vpd[rng.choice((1, 2, 20, 21, 24))] = rng.randrange(256)
    elif kind == 3:     # among others the checksum
        for _ in range(4):
            vpd[rng.randrange(len(vpd))] ^= 1 << rng.randrange(8)
    elif kind == 4:
        vpd = rng.randbytes(rng.randrange(600))
    elif kind == 5:
        vpd = bytes([rng.choice((0, 0xff))]) * rng.choice((1, 3, 512, 40000))
    elif kind == 6:
        vpd = section(0x82, rng.randbytes(0x8100))
    elif kind == 7:
        vpd[3:19] = b"\x1b]0;title\x07\n\r\x7f\x9b1m"
    return bytes(vpd)


KINDS = (valid, truncated, looping, into_the_header, ones, noise, extended_loop, bodies)


def functions():
    """COUNT of them; each kind with each header and class."""
    rng = random.Random(SEED)
    mixed = itertools.cycle(itertools.product(CLASSES, HEADERS, KINDS))
    states = list(itertools.islice(mixed, len(CLASSES) * len(HEADERS) * len(KINDS)))
    for class_code, header, kind in rng.sample(states, COUNT):
        bars = {0: mem32(0xfea00000, 4096), 2: mem64(0x380000000000, 4 << 20)}
        if class_code >> 8 == 0x0607:
            bars.popitem()
        definition = Definition(
            Ids(0xabcd, 1, class_code), {} if class_code >> 8 == 0x0604 else bars,
            capabilities=((config_space.CAP_PM, 0x40, PM_BODY),
                          (rng.choice((config_space.CAP_MSI, config_space.CAP_MSIX)), 0x60,
                           rng.choice((MSI_BODY, MSIX_BODY))),
                          (config_space.CAP_EXP, 0x80, EXP_BODY)),
            extended=((config_space.ECAP_AER, 0x100, bytes(60)),
                      (config_space.ECAP_DSN, 0x140, bytes(8)),
                      (config_space.ECAP_SRIOV, 0x180, bytes(60))))
        config = config_space.build(definition.ids, definition.bars, definition.command,
                                    definition.capabilities, definition.extended)
        config[0x0e] = header
        config[0x14] = config[config_space.CAPABILITIES]    # of a CardBus bridge
        kind(rng, config)
        yield Damaged(f"{kind.__name__}, header {header:#x}, class {class_code:#08x}",
                      definition, bytes(config), damage_vpd(rng, whole_vpd(rng)))


def add_all(tree):
    """Add them to a fake tree; returns {address: Damaged}."""
    added = {}
    for number, damaged in enumerate(functions()):
        address = f"0001:{number // 32:02x}:{number % 32:02x}.0"
        function = tree.add(address, damaged.definition)
        function.path("config").write_bytes(damaged.config)
        if damaged.vpd is not None:
            function.path("vpd").write_bytes(damaged.vpd)
        added[address] = damaged
    return added
