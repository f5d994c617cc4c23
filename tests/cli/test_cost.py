#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a command costs in system calls, and how much it maps"""

import re

import harness
from fake_sysfs import EDU, HUGE, IVSHMEM, RTL8139
from harness import check, equal

# One read by address, from the first call that names the tree to the end. One of them is fstat()
# of the BAR's file: a tree that root has unpacked may have a disk there, which could be mapped too.
# For the kernel's own tree it is not made.
READ_CALLS = 22
# What several offsets add, however many they are: the BAR's length is checked first, from a file
# that is opened, read and closed, with the driver.
SCATTERED_CALLS = 4
# What --activate adds, without the signals it catches: 4 for a second check the BAR, 1 to see
# that the function is no virtual one, 4 to open two files for locks and to close them; then the
# locks, without which other processes would lose their changes or their decoding: 17 to turn it on
# with them and 18 to turn it off. Each is taken in both files, so that no user who may only read
# the one can keep root from taking it. 19 see that no other BAR would respond where it must not:
# 3 for each of 6, and one for a register. 6 see that the function may not suspend, which would undo
# it: 3 to turn decoding on, and 3 to turn it off.
ACTIVATE_CALLS = 69


def traced(bench, *arguments):
    """The system calls of a command from the first one that names the tree on.

    What comes before is the loader's and the C library's; brk is their allocator's.
    """
    trace = bench.folder / "trace"
    front = harness.strace("-f", "-o", trace)
    result = bench.run(*arguments, wrap=front)
    equal((result.status, result.stderr), (0, ""))
    calls = [call for call in trace.read_text(encoding="utf-8").splitlines()
             if re.match(r"\d+ +\w+\(", call) and not re.match(r"\d+ +brk\(", call)]
    first = next(i for i, call in enumerate(calls) if str(bench.tree.root) in call
                 and "execve(" not in call)
    return [re.sub(r"^\d+ +", "", call) for call in calls[first:]]


def crowd(bench, count):
    """So many more functions in the list of all."""
    function = bench.function(RTL8139)
    for number in range(count):
        bench.tree.link(f"{1 + (number >> 13):04x}:{number >> 5 & 0xff:02x}:{number & 31:02x}.0",
                        function)


def names(calls):
    """Just the names of the calls, in order."""
    return [call.split("(")[0] for call in calls]


def test_a_read_costs_the_same_among_ten_thousand(bench):
    """By address, also of a BAR that has to look who else is in its page."""
    few = [traced(bench, "read", EDU, "0", "0"),
           traced(bench, "read", IVSHMEM, "0", "0", "--share-page"),
           traced(bench, "read", RTL8139, "1", "0")]
    crowd(bench, 10000)
    many = [traced(bench, "read", EDU, "0", "0"),
            traced(bench, "read", IVSHMEM, "0", "0", "--share-page"),
            traced(bench, "read", RTL8139, "1", "0")]
    for before, after in zip(few, many, strict=True):
        equal(names(after), names(before))


def test_how_many_calls_a_read_takes(bench):
    """A figure to notice a change by: fewer is welcome, more wants a reason."""
    calls = traced(bench, "read", EDU, "0", "0")
    equal(len(calls), READ_CALLS, "\n".join(calls))


def test_scattered_offsets_share_one_open_and_one_map(bench):
    """Five cost as many calls as two."""
    one = names(traced(bench, "read", EDU, "0", "0"))
    many = traced(bench, "read", EDU, "0", "0", "8", "0x20", "0x1000", "0")
    opened = [call for call in many if "open" in call and '"resource0"' in call]
    maps = [call for call in many if call.startswith("mmap(") and "MAP_SHARED" in call]
    equal((len(opened), len(maps)), (1, 1), f"opened: {opened}, mapped: {maps}")
    equal(len(many), len(traced(bench, "read", EDU, "0", "0", "0x1000")), "calls of two and five")
    check(len(many) <= len(one) + SCATTERED_CALLS, "\n".join(many))


def test_how_many_calls_activation_adds(bench):
    plain = traced(bench, "read", EDU, "0", "0")
    bench.function(EDU).set_command(0x0100)
    calls = traced(bench, "read", EDU, "0", "0", "--activate")
    plain, calls = ([call for call in each if not call.startswith("rt_sigaction")]
                    for each in (plain, calls))
    equal(len(calls) - len(plain), ACTIVATE_CALLS, "\n".join(calls))


