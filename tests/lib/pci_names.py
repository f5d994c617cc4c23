# SPDX-License-Identifier: BSD-2-Clause
"""Names from the pci.ids of this machine, read independently of the command."""

from pathlib import Path

PATHS = [Path("/usr/share/misc/pci.ids"), Path("/usr/share/hwdata/pci.ids"),
         Path("/usr/local/share/pciids/pci.ids")]


class Names:
    """vendors by ID, devices by (vendor, device), subsystems by those and the subsystem's two,
    classes by base class, subclasses by (base class, subclass)."""

    def __init__(self, text=""):
        self.vendors, self.devices, self.subsystems = {}, {}, {}
        self.classes, self.subclasses = {}, {}
        self.after_comment = []        # devices whose line follows a comment
        above, comment = (), False
        for line in text.split("\n"):
            if not line or line.startswith("#"):
                comment = comment or bool(line)
                continue
            above = self._take(line, above)
            if comment and len(above) == 2 and above[0] != "C":
                self.after_comment.append(above)
            comment = False

    def _take(self, line, above):
        """One line below the numbers above it; returns the numbers down to it."""
        depth = len(line) - len(line.lstrip("\t"))
        if line.startswith("C "):
            number, _, name = line[2:].partition("  ")
            self.classes[int(number, 16)] = name
            return ("C", int(number, 16))
        number, _, name = line.strip("\t").partition("  ")
        if above[:1] == ("C",) and depth:
            if depth == 1:
                self.subclasses[above[1], int(number, 16)] = name
            return above
        if depth == 2:
            self.subsystems[above[:2] + tuple(int(part, 16) for part in number.split())] = name
            return above
        above = above[:depth] + (int(number, 16),)
        (self.devices if depth else self.vendors)[above if depth else above[0]] = name
        return above

    def function(self, ids):
        """Vendor and device in words, as a list shows them."""
        vendor, device = self.vendors.get(ids.vendor), self.devices.get((ids.vendor, ids.device))
        if not vendor:
            return f"device {ids.vendor:04x}:{ids.device:04x}"
        return f"{vendor} {device}" if device else f"{vendor} device {ids.device:04x}"

    def class_name(self, class_code):
        """The subclass or, without a name, the class in words."""
        base, sub = class_code >> 16, class_code >> 8 & 0xff
        name = self.subclasses.get((base, sub)) or self.classes.get(base)
        return name or f"class {class_code:06x}"


def load():
    """The names there are; none without the file."""
    for path in PATHS:
        if path.exists():
            return Names(path.read_text(encoding="utf-8"))
    return Names()
