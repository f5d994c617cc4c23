# SPDX-License-Identifier: BSD-2-Clause
"""pciconf, through the module and through sysfs: what it prints is what the devices hold."""

import re

from harness.devices import e1000e, edu, ivshmem, nvme, rtl8139
from harness.kernels import NEWEST, OLDEST_AND_NEWEST
from harness.pciio_module import LOG, load
from harness.scenario import scenario

MAC = "52:54:00:12:34:56"
DEVICES = {"edu": edu(), "memory": ivshmem(16 << 30), "net": rtl8139(mac=MAC), "disk": nvme(),
           "card": e1000e(mac="52:54:00:65:43:21")}
OPTIONS = {1: "-b", 2: "-h", 4: "", 8: "-x"}
PIECE = 64 << 10


def name(function):
    """As FreeBSD writes an address."""
    bus, slot, number = (int(part, 16) for part in re.split("[:.]", function.address)[1:])
    return f"pci0:{bus}:{slot}:{number}"


def turn_on(vm, *functions):
    """Decoding, with the command itself."""
    for function in functions:
        vm.check(f"pciconf -w -h {name(function)} 4 3")


class Commands:
    """Commands with what a device shall see of each, all run at once under one trace."""

    def __init__(self, vm):
        self.vm = vm
        self.expected = []

    def expect(self, function, index, options, register, operands, accesses):
        """Options and operands of pciconf, and (operation, offset, width) of each access."""
        number = len(self.expected)
        self.expected.append((f"pciconf {options} {name(function)} {register:#x} {operands} "
                              f">/host/out-{number}", function, index, accesses))

    def run(self):
        """[(what a command printed, the values of its accesses)] in order."""
        with self.vm.trace() as trace:
            self.vm.check(" && ".join(command for command, *_ in self.expected))
        # Two BARs of the same registers are one place in the trace.
        places = [(function, function.device.aliases.get(index, index))
                  for _, function, index, _ in self.expected]
        seen = {place: trace.bar(*place) for place in set(places)}
        results = []
        for number, (command, _, _, wanted) in enumerate(self.expected):
            accesses = seen[places[number]]
            mine, seen[places[number]] = accesses[:len(wanted)], accesses[len(wanted):]
            got = [(access.op, access.address, access.size) for access in mine]
            assert got == wanted, f"{command}: {got[:9]}"
            results.append(((self.vm.share / f"out-{number}").read_bytes(),
                            [access.value for access in mine]))
        assert not any(seen.values()), "there were more accesses than units"
        return results


def exactness(commands, function, index, register, first, length, width):
    """One access of the width per unit, by every mode."""
    option = OPTIONS[width]
    reads = [("read", at, width) for at in range(first, first + length, width)]
    commands.expect(function, index, f"-D {option}", register, f"{first // width} {len(reads)}",
                    reads)
    commands.expect(function, index, f"-R {option}", register, f"{first}:{first + length - 1}",
                    reads)
    commands.expect(function, index, f"-W {option}", register, f"{first} 0x11",
                    [("write", first, width)])


def registers(vm, edu, net):
    """Every width at a register, at the end of a BAR, and all of one; memory and I/O."""
    turn_on(vm, edu, net)
    commands = Commands(vm)
    for width in (1, 2, 4):
        exactness(commands, net, 1, 0x14, 8, 8, width)
        exactness(commands, net, 0, 0x10, 8, 8, width)
    exactness(commands, edu, 0, 0x10, 0x80, 16, 8)
    exactness(commands, edu, 0, 0x10, 0, 12, 4)
    for width in (1, 2, 4):
        option, units = f"-D {OPTIONS[width]}", 256 // width
        for operands, places in (("", range(0, 256, width)), (f"{units - 1} 9", [256 - width]),
                                 (f"{units}", []), (f"{units + 1} 1", [])):
            commands.expect(net, 1, option, 0x14, operands, [("read", at, width) for at in places])
    # What is too long for one piece is still one row of accesses.
    commands.expect(edu, 0, "-D", 0x10, f"0x800 {PIECE // 4 + 8}",
                    [("read", at, 4) for at in range(0x2000, 0x2000 + PIECE + 32, 4)])
    for number, (output, values) in enumerate(commands.run()):
        command, _, _, accesses = commands.expected[number]
        width = accesses[0][2] if accesses else 1
        image = b"".join(value.to_bytes(width, "little") for value in values)
        if " -R " in command:
            assert bytes.fromhex(output.decode()) == image, command
        elif " -D " in command:
            assert output == image, command
    assert vm.check(f"pciconf -R -b {name(net)} 0x10 0:5").stdout == \
        MAC.replace(":", " ") + " \n"


