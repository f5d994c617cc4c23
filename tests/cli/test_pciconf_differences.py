#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""That pciconf(8) lists every difference from FreeBSD's command, each with a test."""

import re

import harness
from fake_sysfs import EDU, NVME
from harness import check, differs, equal, source, valgrind

CLI = "tests/cli/test_pciconf_{}.py"
SCENARIOS = "tests/vm/scenarios/pciconf.py"
# The usage that FreeBSD's command prints, but for its first words
FREEBSD = """\
-l [-BbcevV] [-C class] [device]
-t [-v]
-a device
-r [-b | -h] device addr[:addr2]
-w [-b | -h] device addr value
-D [-b | -h | -x] device bar [start [count]]
-R [-b | -h | -x] device bar start[:end]
-W [-b | -h | -x] device bar offset value
"""


def section():
    """The text of the page that lists the differences."""
    return re.search(r"^\.Sh DIFFERENCES FROM FREEBSD\n(.*?)^\.Sh ", source("man/pciconf.8"),
                     re.DOTALL | re.MULTILINE).group(1)


def named():
    """(file, test) in the comments of the page: where each difference is tested."""
    return set(re.findall(r'^\.\\" (\w+): (\w+)$', section(), re.MULTILINE))


def test_every_difference_names_its_tests(_bench):
    items = section().split("\n.It\n")[1:]
    check(items, "the page has no list")
    for item in items:
        check(re.match(r'\.\\" \w+: \w+\n', item), f"no test is named beside {item!r}")
    for file, name in named():
        text, test = ((source(SCENARIOS), f"def {name}(") if file == "vm" else
                      (source(CLI.format(file)), f"@differs\ndef test_{name}("))
        check(test in text.replace("@differs\n@valgrind\n", "@differs\n"),
              f"{file} has no test {name} of a difference")


def test_every_test_of_a_difference_is_named(_bench):
    files = [path.stem.removeprefix("test_pciconf_")
             for path in (harness.ROOT / "tests/cli").glob("test_pciconf_*.py")]
    marked = {(file, name) for file in files
              for name in re.findall(r"^@differs\n(?:@\w+\n)*def test_(\w+)\(",
                                     source(CLI.format(file)), re.MULTILINE)}
    equal(marked, {(file, name) for file, name in named() if file != "vm"})


@differs
def test_options_are_those_of_freebsd(bench):
    """What the usage has beyond FreeBSD's is in the last list of the section."""
    usage, options = bench.run("--help", sysfs=False).stdout.split("\n\n", 1)
    equal(re.sub(r" \[-m uc \| wc\]| \[-v\](?= device bar)", "",
                 re.sub(r"^.*pciconf ", "", usage, flags=re.MULTILINE) + "\n"), FREEBSD)
    added = section().partition("It adds to")[2]
    for name in ("m", *(f"-{name}" for name in re.findall(r"^ +--(\w+)", options, re.MULTILINE))):
        check(re.search(rf"^\.Fl {name}\b", added, re.MULTILINE), f"-{name} is not listed")


@differs
@valgrind
def test_names_are_whole(bench):
    file = bench.file("names", b"1b36  Red #1\n\t0010  Disk #2\n")
    text = bench.run("-lv", "nvme0", env={"PCICONF_VENDOR_DATABASE": str(file)}).stdout
    check("    vendor     = 'Red #1'\n    device     = 'Disk #2'\n" in text, text)


@differs
def test_users_without_rights(bench):
    for line in (["-lBce"], ["-a", "nvme0"], ["-r", "nvme0", "0:0xff"]):
        equal(bench.run_as_nobody(*line), bench.run(*line), line)
    bench.function(NVME).path("config").chmod(0)
    equal(bench.run_as_nobody("-a", "nvme0").status, 0)


@differs
def test_suffixes(bench):
    bench.function(EDU).poke(0, 4096, b"4KiB")
    bench.run("-R", "-b", "pci0:0:4:0", "0x10", "4K:4099").prints("34 4b 69 42 \n")


if __name__ == "__main__":
    harness.main()
