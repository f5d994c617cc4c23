# SPDX-License-Identifier: BSD-2-Clause
"""What the table of `make bench` and its plots are made of."""

import statistics
from dataclasses import dataclass

# Units of what is counted, and is the same in each run; the others are measured.
COUNTS = ("accesses", "bytes", "calls")


@dataclass(frozen=True)
class Taken:
    """One figure that was taken several times: the median and what the middle half lies between."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values, scale=1):
        """From what the single runs took."""
        values = sorted(value * scale for value in values)
        quarter = len(values) // 4
        return cls(statistics.median(values), values[quarter], values[-1 - quarter])

    @classmethod
    def exactly(cls, value):
        """A count, or a bound."""
        return cls(value, value, value)

    @property
    def spread(self):
        """Of the middle half, as a part of the median."""
        return (self.high - self.low) / self.median if self.median else 0.0


@dataclass(frozen=True)
class Row:
    """One figure beside a peer's; ratio is how many times the peer takes what we take."""

    name: str
    peer_name: str
    own: Taken
    peer: Taken
    goal: float | None = None   # the least ratio; None: only shown
    unit: str = "s"

    @property
    def ratio(self):
        """More is better."""
        return self.peer.median / self.own.median

    @property
    def met(self):
        """What is only shown cannot miss."""
        return self.goal is None or self.ratio >= self.goal


@dataclass(frozen=True)
class Point:
    """One point of a plot of cost against size."""

    plot: str       # the file's name without its suffix
    title: str
    line: str
    size: float
    size_unit: str
    cost: Taken
    cost_unit: str = "s"
