"""The poller: takes batches from the broker, has them handled, and acknowledges what is done with."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Generic, TypeVar

from eda_runtime.consumer.lanes import Lanes
from eda_runtime.consumer.patience import Patience
from eda_runtime.contracts import AnySubscription
from eda_runtime.service import Service
from eda_runtime.transports import Delivery, Receiver, ReplayRange

__all__ = ["Poller"]

POLL_SECONDS = 0.25
BACKOFF_SECONDS = (0.1, 5.0)
Publisher_co = TypeVar("Publisher_co", covariant=True)
log = logging.getLogger(__name__)


class Poller(Generic[Publisher_co]):
    """One worker of a consumer group."""

    def __init__(self, service: Service[Publisher_co], subscription: AnySubscription) -> None:
        self._service = service
        self._policy = subscription.policy
        self._lanes = Lanes(service, subscription)
        self._backoff = BACKOFF_SECONDS[0]

    async def run(self) -> None:
        """Consume until the service is to stop; a batch that has begun is finished first."""
        while not self._service.stopping.is_set():
            try:
                await self._consume()
            except Exception as error:  # noqa: BLE001  broker or database is away: whatever it was, join anew
                log.warning("%s: the consumer joins anew in %.1f s: %s", self._policy.group, self._backoff, error)
                await self._service.pause(self._backoff)
                self._backoff = min(self._backoff * 2, BACKOFF_SECONDS[1])

    async def replay(self, period: ReplayRange) -> int:
        """Read the messages of `period` once more; those in the inbox are passed over. Returns how many were read."""
        receiver = await self._service.transport.receiver(self._policy, period)
        total = 0
        try:
            while deliveries := await receiver.poll(self._policy.batch, POLL_SECONDS):
                await self.handle(receiver, deliveries)
                total += len(deliveries)
            while await self._lanes.run_held(patience=None):
                pass
        finally:
            await receiver.close()
        return total

    async def _consume(self) -> None:
        receiver = await self._service.transport.receiver(self._policy)
        patience = Patience(self._service.settings.order_wait, time.monotonic())
        try:
            while not self._service.stopping.is_set():
                patience.polls(time.monotonic())
                deliveries = await receiver.poll(self._policy.batch, POLL_SECONDS)
                if deliveries:
                    await self.handle(receiver, deliveries)
                await self._lanes.run_held(patience.at(time.monotonic()))
                self._backoff = BACKOFF_SECONDS[0]
        finally:
            await receiver.close()

    async def handle(self, receiver: Receiver, deliveries: Sequence[Delivery]) -> None:
        """Handle what was polled and acknowledge it; what the database could not take is released.

        Raises `ConnectionError` if there was such."""
        read_ones = [(delivery, self._lanes.read(delivery)) for delivery in deliveries]
        done = await self._lanes.run([message for _, message in read_ones if message is not None])
        left = {id(message.delivery) for _, message in read_ones if message} - {
            id(message.delivery) for message in done
        }
        await receiver.acknowledge([delivery for delivery in deliveries if id(delivery) not in left])
        if left:
            await receiver.release([delivery for delivery in deliveries if id(delivery) in left])
            raise ConnectionError(f"{len(left)} messages could not be handled")
