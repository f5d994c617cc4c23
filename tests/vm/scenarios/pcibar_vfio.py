# SPDX-License-Identifier: BSD-2-Clause
"""Functions that are bound to vfio-pci, used through VFIO by those who own its nodes."""

import json

from harness.devices import e1000e, edu, ivshmem, rtl8139, tpci200
from harness.holder import soon
from harness.kernels import DEBUG, NEWEST, OLDEST_AND_NEWEST
from harness.machine import Machine
from harness.pcibar import Script, is_refusal, numbers, refused, wait_for
from harness.scenario import scenario
from harness.vfio import IOMMU, LOG, USER, allow_unsafe_interrupts, bind, group

EDU_ID = 0x010000ed
PAGE = 4096


def explained(vm, operands, **how):
    """(possible, codes of the reasons) of `pcibar explain` for the back end vfio."""
    explanation = json.loads(vm.run(f"pcibar explain --json {operands}", **how).stdout)
    (backend,) = (each for each in explanation["backends"] if each["name"] == "vfio")
    return backend["possible"], tuple(reason["code"] for reason in backend["reasons"])


def use(vm, edu, net, memory):
    """Every verb, as an ordinary user."""
    vm.check(f"pcibar list -v && pcibar info {edu}", **USER)
    assert "back end    vfio\n" in vm.check(f"pcibar info {edu}", **USER).stdout
    assert explained(vm, f"{edu} 0", **USER) == (True, ("resets",))
    assert explained(vm, f"{net} 0 --write", **USER)[0]
    assert as_user(vm, f"read {edu} 0 0") == [EDU_ID]
    vm.check(f"pcibar write {edu} 0 4 0x12345678", **USER)
    assert as_user(vm, f"read {edu} 0 4") == [0x12345678 ^ 0xffffffff]
    vm.check(f"head -c 4096 /dev/urandom >/tmp/data; chmod 644 /tmp/data; rm -f /tmp/dump; "
             f"pcibar load {memory} 2 /tmp/data && "
             f"pcibar dump -f raw -o /tmp/dump {memory} 2 0+0x1000 && "
             f"cmp /tmp/data /tmp/dump && pcibar compare {memory} 2 /tmp/data", **USER)
    # Ports and the ROM, which have no pages
    assert as_user(vm, f"read -w 1 -c 6 {net} 0 0") == [0x52, 0x54, 0, 0x12, 0x34, 0x56]
    refused(vm, f"pcibar read -w 8 {net} 0 0", 2, "does not support this width", **USER)
    vm.check(f"pcibar write --verify {net} 0 8 0x11223344", **USER)
    assert as_user(vm, f"read -w 1 -c 2 --activate {net} rom 0") == [0x55, 0xaa]
    # Decoding is on as long as VFIO has the function open, and as before afterwards.
    vm.check(f"pcibar enable {edu} --mem --bus-master && pcibar disable {edu} --mem", **USER)
    refused(vm, f"pcibar config read {edu} 0x40", 1, "run it as root", **USER)
    assert as_user(vm, f"config read --backend vfio -w 1 {edu} 0x40") == \
        numbers(vm, f"pcibar config read -w 1 {edu} 0x40")
    lines = b"config write CACHE_LINE_SIZE 0x10\nconfig read CACHE_LINE_SIZE\nread 0 0\n"
    assert vm.check(f"pcibar script {edu}", stdin=lines, **USER).stdout.split() == \
        ["0x10", f"{EDU_ID:#010x}"]
    vm.check(f"pcibar watch -i 1ms --timeout 50ms {edu} 0 0", status=5, **USER)


def as_user(vm, words):
    """The numbers that a verb prints for an ordinary user."""
    return [int(line, 0) for line in vm.check(f"pcibar {words}", **USER).stdout.splitlines()]


@scenario(warm=IOMMU, log=LOG,
          devices={"edu": edu(), "net": rtl8139(mac="52:54:00:12:34:56"),
                   "memory": ivshmem(1 << 20)})
