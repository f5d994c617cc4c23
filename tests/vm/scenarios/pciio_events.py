# SPDX-License-Identifier: BSD-2-Clause
"""What a program on the library hears and sees when its maps are taken away over the module."""

from harness.devices import e1000e, edu
from harness.holder import held, unused
from harness.pciio_module import LOG, load
from harness.scenario import scenario

EDU_ID = "0x010000ed"
GONE = "No such device"


def program(vm, function, *words):
    return held(vm, function, 0, *words, program="pcibar-hold")


@scenario(devices={"net": e1000e()}, log=LOG)
def driver(vm, net):
    """A driver binds and leaves: who touched the map has lost it, who waited has it back."""
    load(vm)
    vm.modprobe("e1000e")
    vm.unbind(net)
    eager, calm, beside = (program(vm, net, "activate", *words)
                           for words in ((), (), ("share-driver",)))
    value = eager.ask("read 8")
    assert value.startswith("0x") and value == calm.ask("raw 8") == beside.ask("read 8")
    assert eager.ask("event") == "none"
    vm.bind(net, "e1000e")
    assert eager.ask("wait") == calm.ask("wait") == "revoked"
    # Once for each time, and not for who shares with the driver.
    assert eager.ask("event") == beside.ask("event") == "none"
    assert eager.ask("raw 8") == eager.ask("raw 12") == "0xffffffff"
    assert eager.ask("state") == "lost"
    assert eager.ask("read 8") == GONE
    assert beside.ask("read 8").startswith("0x") and beside.ask("state") == "live"
    vm.unbind(net)
    # Coming back is no event; the untouched map works, the lost one never again.
    assert calm.ask("event") == "none"
    assert calm.ask("read 8") != GONE and calm.ask("state") == "live"
    assert eager.ask("read 8") == GONE and eager.ask("raw 8") == "0xffffffff"
    assert eager.ask("map") == "ok"
    assert eager.ask("read 8") == calm.ask("raw 8") and eager.ask("state") == "live"
    # The next time is reported, too.
    vm.bind(net, "e1000e")
    assert eager.ask("wait") == calm.ask("wait") == "revoked"
    assert eager.ask("map") == "Device or resource busy"
    for holder in (eager, calm, beside):
        holder.kill()
    unused(vm)


@scenario(devices={"edu": edu()}, log=LOG)
def removal(vm, edu):
    """For ever: events, the address, checked calls and a new map all say so; no process dies."""
    load(vm)
    vm.check(f"pcibar enable {edu}")
    reader, writer, sleeper = (program(vm, edu, *words) for words in ((), ("write",), ()))
    assert reader.ask("read 0") == sleeper.ask("raw 0") == EDU_ID
    assert writer.ask("write 4 1") == "ok"
    assert reader.ask("state") == "live"
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    for holder in (reader, writer, sleeper):
        assert holder.ask("wait") == "gone"
        assert holder.ask("state") == "live gone"
    assert writer.ask("write 4 2") == GONE
    assert reader.ask("raw 0") == "0xffffffff" and reader.ask("read 0") == GONE
    assert reader.ask("state") == writer.ask("state") == "lost gone"
    vm.check(f"echo 1 >/sys/bus/pci/rescan; pcibar enable {edu}")
    assert reader.ask("read 0") == GONE
    assert sleeper.ask("raw 0") == "0xffffffff" and sleeper.ask("state") == "lost gone"
    assert program(vm, edu).ask("read 0") == EDU_ID


@scenario(devices={"edu": edu()}, log=LOG)
def decoding(vm, edu):
    """Turned off and on by another program through the module."""
    load(vm)
    vm.check(f"pcibar enable {edu}")
    touched, untouched = program(vm, edu), program(vm, edu)
    vm.check(f"pcibar disable {edu}")
    assert touched.ask("wait") == untouched.ask("wait") == "revoked"
    assert touched.ask("raw 0") == "0xffffffff"
    vm.check(f"pcibar enable {edu}")
    assert untouched.ask("read 0") == EDU_ID
    assert touched.ask("read 0") == GONE and touched.ask("map") == "ok"
    assert touched.ask("read 0") == EDU_ID
    assert touched.ask("event") == untouched.ask("event") == "none"


@scenario(devices={"edu": edu()}, log=LOG)
def exclusive(vm, edu):
    load(vm)
    vm.check(f"pcibar enable {edu}")
    only = program(vm, edu, "exclusive", "write")
    refusal = vm.check(f"pcibar read {edu} 0 0", status=1).stderr
    assert "another user holds the BAR" in refusal and "pciio/maps" in refusal
    assert vm.check(f"pcibar --backend sysfs read {edu} 0 0", status=1).stderr.count("\n") == 1
    # Asked to map it again it is not in its own way.
    assert only.ask("map") == "ok" and only.ask("read 0") == EDU_ID
    only.kill()
    unused(vm)
    # Nor is a script, which keeps a map for each right.
    lines = ("read --exclusive 0 0", "write --exclusive 0 4 0x12345678", "read --exclusive 0 4",
             "read 0 0")
    values = vm.check(f"pcibar script {edu}", stdin="\n".join(lines).encode()).stdout
    assert values == f"{EDU_ID}\n0xedcba987\n{EDU_ID}\n"
