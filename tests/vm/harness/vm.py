# SPDX-License-Identifier: BSD-2-Clause
"""A running guest with its devices: what a scenario holds in its hands."""

import shlex
from .devices import backing_file
from .agent import Agent
from .machine import BIG_PORT, PORTS, Machine
from .qemu import Deadline, Qemu, QemuEnded, VmError
from .trace import Trace


class BootFailed(VmError):
    """The guest ended before its first command. No module of the project was loaded then."""


class Function:
    """A PCI function of the guest. As text it is its address, so that commands can name it."""

    def __init__(self, vm, name, device, address):
        self.vm = vm
        self.name = name
        self.device = device
        self.address = address
        self.sysfs = f"/sys/bus/pci/devices/{address}"

    def __str__(self):
        return self.address

    __repr__ = __str__

    def bar(self, index):
        """(start, size) as the guest's kernel sees it."""
        start, end = self.resource(index)[:2]
        return start, end - start + 1 if end else 0

    def resource(self, index):
        """(start, end, flags) of a line of sysfs's `resource`."""
        lines = self.vm.check(f"cat {self.sysfs}/resource").stdout.splitlines()
        return tuple(int(word, 16) for word in lines[index].split())

    def backing_file(self, prop="memdev"):
        """The file of the host behind the device's memory or disk."""
        return backing_file(self.vm.directory, self.name, prop)


