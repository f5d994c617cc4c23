#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""pcibar script"""

import json
import os
import re
import signal
import struct
import time

import harness
from fake_sysfs import EDU, HUGE, NVME, RTL8139
from harness import PIPE, Skip, check, equal, valgrind
from sentences import AMBIGUOUS, LOST, decode_off, driver, no_bar, no_function


@valgrind
def test_verbs_without_their_selector(bench):
    edu = bench.function(EDU)
    image = bench.file("image", b"\1\2\3\4")
    script = bench.file("script", f"""\
# what a comment says
write 0 0 0x11111111 0x22222222

read 0 0          # behind a command too
  read -w 2 0 4 -c 2
load 0 {image} --offset 8
dump 0 0+16
compare 0 {image} --offset 8
config read VENDOR_ID
disable --io
""".encode())
    wanted = ("0x11111111\n0x2222\n0x2222\n"
              "00000000  11111111 22222222 04030201 00000000  |....\"\"\"\"........|\n00000010\n"
              "0x1234\n")
    bench.run("script", EDU, script).prints(wanted)
    equal(edu.command(), 0x0102)
    for arguments in ([], ["-"]):
        bench.run("script", EDU, *arguments, stdin=script.read_bytes()).prints(wanted)


def test_the_first_failure_ends_it(bench):
    edu = bench.function(EDU)
    for line, status, sentence in (
            ("write 1 0 1", 2, f"pcibar write: {{}}:2: {EDU} BAR 1: {no_bar('BAR 1')}"),
            ("load 0 /missing", 1, "pcibar load: {}:2: /missing: No such file or directory"),
            ("watch 0 0 --until 7 --timeout 1ms", 5, f"pcibar watch: {{}}:2: {EDU} BAR 0: timed "
             "out after 0.001 s: 0x00000000 reads 0x00000001, wanted 0x00000007"),
            ("expect 0 0 6:7", 5, f"pcibar expect: {{}}:2: {EDU} BAR 0: 0x00000000 reads "
             "0x00000001, wanted 0x00000006:0x00000007")):
        text = f"write 0 0 1\n{line}\nwrite 0 4 1\n"
        script = bench.file("script", text.encode())
        for arguments, stdin, name in (([script], "", str(script)), ([], text, "stdin")):
            edu.poke(0, 0, bytes(8))
            result = bench.run("script", EDU, *arguments, stdin=stdin)
            equal((result.status, result.stderr), (status, f"{sentence.format(name)}\n"), line)
            equal(edu.peek(0, 0, 8), b"\1" + bytes(7), f"BAR after {line}")


MISTAKES = (
    ("read 0 2", "pcibar read: {}: offset 0x2 is not a multiple of 4: use -w 2; see 'pcibar help "
     "read'"),
    ("raed 0 0", "pcibar: {}: unknown verb 'raed' (did you mean 'read'?); see 'pcibar help'"),
    ("script -", "pcibar script: {}: not allowed in a script; see 'pcibar help script'"),
    ("read 0 0 --sysfs", "pcibar read: {}: --sysfs needs an argument; see 'pcibar help read'"),
    ("write 0 0 1:2", "pcibar write: {}: value '1:2': the value has bits outside the mask; see "
     "'pcibar help write'"),
    ("write 0 0", "pcibar write: {}: operands are missing: <bar> <offset> <value[:mask]>...; see "
     "'pcibar help write'"),
    ("load 6 image", "pcibar load: {}: BAR '6': not a BAR: use 0 to 5, or rom; see 'pcibar help "
     "load'"),
    ("watch 0 0 --until z", "pcibar watch: {}: --until 'z': not a number: use decimal or 0x...; "
     "see 'pcibar help watch'"),
    ("expect 0 0 2:1", "pcibar expect: {}: value '2:1': the value has bits outside the mask; see "
     "'pcibar help expect'"),
    ("config write 40 1", f"pcibar config write: {{}}: register '40': {AMBIGUOUS}; see 'pcibar "
     "help config write'"),
    ("list a b", "pcibar list: {}: too many operands; see 'pcibar help list'"),
    ("sleep 1", "pcibar sleep: {}: time '1': the unit is missing: use us, ms, s or m after the "
     "number; see 'pcibar help sleep'"),
    ("echo --loud", "pcibar echo: {}: unknown option '--loud'; see 'pcibar help echo'"),
    ('read "0 0', "pcibar script: {}: a quote is not closed; see 'pcibar help script'"))


