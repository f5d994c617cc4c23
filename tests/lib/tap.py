# SPDX-License-Identifier: BSD-2-Clause
"""Reports what unittest runs in TAP."""

import sys
import unittest


class Tap(unittest.TestResult):
    """Prints a line for each test; an exception of the kind "skip" is a skip."""

    def __init__(self, skip):
        super().__init__()
        self.skip = skip
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
        if err[0] is self.skip:
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


def main(skip=unittest.SkipTest):
    """Run the tests of the main module, or those that are named, and exit."""
    loader = unittest.defaultTestLoader
    main_module = sys.modules["__main__"]
    suite = (loader.loadTestsFromNames(sys.argv[1:], main_module) if sys.argv[1:]
             else loader.loadTestsFromModule(main_module))
    result = Tap(skip)
    suite.run(result)
    print(f"1..{result.count}")
    sys.exit(not result.wasSuccessful())
