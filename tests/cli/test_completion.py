#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What shells offer after "pcibar ..."; for test_pciconf_completion.py, after that command."""

import os
import re
import shutil
import subprocess

import harness
from fake_sysfs import BEYOND, DEVICES, EDU, RTL8139
from harness import Skip, check, equal

LIBRARY = "/usr/share/bash-completion/bash_completion"
VERBS = ("list info explain read write dump load compare watch expect config enable disable "
         "bind unbind irq script help")
DRIVER = r"""
source "$1" && source "$2" || exit
while IFS= read -r COMP_LINE && IFS=$'\t' read -ra COMP_WORDS; do
	[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
	COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9 COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	"_$3" "$3" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	echo "${COMPREPLY[@]}"
done
"""

# What a shell would do something with, if it came to see such a name
HOSTILE = ("$(touch marker)", "`touch marker`", "${x:=$(touch marker)}", "a; touch marker",
           "two words", "\"double", "'single", "back\\slash", "*", "[0-9]*", "{a,b}", "~", "#x",
           "line\nbreak", "\x1b]0;title\x07", "\udcff\udc9b", "-rf", "!x", "$'\\x41'", "<(x)")


def check_nothing_ran(bench):
    """Fail if a name was expanded."""
    check(not list(bench.folder.rglob("marker")), "a name of the tree was run")


def offered(bench, *lines):
    """What is offered behind each line, as sets; bash takes ":" and "=" for words."""
    command = os.path.basename(os.environ["PCIBAR"])
    script = harness.ROOT / "packaging/completion" / command
    for path in (shutil.which("bash"), LIBRARY, script):
        if not path or not os.path.exists(path):
            raise Skip(f"{path or 'bash'} is not there")
    commands = bench.folder / "bin"
    commands.mkdir(exist_ok=True)
    if not (commands / command).exists():
        (commands / command).symlink_to(os.path.abspath(os.environ["PCIBAR"]))
    typed = ""
    for line in lines:
        line = f"{command} {line}".replace("SYSFS", f"--sysfs {bench.tree.root}")
        typed += line + "\n" + "\t".join(re.findall(r"[:=]+|[^\s:=]+", line)) + "\n"
    done = subprocess.run(
        ["bash", "-c", DRIVER, "bash", LIBRARY, script, command], input=typed, text=True,
        errors="surrogateescape", cwd=bench.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=harness.BOUND, check=False,
        env=bench.environment(PATH=f"{commands}:{os.environ['PATH']}"))
    equal(done.stderr, "", f"what bash prints after {lines}")
    return [set(words.split()) for words in done.stdout.split("\n")[:-1]]


def offers(bench, wanted):
    """Fail unless just this is offered: lines, and words with blanks between."""
    found = offered(bench, *wanted)
    equal(dict(zip(wanted, found, strict=True)),
          {line: set(words.split()) for line, words in wanted.items()}, "words offered")


def test_verbs(bench):
    offers(bench, {"": VERBS, "SYSFS ": VERBS, "co": "compare config", "-v di": "disable",
                   "config ": "read write dump", "config w": "write", "help en": "enable",
                   "help s": "script selectors sleep status", "help q": "quit",
                   "SYSFS irq w": "wait", "irq wait --ti": "--timeout",
                   "irq trigger --type=m": "msi msix", "irq --js": "--json"})


def test_every_option_of_every_verb(bench):
    wanted = {}
    for verb in ["", *VERBS.replace("config", "").split(), "config read", "config write",
                 "config dump", "irq wait", "irq trigger"]:
        words = [*verb.split(), "--help"] if verb else ["help", "options"]
        helped = bench.run(*words, sysfs=False).stdout
        wanted[f"{verb} --"] = " ".join(re.findall(r"^ .{5}(--[\w-]+)", helped, re.MULTILINE))
        check("--help" in wanted[f"{verb} --"], f"no options in the help of {verb}")
    offers(bench, wanted | {"write --ver": "--verbose --verify"})


def test_arguments_of_options(bench):
    (bench.folder / "some file").write_bytes(b"")
    (bench.folder / "somewhere").mkdir()
    offers(bench, {"dump -w ": "1 2 4 8 any", "read --width ": "1 2 4 8", "dump -f j": "json",
                   "list --color ": "auto always never", "dump -o somewh": "somewhere",
                   "dump -vw ": "1 2 4 8 any", "dump -vf r": "raw", "dump -vw2 -f r": "raw",
                   "dump --format=r": "raw", "dump --width=": "1 2 4 8 any", "--backend=p": "pciio",
                   "SYSFS list --driver ": "none nvme pcieport",
                   "--sysfs some": "somewhere"})


def test_drivers(bench):
    offers(bench, {f"SYSFS bind {EDU} ": "vfio-pci pciio none nvme pcieport",
                   f"SYSFS bind {EDU} v": "vfio-pci", f"SYSFS unbind {EDU} ": ""})


def test_functions_and_bars(bench):
    """Of a function what follows the last colon, since bash keeps what is before it."""
    offers(bench, {"SYSFS read ": " ".join([*DEVICES, BEYOND]), "SYSFS info 0000:01:": "00.0",
                   f"SYSFS read {RTL8139} ": "0 1 rom", "SYSFS dump -w 4 00:04.0 ": "0",
                   f"SYSFS read {EDU} 0 ": "", f"SYSFS read -vw 2 {RTL8139} ": "0 1 rom",
                   f"SYSFS read -vw2 {RTL8139} ": "0 1 rom"})


