# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios of the command that run over the module, too."""

from functools import wraps

from . import pciio_module, scenario
from .kernels import NEWEST

# The library does not read the environment: a command of this name before it chooses.
FRONT = """#!/bin/sh
exec /usr/bin/pcibar --backend {} "$@"
"""


def through(*backends, kernels=NEWEST):
    """Above @scenario: the same again with the module loaded and each of BACKENDS chosen.

    `vm.backend` is its name; without the module it is "sysfs".
    """
    def mark(function):
        for backend in backends:
            scenario.again(backend, function, _over(function, backend), kernels,
                           pciio_module.LOG)
        return function
    return mark


def _over(function, backend):
    @wraps(function)
    def run(vm, **functions):
        pciio_module.load(vm)
        (vm.share / "front").write_text(FRONT.format(backend), encoding="ascii")
        vm.check("mkdir -p /usr/local/bin && cp /host/front /usr/local/bin/pcibar && "
                 "chmod 755 /usr/local/bin/pcibar")
        vm.backend = backend
        function(vm, **functions)
        # Nothing of the module is in use, whatever the command was for.
        vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")
    return run
