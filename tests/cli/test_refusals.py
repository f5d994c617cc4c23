#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What every verb that reaches a BAR refuses, with its sentence and exit status.

A refusal leaves the device as it was: each case compares the BARs and configuration space.
"""

import harness
from fake_sysfs import (BEYOND, DEVICES, EDU, HUGE, IVSHMEM, NVME, PAIR, PORT, RES_MEM,
                        RES_READONLY, ROM, RTL8139, Bar, Definition, Ids)
from harness import check, equal, valgrind
from sentences import (ALL, LOCKDOWN, NO_ADDRESS, NOT_EXCLUSIVE, OCTAL, ROM_READ_ONLY, TRAILING,
                       UPPER_HALF, asleep, decode_off, driver, moved, no_bar, no_function, no_wc,
                       outside, shared_page, silent, too_long)
from verbs import INPUT, READERS, VERBS, WRITERS, arguments, state

NOT_A_NUMBER = "not a number: use decimal or 0x..."


def refused(bench, function, bar, status, sentence, verbs=VERBS, extra=(), run=None):
    """Every verb refuses a BAR with the same sentence about it, and changes nothing."""
    before = state(function)
    name = "rom" if bar == ROM else bar
    for verb in verbs:
        result = (run or bench.run)(*arguments(verb, function.address, name), *extra, stdin=INPUT)
        result.refuses(status, f"pcibar {verb}: {function.address} BAR {name}: {sentence}")
    equal(state(function), before, "BARs and configuration space")


def test_selectors(bench):
    hint = ("write an address as [[DDDD:]BB:]DD.F, IDs as VVVV:DDDD, a vendor as VVVV:, a class as "
            "::CCCC; pcibar list prints addresses")
    path = ("a path ends in the folder of a function, as in /sys/bus/pci/devices/0000:00:03.0; "
            "'readlink -f' follows links")
    bench.tree.add("0000:01:04.0", DEVICES[RTL8139])
    for selector, status, sentence in (
            ("00:1f.0", 3, no_function("0000:00:1f.0")),
            ("abcd:1234", 3, f"no function matches abcd:1234; {ALL}"),
            ("1234:11e8#1", 3, f"no function matches 1234:11e8#1; {ALL}"),
            ("1af4:1110", 3, "3 functions match: 0000:00:06.0, 0000:00:08.0, 0000:00:0a.0; use an "
             "address, or append #N to pick one"),
            ("1af4:", 3, "3 functions match: 0000:00:06.0, 0000:00:08.0, 0000:00:0a.0; use an "
             "address, or append #N to pick one"),
            ("4.0", 3, "2 functions match: 0000:00:04.0, 0000:01:04.0; use an address, or append "
             "#N to pick one"),
            ("1f.0", 3, f"no function matches 1f.0; {ALL}"),
            ("::0c03", 3, f"no function matches *:*:0c03; {ALL}"),
            ("4", 2, '"4" is not a selector; an address needs the function too: append .0 for '
             "function 0"),
            ("1234", 2, '"1234" is not a selector; append : for all functions of a vendor'),
            ("/sys/class/net/eth0", 2, f'"/sys/class/net/eth0" is not a selector; {path}'),
            ("03:00", 2, '"03:00" is not a selector; an address needs the function too: append .0 '
             "for function 0"),
            ("0000:03:00", 2, '"0000:03:00" is not a selector; an address needs the function too: '
             "append .0 for function 0"),
            ("", 2, f'"" is not a selector; {hint}'),
            ("edu", 2, f'"edu" is not a selector; {hint}'),
            ("00:04.8", 2, f'"00:04.8" is not a selector; {hint}'),
            ("00:20.0", 2, f'"00:20.0" is not a selector; {hint}'),
            ("00:04.0 ", 2, f'"00:04.0 " is not a selector; {hint}'),
            ("12345:11e8", 2, f'"12345:11e8" is not a selector; {hint}'),
            ("pci0:4:0:9:9", 2, f'"pci0:4:0:9:9" is not a selector; {hint}')):
        for verb in ("read", "write"):
            bench.run(*arguments(verb, selector, 0)).refuses(
                status, f"pcibar {verb}: {selector}: {sentence}")


def test_an_unknown_device_for_every_verb(bench):
    sentence = no_function("0000:00:1f.0")
    for line in (*(arguments(verb, "00:1f.0", 0) for verb in VERBS), ["info", "00:1f.0"],
                 ["explain", "00:1f.0"], ["enable", "00:1f.0"], ["disable", "00:1f.0"],
                 ["script", "00:1f.0"], ["list", "00:1f.0"]):
        bench.run(*line, stdin=INPUT).refuses(3, f"pcibar {line[0]}: 00:1f.0: {sentence}")
    for verb, value in (("read", []), ("write", ["1"])):
        bench.run("config", verb, "00:1f.0", "0", *value).refuses(
            3, f"pcibar config {verb}: 00:1f.0: {sentence}")


def test_bars_that_are_not_there(bench):
    refused(bench, bench.function(EDU), 1, 2, no_bar("BAR 1"))
    refused(bench, bench.function(EDU), ROM, 2, no_bar("the expansion ROM"))
    refused(bench, bench.function(IVSHMEM), 3, 2, UPPER_HALF)


def test_names_of_bars(bench):
    for bar in ("6", "7", "-", "00", "0x0", "Rom", "BAR", "Bar0", "BAR6", "rom0", "", "1 "):
        for verb in VERBS:
            bench.run(*arguments(verb, EDU, bar)).refuses(
                2, f"pcibar {verb}: BAR '{bar}': not a BAR: use 0 to 5, or rom; see 'pcibar help "
                f"{verb}'")
    bench.run("explain", EDU, "6").refuses(
        2, "pcibar explain: BAR '6': not a BAR: use 0 to 5, or rom; see 'pcibar help explain'")


def test_outside(bench):
    edu = bench.function(EDU)
    before = state(edu)
    for verb, offset, wanted in (
            ("read", "0x100000", "0x100000+0x4"), ("read", "0xffffc+8", "0xffffc+0x8"),
            ("read", "1M+4", "0x100000+0x4"),
            ("read", "0xfffffffffffffff8", "0xfffffffffffffff8+0x4"),
            ("dump", "0x100000+4", "0x100000+0x4"), ("dump", "0+0x100004", "0x0+0x100004"),
            ("dump", "0x200000", "0x200000+0x0"), ("dump", "1M", "0x100000+0x0"),
            ("watch", "0x100000", "0x100000+0x4"), ("write", "0x100000", "0x100000+0x4"),
            ("write", "17179869184", "0x400000000+0x4")):
        value = ["1"] if verb == "write" else []
        bench.run(verb, EDU, "0", offset, *value).refuses(
            2, f"pcibar {verb}: {EDU} BAR 0: {outside(wanted)}")
    for verb in ("load", "compare"):
        bench.run(verb, EDU, "0", "-", "--offset", "0xfffe0", stdin=INPUT).refuses(
            2, f"pcibar {verb}: {EDU} BAR 0: {too_long('standard input', 64, 0xfffe0, 32)}")
        bench.run(verb, EDU, "0", "-", "--offset", "1M", stdin=INPUT).refuses(
            2, f"pcibar {verb}: {EDU} BAR 0: {outside('0x100000+0x40')}")
    bench.run("read", HUGE, "2", "16G").refuses(
        2, f"pcibar read: {HUGE} BAR 2: {outside('0x400000000+0x4', 2, 16 << 30)}")
    equal(state(edu), before)


def test_outside_a_bar_smaller_than_a_page(bench):
    """The page continues after it, and belongs to another BAR."""
    for verb in ("read", "write"):
        bench.run(*arguments(verb, IVSHMEM, 0, 256), "--share-page").refuses(
            2, f"pcibar {verb}: {IVSHMEM} BAR 0: {outside('0x100+0x4', 0, 256)}")


def test_alignment_and_multiples(bench):
    for verb in VERBS:
        bench.run(*arguments(verb, EDU, 0, 6), stdin=INPUT).refuses(
            2, f"pcibar {verb}: offset 0x6 is not a multiple of 4: use -w 2; see 'pcibar help "
            f"{verb}'")
        bench.run(*arguments(verb, EDU, 0, 4), "-w8", stdin=INPUT).refuses(
            2, f"pcibar {verb}: offset 0x4 is not a multiple of 8: use -w 4; see 'pcibar help "
            f"{verb}'")
    for verb in ("read", "dump", "watch"):
        for length, width, fits in ((6, 4, 2), (3, 2, 1), (4, 8, 4), (1, 8, 1)):
            bench.run(verb, EDU, "0", f"0+{length}", "-w", width).refuses(
                2, f"pcibar {verb}: {length:#x} bytes are not a multiple of {width}: use -w "
                f"{fits}; see 'pcibar help {verb}'")
    equal(bench.function(EDU).peek(0, 0, 128), bytes(128))


def test_widths(bench):
    for verb in VERBS:
        any_too = verb in ("dump", "load", "compare")
        words = "1, 2, 4, 8 or any" if any_too else "1, 2, 4 or 8"
        for width in ("3", "0", "16", "all" if any_too else "any", "", "-1", "4x", "04"):
            bench.run(*arguments(verb, EDU, 0), f"--width={width}").refuses(
                2, f"pcibar {verb}: --width '{width}': not a width: use {words}; see 'pcibar "
                f"help {verb}'")
    equal(bench.function(EDU).peek(0, 0, 64), bytes(64))


def test_numbers(bench):
    for number, clause in (
            ("12z", TRAILING), ("0x1g", TRAILING), ("4 ", TRAILING), ("1KB", TRAILING),
            ("1Ki", TRAILING), ("1kiB ", TRAILING), ("0x10,", TRAILING),
            ("010", OCTAL), ("00", OCTAL), ("09", OCTAL),
            ("18446744073709551616", "the number is too large"),
            ("0x10000000000000000", "the number is too large"),
            ("17179869184G", "the number is too large"),
            ("", "a number is missing"), (" 4", NOT_A_NUMBER), ("0x", NOT_A_NUMBER),
            ("x4", NOT_A_NUMBER), ("K", NOT_A_NUMBER), ("0x-1", NOT_A_NUMBER),
            ("+4", "a number is missing"), ("4+", "a number is missing"),
            ("0+0", "the length is zero"), ("4+-4", "a number cannot be negative"),
            ("4+4+4", TRAILING), ("0+010", OCTAL),
            ("0xfffffffffffffff0+0x11", "the range ends beyond 64 bits")):
        bench.run("read", EDU, "0", number).refuses(
            2, f"pcibar read: offset '{number}': {clause}; see 'pcibar help read'")
    # A digit, but not of ASCII.
    bench.run("read", EDU, "0", "\u0664").refuses(
        2, f"pcibar read: offset '\\xd9\\xa4': {NOT_A_NUMBER}; see 'pcibar help read'")
    for verb in ("read", "dump", "watch"):
        bench.run(verb, EDU, "0", "-4").refuses(
            2, f"pcibar {verb}: '-4': a number cannot be negative; see 'pcibar help {verb}'")
    bench.run("write", EDU, "0", "4+4", "1").refuses(
        2, "pcibar write: offset '4+4': trailing characters after the number; see 'pcibar help "
           "write'")
    for verb in ("load", "compare"):
        bench.run(verb, EDU, "0", "-", "--offset", "-4").refuses(
            2, f"pcibar {verb}: --offset '-4': a number cannot be negative; see 'pcibar help "
            f"{verb}'")
    equal(bench.function(EDU).peek(0, 0, 64), bytes(64))


def test_counts(bench):
    see = "; see 'pcibar help read'"
    for option, sentence in (
            ("-c0", "--count '0': the count is zero"), ("-c-1", "--count '-1': a number cannot be "
             "negative"), ("--count=010", f"--count '010': {OCTAL}"),
            ("--count=", "--count '': a number is missing"),
            ("--count=0x4000000000000000", "--count '4611686018427387904': the range ends beyond "
             "64 bits")):
        bench.run("read", EDU, "0", "0", option).refuses(2, f"pcibar read: {sentence}{see}")
    bench.run("read", EDU, "0", "0+8", "-c2").refuses(
        2, f"pcibar read: '0+8' has a length: it cannot be combined with --count{see}")
    bench.run("read", EDU, "0", "0+8", "--fixed").refuses(
        2, f"pcibar read: '0+8' has a length: it cannot be combined with --fixed{see}")


def test_operands(bench):
    for line, missing in (
            (["read"], "<selector> <bar> <offset|start+length> ..."),
            (["read", EDU], "<selector> <bar> <offset|start+length> ..."),
            (["write", EDU, "0", "0"], "<selector> <bar> <offset> <value[:mask]>..."),
            (["dump", EDU], "<selector> <bar> [start|start+length]"),
            (["load", EDU, "0"], "<selector> <bar> <file|->"),
            (["compare", EDU, "0"], "<selector> <bar> <file|->"),
            (["watch", EDU, "0"], "<selector> <bar> <offset|start+length>"),
            (["info"], "<selector>"), (["enable"], "<selector>"),
            (["explain"], "<selector> [bar]"), (["script"], "<selector> [file|-]")):
        bench.run(*line).refuses(
            2, f"pcibar {line[0]}: operands are missing: {missing}; see 'pcibar help {line[0]}'")
    for line in (["watch", EDU, "0", "0", "0"], ["dump", EDU, "0", "0", "0"], ["info", EDU, "0"],
                 ["list", EDU, EDU], ["enable", EDU, "0"], ["explain", EDU, "0", "0"],
                 ["script", EDU, "-", "-"], ["load", EDU, "0", "-", "-"]):
        bench.run(*line).refuses(
            2, f"pcibar {line[0]}: too many operands; see 'pcibar help {line[0]}'")


@valgrind
def test_a_driver(bench):
    refused(bench, bench.function(NVME), 0, 1, driver(bench.function(NVME)))


def test_drivers_that_leave_the_bars_to_others(bench):
    for name in ("vfio-pci", "pci-stub", "uio_pci_generic", "pcieport"):
        bench.function(EDU).bind(name)
        bench.run("read", EDU, "0", "0").prints("0x00000000\n")


def test_decoding_off(bench):
    edu, rtl = bench.function(EDU), bench.function(RTL8139)
    edu.set_command(0x0105)
    refused(bench, edu, 0, 1, decode_off(bench.function(EDU)))
    rtl.set_command(0x0106)
    refused(bench, rtl, 0, 1, decode_off(rtl, "I/O"))
    bench.run("read", RTL8139, "1", "0").prints("0x00000000\n")


def test_asleep(bench):
    edu = bench.function(EDU)
    for power_state in ("D1", "D2", "D3hot", "D3cold"):
        edu.set_power_state(power_state)
        refused(bench, edu, 0, 1, asleep(edu))
    for power_state in ("D0", "unknown"):
        edu.set_power_state(power_state)
        bench.run("read", EDU, "0", "0").prints("0x00000000\n")


def test_a_shared_page(bench):
    for one, other in ((IVSHMEM, PAIR), (PAIR, IVSHMEM)):
        refused(bench, bench.function(one), 0, 1, shared_page(f"BAR 0 of {other}"))


def test_a_page_shared_within_a_function(bench):
    function = bench.tree.add("0000:02:00.0", Definition(Ids(0xabcd, 1, 0xff0000), {
        0: Bar(0xfe000000, 128, RES_MEM), 1: Bar(0xfe000080, 128, RES_MEM)}))
    refused(bench, function, 0, 1, shared_page("BAR 1 of the same function"))


def test_no_address(bench):
    function = bench.tree.add("0000:02:00.0", Definition(
        Ids(0xabcd, 1, 0xff0000), {0: Bar(0, 4096, RES_MEM)}))
    refused(bench, function, 0, 1, NO_ADDRESS)


def test_exclusive_is_refused_where_it_means_nothing(bench):
    refused(bench, bench.function(EDU), 0, 1, NOT_EXCLUSIVE, extra=["--exclusive"])


def test_the_rom_cannot_be_written(bench):
    refused(bench, bench.function(RTL8139), ROM, 1, ROM_READ_ONLY, verbs=WRITERS,
            extra=["--activate"])


def test_no_write_combining(bench):
    for address, bar, why in ((EDU, 0, ", which is not prefetchable"),
                              (RTL8139, 0, ", which is not prefetchable"), (HUGE, 2, "")):
        bench.function(HUGE).path("resource2_wc").unlink(missing_ok=True)
        bench.run("load", address, bar, "-", "--wc", stdin=INPUT).refuses(
            1, f"pcibar load: {address} BAR {bar}: {no_wc(bar, why)}")
        equal(bench.function(address).peek(bar, 0, 64), bytes(64))


def test_without_rights(bench):
    for address in (EDU, RTL8139):
        function = bench.function(address)
        before = state(function)
        for mode, verbs, what in ((0o444, WRITERS, "write to"), (0, READERS, "read")):
            function.resource(0).chmod(mode)
            for verb in verbs:
                bench.run_as_nobody(*arguments(verb, address, 0), stdin=INPUT).refuses(
                    1, f"pcibar {verb}: {address} BAR 0: no permission to {what} the file "
                    "resource0; run it as root, or have root change the file's mode")
        function.resource(0).chmod(0o600)
        equal(state(function), before)


def test_activate_without_rights(bench):
    edu = bench.function(EDU)
    edu.set_command(0)
    edu.path("config").chmod(0o444)
    bench.run_as_nobody("read", EDU, "0", "0", "--activate").refuses(
        1, f"pcibar read: {EDU} BAR 0: decoding cannot be turned on: Permission denied; run it as "
        "root")


def test_lockdown(bench):
    """The kernel refuses mmap() then, which only strace can show on an ordinary file."""
    edu, rtl = bench.function(EDU), bench.function(RTL8139)
    bench.tree.set_lockdown("integrity")
    front = harness.failing("mmap", "EPERM", edu.resource(0))
    refused(bench, edu, 0, 1, LOCKDOWN, run=lambda *args, stdin: bench.run(
        *args, stdin=stdin, wrap=front))
    refused(bench, rtl, 0, 1, LOCKDOWN, verbs=WRITERS)


def test_other_errors_of_mmap(bench):
    edu = bench.function(EDU)
    for error, owner, sentence in (
            ("EPERM", None, "a missing capability or a security module denied it; run it as root "
             "of the machine, with CAP_SYS_RAWIO"),
            ("EACCES", None, "no permission to map the BAR; run it as root"),
            ("EINVAL", None, "the kernel keeps the range for another user (IO_STRICT_DEVMEM); see "
             "/proc/iomem for who holds it"),
            ("EINVAL", "edu", "the kernel keeps the range for edu (IO_STRICT_DEVMEM); unbind the "
             f"driver (pcibar bind {EDU} none); a kernel booted with iomem=relaxed allows both"),
            ("ENOMEM", None, "mmap: Cannot allocate memory")):
        edu.bind(owner)
        front = harness.failing("mmap", error, edu.resource(0))
        refused(bench, edu, 0, 1, sentence, verbs=("read", "write"),
                extra=["--share-driver"] if owner else (),
                run=lambda *args, stdin, front=front: bench.run(*args, stdin=stdin, wrap=front))


def test_a_kernel_without_the_file(bench):
    edu = bench.function(EDU)
    edu.resource(0).unlink()
    for verb in VERBS:
        bench.run(*arguments(verb, EDU, 0), stdin=INPUT).refuses(
            1, f"pcibar {verb}: {EDU} BAR 0: this kernel does not provide the file resource0; "
            "use the module instead (modprobe pciio, package pcibar-dkms)")


def test_a_function_that_is_gone(bench):
    """It stops responding, and then it is gone."""
    edu = bench.function(EDU)
    edu.poke_config(0, b"\xff" * 256)
    refused(bench, edu, 0, 4, silent(edu))
    refused(bench, edu, 1, 4, silent(edu))
    bench.run("explain", EDU).expect(
        1, f"{EDU}\nsysfs: not possible\n  - "
           + silent(edu).replace("; check", "\n    remedy: check") + "\n")
    check("does not respond" in bench.run("info", EDU).stdout, "info")
    check("does not respond" in bench.run("list", "-v", EDU).stdout, "list -v")
    for line in (["info", EDU], ["list", "-v", EDU]):
        check('"responds":false' in bench.run(*line, "--json").stdout, line)
    edu.path("resource").unlink()
    for verb in VERBS:
        bench.run(*arguments(verb, EDU, 0), stdin=INPUT).refuses(
            4, f"pcibar {verb}: {EDU} BAR 0: the function is gone; 'pcibar list' shows what is "
            "there now")
    edu.vanish()
    bench.run("read", EDU, "0", "0").refuses(
        3, f"pcibar read: {EDU}: {no_function(EDU)}")


def test_a_register_that_was_lost(bench):
    """All verbs refuse it, enable does not turn decoding on there, and explain says why."""
    edu = bench.function(EDU)
    for held, command in ((0, 0x0103), (0xfffffff0, 0x0103), (0xfeb00000, 0x0100)):
        edu.poke_config(0x10, held.to_bytes(4, "little"))
        edu.set_command(command)
        for extra in ([], ["--activate"]):
            refused(bench, edu, 0, 1, moved(edu, 0, held), extra=extra)
        bench.run("explain", EDU, "0").expect(1, moved(edu, 0, held).replace(
            "; have", "\n    remedy: have").join((
                f"{EDU} BAR 0, read-only, uncached\nsysfs: not possible\n  - ", "\n")))
        before = state(edu)
        if not command & 2:
            bench.run("enable", EDU).refuses(1, f"pcibar enable: {EDU} BAR 0: "
                                                f"{moved(edu, 0, held)}")
        equal(state(edu), before)
    edu.poke_config(0x10, edu.bars[0].start.to_bytes(4, "little"))
    bench.run("enable", EDU).prints("")
    bench.run("read", EDU, "0", "0").prints("0x00000000\n")


def test_another_register_that_was_lost(bench):
    """--activate would have it respond as well, at the address that it holds."""
    display = bench.function(BEYOND)
    display.poke_config(0x18, bytes(4))
    equal(bench.run("read", BEYOND, "0", "0").status, 0)
    display.set_command(0x0100)
    refused(bench, display, 0, 1, decode_off(display))
    refused(bench, display, 0, 1, moved(display, 2, 0), extra=["--activate"])


def test_both_halves_of_a_register(bench):
    huge = bench.function(HUGE)
    held = huge.bars[2].start & 0xffffffff | 0xc
    huge.poke_config(0x18, held.to_bytes(8, "little"))
    refused(bench, huge, 2, 1, moved(huge, 2, held & ~0xf), verbs=("read", "write"))


def test_a_64_bit_bar_without_an_address(bench):
    """The kernel forgets all of it but for the register; a 32-bit one leaves no trace."""
    edu = bench.function(EDU)
    edu.poke_config(0x18, (0xc).to_bytes(4, "little"))
    refused(bench, edu, 2, 1, NO_ADDRESS.replace("BAR 0", "BAR 2"))
    refused(bench, edu, 3, 2, no_bar("BAR 3"))
    info = bench.run("info", EDU).stdout
    check("BAR 2  mem64" in info and "no address" in info, info)
    # Where an endpoint has BAR 2, a bridge has the numbers of its buses.
    bridge = bench.function(PORT)
    bridge.poke_config(0x18, (0x040404).to_bytes(4, "little"))
    refused(bench, bridge, 2, 2, no_bar("BAR 2"))


def test_a_rom_that_is_a_copy(bench):
    """It is RAM: no decoder is needed."""
    copy = bench.tree.add("0000:02:00.0", Definition(Ids(0xabcd, 1, 0x030000), {
        ROM: Bar(0xc0000, 0x20000, RES_MEM | RES_READONLY | 0x2)}, command=0))
    bench.run("explain", copy.address, "rom").prints(
        f"{copy.address} BAR rom, read-only, uncached\nsysfs: possible\n")
    # An ordinary file keeps the "1" that makes the kernel's readable.
    bench.run("read", copy.address, "rom", "0").prints("0x00000031\n")


def test_a_masked_write_of_all_ones(bench):
    """Neither is real: no function has such a vendor ID and class."""
    edu = bench.function(EDU)
    edu.poke_config(0, b"\xff" * 12)
    before = state(edu)
    bench.run("config", "write", EDU, "4.W", "2:2").refuses(
        4, f"pcibar config write: {EDU}: {silent(edu)}")
    equal(state(edu), before)


def test_options_that_mean_nothing_to_a_verb(bench):
    for line, option in ((["read", EDU, "0", "0"], "--verify"), (["list"], "--share-driver"),
                         (["info", EDU], "--activate"), (["write", EDU, "0", "0", "1"], "--json"),
                         (["enable", EDU], "--share-page"), (["load", EDU, "0", "-"], "--until")):
        bench.run(*line, option).refuses(
            2, f"pcibar {line[0]}: unknown option '{option}'; see 'pcibar help {line[0]}'")
    for line, option in ((["list"], "--share-driver"), (["write", EDU, "0", "0", "1"], "--json"),
                         (["info", EDU], "--exclusive"), (["enable", EDU], "--activate")):
        bench.run(option, *line).refuses(
            2, f"pcibar {line[0]}: option {option} does not apply to this verb; "
               f"see 'pcibar help {line[0]}'")
    for option, sentence in (
            ("--frob", "unknown option '--frob'"), ("-x", "unknown option '-x'"),
            ("--backend", "--backend needs an argument"), ("--json=1", "'--json=1': the option "
             "takes no argument"),
            ("--backend=frob", "--backend 'frob': no such back end, use one of these: auto, "
             "sysfs, pciio, vfio, freebsd")):
        bench.run("read", EDU, "0", "0", option).refuses(
            2, f"pcibar read: {sentence}; see 'pcibar help read'")
    equal(bench.function(EDU).peek(0, 0, 4), bytes(4))


def test_verbs_that_there_are_not(bench):
    for word in ("frobnicate", "", "x", "vlaue", "a" * 40):
        bench.run(word, EDU).refuses(2, f"pcibar: unknown verb '{word}'; see 'pcibar help'")
    for word, meant in (("READ", "read"), ("rea", "read"), ("raed", "read"), ("reads", "read"),
                        ("ls", "list"), ("peek", "read"), ("dmup", "dump"), ("enalbe", "enable"),
                        ("confg", "config")):
        bench.run(word, EDU).refuses(
            2, f"pcibar: unknown verb '{word}' (did you mean '{meant}'?); see 'pcibar help'")
    bench.run().refuses(2, "pcibar: a verb is missing; see 'pcibar help'")
    bench.run("-w", "4", "read", EDU, "0", "0").refuses(
        2, "pcibar: unknown option '-w'; see 'pcibar help'")


if __name__ == "__main__":
    harness.main()
