#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Signals that end a command: it puts decoding back first"""

import signal

import harness
from fake_sysfs import EDU, HUGE
from harness import PIPE, check, equal, valgrind

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
           signal.SIGALRM, signal.SIGTERM, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGVTALRM,
           signal.SIGPROF, signal.SIGIO, signal.SIGPWR)
LEAVE_IT_ON = (signal.SIGKILL, signal.SIGSEGV, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP,
               signal.SIGSYS, signal.SIGABRT, signal.SIGRTMIN)
# Some signals leave a core file, in the folder of the tests
NO_CORE = ["sh", "-c", "ulimit -c 0; exec \"$@\"", "sh"]
OFF, ON = 0x0100, 0x0102


def start(bench, *line, **options):
    """Start something long on the huge BAR and wait until it is under way."""
    bench.function(HUGE).set_command(OFF)
    process = bench.start(*line, "--activate", "-vv", **options)
    process.wait_for("mapped\n", "stderr")
    equal(bench.function(HUGE).command(), ON, "command register in the meantime")
    return process


def lines(bench):
    """Verbs with much to do."""
    with open(bench.folder / "image", "wb") as image:
        image.truncate(1 << 30)
    return [["read", HUGE, "2", "0+1G", "-w1"], ["dump", HUGE, "2", "--json"],
            ["dump", HUGE, "2", "-f", "raw", "-w1"], ["watch", HUGE, "2", "0", "-i60m"],
            ["load", HUGE, "2", image.name, "-w1"], ["compare", HUGE, "2", image.name, "-w1"]]


@valgrind
def test_decoding_is_put_back(bench):
    for line in lines(bench):
        process = start(bench, *line)
        process.kill(signal.SIGTERM)
        equal(process.finish().status, -signal.SIGTERM, f"status of {line[0]}")
        equal(bench.function(HUGE).command(), OFF, f"command register after {line[0]}")


def test_every_signal_that_ends_a_program(bench):
    for line in (lines(bench)[1], lines(bench)[3]):
        for number in SIGNALS:
            process = start(bench, *line, wrap=NO_CORE)
            process.kill(number)
            status = 0 if (line[0], number) == ("watch", signal.SIGINT) else -number
            equal(process.finish().status, status, f"status of {line[0]} after {number}")
            equal(bench.function(HUGE).command(), OFF, f"command register after {number}")


def test_signals_that_leave_decoding_on(bench):
    """As the manual page says. SIGBUS is left out: the guard has it."""
    for number in LEAVE_IT_ON:
        process = start(bench, *lines(bench)[1], wrap=NO_CORE)
        process.kill(number)
        equal(process.finish().status, -number)
        equal(bench.function(HUGE).command(), ON, f"command register after {number}")


def test_a_limit_of_a_files_size(bench):
    """It raises SIGXFSZ in the write(2) itself."""
    bench.function(HUGE).set_command(OFF)
    image = bench.folder / "dump"
    limit = ["sh", "-c", "ulimit -f 8192; exec \"$@\"", "sh"]
    result = bench.run("dump", HUGE, "2", "0+64M", "-f", "raw", "-o", image, "--activate",
                       wrap=limit)
    equal(result.status, -signal.SIGXFSZ)
    equal(bench.function(HUGE).command(), OFF)


def test_an_alarm_from_before_the_program(bench):
    """Of an alarm(2) of who started it; one that is ignored stays so."""
    for trap, status in (("", -signal.SIGALRM), ("trap '' ALRM; ", None)):
        process = start(bench, *lines(bench)[1], wrap=["sh", "-c", trap + "exec \"$@\"", "sh"])
        process.kill(signal.SIGALRM)
        if status is None:
            process.wait_for('"offset":"0x40000"')
            process.kill(signal.SIGTERM)
        equal(process.finish().status, status or -signal.SIGTERM)
        equal(bench.function(HUGE).command(), OFF)


@valgrind
def test_a_script_that_waits_for_a_line(bench):
    for number in SIGNALS:
        bench.function(HUGE).set_command(OFF)
        process = bench.start("script", HUGE, "--activate", "--stream", stdin=PIPE)
        process.feed("read 2 0\n")
        process.wait_for("\n")
        equal(bench.function(HUGE).command(), ON)
        process.kill(number)
        equal(process.finish().status, -number)
        equal(bench.function(HUGE).command(), OFF, f"command register after {number}")


def test_a_signal_just_before_a_prompt_waits(bench):
    """strace sends it with the second prompt: the third text on the terminal."""
    bench.function(HUGE).set_command(OFF)
    front = harness.strace("-o", "/dev/null", "-e", "inject=write:signal=TERM:when=3")
    process = bench.start("script", HUGE, "--activate", wrap=front,
                          terminals=("stdin", "stdout", "stderr"))
    process.wait_for("pcibar> ", "terminal")
    process.type("read 2 0\n")
    equal(process.finish().status, -signal.SIGTERM)
    equal(bench.function(HUGE).command(), OFF)


def test_an_ignored_signal_stays_ignored(bench):
    """As under nohup(1)."""
    process = start(bench, *lines(bench)[1], wrap=["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"])
    process.kill(signal.SIGHUP)
    process.wait_for('"offset":"0x40000"')
    check(process.runs(), "it ended")
    process.kill(signal.SIGTERM)
    equal(process.finish().status, -signal.SIGTERM)


def test_a_signal_before_the_first_look(bench):
    """strace sends it while the BAR is mapped; a watch that waits for an hour has to notice."""
    edu = bench.function(EDU)
    edu.set_command(OFF)
    front = harness.strace("-o", "/dev/null", "-P", edu.resource(0), "-e",
                           "inject=mmap:signal=TERM")
    process = bench.start("watch", EDU, "0", "0", "-i60m", "--activate", wrap=front)
    equal(process.finish().status, -signal.SIGTERM)
    equal(edu.command(), OFF)


def test_an_interrupt_before_anything_was_mapped(bench):
    """Reading the image from a pipe without a writer."""
    process = bench.start("load", EDU, "0", "-", stdin=PIPE)
    process.interrupt()
    equal(process.finish().status, -signal.SIGINT)


if __name__ == "__main__":
    harness.main()
