#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Computes a factorial on "edu", the teaching device of QEMU (qemu -device edu).

    ./edu_factorial.py 1234:11e8 10
"""

import sys

import pcibar

# Registers in BAR 0, 32 bits each (QEMU, docs/specs/edu)
ID = 0x00  # 0xRRrr00ed: version RR.rr
FACTORIAL = 0x08  # write n, read n!
STATUS = 0x20
COMPUTING = 0x01


def factorial(registers, number):
    """What the device makes of a number up to 12; 13! does not fit into 32 bits."""
    registers.write32(FACTORIAL, number)
    registers.wait_until(STATUS, 0, COMPUTING, timeout=1)
    return registers.read32(FACTORIAL)


def main():
    selector, number = sys.argv[1], int(sys.argv[2])
    with pcibar.guard(), pcibar.open(selector, write=True) as device:
        with device.map(0, write=True) as registers:
            if registers.read32(ID) & 0xffff != 0x00ed:
                sys.exit(f"{selector} is not an edu device")
            print(factorial(registers, number))


if __name__ == "__main__":
    try:
        main()
    except (pcibar.PcibarError, TimeoutError) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
