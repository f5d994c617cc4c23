# SPDX-License-Identifier: BSD-2-Clause
"""Commands in the guest, and what becomes of them when the guest dies."""

from harness.kernels import NEWEST
from harness.qemu import VmError
from harness.scenario import scenario


@scenario(kernels=NEWEST)
def outcome(vm):
    """Streams, status, standard input and user are the command's own."""
    result = vm.run("cat; echo wrong >&2; exit 7", stdin=b"\0bytes\xff")
    assert (result.output, result.stderr, result.status) == (b"\0bytes\xff", "wrong\n", 7)
    assert vm.check("id -u; id -G", user="nobody").stdout == "65534\n65534\n"
    assert "denied" in vm.check("cat /proc/kmsg", user="nobody", status=1).stderr


@scenario(kernels=NEWEST)
def several(vm):
    """Commands run beside each other and end in any order."""
    vm.check("mkfifo /tmp/fifo")
    reader = vm.spawn("cat /tmp/fifo")
    vm.check("echo hello >/tmp/fifo")
    assert reader.wait().expect(0).stdout == "hello\n"
    jobs = [vm.spawn(f"exit {number}") for number in range(10)]
    statuses = [job.wait().status for job in reversed(jobs)]
    assert statuses == list(reversed(range(10)))


@scenario(kernels=NEWEST)
def signals(vm):
    """A signal reaches a command as from a terminal, SIGINT too."""
    for name, number in (("INT", 2), ("TERM", 15)):
        job = vm.spawn("exec cat /dev/zero >/dev/null")
        vm.wait_until(f"[ -e /run/{job.number} ]")
        job.signal(name)
        result = job.wait()
        assert result.status == 128 + number


@scenario(log=None, kernels=NEWEST)
def death(vm):
    """A guest that dies is noticed at once, and its last words are there."""
    try:
        vm.run("echo c >/proc/sysrq-trigger", timeout=60)
    except VmError as error:
        assert "QEMU ended" in str(error)
    else:
        raise AssertionError("the guest survived a crash")
    assert "sysrq triggered crash" in vm.console()
