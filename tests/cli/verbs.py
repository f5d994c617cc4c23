# SPDX-License-Identifier: BSD-2-Clause
"""The verbs that reach a BAR, with operands, and what they could change."""

READERS = ("read", "dump", "compare", "watch")
WRITERS = ("write", "load")
VERBS = READERS + WRITERS
# More than all verbs need; no verb gets beyond its refusal.
INPUT = b"\x5a" * 64


def arguments(verb, selector, bar, offset=0):
    """A verb with operands that reach 64 bytes of a BAR, or 4."""
    operands = {"read": [f"{offset}"], "dump": [f"{offset}+64"], "write": [f"{offset}", "0x5a"],
                "load": ["-", "--offset", f"{offset}"], "compare": ["-", "--offset", f"{offset}"],
                "watch": [f"{offset}", "-i1ms", "--timeout=5s"]}
    return [verb, selector, bar, *operands[verb]]


def state(function):
    """Everything a verb could have changed."""
    bars = [function.peek(index, 0, min(bar.length, 4 << 20))
            for index, bar in function.bars.items()]
    return [function.path("config").read_bytes(), *bars]
