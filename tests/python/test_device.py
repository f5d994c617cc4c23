#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Devices: finding, describing, configuration space, the command register, closing."""

import errno
import os
import pickle
import warnings

import pcibar
import support
from config_space import TYPE_CARDBUS
from fake_sysfs import (BEYOND, EDU, HUGE, IVSHMEM, NVME, PAIR, PORT, RTL8139, Definition,
                        Ids)
from pcibar import BarFlag, BarKind, Enable, ReasonCode, _binding

VPD = (b"\x82\x04\x00Name" b"\x90\x08\x00PN\x05\x31\x32\x33\x34\x35" b"\x91\x04\x00YA\x01\xe9"
       b"\x78")


class Finding(support.Case):
    def test_the_place(self):
        device = self.open(EDU)
        self.assertEqual(device.place(), (None, None))
        self.functions[EDU].path("numa_node").write_text("0\n", encoding="ascii")
        self.functions[EDU].path("iommu_group").symlink_to("../../../kernel/iommu_groups/7")
        self.assertEqual(device.place(), pcibar.Place(numa_node=0, iommu_group=7))

    def test_the_class_of_a_handle(self):
        with self.assertRaisesRegex(TypeError, "^<class 'int'> is not a subclass of .*Device'>$"):
            _binding.open(int, EDU, 0, 0, str(self.root))

    def test_the_group(self):
        self.assertEqual(self.open(EDU).group(), ())
        self.tree.group(7, self.functions[NVME], self.functions[EDU])
        self.assertEqual([(each.address, each.driver) for each in self.open(EDU).group()],
                         [(EDU, ""), (NVME, "nvme")])

    def test_ids_are_shown_in_hexadecimal(self):
        self.assertIn("vendor=0x1234, device=0x11e8", repr(self.open(EDU).info()))

    def test_scan_lists_all_in_order(self):
        found = pcibar.scan(sysfs_root=self.root)
        self.assertEqual([info.address for info in found],
                         [EDU, RTL8139, IVSHMEM, NVME, HUGE, PORT, PAIR, BEYOND])

    def test_scan_passes_over_what_cannot_be_read(self):
        self.functions[EDU].path("class").write_text("?\n", encoding="ascii")
        with self.assertWarnsRegex(RuntimeWarning, f"^{EDU}: Input/output error$"):
            found = pcibar.scan(sysfs_root=self.root)
        self.assertEqual(len(found), 7)
        self.functions[EDU].path("class").write_text("0x00ff00\n", encoding="ascii")

    def test_scan_describes_a_function(self):
        (nvme,) = pcibar.scan(NVME, sysfs_root=self.root)
        self.assertEqual((nvme.vendor, nvme.device, nvme.class_code, nvme.revision),
                         (0x1b36, 0x0010, 0x010802, 0x02))
        self.assertEqual((nvme.subvendor, nvme.subdevice), (0x1af4, 0x1100))
        self.assertEqual((nvme.driver, nvme.driver_owns, nvme.asleep), ("nvme", True, False))
        self.assertEqual((nvme.domain, nvme.bus, nvme.slot, nvme.func), (0, 0, 7, 0))
        self.functions[NVME].set_power_state("D3hot")
        self.assertTrue(pcibar.scan(NVME, sysfs_root=self.root)[0].asleep)

    def test_scan_takes_ids(self):
        found = pcibar.scan("1af4:1110", sysfs_root=self.root)
        self.assertEqual([info.address for info in found], [IVSHMEM, HUGE, PAIR])
        self.assertEqual(pcibar.scan("abcd:*", sysfs_root=self.root), ())

    def test_open_by_address_and_ids(self):
        for selector in (EDU, "00:04.0", "1234:11e8", "pci0:4:0"):
            device = self.open(selector)
            self.assertEqual((device.address, str(device)), (EDU, EDU))
            self.assertEqual(device.info(), pcibar.scan(EDU, sysfs_root=self.root)[0])
            self.assertEqual(device.info().backend, pcibar.Backend.SYSFS)
            self.assertIn(pcibar.Capability.ACTIVATE, device.info().caps)
            self.assertFalse(device.gone)

    def test_selectors_that_name_nothing(self):
        for selector, number, code in (
                ("03:00", errno.EINVAL, ReasonCode.SELECTOR),
                ("\u00e9" * 300, errno.EINVAL, ReasonCode.SELECTOR),
                ("00:1f.0", errno.ENODEV, ReasonCode.NO_DEVICE),
                ("abcd:1234", errno.ENODEV, ReasonCode.NO_DEVICE),
                ("1af4:1110", errno.ENOTUNIQ, ReasonCode.AMBIGUOUS)):
            error = self.refused(number, code, self.open, selector)
            self.assertEqual(str(error), f"{selector}: {error.what}; {error.remedy}")
        for selector in ("03:00", "0:1", ""):
            for call in (pcibar.scan, pcibar.explain):
                self.refused(errno.EINVAL, ReasonCode.SELECTOR, call, selector,
                             sysfs_root=self.root)
        self.refused(errno.ENODEV, ReasonCode.NO_DEVICE, pcibar.scan, "00:1f.0",
                     sysfs_root=self.root)

    def test_arguments_of_the_wrong_type(self):
        for selector in (None, 4, b"00:04.0"):
            self.assertRaises(TypeError, self.open, selector)
        self.assertRaises(ValueError, self.open, "00:04.0\0")
        self.assertRaises(TypeError, self.open, EDU, backend="sysfs")
        self.assertRaises(TypeError, self.open, EDU, True)
        with self.assertRaises(pcibar.PcibarError) as caught:
            self.open(EDU, backend=99)
        self.assertEqual(caught.exception.errno, errno.EINVAL)


