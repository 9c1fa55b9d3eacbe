"""The role `saga`: lets instances go on whose time has come, after a time-out or for another attempt."""

from __future__ import annotations

import logging
from typing import Any

from eda_runtime.saga.coordinator import Coordinator
from eda_runtime.saga.definition import AnySaga
from eda_runtime.service import Service

__all__ = ["Timers"]

SHORTEST_WAIT = 0.02
LONGEST_WAIT = 1.0
BACKOFF_SECONDS = 1.0
NEXT_DUE = "SELECT min(due_at) - now_ms() FROM eda_saga WHERE saga = $1 AND due_at IS NOT NULL"
log = logging.getLogger(__name__)


class Timers:
    """Serves one saga. Timers are rows, so they survive a crash; several may run, each passing over what others hold."""

    def __init__(self, service: Service[object], saga: AnySaga) -> None:
        self._service = service
        self._saga = saga.name
        self._coordinator: Coordinator[Any] = Coordinator(saga)

    async def run(self) -> None:
        while not self._service.stopping.is_set():
            try:
                await self._service.pause(await self.work())
            except Exception as error:  # noqa: BLE001  the database is away: whatever it was, wait and go on
                log.warning("%s: timers wait: %s", self._saga, error)
                await self._service.pause(BACKOFF_SECONDS)

    async def next_due(self) -> float | None:
        """Seconds until something is due, at most 0 if something is; `None` if nothing waits."""
        milliseconds = (await self._service.store.fetch(NEXT_DUE, self._saga))[0][0]
        return None if milliseconds is None else milliseconds / 1000

    async def work(self) -> float:
        """Do what is due; returns the seconds until there may be more."""
        wait = await self.next_due()
        if wait is None or wait > 0:
            return LONGEST_WAIT if wait is None else min(wait, LONGEST_WAIT)
        async with self._service.begin() as work:
            await self._coordinator.tick(work)
        return SHORTEST_WAIT
