# SPDX-License-Identifier: BSD-2-Clause
"""Watching what another program changes, and scripts that keep their maps."""

from harness.backends import through
from harness.devices import edu, ivshmem
from harness.kernels import NEWEST
from harness.pcibar import Script, enable, fill, is_refusal, mapped_from, mappings, wait_for
from harness.scenario import scenario


@through("vfio")
@through("pciio", "freebsd")
@scenario(devices={"memory": ivshmem(1 << 20)}, kernels=NEWEST)
def until(vm, memory):
    """A change from outside is seen, and the one that is waited for ends it."""
    enable(vm)
    job = vm.spawn(f"exec pcibar watch -i 1ms --until 0x80000000:0xf0000000 {memory} 2 0x100")
    wait_for(vm, job, "0x00000100: 0x00000000")
    for value in (0x12345678, 0x89abcdef):
        fill(memory, value.to_bytes(4, "little"), 0x100)
        wait_for(vm, job, f"-> {value:#010x}")
    lines = [line.split(maxsplit=1)[1] for line in job.wait().expect(0).stdout.splitlines()]
    assert lines == ["0x00000100: 0x00000000", "0x00000100: 0x00000000 -> 0x12345678",
                     "0x00000100: 0x12345678 -> 0x89abcdef"]


@scenario(devices={"edu": edu()}, kernels=NEWEST)
def time_out(vm, edu):
    enable(vm)
    result = vm.check(f"pcibar watch -i 1ms --timeout 50ms --until 1 {edu} 0 0", status=5)
    is_refusal(result, "timed out", "0x00000000 reads 0x010000ed, wanted 0x00000001")
    assert result.stdout.endswith(": 0x010000ed\n") and result.stdout.count("\n") == 1


@scenario(devices={"edu": edu()}, kernels=NEWEST)
def interrupted(vm, edu):
    enable(vm)
    for condition, status in (("", 0), ("--until 1", 5)):
        job = vm.spawn(f"exec pcibar watch -i 1ms {condition} {edu} 0 0")
        wait_for(vm, job, "0x010000ed")
        job.signal("INT")
        assert not job.wait().expect(status).stderr


@through("pciio")
@scenario(devices={"memory": ivshmem(1 << 20)}, kernels=NEWEST)
def script_maps_once(vm, memory):
    """One open, and one map of the whole BAR for each right, however many lines."""
    enable(vm)
    script = Script(vm, memory)
    for number in range(5):
        script.send(f"write 2 {4 * number} {number + 1}")
        assert int(script.ask(f"read 2 {4 * number}"), 0) == number + 1
    file, start = mapped_from(memory, 2)
    assert mappings(vm, script.job) == 2 * [(file, memory.bar(2)[1], start)]
    opened = vm.check(f"ls -l /proc/$(cat /run/{script.job.number})/fd").stdout
    assert opened.count("/dev/pci\n") == (vm.backend == "freebsd")
    assert opened.count(f"{memory}\n") == (vm.backend != "freebsd") and "resource" not in opened
    # The function's in place of the node's, and one for each map, kept for its events.
    assert opened.count("pciio:[") == (3 if vm.backend == "pciio" else 0)
    script.end()


@scenario(devices={"memory": ivshmem(1 << 20)}, kernels=NEWEST)
def script_stops(vm, memory):
    """At the first failure, with its status and its line; a mistake prevents all."""
    enable(vm)
    for line, written, text in (("expect 2 4 1", 0x11, "0x00000004 reads 0x00000000"),
                                ("read 2 2", 0x22, "not a multiple of 4")):
        vm.check(f"pcibar write {memory} 2 0 0x22")
        lines = f"write 2 0 0x11\n\n# nothing\n{line}\nwrite 2 0 0x33\n".encode()
        result = vm.check(f"pcibar script {memory}", status=5 if "expect" in line else 2,
                          stdin=lines)
        is_refusal(result, f"pcibar {line.split()[0]}: stdin:4: ", text)
        assert memory.backing_file().read_bytes()[0] == written
