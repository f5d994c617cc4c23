# SPDX-License-Identifier: BSD-2-Clause
"""mmap-read.py ADDRESS BAR OFFSET: one word, as a script does it."""

import mmap
import struct
import sys

address, bar, offset = sys.argv[1], sys.argv[2], int(sys.argv[3], 0)
with open(f"/sys/bus/pci/devices/{address}/resource{bar}", "r+b") as file, \
        mmap.mmap(file.fileno(), 4096, offset=offset & ~4095) as page:
    print(f"0x{struct.unpack_from('<I', page, offset & 4095)[0]:08x}")
