# SPDX-License-Identifier: BSD-2-Clause
"""Sentences that more than one verb says, as it says them behind its name and the device's."""

ALL = "'pcibar list' shows all functions"
LOST = ("the device was lost: removed, reset, switched off or taken by a driver; 'pcibar explain' "
        "shows the reason")
DRIVER = ("the kernel driver nvme owns the function; unbind it (write the address to its unbind "
          "file in sysfs), or share with it (--share-driver)")
DECODE_OFF = ("memory decoding is off; turn it on (pcibar enable), or for as long as it is mapped "
              "(--activate)")
ROM_OFF = ("the decoder of the expansion ROM is off; turn it on for as long as it is mapped "
           "(--activate)")
ROM_READ_ONLY = "the expansion ROM cannot be written; map it read-only"
ASLEEP = ("the device is in a low-power state and does not respond; wake it: write \"on\" to its "
          "power/control file in sysfs")
LOCKDOWN = ("kernel lockdown forbids access to BARs from user space; use a function bound to "
            "vfio-pci, or boot without lockdown (Secure Boot turns it on)")
NO_ADDRESS = ("BAR 0 was given no address; remove the function and rescan the bus, or look for its "
              '"can\'t assign" in the kernel log')
NOT_EXCLUSIVE = ("the sysfs back end cannot keep others out; share the BAR, and keep others away "
                 "by other means")
UPPER_HALF = "BAR 3 is the upper half of a 64-bit BAR; use the index before it"
TRAILING = "trailing characters after the number"
AMBIGUOUS = "the number is ambiguous, setpci takes it for hexadecimal: use 0x"
OCTAL = "octal numbers are not supported: use 0x... or drop the leading zero"


def no_function(address):
    """There is no function at this address."""
    return f"there is no function at {address}; {ALL}"


def no_bar(name):
    """The function does not implement this one."""
    return f"the function does not have {name}; 'pcibar info' shows its BARs"


def no_wc(bar, why=", which is not prefetchable"):
    """Nothing but uncached maps."""
    return f"the sysfs back end has no write-combining for BAR {bar}{why}; map it uncached"


def outside(window, bar=0, length=1 << 20):
    """The window does not lie in the BAR."""
    return f"{window} is outside BAR {bar}, which has {length:#x} bytes; stay below its length"


def too_long(name, length, offset, room):
    """A file that does not fit behind an offset of the BAR."""
    return f"{name} has {length:#x} bytes, and from {offset:#x} on there are only {room:#x}"


def shared_page(neighbour):
    """BAR 0 shares its page."""
    return (f"BAR 0 is smaller than a page, and {neighbour} is in the same page; share the page "
            "(--share-page) if the mapping may reach that too")
