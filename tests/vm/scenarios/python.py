# SPDX-License-Identifier: BSD-2-Clause
"""The Python package on real kernels: over sysfs, over the module, and what its page shows."""

import ast
import doctest

from harness import pciio_module, python
from harness.devices import edu, ivshmem, nvme, rtl8139
from harness.kernels import NEWEST
from harness.paths import SOURCE
from harness.pcibar import wait_for
from harness.scenario import scenario
from harness.trace import Access

DEVICES = {"edu": edu(), "net": rtl8139(mac="52:54:00:12:34:56"), "memory": ivshmem(16 << 30)}
GIB = 1 << 30

# What a user does, through one back end; functions are hot-plugged, so their decoding is off.
WORK = """
import errno, pcibar
from pcibar import Backend, Enable, ReasonCode

backend = Backend.{backend}

def refused(call, *args, **how):
    try:
        call(*args, **how)
    except pcibar.PcibarError as error:
        return error
    raise AssertionError(call)

assert "{edu}" in [info.address for info in pcibar.scan(backend=backend)]
for address in ("{edu}", "{net}", "{memory}"):
    with pcibar.open(address, write=True, backend=backend) as device:
        assert device.info().backend == backend
        if device.enabled():
            device.disable(device.enabled())
        error = refused(device.map, 2 if address == "{memory}" else 1 if address == "{net}" else 0)
        assert (error.errno, error.code) == (errno.ENXIO, ReasonCode.DECODE_OFF), error
        assert "decoding is off" in error.what and error.remedy
        device.enable(Enable.IO | Enable.MEM if address == "{net}" else Enable.MEM)
assert pcibar.explain("{edu}", 0, write=True, backend=backend).possible == (backend,)

device = pcibar.open("{memory}", write=True, backend=backend)
bar = device.bar(2)
assert bar.length == 16 << 30 and pcibar.BarFlag.PREFETCHABLE in bar.flags
with device.map(2, 12 << 30, 4096, write=True, wc=True) as memory:
    assert memory.attr == pcibar.MemoryAttribute.WC
    memory.write_bytes(0, bytes(range(256)) * 16, 0)
    pcibar.wc_flush()
with device.map(2, 12 << 30, 4096) as memory:
    for width in (1, 2, 4, 8):
        assert memory.read_bytes(0, 4096, width) == bytes(range(256)) * 16
    assert refused(memory.write8, 0, 1).code == ReasonCode.READ_ONLY
device.close()

with pcibar.open("{net}", write=True, backend=backend) as device:
    with device.map(0, indirect=True) as ports:
        assert ports.read_bytes(0, 6, 1).hex(":") == "52:54:00:12:34:56"
    with device.map(pcibar.ROM, 0, 2, indirect=backend == Backend.SYSFS, activate=True) as rom:
        assert rom.read_bytes(0, 2, 1) == b"\\x55\\xaa"
with pcibar.open("{edu}", backend=backend) as device:
    assert device.config_read(0, 4) == 0x11e81234
    assert refused(device.config_write, 0x3c, 1, 1).code == ReasonCode.READ_ONLY
"""

EXACT = """
import pcibar
with pcibar.open("{edu}", write=True, backend=pcibar.Backend.{backend}) as device:
    with device.map(0, write=True) as registers:
        registers.write32(0x04, 0x12345678)
        assert registers.read32(0x04) == 0xedcba987
        assert registers.read_bytes(0, 8, 4).hex() == "ed00000187a9cbed"
        registers.write_bytes(0x04, bytes(range(8)), 4, fixed=True)
with pcibar.open("{net}", write=True, backend=pcibar.Backend.{backend}) as device:
    with device.map(1) as registers:
        assert [registers.read(0, width) for width in (1, 2, 4)] == [0x52, 0x5452, 0x12005452]
        registers.read_bytes(0, 4, 2, fixed=True)
"""
EDU_SEES = [Access("write", 4, 4, 0x12345678), Access("read", 4, 4, 0xedcba987),
            Access("read", 0, 4, 0x010000ed), Access("read", 4, 4, 0xedcba987),
            Access("write", 4, 4, 0x03020100), Access("write", 4, 4, 0x07060504)]
NET_SEES = [Access("read", 0, 1, 0x52), Access("read", 0, 2, 0x5452),
            Access("read", 0, 4, 0x12005452), Access("read", 0, 2, 0x5452),
            Access("read", 0, 2, 0x5452)]

LOST = """
import pcibar
device = pcibar.open("{edu}", write=True)
registers = device.map(0)
with pcibar.guard():
    assert registers.read32(0) == 0x010000ed
    assert device.wait(0) is None and not device.gone
    print("ready", flush=True)
    event = device.wait(60)
    while event is not None and event != pcibar.Event.GONE:
        event = device.wait(60)
    print(event.name, device.gone)
    for call in (registers.read32, registers.read8, lambda at: device.config_read(at, 4)):
        try:
            call(0)
        except pcibar.PcibarError as error:
            print(error.errno, error.code.name, error)
    print(registers.lost)
registers.close()
device.close()
"""


def works(vm, backend, edu, net, memory):
    names = {"backend": backend, "edu": edu, "net": net, "memory": memory}
    python.run(vm, WORK.format(**names))
    with open(memory.backing_file(), "rb") as file:
        file.seek(12 * GIB)
        assert file.read(4096) == bytes(range(256)) * 16
    with vm.trace() as trace:
        python.run(vm, EXACT.format(**names))
    seen = trace.bar(edu, 0), trace.bar(net, 1)
    assert seen == (EDU_SEES, NET_SEES)
    with open(memory.backing_file(), "r+b") as file:
        file.seek(12 * GIB)
        file.write(bytes(4096))


@scenario(devices=DEVICES, log=pciio_module.LOG, timeout=300, kernels=NEWEST)
def both_back_ends(vm, edu, net, memory):
    """The same over sysfs and over the module, which then reports a removal."""
    python.install(vm)
    works(vm, "SYSFS", edu, net, memory)
    pciio_module.load(vm)
    works(vm, "PCIIO", edu, net, memory)

    job = python.spawn(vm, LOST.format(edu=edu))
    wait_for(vm, job, "ready")
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    ended = job.wait().expect(0)
    lost = (f"19 GONE {edu} BAR 0 offset 0x0: the device was lost: removed, reset, switched off or "
            "taken by a driver; explain() shows the reason")
    assert ended.stdout.splitlines() == [
        "ready", "GONE True", lost, lost, lost.replace(" BAR 0", ""), "True"]
    assert ended.stderr == ""
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")


PLAY = """
import contextlib, io
printed, names = [], {{}}
for source in {sources!r}:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(source, "README.md", "single"), names)
        except Exception as error:
            print(f"{{type(error).__name__}}: {{error}}")
    printed.append(said.getvalue())
print(printed)
"""


@scenario(devices={"edu": edu(), "memory": ivshmem(4 << 20), "disk": nvme()}, kernels=NEWEST)
def page(vm, edu, memory, disk):
    """What python/README.md shows is what happens."""
    vm.modprobe("nvme")
    python.install(vm)
    text = (SOURCE / "python" / "README.md").read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_examples(text)
    assert examples
    said = python.run(vm, PLAY.format(sources=[example.source for example in examples]))
    assert said.stderr == ""
    wrong = [f"{example.source}{got}instead of\n{example.want}"
             for example, got in zip(examples, ast.literal_eval(said.stdout), strict=True)
             if not doctest.OutputChecker().check_output(example.exc_msg or example.want, got,
                                                         doctest.ELLIPSIS)]
    assert not wrong, "python/README.md:\n" + "\n".join(wrong)
