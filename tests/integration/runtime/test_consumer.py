"""The consumer: each message takes effect once, in the order of its key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from tests.integration.runtime.support import (
    ORDERS,
    PLACED,
    POLICY,
    Context,
    Placed,
    Publisher,
    count,
    create_app,
    create_batch_app,
    eventually,
    message,
    note,
    noted,
    notes,
    place,
    prepared,
    received,
    running,
)

from eda_runtime import App
from eda_runtime.consumer.lanes import Lanes
from eda_runtime.consumer.message import Message, read
from eda_runtime.consumer.poller import Poller
from eda_runtime.transports import Delivery


async def polled(app: App[Publisher], number: int) -> list[Delivery]:
    """What the consumer's own group gets, taken and never acknowledged by a worker that goes away."""
    receiver = await app.opened.transport.receiver(POLICY)
    found: list[Delivery] = []
    while len(found) < number:
        found += await receiver.poll(number, 0.2)
    await receiver.close()
    return found


def messages(app: App[Publisher], deliveries: Sequence[Delivery]) -> list[Message]:
    return [found for delivery in deliveries if (found := read(app.subscriptions[0], delivery))]


async def test_messages_of_a_key_are_handled_in_their_order(url: str) -> None:
    async with running(create_app(url)) as app:
        for number in range(30):
            await place(app, *((f"k{key}", number) for key in range(10)))

        await eventually(lambda: count(app, "notes"), 300)

        for key in range(10):
            assert await noted(app, f"k{key}") == [(f"k{key}", number) for number in range(30)]


async def test_a_message_that_comes_twice_is_handled_once(url: str) -> None:
    async with running(create_app(url)) as app:
        twice = message(b'{"key": "k", "number": 1}')
        await app.opened.transport.publish([twice])
        await app.opened.transport.publish([twice, message(b'{"key": "k", "number": 2}', id_="2")])

        await eventually(lambda: noted(app), [("k", 1), ("k", 2)])


async def test_two_messages_with_one_business_key_are_handled_once(url: str) -> None:
    contract = replace(PLACED, dedupe="$message.payload#/number")
    async with running(create_app(url, contract=contract)) as app:
        await place(app, ("a", 7), ("a", 7), ("a", 8))

        await eventually(lambda: noted(app), [("a", 7), ("a", 8)])


async def test_a_crash_between_commit_and_acknowledgement_does_no_harm(url: str) -> None:
    async with prepared(create_app(url)) as app:
        await app.opened.transport.publish([message(b'{"key": "k", "number": 1}')])
        await Lanes(app.opened, app.subscriptions[0]).run(messages(app, await polled(app, 1)))

        again = await polled(app, 1)
        await Lanes(app.opened, app.subscriptions[0]).run(messages(app, again))

        assert await noted(app) == [("k", 1)]


async def test_two_workers_with_the_same_messages_apply_them_once_and_do_not_lock_each_other(url: str) -> None:
    async def slow(event: Placed, ctx: Context) -> None:
        await asyncio.sleep(0.001)
        await note(event, ctx)

    async with prepared(create_app(url, slow)) as app, create_app(url, slow) as other:
        sent = [message(b'{"key": "k%d", "number": %d}' % (n % 9, n), id_=str(n), key=f"k{n % 9}") for n in range(90)]
        await app.opened.transport.publish(sent)
        deliveries = await polled(app, 90)

        async with asyncio.timeout(20):
            await asyncio.gather(
                Lanes(app.opened, app.subscriptions[0]).run(messages(app, deliveries)),
                Lanes(other.opened, other.subscriptions[0]).run(messages(other, deliveries[::-1])[::-1]),
            )

        assert sorted(number for _, number in await noted(app)) == list(range(90))
        assert await noted(app, "k3") == [("k3", number) for number in range(3, 90, 9)]


async def test_one_failing_message_does_not_touch_the_others_of_its_batch(url: str) -> None:
    async def fail_on_13(event: Placed, ctx: Context) -> None:
        await note(event, ctx)
        if event.number == 13:
            raise RuntimeError("unlucky")

    async with prepared(create_app(url, fail_on_13)) as app:
        sent = [message(b'{"key": "k%d", "number": %d}' % (n, n), id_=str(n), key=f"k{n}") for n in range(40)]
        await app.opened.transport.publish(sent)

        done = await Lanes(app.opened, app.subscriptions[0]).run(messages(app, await polled(app, 40)))

        assert len(done) == 40
        assert sorted(number for _, number in await noted(app)) == [n for n in range(40) if n != 13]
        assert await count(app, "eda_parked") == 1