def both_ends(vm, memory):
    """A BAR of 16 GiB that is a file of the host."""
    turn_on(vm, memory)
    last = (16 << 30) - 4096
    data = bytes(range(256)) * 16
    with open(memory.backing_file(), "r+b") as file:
        file.write(data)
        file.seek(last)
        file.write(data[::-1])
    dumps = []
    for width, option in OPTIONS.items():
        for attribute in ("", "-m wc"):
            dump = f"pciconf -D {option} {attribute} {name(memory)} 0x18"
            dumps += [f"{dump} 0 {4096 // width}", f"{dump} {last // width}",
                      f"{dump} {(16 << 30) // width}"]
    output = vm.check(" && ".join(dumps)).output
    assert output == (data + data[::-1]) * (len(dumps) // 3)
    vm.check(f"pciconf -W -x {name(memory)} 0x18 {last} 0x0102030405060708")
    with open(memory.backing_file(), "rb") as file:
        file.seek(last)
        assert file.read(8) == bytes(range(8, 0, -1))


def drivers(vm, disk, card, module):
    """Names and units, what -a says, and BARs that a driver has, which are shared."""
    assert vm.check(f"pciconf -a {name(disk)}", status=2).stdout == f"{name(disk)}: not attached\n"
    vm.modprobe("nvme", "e1000e")
    vm.wait_until(f"[ -e {disk.sysfs}/driver ] && [ -e {card.sysfs}/driver ]")
    for driver, function in (("nvme0", disk), ("e1000e0", card)):
        assert vm.check(f"pciconf -a {driver}").stdout == f"{driver}: attached\n"
        (line,) = vm.check(f"pciconf -l {driver}").stdout.splitlines()
        assert line.startswith(f"{driver}@{name(function)}:\tclass="), line
        assert vm.check(f"pciconf -l {name(function)}").stdout == line + "\n"
    assert vm.check("pciconf -r -h e1000e0 0").stdout == "8086 \n"
    # The device status register, which the driver has. Debian's kernels have IO_STRICT_DEVMEM:
    # sysfs keeps the BARs of drivers to itself, the module does not when asked to share.
    if not module:
        refusal = vm.check("pciconf -R e1000e0 0x10 8", status=1).stderr
        assert "e1000e" in refusal and refusal.count("\n") == 1, refusal
    else:
        assert re.fullmatch("[0-9a-f]{8} \n", vm.check("pciconf -R e1000e0 0x10 8").stdout)


def lists(vm, card, memory):
    """What QEMU's documentation and sources say of these devices."""
    text = vm.check(f"pciconf -lbcv {name(card)}").stdout
    starts = [card.bar(index)[0] for index in range(4)]
    for line in (
            "vendor=0x8086 device=0x10d3 subvendor=0x8086 subdevice=0x0000",
            "    class      = network\n    subclass   = ethernet\n",
            f"    bar   [10] = type Memory, range 32, base {starts[0]:#x}, size 131072, enabled\n",
            f"    bar   [18] = type I/O Port, range 32, base {starts[2]:#x}, size 32, ",
            "    cap 01[c8] = powerspec 2  supports D0 D3  current D0\n",
            "    cap 05[d0] = MSI supports 1 message, 64 bit",
            "    cap 10[e0] = PCI-Express 1 endpoint max data ",
            "    cap 11[a0] = MSI-X supports 5 messages",
            "                 Table in map 0x1c[0x0], PBA in map 0x1c[0x2000]\n",
            "    ecap 0001[100] = AER ",
            "    ecap 0003[140] = Serial 1 525400ffff654321\n"):
        assert line in text, f"{line!r} is not in {text}"
    start = memory.bar(2)[0]
    assert (f"    bar   [18] = type Prefetchable Memory, range 64, base {start:#x}, size "
            "17179869184, enabled\n") in vm.check(f"pciconf -lb {name(memory)}").stdout
    bus = int(memory.address[5:7], 16)
    bridges = vm.check("pciconf -lB").stdout
    assert f"    bus range  = {bus}-{bus}\n" in bridges
    tree = vm.check("pciconf -t").stdout.splitlines()
    (place,) = (number for number, line in enumerate(tree) if line.endswith(f" {name(memory)}"))
    assert re.fullmatch(r"  [|`]--- pcieport\d", tree[place - 1]), tree
    assert "  |  `--- nvme0" in tree and "  |  `--- e1000e0" in tree, tree
    return vm.check("pciconf -lbBcev; pciconf -ll; pciconf -tv").stdout


def works(vm, devices, module):
    """All that is the same with the module and without it; returns what the lists say."""
    registers(vm, devices["edu"], devices["net"])
    both_ends(vm, devices["memory"])
    drivers(vm, devices["disk"], devices["card"], module)
    return lists(vm, devices["card"], devices["memory"])


@scenario(devices=DEVICES, kernels=NEWEST)
def sysfs(vm, **devices):
    works(vm, devices, module=False)


@scenario(devices=DEVICES, log=LOG, kernels=OLDEST_AND_NEWEST)
def pciio(vm, **devices):
    load(vm)
    listed = works(vm, devices, module=True)
    net = name(devices["net"])
    # Units are the module's own, and every back end says the same.
    for backend in ("sysfs", "pciio"):
        option = f"--backend {backend}"
        assert vm.check(f"pciconf {option} -lbBcev; pciconf {option} -ll; pciconf {option} -tv"
                        ).stdout == listed, backend
    assert vm.check("pciconf --backend freebsd -lbce").stdout == vm.check("pciconf -lbce").stdout
    assert vm.check("pciconf -lV").stdout == vm.check("pciconf -l").stdout
    vm.check(f"pciconf -W {net} 0x14 8 0x44332211")
    for backend in ("sysfs", "pciio", "freebsd"):
        assert vm.check(f"pciconf --backend {backend} -D -h {net} 0x14 4 2").output == \
            bytes.fromhex("11223344"), backend
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")


@scenario(devices={"memory": ivshmem(1 << 24)}, log=LOG, kernels=NEWEST)
def unplugged(vm, memory):
    """A dump from which the device is pulled out while it is read: what was read is complete."""
    load(vm)
    turn_on(vm, memory)
    data = bytes(range(256)) * (1 << 16)
    with open(memory.backing_file(), "r+b") as file:
        file.write(data)
    vm.check("mkfifo /tmp/dump /tmp/gone")
    dump = vm.spawn(f"exec pciconf -D -x {name(memory)} 0x18 >/tmp/dump")
    reader = vm.spawn("{ dd bs=1 count=1 of=/tmp/first 2>/dev/null; : >/tmp/begun; "
                      "read -r _ </tmp/gone; cat >/tmp/rest; } </tmp/dump")
    vm.wait_until("[ -e /tmp/begun ]")
    vm.unplug(memory)
    vm.check("echo >/tmp/gone")
    ended = dump.wait()
    reader.wait().expect(0)
    assert ended.status == 1 and ended.stderr.count("\n") == 1, ended
    assert "the device was lost" in ended.stderr, ended
    read = vm.check("cat /tmp/first /tmp/rest").output
    assert read and len(read) % PIECE == 0 and read == data[:len(read)], len(read)


@scenario(devices={"edu": edu(), "net": rtl8139()}, log=LOG, kernels=NEWEST)
def rights(vm, edu, net):
    """An ordinary user may look; what he may not, he hears why."""
    looks = [f"pciconf {line}" for line in (
        "-l", "-ll", "-lb", "-t", f"-a {name(edu)} || true", f"-r {name(edu)} 0:0x3f")]
    refusals = ((f"-r {name(edu)} 0x40", "no permission for this part"),
                (f"-lc {name(edu)}", "no permission for this part"),
                (f"-w {name(edu)} 0x40 0", "no permission for this part"),
                (f"-D {name(edu)} 0x10", "no permission"),
                (f"-R {name(net)} 0x10 0", "no permission"),
                (f"-W {name(edu)} 0x10 0 0", "no permission"))
    turn_on(vm, edu, net)
    for module in (False, True):
        if module:
            load(vm)
        allowed = vm.check(" && ".join(looks), user="nobody")
        assert (allowed.stdout, allowed.stderr) == (vm.check(" && ".join(looks)).stdout, "")
        refused = vm.check("; ".join(f"pciconf {line} && echo {line}" for line, _ in refusals),
                           status=1, user="nobody")
        sentences = refused.stderr.splitlines()
        assert [phrase in sentence for (_, phrase), sentence
                in zip(refusals, sentences, strict=True)] == [True] * len(refusals), refused
        assert refused.stdout.count("\n") == 1, refused
