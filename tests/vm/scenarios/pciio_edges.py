# SPDX-License-Identifier: BSD-2-Clause
"""Requests at their edges: sizes, copies that fail, and whose right counts."""

from harness.devices import edu
from harness.holder import enable
from harness.pciio_module import LOG, load
from harness.scenario import scenario


@scenario(devices={"edu": edu()}, log=LOG)
def edges(vm, edu):
    """Later headers, results that cannot be copied, and rights that are not the caller's."""
    load(vm)
    enable(vm, edu)
    vm.check(f"pciio-edges {edu}")
