"""Groups, the workers in them, and the order of a key."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from eda_runtime.testing.conformance.kit import (
    KEYS,
    PATIENCE,
    QUIET,
    Broker,
    Suite,
    by_key,
    connected,
    event,
    events,
    ids,
    needs,
    policy,
    sent_ids,
    take,
)
from eda_runtime.transports import Transport
from eda_runtime.transports.signal import Signal

__all__ = ["Groups"]


class Groups(Suite):
    async def test_every_group_gets_every_message(self, transport: Transport) -> None:
        billing = await transport.receiver(policy("billing"))
        shipping = await transport.receiver(policy("shipping"))
        messages = events(KEYS, 2)
        await transport.publish(messages)

        found = await asyncio.gather(take(billing, len(messages)), take(shipping, len(messages)))

        assert [Counter(ids(each)) for each in found] == [Counter(sent_ids(messages))] * 2

    async def test_a_group_that_joins_late_reads_from_the_start(self, transport: Transport) -> None:
        messages = events(KEYS, 3)
        await transport.publish(messages)

        found = await take(await transport.receiver(policy()), len(messages))

        assert Counter(ids(found)) == Counter(sent_ids(messages))

    async def test_messages_of_a_key_share_a_partition(self, transport: Transport) -> None:
        needs(transport.features.ordered_by_key)
        await transport.publish(events(KEYS, 5))

        found = await take(await transport.receiver(policy()), 5 * len(KEYS))

        assert len(found) == 5 * len(KEYS)
        assert len({(each.key, each.partition) for each in found}) == len(KEYS)

    async def test_messages_of_a_key_come_in_order_when_publishers_compete(
        self, broker: Broker, transport: Transport
    ) -> None:
        needs(transport.features.ordered_by_key)
        receiver = await transport.receiver(policy())

        async def publisher(keys: Collection[str]) -> None:
            async with connected(broker) as own:
                for number in range(0, 30, 3):
                    await own.publish([event(key, number + each) for each in range(3) for key in keys])

        publishing = asyncio.gather(*(publisher(KEYS[start : start + 3]) for start in range(0, 12, 3)))
        found = await take(receiver, 30 * len(KEYS))
        await publishing

        assert by_key(ids(found)) == {key: list(range(30)) for key in KEYS}

    async def test_workers_of_a_group_share_the_messages(self, broker: Broker, transport: Transport) -> None:
        needs(transport.features.several_workers)
        crew = Crew(broker)
        async with crew.working(), crew.working():
            number = 0
            async with asyncio.timeout(PATIENCE):
                while not all(crew.shares):
                    await transport.publish([event(key, number) for key in KEYS])
                    await asyncio.sleep(0.1)
                    number += 1
            await crew.found(number * len(KEYS))

        assert Counter(crew.everything) == Counter(sent_ids(events(KEYS, number)))

    async def test_a_worker_that_joins_or_leaves_costs_neither_order_nor_a_double(
        self, broker: Broker, transport: Transport
    ) -> None:
        needs(transport.features.several_workers and transport.features.ordered_by_key)
        crew = Crew(broker)

        async def publish() -> None:
            for number in range(40):
                await transport.publish([event(key, number) for key in KEYS])
                await asyncio.sleep(0.05)

        async with crew.working():
            publishing = asyncio.create_task(publish())
            await asyncio.sleep(0.3)
            async with crew.working(), crew.working():
                await asyncio.sleep(1.2)
            await publishing
            await crew.found(40 * len(KEYS))

        assert by_key(crew.everything) == {key: list(range(40)) for key in KEYS}

    async def test_a_worker_that_closes_hands_its_messages_to_another(
        self, broker: Broker, transport: Transport
    ) -> None:
        needs(transport.features.several_workers)
        messages = events(KEYS, 5)
        leaving = await transport.receiver(policy())
        await transport.publish(messages)
        done = ids(await take(leaving, 10))
        await leaving.poll(10, QUIET)

        async with connected(broker) as other:
            staying = await other.receiver(policy())
            await leaving.close()
            done += ids(await take(staying, len(messages) - 10))

        assert Counter(done) == Counter(sent_ids(messages))


class Crew:
    """Workers of one group, each on a connection of its own; what they have acknowledged, each and together."""

    def __init__(self, broker: Broker) -> None:
        self.shares: list[list[str]] = []
        self.everything: list[str] = []
        self._broker = broker
        self._more = Signal()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """One more worker for the time of the block."""
        share: list[str] = []
        self.shares.append(share)
        stopping = asyncio.Event()
        worker = asyncio.create_task(self._work(share, stopping))
        try:
            yield
        finally:
            stopping.set()
            await worker

    async def found(self, count: int) -> None:
        """Wait until so many messages have been acknowledged, or patience has run out."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while len(self.everything) < count and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await Signal.wait(self._more.ticket(), left)
        await asyncio.sleep(QUIET / 4)

    async def _work(self, share: list[str], stopping: asyncio.Event) -> None:
        async with connected(self._broker) as transport:
            receiver = await transport.receiver(policy())
            while not stopping.is_set():
                batch = await receiver.poll(20, 0.05)
                await asyncio.sleep(0.01)
                share += ids(batch)
                self.everything += ids(batch)
                await receiver.acknowledge(batch)
                self._more.fire()
            await receiver.close()