@valgrind
def test_all_is_checked_before_the_first_access(bench):
    edu = bench.function(EDU)
    text = "write 0 0 0xbad\nconfig write COMMAND 0\n" + "".join(
        f"{line}\nread 0 0\n" for line, _ in MISTAKES)
    script = bench.file("script", text.encode())
    for arguments, stdin, name in (([script], "", script), ([], text, "stdin"), (["-"], text,
                                                                                "stdin")):
        result = bench.run("script", EDU, *arguments, stdin=stdin)
        wanted = [sentence.format(f"{name}:{2 * i + 3}")
                  for i, (_, sentence) in enumerate(MISTAKES)]
        equal(result.stderr.splitlines(), wanted)
        equal((result.status, result.stdout), (2, ""))
    equal((edu.peek(0, 0, 4), edu.command()), (bytes(4), 0x0103))


def test_a_pipe_is_checked_to_its_end(bench):
    process = bench.start("script", EDU, stdin=PIPE)
    process.feed("write 0 0 0xbad\nraed 0 0\n")
    process.process.stdin.close()
    equal(process.finish().status, 2)
    equal(bench.function(EDU).peek(0, 0, 4), bytes(4))


def test_what_is_no_script(bench):
    lines = [f"pcibar: stdin:{i}: unknown verb 'x'; see 'pcibar help'" for i in range(1, 21)]
    result = bench.run("script", EDU, stdin="x\n" * 10000)
    equal((result.status, result.stdout, result.stderr.splitlines()),
          (2, "", [*lines, "pcibar script: stdin: the rest is not checked"]))


@valgrind
def test_check_only(bench):
    """It needs no device."""
    text = "write 0 0 7\nread 0 0\nload 0 /missing\nhelp\necho a\nsleep 9m\nlist\nread -h\n"
    for option in ("-n", "--dry-run"):
        for address in (EDU, "00:1f.0"):
            bench.run("script", address, option, stdin=text).prints("")
            bench.run("script", address, option, stdin=text + "raed\n").refuses(
                2, "pcibar: stdin:9: unknown verb 'raed' (did you mean 'read'?); see 'pcibar help'")
    equal(bench.function(EDU).peek(0, 0, 4), bytes(4))
    bench.run("script", EDU, "-n", "--stream").refuses(
        2, "pcibar script: --stream cannot be combined with --dry-run; see 'pcibar help script'")
    equal(bench.run_on_terminal("script", EDU, "-n", bench.file("script", b"read 0 0\n"),
                                terminals=("stdin", "stdout", "stderr")), (0, ""))


def test_a_script_may_read_what_it_wrote(bench):
    image = bench.folder / "image"
    bench.function(EDU).poke(0, 0, b"\1\2\3\4")
    bench.run("script", EDU, stdin=f"dump 0 0+4 -f raw -o {image}\nload 0 {image} --offset 8\n"
              "read 0 8\n").prints("0x04030201\n")


@valgrind
def test_labels(bench):
    text = "read 0 0  # the first\n\n# nothing\n  write 0 4 7\nread 0 4\n"
    wanted = ("# read 0 0  # the first\n0x00000000\n# write 0 4 7\n# read 0 4\n"
              "0x00000007\n")
    bench.run("script", EDU, "-l", stdin=text).prints(wanted)
    bench.run("script", EDU, "--label", "--stream", stdin=text).prints(wanted)
    bench.run("script", EDU, "-l", "--json", stdin=text).refuses(
        2, "pcibar script: --label cannot be combined with --json, which says what was read; see "
        "'pcibar help script'")


