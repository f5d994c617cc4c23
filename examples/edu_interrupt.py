#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Computes factorials on "edu", the teaching device of QEMU, and sleeps until it interrupts.

    pcibar bind 1234:11e8 pciio
    ./edu_interrupt.py 1234:11e8 intx 3 10
    ./edu_interrupt.py 1234:11e8 msi 3 10
"""

import sys

import pcibar

# Registers in BAR 0, 32 bits each (QEMU, docs/specs/edu)
FACTORIAL = 0x08  # write n, read n!
STATUS = 0x20
STATUS_INTERRUPT = 0x80  # interrupt when the factorial is there
CAUSE = 0x24  # why it interrupts
ACKNOWLEDGE = 0x64  # write what CAUSE has shown


def factorials(registers, irq, numbers):
    """Those of numbers up to 12; 13! does not fit into 32 bits."""
    registers.write32(STATUS, STATUS_INTERRUPT)
    for number in numbers:
        registers.write32(FACTORIAL, number)
        if irq.wait(timeout=5) is None:
            raise TimeoutError(f"{irq}: no interrupt within 5 s")
        # First the device becomes quiet, then it may interrupt again.
        registers.write32(ACKNOWLEDGE, registers.read32(CAUSE))
        irq.done()
        yield registers.read32(FACTORIAL)


def main():
    selector, kind, *numbers = sys.argv[1:]
    with pcibar.open(selector, write=True) as device:
        # A message is a write by the device, which needs bus mastering.
        with (device.map(0, write=True, activate=True) as registers,
              device.irq(kind, bus_master=kind != "intx") as (irq,)):
            for factorial in factorials(registers, irq, map(int, numbers)):
                print(factorial)


if __name__ == "__main__":
    try:
        main()
    except (pcibar.PcibarError, TimeoutError) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
