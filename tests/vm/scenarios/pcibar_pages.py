# SPDX-License-Identifier: BSD-2-Clause
"""BARs smaller than a page: what is in the same page never responds for them."""

from harness.backends import through
from harness.devices import Device, ivshmem, rtl8139
from harness.kernels import EVERYWHERE, NEWEST, OLDEST_AND_NEWEST, ON_AMD64
from harness.machine import Machine
from harness.pcibar import accesses, enable, numbers, refused
from harness.scenario import scenario
from harness.trace import Access

MAC = "52:54:00:12:34:56"
PAGE = 4096


def same_page(*places):
    return len({start // PAGE for start, _ in places}) == 1 and len(set(places)) == len(places)


def refuses_both(vm, memory, net):
    """Without being allowed to share, no verb opens the page, for reading or for writing."""
    for one, bar, other, others_bar in ((memory, 0, net, 1), (net, 1, memory, 0)):
        reason = (f"BAR {bar} is smaller than a page",
                  f"BAR {others_bar} of {other} is in the same page", "--share-page")
        for verb, operands in (("read", "0"), ("write", "0 0"), ("dump", ""), ("watch", "0"),
                               ("load", "/etc/passwd -w 1")):
            refused(vm, f"pcibar {verb} {one} {bar} {operands}", 1, *reason)
        explained = vm.check(f"pcibar explain {one} {bar}", status=1).stdout
        assert all(phrase in explained for phrase in reason), explained
        may_share(vm, one, bar)


def may_share(vm, function, bar):
    """FreeBSD's request cannot ask for it: the module's parameter allows it to all."""
    if vm.backend == "freebsd":
        parameter = "/sys/module/pciio/parameters/share_page"
        vm.check(f"echo 0 >{parameter}")
        refused(vm, f"pcibar read --share-page {function} {bar} 0", 1, "cannot ask to share",
                "the module's parameter share_page")
        vm.check(f"echo 1 >{parameter}")
    vm.check(f"pcibar explain --share-page {function} {bar}")


def own_bytes(vm, memory, net):
    """With it, each responds for itself."""
    assert numbers(vm, f"pcibar read --share-page -w 1 -c 6 {net} 1 0") == \
        [int(byte, 16) for byte in MAC.split(":")]
    seen = accesses(vm, net, 1, f"pcibar write --share-page -w 2 {net} 1 8 0x1234 && "
                    f"pcibar read --share-page -w 2 {net} 1 8")
    assert seen == [Access("write", 8, 2, 0x1234), Access("read", 8, 2, 0x1234)]
    with vm.trace() as trace:
        # The interrupt mask, the one register of ivshmem that keeps its value.
        vm.check(f"pcibar write --share-page {memory} 0 0 0x5a")
        assert numbers(vm, f"pcibar read --share-page {memory} 0 0") == [0x5a]
    seen = trace.bar(memory, 0)
    assert [(access.op, access.address) for access in seen] == [("write", 0), ("read", 0)]
    assert not trace.bar(net, 1)
    dump = vm.check(f"pcibar dump --share-page -f raw {memory} 0").output
    assert len(dump) == 256 and dump[:4] == b"\x5a\0\0\0"


@through("freebsd")
@through("pciio", kernels=ON_AMD64)
@scenario(kernels=EVERYWHERE)
def two_functions(vm):
    memory, net = vm.plug_together({"memory": ivshmem(1 << 20), "net": rtl8139(mac=MAC)})
    assert same_page(memory.bar(0), net.bar(1))
    enable(vm)
    refuses_both(vm, memory, net)
    own_bytes(vm, memory, net)


@scenario(cold=Machine(), devices={"memory": ivshmem(1 << 20), "net": rtl8139(mac=MAC)},
          kernels=NEWEST)
def two_functions_cold(vm, memory, net):
    """The firmware gives each a page of its own: alone in it, no BAR is refused."""
    assert not same_page(memory.bar(0), net.bar(1))
    vm.check(f"pcibar read {memory} 0 0 && pcibar read {net} 1 0")
    vm.place_again(memory)
    vm.place_again(net, bar=1)
    assert same_page(memory.bar(0), net.bar(1))
    enable(vm)
    refuses_both(vm, memory, net)
    own_bytes(vm, memory, net)


@through("pciio")
@scenario(devices={"carrier": Device("tpci200")}, kernels=OLDEST_AND_NEWEST)
def one_function(vm, carrier):
    """Several small BARs of one function are distinguished, too."""
    bars = (0, 2, 3)
    assert same_page(*(carrier.bar(bar) for bar in bars))
    enable(vm)
    for bar in bars:
        other = next(index for index in bars if index != bar)
        refused(vm, f"pcibar read {carrier} {bar} 0", 1,
                f"BAR {other} of the same function is in the same page", "--share-page")
    for bar in bars:
        with vm.trace() as trace:
            vm.check(f"pcibar read --share-page -w 2 {carrier} {bar} 0")
        assert [index for index in bars if trace.bar(carrier, index)] == [bar]
    # Larger than a page: nothing can be in it.
    vm.check(f"pcibar read -w 2 {carrier} 4 0")
