# SPDX-License-Identifier: BSD-2-Clause
"""What README.md and the manual pages show is what happens."""

import random
import subprocess
import sys

from harness import pciio_module, python
from harness.devices import bochs_display, e1000e, edu, ivshmem, nvme, rtl8139
from harness.kernels import NEWEST
from harness.machine import Machine
from harness.paths import SOURCE
from harness.pcibar import enable, fill, wait_for
from harness.scenario import scenario
from harness.vfio import IOMMU

sys.path.insert(0, str(SOURCE / "tests" / "lib"))

import examples  # noqa: E402

MIB, GIB = 1 << 20, 1 << 30
MAC = "52:54:00:12:34:56"
# That of `make demo`, where its devices have the same addresses; and one with a driver.
MACHINE = Machine(cpu="max")
DEVICES = {"edu": edu(addr="4"), "net": rtl8139(mac=MAC, addr="5"),
           "memory": ivshmem(4 * MIB, addr="6"), "display": bochs_display(addr="7"),
           "disk": nvme(addr="8")}
EDU_ID = "0x010000ed\n"


def finish(vm):
    """On a busy host the device computes for longer than the next command takes to start."""
    vm.wait_until("[ $(($(pcibar read 1234:11e8 0 0x20) & 1)) = 0 ]")


WATCH = {"pcibar watch 1234:11e8 0 0x20 --until 0:1 --timeout 1s": finish}


def play(vm, path, before=None, during=None, user="root"):
    """Runs the commands of a page, one after another; those after "$" as USER.

    before: {command: what has to happen first}
    during: {command: (what it prints, what happens then)}
    """
    wrong, folder = [], "/host"
    steps = list(examples.steps(SOURCE / path))
    assert steps, f"{path} shows no commands"
    for step in steps:
        if step.command.startswith("cd "):
            folder = step.command.removeprefix("cd ")
            continue
        if before and step.command in before:
            before[step.command](vm)
        job = vm.spawn(f"exec 2>&1; cd {folder}; PATH=$PATH:/host\n{step.command}",
                       user if step.prompt == "$" else "root")
        if during and step.command in during:
            text, act = during[step.command]
            wait_for(vm, job, text)
            act(vm)
        printed = job.wait().stdout
        if not step.is_as_shown(printed):
            wrong.append(f"{step.command}\n{printed}instead of\n{step.shown}")
    assert not wrong, f"{path}:\n" + "\n".join(wrong)


def build(vm, name, source):
    """Makes /host/NAME of a C program, with the library that the guest has."""
    vm.check("cp -L /usr/lib/libpcibar.so.1 /host")
    subprocess.run(["gcc", "-std=gnu11", "-O2", f"-I{SOURCE / 'include'}",
                    f"-I{SOURCE / 'include' / 'pciio'}", "-o", vm.share / name, "-x", "c", "-",
                    "-x", "none", vm.share / "libpcibar.so.1"], input=source, text=True, check=True)


def build_example(vm, name):
    """Makes /host/NAME of examples/NAME.c."""
    build(vm, name, (SOURCE / "examples" / f"{name}.c").read_text(encoding="utf-8"))


def run_python(vm, name, *words):
    """Runs examples/NAME with these arguments, and returns what it prints."""
    program = (SOURCE / "examples" / name).read_text(encoding="utf-8")
    arguments = f"import sys\nsys.argv[1:] = {[str(word) for word in words]}\n"
    return python.run(vm, arguments + program).stdout


def write(vm, name, data):
    (vm.share / name).write_bytes(data)


@scenario(cold=MACHINE, devices=DEVICES, kernels=NEWEST, log=pciio_module.LOG, timeout=300)
def readme(vm, memory, **_):
    def plug(_):
        """One more device behind a port, where it can be taken away, and a large one."""
        plugged["card"] = vm.plug(edu())
        large = vm.plug(ivshmem(16 * GIB))
        vm.check(f"pcibar enable {plugged['card']}; pcibar enable {large}")

    plugged = {}
    write(vm, "random", random.Random(1).randbytes(4 * MIB))
    write(vm, "picture", random.Random(2).randbytes(640 * 480 * 4))
    write(vm, "pciio.ko", pciio_module.build(vm.image.kernel).read_bytes())
    build_example(vm, "map-whole")
    play(vm, "README.md", before=WATCH | {"insmod pciio.ko": plug}, during={
        "pcibar watch 0000:01:00.0 0 0": ("010000ed", lambda _: vm.unplug(plugged["card"]))})
    assert memory.backing_file().read_bytes() == (vm.share / "random").read_bytes()

    (program,) = examples.programs(SOURCE / "README.md")
    build(vm, "program", program)
    assert vm.check("/host/program").stdout == "0xedcba987\n"