class VM:
    backend = "sysfs"

    def __init__(self, image, directory, machine=Machine(), devices=None, timeout=120):
        """DEVICES, {name: Device}, are there from the boot on; TIMEOUT bounds the guest's life."""
        self.image = image
        self.directory = directory
        self.share = directory / "share"
        self.deadline = Deadline(timeout, image.kernel.slowness)
        self.functions = {}
        self.slots = {}
        self.plugged = 0
        (self.share / "run").mkdir(parents=True)
        arguments = machine.arguments(image.kernel, image.initramfs, directory)
        for name, device in (devices or {}).items():
            arguments += device.arguments(name, directory)
        if image.snapshot:
            arguments += ["-S", "-incoming", "defer"]
        self.qemu = Qemu(arguments, directory, self.deadline)
        try:
            self.agent = Agent(self.qemu.agent_lines, self.share, self.deadline)
            if image.snapshot:
                self._restore(image.snapshot)
            else:
                self._wait_ready(timeout)
            for name, device in (devices or {}).items():
                self._learn(name, device)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.qemu.kill()

    # Commands

    def run(self, command, user="root", stdin=b"", timeout=30):
        """Runs a shell command in the guest and returns its Result, whatever its status."""
        return self.agent.run(command, user, stdin, timeout)

    def check(self, command, status=0, **how):
        """Runs a shell command that must end with STATUS."""
        return self.run(command, **how).expect(status)

    def spawn(self, command, user="root", stdin=b""):
        """Starts a shell command and returns a Job to wait() for. With `exec` before a
        single program, a signal and the status are the program's own."""
        return self.agent.spawn(command, user, stdin)

    def wait_until(self, condition, timeout=30):
        """Waits until a shell condition holds in the guest, such as `[ -e FILE ]`."""
        self.check(f"until {condition}; do :; done", timeout=timeout)

    # Devices

    def plug(self, device, name=None):
        """Hot-plugs a device into an empty port and waits until the guest's kernel has it."""
        self.plugged += 1
        name = name or f"{device.driver}-{self.plugged}"
        (function,) = self.plug_together({name: device})
        return function

    def plug_together(self, devices):
        """Hot-plugs {name: Device} as the functions of one slot, in this order from 0.

        Linux packs their BARs that are smaller than a page into one page.
        """
        port = self._free_port(any(device.big for device in devices.values()))
        self.slots[port] = list(devices)
        # The guest is notified when function 0 arrives, so that comes last.
        for number, (name, device) in reversed(list(enumerate(devices.items()))):
            device.attach(self.qemu.monitor, name, self.directory, bus=port, addr=f"0.{number}",
                          multifunction=len(devices) > 1)
        return [self._learn(name, device) for name, device in devices.items()]

    def unplug(self, function):
        """Hot-unplugs the function's slot and waits until the guest has let go of it."""
        (port,) = (port for port, names in self.slots.items() if function.name in names)
        self.qmp("device_del", id=self.slots[port][0])
        for name in self.slots.pop(port):
            self.qemu.monitor.wait_event("DEVICE_DELETED", device=name)
            del self.functions[name]

    def bind(self, function, driver):
        """Binds a driver in place of the present one; its module must be loaded."""
        self.unbind(function)
        self.check(f"echo {driver} >{function.sysfs}/driver_override; "
                   f"echo {function} >/sys/bus/pci/drivers_probe; "
                   f"[ -e /sys/bus/pci/drivers/{driver}/{function} ]")

    def unbind(self, function):
        self.check(f"[ ! -e {function.sysfs}/driver ] || "
                   f"echo {function} >{function.sysfs}/driver/unbind")

    def modprobe(self, *names):
        """Loads modules of the guest's kernel with their dependencies."""
        folder = self.share / "modules"
        folder.mkdir(exist_ok=True)
        for name, content in self.image.modules.closure(names).items():
            (folder / f"{name}.ko").write_bytes(content)
            self.check(f"[ -e /sys/module/{name} ] || insmod /host/modules/{name}.ko")

    def place_again(self, *functions, bar=0):
        """Makes Linux place a BAR of functions of one bus, when the firmware has placed them.

        Firmware gives each BAR a page of its own, Linux packs BARs smaller than a page together.
        """
        for function in functions:
            self.check(f"printf '\\0\\0\\0\\0' | dd of={function.sysfs}/config bs=1 "
                       f"seek={0x10 + 4 * bar} conv=notrunc; echo 1 >{function.sysfs}/remove")
        self.check("echo 1 >/sys/bus/pci/rescan")

    # From outside

    @property
    def e1000e_sends(self):
        """How often QEMU's e1000e sends a message of MSI-X: "once", or "twice", which a test has
        to allow there and nowhere else.

        Since QEMU 8.0 a vector's throttling timer, which every message starts and nothing turns
        off, sends one more when it expires after 128 us, whether or not there is a cause for one.
        A change against it was posted in 2025; 10.0 does not have it.
        """
        return "twice" if self.qemu.monitor.version >= (8, 0) else "once"

    def qmp(self, command, **arguments):
        return self.qemu.monitor.execute(command, **arguments)

    def hmp(self, line):
        return self.qmp("human-monitor-command", **{"command-line": line})

    def trace(self, config=False):
        """`with vm.trace() as trace:` records accesses to registers; see Trace."""
        return Trace(self.qemu.monitor, self.directory / "trace.log", config)

    def screendump(self, function, path):
        """Writes the picture of a display device as PNG."""
        self.qmp("screendump", filename=str(path), device=function.name, format="png")

    def picture(self, function):
        """What a display device shows: (width, height, bytes of red, green, blue)."""
        path = self.directory / f"{function.name}.ppm"
        self.qmp("screendump", filename=str(path), device=function.name, format="ppm")
        _, size, _, pixels = path.read_bytes().split(b"\n", 3)
        width, height = map(int, size.split())
        return width, height, pixels

    def kernel_log(self):
        """The lines of the guest's kernel log, each with its <level>; also left as artefact."""
        log = self.check("dmesg -r").output
        (self.directory / "kernel.log").write_bytes(log)
        return log.decode("utf-8", "replace").splitlines()

    def console(self):
        """What the kernel has printed on its console: warnings and worse, also when it died."""
        return (self.directory / "console.log").read_text(encoding="utf-8", errors="replace")

    def save(self, path):
        """Stops the guest for good and saves it for an Image to start from."""
        self.qmp("stop")
        self._migrate("migrate", f"exec:cat >{shlex.quote(str(path))}")

    def _wait_ready(self, timeout):
        try:
            self.agent.wait_ready(timeout)
        except QemuEnded as error:
            raise BootFailed(str(error)) from error

    def _restore(self, path):
        self._migrate("migrate-incoming", f"exec:cat {shlex.quote(str(path))}")
        self.qmp("cont")

    def _migrate(self, command, uri):
        self.qmp("migrate-set-capabilities",
                 capabilities=[{"capability": "events", "state": True}])
        self.qmp("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self.qmp(command, uri=uri)
        self.qemu.monitor.wait_event("MIGRATION", status="completed")

    def _free_port(self, big):
        for port in (BIG_PORT,) if big else PORTS:
            if port not in self.slots:
                return port
        raise VmError("all ports of the machine are in use")

    def _learn(self, name, device):
        for entry in _pci_devices(self.qmp("query-pci")):
            if entry["qdev_id"] == name:
                place = f"{entry['slot']:02x}.{entry['function']}"
                bus = f"{entry['bus']:02x}"
                # The last that the kernel makes for a function before it looks for a driver. Some
                # architectures have the domain in the bus's name.
                self.wait_until(f"[ -e /proc/bus/pci/*{bus}/{place} ]")
                function = Function(self, name, device, f"0000:{bus}:{place}")
                self.functions[name] = function
                return function
        raise VmError(f"QEMU has no PCI function {name}")


def _pci_devices(buses):
    for bus in buses:
        for entry in bus["devices"]:
            yield entry
            if "devices" in entry.get("pci_bridge", {}):
                yield from _pci_devices([entry["pci_bridge"]])
