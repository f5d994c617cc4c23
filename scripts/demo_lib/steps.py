# SPDX-License-Identifier: BSD-2-Clause
"""The steps of the demo, in order. Each takes the guest and says what it has proved."""

import os
import re
from math import factorial

from harness import devices
from harness.qemu import VmError

from . import picture
from .guest import GIB, LINK, MAC, MIB

EDU, NET, MEMORY, DISPLAY = "1234:11e8", "10ec:8139", "1af4:1110", "1234:1111"
STEPS = []


def step(title, explanation):
    def mark(function):
        STEPS.append((title, explanation, function))
        return function
    return mark


def claim(condition, text):
    """TEXT, which goes to the report, when it is true."""
    if not condition:
        raise VmError(f"not true: {text}")
    return text


@step("Which functions are there?",
      "`list` reads what sysfs says; no device is touched or woken by it. 1234:11e8 is edu, "
      "10ec:8139 a network card, 1af4:1110 shared memory (ivshmem), 1234:1111 a display; the "
      "virtio ones carry this terminal and its files. Each address, or vendor:device, is a "
      "selector for the other verbs.")
def listing(guest):
    said = guest.shell("pcibar list")
    return claim(all(name in said for name in (EDU, NET, MEMORY, DISPLAY)),
                 "all four devices that the machine was given are there")


@step("All about one: QEMU's educational device",
      "`info` adds configuration space, and what this way to the hardware can and cannot do.")
def info(guest):
    said = guest.shell(f"pcibar info {EDU}")
    return claim("1 MiB" in said and "decoding on" in said, "BAR 0 has 1 MiB and is decoded")


@step("May I map it, and if not, why?",
      "`explain` asks the kernel without changing anything. BAR 2 of the shared memory is "
      "prefetchable, so that writes may be combined; BAR 0 of it holds registers.")
def explain(guest):
    said = guest.shell(f"pcibar explain {MEMORY} 2 --write --wc")
    claim("sysfs: possible" in said, "BAR 2 can be mapped write-combining")
    said = guest.shell(f"pcibar explain {MEMORY} 0 --write --wc", status=1)
    return claim("not prefetchable" in said and "remedy:" in said,
                 "one is possible; the other is not, with the reason and the remedy")


@step("The first registers of the educational device",
      "`dump` maps the page that they are in, and reads them 4 bytes at a time, in order.")
def dump(guest):
    said = guest.shell(f"pcibar dump {EDU} 0 0+16")
    return claim(said.startswith("00000000  010000ed "), "register 0 holds the ID, 0x010000ed")


@step("Write a register and read it back",
      "The liveness register returns the inverse of what was written.")
def liveness(guest):
    guest.shell(f"pcibar write {EDU} 0 4 0x12345678")
    said = guest.shell(f"pcibar read {EDU} 0 4")
    return claim(int(said, 0) == 0x12345678 ^ 0xffffffff,
                 f"{said.strip()} is 0x12345678 with all bits inverted: the device is alive")


@step("Let the device compute a factorial",
      "Register 8 takes a number; bit 0 of the status register 0x20 is set while the device is "
      "busy, which `watch` waits for to end; then register 8 holds the result.")
def compute(guest):
    guest.shell(f"pcibar write {EDU} 0 8 10")
    guest.shell(f"pcibar watch {EDU} 0 0x20 --until 0:1 --timeout 5s")
    said = guest.shell(f"pcibar read {EDU} 0 8")
    return claim(int(said, 0) == factorial(10), f"{said.strip()} = {int(said, 0):,} = 10!")


@step("Exactly the accesses that were asked for",
      "The MAC address of the network card, read as six bytes. QEMU counts what reaches the card.")
def exact(guest):
    card = guest.vm.functions["net"]
    with guest.vm.trace() as trace:
        said = guest.shell(f"pcibar read {NET} 1 0 -w 1 -c 6")
    seen = [(access.op, access.address, access.size) for access in trace.bar(card, 1)]
    claim([int(line, 0) for line in said.split()] == [int(byte, 16) for byte in MAC.split(":")],
          f"the card's MAC is {MAC}")
    return claim(seen == [("read", at, 1) for at in range(6)],
                 f"{MAC}; the card has seen six reads of 1 byte in order, and nothing else")


