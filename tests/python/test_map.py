#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Maps: windows, accesses of each width, ranges, numbers that do not fit, losing, closing."""

import errno
import signal
import subprocess
import sys
import threading

import pcibar
import support
from fake_sysfs import EDU, HUGE, IVSHMEM, RTL8139
from pcibar import MemoryAttribute, ReasonCode

WIDTHS = (1, 2, 4, 8)
VALUE = 0xf8f7f6f5f4f3f2f1


class Accesses(support.Case):
    def test_each_width(self):
        registers, function = self.map(EDU, 0), self.functions[EDU]
        for width in WIDTHS:
            value = VALUE & (1 << 8 * width) - 1
            image = value.to_bytes(width, "little")
            for name, args in (("read", (width,)), (f"read{8 * width}", ())):
                function.poke(0, 0x40, image)
                self.assertEqual(getattr(registers, name)(0x40, *args), value)
            for name, args in (("write", (width,)), (f"write{8 * width}", ())):
                function.poke(0, 0x38, bytes(24))
                getattr(registers, name)(0x40, value, *args)
                self.assertEqual(function.peek(0, 0x38, 24), bytes(8) + image + bytes(16 - width))

    def test_values_that_do_not_fit(self):
        registers = self.map(EDU, 0)
        for width in WIDTHS:
            self.assertRaises(ValueError, registers.write, 0, 1 << 8 * width, width)
            self.assertRaises(ValueError, registers.write, 0, 1 << 200, width)
            self.assertRaises(ValueError, getattr(registers, f"write{8 * width}"), 0,
                              1 << 8 * width)
        self.assertEqual(self.functions[EDU].peek(0, 0, 64), bytes(64))

    def test_no_number_is_cut_or_guessed(self):
        registers = self.map(EDU, 0)
        for number in (-1, -1 << 80, True, False, 4.0, "4", b"4", None):
            for call, args in ((registers.read, (number, 4)), (registers.read, (0, number)),
                               (registers.write, (number, 0, 4)), (registers.write, (0, number, 4)),
                               (registers.read32, (number,)), (registers.write32, (0, number)),
                               (registers.read_bytes, (number, 4, 4)),
                               (registers.read_bytes, (0, number, 4)),
                               (registers.read_bytes, (0, 4, number)),
                               (registers.write_bytes, (number, b"1234", 4))):
                self.assertRaises(TypeError, call, *args)
        for args in ((1 << 64, 4), (0, 3), (0, 0), (0, 16), (0, (1 << 32) + 4)):
            self.assertRaises(ValueError, registers.read, *args)
        self.assertEqual(self.functions[EDU].peek(0, 0, 64), bytes(64))

    def test_refusals(self):
        registers = self.map(EDU, 0, 0, 0x100)
        error = self.refused(errno.EINVAL, ReasonCode.SYSTEM, registers.read32, 2)
        self.assertEqual(str(error), f"{EDU} BAR 0 offset 0x2: the address in the BAR is not a "
                         "multiple of the width; align it, or take a smaller width")
        error = self.refused(errno.ERANGE, ReasonCode.RANGE, registers.read_bytes, 0xfc, 8, 4)
        self.assertEqual(str(error), f"{EDU} BAR 0 offset 0xfc: the access is outside the map; "
                         "stay below the map's length")
        for offset in (0x100, 0xfffffffffffffffc):
            self.refused(errno.ERANGE, ReasonCode.RANGE, registers.read32, offset)
            self.refused(errno.ERANGE, ReasonCode.RANGE, registers.write32, offset, 0)
        reader = self.enterContext(self.open(EDU).map(0))
        self.refused(errno.EACCES, ReasonCode.READ_ONLY, reader.write32, 0, 1)
        self.refused(errno.EACCES, ReasonCode.READ_ONLY, reader.write_bytes, 0, b"1234", 4)

    def test_io_ports(self):
        """Through the back end, which has no 64-bit access to ports."""
        self.functions[RTL8139].poke(0, 4, b"\x12\x34\x56\x78")
        ports = self.map(RTL8139, 0, indirect=True)
        self.assertEqual([ports.read(4, width) for width in (1, 2, 4)],
                         [0x12, 0x3412, 0x78563412])
        self.refused(errno.EOPNOTSUPP, ReasonCode.UNSUPPORTED, ports.read64, 0)


