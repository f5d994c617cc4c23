# SPDX-License-Identifier: BSD-2-Clause
"""Users of BAR descriptors in the guest, and what scenarios of the module check."""

import os


class Holder:
    """A process in the guest that holds a mapped BAR descriptor and executes commands."""

    count = 0

    def __init__(self, vm, function, bar, *words, program="pciio-hold"):
        Holder.count += 1
        self.vm = vm
        self.place = f"/tmp/holder{Holder.count}"
        self.replies = 0
        vm.check(f"mkfifo {self.place}.in; : >{self.place}.out")
        # Open at both ends, so that it never sees the end of its input.
        self.job = vm.spawn(f"exec 3<>{self.place}.in; "
                            f"exec {program} {function} {bar} {' '.join(words)} <&3 "
                            f">{self.place}.out 2>&1")
        self.first = self.reply()

    def reply(self, before=":"):
        """The next reply. In one command with the question, because there are many of them."""
        self.replies += 1
        return self.vm.check(f"{before}; until [ $(wc -l <{self.place}.out) -ge {self.replies} ]; "
                             f"do :; done; sed -n {self.replies}p {self.place}.out").stdout.strip()

    def ask(self, question):
        return self.reply(f"echo '{question}' >{self.place}.in")

    def send(self, question):
        """Sends a question whose reply is read later."""
        self.vm.check(f"echo '{question}' >{self.place}.in")

    def kill(self):
        self.job.signal("KILL")
        self.job.wait()


def held(vm, function, bar, *words, **how):
    """A Holder whose mapping has been made."""
    holder = Holder(vm, function, bar, *words, **how)
    assert holder.first == "ready"
    return holder


def soon():
    """Two seconds, and as many times more as there are processes for each processor."""
    return 2 * max(1, os.getloadavg()[0] / os.cpu_count())


def unused(vm):
    """Waits until no process uses the module any more, which must be soon."""
    vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt", timeout=soon())


def enable(vm, *functions):
    for function in functions:
        vm.check(f"echo 1 >{function.sysfs}/enable")


def command(vm, function):
    """The command register."""
    return vm.check(f"dd if={function.sysfs}/config bs=1 skip=4 count=2 2>/dev/null | "
                    "hexdump -e '1/2 \"%04x\"'").stdout
