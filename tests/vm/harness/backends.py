# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios of the command that run through the other back ends, too."""

from functools import wraps

from . import pciio_module, scenario, vfio
from .kernels import NEWEST

# The library does not read the environment: a command of this name before it chooses.
FRONT = """#!/bin/sh
exec /usr/bin/pcibar --backend {} "$@"
"""


def through(*backends, kernels=NEWEST):
    """Above @scenario: the same again with each of BACKENDS chosen.

    For "vfio" there is an IOMMU, and the devices are bound to vfio-pci; for the others the module
    is loaded. `vm.backend` is the name; otherwise it is "sysfs".
    """
    def mark(function):
        for backend in backends:
            if backend == "vfio":
                scenario.again(backend, function, _over_vfio(function), kernels, vfio.LOG,
                               vfio.IOMMU)
            else:
                scenario.again(backend, function, _over_module(function, backend), kernels,
                               pciio_module.LOG)
        return function
    return mark


def _over_module(function, backend):
    @wraps(function)
    def run(vm, **functions):
        pciio_module.load(vm)
        _choose(vm, backend)
        function(vm, **functions)
        # Nothing of the module is in use, whatever the command was for.
        vm.wait_until("grep -qx 0 /sys/module/pciio/refcnt")
    return run


def _over_vfio(function):
    @wraps(function)
    def run(vm, **functions):
        vfio.bind(vm, *functions.values())
        _choose(vm, "vfio")
        function(vm, **functions)
    return run


def _choose(vm, backend):
    (vm.share / "front").write_text(FRONT.format(backend), encoding="ascii")
    vm.check("mkdir -p /usr/local/bin && cp /host/front /usr/local/bin/pcibar && "
             "chmod 755 /usr/local/bin/pcibar")
    vm.backend = backend
