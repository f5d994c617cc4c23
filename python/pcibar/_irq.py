# SPDX-License-Identifier: BSD-2-Clause
"""Interrupt vectors, their events by iteration, by waiting and in asyncio."""

from __future__ import annotations

import select
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from . import _binding
from ._managed import Managed
from ._types import IrqEvent, IrqType

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType


class Irq(Managed, _binding.Irq):
    """An open interrupt vector, from Device.irq().

    To iterate over it waits for each event, and calls done() after the body of the loop. What the
    device needs to become quiet belongs into the body.
    """

    __slots__ = ("_epoll", "_waiter", "address", "type", "vector")

    _epoll: select.epoll | None
    _waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None
    address: str
    type: IrqType
    vector: int

    def __str__(self) -> str:
        return f"{self.address} {self.type.name} vector {self.vector}"

    def read(self) -> IrqEvent | None:
        """Take what has come since the last event, without waiting; None if nothing has."""
        numbers = self.event_numbers()
        return None if numbers is None else IrqEvent(*numbers)

    def wait(self, timeout: float | None = None) -> IrqEvent | None:
        """Wait for an event, for so many seconds at most; None when none has come."""
        numbers = self.wait_ns(-1 if timeout is None else max(0, round(timeout * 1e9)))
        return None if numbers is None else IrqEvent(*numbers)

    def events(self, timeout: float | None = None) -> Iterator[IrqEvent]:
        """Events, until none comes for so many seconds."""
        while (event := self.wait(timeout)) is not None:
            yield event
            self.done()

    def __iter__(self) -> Iterator[IrqEvent]:
        return self.events()

    async def wait_async(self, timeout: float | None = None) -> IrqEvent | None:
        """As wait(), for one task at a time. Close it in the thread of the loop only."""
        import asyncio      # what does not use it does not pay for it

        if self._waiter is not None:
            raise RuntimeError(f"another task waits for {self}")
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        while (event := self.read()) is None:
            waiter = loop.create_future()
            descriptor = self._poll_descriptor()
            loop.add_reader(descriptor, _wake, waiter)
            self._waiter = loop, waiter
            try:
                async with asyncio.timeout_at(end):
                    await waiter
            except TimeoutError:
                return self.read()
            finally:
                if self._waiter is not None:
                    self._waiter = None
                    loop.remove_reader(descriptor)
        return event

    def _poll_descriptor(self) -> int:
        """One that polls readable with a reset, too, which a loop of asyncio does not ask for."""
        if self._epoll is None:
            self._epoll = select.epoll()
            self._epoll.register(self.fileno(), select.EPOLLIN | select.EPOLLPRI | select.EPOLLET)
        return self._epoll.fileno()

    async def events_async(self, timeout: float | None = None) -> AsyncIterator[IrqEvent]:
        """As events(), in asyncio: for what async for iterates over."""
        while (event := await self.wait_async(timeout)) is not None:
            yield event
            self.done()

    def __aiter__(self) -> AsyncIterator[IrqEvent]:
        return self.events_async()

    def close(self) -> None:
        """Close. A wait for it ends with ValueError."""
        # One that could not be set up has none of these.
        if getattr(self, "_waiter", None) is not None:
            loop, waiter = self._waiter
            self._waiter = None
            loop.remove_reader(self._poll_descriptor())
            if not waiter.done():
                waiter.set_exception(ValueError(f"{self!r} is closed"))
        if getattr(self, "_epoll", None) is not None:
            self._epoll.close()
            self._epoll = None
        super().close()


class Irqs:
    """The vectors that Device.irq() has opened, in their order, to be closed together."""

    __slots__ = ("_irqs",)

    def __init__(self, irqs: list[Irq]):
        self._irqs = irqs

    def __len__(self) -> int:
        return len(self._irqs)

    def __getitem__(self, index: int) -> Irq:
        return self._irqs[index]

    def __iter__(self) -> Iterator[Irq]:
        return iter(self._irqs)

    def close(self) -> None:
        """Close all of them."""
        for irq in self._irqs:
            irq.close()

    def __enter__(self) -> Irqs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def irq_type(name: str | IrqType) -> IrqType:
    """The type that a name means."""
    if isinstance(name, str):
        if name.upper() not in IrqType.__members__:
            raise ValueError(f"{name!r} is no type of interrupts: intx, msi, msix or best")
        return IrqType[name.upper()]
    return IrqType(name)


def irq_window(vectors: range) -> tuple[int, int]:
    """The first vector, and how many."""
    if vectors.step != 1 or not vectors:
        raise ValueError(f"{vectors} is not one vector or several in a row")
    return vectors.start, len(vectors)


def irq_flags(masked: bool, bus_master: bool) -> int:
    """What the library calls PCIBAR_IRQ_OPEN_MASKED and PCIBAR_IRQ_BUS_MASTER."""
    return ((_binding.IRQ_OPEN_MASKED if masked else 0)
            | (_binding.IRQ_BUS_MASTER if bus_master else 0))
