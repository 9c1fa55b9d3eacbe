"""The relay: what is in the outbox reaches the broker, in key order, and leaves the outbox only then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from tests.integration.runtime.support import (
    ORDERS,
    Placed,
    Publisher,
    count,
    create_app,
    eventually,
    place,
    prepared,
    received,
    running,
)

from eda_runtime import App
from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.errors import PublishError
from eda_runtime.relay import Relay, discard_refused, retry_refused
from eda_runtime.service import Service
from eda_runtime.transports import Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange, Transport


@dataclass(slots=True)
class Recording:
    """A broker that keeps what it is given, refuses the first `failures` calls, and takes bodies up to `limit`.

    It never takes a message whose key is in `refused`, and chokes on a call with one whose key is in `poisonous`.
    """

    inner: Transport
    failures: int = 0
    limit: int = 1_000_000
    hold: asyncio.Event | None = None
    refused: frozenset[str] = frozenset()
    poisonous: frozenset[str] = frozenset()
    sent: list[Outgoing] = field(default_factory=list)

    @property
    def features(self) -> Features:
        return Features(max_body=self.limit)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if self.hold is not None:
            await self.hold.wait()
        if self.failures:
            self.failures -= 1
            self.sent += messages[:1]
            raise PublishError("no leader", messages[1:])
        if any(message.envelope.partitionkey in self.poisonous for message in messages):
            raise ValueError("date value out of range")
        refused = [message for message in messages if message.envelope.partitionkey in self.refused]
        self.sent += [message for message in messages if message not in refused]
        if refused:
            raise PublishError("no such address", refused)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        return await self.inner.receiver(policy, replay)

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return await self.inner.provision(topology, dry_run=dry_run)

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return await self.inner.lag(topology)

    async def close(self) -> None:
        await self.inner.close()

    def numbers(self, key: str) -> list[int]:
        mine = [message.envelope for message in self.sent if message.envelope.partitionkey == key]
        return [Placed.model_validate_json(envelope.data).number for envelope in mine]


def recorded(app: App[Publisher], *, failures: int = 0, limit: int = 1_000_000) -> tuple[Service[Publisher], Recording]:
    """The opened service on a broker that records."""
    broker = Recording(app.opened.transport, failures, limit)
    return replace(app.opened, transport=broker), broker


async def test_a_message_leaves_the_outbox_once_the_broker_has_it(url: str) -> None:
    async with running(create_app(url), roles=["relay"]) as app:
        await place(app, ("a", 1), ("b", 1))

        found = await received(app, ORDERS.address, number=2)

        assert sorted(delivery.key or "" for delivery in found) == ["a", "b"]
        await eventually(lambda: count(app, "eda_outbox"), 0)


async def test_what_the_broker_did_not_acknowledge_stays_and_is_sent_again(url: str) -> None:
    async with prepared(create_app(url)) as app:
        service, broker = recorded(app, failures=1)
        await place(app, ("a", 1), ("a", 2), ("a", 3))
        relay = Relay(service)

        with pytest.raises(PublishError):
            await relay.drain()
        left = await count(app, "eda_outbox")
        await eventually(relay.drain, 2)

        assert left == 2
        assert broker.numbers("a") == [1, 2, 3]
        assert await count(app, "eda_outbox") == 0


async def test_a_running_relay_backs_off_and_goes_on(url: str) -> None:
    async with prepared(create_app(url)) as app:
        service, broker = recorded(app, failures=2)
        await place(app, ("a", 1), ("a", 2), ("a", 3))
        task = asyncio.create_task(Relay(service).run())

        await eventually(lambda: count(app, "eda_outbox"), 0)

        assert broker.numbers("a") == [1, 2, 3]
        service.stop()
        await task


async def test_relays_side_by_side_send_everything_once_and_in_key_order(url: str) -> None:
    async with prepared(create_app(url)) as app:
        service, broker = recorded(app)
        relays = [asyncio.create_task(Relay(service).run()) for _ in range(3)]

        for number in range(40):
            await place(app, *((f"k{key}", number) for key in range(20)))
        await eventually(lambda: count(app, "eda_outbox"), 0)

        assert all(broker.numbers(f"k{key}") == list(range(40)) for key in range(20))
        service.stop()
        await asyncio.gather(*relays)


async def test_relays_side_by_sideshare_the_keys(url: str) -> None:
    async with prepared(create_app(url)) as app:
        service, _ = recorded(app)
        relays = [Relay(service) for _ in range(2)]

        for _ in range(2):
            for relay in relays:
                await relay.share.renew(now=True)

        rows = await app.opened.store.fetch("SELECT count(*) FROM eda_lease WHERE name LIKE 'relay:%' GROUP BY owner")
        assert [row[0] for row in rows] == [8, 8]


async def test_the_keys_of_a_dead_relay_go_to_another_when_its_lease_has_run_out(url: str) -> None:
    async with prepared(create_app(url, lease=timedelta(milliseconds=200))) as app:
        service, broker = recorded(app)
        dead, heir = Relay(service), Relay(service)
        await dead.share.renew(now=True)
        await place(app, ("a", 1))

        early = await heir.drain()
        await asyncio.sleep(0.3)
        await heir.drain()

        assert early == 0
        assert broker.numbers("a") == [1]


async def test_a_relay_whose_lease_has_run_out_sends_nothing_more(url: str) -> None:
    async with prepared(create_app(url, lease=timedelta(milliseconds=200))) as app:
        service, broker = recorded(app)
        stale, heir = Relay(service), Relay(service)
        await stale.share.renew(now=True)
        await asyncio.sleep(0.3)
        await heir.share.renew(now=True)
        await place(app, ("a", 1))

        assert await stale.drain() == 0
        assert broker.sent == []


async def test_a_send_that_outlasts_the_lease_is_given_up(url: str) -> None:
    async with prepared(create_app(url, lease=timedelta(milliseconds=200))) as app:
        service, broker = recorded(app)
        broker.hold = asyncio.Event()
        await place(app, ("a", 1))

        with pytest.raises(PublishError, match="no answer within the lease"):
            await Relay(service).drain()

        assert await count(app, "eda_outbox") == 1


async def test_a_transaction_that_commits_late_is_not_skipped(postgresql_url: str) -> None:
    async with prepared(create_app(postgresql_url)) as app:
        service, broker = recorded(app)
        relay = Relay(service)
        rows = "INSERT INTO eda_outbox SELECT (o).* FROM unnest($1::eda_outbox[]) o"
        await place(app, ("late", 1))
        late = await app.opened.store.fetch("DELETE FROM eda_outbox o RETURNING o")
        async with app.unit_of_work() as early_to_draw:
            await early_to_draw.connection.execute(rows, [tuple(late[0][0])])
            await place(app, ("prompt", 2))
            await relay.drain()
            sent_meanwhile = [message.envelope.partitionkey for message in broker.sent]

        await relay.drain()

        assert sent_meanwhile == ["prompt"]
        assert [message.envelope.partitionkey for message in broker.sent] == ["prompt", "late"]


async def test_a_message_that_the_broker_will_never_take_holds_up_its_own_key_alone(url: str) -> None:
    async with prepared(create_app(url)) as app:
        service, broker = recorded(app, limit=200)
        async with app.unit_of_work() as uow:
            uow.publish.placed("big", 1, filler="x" * 500)
        await place(app, ("big", 2), ("small", 1))
        relay = Relay(service)

        while await relay.drain():
            pass

        assert (broker.numbers("big"), broker.numbers("small")) == ([], [1])
        assert await count(app, "eda_outbox", "problem LIKE 'the body has % bytes, and the broker takes 200'") == 1


async def test_what_the_broker_refuses_each_time_holds_up_its_own_key_alone(url: str) -> None:
    async with prepared(create_app(url)) as app:
        service, broker = recorded(app)
        broker.refused = frozenset(("nowhere",))
        await place(app, ("nowhere", 1), ("nowhere", 2), ("a", 1))
        task = asyncio.create_task(Relay(service).run())

        for number in range(2, 12):
            await place(app, ("a", number))
            await eventually(lambda: count(app, "eda_outbox"), 2)
        broker.refused = frozenset()
        await eventually(lambda: count(app, "eda_outbox"), 0)

        assert broker.numbers("a") == list(range(1, 12))
        assert broker.numbers("nowhere") == [1, 2]
        service.stop()
        await task


async def test_what_no_broker_could_be_asked_to_take_holds_up_its_own_key_alone(url: str) -> None:
    async with prepared(create_app(url)) as app:
        service, broker = recorded(app)
        broker.poisonous = frozenset(("poison",))
        await place(app, ("poison", 1), ("a", 1), ("b", 1))
        task = asyncio.create_task(Relay(service).run())

        await eventually(lambda: count(app, "eda_outbox"), 1, seconds=20)

        assert (broker.numbers("a"), broker.numbers("b")) == ([1], [1])
        service.stop()
        await task


async def test_a_refused_message_goes_when_the_broker_takes_it_and_before_what_waits_behind_it(url: str) -> None:
    async with prepared(create_app(url)) as app:
        service, broker = recorded(app, limit=200)
        async with app.unit_of_work() as uow:
            uow.publish.placed("big", 1, filler="x" * 500)
        await place(app, ("big", 2))
        relay = Relay(service)
        while await relay.drain():
            pass

        broker.limit = 1000
        await retry_refused(app.opened.store)
        await relay.drain()

        assert broker.numbers("big") == [1, 2]


async def test_what_waits_behind_a_refused_message_goes_on_when_that_is_discarded(url: str) -> None:
    async with prepared(create_app(url)) as app:
        service, broker = recorded(app, limit=200)
        async with app.unit_of_work() as uow:
            uow.publish.placed("big", 1, filler="x" * 500)
        await place(app, ("big", 2))
        relay = Relay(service)
        while await relay.drain():
            pass

        assert await discard_refused(app.opened.store) == 1
        await relay.drain()

        assert broker.numbers("big") == [2]


async def test_a_commit_wakes_the_relay_of_another_process_before_its_poll(postgresql_url: str) -> None:
    async with running(create_app(postgresql_url), roles=["relay"]) as app, create_app(postgresql_url) as other:
        await asyncio.sleep(0.2)
        clock = asyncio.get_running_loop().time
        begun = clock()

        await place(other, ("a", 1))
        await eventually(lambda: count(app, "eda_outbox"), 0)

        assert clock() - begun < app.opened.store.poll_interval / 2
