"""Replay, provisioning and lag."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from eda_runtime.testing.conformance.kit import (
    ADDRESS,
    KEYS,
    Broker,
    Suite,
    by_key,
    connected,
    event,
    events,
    ids,
    needs,
    policy,
    publish_apart,
    rest,
    sent_ids,
    take,
    topology,
)
from eda_runtime.transports import ReplayRange, Transport

__all__ = ["Operating"]


class Operating(Suite):
    async def test_a_replay_reads_a_range_again_for_its_group_alone(self, transport: Transport) -> None:
        needs(transport.features.replay)
        live = await transport.receiver(policy())
        before, inside, after = ([event(key, number) for key in KEYS] for number in range(3))
        start, end = (await publish_apart(transport, before, inside, after))[1:]
        await take(live, 3 * len(KEYS))

        replay = await transport.receiver(policy(), ReplayRange(start, end))
        found = await rest(replay)
        await replay.close()

        assert Counter(ids(found)) == Counter(sent_ids(inside))
        assert await rest(live) == []

    async def test_a_replay_does_not_move_the_group(self, transport: Transport) -> None:
        needs(transport.features.replay)
        messages = events(KEYS, 2)
        await transport.publish(messages)

        replay = await transport.receiver(policy(), ReplayRange(datetime.now(UTC) - timedelta(hours=1)))
        replayed = await rest(replay)
        await replay.close()

        assert Counter(ids(replayed)) == Counter(sent_ids(messages))
        assert Counter(ids(await rest(await transport.receiver(policy())))) == Counter(sent_ids(messages))

    async def test_a_replay_keeps_the_order_of_a_key(self, transport: Transport) -> None:
        needs(transport.features.replay and transport.features.ordered_by_key)
        await transport.publish(events(KEYS, 10))

        replay = await transport.receiver(policy(), ReplayRange(datetime.now(UTC) - timedelta(hours=1)))

        assert by_key(ids(await rest(replay))) == {key: list(range(10)) for key in KEYS}

    async def test_provisioning_again_changes_nothing(self, transport: Transport) -> None:
        await transport.publish([event("a", 0)])

        steps = await transport.provision(topology("billing", "shipping"))

        assert {step.action for step in steps} == {"exists"}
        assert len(await take(await transport.receiver(policy()), 1)) == 1

    async def test_a_dry_run_says_what_it_would_create_and_creates_nothing(self, broker: Broker) -> None:
        async with connected(broker) as transport:
            first = await transport.provision(topology(), dry_run=True)
            second = await transport.provision(topology(), dry_run=True)

        assert first == second
        assert "create" in {step.action for step in first}
        assert any(ADDRESS in step.what for step in first)

    async def test_lag_counts_what_a_group_has_not_acknowledged(self, transport: Transport) -> None:
        await transport.publish(events(KEYS, 3))
        receiver = await transport.receiver(policy("billing"))
        await take(receiver, 10)
        await asyncio.sleep(0.05)

        lags = {lag.group: lag for lag in await transport.lag(topology("billing", "shipping"))}

        assert lags["billing"].messages == 3 * len(KEYS) - 10
        assert lags["shipping"].messages == 3 * len(KEYS)
        if transport.features.lag_age:
            assert timedelta(0) < lags["shipping"].age < timedelta(minutes=1)

    async def test_a_group_that_has_caught_up_has_no_lag(self, transport: Transport) -> None:
        await transport.publish(events(KEYS, 3))
        await rest(await transport.receiver(policy("billing")))

        (lag,) = await transport.lag(topology("billing"))

        assert (lag.messages, lag.age) == (0, timedelta(0))