async def test_a_batch_handler_gets_a_lane_at_once_and_in_order(url: str) -> None:
    calls: list[list[Placed]] = []

    async def handle(events: Sequence[Placed], ctx: Context) -> None:
        calls.append(list(events))
        rows = [{"key": event.key, "number": event.number} for event in events]
        await ctx.session.execute(sa.insert(notes), rows)

    async with running(create_batch_app(url, handle)) as app:
        await place(app, *(("a", number) for number in range(150)))

        await eventually(lambda: noted(app), [("a", number) for number in range(150)])

    assert len(calls) < 10


async def test_thousands_of_messages_in_few_transactions_are_all_handled(url: str) -> None:
    async def handle(events: Sequence[Placed], ctx: Context) -> None:
        await ctx.session.execute(sa.insert(notes), [{"key": event.key, "number": event.number} for event in events])

    async with running(create_batch_app(url, handle)) as app:
        await place(app, *((f"k{number % 50}", number) for number in range(3000)))

        await eventually(lambda: count(app, "notes"), 3000, seconds=30)

        assert await noted(app, "k7") == [("k7", number) for number in range(7, 3000, 50)]


async def test_what_a_handler_publishes_leaves_with_its_effects_and_names_its_cause(url: str) -> None:
    async def pass_on(event: Placed, ctx: Context) -> None:
        ctx.publish.to("onward", event)

    async with running(create_app(url, pass_on)) as app:
        async with app.unit_of_work() as uow:
            uow.publish.placed("a", 1)

        (first,) = await received(app, ORDERS.address)
        (onward,) = await received(app, "onward")

    assert first.envelope is not None
    assert onward.envelope is not None
    assert first.envelope.correlationid == first.envelope.id == onward.envelope.correlationid
    assert onward.envelope.causationid == first.envelope.id
    assert onward.envelope.partitionkey == "a"


async def test_nothing_is_published_by_a_handler_that_fails(url: str) -> None:
    async def publish_and_fail(event: Placed, ctx: Context) -> None:
        ctx.publish.to("onward", event)
        raise RuntimeError("no")

    async with prepared(create_app(url, publish_and_fail)) as app:
        await app.opened.transport.publish([message(b'{"key": "k", "number": 1}')])

        await Lanes(app.opened, app.subscriptions[0]).run(messages(app, await polled(app, 1)))

        assert await count(app, "eda_outbox") == 0


async def test_a_failed_flush_is_the_fault_of_the_message_whose_handler_caused_it(url: str) -> None:
    async def clash(event: Placed, ctx: Context) -> None:
        await ctx.session.execute(sa.insert(notes).values(id=event.number, key=event.key, number=event.number))

    async with prepared(create_app(url, clash)) as app:
        await place(app, ("x", 0))
        async with app.unit_of_work() as uow:
            await uow.session.execute(sa.insert(notes).values(id=5, key="taken", number=5))
        sent = [message(b'{"key": "k%d", "number": %d}' % (n, n), id_=str(n), key=f"k{n}") for n in range(10)]
        await app.opened.transport.publish(sent)

        await Lanes(app.opened, app.subscriptions[0]).run(messages(app, await polled(app, 10)))

        assert sorted(number for key, number in await noted(app) if key != "taken") == [0, 1, 2, 3, 4, 6, 7, 8, 9]
        assert await count(app, "eda_parked", "reason LIKE '%IntegrityError%'") == 1


async def test_a_poll_that_the_database_cannot_take_is_delivered_again(url: str) -> None:
    async with prepared(create_app(url)) as app:
        await app.opened.transport.publish([message(b'{"key": "k", "number": 1}')])
        async with app.opened.store.transaction() as transaction:
            await transaction.fetch("ALTER TABLE eda_inbox RENAME TO away")
        task = asyncio.create_task(Poller(app.opened, app.subscriptions[0]).run())
        await asyncio.sleep(0.3)
        assert await noted(app) == []

        async with app.opened.store.transaction() as transaction:
            await transaction.fetch("ALTER TABLE away RENAME TO eda_inbox")

        await eventually(lambda: noted(app), [("k", 1)])
        app.stop()
        await task