class Describing(support.Case):
    def test_bars(self):
        _, memory, rom = self.open(RTL8139).bars()
        self.assertEqual((memory.index, memory.kind, memory.length, memory.cpu_addr, memory.holder),
                         (1, BarKind.MEM32, 256, 0xfebd1000, ""))
        self.assertIn(BarFlag.MAPPABLE, memory.flags)
        self.assertEqual((rom.index, rom.kind, rom.length),
                         (pcibar.ROM, BarKind.ROM, 256 << 10))

    def test_a_large_bar(self):
        bar = self.open(HUGE).bar(2)
        self.assertEqual((bar.kind, bar.length, bar.cpu_addr),
                         (BarKind.MEM64, 16 << 30, 0x384000000000))
        self.assertIn(BarFlag.PREFETCHABLE | BarFlag.HAS_WC, bar.flags)
        self.assertEqual(self.open(HUGE).bar(3).flags & BarFlag.UPPER_HALF, BarFlag.UPPER_HALF)

    def test_decoding_is_read_on_demand(self):
        device = self.open(EDU)
        self.assertNotIn(BarFlag.CONFIG_SEEN, device.bar(0).flags)
        seen = device.bar(0, config=True)
        self.assertIn(BarFlag.CONFIG_SEEN | BarFlag.DECODING, seen.flags)
        self.assertEqual(seen.bus_addr, 0xfea00000)

    def test_a_bar_that_cannot_be(self):
        device = self.open(EDU)
        self.assertEqual(device.bar(5).kind, BarKind.NONE)
        self.refused(errno.EINVAL, ReasonCode.NO_BAR, device.bar, 7)
        self.assertRaises(ValueError, device.bar, 1 << 32)
        for index in (-1, True, 0.0, "0", None):
            self.assertRaises(TypeError, device.bar, index)

    def test_vital_product_data(self):
        self.functions[EDU].path("vpd").write_bytes(VPD)
        self.assertEqual(self.open(EDU).vpd(), (("", b"Name", False), ("PN", b"12345", False),
                                                ("YA", b"\xe9", True)))
        self.assertEqual(self.open(RTL8139).vpd(), ())

    def test_damaged_vital_product_data(self):
        self.functions[EDU].path("vpd").write_bytes(VPD[:-1])
        with self.assertWarnsRegex(RuntimeWarning, f"damaged at {len(VPD) - 1:#x}: .* end tag$"):
            self.assertEqual(len(self.open(EDU).vpd()), 3)

    def test_no_events_over_sysfs(self):
        device = self.open(EDU)
        for call in (device.fileno, device.read_event, device.wait):
            self.refused(errno.EOPNOTSUPP, ReasonCode.UNSUPPORTED, call)


