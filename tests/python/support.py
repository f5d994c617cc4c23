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
        """Fail unless a call is refused with errno, code, and sentences; answers the exception."""
        with self.assertRaises(pcibar.PcibarError) as caught:
            call(*args, **how)
        error = caught.exception
        self.assertEqual((error.errno, error.code), (errno, code), error)
        self.assertTrue(error.what)
        self.assertTrue(error.remedy or code == pcibar.ReasonCode.GONE, error)
        self.assertEqual(error.strerror, str(error.reasons[0]))
        return error


class Tap(unittest.TestResult):
    """Prints a line for each test."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def _point(self, test, good, remark="", details=""):
        self.count += 1
        name = test.id().rpartition(".")[2].removeprefix("test_").replace("_", " ")
        print("".join(f"# {line}\n" for line in details.splitlines()), end="")
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}{remark}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._point(test, True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._point(test, True, f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._point(test, False, details=self.failures[-1][1])

    def addError(self, test, err):
        if err[0] is harness.Skip:
            self.addSkip(test, str(err[1]))
            return
        super().addError(test, err)
        self._point(test, False, details=self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        """A subtest that failed; its test is no success then."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            details = (self.failures + self.errors)[-1][1]
            print("".join(f"# {line}\n" for line in f"{subtest}\n{details}".splitlines()), end="")
            self._point(test, False)


def main():
    """Run the tests of the main module, or those that are named, and exit."""
    loader = unittest.defaultTestLoader
    main_module = sys.modules["__main__"]
    suite = (loader.loadTestsFromNames(sys.argv[1:], main_module) if sys.argv[1:]
             else loader.loadTestsFromModule(main_module))
    result = Tap()
    suite.run(result)
    print(f"1..{result.count}")
    sys.exit(not result.wasSuccessful())
