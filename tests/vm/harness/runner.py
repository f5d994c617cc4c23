# SPDX-License-Identifier: BSD-2-Clause
"""Runs scenarios and reports them in TAP."""

import argparse
import os
import re
import shutil
import signal
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from . import image, kernel_log, kmemleak
from .cross import CrossError
from .kernels import DEBUG_KERNELS, SERIES, KernelError, NoKernel, architecture
from .paths import BUILD
from .programs import ProgramError
from .qemu import QemuCrashed, QemuEnded, VmError
from .scenario import Skip, comment, load
from .userland import UserlandError
from .vm import VM, BootFailed

# Programs and the packages that have them.
NEEDED = {"busybox": "busybox-static", "gcc": "gcc", "zstd": "zstd"}


@dataclass(frozen=True)
class Outcome:
    title: str
    seconds: float
    error: str = ""
    skipped: str = ""

    def tap(self, number):
        verdict = "not ok" if self.error else "ok"
        skip = f" # SKIP {self.skipped}" if self.skipped else ""
        lines = [f"{verdict} {number} - {self.title}, {self.seconds:.1f} s{skip}"]
        return "\n".join(lines + [f"# {line}" for line in self.error.splitlines()])


class Runner:
    """One run: images and snapshots are made once, scenarios run in threads."""

    def __init__(self, directory, stage, keep):
        self.directory = directory
        self.stage = stage
        self.keep = keep
        self.images = {}
        self.snapshots = {}

    def start(self, cases, workers):
        """Yields the Outcome of each (scenario, series) as it comes."""
        absent = self._make_images(dict(_by_series(cases)))
        for case, series in cases:
            if series in absent:
                yield Outcome(_title(case, series), 0, skipped=absent[series])
        cases = [case for case in cases if case[1] not in absent]
        cold = [(case, series) for case, series in cases if case.cold]
        warm = [(case, series) for case, series in cases if not case.cold]
        # CPUs that wait for each other take ten times longer where another guest takes turns.
        alone = [(case, series) for case, series in cold if case.machine.smp > 1]
        for case in alone:
            yield self._run(*case)
        with ThreadPoolExecutor(workers) as pool:
            # First in the queue, so that no scenario can wait for a snapshot behind it.
            wanted = dict.fromkeys((series, case.machine) for case, series in warm)
            self.snapshots = {each: pool.submit(self._snapshot, number, *each)
                              for number, each in enumerate(wanted)}
            rest = [case for case in cold + warm if case not in alone]
            for done in as_completed([pool.submit(self._run, *case) for case in rest]):
                yield done.result()

    def _make_images(self, wanted):
        """Returns {series: reason} of those that this release of Debian does not have."""
        absent = {}
        for series in wanted:
            try:
                self.images[series] = image.make(series, self.directory, self.stage, comment)
            except NoKernel as error:
                absent[series] = "; ".join(str(error).splitlines())
        return absent

    def _snapshot(self, number, series, machine):
        """Boots once; the file fits only this QEMU and machine, so each run makes its own."""
        booted, directory = self.images[series], self.directory / f"snapshot-{series}-{number}"
        try:
            with _boot(booted, directory, machine=machine) as vm:
                vm.save(directory / "saved")
        except VmError as error:
            raise VmError(f"no snapshot: {error}; kept in {_move(directory, 'failed')}") from error
        return replace(booted, snapshot=directory / "saved")

    def _run(self, case, series):
        """Runs one scenario on one kernel; whatever happens becomes an Outcome."""
        directory = self.directory / f"{case.name}-{series}"
        started = time.monotonic()
        error = skipped = ""
        try:
            start = (self.images[series] if case.cold else
                     self.snapshots[series, case.machine].result())
            started = time.monotonic()
            try:
                _play(case, start, directory)
            except QemuCrashed as crash:
                comment(f"{directory.name}: {crash}; running it again")
                shutil.rmtree(directory)
                _play(case, start, directory)
        except Skip as reason:
            skipped = str(reason)
        except Exception as failure:
            error = _explain(failure, directory)
        seconds = time.monotonic() - started
        # What an earlier run has left there would mislead.
        shutil.rmtree(BUILD / "vm" / "failed" / directory.name, ignore_errors=True)
        if error:
            error += f"\nkept in {_move(directory, 'failed')}"
        elif self.keep:
            _move(directory, "kept")
        return Outcome(_title(case, series), seconds, error, skipped)


def _title(case, series):
    return f"{case.name} on {series} ({case.lane})"


def _by_series(cases):
    return {series: case for case, series in cases}.items()


def _boot(start, directory, **how):
    """A VM in DIRECTORY, which is made. A boot that fails is repeated once, and reported.

    Under QEMU's emulation a kernel with several CPUs has been seen to die while it boots, about
    once in a thousand boots. Only scenarios load the project's modules, so it is not their fault.
    """
    directory.mkdir()
    try:
        return VM(start, directory, **how)
    except BootFailed as failure:
        console = (directory / "console.log").read_text(encoding="utf-8", errors="replace")
        comment("\n".join([f"{directory.name}: {failure}; booting again",
                           *(f"console: {line}" for line in console.splitlines()[-60:])]))
    shutil.rmtree(directory)
    directory.mkdir()
    return VM(start, directory, **how)


