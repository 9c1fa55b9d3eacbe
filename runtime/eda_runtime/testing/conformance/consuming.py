"""One worker: polls, acknowledgements, releases, and the end of them."""

from __future__ import annotations

import asyncio
from collections import Counter

from eda_runtime.testing.conformance.kit import (
    KEYS,
    PATIENCE,
    QUIET,
    Broker,
    Suite,
    connected,
    event,
    events,
    ids,
    in_promised_order,
    policy,
    rest,
    sent_ids,
    take,
)
from eda_runtime.transports import Receiver, Transport

__all__ = ["Consuming"]


class Consuming(Suite):
    async def test_a_poll_returns_no_more_than_asked_for(self, transport: Transport) -> None:
        await transport.publish(events(KEYS, 5))
        receiver = await transport.receiver(policy())
        await take(receiver, 1)

        assert len(await receiver.poll(7, PATIENCE)) <= 7

    async def test_a_poll_of_nothing_returns_nothing_in_time(self, transport: Transport) -> None:
        receiver = await transport.receiver(policy())
        started = asyncio.get_running_loop().time()

        assert list(await receiver.poll(10, QUIET)) == []
        assert QUIET * 0.9 <= asyncio.get_running_loop().time() - started < QUIET + 2

    async def test_a_waiting_poll_is_woken_by_a_message(self, broker: Broker, transport: Transport) -> None:
        receiver = await transport.receiver(policy())
        await receiver.poll(1, QUIET)
        waiting = asyncio.create_task(receiver.poll(10, PATIENCE))
        await asyncio.sleep(QUIET)

        async with connected(broker) as other:
            await other.publish([event("a", 0)])

        async with asyncio.timeout(PATIENCE / 2):
            assert ids(await waiting) == ["a/0"]

    async def test_what_was_not_acknowledged_comes_again_after_close(self, transport: Transport) -> None:
        messages = events(KEYS, 2)
        await transport.publish(messages)
        first = await transport.receiver(policy())
        await take(first, len(messages), acknowledge=False)
        await first.close()

        found = await take(await transport.receiver(policy()), len(messages))

        assert Counter(ids(found)) == Counter(sent_ids(messages))

    async def test_what_was_polled_does_not_come_again_while_its_worker_lives(self, transport: Transport) -> None:
        messages = events(KEYS, 2)
        await transport.publish(messages)
        receiver = await transport.receiver(policy())
        await take(receiver, len(messages), acknowledge=False)

        assert list(await receiver.poll(100, QUIET)) == []

    async def test_what_is_released_comes_again_in_order(self, transport: Transport) -> None:
        messages = [event("a", number) for number in range(6)]
        await transport.publish(messages)
        receiver = await transport.receiver(policy())
        found = await take(receiver, 6, acknowledge=False)
        await receiver.acknowledge(found[:2])

        await receiver.release(found[2:])
        again = await rest(receiver)

        assert in_promised_order(transport, ids(again)) == in_promised_order(transport, sent_ids(messages[2:]))

    async def test_a_later_acknowledgement_does_not_cover_an_earlier_message(self, transport: Transport) -> None:
        messages = [event("a", number) for number in range(6)]
        await transport.publish(messages)
        first = await transport.receiver(policy())
        found = await take(first, 6, acknowledge=False)

        await first.acknowledge([found[0], *found[3:]])
        await first.close()
        again = in_promised_order(transport, ids(await rest(await transport.receiver(policy()))))

        assert {"a/1", "a/2"} <= set(again)
        assert "a/0" not in again
        assert again == sorted(again)

    async def test_acknowledgements_that_close_a_gap_cover_all(self, transport: Transport) -> None:
        await transport.publish([event("a", number) for number in range(6)])
        first = await transport.receiver(policy())
        found = await take(first, 6, acknowledge=False)

        await first.acknowledge(found[3:])
        await first.acknowledge(found[:3])
        await first.close()

        assert await rest(await transport.receiver(policy())) == []

    async def test_a_restart_goes_on_where_the_last_run_stopped(self, broker: Broker, transport: Transport) -> None:
        messages = events(KEYS, 4)
        async with connected(broker) as first:
            await first.publish(messages)
            done = ids(await take(await first.receiver(policy()), 20))

        async with connected(broker) as second:
            done += ids(await rest(await second.receiver(policy())))

        assert Counter(done) == Counter(sent_ids(messages))

    async def test_close_ends_a_waiting_poll(self, transport: Transport) -> None:
        receiver = await transport.receiver(policy())
        waiting = asyncio.create_task(receiver.poll(10, PATIENCE))
        await asyncio.sleep(QUIET)

        async with asyncio.timeout(PATIENCE / 2):
            await receiver.close()
            assert list(await waiting) == []
            await receiver.close()

    async def test_close_while_busy_loses_nothing(self, broker: Broker, transport: Transport) -> None:
        messages = events(KEYS, 40)
        done: list[str] = []

        async def work() -> None:
            async with connected(broker) as own:
                receiver = await own.receiver(policy())
                closing = asyncio.create_task(close_soon(receiver))
                while batch := await receiver.poll(7, QUIET):
                    await asyncio.sleep(0)
                    await receiver.acknowledge(batch)
                    done.extend(ids(batch))
                await closing

        async def close_soon(receiver: Receiver) -> None:
            await asyncio.sleep(0.05)
            await receiver.close()

        publishing = asyncio.gather(*(transport.publish(messages[start : start + 10]) for start in range(0, 480, 10)))
        for _ in range(3):
            await work()
        await publishing
        receiver, missing = await transport.receiver(policy()), set(sent_ids(messages)) - set(done)
        while missing and (found := await receiver.poll(1000, PATIENCE)):
            await receiver.acknowledge(found)
            missing -= set(ids(found))

        assert not missing