class Configuration(support.Case):
    def test_read_of_each_width(self):
        device = self.open(EDU)
        self.assertEqual([device.config_read(0, width) for width in (1, 2, 4)],
                         [0x34, 0x1234, 0x11e81234])

    def test_write_of_each_width(self):
        device, function = self.open(EDU, write=True), self.functions[EDU]
        device.config_write(0x3c, 0xa5, 1)
        device.config_write(0x3e, 0xbeef, 2)
        self.assertEqual(function.peek_config(0x3c, 4), b"\xa5\0\xef\xbe")
        device.config_write(0x3c, 0xffffffff, 4)
        self.assertEqual(function.peek_config(0x3c, 4), b"\xff" * 4)

    def test_refusals(self):
        before = self.functions[EDU].peek_config(0, 256)
        reader, writer = self.open(EDU), self.open(EDU, write=True)
        self.refused(errno.EACCES, ReasonCode.READ_ONLY, reader.config_write, 0x3c, 1, 1)
        self.refused(errno.ERANGE, ReasonCode.RANGE, reader.config_read, 4096, 1)
        error = self.refused(errno.EINVAL, ReasonCode.SYSTEM, reader.config_read, 1, 2)
        self.assertEqual(str(error), f"{EDU} offset 0x1: the offset is not a multiple of the "
                         "width; align it")
        for value, width in ((0x100, 1), (0x10000, 2), (1 << 32, 4), (1 << 64, 4)):
            self.assertRaises(ValueError, writer.config_write, 0x3c, value, width)
        for width in (0, 3, 8, 1 << 40):
            self.assertRaises(ValueError, reader.config_read, 0, width)
        for value in (-1, True, 1.0, None, "1"):
            self.assertRaises(TypeError, writer.config_write, 0x3c, value, 1)
            self.assertRaises(TypeError, reader.config_read, value, 1)
        self.assertEqual(self.functions[EDU].peek_config(0, 256), before)

    def test_capabilities(self):
        nvme = self.open(NVME)
        self.assertEqual([nvme.find_capability(0x10), nvme.find_capability(0x11)], [0x80, 0x40])
        self.assertIsNone(nvme.find_capability(0x09))
        self.assertIn((0x11, 0x40), nvme.list_capabilities())
        self.assertIn((3, 0x148), nvme.list_extended())
        self.assertEqual(dict(nvme.list_capabilities())[0x10], nvme.find_capability(0x10))
        self.assertEqual([nvme.find_extended(1), nvme.find_extended(3)], [0x100, 0x148])
        self.assertIsNone(nvme.find_extended(0xffff))
        self.refused(errno.EINVAL, ReasonCode.SYSTEM, nvme.find_capability, 256)
        self.refused(errno.EINVAL, ReasonCode.SYSTEM, nvme.find_extended, 0)
        self.assertRaises(ValueError, nvme.find_extended, 1 << 16)
        self.assertRaises(TypeError, nvme.find_capability, -1)

    def test_capabilities_of_a_cardbus_bridge(self):
        bridge = self.tree.add("0000:02:00.0", Definition(
            Ids(0x104c, 0xac56, 0x060700), header=TYPE_CARDBUS, secondary=5,
            capabilities=((1, 0xa0, b""),)))
        device = self.open(bridge.address)
        self.assertEqual((device.info().header, device.info().secondary), (2, 5))
        self.assertEqual(device.find_capability(1), 0xa0)

    def test_enable_and_disable(self):
        function = self.functions[EDU]
        function.set_command(0x0100)
        device = self.open(EDU, write=True)
        self.assertEqual(device.enabled(), Enable(0))
        device.enable(Enable.MEM | Enable.BUS_MASTER)
        self.assertEqual((function.command(), device.enabled()),
                         (0x0106, Enable.MEM | Enable.BUS_MASTER))
        device.disable(Enable.BUS_MASTER)
        self.assertEqual(function.command(), 0x0102)

    def test_what_was_enabled_is_put_back(self):
        function = self.functions[EDU]
        function.set_command(0)
        with pcibar.open(EDU, write=True, sysfs_root=self.root) as device:
            device.enable(Enable.MEM, restore=True)
            self.assertEqual(function.command(), 2)
        self.assertEqual(function.command(), 0)

    def test_refusals_of_enable(self):
        device = self.open(NVME, write=True)
        before = self.functions[NVME].command()
        # On VFIO it may be another process.
        error = self.refused(errno.EBUSY, ReasonCode.DRIVER, device.disable, Enable.MEM)
        self.assertIn("or another process has its IOMMU group", error.what)
        self.assertNotIn("unbind", error.remedy)
        self.refused(errno.EACCES, ReasonCode.READ_ONLY, self.open(EDU).disable, Enable.MEM)
        self.refused(errno.EINVAL, ReasonCode.SYSTEM, device.enable, 8)
        for bits in (-1, True, 1.5, None):
            self.assertRaises(TypeError, device.enable, bits)
        self.assertEqual(self.functions[NVME].command(), before)
        device.disable(Enable.BUS_MASTER, share_driver=True)
        self.assertNotEqual(self.functions[NVME].command(), before)

    def test_enable_where_a_bar_has_moved(self):
        function = self.functions[EDU]
        function.set_command(0)
        function.poke_config(0x10, b"\0\0\0\xf0")
        self.refused(errno.ENXIO, ReasonCode.MOVED, self.open(EDU, write=True).enable, Enable.MEM)


