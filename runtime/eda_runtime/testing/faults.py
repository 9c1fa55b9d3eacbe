"""What goes wrong between a service, its database and its broker, at random and by seed."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from random import Random

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.stores import Row, Store, Transaction, Value
from eda_runtime.transports import Delivery, Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange, Transport

__all__ = ["Crash", "Faults", "FaultyStore", "FaultyTransport", "Mishaps"]


@dataclass(frozen=True, slots=True)
class Faults:
    """How often something goes wrong, as shares of one. The same seed does the same.

    `duplicate`: the broker has some of what was just sent, by the service or to it, twice. `lose_acknowledgement`: what was acknowledged comes again.
    `crash`: the process dies, at any point before or after a commit, a send or an acknowledgement. `reorder`: messages of
    different keys overtake each other, in batches of any size; those of one key never do.
    """

    seed: int = 0
    duplicate: float = 0.0
    lose_acknowledgement: float = 0.0
    crash: float = 0.0
    reorder: bool = False


class Crash(BaseException):
    """The process dies here: nothing but the harness catches it, as nothing catches a `kill -9`."""


class Mishaps:
    """Draws what goes wrong. The process dies only while `armed`: in its own steps, not in those of the test."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.random = Random(faults.seed)  # noqa: S311  not for secrets
        self.armed = False

    def happens(self, share: float) -> bool:
        return share > 0 and self.random.random() < share

    def may_crash(self) -> None:
        if self.armed and self.happens(self.faults.crash):
            raise Crash

    def repeated(self, sent: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """What the broker is to have once more: the end of what was sent, as a relay that died would leave it."""
        if sent and self.happens(self.faults.duplicate):
            return sent[self.random.randrange(len(sent)) :]
        return ()

    def shuffled(self, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
        """The same messages, keys mixed at random, each key in its order."""
        keys: defaultdict[str | None, deque[Delivery]] = defaultdict(deque)
        for each in deliveries:
            keys[each.key].append(each)
        drawn = [each.key for each in deliveries]
        self.random.shuffle(drawn)
        return [keys[key].popleft() for key in drawn]


class FaultyTransport:
    """A transport on which things go wrong. `sent` is what was sent through it, once for each time that it was asked."""

    def __init__(self, inner: Transport, mishaps: Mishaps) -> None:
        self.sent: list[Outgoing] = []
        self._inner = inner
        self._mishaps = mishaps

    @property
    def features(self) -> Features:
        return self._inner.features

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self._mishaps.may_crash()
        await self._inner.publish(messages)
        self.sent += messages
        await self._inner.publish(self._mishaps.repeated(messages))
        self._mishaps.may_crash()

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        return FaultyReceiver(await self._inner.receiver(policy, replay), self._mishaps)

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return await self._inner.provision(topology, dry_run=dry_run)

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return await self._inner.lag(topology)

    async def close(self) -> None:
        await self._inner.close()


class FaultyReceiver:
    def __init__(self, inner: Receiver, mishaps: Mishaps) -> None:
        self._inner = inner
        self._mishaps = mishaps

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        if not self._mishaps.faults.reorder:
            return await self._inner.poll(max_messages, timeout)
        some = self._mishaps.random.randint(1, max_messages)
        return self._mishaps.shuffled(await self._inner.poll(some, timeout))

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self._mishaps.may_crash()
        if self._mishaps.happens(self._mishaps.faults.lose_acknowledgement):
            await self._inner.release(deliveries)
        else:
            await self._inner.acknowledge(deliveries)
        self._mishaps.may_crash()

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        await self._inner.release(deliveries)

    async def close(self) -> None:
        await self._inner.close()


class FaultyStore:
    """A store in whose transactions the process may die: before the commit, or after it and before anyone knows."""

    def __init__(self, inner: Store, mishaps: Mishaps) -> None:
        self._inner = inner
        self._mishaps = mishaps

    @property
    def poll_interval(self) -> float:
        return self._inner.poll_interval

    @property
    def embedded(self) -> bool:
        return self._inner.embedded

    @property
    def most_lanes(self) -> int:
        return self._inner.most_lanes

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        async with self._inner.transaction() as transaction:
            yield transaction
            self._mishaps.may_crash()
        self._mishaps.may_crash()

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        return await self._inner.fetch(sql, *values)

    async def ring(self, transaction: Transaction) -> None:
        await self._inner.ring(transaction)

    async def listen(self, wake: Callable[[], None]) -> None:
        await self._inner.listen(wake)

    async def migrate(self) -> Sequence[str]:
        return await self._inner.migrate()

    async def pending(self) -> Sequence[str]:
        return await self._inner.pending()

    async def close(self) -> None:
        await self._inner.close()