class Waits(support.Case):
    def test_until_a_value(self):
        registers, function = self.map(EDU, 0), self.functions[EDU]
        function.poke(0, 0x20, b"\x80\0\0\0")
        self.assertEqual(registers.wait_until(0x20, 0x80), 0x80)
        self.assertEqual(registers.wait_until(0x20, 0, 1, width=1, timeout=0), 0x80)
        later = threading.Timer(0.01, function.poke, (0, 0x20, b"\x81\0\0\0"))
        self.addCleanup(later.join)
        later.start()
        self.assertEqual(registers.wait_until(0x20, 1, 1, timeout=support.BOUND), 0x81)

    def test_not_for_ever(self):
        registers = self.map(EDU, 0)
        with self.assertRaises(TimeoutError) as caught:
            registers.wait_until(0x20, 1, 3, width=2, timeout=0.01)
        self.assertEqual(str(caught.exception),
                         f"{EDU} BAR 0 offset 0x20: 0x0000 after 0.01 s instead of 0x1:0x3")

    def test_what_can_never_be(self):
        registers = self.map(EDU, 0)
        for value, how in ((2, {"mask": 1}), (0x100, {"width": 1}), (-1, {})):
            self.assertRaises(ValueError, registers.wait_until, 0, value, **how)
        self.refused(errno.ERANGE, ReasonCode.RANGE, registers.wait_until, 1 << 40, 0)


class Windows(support.Case):
    def test_a_window_within_a_bar(self):
        self.functions[EDU].poke(0, 0x1234, b"\x11\x22\x33\x44")
        window = self.map(EDU, 0, 0x1230, 0x10)
        self.assertEqual((window.offset, window.length, window.attr),
                         (0x1230, 0x10, MemoryAttribute.UC))
        self.assertEqual((window.read32(4), str(window)), (0x44332211, f"{EDU} BAR 0"))

    def test_without_a_length_to_the_end(self):
        self.assertEqual(self.map(EDU, 0, 0xff000).length, 0x1000)
        self.assertEqual(self.map(HUGE, 2).length, 16 << 30)

    def test_windows_that_cannot_be(self):
        device = self.open(EDU)
        for window in ((1 << 20, None), (0, (1 << 20) + 1), (0xfffff, 2), (1 << 63, 1 << 63)):
            self.refused(errno.ERANGE, ReasonCode.RANGE, device.map, 0, *window)
        for window in ((1 << 64, 4), (0, 1 << 64), (0, 0)):
            self.assertRaises(ValueError, device.map, 0, *window)
        for window in ((-4, 4), (0, -4), (0.0, 4), (0, 4.0), (True, 4), ("0", 4), (None, 4)):
            self.assertRaises(TypeError, device.map, 0, *window)
        for bar in (-1, True, 0.0, None, "0"):
            self.assertRaises(TypeError, device.map, bar)
        self.assertRaises(ValueError, device.map, 1 << 32)

    def test_write_combining(self):
        frame = self.map(HUGE, 2, 0x300000000, 64, wc=True)
        self.assertEqual(frame.attr, MemoryAttribute.WC)
        frame.write_bytes(0, bytes(range(64)), 0)
        pcibar.wc_flush()
        self.assertEqual(self.functions[HUGE].peek(2, 0x300000000, 64), bytes(range(64)))

    def test_activate_for_as_long_as_it_lives(self):
        function = self.functions[EDU]
        function.set_command(0)
        with self.open(EDU, write=True).map(0, activate=True):
            self.assertEqual(function.command(), 2)
        self.assertEqual(function.command(), 0)


