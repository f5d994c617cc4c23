# SPDX-License-Identifier: BSD-2-Clause
"""The architectures that something is built for, and the machines that guests of them get."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Platform:
    """A machine that QEMU emulates, and what differs in its guests.

    qemu: the program; package: what has it
    ports: QEMU's arguments for the ports of the console and of the agent
    agent: the guest's name of the agent's port
    append: kernel arguments
    runtime: what a dynamically linked C program needs, where its loader looks
    """

    qemu: str
    package: str
    machine: str
    cpu: str
    ports: tuple
    agent: str
    append: str
    runtime: tuple


@dataclass(frozen=True)
class Architecture:
    """name: Debian's; triplet: of its cross compiler, where the machine's own gcc will not do

    emulator: runs single programs of it
    """

    name: str
    triplet: str = ""
    platform: Platform | None = None
    emulator: str = ""


# No PIT: on a busy host a clock that the kernel measures with it is 15 times too slow. Nor the
# checks of the clocks against each other, which find faults on a busy host.
AMD64 = Architecture("amd64", platform=Platform(
    qemu="qemu-system-x86_64", package="qemu-system-x86", machine="q35,pit=off", cpu="qemu64",
    ports=("-serial", "chardev:console", "-serial", "chardev:agent"), agent="ttyS1",
    append="console=ttyS0 8250.nr_uarts=2 tsc=reliable no_timer_check",
    runtime=("lib64/ld-linux-x86-64.so.2", "lib/x86_64-linux-gnu/libc.so.6")))

# There is no firmware: Linux makes the ports' windows, all of one size, in a space of 512 GiB.
ARM64 = Architecture("arm64", "aarch64-linux-gnu", Platform(
    qemu="qemu-system-aarch64", package="qemu-system-arm", machine="virt", cpu="cortex-a57",
    ports=("-serial", "chardev:console", "-device", "pci-serial,chardev=agent,addr=3"),
    agent="ttyS0", append="console=ttyAMA0 8250.nr_uarts=1 pci=hpmmiosize=64M,hpmmioprefsize=64G",
    runtime=("lib/ld-linux-aarch64.so.1", "lib/aarch64-linux-gnu/libc.so.6")),
    emulator="qemu-aarch64")

ARMHF = Architecture("armhf", "arm-linux-gnueabihf")
I386 = Architecture("i386")
MIPS64EL = Architecture("mips64el", "mips64el-linux-gnuabi64")
PPC64EL = Architecture("ppc64el", "powerpc64le-linux-gnu")
S390X = Architecture("s390x", "s390x-linux-gnu", emulator="qemu-s390x")
CROSS = {each.name: each for each in (ARM64, ARMHF, MIPS64EL, PPC64EL, S390X)}
