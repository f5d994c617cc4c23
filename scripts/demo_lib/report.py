# SPDX-License-Identifier: BSD-2-Clause
"""What the demo prints: in colour and with moving progress on a terminal, as plain lines else."""

import os
import re
import shutil
import sys
import textwrap
import time
from contextlib import contextmanager

INDENT = "    "
STYLES = {"bold": "1", "dim": "2", "good": "32", "bad": "1;31", "command": "1;36"}
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def plain(text):
    """Without colours and other control sequences, lines ending as everywhere."""
    return ESCAPES.sub("", text).replace("\r\n", "\n")


class Report:
    def __init__(self, stream=sys.stdout):
        self.stream = stream
        self.is_terminal = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.color = self.is_terminal and not os.environ.get("NO_COLOR")
        self.columns, self.lines = shutil.get_terminal_size((100, 40))

    def write(self, text):
        self.stream.write(text)
        self.stream.flush()

    def styled(self, style, text):
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.color else text

    def title(self, text):
        self.write(f"{self.styled('bold', text)}\n\n")

    def heading(self, number, text, explanation):
        width = min(self.columns - len(INDENT), 96)
        self.write(f"\n{self.styled('bold', f'{number:2}. {text}')}\n")
        for line in textwrap.wrap(explanation, width):
            self.write(f"{INDENT}{self.styled('dim', line)}\n")

    def command(self, line):
        self.write(f"\n{INDENT}{self.styled('command', f'# {line}')}\n")

    def good(self, text):
        self.write(f"\n{INDENT}{self.styled('good', 'ok')}  {text}\n")

    def bad(self, text):
        lines = str(text).splitlines() or ["?"]
        self.write(f"\n{INDENT}{self.styled('bad', 'FAILED')}  {lines[0]}\n")
        for line in lines[1:]:
            self.write(f"{INDENT}        {line}\n")

    @contextmanager
    def preparing(self, text):
        """One line about what takes a while, with the time it took."""
        self.write(f"{INDENT}{text} {'.' * max(3, 66 - len(text))} ")
        started = time.monotonic()
        try:
            yield
        except BaseException:
            self.write("\n")
            raise
        self.write(f"{time.monotonic() - started:4.1f} s\n")

    def screen(self):
        """A place for the output of one command in the guest."""
        return Screen(self) if self.is_terminal else Transcript(self)


class Screen:
    """Shows what a terminal receives, moved to the right."""

    def __init__(self, report):
        self.report = report
        self.at_start = True
        self.carriage_return = False

    def feed(self, text):
        shown = ""
        for character in text:
            if character == "\n":
                shown += "\n"
            elif self.carriage_return:
                shown += "\r"
            self.at_start = self.at_start or self.carriage_return
            self.carriage_return = character == "\r"
            if character in "\r\n":
                self.at_start = True
                continue
            shown += INDENT + character if self.at_start else character
            self.at_start = False
        self.report.write(shown)

    def end(self):
        pass


class Transcript:
    """Makes lines of it: also of a line that was drawn over by the next."""

    def __init__(self, report):
        self.report = report
        self.line = ""

    def feed(self, text):
        self.line += text
        *lines, self.line = re.split(r"\r?\n|\r(?=[^\n])", self.line)
        self._show(lines)

    def end(self):
        self._show([self.line])
        self.line = ""

    def _show(self, lines):
        for line in map(plain, lines):
            if line.strip():
                self.report.write(f"{INDENT}{line}\n")
