# SPDX-License-Identifier: BSD-2-Clause
"""Commands in the guest, several at a time; see tests/vm/guest/agent for the other end.

A command is a shell script in the shared folder run/: ID.sh, ID.in, and what it left, ID.out and
ID.err. Only its number travels over the serial line, whose emulation may lose bursts.
"""

import time
from dataclasses import dataclass

from .qemu import VmError


class CommandFailed(VmError):
    pass


@dataclass(frozen=True)
class Result:
    command: str
    status: int
    output: bytes
    stderr: str
    seconds: float

    @property
    def stdout(self):
        return self.output.decode("utf-8", "replace")

    def expect(self, status):
        if self.status != status:
            raise CommandFailed(f"`{self.command}` ended with {self.status}, not {status}\n"
                                f"{self.stdout[-2000:]}{self.stderr[-2000:]}".rstrip())
        return self


class Job:
    """A command that runs in the guest."""

    def __init__(self, agent, number, command):
        self.agent = agent
        self.number = number
        self.command = command
        self.started = time.monotonic()

    def wait(self, timeout=30):
        """Waits for the end and returns the Result."""
        return self.agent.result(self, timeout)

    def signal(self, name):
        """Sends a signal to all processes of the command, as a terminal does."""
        self.agent.run(f"kill -{name} -$(cat /run/{self.number})").expect(0)

    @property
    def output(self):
        """What the command has written to stdout so far."""
        return self.agent.file(self.number, "out").read_bytes()


class Agent:
    def __init__(self, lines, share, deadline):
        self.lines = lines
        self.share = share
        self.deadline = deadline
        self.jobs = 0
        self.ended = {}

    def wait_ready(self, timeout):
        line = self.lines.receive(self.deadline.within(timeout), "the guest's boot")
        if line != "ready":
            raise VmError(f"the guest's agent said {line!r}")

    def spawn(self, command, user="root", stdin=b""):
        job = self.expect(command, stdin)
        self.lines.send(f"{job.number} {user}")
        return job

    def expect(self, command, stdin=b""):
        """A job that something else than the agent will run, and report."""
        self.jobs += 1
        for suffix, content in (("sh", command.encode() + b"\n"), ("in", stdin), ("out", b""),
                                ("err", b"")):
            self.file(self.jobs, suffix).write_bytes(content)
        return Job(self, self.jobs, command)

    def run(self, command, user="root", stdin=b"", timeout=30):
        return self.spawn(command, user, stdin).wait(timeout)

    def kill_all(self):
        """Ends all commands that still run."""
        for number in set(range(1, self.jobs + 1)) - set(self.ended):
            # It may have ended by itself, and its status was not read yet.
            self.run(f"kill -KILL -$(cat /run/{number})")

    def result(self, job, timeout):
        deadline = self.deadline.within(timeout)
        while job.number not in self.ended:
            line = self.lines.receive(deadline, f"the end of `{job.command}`")
            number, status = map(int, line.split())
            self.ended[number] = status
        status = self.ended[job.number]
        output = self.file(job.number, "out").read_bytes()
        stderr = self.file(job.number, "err").read_text(encoding="utf-8", errors="replace")
        result = Result(job.command, status, output, stderr, time.monotonic() - job.started)
        self._record(result)
        return result

    def file(self, number, suffix):
        return self.share / "run" / f"{number}.{suffix}"

    def _record(self, result):
        """For people: what was run with what came of it, in one file."""
        with open(self.share.parent / "commands.log", "a", encoding="utf-8") as log:
            log.write(f"$ {result.command}\n{result.stdout[:20000]}{result.stderr[:20000]}"
                      f"[status {result.status}, {result.seconds:.3f} s]\n")
