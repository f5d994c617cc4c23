# SPDX-License-Identifier: BSD-2-Clause
"""Runs the functions test_* of a file against the command and reports in TAP.

Each test gets a Fixture: a fresh fake tree of functions and ways to run the command on it.
The environment names the command (PCIBAR), and may ask for valgrind (PCIBAR_VALGRIND=1), under
which only tests marked with @valgrind run. The tests to run may be named on the command line.
"""

import contextlib
import fcntl
import os
import pty
import re
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path
from subprocess import PIPE
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

import fake_sysfs  # noqa: E402
import tap  # noqa: E402

# The guard's handler returns into the middle of a loop, whose registers valgrind has to know then.
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect",
            "--vex-iropt-register-updates=allregs-at-mem-access"]
UNDER_VALGRIND = os.environ.get("PCIBAR_VALGRIND") == "1"
# For anything the command is waited for; the slowest machine is meant.
BOUND = 240 if UNDER_VALGRIND else 30

NOBODY = 65534
# What would make the output depend on who runs the tests
UNWANTED = ("NO_COLOR", "TERM", "COLUMNS", "LINES")


class Failure(Exception):
    """A test failed; the text says how."""


class Skip(Exception):
    """A test cannot run here; the text says why."""


def equal(got, want, what=""):
    """Fail unless both are equal."""
    if got != want:
        raise Failure(f"{what or 'value'}\n  got:    {got!r}\n  wanted: {want!r}")


def check(condition, what):
    """Fail unless the condition holds."""
    if not condition:
        raise Failure(what)


def matches(pattern, text, what="text"):
    """Fail unless all of the text matches the regular expression; returns the match."""
    match = re.fullmatch(pattern, text)
    check(match, f"{what} {text!r} does not match {pattern!r}")
    return match


def valgrind(function):
    """Mark a test that runs under valgrind too."""
    function.valgrind = True
    return function


def differs(function):
    """Mark a test of a difference from FreeBSD, beside which pciconf(8) names the test."""
    return function


class Result(NamedTuple):
    """What a command returned."""

    status: int
    stdout: str
    stderr: str

    def expect(self, status=0, stdout="", stderr=""):
        """Fail unless it is exactly this."""
        equal(self, Result(status, stdout, stderr), "status, stdout, stderr")

    def prints(self, stdout):
        """Fail unless it succeeded and printed just this."""
        self.expect(0, stdout)

    def refuses(self, status, sentence, stdout=""):
        """Fail unless it ended with this status and this one line on stderr."""
        self.expect(status, stdout, sentence + "\n")


class Process:
    """A command under way. Waiting reads what it prints and has a bound."""

    def __init__(self, argv, terminals=(), stdin=subprocess.DEVNULL, size=(30, 100), **options):
        """terminals: which of stdin, stdout and stderr are one pseudo terminal.

        size: its lines and columns.
        """
        self.argv = argv
        self.output = {name: bytearray() for name in ("stdout", "stderr", "terminal")}
        self.master = None
        streams = {"stdin": stdin, "stdout": PIPE, "stderr": PIPE}
        slave = None
        if terminals:
            self.master, slave = open_terminal(*size)
            streams.update({name: slave for name in terminals})
        # A group of its own, so that a wrapper before the command can be ended with it.
        self.process = subprocess.Popen(argv, start_new_session=True, **(streams | options))
        if slave is not None:
            os.close(slave)
        self.selector = selectors.DefaultSelector()
        for name in ("stdout", "stderr"):
            if getattr(self.process, name):
                self.selector.register(getattr(self.process, name), selectors.EVENT_READ, name)
        if terminals:
            self.selector.register(self.master, selectors.EVENT_READ, "terminal")

    def _read_some(self, deadline):
        """Take what is there; wait for more until the deadline."""
        ready = self.selector.select(deadline - time.monotonic())
        if not ready:
            last = {name: data[-200:] for name, data in self.output.items()}
            raise Failure(f"{self.argv}: nothing more in {BOUND} s after {last}")
        for key, _ in ready:
            try:
                data = os.read(key.fd, 1 << 16)
            except OSError:     # the last one left the terminal
                data = b""
            self.output[key.data] += data
            if not data:
                self.selector.unregister(key.fileobj)

    def wait_for(self, text, stream="stdout"):
        """Wait until a stream holds this; returns what it held up to there and takes it."""
        deadline = time.monotonic() + BOUND
        wanted = text.encode()
        while wanted not in self.output[stream]:
            check(self.selector.get_map(), f"{self.argv} ended without {text!r}: {self.output}")
            self._read_some(deadline)
        end = self.output[stream].index(wanted) + len(wanted)
        taken, self.output[stream] = self.output[stream][:end], self.output[stream][end:]
        return taken.decode()

    def type(self, text):
        """Type on the terminal."""
        os.write(self.master, text.encode())

    def resize(self, lines, columns):
        """Give the terminal another size, and send the signal that a shell's terminal would."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.kill(signal.SIGWINCH)

    def feed(self, text):
        """Write to its standard input, which is a pipe."""
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def kill(self, number):
        """Send a signal."""
        self.process.send_signal(number)

    def interrupt(self):
        """What Ctrl-C sends."""
        self.kill(signal.SIGINT)

    def runs(self):
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def finish(self):
        """Wait for the end; returns a Result with what was not taken before."""
        deadline = time.monotonic() + BOUND
        while self.selector.get_map():
            self._read_some(deadline)
        status = self.process.wait(max(0, deadline - time.monotonic()))
        return Result(status, self.output["stdout"].decode(), self.output["stderr"].decode())

    def screen(self):
        """Wait for the end; returns the status and what was not taken of the terminal."""
        return self.finish().status, self.output["terminal"].decode()

    def close(self):
        """End it if it still runs, and close everything."""
        if self.runs():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.selector.close()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if self.master is not None:
            os.close(self.master)


def open_terminal(lines, columns):
    """A pseudo terminal without echo and translation, so that output can be compared."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    return master, slave


