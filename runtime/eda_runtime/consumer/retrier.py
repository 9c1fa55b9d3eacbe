"""The retrier: tries parked messages again when their time has come."""

from __future__ import annotations

import logging
from typing import Generic, TypeVar

from eda_runtime.consumer import parking
from eda_runtime.consumer.lanes import Lanes
from eda_runtime.contracts import AnySubscription
from eda_runtime.service import Service

__all__ = ["Retrier"]

SHORTEST_WAIT = 0.1
LONGEST_WAIT = 1.0
BACKOFF_SECONDS = 1.0
Publisher_co = TypeVar("Publisher_co", covariant=True)
log = logging.getLogger(__name__)


class Retrier(Generic[Publisher_co]):
    """Serves one subscription. Several may run: a head that one tries is locked, and the others pass it over."""

    def __init__(self, service: Service[Publisher_co], subscription: AnySubscription) -> None:
        self._service = service
        self._group = subscription.policy.group
        self._bell = service.retry_bells[self._group]
        self._lanes = Lanes(service, subscription)

    async def run(self) -> None:
        while not self._service.stopping.is_set():
            try:
                await self._bell.wait(await self.work())
            except Exception as error:  # noqa: BLE001  the database is away: whatever it was, wait and go on
                log.warning("%s: retries wait: %s", self._group, error)
                await self._service.pause(BACKOFF_SECONDS)

    async def work(self) -> float:
        """Try what is due; returns the seconds until there may be more."""
        wait = await parking.next_due(self._service.store, self._group)
        if wait is None or wait > 0:
            return LONGEST_WAIT if wait is None else min(wait, LONGEST_WAIT)
        while not self._service.stopping.is_set() and await self._lanes.run_parked():
            pass
        async with self._service.store.transaction() as transaction:
            await parking.put_off(transaction, self._group)
        return SHORTEST_WAIT
