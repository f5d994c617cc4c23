# SPDX-License-Identifier: BSD-2-Clause
"""The kernel module: requests in detail, by 64-bit and 32-bit programs."""

from harness.devices import bochs_display, e1000e, edu, ivshmem, nvme, rtl8139
from harness.holder import command, enable, held, unused
from harness.kernels import NEWEST, OLDEST_AND_NEWEST
from harness.machine import Machine
from harness.pciio_module import LOG, load
from harness.programs import builds, has_32_bits
from harness.scenario import Skip, scenario

GIB = 1 << 30
NVME_LOG = LOG + ("nvme nvme", "nvme 0000:")

# Of every function, what the line of pciio-list is made from. Kernels without NUMA have no nodes.
FACTS = r"""
cd /sys/bus/pci/devices
for name in *; do
    (cd $name
    header=$(hexdump -s 14 -n 1 -e '1/1 "%u"' config)
    driver=$([ -e driver ] && basename $(readlink driver) || echo -)
    buses=$([ -e secondary_bus_number ] && cat secondary_bus_number subordinate_bus_number ||
            echo 0 0)
    echo $name $header $(cat vendor device subsystem_vendor subsystem_device class revision) \
        $driver $(cat numa_node 2>/dev/null || echo -1) $buses)
done
"""


class Fact:
    """One function by sysfs."""

    def __init__(self, line, units):
        name, header, *ids, driver, node, secondary, subordinate = line.split()
        vendor, device, subvendor, subdevice, kind, revision = (int(word, 16) for word in ids)
        unit = 0 if driver == "-" else units.get(driver, 0)
        units[driver] = unit + 1
        domain, bus, place = name.split(":")
        slot, func = place.split(".")
        self.values = {"domain": int(domain, 16), "bus": int(bus, 16), "dev": int(slot, 16),
                       "func": int(func), "vendor": vendor, "device": device,
                       "class": kind >> 16, "unit": unit, "name": driver}
        self.line = (f"{name} {int(header) & 0x7f:02x} {vendor:04x}:{device:04x} "
                     f"{subvendor:04x}:{subdevice:04x} {kind:06x} {revision:02x} {driver} {unit} "
                     f"{node} {secondary} {subordinate}")

    def matches(self, pattern):
        """As the module should see it, for a pattern such as "bus=1 or class=2 vendor=0x8086"."""
        def holds(word):
            key, value = word.split("=")
            have = self.values[key]
            return have == value if key == "name" else have == int(value, 0)

        return any(all(map(holds, one.split())) for one in pattern.split(" or "))


def facts(vm):
    units = {}
    return [Fact(line, units) for line in vm.check(FACTS).stdout.splitlines()]


@scenario(devices={"edu": edu(), "memory": ivshmem(16 * GIB), "net": rtl8139()}, log=LOG,
          kernels=OLDEST_AND_NEWEST)
def abi32(vm, edu, memory, net):
    """A 32-bit program on the 64-bit kernel: what a 64-bit one gets, and its limits."""
    if not has_32_bits(vm):
        raise Skip("no 32-bit programs: gcc-multilib is missing, which scripts/setup installs "
                   "unless a cross compiler of Debian's is there")
    load(vm)
    enable(vm, edu, memory, net)
    vm.check(f"pciio-abi-32 {edu} {memory} {net}")
    with open(memory.backing_file(), "rb") as file:
        file.seek(12 * GIB)
        assert file.read(4) == bytes.fromhex("2000ed5e")
    vm.check(f"pciio-rights-32 {edu}")
    display = vm.plug(bochs_display())
    enable(vm, display)
    for words in ((), ("request",)):
        # 2 MiB pages in a small address space, too.
        frames = held(vm, display, 0, "rw", *words, program="pciio-hold-32")
        assert int(frames.ask("sparse")) <= 16
        assert frames.ask("write 0xfffffc 0x5a5a5a5a") == "ok"
        assert held(vm, display, 0).ask("read 0xfffffc") == "0x5a5a5a5a"


@scenario(devices={"first": nvme(), "second": nvme(serial="other"), "net": e1000e(),
                   "edu": edu()}, log=NVME_LOG, kernels=OLDEST_AND_NEWEST)
