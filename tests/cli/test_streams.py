#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Standard streams that are closed, full, or broken"""

import os
import socket

import harness
from fake_sysfs import EDU, RTL8139
from harness import check, equal, valgrind

# Lines of every verb that print something
PRINTING = [
    ["list"], ["list", "--json"], ["info", EDU], ["info", EDU, "--json"], ["explain", EDU],
    ["explain", EDU, "--json"], ["read", EDU, "0", "0"], ["read", EDU, "0", "0+1M"],
    ["read", EDU, "0", "0", "--json"], ["write", EDU, "0", "0", "1", "-n"], ["dump", EDU, "0"],
    ["dump", EDU, "0", "0+16", "-f", "raw"], ["dump", EDU, "0", "0+16", "--json"],
    ["compare", EDU, "0", "/dev/null", "--json"], ["watch", EDU, "0", "0"],
    ["config", "read", EDU, "0"], ["config", "read", EDU, "0", "--json"],
    ["config", "write", EDU, "0", "1", "-n"], ["help"], ["help", "read"], ["--version"],
]


def printing(bench):
    """The lines, with a file to compare, and the name each has in messages."""
    image = bench.file("image", bytes(4))
    for line in PRINTING:
        words = [str(image) if word == "/dev/null" else word for word in line]
        verb = " ".join(words[:2]) if words[0] == "config" else words[0]
        yield words, ("pcibar" if verb.startswith("-") else f"pcibar {verb}")


def test_full(bench):
    for line, name in printing(bench):
        with open("/dev/full", "wb") as full:
            bench.run(*line, stdout=full).refuses(
                1, f"{name}: standard output: No space left on device")


def test_closed(bench):
    for line, name in printing(bench):
        process = bench.start(*line, wrap=["sh", "-c", 'exec "$@" >&-', "sh"])
        process.finish().refuses(1, f"{name}: standard output: Bad file descriptor")


def test_broken(bench):
    """A reader that went away ends a command without a message, and not by a signal."""
    for line, name in printing(bench):
        reader, writer = os.pipe()
        os.close(reader)
        result = bench.run(*line, stdout=writer)
        os.close(writer)
        result.expect(1, "", "")


def test_a_reader_that_has_enough(bench):
    process = bench.start("read", EDU, "0", "0+1M", wrap=["sh", "-c", '"$@" | head -n 1', "sh"])
    process.finish().expect(0, "0x00000000\n", "")


def test_a_reader_that_leaves_a_watch(bench):
    """Although the register does not change, so that nothing is printed any more"""
    process = bench.start("watch", EDU, "0", "0", "-i", "1ms",
                          wrap=["sh", "-c", '"$@" | head -n 1', "sh"])
    check(process.finish().stdout.endswith(" 0x00000000: 0x00000000\n"), "the first value")
    here, there = socket.socketpair()
    process = bench.start("watch", EDU, "0", "0", "-i", "1ms", stdout=there)
    there.close()
    check(here.recv(100).endswith(b" 0x00000000: 0x00000000\n"), "the first value")
    here.close()
    equal((process.finish().status, process.finish().stderr), (1, ""))


@valgrind
def test_a_full_stdout_stops_a_script(bench):
    with open("/dev/full", "wb") as full:
        bench.run("script", EDU, stdin="read 0 0\nwrite 0 0 1\n", stdout=full).refuses(
            1, "pcibar read: stdin:1: standard output: No space left on device")
    equal(bench.function(EDU).peek(0, 0, 4), bytes(4))


def test_closed_streams_do_not_become_devices(bench):
    """What is opened first gets the number of a closed stream; messages must not land in it."""
    edu, rtl = bench.function(EDU), bench.function(RTL8139)
    config = edu.peek_config(0, 256)
    for redirection in ("2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
        for line in (["read", EDU, "0", "1"], ["write", EDU, "0", "0", "0", "-v"],
                     ["write", RTL8139, "0", "0", "0", "-v"], ["write", EDU, "1", "0", "1"],
                     ["config", "write", EDU, "0x50", "0", "-v"], ["enable", EDU, "-v"],
                     ["dump", EDU, "0", "0+64"]):
            bench.start(*line, wrap=["sh", "-c", f'exec "$@" {redirection}', "sh"]).finish()
    check(not any(edu.peek(0, 0, 1 << 20)), "something landed in BAR 0 of edu")
    check(not any(rtl.peek(0, 0, 256)), "something landed in BAR 0 of rtl8139")
    equal(edu.peek_config(0, 256), config)


def test_a_closed_stdin(bench):
    for verb in ("load", "compare"):
        bench.start(verb, EDU, "0", "-", wrap=["sh", "-c", 'exec "$@" <&-', "sh"]).finish().refuses(
            1, f"pcibar {verb}: standard input: Bad file descriptor")
    bench.start("script", EDU, wrap=["sh", "-c", 'exec "$@" <&-', "sh"]).finish().refuses(
        1, "pcibar script: stdin: Bad file descriptor")


def test_usage_is_one_line_on_stderr(bench):
    for line in ([], ["read"], ["frobnicate"], ["read", EDU, "0", "zz"], ["--frob"],
                 ["list", "--color"], ["write", EDU, "0", "0", "1", "-w3"]):
        result = bench.run(*line)
        equal((result.status, result.stdout, result.stderr.count("\n")), (2, "", 1))
        check(result.stderr.startswith("pcibar") and "; see 'pcibar help" in result.stderr,
              f"no pointer to the help: {result.stderr!r}")


if __name__ == "__main__":
    harness.main()
