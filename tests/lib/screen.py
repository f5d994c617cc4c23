# SPDX-License-Identifier: BSD-2-Clause
"""What a terminal of a given size shows of an output: lines wrap and scroll as there."""

import re

TOKEN = re.compile(r"\x1b\[(\d*)([A-Za-z])|[\r\n]|[^\x1b\r\n]")


class Screen:
    """The lines of a terminal. Of the escape sequences it knows those that pcibar prints."""

    def __init__(self, lines, columns):
        self.lines, self.columns = lines, columns
        self.cells = [[" "] * columns for _ in range(lines)]
        self.row = self.column = 0
        self.wrapped = self.scrolled = 0

    def resize(self, lines, columns):
        """Another size, with everything wrapped again in the worst way: "?" is anywhere."""
        self.__init__(lines, columns)
        self.cells = [["?"] * columns for _ in range(lines)]
        self.row = lines - 1

    def text(self):
        """The lines, without blanks at their ends, and without empty ones at the end."""
        return "\n".join("".join(row).rstrip() for row in self.cells).rstrip("\n")

    def _line_feed(self):
        if self.row < self.lines - 1:
            self.row += 1
            return
        self.scrolled += 1
        self.cells = [*self.cells[1:], [" "] * self.columns]

    def _clear_from(self, row, column):
        self.cells[row][column:] = [" "] * (self.columns - column)

    def _escape(self, number, letter):
        if letter == "A":
            self.row = max(0, self.row - int(number or 1))
        elif letter == "H":
            self.row = self.column = 0
        elif letter == "K":
            self._clear_from(self.row, min(self.column, self.columns - 1))
        elif letter == "J":
            self._clear_from(self.row, min(self.column, self.columns - 1))
            for row in range(self.row + 1, self.lines):
                self._clear_from(row, 0)
        elif letter != "m":
            raise ValueError(f"unknown escape sequence of letter {letter!r}")

    def feed(self, output):
        """Take output in; returns self."""
        for token in TOKEN.finditer(output):
            if token[2]:
                self._escape(token[1], token[2])
            elif token[0] == "\r":
                self.column = 0
            elif token[0] == "\n":
                self.column = 0
                self._line_feed()
            else:
                if self.column == self.columns:
                    self.wrapped += 1
                    self.column = 0
                    self._line_feed()
                self.cells[self.row][self.column] = token[0]
                self.column += 1
        return self
