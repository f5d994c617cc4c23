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
# What a terminal takes as one; the last of a text may be incomplete yet.
TOKEN = re.compile(ESCAPES.pattern + r"|\r?\n|\r(?=[^\n])|[^\x1b\r]")


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

    def wrapped(self, text, indent):
        return textwrap.wrap(text, min(self.columns, 100) - len(indent))

    def heading(self, number, text, explanation):
        self.write(f"\n{self.styled('bold', f'{number:2}. {text}')}\n")
        for line in self.wrapped(explanation, INDENT):
            self.write(f"{INDENT}{self.styled('dim', line)}\n")

    def command(self, line):
        self.write(f"\n{INDENT}{self.styled('command', f'# {line}')}\n")

    def good(self, text):
        self._judged("good", "ok", self.wrapped(text, f"{INDENT}ok  "))

    def bad(self, text):
        self._judged("bad", "FAILED", str(text).splitlines())

    def _judged(self, style, verdict, lines):
        indent = f"\n{INDENT}{' ' * len(verdict)}  "
        self.write(f"\n{INDENT}{self.styled(style, verdict)}  {indent.join(lines)}\n")

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
    """Shows what a terminal receives, moved to the right, and so wrapped earlier."""

    def __init__(self, report):
        self.report = report
        self.pending = ""
        self.column = 0

    def feed(self, text):
        self.pending += text
        shown, place = "", 0
        while token := TOKEN.match(self.pending, place):
            shown += self._place(token[0])
            place = token.end()
        self.pending = self.pending[place:]
        self.report.write(shown)

    def _place(self, token):
        if token in ("\n", "\r\n", "\r"):
            self.column = 0
            return "\r" if token == "\r" else "\n"
        if ESCAPES.match(token):
            return token
        wrapped = self.column == self.report.columns
        if wrapped or self.column == 0:
            self.column = len(INDENT)
            token = ("\n" if wrapped else "") + INDENT + token
        self.column += 1
        return token

    def end(self):
        self.report.write(self.pending)


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