@valgrind
def test_echo(bench):
    bench.run("script", EDU, stdin='echo -n "status  is "\nread 0 0\necho\necho a  b -- -c "#"\n'
              ).prints("status  is 0x00000000\n\na b -c #\n")
    bench.run("script", EDU, stdin="echo a\x1b[31m\n").prints("a\\x1b[31m\n")


def test_sleep(bench):
    started = time.monotonic()
    bench.run("script", EDU, stdin="sleep 50ms\nread 0 0\nsleep 50ms\n").prints("0x00000000\n")
    check(time.monotonic() - started >= 0.1, "it did not wait")
    process = bench.start("script", EDU, "--activate", stdin=bench.file(
        "script", b"read 0 0\nsleep 9m\nread 0 0\n").open("rb"))
    equal(process.wait_for("\n"), "0x00000000\n")
    process.interrupt()
    process.finish().expect(-signal.SIGINT)


def test_verbs_of_scripts_only(bench):
    for line in (["echo", "a"], ["sleep", "1s"], ["quit"], ["exit"]):
        bench.run(*line).refuses(2, f"pcibar {line[0]}: only allowed in a script; see 'pcibar help "
                                 f"{line[0]}'")


def test_list_in_a_script(bench):
    """It is about all functions, and the next line about the script's again."""
    result = bench.run("script", EDU, stdin="list\nread 1 0\n")
    equal((result.status, result.stdout), (2, bench.run("list").stdout))
    equal(result.stderr, f"pcibar read: stdin:2: {EDU} BAR 1: {no_bar('BAR 1')}\n")


def test_compare_that_differs_ends_it(bench):
    image = bench.file("image", b"\1\2\3\4")
    bench.run("script", EDU, stdin=f"compare 0 {image}\nread 0 0\n").expect(
        5, "0x00000000: 0x00000000 in the BAR, 0x04030201 in the file\n"
        "1 of 1 units of 4 bytes differ\n")


def test_output_comes_before_the_message(bench):
    """Both go to one file there."""
    with open(bench.folder / "both", "w+b") as file:
        bench.run("script", EDU, stdin="read 0 0\nread 1 0\n", stdout=file, stderr=file)
        file.seek(0)
        equal(file.read().decode(), f"0x00000000\npcibar read: stdin:2: {EDU} BAR 1: "
              f"{no_bar('BAR 1')}\n")


def test_quotes_and_blanks(bench):
    bench.file("an image # 1", b"\1\2\3\4")
    line = f'load 0 "{bench.folder}/an image # 1"\nload 0 {bench.folder}/an" "image" "#" "1\n'
    bench.run("script", EDU, stdin=line + "\tread\t0\t0\r\n\"read\" \"\"0 0\n").prints(
        "0x04030201\n0x04030201\n")


def test_the_last_line_needs_no_newline(bench):
    bench.run("script", EDU, stdin="read 0 0\nread 0 0").prints("0x00000000\n0x00000000\n")


def test_quit(bench):
    """What follows is no part of the script."""
    for word in ("quit", "exit"):
        bench.run("script", EDU, stdin=f"read 0 0\n {word} # here\nraed 0 0\n").prints(
            "0x00000000\n")
        bench.run("script", EDU, "--stream", stdin=f"{word}\nraed 0 0\n").prints("")
        bench.run("script", EDU, "-n", stdin=f"{word}\nraed 0 0\n").prints("")
        bench.run("script", EDU, stdin=f"{word} now\n").refuses(
            2, f"pcibar {word}: stdin:1: too many operands; see 'pcibar help {word}'")


def test_nothing_to_do(bench):
    for text in ("", "\n\n# nothing\n", "quit\n"):
        bench.run("script", EDU, stdin=text).prints("")


