# SPDX-License-Identifier: BSD-2-Clause
"""Test cases on a fake tree of functions, reported in TAP.

PYTHONPATH names the folder that has the package, in meson's build folder.
"""

import gc
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/lib"), str(ROOT / "tests/cli")]

import fake_sysfs  # noqa: E402
import harness  # noqa: E402
import pcibar  # noqa: E402
import tap  # noqa: E402

# For anything that is waited for; the slowest machine is meant.
BOUND = 60


class Case(unittest.TestCase):
    """Each test has a fresh tree, and leaves nothing open."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pcibar-python-")
        self.addCleanup(folder.cleanup)
        Path(folder.name).chmod(0o755)
        self.root = Path(folder.name) / "sys"
        self.tree, self.functions = fake_sysfs.machine(self.root)
        left_open = self.enterContext(warnings.catch_warnings(record=True))
        warnings.simplefilter("always", ResourceWarning)
        self.addCleanup(lambda: (gc.collect(), self.assertEqual(left_open, [])))

    def open(self, address, **how):
        return self.enterContext(pcibar.open(address, sysfs_root=self.root, **how))

    def map(self, address, bar, *window, **how):
        """A map for reading and writing."""
        return self.enterContext(self.open(address, write=True).map(bar, *window, write=True,
                                                                    **how))

    def refused(self, errno, code, call, *args, **how):
        """Fail unless a call is refused with errno, code, and sentences; returns the exception."""
        with self.assertRaises(pcibar.PcibarError) as caught:
            call(*args, **how)
        error = caught.exception
        self.assertEqual((error.errno, error.code), (errno, code), error)
        self.assertTrue(error.what)
        self.assertTrue(error.remedy or code == pcibar.ReasonCode.GONE, error)
        self.assertEqual(error.strerror, str(error.reasons[0]))
        return error


def main():
    """Run the tests of the main module, or those that are named, and exit."""
    tap.main(harness.Skip)
