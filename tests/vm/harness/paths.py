# SPDX-License-Identifier: BSD-2-Clause
"""Where things are in the source tree and in the build tree."""

from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
BUILD = SOURCE / "build"
TESTS = SOURCE / "tests" / "vm"
