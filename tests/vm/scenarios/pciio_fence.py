# SPDX-License-Identifier: BSD-2-Clause
"""What an unprivileged process cannot reach: functions and bridges that have been removed."""

import os
import re

from harness.devices import edu
from harness.helper_module import HelperModule
from harness.holder import soon
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.scenario import comment, scenario

# As long as it takes, or until there were so many removals.
SECONDS = int(os.environ.get("NOSY_SECONDS", "60"))
REMOVALS = 1000
# Freed memory, and what is freed twice or written to after it, shows.
POISON = "slub_debug=FZP"
# Removals of a bridge under each kind of request.
ROUNDS = 3
# Behind the first of the helper's bridges.
FIRST = "10001:00:00.0"
BRIDGES = range(0x10, 0x18)
PORTS = tuple(argument for slot in BRIDGES for argument in
              ("-device", f"pcie-root-port,id=bridge{slot},chassis={slot},addr={slot:#x}"))


@scenario(cold=Machine(smp=2, append=POISON, slots=False, options=PORTS), devices={"edu": edu()},
          log=LOG, timeout=SECONDS + 120)
def nosy(vm, edu):
    """Every unprivileged request while bridges are removed and found again."""
    load(vm)
    bridges = " ".join(f"0000:00:{slot:02x}.0" for slot in BRIDGES)
    result = vm.run(f"pciio-nosy {SECONDS} {REMOVALS} {edu} {bridges}", timeout=SECONDS + 60)
    comment(result.stdout)
    result.expect(0)
    removals, calls = map(int, re.search(r"(\d+) removals, (\d+) calls", result.stdout).groups())
    assert removals >= 8 and calls > 1000


class Stalled:
    """A request of the user nobody whose result is not copied out before finish()."""

    def __init__(self, vm, kind, subject):
        self.vm = vm
        self.line = f"/tmp/stalled-{kind}"
        vm.check(f"mkfifo {self.line}; chmod 666 {self.line}; "
                 "sysctl -qw vm.unprivileged_userfaultfd=1")
        # Open at both ends, or it would wait for a writer and not for a line.
        self.job = vm.spawn(f"exec pciio-stall {kind} {subject} <>{self.line}", user="nobody")
        vm.wait_until(f"grep -qx stalled /host/run/{self.job.number}.out", timeout=soon())

    def finish(self):
        """What it prints."""
        self.vm.check(f"echo >{self.line}")
        return self.job.wait(timeout=soon()).expect(0).stdout.splitlines()[1:]


@scenario(log=LOG)
def stalled(vm):
    """A copy to the caller that takes for ever holds no bridge, and gets no freed memory."""
    load(vm)
    host = HelperModule(vm, "host_bridge", "functions=3")
    host.set("bridges", 1)
    listed, asked = Stalled(vm, "list", "10ee"), Stalled(vm, "bar", FIRST)
    host.set("bridges", 0, timeout=soon())
    vm.wait_until(f"[ ! -e /sys/bus/pci/devices/{FIRST} ]", timeout=soon())
    records, length = listed.finish(), asked.finish()
    # Those of the time of the call.
    assert records == [f"10001:00:00.{number} 10ee:1234 node -1" for number in range(3)]
    assert length == ["4096"]
    assert host.get("late") == "0"


@scenario(cold=Machine(smp=2, append="preempt=full"), log=LOG, timeout=240)
def in_flight(vm):
    """Whatever reads configuration space has ended when a bridge is gone, and begins no more."""
    load(vm)
    host = HelperModule(vm, "host_bridge", "functions=1", "dwell_us=1000")
    late = {kind: removals(vm, host, kind) for kind in
            ("bar", "read", "access", "open", "info", "fault")}
    assert not any(late.values()), f"accesses after the removal of their bridge: {late}"


def removals(vm, host, kind):
    """How many accesses came too late while three processes made them all the time."""
    host.set("bridges", 1)
    before = int(host.get("late"))
    jobs = [vm.spawn(f"exec pciio-late {kind} {FIRST}") for _ in range(3)]
    for job in jobs:
        vm.wait_until(f"grep -qx ready /host/run/{job.number}.out")
    # Descriptors are dead after the first removal.
    for _ in range(1 if kind in ("info", "fault") else ROUNDS):
        host.set("bridges", 1)
        enough = int(host.get("accesses")) + 20
        vm.wait_until(f"[ $(cat {host.path('accesses')}) -ge {enough} ]")
        host.set("bridges", 0, timeout=soon())
    for job in jobs:
        job.signal("KILL")
        job.wait(timeout=soon())
    return int(host.get("late")) - before
