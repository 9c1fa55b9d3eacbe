"""Wakes the tasks that wait for something to change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

__all__ = ["Signal", "Ticket"]

Ticket = asyncio.Event


@dataclass(slots=True)
class Signal:
    """Take a ticket before looking; what changes between the look and the wait is then not missed."""

    _current: Ticket = field(default_factory=Ticket)

    def ticket(self) -> Ticket:
        return self._current

    def fire(self) -> None:
        fired, self._current = self._current, Ticket()
        fired.set()

    @staticmethod
    async def wait(ticket: Ticket, timeout: float) -> None:
        """Until the signal fires after the ticket was taken, or `timeout` seconds have passed."""
        try:
            async with asyncio.timeout(timeout):
                await ticket.wait()
        except TimeoutError:
            pass