def test_options_hold_for_all_lines(bench):
    nvme = bench.function(NVME)
    nvme.poke(0, 0, b"\7")
    bench.run("script", NVME, "--share-driver", stdin="read 0 0\nread 0 0\n").prints(
        "0x00000007\n0x00000007\n")
    bench.run("--share-driver", "script", NVME, stdin="read 0 0\n").prints("0x00000007\n")
    bench.run("script", NVME, stdin="read 0 0 --share-driver\nread 0 0\n").refuses(
        1, f"pcibar read: stdin:2: {NVME} BAR 0: "
           f"{driver(bench.function(NVME))}", stdout="0x00000007\n")


def test_options_of_a_line_end_with_it(bench):
    bench.function(EDU).poke(0, 0, b"\1\2\3\4")
    bench.run("script", EDU, stdin="read 0 0 -w1\nread 0 0\nread 0 0 -v\nread 0 0\n").prints(
        "0x01\n0x04030201\n0x00000000: 0x04030201\n0x04030201\n")


def test_json_for_all_lines(bench):
    result = bench.run("script", EDU, "--json", stdin="read 0 0\nread 0 4\nconfig read 0\n")
    equal((result.status, result.stderr), (0, ""))
    equal([json.loads(line)["values"] for line in result.stdout.splitlines()],
          [["0x00000000"], ["0x00000000"], ["0x11e81234"]])


def test_a_line_that_names_a_format_prints_no_json(bench):
    """A later line would write what it finds there to the device."""
    bench.function(EDU).poke(0, 0, b"\1\2\3\4")
    image = bench.folder / "image"
    text = f"dump 0 0+4 -f raw -o {image}\nload 0 {image} --offset 8\nread 0 8\n"
    for arguments in (["--json", "script", EDU], ["script", EDU, "--json"],
                      ["script", EDU, "--json", "--stream"]):
        result = bench.run(*arguments, stdin=text)
        equal((result.status, result.stderr), (0, ""))
        equal(json.loads(result.stdout)["values"], ["0x04030201"])
        equal(image.read_bytes(), b"\1\2\3\4", f"image of {arguments}")
    result = bench.run("script", EDU, "--json", stdin="dump 0 0+4 -f hex\ndump 0 0+4\n")
    lines = result.stdout.splitlines(keepends=True)
    equal("".join(lines[:-1]), bench.run("dump", EDU, "0", "0+4").stdout)
    equal(json.loads(lines[-1])["values"], ["0x04030201"])


def test_activate_lasts_until_the_end(bench):
    edu = bench.function(EDU)
    edu.set_command(0)
    bench.run("script", EDU, "--activate",
              stdin="read 0 0\nconfig read COMMAND\nread 0 4\n").prints(
        "0x00000000\n0x0002\n0x00000000\n")
    equal(edu.command(), 0)


def test_decoding_that_is_turned_off_is_noticed(bench):
    bench.run("script", EDU, stdin="read 0 0\ndisable\nread 0 0\n").refuses(
        1, f"pcibar read: stdin:3: {EDU} BAR 0: "
           f"{decode_off(bench.function(EDU))}", stdout="0x00000000\n")
    bench.run("script", EDU, stdin="enable\nread 0 0\nconfig write COMMAND 0\nread 0 0\n").refuses(
        1, f"pcibar read: stdin:4: {EDU} BAR 0: "
           f"{decode_off(bench.function(EDU))}", stdout="0x00000000\n")


@valgrind
def test_a_loss_ends_it(bench):
    process = bench.start("script", EDU, "--stream", stdin=PIPE)
    process.feed("read 0 0\n")
    equal(process.wait_for("\n"), "0x00000000\n")
    bench.function(EDU).lose(0)
    process.feed("read 0 0\nread 0 0\n")
    process.finish().refuses(4, f"pcibar read: stdin:2: {EDU} BAR 0: {LOST}")


