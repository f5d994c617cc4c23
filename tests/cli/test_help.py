#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Help and version"""

import re

import harness
from fake_sysfs import EDU
from harness import check, equal, matches, valgrind

VERBS = ["list", "info", "explain", "read", "write", "dump", "load", "compare", "watch",
         "expect", "config read", "config write", "config dump", "enable", "disable", "bind",
         "unbind", "irq wait", "irq trigger", "irq", "script", "help"]
TOPICS = ["options", "selectors", "registers", "status"]
OPTION = re.compile(r"^  (?:-(\w), |    )--([\w-]+)(?: (\S+))? ", re.MULTILINE)
ARGUMENTS = {"NAME": "sysfs", "DIR": "/nowhere", "WHEN": "never", "COUNT": "1", "FILE": "/dev/null",
             "N": "0", "TIME": "1ms", "VALUE[:MASK]": "0", "hex|raw|json": "hex",
             "CLASS": "02", "best|msix|msi|intx": "intx", "N|N+COUNT": "0", "COMMAND": "true",
             "BAR:OFFSET=VALUE[:MASK]": "0:0=0"}


def help_of(bench, *words):
    """What a request for help prints; it is no error and needs no device."""
    result = bench.run(*words, sysfs=False)
    equal((result.status, result.stderr), (0, ""), f"status and stderr of {words}")
    return result.stdout


def options_of(bench, verb):
    """(letter, name, argument) of each option in the help of a verb."""
    return OPTION.findall(help_of(bench, *verb.split(), "--help"))


@valgrind
def test_help_of_all(bench):
    text = help_of(bench, "help")
    equal(help_of(bench, "--help"), text)
    listed = re.findall(r"^  (\w+(?: \w+)?)  ", text.split("verbs:")[1].split("\n\n")[0],
                        re.MULTILINE)
    equal([*listed, "help"], VERBS)
    check(text.splitlines()[-1].endswith(f" or {', '.join(TOPICS)}"), text)


def test_help_fits_a_terminal(bench):
    """The terminal of a console, where the verbs must not have scrolled away."""
    for topic in ([], *([topic] for topic in TOPICS if topic != "registers")):
        lines = help_of(bench, "help", *topic).splitlines()
        check(len(lines) <= 24, f"'help {topic}' has {len(lines)} lines")
        check(max(map(len, lines)) <= 80, f"'help {topic}' has lines of {max(map(len, lines))}")


def test_topics(bench):
    for status, words in enumerate(("ok", "refused", "usage", "no such device", "lost", "failed")):
        check(re.search(rf"^  {status}  .*{words}", help_of(bench, "help", "status"), re.MULTILINE),
              f"exit status {status} is not explained")
    listed = OPTION.findall(help_of(bench, "help", "options"))
    check({"json", "sysfs", "activate", "version"} <= {name for _, name, _ in listed},
          f"options listed: {listed}")
    for selector in re.findall(r"^  (\S+?),? ", help_of(bench, "help", "selectors"), re.MULTILINE):
        equal(bench.run("read", selector, "9", "0").stderr.count("is not a selector"), 0)


def test_letters(bench):
    equal(help_of(bench, "-h"), help_of(bench, "--help"))
    equal(help_of(bench, "-V"), help_of(bench, "--version"))
    equal(help_of(bench, "read", "-h"), help_of(bench, "help", "read"))


def test_help_of_each_verb(bench):
    for verb in VERBS:
        text = help_of(bench, "help", *verb.split())
        its = help_of(bench, *verb.split(), "--help")
        longer = any(other.startswith(f"{verb} ") for other in VERBS)
        equal(its, text[-len(its):] if longer else text)
        check(text.startswith(f"usage: pcibar {verb} "), f"{verb}: {text[:60]!r}")
        check(max(map(len, text.splitlines())) <= 100, f"the help of {verb} has long lines")


def test_help_of_two_verbs_with_one_first_word(bench):
    equal(help_of(bench, "help", "config"), "\n".join(
        help_of(bench, "help", "config", verb) for verb in ("read", "write", "dump")))
    equal(help_of(bench, "help", "irq"), "\n".join(
        help_of(bench, "irq", *verb.split(), "--help") for verb in ("wait", "trigger", "")))