class Ranges(support.Case):
    def test_both_ways_in_each_width(self):
        memory, function = self.map(IVSHMEM, 2), self.functions[IVSHMEM]
        data = bytes(range(256)) * 16
        for width in WIDTHS:
            function.poke(2, 0x1000, bytes(len(data)))
            memory.write_bytes(0x1000, data, width)
            self.assertEqual(function.peek(2, 0x1000, len(data)), data)
            self.assertEqual(memory.read_bytes(0x1000, len(data), width), data)
        self.assertEqual(memory.read_bytes(0x1000, 17, 0, memory=True), data[:17])

    def test_what_has_a_buffer(self):
        memory, function = self.map(IVSHMEM, 2), self.functions[IVSHMEM]
        for data in (bytearray(b"abcd"), memoryview(b"xabcd")[1:]):
            function.poke(2, 0, bytes(4))
            memory.write_bytes(0, data, 4)
            self.assertEqual(function.peek(2, 0, 4), b"abcd")
        self.assertRaises(BufferError, memory.write_bytes, 0, memoryview(b"abcdefgh")[::2], 4)
        for data in ("abcd", 4, None, [1, 2]):
            self.assertRaises(TypeError, memory.write_bytes, 0, data, 4)

    def test_a_fifo(self):
        """All units at one offset: the last one stays, and each read returns the same."""
        memory, function = self.map(IVSHMEM, 2), self.functions[IVSHMEM]
        memory.write_bytes(8, b"aaaabbbbcccc", 4, fixed=True)
        self.assertEqual(function.peek(2, 0, 16), bytes(8) + b"cccc" + bytes(4))
        self.assertEqual(memory.read_bytes(8, 12, 4, fixed=True), b"cccc" * 3)
        self.assertEqual(len(memory.read_bytes(8, 8 << 20, 4, fixed=True)), 8 << 20)

    def test_refusals(self):
        memory = self.map(IVSHMEM, 2, 0, 0x1000)
        for offset, length, width in ((2, 4, 4), (0, 6, 4), (1, 2, 2), (0, 4, 0)):
            self.refused(errno.EINVAL, ReasonCode.SYSTEM, memory.read_bytes, offset, length, width)
            self.refused(errno.EINVAL, ReasonCode.SYSTEM, memory.write_bytes, offset,
                         bytes(length), width)
        self.refused(errno.EINVAL, ReasonCode.SYSTEM, memory.read_bytes, 0, 4, 0, fixed=True,
                     memory=True)
        # Nor is memory taken for what is not there to be read.
        for offset, length in ((0xffc, 8), (0x1000, 4), (0, 1 << 50), (0, (1 << 64) - 4)):
            self.refused(errno.ERANGE, ReasonCode.RANGE, memory.read_bytes, offset, length, 4)
        self.refused(errno.ERANGE, ReasonCode.RANGE, memory.write_bytes, 0xffc, bytes(8), 4)
        for width in (3, 5, 16, 1 << 33):
            self.assertRaises(ValueError, memory.read_bytes, 0, 0, width)
        self.assertEqual(self.functions[IVSHMEM].peek(2, 0, 0x1000), bytes(0x1000))

    def test_registers_have_no_buffer(self):
        """It would leave the width of accesses to the code that copies from it."""
        registers = self.map(EDU, 0)
        self.assertRaises(TypeError, memoryview, registers)
        self.assertRaises(TypeError, bytes, registers)
        self.assertRaises(TypeError, len, registers)
        self.assertRaises(TypeError, lambda: registers[0])


class Threads(support.Case):
    def test_a_copy_lets_others_run(self):
        """With turns that never end, another thread runs only when it is let."""
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(support.BOUND)
        memory = self.map(HUGE, 2, 0, 1 << 20)
        began, ran = threading.Event(), []

        def copy():
            began.set()
            for _ in range(1000):
                memory.read_bytes(0, 1 << 20, 8)
                if ran:
                    return
            ran.append("too late")

        thread = threading.Thread(target=copy)
        thread.start()
        began.wait()
        ran.append("in the meantime")
        thread.join(support.BOUND)
        self.assertEqual(ran, ["in the meantime"])


class Losing(support.Case):
    def test_a_function_that_is_gone(self):
        registers, function = self.map(EDU, 0), self.functions[EDU]
        self.assertFalse(registers.lost)
        function.poke(0, 0, b"\xff" * 16)
        self.assertEqual(registers.read32(0), 0xffffffff)
        function.poke_config(0, b"\xff" * 256)
        error = self.refused(errno.ENODEV, ReasonCode.GONE, registers.read32, 0)
        self.assertIn("the device was lost", str(error))
        self.assertTrue(registers.lost)
        self.refused(errno.ENODEV, ReasonCode.GONE, registers.read_bytes, 0, 16, 4)
        self.refused(errno.ENODEV, ReasonCode.GONE, registers.write32, 0, 1)
        self.refused(errno.ENODEV, ReasonCode.GONE, registers.write_bytes, 0, b"1234", 4)

    def test_a_guard_turns_the_signal_into_an_exception(self):
        registers = self.map(EDU, 0)
        self.functions[EDU].poke_config(0, b"\xff" * 256)
        self.functions[EDU].lose(0)
        with pcibar.guard():
            self.refused(errno.ENODEV, ReasonCode.GONE, registers.read32, 0)
        self.assertTrue(registers.lost)

    def test_the_guard_is_counted(self):
        with pcibar.guard(), pcibar.guard():
            pass
        self.refused(errno.EINVAL, ReasonCode.SYSTEM, pcibar.guard_remove)
        pcibar.guard_install()
        pcibar.guard_remove()


