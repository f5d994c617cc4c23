#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What map() refuses, and what explain() reports about it beforehand."""

import errno
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pcibar
import support
import harness
from fake_sysfs import EDU, HUGE, IVSHMEM, NVME, PAIR, RES_MEM, RTL8139, Bar, Definition, Ids
from pcibar import ROM, Backend, ReasonCode
from sentences import NO_ADDRESS, NOT_EXCLUSIVE, UPPER_HALF, asleep, decode_off, driver

# Prints errno and code of what map() is refused with, for a process in another state than this one.
PROBE = """
import sys, pcibar
root, address, write = sys.argv[1:]
try:
    with pcibar.open(address, write=bool(write), sysfs_root=root) as device:
        device.map(0, write=bool(write))
except pcibar.PcibarError as error:
    print(error.errno, error.code.name)
"""


class Refusals(support.Case):
    def map_refused(self, number, code, address, bar, sentence=None, **how):
        """It is refused as explain() reports; the function stays as it was."""
        function = self.functions[address]
        before = function.path("config").read_bytes()
        device = self.open(address, write=True)
        error = self.refused(number, code, device.map, bar, **how)
        self.assertEqual(error.subject, device.address)
        if sentence:
            self.assertEqual(error.what, sentence.partition("; ")[0])
        result = pcibar.explain(address, bar, backend=Backend.SYSFS, sysfs_root=self.root, **how)
        self.assertEqual(result.reasons[0]._replace(backend=Backend.AUTO),
                         error.reasons[0]._replace(backend=Backend.AUTO))
        self.assertEqual((result.backends, result.possible), ((Backend.SYSFS,), ()))
        self.assertEqual(function.path("config").read_bytes(), before)
        return error

    def test_bars_that_cannot_be_mapped(self):
        self.map_refused(errno.EINVAL, ReasonCode.NO_BAR, EDU, 5)
        self.map_refused(errno.EINVAL, ReasonCode.UPPER_HALF, IVSHMEM, 3, UPPER_HALF)
        self.map_refused(errno.EOPNOTSUPP, ReasonCode.IO_BAR, RTL8139, 0)
        self.map_refused(errno.EOPNOTSUPP, ReasonCode.ROM, RTL8139, ROM)
        self.functions["02:00.0"] = self.tree.add("0000:02:00.0", Definition(
            Ids(0xabcd, 1, 0xff0000), {0: Bar(0, 4096, RES_MEM)}))
        self.map_refused(errno.ENXIO, ReasonCode.UNASSIGNED, "02:00.0", 0, NO_ADDRESS)

    def test_windows_and_attributes(self):
        self.map_refused(errno.ERANGE, ReasonCode.RANGE, EDU, 0, offset=1 << 20)
        self.map_refused(errno.EOPNOTSUPP, ReasonCode.ATTRIBUTE, EDU, 0, wc=True)
        self.map_refused(errno.EOPNOTSUPP, ReasonCode.UNSUPPORTED, EDU, 0, NOT_EXCLUSIVE,
                         exclusive=True)
        self.map_refused(errno.EACCES, ReasonCode.ROM, RTL8139, ROM, write=True, indirect=True,
                         activate=True)

    def test_the_state_of_the_function(self):
        self.map_refused(errno.EBUSY, ReasonCode.DRIVER, NVME, 0,
                         driver(self.functions[NVME]))
        self.map_refused(errno.EADDRINUSE, ReasonCode.PAGE_SHARED, IVSHMEM, 0)
        self.functions[EDU].set_command(0x0105)
        self.map_refused(errno.ENXIO, ReasonCode.DECODE_OFF, EDU, 0,
                         decode_off(self.functions[EDU]))
        self.functions[EDU].set_command(0x0107)
        self.functions[EDU].set_power_state("D3hot")
        self.map_refused(errno.ENXIO, ReasonCode.ASLEEP, EDU, 0,
                         asleep(self.functions[EDU]))
        self.tree.set_lockdown("integrity")
        self.map_refused(errno.EPERM, ReasonCode.LOCKDOWN, RTL8139, 0, write=True, indirect=True)

    def test_sharing_is_asked_for(self):
        for address, how in ((NVME, {"share_driver": True}), (PAIR, {"share_page": True}),
                             (RTL8139, {"indirect": True})):
            self.map(address, 0, **how).read32(0)

    def test_without_the_right_to_write(self):
        device = self.open(EDU)
        self.refused(errno.EACCES, ReasonCode.READ_ONLY, device.map, 0, write=True)
        self.refused(errno.EACCES, ReasonCode.READ_ONLY, device.map, 0, activate=True)

    def test_a_function_that_is_gone(self):
        device = self.open(EDU, write=True)
        self.functions[EDU].vanish()
        self.refused(errno.ENODEV, ReasonCode.GONE, device.map, 0)
        self.refused(errno.ENODEV, ReasonCode.GONE, device.info)

    def probe(self, address, *front, write=""):
        """What another process, started by the words in front, is refused with."""
        package = Path(pcibar.__file__).parents[1]
        done = subprocess.run([*front, sys.executable, "-c", PROBE, str(self.root), address, write],
                              env=os.environ | {"PYTHONPATH": str(package)}, text=True,
                              capture_output=True, timeout=support.BOUND, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        number, code = done.stdout.split()
        return int(number), ReasonCode[code]

    def test_other_errors_of_mmap(self):
        edu = self.functions[EDU]
        for error, lockdown, code in (("EPERM", "integrity", ReasonCode.LOCKDOWN),
                                      ("EPERM", "none", ReasonCode.DENIED),
                                      ("EACCES", "none", ReasonCode.PERMISSION),
                                      ("EINVAL", "none", ReasonCode.CLAIMED),
                                      ("ENOMEM", "none", ReasonCode.SYSTEM)):
            self.tree.set_lockdown(lockdown)
            front = harness.failing("mmap", error, edu.resource(0))
            number, found = self.probe(EDU, *front)
            self.assertEqual(found, code, error)
            self.assertEqual(number, errno.EBUSY if error == "EINVAL" else getattr(errno, error))

    def test_without_rights(self):
        """As a user who may not open the file."""
        self.functions[EDU].resource(0).chmod(0)
        user = harness.NOBODY
        if os.geteuid() == 0:
            front = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")
            if subprocess.run([*front, sys.executable, "-c", f"import sys\nsys.path[:] = "
                               f"{sys.path!r}\nimport pcibar"], capture_output=True,
                              check=False).returncode:
                self.skipTest("the user nobody cannot read the package here")
        else:
            front = ()
        self.assertEqual(self.probe(EDU, *front), (errno.EACCES, ReasonCode.PERMISSION))


class Explaining(support.Case):
    def test_nothing_in_the_way(self):
        for window in ((), (0,), (0, 0x100, 4)):
            result = pcibar.explain(EDU, *window, backend=Backend.SYSFS, sysfs_root=self.root)
            self.assertEqual(result, ((), (Backend.SYSFS,), (Backend.SYSFS,)))

    def test_all_reasons_with_remedies(self):
        self.functions[NVME].set_power_state("D3hot")
        result = pcibar.explain(NVME, 0, wc=True, backend=Backend.SYSFS, sysfs_root=self.root)
        self.assertEqual({reason.code for reason in result.reasons},
                         {ReasonCode.ATTRIBUTE, ReasonCode.DRIVER, ReasonCode.ASLEEP})
        for reason in result.reasons:
            self.assertEqual(reason.backend, Backend.SYSFS)
            self.assertEqual(str(reason), f"{reason.what}; {reason.remedy}")
        self.assertIn("the kernel driver nvme owns the function",
                      [reason.what for reason in result.reasons])

    def test_each_back_end_that_a_tree_has(self):
        result = pcibar.explain(HUGE, 2, wc=True, sysfs_root=self.root)
        self.assertEqual(result, ((), (Backend.SYSFS,), (Backend.SYSFS,)))

    def test_a_back_end_that_is_not_there(self):
        result = pcibar.explain(EDU, 0, backend=Backend.PCIIO, sysfs_root=self.root)
        self.assertEqual([reason.code for reason in result.reasons], [ReasonCode.NO_BACKEND])
        self.refused(errno.ENODEV, ReasonCode.NO_BACKEND, self.open, EDU, backend=Backend.PCIIO)

    def test_arguments(self):
        self.refused(errno.EINVAL, ReasonCode.NO_BAR, pcibar.explain, EDU, 7,
                     sysfs_root=self.root)
        for bar in (-1, True, 0.0, "0"):
            self.assertRaises(TypeError, pcibar.explain, EDU, bar, sysfs_root=self.root)
        self.assertRaises(ValueError, pcibar.explain, EDU, 1 << 32, sysfs_root=self.root)
        self.assertRaises(ValueError, pcibar.explain, EDU, 0, 0, 0, sysfs_root=self.root)


class Exceptions(support.Case):
    def test_it_is_an_oserror_with_the_explanation(self):
        with self.assertRaises(OSError) as caught:
            self.open(NVME).map(0)
        error = caught.exception
        self.assertEqual(error.errno, errno.EBUSY)
        self.assertEqual(str(error), f"{NVME}: {error.what}; {error.remedy}")
        self.assertEqual((error.code, error.subject), (ReasonCode.DRIVER, NVME))
        self.assertEqual(error.reasons[0], (ReasonCode.DRIVER, error.reasons[0].backend,
                                            errno.EBUSY, error.what, error.remedy))

    def test_it_travels_between_processes(self):
        with self.assertRaises(pcibar.PcibarError) as caught:
            self.open(NVME).map(0)
        error = caught.exception
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual((str(copy), copy.errno, copy.reasons), (str(error), error.errno,
                                                                 error.reasons))

    def test_names_that_a_terminal_would_obey(self):
        """The name of a driver is as the system has it, and what is printed of it is not obeyed."""
        name = os.fsdecode(b"x\x1b]0;title\x07\n\xc2\x9b\x9b\xe2\x80\xae")
        link = self.functions[EDU].path("driver")
        link.symlink_to(f"../drivers/{name}")
        device = self.open(EDU, write=True)
        self.assertEqual(device.info().driver, name)
        self.assertEqual(device.bar(0).holder, name)
        self.assertIn(name, [one.driver for one in pcibar.scan(sysfs_root=self.root)])
        error = self.refused(errno.EBUSY, ReasonCode.DRIVER, device.map, 0)
        for text in (str(error), repr(error), str(error.reasons[0]), repr(error.reasons[0]),
                     repr(device.info()), repr(device.bar(0)), repr(device)):
            self.assertTrue(text.isprintable(), text)
        self.assertIn("x\\x1b]0;title\\x07\\n\\x9b", str(error))

    def test_selectors_that_a_terminal_would_obey(self):
        with self.assertRaises(pcibar.PcibarError) as caught:
            self.open("\x1b]0;title\x07\x9b")
        for text in (str(caught.exception), repr(caught.exception)):
            self.assertTrue(text.isprintable(), text)
        self.assertIn("\\x1b]0;title\\x07\\x9b", str(caught.exception))

    def test_reasons_of_a_newer_library(self):
        self.assertEqual(ReasonCode(4711), ReasonCode.SYSTEM)
        self.assertRaises(ValueError, ReasonCode, "DRIVER")


if __name__ == "__main__":
    support.main()
