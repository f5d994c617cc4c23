# SPDX-License-Identifier: BSD-2-Clause
"""The examples in the documentation: C programs, and commands with what they print."""

import re
from typing import NamedTuple

HERE_DOCUMENT = re.compile(r"<<'(\w+)'")
# What differs from run to run, or with another firmware: times and rates, addresses of BARs, and
# of page tables the last page or two, by whether the kernel puts the mapping beside another one.
VARIES = re.compile(r"((?<![\w.:])\d+\.\d+(?= (?:s|ms|MiB/s|0x|intx|msi))|"
                    r"(?<=  )0x[0-9a-f]{8,}(?=\n|  )|"
                    r"(?<=page tables )\d(?= KiB)|(?<=page tables \d{3})\d\d(?= KiB))")


class Step(NamedTuple):
    """A command and what it prints; the prompt, "#" for root."""

    command: str
    shown: str
    prompt: str

    def is_as_shown(self, printed):
        pattern = "".join(_varying(part) if number % 2 else re.escape(part)
                          for number, part in enumerate(VARIES.split(self.shown)))
        return re.fullmatch(pattern, printed) is not None


def _varying(part):
    """A count keeps its size: 4 KiB may become 12 KiB at the edge of 512 GiB, and never 4,096."""
    return rf"\d{{{len(part)},2}}" if part.isdigit() else "[0-9a-fx.]+"


def displays(path):
    """The literal displays of a manual page, or the code blocks of a Markdown file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        fenced = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        indented = re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", text, re.MULTILINE)
        return fenced + [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in indented]
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", text, re.MULTILINE | re.DOTALL)
    return [block.replace("\\e", "\\").replace("\\-", "-").replace("\\&", "")
            for block in blocks]


def programs(path):
    """C programs."""
    return [block for block in displays(path) if block.startswith("#include")]


def steps(path):
    """Commands that follow a prompt, with their output."""
    for block in displays(path):
        if not re.match(r"[#$] ", block):
            continue
        lines = block.splitlines(keepends=True)
        while lines:
            prompt, command, shown = lines[0][0], lines.pop(0)[2:], ""
            end = HERE_DOCUMENT.search(command)
            while end and lines and not command.endswith(f"\n{end[1]}\n"):
                command += lines.pop(0)
            while lines and not re.match(r"[#$] ", lines[0]):
                shown += lines.pop(0)
            yield Step(command.strip(), shown, prompt)
