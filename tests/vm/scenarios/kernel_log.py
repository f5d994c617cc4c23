# SPDX-License-Identifier: BSD-2-Clause
"""Bad lines in the kernel log are seen, expected ones are not."""

from harness import kernel_log
from harness.kernels import NEWEST
from harness.scenario import scenario


@scenario(log=["pcibar: expected warning", "pcibar: harmless BUG"], kernels=NEWEST)
def judged(vm):
    vm.check("echo '<4>pcibar: expected warning' >/dev/kmsg")
    vm.check("echo '<6>pcibar: harmless BUG' >/dev/kmsg")
    vm.check("echo '<6>pcibar: information' >/dev/kmsg")
    bad = [line.rpartition("] ")[2] for line in kernel_log.unexpected(vm.kernel_log())]
    assert bad == ["pcibar: expected warning", "pcibar: harmless BUG"]