def ordinary_user(vm, edu, net, memory):
    """Who owns the nodes needs no other right, and no lockdown prevents it."""
    bind(vm, edu, net, memory)
    use(vm, edu, net, memory)
    vm.check("echo confidentiality >/sys/kernel/security/lockdown")
    use(vm, edu, net, memory)
    # The node is all that it takes.
    vm.check(f"chown root /dev/vfio/{group(vm, edu)}")
    refused(vm, f"pcibar read {edu} 0 0", 1, "no permission to open /dev/vfio/", "chown 65534",
            **USER)
    assert explained(vm, f"{edu} 0", **USER) == (False, ("permission",))
    # A write to configuration space takes the function, too, and is refused for the same reason.
    for command in (f"config write {edu} CACHE_LINE_SIZE 0", f"enable {edu} --bus-master"):
        refused(vm, f"pcibar {command}", 1, "no permission to open /dev/vfio/", "chown 65534",
                **USER)


@scenario(warm=IOMMU, log=LOG, devices={"edu": edu(), "net": e1000e()})
def untouched(vm, edu, net):
    """What only shows a function does not open it: nothing is written to it."""
    bind(vm, edu, net)
    vm.check(f"echo on >{net.sysfs}/power/control; echo on >{edu.sysfs}/power/control")
    vm.wait_until(f"grep -q D0 {net.sysfs}/power_state")
    vm.check(f"pcibar enable --backend sysfs --mem {edu}")
    with vm.trace(config=True) as trace:
        for function in (edu, net):
            vm.check(f"pcibar list -v {function} && pcibar info {function} && "
                     f"pcibar explain {function} 0 && pcibar config read {function} COMMAND")
        assert numbers(vm, f"pcibar read --backend sysfs {edu} 0 0") == [EDU_ID]
    for function in (edu, net):
        assert trace.config(function)
        assert not [access for access in trace.config(function) if access[0] == "write"]
    with vm.trace(config=True) as trace:
        said = vm.check(f"pcibar read -v {edu} 0 0").stderr
    assert "taken through vfio, which resets" in said
    assert [access for access in trace.config(edu) if access[0] == "write"]


@scenario(warm=IOMMU, kernels=OLDEST_AND_NEWEST, log=LOG, devices={"edu": edu()})
def looking_costs_no_more(vm, edu):
    """What only shows a function makes as many system calls as before VFIO had it."""
    verbs = (f"info {edu}", f"info -v {edu}", f"list {edu}", f"list --json {edu}",
             f"config read {edu} COMMAND")

    def calls():
        return [int(vm.check(f"count-calls pcibar {words}").stdout) for words in verbs]

    without = calls()
    bind(vm, edu)
    assert "back end    vfio\n" in vm.check(f"pcibar info {edu}").stdout
    assert calls() == without


@scenario(warm=IOMMU, log=LOG, devices={"edu": edu()})
def given_back(vm, edu):
    """An administrator who unbinds or removes a function does not wait for its user."""
    for path, text in ((f"{edu.sysfs}/driver/unbind", str(edu)), (f"{edu.sysfs}/remove", "1")):
        bind(vm, edu)
        watch = vm.spawn(f"exec pcibar watch -i 1000s {edu} 0 0", **USER)
        wait_for(vm, watch, f"{EDU_ID:#010x}")
        unbind = vm.spawn(f"echo {text} >{path}")
        is_refusal(watch.wait(timeout=soon()).expect(4), "about to be unbound or removed")
        unbind.wait(timeout=soon()).expect(0)
    vm.check("echo 1 >/sys/bus/pci/rescan")
    # A script that waits for its next line, or does anything else that takes long
    for line in ("read 0 4", "sleep 1000s", "expect 0 0 0 --timeout 1000s", "watch -i 1000s 0 0"):
        bind(vm, edu)
        script = Script(vm, edu, name=line.split()[0])
        script.ask("read 0 0")
        script.send(line)
        if line == "read 0 4":
            wait_for(vm, script.job, "0x00000000")
        vm.check(f"echo {edu} >{edu.sysfs}/driver/unbind")
        assert "about to be unbound or removed" in script.job.wait().expect(4).stderr, line
    bind(vm, edu)
    user = vm.spawn(f"exec pcibar-vfio events {edu}", **USER)
    wait_for(vm, user, "ready")
    vm.check(f"echo {edu} >{edu.sysfs}/driver/unbind")
    assert user.wait().expect(0).stdout == "ready\nok\n"


