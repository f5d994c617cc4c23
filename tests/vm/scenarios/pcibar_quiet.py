# SPDX-License-Identifier: BSD-2-Clause
"""What only checks a device does not touch its BARs, and what need not wake it does not."""

from harness.backends import through
from harness.devices import edu, ivshmem, rtl8139
from harness.kernels import NEWEST
from harness.pcibar import enable
from harness.scenario import scenario

COMMAND = 4

DEVICES = {"edu": edu(), "net": rtl8139(), "memory": ivshmem(1 << 20)}
# The BARs whose accesses can be seen.
BARS = {"edu": (0,), "net": (0, 1), "memory": (0,)}


def touches(vm, command, statuses=(0,)):
    """(accesses to BARs, accesses to configuration space) of all functions."""
    with vm.trace(config=True) as trace:
        result = vm.run(command)
    assert result.status in statuses, result
    bars = [access for name, indices in BARS.items() for index in indices
            for access in trace.bar(vm.functions[name], index)]
    return bars, [access for function in vm.functions.values()
                  for access in trace.config(function)]


def reads_only(config):
    return bool(config) and {op for op, _, _ in config} == {"read"}


@through("pciio")
@scenario(devices=DEVICES, kernels=NEWEST)
def listing(vm, **functions):
    enable(vm)
    bars, config = touches(vm, f"""pcibar list && pcibar list --json && pcibar list '1234:*' &&
                           pcibar list {functions['net']}""")
    assert not bars and {access[:2] for access in config} == {("read", COMMAND)}
    bars, config = touches(vm, "pcibar list -v && pcibar list -v --json")
    assert not bars and reads_only(config)


@scenario(devices=DEVICES, kernels=NEWEST)
def info(vm, **functions):
    enable(vm)
    bars, config = touches(vm, " && ".join(f"pcibar info {options} {function}"
                                           for function in functions.values()
                                           for options in ("", "--json")))
    assert not bars and reads_only(config)


@through("pciio")
@scenario(devices=DEVICES, kernels=NEWEST)
def explain(vm, **functions):
    """Whatever is asked for, also where asking for it in earnest would change the device."""
    # Without a BAR only whether the function responds.
    bars, config = touches(vm, " && ".join(f"pcibar explain {function}"
                                           for function in functions.values()))
    assert not bars and [access[:2] for access in config] == [("read", COMMAND)] * len(functions)
    commands = [f"pcibar explain {functions[name]} {bar} {options}"
                for name, bar in (("edu", 0), ("net", 0), ("net", "rom"), ("memory", 2))
                for options in ("", "--write", "--wc", "--activate --json")]
    # With decoding off, which it must not turn on, and on, when accesses could be seen.
    for _ in range(2):
        bars, config = touches(vm, "; ".join(commands), (0, 1))
        assert not bars and reads_only(config)
        enable(vm)


@scenario(devices=DEVICES, kernels=NEWEST)
def other_functions(vm, edu, **_):
    """A verb on one function leaves all others alone, also when it looks for it by its IDs."""
    enable(vm)
    for selector in (edu, "1234:11e8"):
        with vm.trace(config=True) as trace:
            vm.check(f"pcibar read {selector} 0 0; pcibar write {selector} 0 4 1")
        assert trace.bar(edu, 0)
        for name in ("net", "memory"):
            assert not trace.config(vm.functions[name])
            assert not [access for bar in BARS[name]
                        for access in trace.bar(vm.functions[name], bar)]