def test_an_address_opens_only_its_own_function(bench):
    for line in (["read", EDU, "0", "0"], ["write", EDU, "0", "0", "1"], ["info", EDU],
                 ["config", "read", EDU, "0"], ["enable", EDU], ["explain", EDU, "0"]):
        for call in traced(bench, *line):
            others = set(re.findall(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.\d", call)) - {EDU}
            check(not others, f"{line}: {call}")


def test_info_opens_each_function_of_the_group_once(bench):
    """And no other one."""
    bench.tree.group(13, bench.function(EDU), bench.function(IVSHMEM))
    calls = traced(bench, "info", EDU)
    folder = f'devices/{IVSHMEM}"'
    opened = [call for call in calls if re.match("open", call) and folder in call]
    equal(len(opened), 1, "\n".join(opened))
    check(not [call for call in calls if RTL8139 in call], "another function is opened")


def test_list_info_and_explain_open_no_bar(bench):
    for line in (["list"], ["list", "-v"], ["list", "--json", "-v"], ["info", RTL8139]):
        opened = [call for call in traced(bench, *line)
                  if re.search(r'open.*"(resource\d|rom)', call)]
        check(not opened, f"{line}: {opened}")


def test_reading_opens_nothing_to_write(bench):
    for line in (["read", EDU, "0", "0"], ["dump", EDU, "0", "0+16"], ["info", EDU],
                 ["watch", EDU, "0", "0", "--until", "0"], ["config", "read", EDU, "0"],
                 ["write", EDU, "0", "0", "1", "-n"], ["explain", EDU, "0"]):
        opened = [call for call in traced(bench, *line)
                  if "open" in call and re.search("O_WRONLY|O_RDWR", call)]
        check(not opened, f"{line}: {opened}")


def mapped(bench, *arguments):
    """Offset and length of each map of a BAR's file, and whether it can be written."""
    trace = bench.folder / "trace"
    front = harness.strace("-y", "-e", "trace=mmap", "-o", trace)
    result = bench.run(*arguments, wrap=front)
    equal((result.status, result.stderr), (0, ""))
    maps = re.findall(r"mmap\(NULL, (\d+), (\S+), MAP_SHARED, \d+<.*/resource\d(?:_wc)?>, (\w+)\)",
                      trace.read_text(encoding="utf-8"))
    return [(int(offset, 16), int(length), "PROT_WRITE" in protection)
            for length, protection, offset in maps]


def test_one_page_of_a_huge_bar_is_one_page(bench):
    for offset in (0, 4 << 30, (16 << 30) - 4096):
        equal(mapped(bench, "read", HUGE, "2", offset), [(offset, 4096, False)])
        equal(mapped(bench, "write", HUGE, "2", offset + 4092, "1"), [(offset, 4096, True)])
    equal(mapped(bench, "read", HUGE, "2", "0xffc+8"), [(0, 8192, False)])
    equal(mapped(bench, "dump", HUGE, "2", "12G+64K"), [(12 << 30, 64 << 10, False)])


def test_a_refused_map_is_asked_for_once(bench):
    """The kernel logs some refusals, and each is a line."""
    trace = bench.folder / "trace"
    front = harness.strace("-P", bench.function(EDU).resource(0), "-e", "inject=mmap:error=EPERM",
                           "-o", trace)
    equal(bench.run("read", EDU, "0", "0", wrap=front).status, 1)
    equal(trace.read_text(encoding="utf-8").count("mmap("), 1)


def test_a_write_maps_write_combining_only_when_asked(bench):
    image = bench.file("image", bytes(64))
    trace = bench.folder / "trace"
    for option, name in (([], "resource2"), (["--wc"], "resource2_wc")):
        front = harness.strace("-e", "trace=openat", "-o", trace)
        bench.run("load", HUGE, "2", image, *option, wrap=front).prints("")
        opened = re.findall(r'"(resource\d\w*)"', trace.read_text(encoding="utf-8"))
        equal(opened, [name])


if __name__ == "__main__":
    harness.main()