@scenario(warm=IOMMU, log=LOG)
def unplugged(vm):
    """Hot-unplug during a watch ends it, too."""
    device = vm.plug(e1000e())
    bind(vm, device)
    watch = vm.spawn(f"exec pcibar watch -i 1000s {device} 0 8", **USER)
    wait_for(vm, watch, "0x00000008: ")
    vm.unplug(device)
    watch.wait(timeout=soon()).expect(4)


@scenario(warm=IOMMU, log=LOG, devices={"edu": edu()})
def another_in_its_place(vm, edu):
    """A handle that VFIO was not opened for yet does not open the function that is there now."""
    bind(vm, edu)
    script = Script(vm, edu)
    script.ask("config read CACHE_LINE_SIZE")
    vm.check(f"echo 1 >{edu.sysfs}/remove; echo 1 >/sys/bus/pci/rescan")
    bind(vm, edu)
    vm.check(f"echo on >{edu.sysfs}/power/control")
    with vm.trace(config=True) as trace:
        script.send("config write CACHE_LINE_SIZE 0x10")
        script.job.wait().expect(4)
    assert not [access for access in trace.config(edu) if access[0] == "write"]


@scenario(warm=IOMMU, log=LOG, devices={"edu": edu()})
def decoding_off_under_a_map(vm, edu):
    """VFIO revokes maps while the function does not decode; the guard survives the access."""
    bind(vm, edu)
    assert vm.check(f"pcibar-vfio guard {edu}", **USER).stdout == "ok\n"


@scenario(warm=IOMMU, log=LOG, devices={"edu": edu(), "memory": ivshmem(4 << 20)})
def calls_of_a_map(vm, edu, memory):
    """One more than VFIO's own, also where the place of the map is chosen."""
    bind(vm, edu, memory)
    for words in (f"{edu} 0", f"{memory} 2"):
        assert vm.check(f"pcibar-vfio calls {words}", **USER).stdout == "ok\n", words


