# SPDX-License-Identifier: BSD-2-Clause
"""The architectures that something is built for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """name: Debian's; triplet: of its cross compiler, where the machine's own gcc will not do"""

    name: str
    triplet: str = ""


AMD64 = Architecture("amd64")
ARM64 = Architecture("arm64", "aarch64-linux-gnu")
ARMHF = Architecture("armhf", "arm-linux-gnueabihf")
I386 = Architecture("i386")
MIPS64EL = Architecture("mips64el", "mips64el-linux-gnuabi64")
PPC64EL = Architecture("ppc64el", "powerpc64le-linux-gnu")
S390X = Architecture("s390x", "s390x-linux-gnu")
CROSS = {each.name: each for each in (ARM64, ARMHF, MIPS64EL, PPC64EL, S390X)}
