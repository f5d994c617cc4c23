# SPDX-License-Identifier: BSD-2-Clause
"""Test points in TAP, of a test's own or of what unittest runs."""

import sys
import unittest


class Points:
    """Reports test points; done() ends the program."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def _point(self, good, text):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}", flush=True)

    def check(self, good, name, details=""):
        self._point(good, name)
        if not good:
            for line in str(details).splitlines():
                print(f"# {line}")

    def skip(self, name, reason):
        self._point(True, f"{name} # SKIP {reason}")

    def done(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


def name_of(test):
    return test.id().rpartition(".")[2].removeprefix("test_").replace("_", " ")


class Result(unittest.TestResult):
    """A point for each test; an exception of the kind "skip" is a skip."""

    def __init__(self, skip):
        super().__init__()
        self.skip = skip
        self.points = Points()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.points.check(True, name_of(test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.points.skip(name_of(test), reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.points.check(False, name_of(test), self.failures[-1][1])

    def addError(self, test, err):
        if err[0] is self.skip:
            self.addSkip(test, str(err[1]))
            return
        super().addError(test, err)
        self.points.check(False, name_of(test), self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        """A subtest that failed; its test is no success then."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            details = (self.failures if failed else self.errors)[-1][1]
            self.points.check(False, name_of(test), f"{subtest}\n{details}")


def run(tests, skip=unittest.SkipTest):
    """Run the tests, report them and exit."""
    result = Result(skip)
    unittest.TestSuite(tests).run(result)
    result.points.done()


def main(skip=unittest.SkipTest):
    """Run the tests of the main module, or those that are named, and exit."""
    loader = unittest.defaultTestLoader
    main_module = sys.modules["__main__"]
    suite = (loader.loadTestsFromNames(sys.argv[1:], main_module) if sys.argv[1:]
             else loader.loadTestsFromModule(main_module))
    run(suite, skip)
