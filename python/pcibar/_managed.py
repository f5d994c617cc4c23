# SPDX-License-Identifier: BSD-2-Clause
"""What devices, maps and interrupt vectors have in common."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

_Self = TypeVar("_Self", bound="Managed")


class Managed:
    """What is closed at the end of a with statement."""

    __slots__ = ()

    if TYPE_CHECKING:
        @property
        def closed(self) -> bool: ...
        def close(self) -> None: ...

    def __enter__(self: _Self) -> _Self:
        if self.closed:
            raise ValueError(f"{self!r} is closed")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        if not self.closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
            self.close()

    def __repr__(self) -> str:
        return f"<pcibar.{type(self).__name__} {self}>"
