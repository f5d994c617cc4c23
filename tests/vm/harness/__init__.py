# SPDX-License-Identifier: BSD-2-Clause
"""Boots real Debian kernels in QEMU and drives them; tests/vm/README.md is the way in."""
