"""The order of a key on a broker that keeps none: what comes too early waits, and what does not come is given up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.runtime.support import (
    ORDERS,
    POLICY,
    Context,
    Placed,
    Publisher,
    count,
    create_app,
    eventually,
    message,
    note,
    noted,
    place,
    prepared,
)

from eda_runtime import App, outbox, sequences
from eda_runtime.consumer import ordering, parking
from eda_runtime.consumer.poller import Poller
from eda_runtime.consumer.retrier import Retrier
from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.errors import PublishError
from eda_runtime.housekeeping import purge_order
from eda_runtime.relay import Relay
from eda_runtime.sequences import Place
from eda_runtime.service import Service
from eda_runtime.status import status_of
from eda_runtime.transports import Delivery, Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange

SHORT = timedelta(milliseconds=1)


@dataclass(slots=True)
class Disordered:
    """A broker that keeps what it is given, and lets the test choose what is delivered when, and how often."""

    ordered: bool = False
    failures: int = 0
    sent: list[Outgoing] = field(default_factory=list)
    coming: list[Delivery] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)

    @property
    def features(self) -> Features:
        return Features(ordered_by_key=self.ordered)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self.sent += messages
        if self.failures:
            self.failures -= 1
            raise PublishError("no answer", messages)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        return self

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return ()

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return ()

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        await asyncio.sleep(0.01)
        found, self.coming = self.coming, []
        return found

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.acknowledged += [each.position for each in deliveries]

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        raise AssertionError("the database took everything")

    async def close(self) -> None:
        return


def delivered(sent: Outgoing) -> Delivery:
    envelope = sent.envelope
    return Delivery(
        sent.address, 0, envelope.id, envelope.partitionkey, {}, envelope.data, envelope, None, datetime.now(UTC), None
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """The service on such a broker."""

    app: App[Publisher]
    service: Service[Publisher]
    broker: Disordered

    @classmethod
    def of(cls, app: App[Publisher]) -> Scene:
        broker = Disordered()
        return cls(app, replace(app.opened, transport=broker), broker)

    async def send(self, *facts: tuple[str, int]) -> list[Outgoing]:
        """By way of the outbox and the relay, to the broker; returns what it was given."""
        await place(self.app, *facts)
        before = len(self.broker.sent)
        await self.relay()
        return self.broker.sent[before:]

    async def relay(self) -> None:
        relay = Relay(self.service)
        try:
            while await relay.drain():
                pass
        finally:
            await relay.release()

    async def deliver(self, *messages: Outgoing) -> None:
        await self.poller.handle(self.broker, [delivered(each) for each in messages])

    async def catch_up(self, patience: timedelta | None = None) -> None:
        while await self.poller._lanes.run_held(patience):
            pass

    async def retry(self) -> None:
        """Until nothing is parked any more."""
        retrier = Retrier(self.service, self.app.subscriptions[0])
        while await parking.next_due(self.service.store, POLICY.group) is not None:
            await retrier.work()
            await asyncio.sleep(0.01)

    @property
    def poller(self) -> Poller[Publisher]:
        return Poller(self.service, self.app.subscriptions[0])


def places(sent: Sequence[Outgoing]) -> list[Place | None]:
    return [Place.read(each.envelope.sequence) for each in sent]


async def test_the_messages_of_a_key_are_numbered_without_a_gap(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        sent = [*await scene.send(("a", 1), ("b", 1), ("a", 2)), *await scene.send(("b", 2), ("a", 3))]

    numbers = [found.number for found in places(sent) if found]
    assert numbers == [1, 1, 2, 2, 3]
    assert len({found.run for found in places(sent) if found}) <= 2


async def test_a_message_keeps_its_number_when_it_is_sent_again(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        scene.broker.failures = 1
        await place(app, ("a", 1), ("a", 2))
        with pytest.raises(PublishError):
            await scene.relay()
        await scene.relay()
        later = await scene.send(("a", 3))

    assert places(scene.broker.sent[:2]) == places(scene.broker.sent[2:4])
    assert [found.number for found in places(later) if found] == [3]


async def test_two_relays_that_believe_to_hold_a_shard_give_one_number(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        await place(app, *(("a", number) for number in range(20)))
        rows = await app.opened.store.fetch("SELECT position FROM eda_outbox ORDER BY position")
        waiting = {row[0]: message(b"{}", key="a") for row in rows}
        found = await asyncio.gather(*(sequences.assign(app.opened.store, waiting) for _ in range(4)))
        await scene.relay()

    assert all(each == found[0] for each in found)
    assert [each.number for each in places(scene.broker.sent) if each] == list(range(1, 21))


async def test_what_goes_by_no_key_and_what_an_ordered_broker_gets_is_not_numbered(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        async with app.opened.store.transaction() as transaction:
            await outbox.write(transaction, [message(b"{}", key=None)])
        await scene.relay()
        scene.broker.ordered = True
        await scene.send(("a", 1))

    assert places(scene.broker.sent) == [None, None]


async def test_what_comes_too_early_waits_for_its_turn(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        first, second, third = await scene.send(("a", 1), ("a", 2), ("a", 3))
        await scene.deliver(third)
        await scene.deliver(second)
        early = await noted(app)
        await scene.deliver(first)
        await scene.catch_up()

        assert early == []
        assert await noted(app) == [("a", 1), ("a", 2), ("a", 3)]
        assert await count(app, "eda_held") == 0
        assert len(scene.broker.acknowledged) == 3


async def test_other_keys_do_not_wait(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        _, second, other = await scene.send(("a", 1), ("a", 2), ("b", 1))

        await scene.deliver(second, other)

        assert await noted(app) == [("b", 1)]


async def test_duplicates_of_what_waits_and_of_what_is_done_change_nothing(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        first, second = await scene.send(("a", 1), ("a", 2))
        for batch in ([second, second], [second], [first, second, first], [first], [second]):
            await scene.deliver(*batch)
        await scene.catch_up()

        assert await noted(app) == [("a", 1), ("a", 2)]
        assert await count(app, "eda_held") == 0


async def test_a_gap_is_given_up_after_a_while_and_the_late_message_is_not_lost(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        first, second, third = await scene.send(("a", 1), ("a", 2), ("a", 3))
        await scene.deliver(third)
        await scene.deliver(first)
        await asyncio.sleep(0.01)
        await scene.catch_up()
        before = await noted(app)
        await scene.catch_up(SHORT)
        after = await noted(app)
        await scene.deliver(second)

        assert before == [("a", 1)]
        assert after == [("a", 1), ("a", 3)]
        assert await noted(app) == [("a", 1), ("a", 3), ("a", 2)]


async def test_a_running_service_gives_up_a_lost_message_once_it_has_polled_for_long_enough(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        first, _, third = await scene.send(("a", 1), ("a", 2), ("a", 3))
        hasty = replace(scene.service, settings=replace(scene.service.settings, order_wait=timedelta(milliseconds=200)))
        scene.broker.coming = [delivered(third), delivered(first)]
        running = asyncio.create_task(Poller(hasty, app.subscriptions[0]).run())
        await eventually(lambda: noted(app), [("a", 1)])
        await eventually(lambda: noted(app), [("a", 1), ("a", 3)])
        hasty.stop()
        await running


async def test_what_is_held_back_shows_in_the_status(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        await scene.deliver((await scene.send(("a", 1), ("a", 2)))[1])

        status = await status_of(scene.service, app.topology, app.subscriptions)

        assert [each.held_back for each in status.consumers] == [1]


async def test_a_gap_within_its_time_is_not_given_up(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        await scene.deliver((await scene.send(("a", 1), ("a", 2)))[1])

        assert await ordering.give_up(app.opened.store, POLICY.group, timedelta(minutes=1)) == ()
        (gap,) = await ordering.give_up(app.opened.store, POLICY.group, timedelta(0))
        assert (gap.source, gap.address, gap.key, gap.number) == ("/shop", ORDERS.address, "a", 2)


async def test_a_consumer_that_comes_late_begins_with_the_first_that_it_sees(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        sent = await scene.send(*(("a", number) for number in range(6)))
        for each in (sent[5], sent[3], sent[4]):
            await scene.deliver(each)
        await asyncio.sleep(0.01)
        await scene.catch_up(SHORT)

        assert await noted(app) == [("a", 3), ("a", 4), ("a", 5)]


async def test_a_failed_message_is_parked_and_later_ones_wait_behind_it(url: str) -> None:
    async def fail_at_first(event: Placed, ctx: Context) -> None:
        if event.number == 2 and ctx.attempt == 1:
            raise RuntimeError("not yet")
        await note(event, ctx)

    async with prepared(create_app(url, fail_at_first)) as app:
        scene = Scene.of(app)
        sent = await scene.send(*(("a", number) for number in range(1, 6)))
        for batch in ([sent[4], sent[2]], [sent[0], sent[1]], [sent[3]]):
            await scene.deliver(*batch)
        await scene.catch_up()
        await scene.retry()

        assert await noted(app) == [("a", number) for number in range(1, 6)]


async def test_messages_that_the_consumer_does_not_take_fill_their_places(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        first, second, third, fourth = await scene.send(*(("a", number) for number in range(1, 5)))
        foreign = replace(second, envelope=replace(second.envelope, type="t.Removed.v1"))
        for each in (fourth, foreign, third, first):
            await scene.deliver(each)
        await scene.catch_up()

        assert await noted(app) == [("a", 1), ("a", 3), ("a", 4)]


async def test_a_key_that_was_silent_for_long_begins_anew_without_a_wait(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        await scene.deliver(*await scene.send(("a", 1), ("a", 2)))
        await forget(app, "eda_sequence")
        third, fourth = await scene.send(("a", 3), ("a", 4))
        await scene.deliver(fourth)
        await scene.deliver(third)
        await scene.catch_up()

        assert [found.number for found in places([third, fourth]) if found] == [1, 2]
        assert await noted(app) == [("a", number) for number in range(1, 5)]


async def forget(app: App[Publisher], table: str) -> None:
    async with app.opened.store.transaction() as transaction:
        await transaction.fetch(f"DELETE FROM {table}")
    await asyncio.sleep(0.002)  # the next run begins in another millisecond


async def test_silent_keys_are_forgotten_and_those_that_wait_are_not(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        first, second, other = await scene.send(("a", 1), ("a", 2), ("b", 1))
        await scene.deliver(second, other)
        async with app.opened.store.transaction() as transaction:
            await transaction.fetch("UPDATE eda_sequence SET drawn_at = drawn_at - 16 * 86400000::bigint")
            await transaction.fetch("UPDATE eda_turn SET seen_at = seen_at - 31 * 86400000::bigint")

        assert await purge_order(app.opened.store) == 3
        await scene.deliver(first)
        await scene.catch_up()
        assert await noted(app, "a") == [("a", 1), ("a", 2)]


async def test_sequences_of_others_making_hold_nothing_back(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        sent = message(b'{"key": "a", "number": 7}', key="a")

        await scene.deliver(replace(sent, envelope=replace(sent.envelope, sequence="00042")))

        assert await noted(app) == [("a", 7)]


async def test_workers_side_by_side_keep_the_order(url: str) -> None:
    async with prepared(create_app(url)) as app:
        scene = Scene.of(app)
        facts = [(f"k{number % 3}", number) for number in range(60)]
        coming = [*await scene.send(*facts), *scene.broker.sent[:20]]
        random.Random(7).shuffle(coming)

        await asyncio.gather(*(work(scene, coming[start::4]) for start in range(4)))
        await scene.catch_up()

        assert {key: await noted(app, key) for key, _ in facts} == {
            key: [each for each in facts if each[0] == key] for key, _ in facts
        }


async def work(scene: Scene, coming: Sequence[Outgoing]) -> None:
    for start in range(0, len(coming), 5):
        await scene.deliver(*coming[start : start + 5])
        await scene.catch_up()


def test_places_sort_as_their_texts_do() -> None:
    found = [Place(7, 2), Place(7, 10), Place(8, 1), Place(1764043700000, 1)]

    assert sorted(found) == sorted(found, key=str)
    assert [Place.read(str(each)) for each in found] == found


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), most=st.integers(1, 12), failing=st.floats(0.0, 0.3))
def test_order_is_restored_however_messages_arrive(seed: int, most: int, failing: float) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(arrive(f"sqlite:///{Path(folder) / 'eda.db'}", random.Random(seed), most, failing))


async def arrive(url: str, rng: random.Random, most: int, failing: float) -> None:
    """Shuffle arrivals, repeat some, let handlers fail and workers die before they acknowledge; judge by what was noted."""

    async def fail_at_random(event: Placed, ctx: Context) -> None:
        await note(event, ctx)
        if ctx.attempt == 1 and rng.random() < failing:
            raise RuntimeError("at random")

    async with prepared(create_app(url, fail_at_random)) as app:
        scene = Scene.of(app)
        facts = [(f"k{number % 4}", number) for number in range(32)]
        sent = await scene.send(*facts)
        coming = [*sent, *rng.choices(sent, k=10)]
        rng.shuffle(coming)
        while coming:
            batch, coming = coming[:most], coming[most:]
            await scene.deliver(*batch)
            if rng.random() < 0.2:
                coming += rng.sample(batch, 1)
            if rng.random() < 0.5:
                await scene.catch_up()
        await scene.catch_up()
        await scene.retry()

        assert {key: await noted(app, key) for key, _ in facts} == {
            key: [each for each in facts if each[0] == key] for key, _ in facts
        }
        assert await count(app, "eda_held") == 0
