# SPDX-License-Identifier: BSD-2-Clause
"""Pictures of cost against size, by gnuplot."""

import subprocess

UNITS = {"s": "seconds", "calls": "system calls", "instr": "instructions", "s/byte":
         "seconds per byte"}
HEAD = """set terminal svg size 760,560 font 'sans,13' background 'white'
set output '{target}'
set title '{title}'
set logscale xy
set format y '10^{{%T}}'
set xlabel '{size_unit}'
set ylabel '{cost_unit}'
set key below maxcols 2
set grid
"""


def draw(points, directory):
    """One file for each plot; the names of the files."""
    plots = {}
    for point in points:
        plots.setdefault(point.plot, []).append(point)
    for name, members in plots.items():
        target = directory / f"{name}.svg"
        subprocess.run(["gnuplot"], input=_script(members, target), text=True, check=True)
        yield target


def _script(points, target):
    first = points[0]
    lines = {}
    for point in points:
        lines.setdefault(point.line, []).append(point)
    text = HEAD.format(target=target, title=first.title, size_unit=first.size_unit,
                       cost_unit=UNITS.get(first.cost_unit, first.cost_unit))
    for number, members in enumerate(lines.values()):
        rows = "\n".join(f"{p.size} {p.cost.median} {p.cost.low} {p.cost.high}"
                         for p in sorted(members, key=lambda p: p.size))
        text += f"$line{number} << end\n{rows}\nend\n"
    return text + "plot " + ", ".join(
        f"$line{number} with yerrorlines title '{name}'" for number, name in enumerate(lines))
