"""Forgets what has outlived its use: old inbox entries, dead letters, and messages of a log that everyone has read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from eda_runtime import sequences
from eda_runtime.consumer import dead_letters, inbox, ordering
from eda_runtime.contracts import AnySubscription
from eda_runtime.saga import control
from eda_runtime.saga.definition import AnySaga
from eda_runtime.service import Service
from eda_runtime.stores import Store
from eda_runtime.transports import Retaining, Transport

__all__ = ["Janitor", "Purged", "purge", "purge_messages", "purge_order"]

EVERY_SECONDS = 600.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Purged:
    """How much was deleted of a consumer."""

    consumer: str
    inbox: int
    dead_letters: int


async def purge(store: Store, subscriptions: Sequence[AnySubscription]) -> Sequence[Purged]:
    """Delete inbox entries past their window and dead letters past their retention, in small transactions.

    The window must outlive what the broker may deliver again: a message whose entry is gone is taken for new.
    """
    return [
        Purged(
            consumer=policy.group,
            inbox=await inbox.purge(store, policy.group, policy.idempotency_window),
            dead_letters=await dead_letters.purge(store, policy.group, policy.dead_letter.retention),
        )
        for policy in (subscription.policy for subscription in subscriptions)
    ]


async def purge_messages(transport: Transport) -> int:
    """Delete messages past their channel's retention, where the broker does not do so by itself; returns how many."""
    return await transport.purge() if isinstance(transport, Retaining) else 0


async def purge_order(store: Store) -> int:
    """Forget the numbers of keys that have been silent for long, where a broker without order needs them; returns how many."""
    return await sequences.purge(store) + await ordering.purge(store)


class Janitor:
    """Purges now and then while the service runs."""

    def __init__(
        self, service: Service[object], subscriptions: Sequence[AnySubscription], sagas: Sequence[AnySaga] = ()
    ) -> None:
        self._service = service
        self._subscriptions = subscriptions
        self._sagas = sagas

    async def run(self) -> None:
        while not self._service.stopping.is_set():
            await self._service.pause(EVERY_SECONDS)
            try:
                await purge(self._service.store, self._subscriptions)
                await purge_messages(self._service.transport)
                await purge_order(self._service.store)
                for saga in self._sagas:
                    await control.purge(self._service.store, saga)
            except Exception as error:  # noqa: BLE001  the database is away: the next time will do
                log.warning("the purge is put off: %s", error)