@scenario(cold=IOMMU, devices=DEVICES, kernels=NEWEST, log=(r"vfio-pci \S+: ",
                                                          "vfio_iommu_type1_attach_group"))
def users(vm, **_):
    """The function goes to a user, and back to its driver."""
    vm.modprobe("nvme", "vfio-pci", "vfio_iommu_type1")
    vm.wait_until("[ -b /dev/nvme0n1 ]")
    vm.check("echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts")
    play(vm, "docs/users.md", user="nobody")


@scenario(devices={"edu": edu()}, kernels=NEWEST)
def example_files(vm, edu):
    """The scripts among the examples; the programs in C are compiled by tests/abi."""
    enable(vm)
    for name in ("edu-factorial.pcibar", "what-changed.sh"):
        write(vm, name, (SOURCE / "examples" / name).read_bytes())
    script = vm.check("pcibar script 1234:11e8 /host/edu-factorial.pcibar").stdout
    assert script == "10! is 0x00375f00\n"

    changed = vm.check("sh /host/what-changed.sh 1234:11e8 0 0+64 pcibar write 1234:11e8 0 4 "
                       "0x55aa55aa").stdout
    assert len(changed.splitlines()) == 2 and changed.startswith("0x00000004: 0x"), changed

    python.install(vm)
    assert run_python(vm, "edu_factorial.py", edu, 10) == "3628800\n"


@scenario(devices={"edu": edu(), "net": e1000e()}, kernels=NEWEST, log=pciio_module.LOG)
def interrupted(vm, edu, net):
    """The examples wait for interrupts, by the line and by messages."""
    pciio_module.load(vm)
    for function in (edu, net):
        vm.bind(function, "pciio")
    for name in ("edu-interrupt", "e1000e-vectors"):
        build_example(vm, name)
    for kind in ("intx", "msi"):
        assert vm.check(f"/host/edu-interrupt {edu} 10 {kind}").stdout == (
            "10! = 3628800, after 1 interrupt, cause 0x1\n")
    shown = vm.check(f"/host/e1000e-vectors {net}").stdout.splitlines()
    if vm.e1000e_sends == "twice":
        assert len(shown) <= 10
        shown = list(dict.fromkeys(line.replace(": 2", ": 1") for line in shown))
    assert shown == [f"vector {number}: 1" for number in (4, 3, 2, 1, 0)]

    python.install(vm)
    for kind in ("intx", "msi"):
        assert run_python(vm, "edu_interrupt.py", edu, kind, 3, 10) == "6\n3628800\n"


@scenario(cold=IOMMU,
          devices={"disk": nvme()}, kernels=NEWEST, log=(r"vfio-pci \S+: (resetting|reset done)",))
def borrowed(vm, disk):
    """The example takes the function from its driver, and gives it back."""
    vm.modprobe("nvme", "vfio-pci", "vfio_iommu_type1")
    build_example(vm, "borrow")
    assert vm.check(f"/host/borrow {disk} 0 8").stdout == "vfio: 0x00010400\n"
    vm.check(f"[ -e /sys/bus/pci/drivers/nvme/{disk} ]")


@scenario(cold=MACHINE, devices=DEVICES, kernels=NEWEST, log=pciio_module.LOG, timeout=300)
def manual_pages(vm, edu, memory, **_):
    vm.modprobe("nvme")
    write(vm, "image", random.Random(3).randbytes(4 * MIB))
    play(vm, "man/pcibar.1", before=WATCH | {
        "pcibar compare 1af4:1110 2 image": lambda _: fill(memory, b"\x55\0\0\0", 0x1000)})

    (program,) = examples.programs(SOURCE / "man" / "libpcibar.3")
    build(vm, "read-id", program)
    assert vm.check("/host/read-id").stdout == EDU_ID

    pciio_module.load(vm)
    play(vm, "man/pciio.4")
    vm.check(f"[ -e /sys/bus/pci/drivers/pciio/{edu} ]")
    mapping, descriptor = examples.programs(SOURCE / "man" / "pciio.4")
    build(vm, "mapping", mapping)
    assert vm.check("/host/mapping").stdout == EDU_ID
    build(vm, "descriptor", descriptor)
    job = vm.spawn("exec /host/descriptor")
    # In poll(), system call 7 of x86-64: the register has been read.
    vm.wait_until(f"grep -q '^7 ' /proc/$(cat /run/{job.number})/syscall")
    vm.check(f"echo 1 >{edu.sysfs}/remove")
    assert job.wait().stdout == f"{EDU_ID}gone for ever\n"