def test_compare_takes_a_function_or_two_files(bench):
    (bench.folder / "7z").write_bytes(b"")
    offers(bench, {"SYSFS compare 7": "7z", "SYSFS compare 10ec:": "8139",
                   "SYSFS compare 7z 7": "7z", f"SYSFS compare {EDU} 0 7": "7z",
                   f"SYSFS compare {EDU} 0": "0"})


def test_short_selectors(bench):
    """What is typed is continued, in the form in which it was begun."""
    offers(bench, {"SYSFS info 00:04": "04.0", "SYSFS info 01:": "00.0", "SYSFS info 0:a": "a.0",
                   "SYSFS info 10e": "10ec:8139", "SYSFS info 10ec:": "8139",
                   "SYSFS list 1b36:": "0010 000c", "SYSFS info ffff:": ""})


def test_bars_for_any_selector(bench):
    for selector in ("00:05.0", "0:5.0", "5.0", "10ec:8139", "10ec:", "::0200", "1af4:1110#0",
                     f"{bench.tree.root}/bus/pci/devices/{RTL8139}/"):
        wanted = "0 2" if "1af4" in selector else "0 1 rom"
        offers(bench, {f"SYSFS read {selector} ": wanted})
    offers(bench, {"SYSFS read 1af4:1110 ": "", "SYSFS read nonsense ": ""})


def test_names_in_a_tree_are_not_expanded(bench):
    """A tree of another machine may hold any names; only functions are offered."""
    for name in HOSTILE:
        bench.tree.link(name, bench.function(EDU))
        bench.tree.link(f"{name}:00:04.0", bench.function(EDU))
        bench.tree.link(f"0000:00:04.0{name}", bench.function(EDU))
        (bench.function(EDU).directory / f"resource{name}").write_bytes(b"")
        bench.function(EDU).path(f"resource0{name}").write_bytes(b"")
    offers(bench, {"SYSFS read ": " ".join([*DEVICES, BEYOND]),
                   "SYSFS info 0000:00:04.": "04.0", f"SYSFS read {EDU} ": "0"})
    check_nothing_ran(bench)


def test_registers(bench):
    some, one = offered(bench, f"SYSFS config read {EDU} C", f"SYSFS config write {EDU} VEND")
    check({"COMMAND", "CAP_EXP", "CAP_MSI"} <= some, f"offered: {some}")
    equal(one, {"VENDOR_ID"})
    (lower,) = offered(bench, f"SYSFS config read {EDU} cap_ms")
    equal(lower, {"cap_msi", "cap_msix"})


def test_files(bench):
    bench.file("image.bin", b"")
    offers(bench, {f"SYSFS load {EDU} 0 ima": "image.bin", f"SYSFS script {EDU} ima": "image.bin"})


# What zsh's own functions would be given, one word a line
ZSH = r"""
_describe() { print -l -- "${(@P)2}" }
_files() { print -- "<files $*>" }
words=("$@") CURRENT=$#
source "$COMPLETION"
"""


def others_offer(bench, shell, *words):
    """What zsh or fish offers for the last of these words, with descriptions."""
    path = shutil.which(shell)
    if not path:
        raise Skip(f"{shell} is not there")
    name = {"zsh": "_pcibar", "fish": "pcibar.fish"}[shell]
    script = harness.ROOT / "packaging/completion" / name
    commands = bench.folder / "bin"
    commands.mkdir(exist_ok=True)
    if not (commands / "pcibar").exists():
        (commands / "pcibar").symlink_to(os.path.abspath(os.environ["PCIBAR"]))
    words = ("pcibar", "--sysfs", f"{bench.tree.root}", *words)
    line = {"zsh": ["-f", "-c", ZSH, "zsh", *words],
            "fish": ["--no-config", "-c", f"source {script}; complete -C '{' '.join(words)}'"]}
    done = subprocess.run(
        [path, *line[shell]], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=harness.BOUND, check=False, cwd=bench.folder,
        env=bench.environment(PATH=f"{commands}:{os.environ['PATH']}", HOME=f"{bench.folder}",
                              COMPLETION=f"{script}"))
    equal(done.stderr, "", f"what {shell} prints after {words}")
    return done.stdout.splitlines()


def check_shell(bench, shell, separator, colon):
    """Verbs, options, values, functions, BARs and files; a colon is written as given."""
    def candidates(*words):
        return {line.split(separator)[0] for line in others_offer(bench, shell, *words)}

    equal(candidates("di"), {"disable"})
    equal(others_offer(bench, shell, "config", "w"), [f"write{separator}write configuration space"])
    equal(candidates("dump", "--format=r"), {"--format=raw"})
    equal({word.replace(colon, ":") for word in (
        line.split(f".0{separator}")[0] for line in others_offer(bench, shell, "info", "00:0"))},
        {address[5:-2] for address in DEVICES})
    equal(candidates("read", "10ec:8139", ""), {"0", "1", "rom"})
    bench.file("image.bin", b"")
    check(any("file" in word or "image.bin" in word
              for word in candidates("load", EDU, "0", "")), f"{shell} offers no files")


def test_zsh(bench):
    check_shell(bench, "zsh", ":", "\\:")


def test_fish(bench):
    check_shell(bench, "fish", "\t", ":")


if __name__ == "__main__":
    harness.main()
