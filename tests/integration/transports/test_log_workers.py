"""Workers of the log that die, hang, or come back when others have taken over."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from tests.integration.transports.worker import worker

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import KEYS, by_key, event, events, ids, policy, rest, sent_ids, take, topology
from eda_runtime.transports import Delivery, Receiver, Transport
from eda_runtime.transports.log import LogTransport
from eda_runtime.transports.registry import open_transport
from eda_runtime.transports.tracker import Token

LEASE = timedelta(seconds=2)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Transport]:
    transport = await open_transport(url, Settings(url, lease=LEASE))
    try:
        yield transport
    finally:
        await transport.close()


async def partitions_read(log: LogTransport, **receivers: Receiver) -> dict[str, int]:
    """From how many partitions each receiver gets something."""
    await log.publish(events(KEYS, 1))
    found = {name: await rest(receiver) for name, receiver in receivers.items()}
    return {name: len({each.partition for each in deliveries}) for name, deliveries in found.items()}


async def lag(log: LogTransport) -> int:
    return (await log.lag(topology("billing")))[0].messages


async def test_another_worker_takes_over_from_one_that_was_killed(url: str, log: LogTransport) -> None:
    messages = events(KEYS, 4)
    await log.publish(messages)
    async with worker(url, LEASE) as doomed:
        done = await doomed.poll(20)
        await doomed.acknowledge()
        await doomed.poll(20)
        doomed.process.kill()
        await doomed.process.wait()

    done += ids(await take(await log.receiver(policy()), len(messages) - len(done)))

    assert by_key(done) == {key: list(range(4)) for key in KEYS}


async def test_a_worker_that_hung_cannot_move_the_cursor_that_another_holds(url: str, log: LogTransport) -> None:
    messages = [event("a", number) for number in range(10)]
    await log.publish(messages)
    async with worker(url, LEASE) as stale:
        assert await stale.poll(8) == sent_ids(messages[:8])
        stale.process.send_signal(signal.SIGSTOP)
        successor = await log.receiver(policy())
        found = await take(successor, 5, acknowledge=False)
        await successor.acknowledge(found[:2])
        stale.process.send_signal(signal.SIGCONT)

        await stale.acknowledge()

        assert await lag(log) == 8
        assert ids(found) + ids(await rest(successor)) == sent_ids(messages)


async def test_a_worker_that_hung_works_on_with_what_is_free_afterwards(url: str, log: LogTransport) -> None:
    await log.publish([event("a", 0)])
    async with worker(url, LEASE) as hung:
        await hung.poll(1)
        hung.process.send_signal(signal.SIGSTOP)
        successor = await log.receiver(policy())
        assert ids(await take(successor, 1)) == ["a/0"]
        await successor.close()
        hung.process.send_signal(signal.SIGCONT)
        await log.publish([event("a", 1)])

        assert await hung.poll(1) == ["a/1"]


async def test_each_lease_of_a_partition_has_a_higher_number_than_the_one_before(log: LogTransport) -> None:
    await log.publish([event("a", 0)])
    leases: list[int] = []

    for _ in range(3):
        receiver = await log.receiver(policy())
        leases += [epoch_of(each) for each in await take(receiver, 1, acknowledge=False)]
        await receiver.close()

    assert len(set(leases)) == 3
    assert leases == sorted(leases)


def epoch_of(delivery: Delivery) -> int:
    assert isinstance(delivery.token, Token)
    return delivery.token.epoch


async def test_a_worker_keeps_its_leases_for_as_long_as_it_works(url: str, log: LogTransport) -> None:
    async with worker(url, LEASE) as busy:
        await log.publish([event("a", 0)])
        assert await busy.poll(1) == ["a/0"]
        await asyncio.sleep(LEASE.total_seconds() * 2.5)

        assert await rest(await log.receiver(policy())) == []

        await busy.acknowledge()
        assert await lag(log) == 0


async def test_a_worker_that_joins_gets_nothing_that_another_still_works_on(url: str, log: LogTransport) -> None:
    await log.publish(events(KEYS, 2))
    async with opened(url) as first, opened(url) as second:
        busy = await first.receiver(policy())
        found = await take(busy, 2 * len(KEYS), acknowledge=False)
        joined = await second.receiver(policy())
        await asyncio.sleep(LEASE.total_seconds() / 2)
        assert await rest(joined) == []

        await busy.acknowledge(found)
        await asyncio.sleep(LEASE.total_seconds() / 2)

        assert await partitions_read(log, busy=busy, joined=joined) == {"busy": 2, "joined": 2}


async def test_partitions_are_shared_evenly_and_shared_anew(url: str, log: LogTransport) -> None:
    async with opened(url) as first, opened(url) as second:
        one = await first.receiver(policy())
        assert await partitions_read(log, one=one) == {"one": 4}

        two = await second.receiver(policy())
        await asyncio.sleep(LEASE.total_seconds() / 2)
        assert await partitions_read(log, one=one, two=two) == {"one": 2, "two": 2}

        await one.close()
        await asyncio.sleep(LEASE.total_seconds() / 2)
        assert await partitions_read(log, two=two) == {"two": 4}