class Faulthandler(support.Case):
    """In a process of its own, because it is to die."""

    def run_python(self, *lines):
        program = "\n".join((
            "import faulthandler, mmap, os, resource, sys, pcibar",
            "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
            f"registers = pcibar.open({EDU!r}, sysfs_root={str(self.root)!r}).map(0)",
            "def lose():",
            f"    os.truncate({str(self.functions[EDU].path('resource0'))!r}, 0)",
            "    try:",
            "        registers.read32(0)",
            "    except pcibar.PcibarError:",
            "        print('lost', flush=True)",
            "def fault_elsewhere():",
            f"    with open({str(self.root / 'elsewhere')!r}, 'w+b') as file:",
            "        file.truncate(4096)",
            "        view = mmap.mmap(file.fileno(), 4096)",
            "        file.truncate(0)",
            "        return view[0]",
            *lines))
        return subprocess.run([sys.executable, "-c", program], text=True, capture_output=True,
                              timeout=support.BOUND, check=False)

    def test_before_the_guard_both_work(self):
        done = self.run_python("faulthandler.enable()", "pcibar.guard_install()", "lose()",
                               "fault_elsewhere()")
        self.assertEqual((done.stdout, done.returncode), ("lost\n", -signal.SIGBUS), done.stderr)
        self.assertIn("Fatal Python error: Bus error", done.stderr)
        self.assertIn("in fault_elsewhere", done.stderr)

    def test_after_the_guard_it_takes_its_place(self):
        done = self.run_python("pcibar.guard_install()", "faulthandler.enable()", "lose()")
        self.assertEqual((done.stdout, done.returncode), ("", -signal.SIGBUS), done.stderr)
        self.assertIn("in lose", done.stderr)

    def test_the_guard_again_after_it_works(self):
        done = self.run_python("pcibar.guard_install()", "pcibar.guard_remove()",
                               "faulthandler.enable()", "pcibar.guard_install()", "lose()")
        self.assertEqual((done.stdout, done.returncode), ("lost\n", 0), done.stderr)


class Closing(support.Case):
    def test_a_closed_map_raises(self):
        registers = self.map(EDU, 0)
        with registers:
            self.assertFalse(registers.closed)
        self.assertTrue(registers.closed)
        registers.close()
        for call, *args in ((registers.read32, 0), (registers.read, 0, 4),
                            (registers.write, 0, 0, 4), (registers.write64, 0, 1),
                            (registers.read_bytes, 0, 4, 4), (registers.write_bytes, 0, b"1", 1),
                            (registers.__enter__,), (getattr, registers, "length"),
                            (getattr, registers, "offset"), (getattr, registers, "attr"),
                            (getattr, registers, "lost")):
            with self.assertRaisesRegex(ValueError, f"<pcibar.Map {EDU} BAR 0> is closed"):
                call(*args)

    def test_it_outlives_its_device(self):
        with self.open(EDU, write=True) as device:
            registers = self.enterContext(device.map(0, write=True))
        registers.write32(0, 0x12345678)
        self.assertEqual(registers.read32(0), 0x12345678)

    def test_it_is_unmapped(self):
        with open("/proc/self/maps", encoding="utf-8") as maps:
            with self.open(EDU).map(0):
                self.assertIn("/resource0", maps.read())
            maps.seek(0)
            self.assertNotIn("/resource0", maps.read())

    def test_closing_lets_a_copy_in_another_thread_end(self):
        """A copy releases the GIL, so others run at the same time; unmapping would be fatal."""
        memory = self.map(HUGE, 2, 0, 1 << 20)
        began = threading.Event()
        results = []

        def copy():
            began.set()
            while True:
                try:
                    results.append(len(memory.read_bytes(0, 1 << 20, 1)))
                except ValueError as closed:
                    results.append(str(closed))
                    return

        threads = [threading.Thread(target=copy) for _ in range(4)]
        for thread in threads:
            thread.start()
        self.assertTrue(began.wait(support.BOUND))
        while not results:
            memory.read_bytes(0, 1 << 20, 8)
        memory.close()
        for thread in threads:
            thread.join(support.BOUND)
            self.assertFalse(thread.is_alive())
        self.assertEqual({1 << 20, f"<pcibar.Map {HUGE} BAR 2> is closed"}, set(results))


if __name__ == "__main__":
    support.main()
