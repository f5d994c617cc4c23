# SPDX-License-Identifier: BSD-2-Clause
"""What the debug kernel has lost: allocated, and found nowhere in memory any more."""

REPORTS = "/sys/kernel/debug/kmemleak"
# It does not report what is younger; see MSECS_MIN_AGE in mm/kmemleak.c.
AGE = 5


def check(vm):
    """Ends what still runs, unloads the module, and asserts that the kernel misses nothing."""
    vm.agent.kill_all()
    vm.wait_until("[ ! -e /sys/module/pciio ] || rmmod pciio", timeout=20)
    if vm.run("grep -qF '[none]' /sys/kernel/security/lockdown").status:
        return  # it forbids to write to debugfs, too
    vm.check(f"[ -e {REPORTS} ] || mount -t debugfs debugfs /sys/kernel/debug")
    uptime = "$(cut -d. -f1 /proc/uptime)"
    # What has changed since the last scan is not reported either: one for the checksums first.
    before = int(vm.check(f"echo scan >{REPORTS} && echo {uptime}").stdout)
    vm.wait_until(f"[ {uptime} -gt {before + AGE} ]")
    leaks = vm.check(f"echo scan >{REPORTS} && cat {REPORTS}").stdout
    assert not leaks, leaks
