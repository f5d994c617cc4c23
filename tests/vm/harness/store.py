# SPDX-License-Identifier: BSD-2-Clause
"""Folders that are filled once, by the first that needs them."""

import fcntl
import shutil
from contextlib import contextmanager


@contextmanager
def locked(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def once(target, fill):
    """Returns TARGET; fill(folder) makes it when it is not there yet.

    It works in another folder, renamed at the end: what has the final name is complete.
    """
    with locked(target.parent):
        if not target.exists():
            partial = target.with_name(f".{target.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            fill(partial)
            partial.rename(target)
    return target