class Fixture:
    """A fresh fake tree, a folder for files, and the command."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.tree, self.functions = fake_sysfs.machine(self.folder / "sys")
        self.started = []

    def function(self, address):
        """A function of the tree."""
        return self.functions[address]

    def command(self, *arguments, sysfs=True):
        """The command line."""
        front = [os.environ["PCIBAR"]] + (["--sysfs", str(self.tree.root)] if sysfs else [])
        return (VALGRIND if UNDER_VALGRIND else []) + front + [str(arg) for arg in arguments]

    def environment(self, **changes):
        """The environment for the command."""
        plain = {name: val for name, val in os.environ.items() if name not in UNWANTED}
        return plain | {"LC_ALL": "C"} | changes

    def start(self, *arguments, sysfs=True, env=None, wrap=(), **options):
        """Start the command; wrap is put before it. See Process for the options."""
        process = Process([*wrap, *self.command(*arguments, sysfs=sysfs)],
                          env=self.environment(**(env or {})), **options)
        self.started.append(process)
        return process

    def run(self, *arguments, stdin=b"", **options):
        """Run the command to its end; returns a Result."""
        with tempfile.TemporaryFile() as file:
            file.write(stdin.encode() if isinstance(stdin, str) else stdin)
            file.seek(0)
            return self.start(*arguments, **({"stdin": file} | options)).finish()

    def run_on_terminal(self, *arguments, terminals=("stdout",), **options):
        """Run the command with a terminal; returns the status and what was on it."""
        env = {"TERM": "xterm"} | options.pop("env", {})
        return self.start(*arguments, terminals=terminals, env=env, **options).screen()

    def run_as_nobody(self, *arguments, **options):
        """Run the command without the rights of root."""
        if os.geteuid() != 0:
            return self.run(*arguments, **options)
        probe = subprocess.run([os.environ["PCIBAR"], "--version"], user=NOBODY, group=NOBODY,
                               extra_groups=[], capture_output=True, check=False)
        if probe.returncode:
            raise Skip("the user nobody cannot run the command here")
        return self.run(*arguments, user=NOBODY, group=NOBODY, extra_groups=[], **options)

    def file(self, name, data):
        """A file outside the tree; returns its path."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    def close(self):
        """End what a failed test left running."""
        for process in self.started:
            process.close()


def strace(*options):
    """The wrapper that traces a command. Skips the test where that is impossible."""
    if UNDER_VALGRIND:
        raise Skip("strace and valgrind do not go together")
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    front = ["strace", "-qq", *options]
    if subprocess.run([*front, "-o", os.devnull, "true"], capture_output=True,
                      check=False).returncode:
        raise Skip("strace is not allowed to trace here")
    return front


def failing(call, error, path):
    """The same, so that a system call on a file fails."""
    return strace("-o", os.devnull, "-P", path, "-e", f"inject={call}:error={error}")


def forgetting(path, width):
    """The same, so that writes of this width to a file are taken and forgotten."""
    return strace("-o", os.devnull, "-P", path, "-e", f"inject=pwrite64:retval={width}")


def source(name):
    """The text of a file of the project."""
    path = ROOT / name
    if not path.exists():
        raise Skip(f"{name} is not there")
    return path.read_text(encoding="utf-8")


class Test(unittest.FunctionTestCase):
    """Runs a function with a fixture in a folder of its own."""

    failureException = Failure

    def __init__(self, name, function):
        super().__init__(lambda: self._run(function))
        self.name = name

    def id(self):
        return self.name

    @staticmethod
    def _run(function):
        with tempfile.TemporaryDirectory(prefix="pcibar-cli-") as folder:
            os.chmod(folder, 0o755)
            fixture = Fixture(folder)
            try:
                function(fixture)
            finally:
                fixture.close()


def collect(names):
    """The tests of the main module, in the order of the file."""
    module = vars(sys.modules["__main__"])
    tests = {name: function for name, function in module.items()
             if name.startswith("test_") and callable(function)}
    if UNDER_VALGRIND:
        tests = {name: function for name, function in tests.items()
                 if getattr(function, "valgrind", False)}
    return [Test(name, tests[name]) for name in names or tests]


def main():
    """Run the tests and exit: 0 if none failed."""
    if "PCIBAR" not in os.environ:
        sys.exit("the environment variable PCIBAR must name the command")
    # Under nohup, or in the background of a script, some are ignored, and a child inherits that.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if UNDER_VALGRIND and not shutil.which("valgrind"):
        print("1..0 # SKIP valgrind is not installed")
        sys.exit(0)
    tap.run(collect(sys.argv[1:]), Skip)