@step("Load 4 MiB into the shared memory",
      "Random data, 4 bytes at a time, read back to verify. The memory of BAR 2 is a file of the "
      f"host, which is compared as well. The data comes over a link that is held at "
      f"{LINK // MIB} MiB/s: without that it would be there before any progress could be seen.")
def load(guest):
    data = os.urandom(4 * MIB)
    (guest.link / "random").write_bytes(data)
    guest.shell(f"pcibar load -v --verify {MEMORY} 2 /link/random")
    stored = guest.vm.functions["memory"].backing_file().read_bytes()
    return claim(stored == data, f"all {len(data):,} bytes of the host's file are as loaded")


@step("Draw a picture",
      "Four 2-byte registers of the display controller set 640x480 with 32 bits a pixel; then the "
      "picture goes into the frame buffer, BAR 0, write-combining and by any width.")
def draw(guest):
    rgb = picture.draw()
    (guest.vm.share / "picture").write_bytes(picture.xrgb(rgb))
    guest.shell(f"pcibar write -w 2 {DISPLAY} 2 0x502 {picture.WIDTH} {picture.HEIGHT} 32 0x41")
    guest.shell(f"pcibar load -v --wc -w any {DISPLAY} 0 /host/picture")
    display = guest.vm.functions["display"]
    guest.vm.screendump(display, guest.screen)
    width, height, shown = guest.vm.picture(display)
    claim((width, height) == (picture.WIDTH, picture.HEIGHT), "the display shows 640x480")
    wrong = sum(shown[at:at + 3] != rgb[at:at + 3] for at in range(0, len(rgb), 3))
    if wrong:
        raise VmError(f"{wrong:,} of {width * height:,} pixels on the screen are wrong")
    return f"all {width * height:,} pixels on the screen are right"


@step("Load the module",
      "Up to here all went through sysfs. The module brings /dev/pci, and what sysfs cannot do: "
      "mappings that end when the device goes, exclusive ones, and large ones at once.")
def load_module(guest):
    guest.shell("insmod /host/pciio.ko")
    said = guest.shell(f"pcibar info {EDU}")
    return claim("back end    pciio" in said, "the command uses it by itself")


@step("Sleep until the device interrupts",
      "Bound to the module's driver, the educational device interrupts when it has computed; a "
      "write to register 0x64 makes it quiet. `unbind` restores what was there before.")
def interrupt(guest):
    guest.shell(f"pcibar bind {EDU} pciio")
    guest.shell(f"pcibar write {EDU} 0 0x20 0x80")
    said = guest.shell(f"pcibar irq wait {EDU} --type intx --start 0:8=12 --ack 0:0x64=1 -c 1 "
                       "--timeout 5s")
    claim(said.endswith(" intx 0: 1\n"), "there was one event")
    said = guest.shell(f"pcibar read {EDU} 0 8")
    guest.shell(f"pcibar unbind {EDU}")
    return claim(int(said, 0) == factorial(12), f"one interrupt, and {int(said, 0):,} = 12!")


@step("Unplug a device under a running command",
      "One more educational device has been plugged in; the machine takes it away as soon as "
      "`watch` has shown its first register. Through sysfs the mapping would stay, and show what "
      "is plugged in there next.")
def unplug(guest):
    card = guest.vm.plug(devices.edu())
    guest.shell(f"pcibar enable {card}")
    said = guest.shell(f"pcibar watch {card} 0 0", status=4,
                       during=("010000ed", lambda: guest.vm.unplug(card)))
    return claim("010000ed" in said, "`watch` has ended with status 4: the device was lost")


@step("Map 16 GiB at once",
      "A large BAR, plugged in as well: examples/map-whole.c maps all of it, first by the module, "
      "then by sysfs, whose page tables are for every 4 KiB and made in advance.")
def map_whole(guest):
    memory = guest.vm.plug(devices.ivshmem(16 * GIB))
    guest.shell(f"pcibar enable {memory}")
    tables = {}
    for way in ("pciio", "sysfs"):
        said = guest.shell(f"/map-whole {memory} 2 {way}")
        claim(said.startswith("16384 MiB: "), "16 GiB are mapped")
        tables[way] = int(re.search(r"page tables (\d+) KiB", said)[1])
    return claim(tables["pciio"] * 100 < tables["sysfs"],
                 f"page tables: {tables['pciio']} KiB instead of {tables['sysfs']:,} KiB")