@scenario(warm=IOMMU, log=LOG, devices={"net": rtl8139()})
def without_pages(vm, net):
    """What VFIO does not map is reached by calls: ROMs, and BARs that share a page, which it maps
    never."""
    image = f"pcibar dump -f raw --activate {net} rom 0+0x100"
    shown = vm.check(f"{image} -w 1").output
    assert shown[:2] == b"\x55\xaa"
    card = vm.plug(tpci200())
    bars = (0, 2, 3)
    assert len({card.bar(bar)[0] // PAGE for bar in bars}) == 1
    bind(vm, net, card)
    assert vm.check(f"{image} -w 4", **USER).output == shown
    for bar in bars:
        with vm.trace() as trace:
            as_user(vm, f"read -w 2 {card} {bar} 0")
        assert [index for index in bars if trace.bar(card, index)] == [bar]


@scenario(warm=IOMMU, log=LOG)
def one_group(vm):
    """Functions of one group: all for VFIO or none, and one process for all."""
    first, second = vm.plug_together({"first": edu(), "second": edu()})
    if group(vm, first) != group(vm, second):
        raise AssertionError("the functions are not in one group")
    vm.modprobe("e1000e")
    bind(vm, first, second)
    assert vm.check(f"pcibar-vfio both {first} {second}", **USER).stdout == "ok\n"
    assert vm.check(f"pcibar-vfio again {first}", **USER).stdout == "ok\n"
    assert vm.check(f"pcibar-vfio fork {first}", **USER).stdout == "ok\n"
    # Another process gets neither of them.
    watch = vm.spawn(f"exec pcibar watch -i 10s {first} 0 0", **USER)
    wait_for(vm, watch, f"{EDU_ID:#010x}")
    for function in (first, second):
        refused(vm, f"pcibar read {function} 0 0", 1, "(pcibar) has ", "/dev/vfio/", "end it",
                **USER)
        assert explained(vm, f"{function} 0", **USER) == (False, ("held",))
    watch.signal("INT")
    watch.wait().expect(0)
    vm.unbind(second)
    assert numbers(vm, f"pcibar read {first} 0 0") == [EDU_ID]


@scenario(warm=IOMMU, log=LOG)
def not_viable(vm):
    """A driver of the kernel in the group, which is named; without it the group can be used."""
    first, second = vm.plug_together({"first": edu(), "second": e1000e()})
    vm.modprobe("e1000e")
    bind(vm, first)
    if not vm.run(f"[ -e {second.sysfs}/driver ]").status:
        vm.unbind(second)
    vm.bind(second, "e1000e")
    refused(vm, f"pcibar read {first} 0 0", 1, "the same IOMMU group", f"{second} (e1000e)",
            **USER)
    assert explained(vm, f"{first} 0", **USER) == (False, ("group",))
    vm.unbind(second)
    assert numbers(vm, f"pcibar read {first} 0 0") == [EDU_ID]
    assert explained(vm, f"{second} 0") == (False, ("not-bound",))
    refused(vm, f"pcibar read --backend vfio {second} 0 0", 1, "is not bound to vfio-pci")


@scenario(cold=Machine(append="intel_iommu=on", options=("-device", "intel-iommu,intremap=off")),
          log=LOG, devices={"edu": edu()}, kernels=NEWEST)
def not_remapped(vm, edu):
    """Where interrupts are not remapped, only the administrator can allow it."""
    bind(vm, edu)
    allow_unsafe_interrupts(vm, "N")
    refused(vm, f"pcibar read {edu} 0 0", 1, "interrupts are not remapped",
            "allow_unsafe_interrupts")
    allow_unsafe_interrupts(vm, "Y")
    assert numbers(vm, f"pcibar read {edu} 0 0") == [EDU_ID]


# edu's DMA engine: source, destination, count and command; its own memory is at 0x40000.
DMA = ("write 0 0x80 {}\nwrite 0 0x88 {}\nwrite 0 0x90 16\nwrite 0 0x98 {}\n"
       "expect 0 0x98 0:1 --timeout 10s\n")
TO_DEVICE, TO_MEMORY = 1, 3
FIRMWARE = 0xffff0
# Pages that Linux leaves alone, as all of the first MiB
PAGES = (0x3000, 0x4000)


def dma(vm, edu, source, target, direction):
    """Has edu copy 16 bytes, with bus mastering as long as this takes."""
    lines = "enable --bus-master\n" + DMA.format(source, target, direction)
    vm.check(f"pcibar script {edu}", stdin=lines.encode())


def memory_at(vm, address):
    """16 bytes of the guest's memory, as QEMU shows them"""
    return vm.hmp(f"xp /4wx {address}").split(":")[1].split()


@scenario(cold=Machine(append="intel_iommu=on iommu=pt", options=IOMMU.options),
          log=(*LOG, r"DMAR: "), devices={"edu": edu()})
def reaches_no_memory(vm, edu):
    """Bus mastering through VFIO reaches nothing, where it reaches all memory without it."""
    vm.check(f"pcibar enable {edu}")
    firmware = memory_at(vm, FIRMWARE)
    dma(vm, edu, FIRMWARE, 0x40000, TO_DEVICE)
    dma(vm, edu, 0x40000, PAGES[0], TO_MEMORY)
    assert memory_at(vm, PAGES[0]) == firmware
    before = memory_at(vm, PAGES[1])
    assert before != firmware

    bind(vm, edu)
    dma(vm, edu, 0x40000, PAGES[1], TO_MEMORY)
    assert memory_at(vm, PAGES[1]) == before
    assert [line for line in vm.kernel_log() if "DMAR: [DMA Write" in line and
            f"fault addr {PAGES[1]:#x}" in line]


RECEIVE_ADDRESS = 0x5400


@scenario(warm=IOMMU, log=LOG)
def registers_that_a_reset_clears(vm):
    """They are lost by a map through VFIO, which was announced, and by nothing before."""
    net = vm.plug(e1000e())
    bind(vm, net)
    vm.check(f"echo on >{net.sysfs}/power/control; echo bus >{net.sysfs}/reset_method")
    place = f"--backend sysfs {net} 0 {RECEIVE_ADDRESS:#x}"
    vm.check(f"pcibar enable --backend sysfs {net} && pcibar write {place} 0x12345678")
    vm.check(f"pcibar list -v; pcibar info {net}; pcibar config read {net} COMMAND")
    assert "the first use resets the function (bus)" in \
        vm.check(f"pcibar explain {net} 0").stdout
    assert numbers(vm, f"pcibar read {place}") == [0x12345678]

    said = vm.check(f"pcibar read -v {net} 0 8").stderr
    assert "taken through vfio, which resets the function, now and when it is closed" in said
    vm.check(f"pcibar enable --backend sysfs {net}")
    assert numbers(vm, f"pcibar read {place}") != [0x12345678]


def bind_for_iommufd(vm, *functions):
    """Gives functions to VFIO; returns their character devices."""
    vm.modprobe("vfio-pci", "iommufd")
    vm.check("echo Y >/sys/module/iommufd/parameters/allow_unsafe_interrupts")
    for function in functions:
        vm.bind(function, "vfio-pci")
    return [vm.check(f"echo /dev/vfio/devices/$(ls {function.sysfs}/vfio-dev)").stdout.strip()
            for function in functions]


@scenario(warm=IOMMU, kernels=(DEBUG,), log=LOG, devices={"edu": edu()})
def character_device(vm, edu):
    """Where the kernel has iommufd, the function's own node and /dev/iommu are all it takes."""
    (node,) = bind_for_iommufd(vm, edu)
    refused(vm, f"pcibar read {edu} 0 0", 1, "no permission to open /dev/vfio/", **USER)
    vm.check(f"chown 65534 {node} /dev/iommu")
    assert explained(vm, f"{edu} 0", **USER) == (True, ("resets",))
    assert as_user(vm, f"read {edu} 0 0") == [EDU_ID]
    vm.check(f"pcibar write {edu} 0 4 0x12345678", **USER)
    assert as_user(vm, f"read {edu} 0 4") == [0x12345678 ^ 0xffffffff]
    assert vm.check(f"pcibar-vfio again {edu}", **USER).stdout == "ok\n"

    watch = vm.spawn(f"exec pcibar watch -i 10s {edu} 0 0", **USER)
    wait_for(vm, watch, f"{EDU_ID:#010x}")
    refused(vm, f"pcibar read {edu} 0 0", 1, node, "end it")
    vm.check(f"echo {edu} >{edu.sysfs}/driver/unbind")
    is_refusal(watch.wait().expect(4), "about to be unbound or removed")


@scenario(warm=IOMMU, kernels=(DEBUG,), log=LOG)
def one_group_of_character_devices(vm):
    """One process uses several functions of a group, each through a node of its own."""
    both = vm.plug_together({"first": edu(), "second": edu()})
    first, second = both
    assert group(vm, first) == group(vm, second)
    nodes = bind_for_iommufd(vm, *both)
    vm.check(f"chown 65534 {' '.join(nodes)} /dev/iommu")
    for words in (f"both {first} {second}", f"again {first}", f"fork {first}"):
        assert vm.check(f"pcibar-vfio {words}", **USER).stdout == "ok\n", words
    # It was not the group's node, which belongs to root.
    vm.check(f"[ $(stat -c %u /dev/vfio/{group(vm, first)}) = 0 ]")


@scenario(cold=Machine(q35=",iommu=smmuv3"), kernels=("arm64",), log=LOG,
          devices={"edu": edu(), "net": rtl8139(mac="52:54:00:12:34:56"),
                   "memory": ivshmem(1 << 20)})
def behind_smmu(vm, edu, net, memory):
    """On arm64 an SMMUv3 is the IOMMU; an ordinary user needs no other right, either."""
    refused(vm, f"pcibar read --backend vfio {edu} 0 0", 1, "is not bound to vfio-pci")
    bind(vm, edu, net, memory)
    use(vm, edu, net, memory)
    watch = vm.spawn(f"exec pcibar watch -i 10s {edu} 0 0", **USER)
    wait_for(vm, watch, f"{EDU_ID:#010x}")
    vm.check(f"echo {edu} >{edu.sysfs}/driver/unbind")
    is_refusal(watch.wait().expect(4), "about to be unbound or removed")