def _play(case, start, directory):
    there, plugged = (case.devices, {}) if case.cold else ({}, case.devices)
    with _boot(start, directory, timeout=case.timeout, machine=case.machine, devices=there) as vm:
        try:
            for name, device in plugged.items():
                vm.plug(device, name)
            case.function(vm, **vm.functions)
        except QemuEnded as failure:
            fault = vm.qemu.fault()
            if fault:
                raise QemuCrashed(f"QEMU was killed by {fault}") from failure
            raise
        except Exception:
            with suppress(VmError):
                vm.kernel_log()
            raise
        if case.log is not None:
            if vm.image.kernel.debug:
                kmemleak.check(vm)
            bad = kernel_log.unexpected(vm.kernel_log(), case.log)
            assert not bad, "\n".join(["unexpected in the kernel log:", *bad])


def _explain(failure, directory):
    """For the report: what, where; the whole with all variables goes into the artefacts."""
    report = traceback.TracebackException.from_exception(failure, capture_locals=True)
    # Without it when the snapshot, which the scenario's VM is made from, did not boot.
    directory.mkdir(exist_ok=True)
    (directory / "traceback").write_text("".join(report.format()), encoding="utf-8")
    lines = [f"{type(failure).__name__}: {failure}"]
    frames = [frame for frame in report.stack if Path(frame.filename).parent.name == "scenarios"]
    for frame in frames[-1:]:
        lines.append(f"{Path(frame.filename).name}:{frame.lineno}: {frame.line}")
        lines += [f"  {name} = {text[:200]}" for name, text in (frame.locals or {}).items()
                  if not text.startswith("<")]
    console = directory / "console.log"
    if console.exists():
        printed = console.read_text(encoding="utf-8", errors="replace").splitlines()
        lines += [f"console: {line}" for line in printed[-5:]]
    return "\n".join(lines)


def _move(directory, where):
    target = BUILD / "vm" / where / directory.name
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(exist_ok=True)
    directory.rename(target)
    return os.path.relpath(target)


def _arguments():
    parser = argparse.ArgumentParser(
        prog="tests/vm/run", description="Runs scenarios in virtual machines; output is TAP.")
    parser.add_argument("--kernel", action="append", choices=(*SERIES, *DEBUG_KERNELS),
                        help="only this kernel; debug kernels are never run unasked")
    parser.add_argument("--lane", choices=("snapshot", "cold"), help="only this lane")
    parser.add_argument("-k", metavar="PATTERN", default="", help="only scenarios whose name "
                        "(FILE.FUNCTION) contains a match of this regular expression")
    parser.add_argument("--brief", action="store_true", help="where a scenario names no kernels, "
                        "leave out those between the oldest and the newest")
    parser.add_argument("--list", action="store_true", help="list the scenarios and exit")
    parser.add_argument("-j", metavar="N", type=int, default=2, help="guests at a time (2)")
    parser.add_argument("--keep", action="store_true",
                        help="keep the artefacts of good scenarios, too, in build/vm/kept/")
    parser.add_argument("--stage", metavar="DIR", type=Path, default=BUILD / "stage",
                        help="programs under test, made by `meson install --destdir`; laid over "
                        "the guest's root (build/stage; for arm64 DIR-arm64)")
    return parser.parse_args()


def _selected(arguments):
    for case in load():
        if re.search(arguments.k, case.name) and arguments.lane in (None, case.lane):
            for series in arguments.kernel or SERIES:
                if case.runs_on(series, arguments.brief):
                    yield case, series


def _check_host(stage, cases):
    platforms = {architecture(series).platform for _, series in cases}
    needed = NEEDED | {platform.qemu: platform.package for platform in platforms}
    lacking = [package for program, package in needed.items() if not shutil.which(program)]
    if lacking:
        raise SystemExit(f"tests/vm/run: {' '.join(lacking)} missing; run scripts/setup vm")
    if not stage.is_dir():
        comment(f"{stage} is absent: the guests have no pcibar")


def main():
    arguments = _arguments()
    cases = list(_selected(arguments))
    if arguments.list:
        for case, series in cases:
            print(_title(case, series))
        return 0
    if not cases:
        raise SystemExit("tests/vm/run: no scenario matches")
    _check_host(arguments.stage, cases)
    os.makedirs(BUILD / "vm", exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=BUILD / "vm"))
    _stop_on_signals(directory)
    try:
        return _report(Runner(directory, arguments.stage, arguments.keep), cases, arguments.j)
    except (KernelError, CrossError, UserlandError, ProgramError) as error:
        raise SystemExit(f"tests/vm/run: {error}") from error
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _stop_on_signals(directory):
    """Without waiting for the threads; the QEMUs end with us, see pdeathsig in qemu.py."""
    def stop(number, _frame):
        shutil.rmtree(directory, ignore_errors=True)
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _report(runner, cases, workers):
    started = time.monotonic()
    failed = skipped = 0
    print(f"1..{len(cases)}")
    for number, outcome in enumerate(runner.start(cases, workers), 1):
        failed += bool(outcome.error)
        skipped += bool(outcome.skipped)
        print(outcome.tap(number), flush=True)
    passed = len(cases) - failed - skipped
    comment(f"{passed} passed, {failed} failed, {skipped} skipped in "
            f"{time.monotonic() - started:.0f} s")
    return 1 if failed else 0
