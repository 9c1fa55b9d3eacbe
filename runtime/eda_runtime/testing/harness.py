"""Runs a service in a test: on a broker in memory and a SQLite file, step by step, under a clock that stands still."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from pydantic import BaseModel
from sqlalchemy import MetaData

from eda_runtime.app import App
from eda_runtime.codec import decode
from eda_runtime.consumer import dead_letters, parking
from eda_runtime.consumer.dead_letters import DeadLetter
from eda_runtime.consumer.poller import Poller
from eda_runtime.consumer.retrier import Retrier
from eda_runtime.contracts import ChannelContract, MessageContract
from eda_runtime.outbox import Outbox, Producer
from eda_runtime.relay import Relay
from eda_runtime.saga.timers import Timers
from eda_runtime.stores import open_store
from eda_runtime.testing.clock import Clock
from eda_runtime.testing.faults import Crash, Faults, FaultyStore, FaultyTransport, Mishaps
from eda_runtime.transports import Outgoing, Receiver
from eda_runtime.transports.memory import MemoryBroker, MemoryTransport

__all__ = ["Harness"]

Model = TypeVar("Model", bound=BaseModel)
Publisher_co = TypeVar("Publisher_co", covariant=True)

OUTSIDE = "/outside"
"""The CloudEvents source of messages that a test publishes."""
MOST_ROUNDS = 10_000


class Worker(Generic[Publisher_co]):
    """What a process of the service has in memory, and loses when it dies."""

    def __init__(self, app: App[Publisher_co]) -> None:
        service = app.opened
        self.relay = Relay(service)
        self.pollers = [(each.policy, Poller(service, each)) for each in app.subscriptions]
        self.retriers = [(each.policy.group, Retrier(service, each)) for each in app.subscriptions]
        self.timers = [Timers(service, saga) for saga in app.sagas]
        self.receivers: dict[str, Receiver] = {}


class Harness(Generic[Publisher_co]):
    """One service under test.

        async with Harness(create_app(Handlers()), tables=Base.metadata) as harness:
            await harness.publish(ORDER_PLACED_V2, OrderPlaced(...))
            await harness.settle()
            assert harness.published_as(STOCK_RESERVED_V1) == [...]

    Nothing happens but in `settle` and `finish`. `faults` makes things go wrong there; a service that is right gives the
    same result with them as without. `tables` are the service's own, created before the test.
    """

    def __init__(self, app: App[Publisher_co], *, tables: MetaData | None = None, faults: Faults | None = None) -> None:
        self.clock = Clock()
        self.broker = MemoryBroker(self.clock.time)
        self.crashes = 0
        self._folder = tempfile.TemporaryDirectory(prefix="eda-harness-")
        self._mishaps = Mishaps(faults or Faults())
        self._outside = MemoryTransport(self.broker)
        self._transport = FaultyTransport(MemoryTransport(self.broker), self._mishaps)
        url = f"sqlite:///{Path(self._folder.name) / 'harness.db'}"
        self._store = FaultyStore(open_store(url, clock=self.clock.seconds), self._mishaps)
        self.app = app.bound_to(store=self._store, transport=self._transport)
        self._tables = tables
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._open.callback(self._folder.cleanup)
        self._open.push_async_callback(self._store.close)
        await self._transport.provision(self.app.topology)
        await self._open.enter_async_context(self.app)
        if self._tables is not None:
            async with self.app.unit_of_work() as work:
                connection = await work.session.connection()
                await connection.run_sync(self._tables.create_all)
        self._worker = Worker(self.app)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    @property
    def published(self) -> Sequence[Outgoing]:
        """What the service sent, in order; a relay that crashed may have sent something twice."""
        return tuple(self._transport.sent)

    def published_as(self, contract: MessageContract[Model]) -> list[Model]:
        """The messages of one type that the service sent, each once, in order."""
        sent = {each.envelope.id: each.envelope for each in self.published if each.envelope.type == contract.type}
        return [decode(contract, envelope.data) for envelope in sent.values()]

    async def publish(
        self,
        contract: MessageContract[Model],
        event: Model,
        *,
        channel: ChannelContract | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Outgoing:
        """Send a message to the service as another would: on the channel on which it receives such, unless one is named."""
        outbox: list[Outgoing] = []
        producer = Producer(OUTSIDE, self.app.opened.telemetry, self._outside.publish)
        Outbox(producer, outbox).add(contract, event, channel or self._channel_of(contract), parameters=parameters)
        await self.send(*outbox)
        return outbox[0]

    async def send(self, *messages: Outgoing) -> None:
        """Send messages as they are: again what was sent before, or an envelope made by hand."""
        await self._outside.publish(messages)
        await self._outside.publish(self._mishaps.repeated(messages))

    def send_bytes(self, address: str, body: bytes, *, key: str, headers: Mapping[str, str]) -> None:
        """Send what need not be an event at all."""
        self.broker.append(address, key, headers, body)

    async def settle(self) -> None:
        """Let the service work until nothing is left to do at the present time."""
        for _ in range(MOST_ROUNDS):
            if not await self._round():
                return
        raise AssertionError(f"the service did not settle within {MOST_ROUNDS} rounds")

    async def advance(self, by: timedelta) -> None:
        """Let time pass, and the service do what has become due."""
        self.clock.advance(by)
        await self.settle()

    async def finish(self, *, within: timedelta = timedelta(days=1)) -> None:
        """Settle, and let time pass until no retry and no saga's timer is waiting any more, or for `within`."""
        end = self.clock.now + within
        await self.settle()
        while (wait := await self._next_due()) is not None and self.clock.now + wait <= end:
            await self.advance(wait)

    async def restart(self) -> None:
        """Let the process die: another takes over once the leases of the dead one have run out."""
        self.crashes += 1
        for receiver in self._worker.receivers.values():
            await receiver.close()
        self.clock.advance(self.app.settings.lease)
        self._worker = Worker(self.app)

    async def dead_letters(self) -> Sequence[DeadLetter]:
        groups = [group for group, _ in self._worker.retriers]
        return await dead_letters.find(self._store, groups, MOST_ROUNDS)

    async def _round(self) -> bool:
        """Each role does one step; true if any had something to do. A crash ends the round and starts the process anew."""
        worked = crashed = False
        self._mishaps.armed = True
        try:
            worked = any([await self._relay(), await self._consume(), await self._retry(), await self._time()])
        except* Crash:
            crashed = True
        finally:
            self._mishaps.armed = False
        if crashed:
            await self.restart()
        return worked or crashed

    async def _relay(self) -> bool:
        await self._worker.relay.share.renew(now=True)
        return await self._worker.relay.drain() > 0

    async def _consume(self) -> bool:
        worked = False
        for policy, poller in self._worker.pollers:
            if policy.group not in self._worker.receivers:
                self._worker.receivers[policy.group] = await self._transport.receiver(policy)
            receiver = self._worker.receivers[policy.group]
            deliveries = await receiver.poll(policy.batch, 0)
            if deliveries:
                await poller.handle(receiver, deliveries)
                worked = True
        return worked

    async def _retry(self) -> bool:
        worked = False
        for group, retrier in self._worker.retriers:
            wait = await parking.next_due(self._store, group)
            if wait is not None and wait <= 0:
                await retrier.work()
                worked = True
        return worked

    async def _time(self) -> bool:
        due = [each for each in self._worker.timers if (wait := await each.next_due()) is not None and wait <= 0]
        for each in due:
            await each.work()
        return bool(due)

    async def _next_due(self) -> timedelta | None:
        waits = [await parking.next_due(self._store, group) for group, _ in self._worker.retriers]
        waits += [await each.next_due() for each in self._worker.timers]
        due = [wait for wait in waits if wait is not None]
        return timedelta(seconds=max(0.001, min(due))) if due else None

    def _channel_of(self, contract: MessageContract[Model]) -> ChannelContract:
        for subscription in self.app.subscriptions:
            if any(taken.type == contract.type for taken in subscription.messages):
                return subscription.policy.channel
        raise ValueError(f"{self.app.service} receives no {contract.type}: name the channel")