def test_one_open_and_one_map_for_all(bench):
    """Reading and writing are one map each, whatever the lines are and however many."""
    trace = bench.folder / "trace"
    front = harness.strace("-e", "trace=openat,mmap", "-y", "-o", trace)
    text = "".join(f"read 0 {place}\nwrite 0 {place} {place}\ndump 0 {place}+64\n"
                   for place in range(0, 4000, 4))
    result = bench.run("script", EDU, stdin=text, wrap=front)
    equal((result.status, result.stderr), (0, ""))
    calls = trace.read_text(encoding="utf-8").splitlines()
    opened = [call for call in calls if "openat(" in call and "resource0" in call]
    mapped = [call for call in calls if call.startswith("mmap(") and "resource0" in call]
    equal((len(opened), len(mapped)), (2, 2), "opens and maps of resource0")
    check(all("NULL, 1048576," in call for call in mapped), f"mapped otherwise: {mapped}")


def test_a_huge_bar_is_not_mapped_whole(bench):
    bench.function(HUGE).poke(2, 12 << 30, struct.pack("<I", 5))
    trace = bench.folder / "trace"
    front = harness.strace("-e", "trace=mmap", "-y", "-o", trace)
    text = "".join(f"read 2 {(12 << 30) + place}\n" for place in range(0, 400, 4))
    result = bench.run("script", HUGE, stdin=text, wrap=front)
    equal((result.status, result.stdout.split("\n", 1)[0]), (0, "0x00000005"))
    sizes = re.findall(r"mmap\(NULL, (\d+), .*resource2", trace.read_text(encoding="utf-8"))
    check(len(sizes) == 1 and int(sizes[0]) <= 64 << 20, f"mapped: {sizes}")


def prompt(bench, address=EDU, term="dumb", wrap=()):
    """A script that is typed on a terminal; on one that is not dumb with line editing."""
    process = bench.start("script", address, terminals=("stdin", "stdout", "stderr"),
                          env={"TERM": term}, wrap=wrap)
    equal(process.wait_for("pcibar> ", "terminal"), "pcibar> ")
    return process


@valgrind
def test_a_prompt_on_a_terminal(bench):
    process = prompt(bench)
    process.type("write 0 0 7\n")
    equal(process.wait_for("> ", "terminal"), "pcibar> ")
    process.type("read 0 0\n")
    equal(process.wait_for("> ", "terminal"), "0x00000007\npcibar> ")
    process.type("\x04")
    equal(process.screen(), (0, "\n"))


def test_a_mistake_does_not_end_a_prompt(bench):
    process = prompt(bench)
    process.type("read 0 1\n")
    equal(process.wait_for("> ", "terminal"), "pcibar read: offset 0x1 is not a multiple of 4: "
          "use -w 1; see 'pcibar help read'\npcibar> ")
    process.type("help enable\n")
    check("usage: pcibar enable" in process.wait_for("pcibar> ", "terminal"), "no help")
    process.type("quit\n")
    equal(process.screen(), (0, ""))


def editing(bench, wrap=()):
    """A prompt on a terminal that can be drawn on."""
    if os.environ.get("PCIBAR_LIBEDIT") != "1":
        raise Skip("built without libedit")
    return prompt(bench, term="xterm", wrap=wrap)


def types(process, text, wanted):
    """Type, and wait until the terminal shows this."""
    process.type(text)
    return process.wait_for(wanted, "terminal")


def test_line_editing(bench):
    """Backspace, the end of the word before, the beginning of the line."""
    process = editing(bench)
    types(process, "write 0 4 5\x7f9\n", "pcibar> ")
    types(process, "0 4\x01read \n", "0x00000009\r\npcibar> ")
    types(process, "red 0 4\x1b[D\x1b[D\x1b[D\x1b[D\x1b[Da\n", "0x00000009\r\npcibar> ")
    types(process, "read 0 8 4\x17\x174\n", "0x00000009\r\npcibar> ")
    process.type("quit\n")
    equal(process.finish().status, 0)