def listing(vm, first, second, net, edu):
    """Every function as sysfs has it, by patterns and in pages, for both ABIs."""
    load(vm)
    vm.modprobe("nvme")
    vm.wait_until(f"[ -e {first.sysfs}/driver ] && [ -e {second.sysfs}/driver ]")
    there = facts(vm)
    bus = there[-1].values["bus"]
    patterns = ("domain=0", "domain=1", f"bus={bus}", "bus=0 dev=0x10", "func=0 bus=0",
                "name=nvme", "name=nvm", "name=nvme1", "name=nvme unit=1", "unit=1",
                "name=pcieport unit=2", "vendor=0x1b36", "device=0x11e8", "class=1", "class=0",
                "vendor=0x8086 class=2", "vendor=0x8086 device=0x11e8",
                f"bus={bus} or name=nvme or class=6", "class=2 or class=0xfe")
    matched = []
    for program in builds(vm, "pciio-list"):
        whole = [fact.line for fact in there]
        for pages in ("", "-p 1", "-p 3", f"-p {len(there)}"):
            assert vm.check(f"{program} {pages}").stdout.splitlines() == [*whole, "last"]
        for pattern in patterns:
            wanted = [fact.line for fact in there if fact.matches(pattern)]
            matched.append(len(wanted))
            for pages in ("", "-p 1"):
                printed = vm.check(f"{program} {pages} {pattern}").stdout.splitlines()
                assert printed == [*wanted, "last"], pattern
    assert 0 in matched and 1 in matched and max(matched) > 2


@scenario(log=LOG, kernels=NEWEST)
def changed(vm):
    """A function that comes or goes between two calls ends the listing."""
    load(vm)
    vm.check("mkfifo /tmp/go")

    def ends(event):
        job = vm.spawn("exec 3<>/tmp/go; exec pciio-list -p 2 -w <&3 >/tmp/listed")
        vm.wait_until("grep -q waiting /tmp/listed")
        event()
        vm.check("echo go >/tmp/go")
        assert job.wait().status == 0
        return vm.check("tail -n 1 /tmp/listed; rm /tmp/listed").stdout.strip()

    functions = []
    assert ends(lambda: None) == "last"
    assert ends(lambda: functions.append(vm.plug(rtl8139()))) == "changed"
    assert ends(lambda: vm.check(f"echo 1 >{functions[0].sysfs}/remove")) == "changed"
    assert ends(lambda: None) == "last"


@scenario(devices={"edu": edu(), "disk": nvme()}, log=LOG, kernels=NEWEST)
def registers(vm, edu, disk):
    """Both sizes of configuration space; a BAR that does not decode."""
    load(vm)

    def conf(words, status=0):
        return vm.check(f"pciio-conf {words}", status=status).stdout.strip()

    for function, size in ((edu, 256), (disk, 4096)):
        assert vm.check(f"stat -c %s {function.sysfs}/config").stdout == f"{size}\n"
        for width in (1, 2, 4):
            at = size - width
            seen = vm.check(f"hexdump -s {at} -n {width} -e '1/{width} \"0x%0{2 * width}x\"' "
                            f"{function.sysfs}/config").stdout
            assert conf(f"{function} {at} {width}") == seen
            assert conf(f"{function} {size} {width}", status=1) == "Invalid argument"
            assert conf(f"{function} {size} {width} 0", status=1) == "Invalid argument"
    # Decoding is on for the access, and off again.
    assert command(vm, edu) == "0000"
    assert vm.check(f"pciio-bario {edu} 0 0 4").stdout == "0x010000ed\n"
    vm.check(f"pciio-bario {edu} 0 4 4 0x12345678")
    assert vm.check(f"pciio-bario {edu} 0 4 4").stdout == "0xedcba987\n"
    assert command(vm, edu) == "0000"
    unused(vm)


@scenario(devices={"edu": edu()}, log=LOG)
def hostile(vm, edu):
    """Malicious requests: an errno, and nothing is left of them."""
    load(vm)
    enable(vm, edu)
    for program in builds(vm, "pciio-hostile"):
        vm.check(f"{program} {edu}")
        unused(vm)


# The kernel evaluates the firmware's interrupt routing at each ACTIVATE: the debug kernel takes
# half a second for it.
@scenario(cold=Machine(smp=2), log=LOG, timeout=240)
def removed(vm):
    """Mapped over and over while the function is removed and found again."""
    load(vm)
    function = vm.plug(edu())
    ended = vm.check(f"pciio-race {function}", timeout=200)
    made, refused, _ = map(int, ended.stdout.split())
    assert made >= 1000, ended.stdout
    assert refused, ended.stdout
    unused(vm)
    assert vm.check(f"pciio-bario {function} 0 0 4").stdout == "0x010000ed\n"
