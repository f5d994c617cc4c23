# SPDX-License-Identifier: BSD-2-Clause
"""Modules of tests/vm/modules that are controlled by their parameters in sysfs."""

from .holder import soon
from .pciio_module import load_helper


class HelperModule:
    """A loaded module; see the first lines of its source for the parameters it has."""

    def __init__(self, vm, name, *parameters):
        load_helper(vm, name, *parameters)
        self.vm = vm
        self.name = name

    def path(self, parameter):
        return f"/sys/module/{self.name}/parameters/{parameter}"

    def set(self, parameter, value, **how):
        return self.vm.check(f"echo '{value}' >{self.path(parameter)}", **how)

    def get(self, parameter):
        return self.vm.check(f"cat {self.path(parameter)}").stdout.strip()

    def wait_for(self, parameter, value):
        self.vm.wait_until(f"grep -qx {value} {self.path(parameter)}", timeout=soon())