def test_history(bench):
    process = editing(bench)
    types(process, "write 0 4 9\n", "pcibar> ")
    types(process, "read 0 4\n", "0x00000009\r\npcibar> ")
    types(process, "\n", "pcibar> ")
    types(process, "\x1b[A\n", "0x00000009\r\npcibar> ")
    types(process, "\x1b[A\x1b[A\x7f7\n", "pcibar> ")
    types(process, "\x12rea\n", "0x00000007\r\npcibar> ")
    process.type("\x04")
    equal(process.finish().status, 0)


def test_the_terminal_is_ready_when_the_prompt_is_there(bench):
    """What is typed then reaches the editor as it is: a Ctrl-D, for instance."""
    trace = bench.folder / "trace"
    process = editing(bench, harness.strace("-e", "trace=ioctl,write", "-o", trace))
    types(process, "read 0 0\n", "pcibar> ")
    process.type("quit\n")
    equal(process.finish().status, 0)
    ready = False
    for modes, shown in re.findall(r"TCSETSW?, \{(.*)\}|(write\(2, \">)",
                                   trace.read_text(encoding="utf-8")):
        ready = ready if shown else "ICANON" not in modes
        check(ready or not shown, "the prompt is shown while the terminal edits lines itself")


def test_completion_at_the_prompt(bench):
    process = editing(bench)
    for text, completed in (("wri\t", "te "), ("conf\tw\tCOMM\t", "AND "),
                            ("con\tr\tcap_msix\t", " "), ("read \t", "0 "),
                            ("read 0 0 --wi\t", "dth "), ("q\t", "uit "), ("help exp\t", "ect ")):
        types(process, text, completed)
        types(process, "\x15", "\x1b[K")
    listed = types(process, "d\t", "pcibar> d").split()
    check({"dump", "disable"} <= set(listed) and "read" not in listed, f"offered: {listed}")
    types(process, "\x15read 0 0 --verb\t\n", "0x00000000: 0x00000000\r\npcibar> ")
    process.type("quit\n")
    equal(process.finish().status, 0)


def test_an_interrupt_at_the_prompt_discards_the_line(bench):
    process = editing(bench)
    types(process, "write 0 0 7", "7")
    process.interrupt()
    process.wait_for("pcibar> ", "terminal")
    types(process, "read 0 0\n", "0x00000000\r\npcibar> ")
    types(process, "watch 0 0 -i 1m\n", "change")
    process.interrupt()
    process.wait_for("pcibar> ", "terminal")
    process.kill(signal.SIGTERM)
    equal(process.finish().status, -signal.SIGTERM)


def test_what_a_command_costs_without_a_prompt(bench):
    """The library for line editing is loaded for a prompt only."""
    trace = bench.folder / "trace"
    bench.run("read", EDU, "0", "0", wrap=harness.strace("-e", "trace=openat", "-o", trace)).prints(
        "0x00000000\n")
    check("libedit" not in trace.read_text(encoding="utf-8"), "it loads libedit")


def test_a_prompt_needs_a_terminal_to_read_from(bench):
    equal(bench.run_on_terminal("script", EDU, terminals=("stdout", "stderr")), (0, ""))


def test_files_that_cannot_be_read(bench):
    missing = bench.folder / "missing"
    bench.run("script", EDU, missing).refuses(
        1, f"pcibar script: {missing}: No such file or directory")
    bench.run("script", EDU, bench.folder).refuses(
        1, f"pcibar script: {bench.folder}: Is a directory")


@valgrind
def test_the_device_is_looked_for_before_the_first_line(bench):
    bench.run("script", "00:1f.0", stdin="frobnicate\n").refuses(
        3, f"pcibar script: 00:1f.0: {no_function('0000:00:1f.0')}")


def test_io_ports(bench):
    bench.run("script", RTL8139, stdin="write 0 4 0x01020304\nread 0 4\nread 0 6 -w2\n").prints(
        "0x01020304\n0x0102\n")


if __name__ == "__main__":
    harness.main()
