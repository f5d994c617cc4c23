#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the bench makes of what it measured, and the guard against getting slower."""

import json
import subprocess
import sys
import tempfile
import unittest
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/lib"), str(ROOT / "bench")]

import tap  # noqa: E402
from rows import Row, Taken  # noqa: E402


def row(own, peer, unit="s", goal=None, name="figure"):
    """A row of figures that did not vary."""
    return Row(name, "peer", Taken.exactly(own), Taken.exactly(peer), goal, unit)


class Rows(unittest.TestCase):
    """Medians, spread, goals."""

    def test_median_and_middle_half(self):
        taken = Taken.of([9, 1, 2, 3, 100], scale=2)
        self.assertEqual((taken.median, taken.low, taken.high), (6, 4, 18))
        self.assertAlmostEqual(taken.spread, 14 / 6)

    def test_one_run_has_no_spread(self):
        self.assertEqual(Taken.of([5]), Taken.exactly(5))
        self.assertEqual(Taken.exactly(0).spread, 0)

    def test_the_ratio_is_how_many_times_the_peer_takes(self):
        self.assertEqual(row(2, 10).ratio, 5)

    def test_a_goal_is_met_by_at_least_it(self):
        self.assertTrue(row(2, 10, goal=5).met)
        self.assertFalse(row(2, 10, goal=5.01).met)
        self.assertTrue(row(2, 1).met, "what has no goal cannot miss it")


class Compare(unittest.TestCase):
    """bench/compare"""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pcibar-bench-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name, *rows, schema=2):
        path = self.folder / name
        path.write_text(json.dumps({"schema": schema, "rows": [
            asdict(one) | {"ratio": one.ratio, "met": one.met} for one in rows]}),
            encoding="utf-8")
        return path

    def compare(self, *paths):
        return subprocess.run([ROOT / "bench/compare", *paths], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)

    def between(self, before, after):
        """Of two results of one row each."""
        done = self.compare(self.file("old", before), self.file("new", after))
        return done.returncode, done.stdout.splitlines()

    def test_the_same_is_no_worse(self):
        self.assertEqual(self.between(row(1, 10), row(1, 10)),
                         (0, ["compare: 1 figures, 0 worse, 0 new"]))

    def test_a_fifth_less_is_borne(self):
        self.assertEqual(self.between(row(1, 10), row(1, 8.01))[0], 0)
        status, said = self.between(row(1, 10), row(1, 7.9))
        self.assertEqual((status, said[0]), (1, "figure, peer: ratio 7.90, before 10.00"))

    def test_the_ratio_counts_and_not_the_time(self):
        self.assertEqual(self.between(row(1, 10), row(3, 30))[0], 0)

    def test_a_count_may_not_grow_at_all(self):
        status, said = self.between(row(67, 71, "calls"), row(68, 73, "calls"))
        self.assertEqual((status, said[0]), (1, "figure, peer: 68 calls, before 67"))
        self.assertEqual(self.between(row(67, 71, "calls"), row(66, 71, "calls"))[0], 0)
        self.assertEqual(self.between(row(4096, 2e6, "bytes"), row(8192, 4e6, "bytes"))[0], 1)

    def test_a_goal_is_not_met_any_more(self):
        status, said = self.between(row(1, 10, goal=9.5), row(1, 9, goal=9.5))
        self.assertEqual((status, said[0]), (
            1, "figure, peer: ratio 9.00 misses the goal of 9.50, before 10.00"))
        self.assertEqual(self.between(row(1, 9, goal=9.5), row(1, 8.9, goal=9.5))[0], 0)

    def test_a_figure_that_is_missing(self):
        status, said = self.between(row(1, 10), row(1, 10, name="another"))
        self.assertEqual((status, said), (1, ["figure, peer: is missing",
                                              "compare: 1 figures, 1 worse, 1 new"]))

    def test_what_cannot_be_compared(self):
        good = self.file("good", row(1, 10))
        garbage = self.folder / "garbage"
        garbage.write_text("garbage", encoding="utf-8")
        for paths in ([good], [good, garbage], [good, self.folder / "none"],
                      [self.file("old-schema", schema=1), good]):
            with self.subTest(paths=paths):
                done = self.compare(*paths)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertEqual(len(done.stderr.splitlines()), 1)


if __name__ == "__main__":
    tap.main()
