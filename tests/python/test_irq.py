#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Interrupts, as far as sysfs lets them come: what there is, and what is refused."""

import errno

import pcibar
import support
from fake_sysfs import EDU, NVME, PORT
from pcibar import Backend, IrqFlag, IrqType, ReasonCode


class Interrupts(support.Case):
    def test_what_a_function_has(self):
        device = self.open(EDU)
        self.assertEqual(device.irq_info(), (IrqType.MSI, IrqFlag(0), 1, 0))
        self.assertEqual(device.irq_info("msix").count, 0)
        self.assertEqual(self.open(NVME).irq_info("best"), (IrqType.MSIX, IrqFlag(0), 65, 0))
        self.assertEqual(self.open(PORT).irq_info(IrqType.BEST).count, 0)
        self.assertFalse(device.info().caps & pcibar.Capability.IRQ)

    def test_sysfs_delivers_none(self):
        device = self.open(EDU, write=True)
        self.refused(errno.EOPNOTSUPP, ReasonCode.UNSUPPORTED, device.irq)
        self.refused(errno.ERANGE, ReasonCode.NO_VECTOR, device.irq, "msi", range(1, 2))
        self.refused(errno.ERANGE, ReasonCode.NO_VECTOR, device.irq, "msi", range(2**32 - 1))
        self.refused(errno.EACCES, ReasonCode.READ_ONLY, self.open(EDU).irq)

    def test_arguments(self):
        device = self.open(EDU, write=True)
        for vectors in (range(0), range(0, 4, 2), range(3, 0, -1)):
            self.assertRaises(ValueError, device.irq, "msi", vectors)
        self.assertRaises(TypeError, device.irq, "msi", range(-1, 1))
        self.assertRaises(ValueError, device.irq, "irq")
        self.assertRaises(ValueError, device.irq_info, 4)

    def test_explain(self):
        result = pcibar.explain_irq(EDU, "msi", backend=Backend.SYSFS, sysfs_root=self.root)
        self.assertEqual([reason.code for reason in result.reasons], [ReasonCode.UNSUPPORTED])
        self.assertEqual((result.backends, result.possible), ((Backend.SYSFS,), ()))
        self.assertRaises(ValueError, pcibar.explain_irq, EDU, "msi", range(0))


if __name__ == "__main__":
    support.main()
