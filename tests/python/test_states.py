#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each state of a function in Python: what explain() reports is what map() does.

A test is a state, as in the command's tests, which have the sentences.
"""

import errno
from functools import partialmethod

import pcibar
import support
from fake_sysfs import ROM
from pcibar import Backend, ReasonCode
from states import STATES

# What a program may ask for about a state
OPTIONS = ({}, {"write": True}, {"indirect": True}, {"activate": True}, {"share_driver": True},
           {"share_page": True},
           {"activate": True, "share_driver": True, "share_page": True, "indirect": True})


class States(support.Case):
    def function(self, address):
        return self.functions[address]

    def explained(self, function, bar, **how):
        """The first reason, None if the map is possible."""
        result = pcibar.explain(function.address, bar, backend=Backend.SYSFS,
                                sysfs_root=self.root, **how)
        self.assertEqual(bool(result.possible), not result.reasons)
        return result.reasons[0] if result.reasons else None

    def check_map(self, function, bar, how):
        """As explain() has it; what is refused has changed nothing."""
        reason = self.explained(function, bar, **how)
        before = function.path("config").read_bytes()
        device = self.open(function.address, write=True)
        if reason is None:
            with device.map(bar, **how) as window:
                window.read32(0)
            return

        error = self.refused(reason.errno, reason.code, device.map, bar, **how)
        self.assertEqual(error.reasons[0]._replace(backend=reason.backend), reason, how)
        self.assertEqual(function.path("config").read_bytes(), before, how)

    def check_config(self, function, silent):
        """Configuration space can be read unless the function does not respond."""
        device = self.open(function.address)
        if silent:
            self.refused(errno.ENODEV, ReasonCode.GONE, device.config_read, 4, 2)
        else:
            device.config_read(4, 2)

    def check_state(self, make):
        function, bar, sentence, _ = make(self)
        indirect = bar == ROM or function.bars.get(bar, function.bars[0]).is_io
        reason = self.explained(function, bar, indirect=indirect)
        self.assertEqual(str(reason or ""), sentence)

        device = self.open(function.address)
        self.assertEqual(device.info().address, function.address)
        self.assertEqual(device.bar(bar, config=True).index, bar)
        self.check_config(function, reason and reason.code == ReasonCode.NO_RESPONSE)
        for how in OPTIONS:
            self.check_map(function, bar, how)


for each in STATES:
    setattr(States, f"test_{each.__name__}", partialmethod(States.check_state, each))


if __name__ == "__main__":
    support.main()