class Closing(support.Case):
    def test_a_closed_device_raises(self):
        device = self.open(EDU, write=True)
        self.assertFalse(device.closed)
        with device:
            pass
        self.assertTrue(device.closed)
        device.close()
        for call, *args in ((device.info,), (device.bar, 0), (device.bars,), (device.map, 0),
                            (device.config_read, 0, 1), (device.config_write, 0x3c, 1, 1),
                            (device.find_capability, 1), (device.find_extended, 1),
                            (device.list_capabilities,), (device.list_extended,),
                            (device.enabled,), (device.enable, Enable.MEM), (device.fileno,),
                            (device.read_event,), (device.wait, 0), (device.vpd,),
                            (device.__enter__,), (getattr, device, "gone")):
            with self.assertRaisesRegex(ValueError, f"<pcibar.Device {EDU}> is closed"):
                call(*args)

    def test_what_is_left_open_is_reported_and_closed(self):
        self.functions[EDU].set_command(0)
        with self.assertWarnsRegex(ResourceWarning, f"unclosed <pcibar.Device {EDU}>"):
            device = pcibar.open(EDU, write=True, sysfs_root=self.root)
            device.enable(Enable.MEM, restore=True)
            del device
        self.assertEqual(self.functions[EDU].command(), 0)

    def test_a_child_has_no_use_of_it(self):
        """It does not put back either what the parent relies on."""
        self.functions[EDU].set_command(0)
        device = self.open(EDU, write=True)
        device.enable(Enable.MEM, restore=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if not child:
            status = 1
            try:
                device.info()
            except ValueError as error:
                status = 0 if "belongs to the parent process" in str(error) else 2
            device.close()
            os._exit(status)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertEqual(self.functions[EDU].command(), 2)
        self.assertEqual(device.info().address, EDU)

    def test_none_is_made_or_copied_otherwise(self):
        self.assertRaises(TypeError, pcibar.Device)
        self.assertRaises(TypeError, pcibar.Map)
        self.assertRaises(TypeError, pickle.dumps, self.open(EDU))


if __name__ == "__main__":
    support.main()
