# SPDX-License-Identifier: BSD-2-Clause
"""What the table of `make bench` is made of."""

from dataclasses import dataclass


@dataclass
class Row:
    """One figure; ratio is how many times the peer takes what we take."""

    name: str
    ours: float
    peer: float
    goal: float
    unit: str = "s"

    @property
    def ratio(self):
        return self.peer / self.ours

    @property
    def met(self):
        return self.ratio >= self.goal
