# SPDX-License-Identifier: BSD-2-Clause
"""A QEMU process: its command line, its QMP monitor and its end. Every wait has a bound."""

import json
import select
import signal
import socket
import subprocess
import time

FAULTS = (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV)


class VmError(AssertionError):
    """The virtual machine did not do what was asked: the scenario fails."""


class QemuEnded(VmError):
    """The guest's kernel has panicked, or QEMU itself has failed."""


class QemuCrashed(QemuEnded):
    """QEMU was killed by a fault of its own, which nothing in a guest may cause."""


class Deadline:
    """A moment; waits take the earlier of their own bound and this one."""

    def __init__(self, seconds, slowness=1):
        """SLOWNESS stretches all bounds within it, too."""
        self.seconds = seconds * slowness
        self.slowness = slowness
        self.moment = time.monotonic() + self.seconds

    def within(self, seconds):
        own = Deadline(seconds, self.slowness)
        return own if own.moment < self.moment else self

    def left(self):
        return max(0.0, self.moment - time.monotonic())


class LineSocket:
    """Lines over one end of a socket pair whose other end QEMU inherits.

    A pair rather than a named socket: nothing to connect to, no limit on the length of a path.
    """

    def __init__(self):
        self.near, self.far = socket.socketpair()
        self.buffer = b""

    def send(self, line):
        try:
            self.near.sendall(line.encode() + b"\n")
        except OSError as error:
            raise QemuEnded(f"QEMU is gone: {error}") from error

    def receive(self, deadline, what):
        """The next line; WHAT is named in the error when it does not come."""
        while b"\n" not in self.buffer:
            if not select.select([self.near], [], [], deadline.left())[0]:
                raise VmError(f"{deadline.seconds:.0f} s are over: no sign of {what}")
            try:
                data = self.near.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                raise QemuEnded(f"QEMU ended: no sign of {what}")
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode("utf-8", "replace")

    def close(self):
        self.near.close()
        self.far.close()


class Monitor:
    """QMP: commands with their replies, and the events that arrive in the meantime."""

    def __init__(self, lines, deadline):
        self.lines = lines
        self.deadline = deadline
        self.events = []
        greeting = self._receive("QMP's greeting", 30)
        version = greeting["QMP"]["version"]["qemu"]
        self.version = version["major"], version["minor"]
        self.execute("qmp_capabilities")

    def execute(self, command, timeout=30, **arguments):
        self.lines.send(json.dumps({"execute": command, "arguments": arguments}))
        deadline = self.deadline.within(timeout)
        while True:
            message = json.loads(self.lines.receive(deadline, f"QMP {command}"))
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise VmError(f"QMP {command}: {message['error']['desc']}")
            self.events.append(message)

    def wait_event(self, name, timeout=30, **data):
        """The data of the first event NAME that has all the items of DATA."""
        deadline = self.deadline.within(timeout)
        while True:
            for event in self.events:
                found = event.get("data", {})
                if event.get("event") == name and data.items() <= found.items():
                    self.events.remove(event)
                    return found
            message = json.loads(self.lines.receive(deadline, f"QMP event {name} {data}"))
            self.events.append(message)

    def _receive(self, what, timeout):
        return json.loads(self.lines.receive(self.deadline.within(timeout), what))


class Qemu:
    """One process. The arguments, after the program, must not contain the sockets: they are added
    here."""

    def __init__(self, arguments, directory, deadline):
        self.monitor_lines, self.agent_lines = LineSocket(), LineSocket()
        sockets = {"monitor": self.monitor_lines.far, "agent": self.agent_lines.far}
        # QEMU must not outlive us even when we are killed.
        command = ["setpriv", "--pdeathsig", "KILL", arguments[0]]
        for name, end in sockets.items():
            command += ["-chardev", f"socket,id={name},fd={end.fileno()}"]
        command += ["-mon", "chardev=monitor,mode=control", *arguments[1:]]
        (directory / "qemu-command").write_text("\n".join(command) + "\n", encoding="utf-8")
        self.messages = directory / "qemu-messages"
        with open(self.messages, "wb") as messages:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, cwd=directory,
                pass_fds=[end.fileno() for end in sockets.values()])
        for end in sockets.values():
            end.close()
        try:
            self.monitor = Monitor(self.monitor_lines, deadline)
        except BaseException:
            self.kill()
            raise

    def fault(self):
        """The signal of a fault that ended QEMU, such as SIGSEGV; None if it ended otherwise."""
        number = -self.process.wait(timeout=30)
        return signal.Signals(number).name if number in FAULTS else None

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.monitor_lines.close()
        self.agent_lines.close()