def test_help_of_verbs_for_scripts_only(bench):
    """The help of script names them."""
    script = help_of(bench, "help", "script")
    for verb in ("echo", "sleep", "quit", "exit"):
        check(re.search(rf"^  (\w+, )?{verb}\b", script, re.MULTILINE), script)
        check(help_of(bench, "help", verb).startswith(f"usage: {verb} "), verb)
    equal(help_of(bench, "help", "quit").replace("quit", "exit"), help_of(bench, "help", "exit"))


def test_help_wins_over_mistakes(bench):
    """Operands may be missing or wrong, and no device is looked for."""
    text = help_of(bench, "read", "--help")
    equal(help_of(bench, "read", "99:99.9", "x", "y", "z", "--help"), text)
    equal(help_of(bench, "read", "--help", "--verbose"), text)


def test_help_that_there_is_not(bench):
    bench.run("help", "frobnicate").refuses(
        2, "pcibar: unknown verb 'frobnicate'; see 'pcibar help'")


@valgrind
def test_version(bench):
    text = help_of(bench, "--version")
    matches(r"pcibar \d+\.\d+\.\d+\n", text)
    version = re.search(r'PCIBAR_VERSION\t*"(.*)"', harness.source("include/pcibar/version.h"))
    equal(text, f"pcibar {version[1]}\n")


def test_every_option_in_the_help_is_taken(bench):
    """With its letter too. What the verb then does is another matter."""
    for verb in VERBS:
        for letter, name, argument in options_of(bench, verb):
            value = [ARGUMENTS.get(argument, argument.split("|")[0])] if argument else []
            for spelling in [f"--{name}"] + ([f"-{letter}"] if letter else []):
                result = bench.run(*verb.split(), spelling, *value, "--help")
                equal((result.status, result.stderr), (0, ""), f"{verb} {spelling}")


def test_options_that_a_verb_must_have(bench):
    for verb, names in {
            "list": "json verbose sysfs backend color", "info": "json",
            "explain": "write wc json", "read": "width count fixed json share-driver share-page "
            "exclusive activate verbose sysfs backend", "write": "width verify dry-run fixed",
            "dump": "width format output", "load": "offset width wc verify fixed",
            "compare": "width", "watch": "interval until timeout",
            "expect": "width interval timeout", "script": "dry-run label stream",
            "config read": "width",
            "config write": "width", "enable": "io mem bus-master", "disable": "io mem bus-master",
            }.items():
        missing = set(names.split()) - {name for _, name, _ in options_of(bench, verb)}
        check(not missing, f"{verb} has no {missing}")


def test_sysfs_is_sys_by_default(bench):
    """Nothing is in the environment: what is asked for is all there is."""
    trace = bench.folder / "trace"
    front = harness.strace("-e", "trace=open,openat", "-o", trace)
    bench.start("read", "ffff:ff:1f.7", "0", "0", sysfs=False, wrap=front,
                env={"PCIBAR_SYSFS": str(bench.tree.root)}).finish()
    text = trace.read_text(encoding="utf-8")
    check('"/sys/bus/pci/devices/ffff:ff:1f.7"' in text, f"opened: {text}")


def test_backend(bench):
    for name in ("auto", "sysfs"):
        bench.run("read", EDU, "0", "0", "--backend", name).prints("0x00000000\n")
    bench.run("--backend=frob", "list").refuses(
        2, "pcibar: --backend 'frob': no such back end, use one of these: auto, sysfs, pciio, "
           "vfio, freebsd; see 'pcibar help'")


def test_the_last_of_two_options_counts(bench):
    bench.run("read", EDU, "0", "0", "-w1", "-w2").prints("0x0000\n")
    bench.run("--sysfs", "/nowhere", "read", "--sysfs", bench.tree.root, EDU, "0", "0",
              sysfs=False).prints("0x00000000\n")


def test_operands_after_two_dashes(bench):
    bench.run("read", "-w1", "--", EDU, "0", "0").prints("0x00\n")


if __name__ == "__main__":
    harness.main()
