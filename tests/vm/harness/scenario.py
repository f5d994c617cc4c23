# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios: functions in tests/vm/scenarios/*.py that a decorator has marked."""

import importlib.util
from dataclasses import dataclass, replace

from .kernels import BETWEEN, DEBUG, DEBUG_KERNELS, ON_AMD64
from .machine import Machine
from .paths import TESTS


class Skip(Exception):
    """Raised by a scenario that cannot run here; its text is the reason."""


def comment(text):
    """Lines of the report that are no verdict, such as figures."""
    print("".join(f"# {line}\n" for line in text.splitlines()), end="", flush=True)


@dataclass(frozen=True)
class Scenario:
    name: str
    function: object
    machine: Machine
    cold: bool
    kernels: tuple
    devices: dict
    log: tuple | None
    timeout: int
    # Those of KERNELS that --brief leaves out
    spared: tuple = ()

    @property
    def lane(self):
        return "cold" if self.cold else "snapshot"

    def runs_on(self, series, brief=False):
        """A debug kernel runs what the kernel that it was made from runs."""
        if series in DEBUG_KERNELS:
            return DEBUG in self.kernels or DEBUG_KERNELS[series] in self.kernels
        return series in self.kernels and not (brief and series in self.spared)


_found = []


def scenario(cold=None, warm=Machine(), kernels=None, devices=None, log=(), timeout=120):
    """Marks a function as a scenario. It is called with the VM and, by name, its devices.

    cold: the Machine to boot
    warm: without COLD, the Machine that the guest starts from a snapshot of, booted once
    kernels: the series to run it on, one of the sets in kernels.py. Without it those for amd64, of
        which --brief takes the oldest and the newest
    devices: {name: Device}, on the command line of a cold machine, else hot-plugged one by one
    log: patterns of the lines it may leave in the kernel log; None when the guest does not
        survive
    timeout: bound in seconds for all of it
    """
    def mark(function):
        name = f"{function.__module__}.{function.__name__}"
        _found.append(Scenario(name, function, cold or warm, bool(cold), kernels or ON_AMD64,
                               devices or {}, log, timeout, () if kernels else BETWEEN))
        return function
    return mark


def again(suffix, scenario_function, variant, kernels, log, warm=None):
    """Adds a marked scenario once more, as NAME.SUFFIX, with LOG besides its own, and from a
    snapshot of the Machine WARM if there is one."""
    original = next(case for case in _found if case.function is scenario_function)
    _found.append(replace(original, name=f"{original.name}.{suffix}", function=variant,
                          kernels=kernels, spared=(), log=original.log + log,
                          machine=warm or original.machine,
                          cold=original.cold and not warm))


def load():
    """All scenarios, by file and by place in it."""
    _found.clear()
    for path in sorted((TESTS / "scenarios").glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return list(_found)
