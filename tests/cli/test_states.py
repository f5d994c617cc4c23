#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each state of a function with each verb: what explain reports is what the verb does.

A test is a state. What a fake tree cannot have, and what remedies do, is in the scenarios
pcibar_states.
"""

import json
import re
from functools import partial

import harness
from fake_sysfs import ROM
from harness import check, equal
from states import STATES
from verbs import READERS, VERBS, arguments, state

# What a verb may be asked to do about a state
OPTIONS = (["--activate"], ["--share-driver"], ["--share-page"],
           ["--activate", "--share-driver", "--share-page"])
# Done, or a comparison that failed, or the end of a wait: in each case the BAR was accessed.
REACHED = (0, 5)
# Exit statuses by the reason's code; others are 1.
STATUS = {"no-response": 4, "gone": 4}


def explained(bench, function, *words, name="0"):
    """What explain has as the first reason: its code and sentence, both None if possible."""
    result = bench.run("explain", "--json", function.address, name, *words)
    report = json.loads(result.stdout)
    equal((result.status, result.stderr), (int(not report["possible"]), ""))
    (backend,) = report["backends"]
    equal(backend["possible"], report["possible"])
    if backend["possible"]:
        equal(backend["reasons"], [])
        return None, None
    reason = backend["reasons"][0]
    return reason["code"], "; ".join(filter(None, (reason["what"], reason["remedy"])))


def check_access(bench, function, bar, options):
    """All verbs that reach a BAR, and a script."""
    name = "rom" if bar == ROM else str(bar)
    for verb in READERS if bar == ROM else VERBS:
        writes = ["--write"] if verb in ("write", "load") else []
        code, sentence = explained(bench, function, *options, *writes, name=name)
        line = arguments(verb, function.address, name)
        line = [word.replace("=5s", "=1ms") for word in line]
        runs = [bench.run(*line, *options, stdin=bytes(64))]
        if verb == "read":
            runs.append(bench.run("script", function.address, *options,
                                  stdin=f"read {name} 0\n"))
        for result in runs:
            what = f"{verb} {options}: {result}"
            if code is None:
                check(result.status in REACHED, what)
                continue
            equal(result.status, STATUS.get(code, 1), what)
            equal(result.stdout, "", what)
            said = re.fullmatch(rf"pcibar {verb}: (?:stdin:1: )?{function.address} BAR {name}: "
                                r"(.*)\n", result.stderr)
            equal(said and said[1], sentence, what)


def check_function(bench, function, bar, sentence):
    """What only needs the function."""
    code = explained(bench, function, name="rom" if bar == ROM else str(bar))[0]
    responds = code not in STATUS
    result = bench.run("explain", function.address)
    equal(result.status, int(not responds), result)
    if not responds:
        check(sentence.partition("; ")[0] in result.stdout, result)
    for line in (["read", function.address, "COMMAND"], ["write", function.address, "6.W", "1:1"]):
        before = function.peek_config(0, 64)
        result = bench.run("config", *line)
        if responds:
            equal(result.status, 0, result)
        else:
            result.refuses(4, f"pcibar config {line[0]}: {function.address}: {sentence}")
            equal(function.peek_config(0, 64), before)


def check_enable(bench, function, bar):
    """What is enabled is not off afterwards; what is refused is what explain reports."""
    name = "rom" if bar == ROM else str(bar)
    code, sentence = explained(bench, function, name=name)
    before = function.command()
    result = bench.run("enable", function.address, "--mem")
    if result.status:
        check(result.stderr.endswith(f": {sentence}\n"), f"{result}, but {sentence}")
        equal(function.command(), before)
        equal(result.status, STATUS.get(code, 1))
    elif bar != ROM and not function.bars.get(bar, function.bars[0]).is_io:
        check(explained(bench, function, name=name)[0] != "decode-off", result)


def check_state(make, bench):
    """All verbs in one state."""
    function, bar, sentence, shown = make(bench)
    before = state(function)
    said = explained(bench, function, name="rom" if bar == ROM else str(bar))[1]
    equal(said, sentence or None)
    for verb in (["info"], ["list", "-v"]):
        result = bench.run(*verb, function.address)
        equal((result.status, result.stderr), (0, ""))
        check(shown in result.stdout, f"{shown!r} is not in {result.stdout}")
    check_access(bench, function, bar, [])
    check(not sentence or state(function) == before, "a refusal has changed something")
    for options in OPTIONS:
        check_access(bench, function, bar, options)
    check_function(bench, function, bar, sentence)
    check_enable(bench, function, bar)


for each in STATES:
    globals()[f"test_{each.__name__}"] = partial(check_state, each)


if __name__ == "__main__":
    harness.main()
