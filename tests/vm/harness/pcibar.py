# SPDX-License-Identifier: BSD-2-Clause
"""What the scenarios of the pcibar command have in common."""

import shlex


def refused(vm, command, status, *phrases, **how):
    """Runs a command that must print nothing, end with STATUS and say PHRASES in one line."""
    result = vm.check(command, status, **how)
    is_refusal(result, *phrases)
    assert not result.output, result.output


def is_refusal(result, *phrases):
    """A Result whose stderr is one line with all PHRASES."""
    said = result.stderr
    assert said.startswith("pcibar ") and said.count("\n") == 1, said
    missing = [phrase for phrase in phrases if phrase not in said]
    assert not missing, f"{said.rstrip()} lacks {missing}"


def enable(vm):
    """Turns decoding on in all devices of the scenario: hot-plugged ones have it off."""
    vm.check("".join(f"pcibar enable {function} && " for function in vm.functions.values())
             + "true")


def numbers(vm, command):
    """The numbers that a command prints, one a line."""
    return [int(line, 0) for line in vm.check(command).stdout.splitlines()]


def accesses(vm, function, bar, command):
    """The accesses to a BAR while a command runs."""
    with vm.trace() as trace:
        vm.check(command)
    return trace.bar(function, bar)


def fill(function, data, offset=0):
    """Changes the memory behind a device from outside, in place: the guest has it mapped."""
    with open(function.backing_file(), "r+b") as file:
        file.seek(offset)
        file.write(data)


def wait_for(vm, job, text):
    """Waits until a running command has printed TEXT."""
    vm.wait_until(f"grep -qFe {shlex.quote(text)} /host/run/{job.number}.out")


def mapped_from(function, bar):
    """(file, address of its beginning) as mappings() returns them for a BAR."""
    if function.vm.backend == "sysfs":
        return f"resource{bar}", function.bar(bar)[0]
    return f"pciio:[{function} BAR{bar}]", 0


def mappings(vm, job):
    """[(file, length, address)] of what a command started with exec has mapped of BARs."""
    found = []
    for line in vm.check(f"cat /proc/$(cat /run/{job.number})/maps").stdout.splitlines():
        place, _, address, _, _, *name = line.split(maxsplit=5)
        if name and name[0].startswith(("/sys/", "pciio:")):
            start, end = (int(word, 16) for word in place.split("-"))
            found.append((name[0].rpartition("/")[2], end - start, int(address, 16)))
    return found


class Script:
    """A `pcibar script` that gets its lines one by one and keeps its maps in the meantime."""

    def __init__(self, vm, function, name="script"):
        self.vm = vm
        self.fifo = f"/tmp/{name}"
        self.replies = 0
        vm.check(f"mkfifo {self.fifo}")
        # Opened for reading and writing it waits for the next line without ever seeing an end.
        self.job = vm.spawn(f"exec pcibar script --stream {function} <>{self.fifo}")

    def send(self, line):
        self.vm.check(f"echo {shlex.quote(line)} >{self.fifo}")

    def ask(self, line):
        """Sends a line whose command prints one line, and returns that."""
        self.send(line)
        self.replies += 1
        lines = f"$(cat /host/run/{self.job.number}.out | wc -l)"
        self.vm.wait_until(f"[ {lines} -ge {self.replies} ]")
        return self.job.output.decode().splitlines()[-1]

    def end(self):
        self.send("quit")
        return self.job.wait().expect(0)
