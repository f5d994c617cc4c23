# SPDX-License-Identifier: BSD-2-Clause
"""What is different on arm64: who lays out BARs, whose the memory type is, who routes messages."""

from harness import page_table
from harness.devices import e1000e, edu, ivshmem, rtl8139, sdhci
from harness.holder import Holder, enable, held, unused
from harness.machine import Machine
from harness.page_table import leaf
from harness.pciio_module import LOG, load
from harness.scenario import scenario

PAGE = 4096
PMD_BYTES = 2 << 20
MAC = "52:54:00:12:34:56"
MAC_BYTES = "".join(f"0x{byte}\n" for byte in MAC.split(":"))
ONLY = ("arm64",)


@scenario(cold=Machine(), devices={"net": rtl8139(mac=MAC), "card": sdhci(), "other": sdhci()},
          log=LOG, kernels=ONLY)
def packed(vm, net, card, other):
    """No firmware gives small BARs a page each: Linux puts those of three devices into one."""
    places = {function: function.bar(1 if function is net else 0)[0]
              for function in (net, card, other)}
    assert len({start // PAGE for start in places.values()}) == 1
    assert len(set(places.values())) == 3
    load(vm)
    enable(vm, net, card, other)
    for backend in ("pciio", "sysfs"):
        refusal = vm.check(f"pcibar --backend {backend} read {net} 1 0", status=1).stderr
        assert "is in the same page" in refusal and "--share-page" in refusal
        pcibar = f"pcibar --backend {backend}"
        assert vm.check(f"{pcibar} read --share-page {net} 1 0 -w 1 -c 6").stdout == MAC_BYTES
        # Each reaches its own registers: the argument of a command is kept by one card only.
        vm.check(f"{pcibar} write --share-page {card} 0 8 0x11112222 && "
                 f"{pcibar} write --share-page {other} 0 8 0x33334444")
        assert vm.check(f"{pcibar} read --share-page {card} 0 8").stdout == "0x11112222\n"
        assert vm.check(f"{pcibar} read --share-page {other} 0 8").stdout == "0x33334444\n"
        assert vm.check(f"{pcibar} read --share-page {net} 1 0 -w 1 -c 6").stdout == MAC_BYTES
    assert Holder(vm, card, 0).first == "Address already in use"
    assert held(vm, card, 0, "share-page").ask("read 8") == "0x11112222"


def leaves(vm, function, bar, type_, size, *words):
    """A new holder's, at both ends: of this type and size, and of the BAR's addresses."""
    start, length = function.bar(bar)
    holder = held(vm, function, bar, *words)
    for offset in (0x80, length - 8):
        assert holder.ask(f"read {offset:#x}") != "SIGBUS"
        expected = page_table.Leaf(size, start + offset & -size, type_, writable="rw" in words,
                                   executable=False, special=True)
        assert leaf(holder, offset) == expected
    return holder


@scenario(devices={"memory": ivshmem(16 << 30), "edu": edu()}, log=LOG, kernels=ONLY)
def attributes(vm, memory, edu):
    """What was asked for is in the leaves, small and large; one BAR has one type at a time."""
    load(vm)
    page_table.load(vm)
    enable(vm, memory, edu)
    for words, others, type_ in (((), ("wc",), "Device-nGnRE"), (("wc",), (), "Normal-NC")):
        leaves(vm, edu, 0, type_, PAGE, *words)
        leaves(vm, memory, 2, type_, PMD_BYTES, *words)
        holder = leaves(vm, memory, 2, type_, PAGE, "rw", "small", *words)
        assert Holder(vm, memory, 2, *others).first == "Device or resource busy"
        shown = vm.check("cat /sys/kernel/debug/pciio/maps").stdout
        assert shown.count(f"{memory} BAR2") == 2, shown
        assert holder.ask("write 0x1234 7") == "ok" and holder.ask("read 0x1234") == "0x00000007"
        vm.check("kill -9 $(pidof pciio-hold)")
        vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")


@scenario(cold=Machine(q35=",gic-version=3"), devices={"edu": edu(), "net": e1000e()}, log=LOG,
          kernels=ONLY, timeout=300)
def interrupts(vm, edu, net):
    """Lines and messages, which the GIC's ITS delivers; a masked one comes when it is unmasked."""
    load(vm)
    for function in (edu, net):
        vm.bind(function, "pciio")
    user = held(vm, edu, 0, "msi", "idle", program="pciio-intr-hold")
    assert "ITS" in vm.check("grep pciio-msi /proc/interrupts").stdout
    user.kill()
    vm.check(f"pciio-intr intx {edu}", timeout=90)
    vm.check(f"pciio-intr msi {edu}", timeout=60)
    vm.check(f"pciio-intr msix {net} {vm.e1000e_sends}", timeout=60)
    unused(vm)
