# SPDX-License-Identifier: BSD-2-Clause
"""Sentences that more than one verb says, as it says them behind its name and the device's."""

ALL = "'pcibar list' shows all functions"
LOST = ("the device was lost: removed, reset, switched off or taken by a driver; 'pcibar explain' "
        "shows the reason")
DECODING = "turn it on (pcibar enable {}), or for as long as it is mapped (pcibar --activate)"
ROM_OFF = ("the decoder of the expansion ROM is off; turn it on for as long as it is mapped "
           "(pcibar --activate)")
ROM_READ_ONLY = "the expansion ROM cannot be written; map it read-only"
LOCKDOWN = ("kernel lockdown forbids access to BARs from user space; boot without lockdown (Secure "
            "Boot turns it on)")
NO_ADDRESS = ('no address was assigned to BAR 0; turn on "above 4G decoding" in the firmware, boot '
              "with pci=realloc, or remove the port above and rescan the bus: each may help; see "
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
    return (f"the function does not have {name}; 'pcibar info' shows its BARs; one for which there "
            "was no room is in the kernel log (dmesg | grep \"can't assign\")")


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
            "(pcibar --share-page) if the mapping may reach that too")


def sysfs(function):
    """The folder of a function as messages name it."""
    return f"{function.tree.root}/bus/pci/devices/{function.address}"


def remove_and_rescan(function):
    """The commands that have the kernel find a function again."""
    return f"echo 1 >{sysfs(function)}/remove; echo 1 >{function.tree.root}/bus/pci/rescan"


def driver(function):
    """The driver nvme has it."""
    return (f"the kernel driver nvme owns the function; unbind it (pcibar bind "
            f"{function.address} none), or share with it (pcibar --share-driver)")


def asleep(function):
    """It is in a low-power state."""
    return ("the device is in a low-power state and does not respond; wake it: echo on "
            f">{sysfs(function)}/power/control")


def decode_off(function, kind="memory"):
    """The decoder is off."""
    return f"{kind} decoding is off; {DECODING.format(function.address)}"


def silent(function):
    """Nothing but all-ones."""
    return ("the function does not respond: its configuration space reads as all-ones; check its "
            f"power and its link; this may find it again: {remove_and_rescan(function)}")


def moved(function, index, held):
    """Its register has another address than the kernel."""
    return (f"the register of BAR {index} holds {held:#x}, but the kernel assigned "
            f"{function.bars[index].start:#x}: it was reset or overwritten; have the kernel assign "
            f"it again: {remove_and_rescan(function)}")


def virtual_off(physical):
    """The physical function has memory decoding of its virtual ones off."""
    return ("memory decoding of the virtual functions is off; turn it on in the physical function: "
            f"pcibar config write {physical.address} ECAP_SRIOV+8.W 8:8")
